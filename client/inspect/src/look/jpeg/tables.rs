//! Frames and tables: each exactly as long as what it holds.

use super::Segment;
use crate::finding::Limit;
use crate::look::Seen;
use crate::source::{Gone, ReadAt, take};

/// Whether a segment has nothing behind what it holds. Readers refuse most that have.
pub(super) fn fits(file: &impl ReadAt, segment: &Segment, seen: &mut Seen) -> Result<bool, Gone> {
    let length = segment.end.checked_sub(segment.body).ok_or(Gone)?;
    let body = take(file, segment.body, length)?;
    let fits = whole(segment.marker, &body).is_some_and(|whole| whole == body.len());
    if !fits {
        seen.limit(Limit::Broken);
    }
    Ok(fits)
}

/// How long a segment has to be (ITU-T T.81, B.2).
fn whole(marker: u8, body: &[u8]) -> Option<usize> {
    let count = |at: usize| body.get(at).map(|byte| usize::from(*byte));
    match marker {
        // Quantization: a table of 64 numbers of one byte or two.
        0xdb => each(body, |rest| match rest.first()?.wrapping_shr(4) {
            0 => Some(65),
            1 => Some(129),
            _ => None,
        }),
        // Codes: how many of each length, then what they stand for.
        0xc4 => each(body, |rest| {
            let counts = rest.get(1..17)?.iter().map(|count| usize::from(*count));
            counts.fold(0, usize::saturating_add).checked_add(17)
        }),
        // Arithmetic coding: pairs.
        0xcc => each(body, |_| Some(2)),
        0xdc | 0xdd => Some(2),
        0xda => count(0)?.checked_mul(2)?.checked_add(4),
        _ => count(5)?.checked_mul(3)?.checked_add(6),
    }
}

/// How long things are together that follow each other up to the end.
fn each(body: &[u8], length: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
    let mut at = 0_usize;
    while at < body.len() {
        at = at.checked_add(length(body.get(at..)?)?)?;
    }
    Some(at)
}
