//! PNG: chunks, of which few are the picture.

mod stream;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::{Seen, exif, icc, xml};
use crate::finding::{Limit, What};
use crate::plan::PlanMaker;
use crate::report::Cleaning;
use crate::source::{Gone, ReadAt, array, take};

/// More chunks than any picture has.
const MOST_CHUNKS: usize = 1_000_000;
/// A packed text or profile is unpacked to at most so many bytes.
const MOST_UNPACKED: usize = 4 << 20;
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// Looks at a PNG, and plans a copy whose coded picture is the same, byte for byte.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<Cleaning, Gone> {
    let mut plan = PlanMaker::default();
    plan.keep(0, 8);
    let mut at = 8_u64;
    let mut cleanable = true;
    let mut once: Vec<[u8; 4]> = Vec::new();
    // Width and height come first, then how the colours are coded.
    let colours = array::<1>(file, 25).map_or(0, |[colours]| colours);
    let mut stream = stream::Stream::new(file);
    for _ in 0..MOST_CHUNKS {
        let length = u64::from(u32::from_be_bytes(array(file, at)?));
        let body = at.checked_add(8).ok_or(Gone)?;
        let name: [u8; 4] = array(file, at.checked_add(4).ok_or(Gone)?)?;
        let end = body
            .checked_add(length)
            .and_then(|end| end.checked_add(4))
            .filter(|end| *end <= file.length())
            .ok_or(Gone)?;
        match &name {
            b"IDAT" => {
                stream.add(file, body, length);
                plan.keep(at, end.saturating_sub(at));
            }
            b"fcTL" | b"fdAT" if fits(name, length, colours) => {
                plan.keep(at, end.saturating_sub(at));
            }
            b"IHDR" | b"PLTE" | b"tRNS" | b"gAMA" | b"cHRM" | b"sRGB" | b"sBIT" | b"bKGD"
            | b"cICP" | b"mDCV" | b"cLLI" | b"acTL" | b"fcTL" | b"fdAT" => {
                if fits(name, length, colours) && !once.contains(&name) {
                    once.push(name);
                    put(&mut plan, &name, &take(file, body, length)?);
                } else if name.first().is_some_and(u8::is_ascii_uppercase) {
                    cleanable = false;
                    seen.limit(Limit::Broken);
                } else {
                    seen.say(What::Other, "a part that is not as long as it has to be");
                }
            }
            b"IEND" => {
                put(&mut plan, b"IEND", &[]);
                cleanable &= stream.ends(seen);
                if length > 0 {
                    seen.say(What::Other, "something in the mark of the end");
                }
                let left = file.length().saturating_sub(end);
                if left > 0 {
                    seen.say(What::Tail, &format!("{left} bytes"));
                }
                return Ok(match plan.finish(file.length()) {
                    Ok(plan) if cleanable => Cleaning::By(plan),
                    _ => Cleaning::Cannot,
                });
            }
            [first, ..] if first.is_ascii_uppercase() => {
                // Without a chunk that is critical and unknown the picture may not be the same.
                cleanable = false;
                seen.limit(Limit::Partly);
            }
            _ => {
                let body = take(file, body, length)?;
                words(&name, &body, &mut plan, seen);
            }
        }
        at = end;
    }
    Err(Gone)
}

/// Whether a chunk is as long as it has to be (PNG, third edition, 11), where the colours are coded
/// like this.
fn fits(name: [u8; 4], length: u64, colours: u8) -> bool {
    match &name {
        b"IHDR" => length == 13,
        b"PLTE" => length <= 768 && length.is_multiple_of(3),
        b"tRNS" => match colours {
            0 => length == 2,
            2 => length == 6,
            _ => colours == 3 && length <= 256,
        },
        b"sBIT" => match colours {
            0 => length == 1,
            2 | 3 => length == 3,
            4 => length == 2,
            _ => length == 4,
        },
        b"bKGD" => match colours {
            0 | 4 => length == 2,
            3 => length == 1,
            _ => length == 6,
        },
        b"gAMA" | b"cICP" => length == 4,
        b"cHRM" => length == 32,
        b"sRGB" => length == 1,
        b"mDCV" => length == 24,
        b"cLLI" | b"acTL" => length == 8,
        b"fcTL" => length == 26,
        b"fdAT" => length >= 4,
        _ => false,
    }
}

/// A chunk that is not needed to draw the picture, but for a few.
fn words(name: &[u8; 4], body: &[u8], plan: &mut PlanMaker, seen: &mut Seen) {
    match name {
        b"eXIf" => {
            if let Some(orientation) = exif::block(body, seen) {
                put(plan, b"eXIf", &exif::only_orientation(orientation));
            }
        }
        b"iCCP" => profile(body, plan, seen),
        b"pHYs" => {
            let same = body.get(..4) == body.get(4..8);
            // Points that are not square are part of how the picture looks.
            if same || body.len() != 9 {
                seen.say(What::Other, "how finely it was scanned or shown");
            } else {
                put(plan, b"pHYs", body);
            }
        }
        b"tIME" => {
            if let Some([high, low, month, day, hour, minute, second]) = body.first_chunk::<7>() {
                let year = u16::from_be_bytes([*high, *low]);
                let time = format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
                seen.say(What::Time, &time);
            }
        }
        b"tEXt" | b"zTXt" | b"iTXt" => text(name, body, seen),
        b"caBX" => seen.say(What::History, "content credentials (C2PA)"),
        b"sPLT" | b"hIST" => {}
        _ => {
            let name = String::from_utf8_lossy(name);
            seen.say(What::Other, &format!("a note of a program ({name})"));
        }
    }
}

fn profile(body: &[u8], plan: &mut PlanMaker, seen: &mut Seen) {
    let packed = zero_ended(body).and_then(|(_, rest)| rest.get(1..));
    let profile = packed.and_then(unpacked).unwrap_or_default();
    icc::look(&profile, seen);
    if let Some(clean) = icc::without_words(&profile) {
        let mut chunk = b"icc\0\0".to_vec();
        chunk.extend_from_slice(&compress_to_vec_zlib(&clean, 9));
        put(plan, b"iCCP", &chunk);
    }
}

fn text(name: &[u8; 4], body: &[u8], seen: &mut Seen) {
    let Some((key, rest)) = zero_ended(body) else {
        return seen.note(What::Remark);
    };
    let text = match name {
        b"tEXt" => Some(rest.to_vec()),
        b"zTXt" => rest.get(1..).and_then(unpacked),
        _ => international(rest),
    };
    let Some(text) = text else {
        seen.limit(Limit::TooLarge);
        return seen.note(What::Remark);
    };
    if key == XMP {
        return xml::xmp(&text, seen);
    }
    let key = String::from_utf8_lossy(key);
    let what = match key.to_ascii_lowercase().as_str() {
        "author" | "copyright" | "artist" => What::Person,
        "creation time" | "date:create" | "date:modify" | "date:timestamp" => What::Time,
        "software" | "creator" | "writer" => What::Software,
        "source" | "make" | "model" => What::Device,
        "raw profile type exif" | "raw profile type app1" => {
            return seen.say(What::Other, "EXIF in an old form");
        }
        "thumb::uri" | "thumb::path" | "filename" => What::Path,
        _ => What::Remark,
    };
    seen.say(what, &format!("{key}: {}", String::from_utf8_lossy(&text)));
}

fn international(rest: &[u8]) -> Option<Vec<u8>> {
    let ([packed, _], rest) = rest.split_first_chunk::<2>()?;
    let (_, rest) = zero_ended(rest)?;
    let (_, text) = zero_ended(rest)?;
    match packed {
        0 => Some(text.to_vec()),
        _ => unpacked(text),
    }
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(packed, MOST_UNPACKED).ok()
}

fn zero_ended(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (before, rest) = bytes.split_at_checked(end)?;
    Some((before, rest.get(1..)?))
}

fn put(plan: &mut PlanMaker, name: &[u8; 4], body: &[u8]) {
    let Ok(length) = u32::try_from(body.len()) else {
        return;
    };
    plan.put(&length.to_be_bytes());
    plan.put(name);
    plan.put(body);
    plan.put(&crc(name.iter().chain(body)).to_be_bytes());
}

/// CRC-32 as PNG (third edition, annex D) has it.
fn crc<'b>(bytes: impl Iterator<Item = &'b u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let shifted = crc.wrapping_shr(1);
            if crc & 1 == 1 {
                shifted ^ 0xedb8_8320
            } else {
                shifted
            }
        })
    })
}
