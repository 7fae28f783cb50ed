//! Matroska and WebM: elements with a number, a length and a body (RFC 8794, RFC 9559).

use super::Seen;
use crate::finding::{Limit, What};
use crate::source::{Gone, ReadAt, take};

const MOST_ELEMENTS: usize = 200_000;
const MOST_NOTE: u64 = 1 << 16;

/// Tells what a film says beside picture and sound.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    seen.limit(Limit::Partly);
    let mut at = 0_u64;
    let mut tag = String::new();
    for _ in 0..MOST_ELEMENTS {
        if at >= file.length() {
            return Ok(());
        }
        let (id, behind) = varint(file, at, Marker::Kept)?;
        let (length, body) = varint(file, behind, Marker::Removed)?;
        let note = || take(file, body, length.min(MOST_NOTE));
        let words = || note().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        match id {
            // What holds others is entered: segment, information, tracks, a track, tags.
            0x1853_8067 | 0x1549_a966 | 0x1654_ae6b | 0xae | 0x1254_c367 | 0x7373 | 0x67c8 => {
                at = body;
                continue;
            }
            0x4461 => {
                seen.note(What::Time);
            }
            0x4d80 | 0x5741 => seen.say_words(What::Software, &words()?),
            0x7ba9 | 0x536e => seen.say_words(What::Remark, &words()?),
            0x7384 | 0x73a4 => seen.note(What::Serial),
            0x45a3 => tag = words()?,
            0x4487 => seen.say_words(by_name(&tag), &words()?),
            0x1941_a469 => seen.say(What::Other, "files inside it"),
            _ => {}
        }
        let end = body.checked_add(length);
        match end.filter(|end| *end <= file.length()) {
            Some(end) => at = end,
            // Written without a known end: only its first part is followed.
            None => {
                seen.limit(Limit::TooLarge);
                return Ok(());
            }
        }
    }
    seen.limit(Limit::TooLarge);
    Ok(())
}

fn by_name(tag: &str) -> What {
    match tag.to_ascii_uppercase().as_str() {
        "ARTIST" | "DIRECTOR" | "PRODUCER" | "COPYRIGHT" | "WRITTEN_BY" => What::Person,
        "DATE_RECORDED" | "DATE_ENCODED" | "DATE_TAGGED" | "CREATION_TIME" | "DATE" => What::Time,
        "RECORDING_LOCATION" | "LOCATION" => What::Place,
        "ENCODER" | "ENCODER_SETTINGS" => What::Software,
        "MAKE" | "MODEL" => What::Device,
        "DURATION" => What::Other,
        _ => What::Remark,
    }
}

/// Whether the bit that tells the length is part of the number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Kept,
    Removed,
}

/// A number of one to eight bytes, and where it ends.
fn varint(file: &impl ReadAt, at: u64, marker: Marker) -> Result<(u64, u64), Gone> {
    let first = take(file, at, 1)?.first().copied().ok_or(Gone)?;
    let count = u64::from(first.leading_zeros())
        .checked_add(1)
        .ok_or(Gone)?;
    if count > 8 {
        return Err(Gone);
    }
    let bytes = take(file, at, count)?;
    let mut number = bytes
        .iter()
        .fold(0_u64, |sum, byte| sum.wrapping_shl(8) | u64::from(*byte));
    if marker == Marker::Removed {
        let bits = u32::try_from(count.saturating_mul(7)).map_err(|_| Gone)?;
        number &= 1_u64.wrapping_shl(bits).wrapping_sub(1);
    }
    Ok((number, at.checked_add(count).ok_or(Gone)?))
}
