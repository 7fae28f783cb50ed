//! Which part of an envelope goes by which lane.

use std::num::NonZeroU8;
use std::ops::Range;

/// Lanes begin between the segments that the tree hash is made of: a drop-box hashes each segment as it
/// comes, and one of two lanes would have to be read again.
const SEGMENT: u64 = 4_194_304;
/// A lane of fewer segments is not worth its requests.
const LEAST_SEGMENTS: u64 = 2;
/// The shares of lanes of which not all go at once. Circuits differ: whichever is free first takes the
/// next lane, and the last ones are small, so that nobody waits long for the slowest.
const SHARES: [u64; 7] = [3, 3, 3, 3, 2, 2, 1];
/// As many lanes as this may go at once when they have those shares.
const AT_ONCE_OF_SHARES: u8 = 4;
/// What has room for fewer lanes than this, and than circuits, goes as one. That there is no room for more
/// circuits than this is no reason to make do with one.
const FEWEST: u64 = 4;
/// The most lanes. A drop-box takes eight; one place is left for a lane whose address never reached us,
/// because it is free again only after an hour.
const MOST: u64 = 7;

/// How many of the lanes of so many bytes go at once.
pub(super) fn at_once(length: u64, circuits: NonZeroU8) -> u64 {
    let lanes = u64::try_from(lanes(length, circuits).len()).unwrap_or(u64::MAX);
    lanes.min(u64::from(circuits.get()))
}

/// The lanes of an envelope of so many bytes that goes over so many circuits at once: all of it, in
/// order, without a gap.
pub(super) fn lanes(length: u64, circuits: NonZeroU8) -> Vec<Range<u64>> {
    let segments = length.div_ceil(SEGMENT);
    let at_once = u64::from(circuits.get());
    let worth = segments.checked_div(LEAST_SEGMENTS).unwrap_or(0);
    if at_once == 1 || worth < at_once.min(FEWEST) {
        return shared(length, segments, &[1]);
    }
    let sum = SHARES.iter().sum::<u64>();
    if circuits.get() <= AT_ONCE_OF_SHARES && segments >= sum.saturating_mul(LEAST_SEGMENTS) {
        return shared(length, segments, &SHARES);
    }
    let count = usize::try_from(worth.min(MOST)).unwrap_or(1);
    shared(length, segments, &vec![1; count])
}

/// Lanes whose segments have these shares.
fn shared(length: u64, segments: u64, shares: &[u64]) -> Vec<Range<u64>> {
    let sum = shares.iter().sum::<u64>();
    let mut before = 0_u64;
    let mut start = 0;
    let mut lanes = Vec::new();
    for share in shares {
        before = before.saturating_add(*share);
        let border = segments
            .saturating_mul(before)
            .checked_div(sum)
            .unwrap_or(0);
        let end = border.saturating_mul(SEGMENT).min(length);
        lanes.push(start..end);
        start = end;
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(length: u64, circuits: u8) -> Vec<Range<u64>> {
        lanes(length, NonZeroU8::new(circuits).unwrap())
    }

    #[test]
    fn lanes_are_all_of_an_envelope_in_order_and_begin_between_segments() {
        for length in [
            1,
            SEGMENT,
            8 * SEGMENT - 1,
            8 * SEGMENT,
            33 * SEGMENT + 5,
            34 * SEGMENT,
            100 * SEGMENT - 7,
            1 << 40,
        ] {
            for circuits in 1..=7 {
                let lanes = of(length, circuits);
                assert!(lanes.len() <= 7);
                assert_eq!(lanes[0].start, 0);
                assert_eq!(lanes.last().unwrap().end, length);
                for pair in lanes.windows(2) {
                    assert_eq!(pair[0].end, pair[1].start);
                    assert_eq!(pair[1].start % SEGMENT, 0);
                }
                let least = LEAST_SEGMENTS * SEGMENT;
                let all_but_last = &lanes[..lanes.len() - 1];
                assert!(
                    all_but_last
                        .iter()
                        .all(|lane| lane.end - lane.start >= least)
                );
                assert!(lanes.iter().all(|lane| !lane.is_empty()));
            }
        }
    }

    #[test]
    fn what_is_small_or_goes_over_one_circuit_has_one_lane() {
        for (length, circuits) in [(7 * SEGMENT, 4), (1 << 40, 1), (1, 7)] {
            let whole = 0..length;
            assert_eq!(of(length, circuits), std::slice::from_ref(&whole));
        }
        assert_eq!(of(8 * SEGMENT, 4).len(), 4);
        // More circuits than it has room for.
        assert_eq!(of(8 * SEGMENT, 7).len(), 4);
        assert_eq!(of(7 * SEGMENT, 7).len(), 1);
    }

    #[test]
    fn a_place_is_left_for_a_lane_that_was_never_heard_of() {
        for length in [16 * SEGMENT, 33 * SEGMENT, 1 << 30] {
            for circuits in 2..=7 {
                assert_eq!(of(length, circuits).len(), 7);
            }
        }
    }
}
