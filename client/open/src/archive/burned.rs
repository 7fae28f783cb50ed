//! Which epochs were burned, and in whose vaults.

use std::collections::BTreeMap;

use knothole_envelope::{Day, EditorKey, EpochNumber};

use super::cbor::{Reader, Writer};

/// As many epochs as a newsroom can have sheets of.
const MOST_BURNED: u64 = 4160;
/// Of so many editors it is remembered that their vaults were burned.
const MOST_HOLDERS: u64 = 1024;

/// An epoch whose keys were erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BurnedEpoch {
    /// The day on which it was burned first.
    day: Day,
    /// The editors whose vaults were burned, in the order of their keys.
    editors: Vec<EditorKey>,
}

impl BurnedEpoch {
    /// The day on which it was burned first.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// The editors whose vaults were burned.
    #[must_use]
    pub fn editors(&self) -> &[EditorKey] {
        &self.editors
    }
}

/// The epochs that were burned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Burned(BTreeMap<EpochNumber, BurnedEpoch>);

impl Burned {
    /// The epoch, if it was burned.
    #[must_use]
    pub fn get(&self, epoch: EpochNumber) -> Option<&BurnedEpoch> {
        self.0.get(&epoch)
    }

    /// The numbers of the epochs that were burned, in their order.
    pub fn epochs(&self) -> impl Iterator<Item = EpochNumber> {
        self.0.keys().copied()
    }

    /// Remembers that an epoch was erased in the vaults of these editors.
    pub fn add(
        &mut self,
        epoch: EpochNumber,
        day: Day,
        editors: impl IntoIterator<Item = EditorKey>,
    ) {
        let burned = self.0.entry(epoch).or_insert_with(|| BurnedEpoch {
            day,
            editors: Vec::new(),
        });
        burned.editors.extend(editors);
        burned.editors.sort_unstable();
        burned.editors.dedup();
    }

    pub(super) fn write(&self, out: &mut Writer) {
        out.array(self.0.len());
        for (epoch, burned) in &self.0 {
            out.array(3).unsigned(epoch.get());
            out.unsigned(burned.day.get());
            out.array(burned.editors.len());
            for editor in &burned.editors {
                out.bytes(editor.as_bytes());
            }
        }
    }

    pub(super) fn read(input: &mut Reader<'_>) -> Option<Self> {
        let epochs = input.list(MOST_BURNED, |input| {
            input.tuple(3)?;
            let epoch = EpochNumber::new(input.unsigned()?)?;
            let day = Day::new(input.unsigned()?)?;
            let editors = input.list(MOST_HOLDERS, |input| {
                EditorKey::from_bytes(input.fixed()?).ok()
            })?;
            let ascending = editors.is_sorted_by(|one, next| one < next);
            ascending.then_some((epoch, BurnedEpoch { day, editors }))
        })?;
        Some(Self(epochs.into_iter().collect()))
    }
}
