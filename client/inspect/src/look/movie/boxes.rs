//! What may stand in a description of picture or sound: boxes that are understood, made anew with
//! nothing but what a player needs. Whatever else stands there keeps a film from being cleaned.

use super::atom::Atom;
use super::edits::Edits;
use super::{MOST_NOTE, Seen, configuration, note, words};
use crate::finding::{Limit, What};
use crate::look::icc::{self, Profile};
use crate::source::{Gone, ReadAt};

/// Boxes stand in boxes so deep.
const MOST_DEPTH: u8 = 4;

/// A box made anew, and how much of the old one it was made of: behind that nothing has to stand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anew {
    pub(super) bytes: Vec<u8>,
    pub(super) read: usize,
}

/// What is to be done about a box.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays like this.
    Stays(Anew),
    /// No player needs it.
    Hint,
    /// It says something, and no player needs it.
    Note,
    /// It is not understood, or not as it has to be.
    Unknown,
}

/// Puts out what does not belong into a description, from this place of its body on. Whether the
/// rest can be cleaned.
pub(crate) fn put_out(
    file: &impl ReadAt,
    entry: &Atom,
    from: u64,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<bool, Gone> {
    let mut staying = Vec::new();
    let list = Atom {
        body: entry.place(from)?,
        ..*entry
    };
    let cleanable = inside(file, &list, MOST_DEPTH, &mut staying, edits, seen)?;
    let names: Vec<&[u8; 4]> = staying.iter().map(|atom| &atom.name).collect();
    edits.once(&staying, &names, seen);
    Ok(cleanable)
}

/// The same, and collects what stays, at any depth.
fn inside(
    file: &impl ReadAt,
    list: &Atom,
    depth: u8,
    staying: &mut Vec<Atom>,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<bool, Gone> {
    let deeper = depth.checked_sub(1).ok_or(Gone)?;
    let mut cleanable = true;
    for atom in edits.children(file, list.body, list.end, seen)? {
        if matches!(&atom.name, b"wave" | b"sv3d" | b"proj") {
            staying.push(atom);
            cleanable &= inside(file, &atom, deeper, staying, edits, seen)?;
            continue;
        }
        let bytes = note(file, &atom)?;
        let verdict = match &atom.name {
            _ if atom.length() > MOST_NOTE => Verdict::Unknown,
            b"colr" => colour(&bytes, seen),
            name => configuration::judged(*name, &bytes, seen),
        };
        match verdict {
            Verdict::Stays(Anew { bytes, read }) => {
                let read = u64::try_from(read).map_err(|_| Gone)?;
                edits.anew(file, &atom, &bytes, read, seen)?;
                staying.push(atom);
            }
            Verdict::Hint => edits.blank(&atom),
            Verdict::Note => {
                words::tell(file, &atom, seen)?;
                edits.blank(&atom);
            }
            Verdict::Unknown => {
                cleanable = false;
                seen.limit(match &atom.name {
                    b"esds" => Limit::Coding,
                    _ => Limit::Partly,
                });
            }
        }
    }
    Ok(cleanable)
}

/// How colours are meant: numbers, or a profile with words.
fn colour(bytes: &[u8], seen: &mut Seen) -> Verdict {
    let Some((kind, rest)) = bytes.split_first_chunk::<4>() else {
        return Verdict::Unknown;
    };
    let stays = |bytes: Vec<u8>, read| Verdict::Stays(Anew { bytes, read });
    match (kind, rest) {
        // Primaries, transfer and matrix are small numbers (ITU-T H.273).
        (b"nclx", [0, a, 0, b, 0, c, range, ..]) => stays(
            [kind.as_slice(), &[0, *a, 0, *b, 0, *c, range & 0x80]].concat(),
            11,
        ),
        (b"nclc", [0, a, 0, b, 0, c, ..]) => {
            stays([kind.as_slice(), &[0, *a, 0, *b, 0, *c]].concat(), 10)
        }
        (b"prof" | b"rICC", profile) => {
            icc::look(profile, seen);
            match icc::plain(profile) {
                Profile::Plain { bytes: plain, .. } if plain.len() <= profile.len() => {
                    stays([kind.as_slice(), &plain].concat(), bytes.len())
                }
                Profile::NotOne => {
                    seen.say(What::Other, "a colour profile that cannot be read");
                    Verdict::Hint
                }
                Profile::Plain { .. } | Profile::Unknown => Verdict::Unknown,
            }
        }
        _ => Verdict::Unknown,
    }
}
