//! The rank test of Mann and Whitney (1947), in its normal form with the correction for ties.

#![allow(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "statistics"
)]

use rand_core::{CryptoRng, Rng};

/// A value beyond this on either side comes once in 2,000 comparisons of equal things.
pub(crate) const FOUND: f64 = 3.5;
/// Runs on which the power is estimated.
const RUNS: usize = 100;

/// How far the ranks of `one` lie above those of `other`, in standard deviations.
pub(crate) fn rank_test(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(other.iter().map(|time| (*time, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut at) = (0.0, 0.0, 0);
    while at < all.len() {
        let end = at
            + all[at..]
                .iter()
                .take_while(|item| item.0 == all[at].0)
                .count();
        let tied = (end - at) as f64;
        let ours = all[at..end].iter().filter(|item| item.1).count() as f64;
        // Those that are tied share the mean of their ranks.
        ranks += ours * ((at + 1 + end) as f64 / 2.0);
        ties += tied * (tied * tied - 1.0);
        at = end;
    }
    let (n, m) = (one.len() as f64, other.len() as f64);
    let all = n + m;
    let mean = n * (all + 1.0) / 2.0;
    let variance = n * m / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)));
    (ranks - mean) / variance.sqrt()
}

/// The value in the middle.
pub(crate) fn median(times: &[f64]) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The shift that the test would find in 95 of 100 runs with times that are spread like these, up
/// to a tenth of its size.
pub(crate) fn power(times: &[f64], rng: &mut impl CryptoRng) -> f64 {
    let mut shift = 10.0;
    while shift < 1e10 {
        let found = (0..RUNS).filter(|_| {
            let one: Vec<_> = drawn(times, rng).map(|time| time + shift).collect();
            let other: Vec<_> = drawn(times, rng).collect();
            rank_test(&one, &other) > FOUND
        });
        if found.count() * 100 >= RUNS * 95 {
            return shift;
        }
        shift *= 1.1;
    }
    shift
}

fn drawn<'a>(times: &'a [f64], rng: &'a mut impl Rng) -> impl Iterator<Item = f64> + 'a {
    (0..times.len()).map(|_| times[(rng.next_u64() % times.len() as u64) as usize])
}
