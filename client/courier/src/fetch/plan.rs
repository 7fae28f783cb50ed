//! What fits on the stick, told before the first byte.

use knothole_envelope::{ListedDrop, MOST_PART_BYTES};

use super::report::Planned;
use crate::bundle::{HEAD_BYTES, SEGMENT_BYTES};

/// A drop that is to be fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    pub(crate) drop: ListedDrop,
    /// The bytes that lie on sticks already.
    pub(crate) reached: u64,
    /// Only header and first chunk.
    pub(crate) head_only: bool,
}

impl Want {
    /// The bytes that are still to come.
    pub(crate) fn missing(&self) -> u64 {
        if self.head_only {
            HEAD_BYTES
        } else {
            self.drop.length().saturating_sub(self.reached)
        }
    }

    /// The bytes that are still to come once so many lie on sticks.
    pub(crate) fn missing_after(&self, reached: u64) -> u64 {
        Self { reached, ..*self }.missing()
    }
}

/// What goes onto the sticks.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    wanted: u64,
    drops: usize,
    heads: usize,
    here: u64,
    free: u64,
}

impl Plan {
    /// Fills the sticks, which have this room, one after the other.
    pub(crate) fn new(wants: &[Want], rooms: &[u64]) -> Self {
        let mut plan = Self::default();
        let mut missing = Vec::new();
        for want in wants {
            missing.push(want.missing());
            plan.wanted = plan.wanted.saturating_add(want.missing());
            let counter = if want.head_only {
                &mut plan.heads
            } else {
                &mut plan.drops
            };
            *counter = counter.saturating_add(1);
        }
        for room in rooms {
            plan.free = plan.free.saturating_add(*room);
            let mut room = *room;
            for missing in &mut missing {
                let fits = fitting(*missing, room);
                room = room.saturating_sub(fits);
                *missing = missing.saturating_sub(fits);
                plan.here = plan.here.saturating_add(fits);
            }
        }
        plan
    }

    pub(crate) fn told(&self) -> Planned {
        Planned {
            drops: self.drops,
            heads: self.heads,
            bytes: self.wanted,
            free: self.free,
            later: self.wanted.saturating_sub(self.here),
        }
    }
}

/// How many of these bytes of a drop go onto a stick with this room.
fn fitting(missing: u64, room: u64) -> u64 {
    if missing <= room {
        missing
    } else {
        whole_segments(room)
    }
}

/// The length of the next part of a drop of which `left` bytes are missing; nothing when there is
/// no room for it.
pub(crate) fn part_length(left: u64, room: u64) -> Option<u64> {
    let length = fitting(left, room).min(MOST_PART_BYTES);
    (length > 0).then_some(length)
}

/// As much of this as is whole segments: parts begin at segments.
fn whole_segments(bytes: u64) -> u64 {
    bytes.saturating_sub(bytes.checked_rem(SEGMENT_BYTES).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the numbers are bounded")]
mod tests {
    use knothole_envelope::{ChunkCount, DropId, EpochNumber, TreeHash};
    use proptest::prelude::*;

    use super::*;

    fn want(chunks: u64, reached: u64) -> Want {
        Want {
            drop: ListedDrop {
                id: DropId::from_bytes([1; 32]),
                tree: TreeHash::from_bytes([2; 32]),
                chunks: ChunkCount::for_content(chunks * 65_520).unwrap(),
                epoch: EpochNumber::new(1).unwrap(),
            },
            reached,
            head_only: false,
        }
    }

    #[test]
    fn a_drop_that_fits_is_one_part_up_to_a_gibibyte() {
        assert_eq!(part_length(1_060_864, 1_060_864), Some(1_060_864));
        assert_eq!(part_length(5 << 30, 8 << 30), Some(MOST_PART_BYTES));
    }

    #[test]
    fn a_drop_that_does_not_fit_is_cut_at_a_segment() {
        assert_eq!(part_length(1_060_864, 1_060_863), None);
        assert_eq!(part_length(100 << 20, (9 << 20) + 5), Some(8 << 20));
        assert_eq!(part_length(100 << 20, SEGMENT_BYTES - 1), None);
        assert_eq!(part_length(100 << 20, 0), None);
    }

    #[test]
    fn what_fits_on_no_stick_is_told_as_later() {
        let wants = [want(16, 0)];
        let length = wants[0].drop.length();
        assert_eq!(Plan::new(&wants, &[length - 1]).told().later, length);
        assert_eq!(Plan::new(&wants, &[0, length]).told().later, 0);
        assert_eq!(Plan::new(&wants, &[]).told().later, length);
    }

    #[test]
    fn a_drop_goes_on_on_the_next_stick() {
        let wants = [want(1_024, 0)];
        let length = wants[0].drop.length();
        let rooms = [SEGMENT_BYTES * 3 + 7, length - SEGMENT_BYTES * 3];
        assert_eq!(Plan::new(&wants, &rooms).told().later, 0);
        let rooms = [SEGMENT_BYTES * 3 + 7, length - SEGMENT_BYTES * 3 - 1];
        assert!(Plan::new(&wants, &rooms).told().later > 0);
    }

    proptest! {
        #[test]
        fn parts_cover_a_drop_without_gap_whatever_the_sticks(
            length in 1_u64..(8 << 30),
            rooms in proptest::collection::vec(0_u64..(3 << 30), 1..40),
        ) {
            let mut at = 0;
            for room in rooms {
                let mut room = room;
                while let Some(part) = part_length(length - at, room) {
                    prop_assert_eq!(at % SEGMENT_BYTES, 0);
                    prop_assert!(part <= room && part <= MOST_PART_BYTES);
                    prop_assert!(at + part <= length);
                    at += part;
                    room -= part;
                }
            }
        }

        #[test]
        fn the_plan_never_promises_more_than_the_room(
            chunks in proptest::collection::vec(16_u64..10_000, 0..20),
            rooms in proptest::collection::vec(0_u64..(1 << 30), 0..4),
        ) {
            let wants: Vec<Want> = chunks.iter().map(|chunks| want(*chunks, 0)).collect();
            let plan = Plan::new(&wants, &rooms);
            prop_assert!(plan.here <= plan.free);
            prop_assert_eq!(plan.here + plan.told().later, plan.wanted);
        }
    }
}
