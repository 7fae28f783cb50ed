//! What fits on the stick, told before the first byte.

use std::path::Path;

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
}

/// What goes onto this stick.
#[derive(Debug)]
pub(crate) struct Plan {
    wanted: u64,
    drops: usize,
    heads: usize,
    whole: usize,
    /// Bytes of a drop of which not all fits.
    cut: Option<u64>,
    here: u64,
    free: u64,
}

impl Plan {
    pub(crate) fn new(wants: &[Want], free: u64) -> Self {
        let mut plan = Self {
            wanted: 0,
            drops: 0,
            heads: 0,
            whole: 0,
            cut: None,
            here: 0,
            free,
        };
        let mut room = free;
        for want in wants {
            let missing = want.missing();
            plan.wanted = plan.wanted.saturating_add(missing);
            let counter = if want.head_only {
                &mut plan.heads
            } else {
                &mut plan.drops
            };
            *counter = counter.saturating_add(1);
            let fits = fitting(missing, room);
            room = room.saturating_sub(fits);
            plan.here = plan.here.saturating_add(fits);
            if fits == missing {
                plan.whole = plan.whole.saturating_add(1);
            } else if fits > 0 {
                plan.cut = Some(fits);
            }
        }
        plan
    }

    /// What is needed, when nothing at all fits.
    pub(crate) fn hopeless(&self) -> Option<u64> {
        (self.wanted > 0 && self.here == 0).then_some(self.wanted)
    }

    pub(crate) fn told(&self, stick: &Path) -> Planned {
        Planned {
            stick: stick.to_owned(),
            drops: self.drops,
            heads: self.heads,
            bytes: self.wanted,
            free: self.free,
            whole: self.whole,
            cut: self.cut,
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
    fn a_stick_without_room_for_anything_is_told_as_such() {
        let wants = [want(16, 0)];
        let length = wants[0].drop.length();
        assert_eq!(Plan::new(&wants, length - 1).hopeless(), Some(length));
        assert_eq!(Plan::new(&wants, length).hopeless(), None);
        assert_eq!(Plan::new(&[], 0).hopeless(), None);
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
            free in 0_u64..(2 << 30),
        ) {
            let wants: Vec<Want> = chunks.iter().map(|chunks| want(*chunks, 0)).collect();
            let plan = Plan::new(&wants, free);
            prop_assert!(plan.here <= free);
            prop_assert_eq!(plan.here + plan.told(Path::new("s")).later, plan.wanted);
        }
    }
}
