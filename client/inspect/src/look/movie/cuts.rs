//! What an edit list hides: parts of a film that were cut away and are still there.

use super::atom::Atom;
use super::chunks::{Stretch, rows};
use super::media::Stretches;
use super::{Seen, version};
use crate::finding::What;
use crate::source::{Gone, ReadAt};

/// What tells which part of a track is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown {
    /// The edit list.
    pub(crate) list: Option<Atom>,
    /// How long the samples last.
    pub(crate) times: Option<Atom>,
    /// Into so many parts the track divides a second.
    pub(crate) scale: u64,
}

/// Into so many parts a head (mvhd, mdhd) divides a second.
pub(crate) fn scale(file: &impl ReadAt, head: &Atom) -> Result<u64, Gone> {
    let long = version(file, head)? == 1;
    head.number(file, if long { 20 } else { 12 })
}

/// More parts than a camera's film has: a wait before it, and what is shown.
const MOST_CUTS: usize = 8;
/// What a number of the page holds exactly.
const MOST_EXACT: u64 = (1 << 53) - 1;

/// Whether the rows of an edit list are few, and each shows its part as it is or stands still.
pub(crate) fn are_plain(rows: &[u8], row: usize) -> bool {
    let rates = rows.chunks_exact(row).map(|row| row.last_chunk::<4>());
    rates.len() <= MOST_CUTS && rates.flatten().all(|rate| matches!(rate, [0, 0 | 1, 0, 0]))
}

/// How long all samples last.
fn lasting(file: &impl ReadAt, times: &Atom) -> Result<u64, Gone> {
    let all = rows(file, times, 4, 8)?;
    let (all, _) = all.as_chunks::<8>();
    Ok(all.iter().fold(0_u64, |sum, [a, b, c, d, e, f, g, h]| {
        let count = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
        let each = u64::from(u32::from_be_bytes([*e, *f, *g, *h]));
        sum.saturating_add(count.saturating_mul(each))
    }))
}

impl Shown {
    /// Whether every part that the edit list shows is there.
    pub(crate) fn is_there(&self, file: &impl ReadAt) -> Result<bool, Gone> {
        let Some(list) = &self.list else {
            return Ok(true);
        };
        let Some(times) = &self.times else {
            return Ok(false);
        };
        let all = lasting(file, times)?.min(MOST_EXACT);
        let long = version(file, list)? == 1;
        let rows = rows(file, list, 4, if long { 20 } else { 12 })?;
        let mut rows = rows.chunks_exact(if long { 20 } else { 12 });
        Ok(rows.all(|row| {
            let from = if long {
                row.get(8..16).map(number)
            } else {
                row.get(4..8).map(number)
            };
            let nowhere = if long { u64::MAX } else { u64::from(u32::MAX) };
            from.is_some_and(|from| from == nowhere || from <= all.min(nowhere >> 1))
        }))
    }

    /// Tells that more than a second of the track is not shown; the film's head divides a second
    /// into `film` parts.
    pub(crate) fn tell(&self, file: &impl ReadAt, film: u64, seen: &mut Seen) -> Result<(), Gone> {
        let (Some(list), Some(times)) = (&self.list, &self.times) else {
            return Ok(());
        };
        let all = lasting(file, times)?;
        let shown = Stretches::new(self.parts(file, list, film, all)?).length();
        if all.saturating_sub(shown) > self.scale {
            seen.note(What::CutAway);
        }
        Ok(())
    }

    /// The parts that the list shows, in the track's own time.
    fn parts(
        &self,
        file: &impl ReadAt,
        list: &Atom,
        film: u64,
        all: u64,
    ) -> Result<Vec<Stretch>, Gone> {
        let long = version(file, list)? == 1;
        let (width, half) = if long { (20, 8) } else { (12, 4) };
        let bytes = rows(file, list, 4, if long { 20 } else { 12 })?;
        let nowhere = if long { u64::MAX } else { u64::from(u32::MAX) };
        let mut parts = Vec::new();
        for row in bytes.chunks_exact(width) {
            let (lasts, rest) = row.split_at_checked(half).ok_or(Gone)?;
            let (begin, rate) = rest.split_at_checked(half).ok_or(Gone)?;
            let begin = number(begin);
            // Nothing is shown for a while, or one picture that stands.
            let rate = number(rate);
            if begin == nowhere || rate == 0 {
                continue;
            }
            let lasts = match number(lasts) {
                0 => all,
                lasts => in_track(lasts, rate, self.scale, film).unwrap_or(all),
            };
            parts.push(Stretch {
                begin: begin.min(all),
                end: begin.saturating_add(lasts).min(all),
            });
        }
        Ok(parts)
    }
}

fn number(bytes: &[u8]) -> u64 {
    let shift = |sum: u64, byte: &u8| sum.wrapping_shl(8) | u64::from(*byte);
    bytes.iter().fold(0, shift)
}

/// So much of the film's time in the track's, where the track is shown at this rate (16.16).
fn in_track(lasts: u64, rate: u64, scale: u64, film: u64) -> Option<u64> {
    let wide = [rate, scale]
        .into_iter()
        .try_fold(u128::from(lasts), |product, by| {
            product.checked_mul(u128::from(by))
        })?;
    let parts = wide.checked_div(u128::from(film))?;
    u64::try_from(parts.wrapping_shr(16)).ok()
}
