//! How picture and sound are coded, as a track's description says it.

use super::atom::Atom;
use super::chunks::Measure;
use super::coded::Coding;
use super::edits::Edits;
use super::sampling::Sampling;
use super::{Seen, boxes, version};
use crate::finding::{Limit, What};
use crate::source::{Gone, ReadAt};

/// Picture in codings without places for notes, but for what an encoder writes into the picture.
const PICTURE: [&[u8; 4]; 27] = [
    b"avc1", b"avc2", b"avc3", b"avc4", b"hvc1", b"hev1", b"dvh1", b"dvhe", b"dvav", b"dva1",
    b"av01", b"vp08", b"vp09", b"mp4v", b"s263", b"h263", b"H263", b"apch", b"apcn", b"apcs",
    b"apco", b"ap4h", b"ap4x", b"2vuy", b"yuv2", b"v210", b"v410",
];
/// The same for sound.
const SOUND: [&[u8; 4]; 25] = [
    b"mp4a", b"ac-3", b"ec-3", b"Opus", b"alac", b"fLaC", b"samr", b"sawb", b"sawp", b"sowt",
    b"twos", b"lpcm", b"ipcm", b"fpcm", b"in24", b"in32", b"fl32", b"fl64", b"raw ", b"NONE",
    b".mp3", b"mp3 ", b"ms\0U", b"ulaw", b"alaw",
];

/// More descriptions than the pieces of one film need.
const MOST_DESCRIPTIONS: usize = 8;
/// No picture is deeper: 32 bits for a point, or 40 for one in greys.
const DEEPEST: u16 = 40;

/// Whether this is a coding that has no places for notes.
pub(super) fn is_known(coding: &[u8; 4]) -> bool {
    PICTURE.contains(&coding) || SOUND.contains(&coding)
}

/// What a description says.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) cleanable: bool,
    /// How long samples of sound are.
    pub(crate) measures: Vec<Measure>,
    /// A coding that has places for words.
    pub(crate) coding: Option<Coding>,
}

/// Reads the descriptions of a track of this kind, and puts out the names of the encoder and its
/// maker.
pub(crate) fn look(
    file: &impl ReadAt,
    stsd: &Atom,
    kind: [u8; 4],
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<Described, Gone> {
    let mut told = Described {
        cleanable: true,
        measures: Vec::new(),
        coding: None,
    };
    let version = version(file, stsd)?;
    let entries = edits.children(file, stsd.place(8)?, stsd.end, seen)?;
    if version > 1 || entries.len() > MOST_DESCRIPTIONS {
        edits.unknown(seen);
    }
    for entry in entries {
        edits.quiet(file, entry.body, entry.place(6)?)?;
        edits.exact(file, entry.place(6)?, &[0, 1])?;
        edits.zero(entry.place(12)?, entry.place(16)?);
        let mut head = Some(78);
        let known = if &kind == b"soun" {
            let sampling = Sampling::look(file, &entry, version != 0, edits)?;
            head = sampling.as_ref().map(|sampling| sampling.length);
            let measures = sampling.map(|sampling| sampling.measures);
            told.measures.extend(measures.into_iter().flatten());
            SOUND.contains(&&entry.name)
        } else {
            picture(file, &entry, edits, seen)?;
            told.coding = told.coding.or(coding(file, &entry));
            PICTURE.contains(&&entry.name)
        };
        if !known {
            told.cleanable = false;
            seen.limit(Limit::Coding);
            continue;
        }
        let Some(head) = head else {
            edits.unknown(seen);
            continue;
        };
        // What stands there cannot be judged when it is no list.
        match boxes::put_out(file, &entry, head, edits, seen) {
            Ok(cleanable) => told.cleanable &= cleanable,
            Err(Gone) => {
                told.cleanable = false;
                seen.limit(Limit::Broken);
            }
        }
    }
    Ok(told)
}

fn picture(
    file: &impl ReadAt,
    entry: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let name: [u8; 32] = entry.array(file, 42)?;
    let length = usize::from(name.first().copied().unwrap_or(0)).min(31);
    let text = name.get(1..length.saturating_add(1)).unwrap_or(&[]);
    seen.say_words(What::Software, &String::from_utf8_lossy(text));
    edits.zero(entry.place(42)?, entry.place(74)?);
    // What nobody asks for; 72 points to an inch, one picture in a sample, and no palette.
    edits.quiet(file, entry.place(8)?, entry.place(12)?)?;
    edits.quiet(file, entry.place(16)?, entry.place(24)?)?;
    edits.exact(file, entry.place(28)?, &[0, 72, 0, 0, 0, 72, 0, 0])?;
    edits.quiet(file, entry.place(36)?, entry.place(40)?)?;
    edits.exact(file, entry.place(40)?, &[0, 1])?;
    if u16::from_be_bytes(entry.array(file, 74)?) > DEEPEST {
        edits.exact(file, entry.place(74)?, &[0, 24])?;
    }
    edits.exact(file, entry.place(76)?, &[0xff, 0xff])
}

/// Whether the pictures have places for words.
fn coding(file: &impl ReadAt, entry: &Atom) -> Option<Coding> {
    if matches!(&entry.name, b"jpeg" | b"mjpa" | b"mjpb" | b"AVDJ") {
        return Some(Coding::Jpeg);
    }
    let children = Atom::between(file, entry.place(78).ok()?, entry.end).ok()?;
    children.iter().find_map(|atom| {
        let width = |at| {
            let [byte] = atom.array(file, at).ok()?;
            usize::from(byte & 3).checked_add(1)
        };
        match &atom.name {
            b"avcC" => width(4).map(Coding::Avc),
            b"hvcC" => width(21).map(Coding::Hevc),
            _ => None,
        }
    })
}
