//! The tree hash of an envelope whose units are made one by one.

use std::collections::BTreeMap;

use knothole_envelope::{SEGMENT_LEN, TreeHash};
use sha2::{Digest as _, Sha256};

use super::{HEADER_BYTES, UNIT_LEN};

/// The hashes of the envelope's segments.
///
/// Segments are counted from the envelope's first byte, units from behind its header: a segment is
/// the end of one unit and the beginning of the next. A hash that waits for its second part is
/// kept as it stands.
#[derive(Debug)]
pub(crate) struct Tree {
    segments: Vec<Option<[u8; 32]>>,
    begun: BTreeMap<usize, Sha256>,
    units: usize,
}

impl Tree {
    /// A tree over an envelope of `length` bytes with this header.
    pub(crate) fn new(length: u64, header: &[u8]) -> Self {
        let segment = u64::try_from(SEGMENT_LEN).unwrap_or(u64::MAX);
        let count = usize::try_from(length.div_ceil(segment)).unwrap_or(usize::MAX);
        let units = length.saturating_sub(HEADER_BYTES).div_ceil(UNIT_LEN);
        let units = usize::try_from(units).unwrap_or(usize::MAX);
        let begun = BTreeMap::from([(0, Sha256::new_with_prefix(header))]);
        Self {
            segments: vec![None; count],
            begun,
            units,
        }
    }

    /// Takes note of a sealed unit.
    pub(crate) fn unit(&mut self, index: u64, bytes: &[u8]) {
        let Ok(index) = usize::try_from(index) else {
            return;
        };
        let header = usize::try_from(HEADER_BYTES).unwrap_or(0);
        let room = SEGMENT_LEN.saturating_sub(header).min(bytes.len());
        let (head, tail) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        if let Some(mut hash) = self.begun.remove(&index) {
            hash.update(head);
            self.set(index, hash);
        }
        let next = index.saturating_add(1);
        if tail.is_empty() || self.segments.get(next).is_none_or(Option::is_some) {
            return;
        }
        let hash = Sha256::new_with_prefix(tail);
        // Behind the last unit, its end is a segment of its own.
        if next == self.units {
            self.set(next, hash);
        } else {
            self.begun.entry(next).or_insert(hash);
        }
    }

    /// A unit that must be made, or made again, before the tree is whole.
    pub(crate) fn next_gap(&self) -> Option<u64> {
        let gap = self.segments.iter().position(Option::is_none)?;
        // The segment's beginning is the end of the unit before.
        let unit = if self.begun.contains_key(&gap) {
            gap
        } else {
            gap.saturating_sub(1)
        };
        u64::try_from(unit).ok()
    }

    /// The tree hash, once every segment is known.
    pub(crate) fn finish(&self, length: u64) -> Option<TreeHash> {
        let segments: Option<Vec<[u8; 32]>> = self.segments.iter().copied().collect();
        TreeHash::from_segments(length, &segments?)
    }

    fn set(&mut self, segment: usize, hash: Sha256) {
        if let Some(place) = self.segments.get_mut(segment) {
            *place = Some(hash.finalize().into());
        }
    }
}
