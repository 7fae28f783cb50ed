//! The tables of a track: each as long as it says, and nothing behind it.

use super::atom::Atom;
use super::edits::Edits;
use super::{Seen, version, words};
use crate::source::{Gone, ReadAt};

/// Groups of samples that players know.
const GROUPS: [&[u8; 4]; 8] = [
    b"roll", b"prol", b"rap ", b"sync", b"tsas", b"stsa", b"tscl", b"tele",
];
/// No description of a group is longer, and no track has more of them.
const MOST_OF_A_GROUP: u64 = 20;
const MOST_GROUPS: u64 = 64;

/// Puts out what stands behind the tables of `stbl` and beside them.
pub(crate) fn put_out(
    file: &impl ReadAt,
    tables: &[Atom],
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let mut groups = Vec::new();
    for atom in tables.iter().filter(|atom| &atom.name == b"sgpd") {
        if let Ok(length) = group_length(file, atom) {
            groups.push((atom.array::<4>(file, 4)?, atom.begin));
            edits.fit(file, atom, length, seen)?;
        }
    }
    for atom in tables {
        match &atom.name {
            b"stsd" => {}
            b"sgpd" if groups.iter().any(|(_, begin)| *begin == atom.begin) => {}
            b"sbgp" => {
                let kind: [u8; 4] = atom.array(file, 4)?;
                if groups.iter().any(|(known, _)| *known == kind) {
                    let count_at = if version(file, atom)? == 0 { 8 } else { 12 };
                    fit_rows(file, atom, count_at, 8, edits, seen)?;
                } else {
                    words::tell(file, atom, seen)?;
                    edits.blank(atom);
                }
            }
            b"stts" | b"ctts" | b"stsh" | b"co64" => fit_rows(file, atom, 4, 8, edits, seen)?,
            b"stsc" => fit_rows(file, atom, 4, 12, edits, seen)?,
            b"stco" | b"stss" | b"stps" => fit_rows(file, atom, 4, 4, edits, seen)?,
            b"stsz" if atom.number(file, 4)? == 0 => fit_rows(file, atom, 8, 4, edits, seen)?,
            b"stsz" => edits.fit(file, atom, 12, seen)?,
            // How long the samples are is known from the table that is read.
            b"stz2" => {}
            b"cslg" => {
                let long = version(file, atom)? == 1;
                edits.fit(file, atom, if long { 44 } else { 24 }, seen)?;
            }
            // Which samples need which: a byte for each, that players can do without.
            b"sdtp" => edits.blank(atom),
            _ => {
                words::tell(file, atom, seen)?;
                edits.blank(atom);
            }
        }
    }
    Ok(())
}

/// Nothing stands behind the rows of a table whose count stands at this place of the body.
pub(crate) fn fit_rows(
    file: &impl ReadAt,
    atom: &Atom,
    count_at: u64,
    row: u64,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let rows = atom.number(file, count_at)?.checked_mul(row).ok_or(Gone)?;
    let head = count_at.saturating_add(4);
    edits.fit(file, atom, rows.saturating_add(head), seen)
}

/// How long a description of groups is, if players know these groups.
fn group_length(file: &impl ReadAt, sgpd: &Atom) -> Result<u64, Gone> {
    let kind: [u8; 4] = sgpd.array(file, 4)?;
    if !GROUPS.contains(&&kind) {
        return Err(Gone);
    }
    let (head, length, count) = match version(file, sgpd)? {
        0 => (12, 2, sgpd.number(file, 8)?),
        1 => (16, sgpd.number(file, 8)?, sgpd.number(file, 12)?),
        _ => return Err(Gone),
    };
    if length == 0 || length > MOST_OF_A_GROUP || count > MOST_GROUPS {
        return Err(Gone);
    }
    Ok(length.saturating_mul(count).saturating_add(head))
}
