//! The heads of a film, a track and its media (mvhd, tkhd, mdhd): times, and places that the
//! standard leaves empty or that no player needs.

use super::atom::Atom;
use super::edits::Edits;
use super::{Seen, time, version};
use crate::finding::What;
use crate::source::{Gone, ReadAt};

/// A whole, as these numbers have it.
const ONE: u32 = 0x1_0000;
/// No picture is moved further.
const MOST_MOVED: u32 = 0x4000 << 16;

/// The language that nobody has determined, in three letters of five bits.
const UND: [u8; 2] = [0x55, 0xc4];

/// Tells the times of a head, and puts out them and what no player needs in it.
pub(crate) fn put_out_times(
    file: &impl ReadAt,
    atom: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let long = version(file, atom)? == 1;
    let made = if long {
        u64::from_be_bytes(atom.array(file, 4)?)
    } else {
        atom.number(file, 4)?
    };
    if let Some(time) = time(made) {
        seen.say(What::Time, &time);
    }
    edits.zero(atom.place(4)?, atom.place(if long { 20 } else { 12 })?);
    // From here on both versions are the same, in places that are counted from the first one's.
    let later = if long { 12 } else { 0 };
    let place = |within: u64| atom.place(within.saturating_add(later));
    let [_, _, _, flags] = atom.array(file, 0)?;
    let flags = if &atom.name == b"tkhd" { flags & 15 } else { 0 };
    edits.exact(file, atom.body, &[u8::from(long), 0, 0, flags])?;
    let (unused, end): (&[(u64, u64)], u64) = match &atom.name {
        b"mvhd" => {
            edits.exact(file, place(20)?, &[0, 1, 0, 0, 1, 0])?;
            // The number of the next track is to be looked for.
            edits.exact(file, place(96)?, &[0xff; 4])?;
            (&[(26, 36), (72, 96)], 100)
        }
        b"tkhd" => {
            let gap = if long { (24, 28) } else { (16, 20) };
            edits.spare(file, atom.place(gap.0)?, atom.place(gap.1)?, seen)?;
            // It is heard, or it is not.
            let heard: [u8; 2] = atom.array(file, 36_u64.saturating_add(later))?;
            edits.exact(file, place(36)?, &[u8::from(heard != [0; 2]), 0])?;
            (&[(24, 32), (38, 40)], 84)
        }
        _ => {
            edits.exact(file, place(20)?, &UND)?;
            edits.quiet(file, place(22)?, place(24)?)?;
            (&[], 24)
        }
    };
    for (from, to) in unused {
        edits.spare(file, place(*from)?, place(*to)?, seen)?;
    }
    edits.fit(file, atom, end.saturating_add(later), seen)?;
    let matrix = match &atom.name {
        b"mvhd" => 36_u64,
        b"tkhd" => 40,
        _ => return Ok(()),
    };
    if !is_turned(&atom.array(file, matrix.saturating_add(later))?) {
        edits.unknown(seen);
    }
    Ok(())
}

/// Whether a picture is turned by quarters, mirrored and moved, and nothing else.
fn is_turned(matrix: &[u8; 36]) -> bool {
    let (numbers, _) = matrix.as_chunks::<4>();
    let numbers: Vec<i32> = numbers.iter().map(|it| i32::from_be_bytes(*it)).collect();
    let [a, b, 0, c, d, 0, right, below, whole] = *numbers.as_slice() else {
        return false;
    };
    let turns = [a, b, c, d]
        .iter()
        .all(|it| matches!(it.unsigned_abs(), 0 | ONE));
    let moves = [right, below]
        .iter()
        .all(|it| it & 0xffff == 0 && it.unsigned_abs() <= MOST_MOVED);
    turns && moves && matches!(whole, 0 | 0x4000_0000)
}
