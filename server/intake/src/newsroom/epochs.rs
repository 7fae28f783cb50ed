//! The epochs that are or were open: number and days, no keys.

use knothole_envelope::{Day, EpochNumber};

use crate::record::{Reader, Writer};

/// The gate passes an epoch so many days after its last day: uploads take days.
const DAYS_AFTER: u32 = 7;
/// What has passed the gate on its last day has so many days to become a drop: the life of an upload.
const DAYS_OF_UPLOAD: u32 = 14;
/// An epoch is known so many days after its last day, so that it can be burned while uploads that
/// passed the gate still go on, and a few days longer.
const DAYS_KNOWN: u32 = 30;

/// An epoch whose sheet is or was held. Number and dates only, no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EpochDays {
    pub(super) number: EpochNumber,
    pub(super) first: Day,
    pub(super) last: Day,
    /// Not stored: what the receipts say under the charter of today.
    pub(super) burned: bool,
    /// Not stored: since the start, what they say could not be read. It may be that it is burned.
    pub(super) unread: bool,
}

impl EpochDays {
    pub(super) fn remembered(&self, today: Day) -> bool {
        self.is_within(DAYS_KNOWN, today)
    }

    pub(super) fn passes(&self, today: Day) -> bool {
        !self.burned && !self.unread && self.is_within(DAYS_AFTER, today)
    }

    /// Whether an upload of it may still become a drop. The life of an upload is counted in time lived
    /// through, and this by the date: an editor burns the keys after it, however long the server was off.
    pub(super) fn finishes(&self, today: Day) -> bool {
        self.is_within(DAYS_AFTER.saturating_add(DAYS_OF_UPLOAD), today)
    }

    fn is_within(&self, days: u32, today: Day) -> bool {
        let end = self.last.checked_add(days);
        end.is_none_or(|end| today <= end)
    }
}

/// Whether an upload that has passed the gate may still become a drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Its epoch goes on, or has ended so short a time ago that it may.
    Open,
    /// By a clock that has jumped it may not. Until the clock is believed nobody is told that it arrived,
    /// and nothing is thrown away.
    Unsure,
    /// Its epoch is over: the keys may be burned by now.
    Closed,
}

/// The numbers of those of which this is so.
pub(super) fn numbers(epochs: &[EpochDays], is: impl Fn(&EpochDays) -> bool) -> Vec<EpochNumber> {
    let such = epochs.iter().filter(|epoch| is(epoch));
    such.map(|epoch| epoch.number).collect()
}

pub(super) fn encode(epochs: &[EpochDays]) -> Vec<u8> {
    let mut out = Writer::new(4);
    out.u64(u64::try_from(epochs.len()).unwrap_or(u64::MAX));
    for epoch in epochs {
        out.epoch(Some(epoch.number))
            .u64(u64::from(epoch.first.get()));
        out.u64(u64::from(epoch.last.get()));
    }
    out.finish()
}

pub(super) fn decode(bytes: &[u8]) -> Option<Vec<EpochDays>> {
    let mut input = Reader::new(bytes, 4)?;
    let count = input.u64()?;
    let mut epochs = Vec::new();
    for _ in 0..count {
        let number = input.epoch()??;
        let first = Day::new(u32::try_from(input.u64()?).ok()?)?;
        let last = Day::new(u32::try_from(input.u64()?).ok()?)?;
        epochs.push(EpochDays {
            number,
            first,
            last,
            burned: false,
            unread: true,
        });
    }
    input.end()?;
    Some(epochs)
}
