//! What cameras and encoders write into the coded picture itself. It is told, and it stays.

use super::chunks::Stretch;
use crate::finding::What;
use crate::look::{Seen, jpeg};
use crate::source::{Gone, ReadAt, take};

/// So many samples at the beginning of a track are looked into.
pub(crate) const MOST_SAMPLES: u32 = 8;
/// So much of each.
const MOST_OF_A_SAMPLE: u64 = 1 << 20;
/// Fewer letters in a row are no word.
const LETTERS: usize = 6;

/// A coding that has places for words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// H.264; the lengths of its units have so many bytes.
    Avc(usize),
    /// H.265, likewise.
    Hevc(usize),
    /// Each picture is a file of its own.
    Jpeg,
}

/// Tells what is written into the first pictures of a track.
pub(crate) fn tell(
    file: &impl ReadAt,
    coding: Coding,
    samples: &[Stretch],
    seen: &mut Seen,
) -> Result<(), Gone> {
    for sample in samples {
        let bytes = take(file, sample.begin, sample.length().min(MOST_OF_A_SAMPLE))?;
        match coding {
            Coding::Avc(width) => units(&bytes, width, avc_unit, seen),
            Coding::Hevc(width) => units(&bytes, width, hevc_unit, seen),
            Coding::Jpeg => {
                // Not all of them are files as they stand elsewhere.
                let mut own = Seen::default();
                drop(jpeg::look(&bytes.as_slice(), &mut own));
                for finding in own.findings {
                    seen.say(finding.what, finding.words.as_str());
                }
            }
        }
    }
    Ok(())
}

/// The units of a picture, each behind its length.
fn units(sample: &[u8], width: usize, unit: impl Fn(&[u8], &mut Seen), seen: &mut Seen) {
    let mut rest = sample;
    while let Some((length, behind)) = rest.split_at_checked(width.max(1)) {
        let length = length.iter().fold(0_usize, |sum, byte| {
            sum.wrapping_shl(8) | usize::from(*byte)
        });
        let (this, later) = behind.split_at(length.min(behind.len()));
        unit(this, seen);
        rest = later;
    }
}

fn avc_unit(unit: &[u8], seen: &mut Seen) {
    if let Some((first, rest)) = unit.split_first()
        && first & 0x1f == 6
    {
        messages(rest, seen);
    }
}

/// Tells what a unit of H.265 says, if it holds messages.
pub(crate) fn hevc_unit(unit: &[u8], seen: &mut Seen) {
    if let Some(([first, _], rest)) = unit.split_first_chunk::<2>()
        && matches!(first.wrapping_shr(1) & 0x3f, 39 | 40)
    {
        messages(rest, seen);
    }
}

/// The messages of a unit (H.264, 7.3.2.3; H.265, 7.3.5).
fn messages(unit: &[u8], seen: &mut Seen) {
    let bytes = plain(unit);
    let mut rest = bytes.as_slice();
    while let Some((kind, length)) = number(&mut rest).zip(number(&mut rest)) {
        let (body, later) = rest.split_at(length.min(rest.len()));
        match kind {
            // Anybody's, behind a name of 16 bytes.
            5 => seen.say(What::Coded, &words(body.get(16..).unwrap_or(&[]))),
            // Of somebody who is registered: captions, brightness, and what makers like.
            4 => seen.say_words(What::Coded, &words(body)),
            _ => {}
        }
        rest = later;
    }
}

/// A number that goes on as long as there are 255s.
fn number(rest: &mut &[u8]) -> Option<usize> {
    let mut sum = 0_usize;
    loop {
        let (byte, later) = rest.split_first()?;
        *rest = later;
        sum = sum.checked_add(usize::from(*byte))?;
        if *byte != 0xff {
            return Some(sum);
        }
    }
}

/// The unit without the bytes that keep it from looking like a beginning.
fn plain(unit: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(unit.len());
    let mut zeros = 0_u32;
    for byte in unit {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 {
            zeros.saturating_add(1)
        } else {
            0
        };
        out.push(*byte);
    }
    out
}

/// Letters that stand in a row.
fn words(bytes: &[u8]) -> String {
    let words: Vec<_> = bytes
        .split(|byte| !(0x20..0x7f).contains(byte))
        .filter(|word| word.len() >= LETTERS)
        .map(|word| String::from_utf8_lossy(word))
        .collect();
    words.join(" ")
}
