//! The couriers whose bundles are taken, and what they have brought.

use knothole_envelope::{Day, EditorKey, IndexHash};

use super::code::limit;
use crate::archive::cbor::{Reader, Writer};

/// So many bundles of a courier are remembered by their hash.
const MOST_SEEN: usize = 1024;

/// A courier whose bundles are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Courier {
    key: EditorKey,
    /// The latest date in its bundles. It goes with the courier: a false one must not stay.
    pub(super) latest: Option<Day>,
    /// The last bundles in the order of their numbers.
    bundles: Vec<SeenBundle>,
}

/// A bundle that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenBundle {
    /// Its sequence number.
    pub sequence: u64,
    /// The hash of its index.
    pub hash: IndexHash,
}

impl Courier {
    /// A courier that has brought nothing yet.
    #[must_use]
    pub const fn new(key: EditorKey) -> Self {
        Self {
            key,
            latest: None,
            bundles: Vec::new(),
        }
    }

    /// What signs its bundles.
    #[must_use]
    pub const fn key(&self) -> &EditorKey {
        &self.key
    }

    /// Notes the date of a bundle.
    pub fn date(&mut self, date: Day) {
        self.latest = self.latest.max(Some(date));
    }

    /// The newest bundle that was received.
    #[must_use]
    pub fn last(&self) -> Option<&SeenBundle> {
        self.bundles.last()
    }

    /// The bundle that was received under this number, if it is still remembered.
    #[must_use]
    pub fn seen(&self, sequence: u64) -> Option<&SeenBundle> {
        self.bundles
            .iter()
            .find(|bundle| bundle.sequence == sequence)
    }

    /// Remembers a bundle; its number is above all others.
    pub fn remember(&mut self, bundle: SeenBundle) {
        if self
            .last()
            .is_none_or(|last| last.sequence < bundle.sequence)
        {
            self.bundles.push(bundle);
            let surplus = self.bundles.len().saturating_sub(MOST_SEEN);
            drop(self.bundles.drain(..surplus));
        }
    }
}

/// Writes a courier as the state holds it.
pub(super) fn write_courier(out: &mut Writer, courier: &Courier) {
    out.array(3).bytes(courier.key.as_bytes());
    let latest = courier.latest.into_iter().map(Day::get);
    out.array(latest.len());
    for day in latest {
        out.unsigned(day);
    }
    out.array(courier.bundles.len());
    for bundle in &courier.bundles {
        out.array(2).unsigned(bundle.sequence);
        out.bytes(bundle.hash.as_bytes());
    }
}

/// Reads a courier.
pub(super) fn read_courier(input: &mut Reader<'_>) -> Option<Courier> {
    input.tuple(3)?;
    let key = EditorKey::from_bytes(input.fixed()?).ok()?;
    let latest = input.list(1, |input| Day::new(input.unsigned()?))?.pop();
    let bundles = input.list(limit(MOST_SEEN), |input| {
        input.tuple(2)?;
        Some(SeenBundle {
            sequence: input.unsigned()?,
            hash: IndexHash::from_bytes(input.fixed()?),
        })
    })?;
    let ascending = bundles.is_sorted_by(|a, b| a.sequence < b.sequence);
    ascending.then_some(Courier {
        key,
        latest,
        bundles,
    })
}
