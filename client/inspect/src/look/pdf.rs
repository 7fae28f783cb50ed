//! PDF: the document's properties and XMP, in the clear and in packed streams. No PDF is read as a
//! reader would: what is looked for is looked for wherever it stands.

use memchr::memmem;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::{Seen, xml};
use crate::finding::{Limit, What};
use crate::source::{Gone, MOST_AT_ONCE, ReadAt, take};

/// A stream is unpacked to at most so many bytes, and all together to so many.
const MOST_UNPACKED: usize = 4 << 20;
const MOST_WORK: usize = 128 << 20;

const PROPERTIES: [(&[u8], What); 10] = [
    (b"/Author", What::Person),
    (b"/Creator", What::Software),
    (b"/Producer", What::Software),
    (b"/CreationDate", What::Time),
    (b"/ModDate", What::Time),
    (b"/Title", What::Remark),
    (b"/Subject", What::Remark),
    (b"/Keywords", What::Remark),
    (b"/Company", What::Person),
    (b"/SourceModified", What::Time),
];

/// Tells what a document says about itself.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    seen.limit(Limit::Partly);
    if file.length() > MOST_AT_ONCE {
        seen.limit(Limit::TooLarge);
    }
    let mut work = MOST_WORK;
    // Properties stand at the beginning or the end of a file.
    let first = take(file, 0, file.length().min(MOST_AT_ONCE))?;
    part(&first, &mut work, seen);
    if let Some(begin) = file.length().checked_sub(MOST_AT_ONCE).filter(|at| *at > 0) {
        drop(first);
        let begin = begin.max(MOST_AT_ONCE);
        let last = take(file, begin, file.length().saturating_sub(begin))?;
        part(&last, &mut work, seen);
    }
    Ok(())
}

fn part(bytes: &[u8], work: &mut usize, seen: &mut Seen) {
    if find(bytes, b"/Encrypt").is_some() {
        seen.limit(Limit::Encrypted);
    }
    if find(bytes, b"/Annots").is_some() {
        seen.say(What::Other, "remarks or links on its pages");
    }
    if memmem::find_iter(bytes, b"%%EOF").count() > 1 {
        seen.note(What::History);
    }
    properties(bytes, seen);
    let mut rest = bytes;
    while let Some(place) = find(rest, b"stream") {
        rest = rest.get(place.saturating_add(6)..).unwrap_or(&[]);
        let body = rest
            .strip_prefix(b"\r\n")
            .or(rest.strip_prefix(b"\n"))
            .unwrap_or(rest);
        // Only what begins as zlib does.
        if !matches!(
            body,
            [0x08 | 0x18 | 0x28 | 0x38 | 0x48 | 0x58 | 0x68 | 0x78, ..]
        ) {
            continue;
        }
        let end = find(body, b"endstream").unwrap_or(body.len());
        let packed = body.get(..end).unwrap_or(&[]);
        if *work == 0 {
            return seen.limit(Limit::TooLarge);
        }
        let unpacked = match decompress_to_vec_zlib_with_limit(packed, MOST_UNPACKED.min(*work)) {
            Ok(unpacked) => unpacked,
            // What came out before the fault may hold it all.
            Err(error) => error.output,
        };
        *work = work.saturating_sub(unpacked.len().max(1_024));
        properties(&unpacked, seen);
        rest = body.get(end..).unwrap_or(&[]);
    }
}

fn properties(bytes: &[u8], seen: &mut Seen) {
    for (name, what) in PROPERTIES {
        let mut rest = bytes;
        while let Some(place) = find(rest, name) {
            rest = rest.get(place.saturating_add(name.len())..).unwrap_or(&[]);
            if let Some(text) = value(rest) {
                seen.say_words(what, &text);
            }
        }
    }
    if let Some(begin) = find(bytes, b"<x:xmpmeta") {
        let packet = bytes.get(begin..).unwrap_or(&[]);
        let end = find(packet, b"</x:xmpmeta>").map_or(packet.len(), |end| end.saturating_add(12));
        xml::xmp(packet.get(..end).unwrap_or(packet), seen);
    }
}

/// A text in parentheses, or in hexadecimal between angles.
fn value(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.trim_ascii_start();
    let raw: Vec<u8> = match bytes.split_first()? {
        (b'(', rest) => {
            let mut out = Vec::new();
            let mut escaped = false;
            for byte in rest.iter().take(2_048) {
                match byte {
                    _ if escaped => {
                        out.push(*byte);
                        escaped = false;
                    }
                    b'\\' => escaped = true,
                    b')' => break,
                    byte => out.push(*byte),
                }
            }
            out
        }
        (b'<', rest) if rest.first() != Some(&b'<') => {
            let digits: Vec<u8> = rest
                .iter()
                .take_while(|byte| **byte != b'>')
                .take(4_096)
                .filter_map(|byte| char::from(*byte).to_digit(16)?.try_into().ok())
                .collect();
            let (pairs, _) = digits.as_chunks::<2>();
            pairs
                .iter()
                .map(|[high, low]| high.wrapping_shl(4) | low)
                .collect()
        }
        _ => return None,
    };
    Some(match raw.strip_prefix(b"\xfe\xff") {
        Some(wide) => {
            let (pairs, _) = wide.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        None => String::from_utf8_lossy(&raw).into_owned(),
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memmem::find(bytes, what)
}
