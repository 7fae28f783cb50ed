//! RIFF: WAV, AVI and WebP, whose chunks have a name and a length.

use super::{Seen, exif, icc, xml};
use crate::finding::{Limit, What};
use crate::source::{Gone, ReadAt, array, take};

const MOST_CHUNKS: usize = 100_000;
const MOST_NOTE: u64 = 1 << 20;

/// Tells what the chunks say that are neither picture nor sound.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    seen.limit(Limit::Partly);
    let mut at = 12_u64;
    for _ in 0..MOST_CHUNKS {
        if file.length().saturating_sub(at) < 8 {
            return Ok(());
        }
        let name: [u8; 4] = array(file, at)?;
        let length = u64::from(u32::from_le_bytes(array(file, at.saturating_add(4))?));
        let body = at.checked_add(8).ok_or(Gone)?;
        let bytes = |most: u64| take(file, body, length.min(most));
        match &name {
            b"LIST" => {
                // What is in a list comes next, as if it stood here.
                let kind: [u8; 4] = array(file, body)?;
                if &kind != b"movi" {
                    at = body.checked_add(4).ok_or(Gone)?;
                    continue;
                }
            }
            b"EXIF" => {
                let block = bytes(MOST_NOTE)?;
                let block = block.strip_prefix(b"Exif\0\0").unwrap_or(&block);
                exif::block(block, seen);
            }
            b"XMP " | b"_PMX" => xml::xmp(&bytes(MOST_NOTE)?, seen),
            b"ICCP" => icc::look(&bytes(MOST_NOTE)?, seen),
            b"bext" => {
                seen.say(What::Other, "notes of a broadcaster (bext)");
                let bytes = bytes(346)?;
                for (range, what) in [
                    (0..256, What::Remark),
                    (256..288, What::Person),
                    (288..320, What::Serial),
                    (320..338, What::Time),
                ] {
                    let text = bytes.get(range).unwrap_or(&[]);
                    seen.say_words(what, &String::from_utf8_lossy(text));
                }
            }
            b"iXML" => xml::xmp(&bytes(MOST_NOTE)?, seen),
            b"id3 " | b"ID3 " => super::sound::id3(&bytes(MOST_NOTE)?, seen),
            name => {
                if let Some(what) = by_letters(name) {
                    seen.say_words(what, &String::from_utf8_lossy(&bytes(MOST_NOTE)?));
                }
            }
        }
        // Chunks begin at even places.
        let end = body.checked_add(length).ok_or(Gone)?;
        at = end.checked_next_multiple_of(2).ok_or(Gone)?;
    }
    seen.limit(Limit::TooLarge);
    Ok(())
}

fn by_letters(name: &[u8; 4]) -> Option<What> {
    Some(match name {
        b"IART" | b"ICOP" | b"IENG" | b"ITCH" | b"ICMS" => What::Person,
        b"ISFT" => What::Software,
        b"ICRD" | b"IDIT" => What::Time,
        b"ISRC" | b"IMED" => What::Device,
        b"INAM" | b"ICMT" | b"ISBJ" | b"IKEY" | b"IPRD" => What::Remark,
        _ => return None,
    })
}
