//! Sound recordings: ID3 in MP3, comments in FLAC and Ogg.

use super::Seen;
use crate::finding::{Limit, What};
use crate::kind::Kind;
use crate::source::{Gone, ReadAt, array, head, take};

const MOST_NOTE: usize = 4 << 20;
const MOST_BLOCKS: usize = 1_000;

/// Tells what a sound recording says beside sound.
pub(crate) fn look(kind: Kind, file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    seen.limit(Limit::Partly);
    match kind {
        Kind::Flac => flac(file, seen),
        Kind::Ogg => {
            let head = head(file, 1 << 18)?;
            for name in [b"\x03vorbis".as_slice(), b"OpusTags"] {
                let place = head.windows(name.len()).position(|window| window == name);
                if let Some(place) = place {
                    let from = place.saturating_add(name.len());
                    comments(head.get(from..).unwrap_or(&[]), seen);
                }
            }
            Ok(())
        }
        _ => {
            id3(&head(file, MOST_NOTE)?, seen);
            let last = file.length().checked_sub(128);
            if let Some(last) = last
                && &array::<3>(file, last)? == b"TAG"
            {
                let tag = take(file, last, 128)?;
                for (range, what) in [
                    (3..33, What::Remark),
                    (33..63, What::Person),
                    (93..97, What::Time),
                    (97..127, What::Remark),
                ] {
                    let text = tag.get(range).unwrap_or(&[]);
                    seen.say_words(what, &String::from_utf8_lossy(text));
                }
            }
            Ok(())
        }
    }
}

fn flac(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let mut at = 4_u64;
    for _ in 0..MOST_BLOCKS {
        let [kind, high, middle, low] = array(file, at)?;
        let length = u64::from(u32::from_be_bytes([0, high, middle, low]));
        let body = at.checked_add(4).ok_or(Gone)?;
        match kind & 0x7f {
            4 => comments(&take(file, body, length)?, seen),
            6 => seen.note(What::Preview),
            2 => seen.say(What::Other, "notes of a program"),
            _ => {}
        }
        if kind & 0x80 != 0 {
            return Ok(());
        }
        at = body.checked_add(length).ok_or(Gone)?;
    }
    Err(Gone)
}

/// Vorbis comments: the program, then `NAME=text`, each with its length before it.
fn comments(bytes: &[u8], seen: &mut Seen) {
    let mut rest = bytes;
    let mut text = || -> Option<String> {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (text, behind) = behind.split_at_checked(length)?;
        rest = behind;
        Some(String::from_utf8_lossy(text).into_owned())
    };
    let Some(program) = text() else {
        return seen.limit(Limit::Broken);
    };
    seen.say_words(What::Software, &program);
    let Some((_, behind)) = rest.split_first_chunk::<4>() else {
        return seen.limit(Limit::Broken);
    };
    rest = behind;
    let mut text = || -> Option<String> {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (text, behind) = behind.split_at_checked(length)?;
        rest = behind;
        Some(String::from_utf8_lossy(text).into_owned())
    };
    for _ in 0..MOST_BLOCKS {
        let Some(comment) = text() else { return };
        let Some((name, words)) = comment.split_once('=') else {
            return;
        };
        let what = match name.to_ascii_lowercase().as_str() {
            "artist" | "performer" | "author" | "copyright" | "contact" | "organization" => {
                What::Person
            }
            "date" | "creation_time" => What::Time,
            "location" => What::Place,
            "encoder" | "encoded-by" => What::Software,
            "metadata_block_picture" => What::Preview,
            _ => What::Remark,
        };
        match what {
            What::Preview => seen.note(what),
            _ => seen.say_words(what, words),
        }
    }
}

/// An ID3v2 tag at the beginning.
pub(crate) fn id3(bytes: &[u8], seen: &mut Seen) {
    let Some((head, mut rest)) = bytes.split_first_chunk::<10>() else {
        return;
    };
    let [b'I', b'D', b'3', version, ..] = head else {
        return;
    };
    if !matches!(version, 3 | 4) {
        seen.say(What::Other, "notes in an old form (ID3)");
        return seen.limit(Limit::Partly);
    }
    let [.., a, b, c, d] = *head;
    let whole = seven([a, b, c, d]);
    rest = rest.get(..whole).unwrap_or(rest);
    while let Some((frame, behind)) = rest.split_first_chunk::<10>() {
        let [n0, n1, n2, n3, a, b, c, d, ..] = *frame;
        if n0 == 0 {
            return;
        }
        let length = match version {
            4 => seven([a, b, c, d]),
            _ => usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX),
        };
        let Some((body, behind)) = behind.split_at_checked(length) else {
            return seen.limit(Limit::Broken);
        };
        rest = behind;
        let what = match &[n0, n1, n2, n3] {
            b"TPE1" | b"TPE2" | b"TCOM" | b"TCOP" | b"TOWN" | b"OWNE" | b"TENC" => What::Person,
            b"TDRC" | b"TYER" | b"TDAT" | b"TIME" | b"TDEN" | b"TDTG" | b"TDOR" => What::Time,
            b"TSSE" => What::Software,
            b"APIC" => What::Preview,
            b"UFID" | b"MCDI" => What::Serial,
            b"PRIV" | b"GEOB" => What::Sealed,
            b"TIT2" | b"TIT1" | b"TALB" | b"COMM" | b"TXXX" | b"USLT" | b"WXXX" => What::Remark,
            _ => What::Other,
        };
        match what {
            What::Person | What::Time | What::Software | What::Remark => {
                seen.say_words(what, &id3_text(body));
            }
            What::Other => seen.say(What::Other, "notes of a player"),
            what => seen.note(what),
        }
    }
}

fn id3_text(body: &[u8]) -> String {
    let Some((letters, text)) = body.split_first() else {
        return String::new();
    };
    match letters {
        1 | 2 => {
            let (pairs, _) = text.as_chunks::<2>();
            let little = *letters == 1 && pairs.first() != Some(&[0xfe, 0xff]);
            let unit = |pair: &[u8; 2]| match little {
                true => u16::from_le_bytes(*pair),
                false => u16::from_be_bytes(*pair),
            };
            let units: Vec<u16> = pairs.iter().map(unit).collect();
            String::from_utf16_lossy(&units)
        }
        _ => String::from_utf8_lossy(text).into_owned(),
    }
}

/// A number whose bytes have seven bits each.
fn seven(bytes: [u8; 4]) -> usize {
    bytes.into_iter().fold(0_usize, |sum, byte| {
        sum.wrapping_shl(7) | usize::from(byte & 0x7f)
    })
}
