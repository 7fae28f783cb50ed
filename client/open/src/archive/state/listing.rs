//! Who has listed a drop, and which drops the archive forgets.
//!
//! A courier lists what it likes. What one says stays in the account only as long as somebody who is
//! admitted says it, or until the bytes themselves have proved it; and of what did not come whole
//! none has more than its share.

use knothole_envelope::{Day, DropId};

use super::{Courier, DAYS_OF_RECEIPTS, KeptDrop, State, Status};

/// Of the drops that did not come whole, the archive keeps account of so many for each courier.
///
/// For eight of them that is half of the account: the other half is for what came whole.
pub const MOST_LISTED: usize = 4096;

/// The couriers that have listed a drop, by their places in the state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Couriers(u8);

impl Couriers {
    /// The courier at this place.
    #[must_use]
    pub fn of(place: usize) -> Self {
        let bit = u32::try_from(place).ok();
        Self(bit.and_then(|bit| 1_u8.checked_shl(bit)).unwrap_or(0))
    }

    /// Both these and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all of them have been removed.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether the courier at this place is one of them.
    #[must_use]
    pub fn has(self, place: usize) -> bool {
        self.0 & Self::of(place).0 != 0
    }

    /// Whether all of them are among so many couriers.
    pub(super) fn are_among(self, couriers: usize) -> bool {
        (couriers..8).all(|place| !self.has(place))
    }

    /// The first of them answers for a drop.
    fn answers(self, place: usize) -> bool {
        self.has(place) && (0..place).all(|before| !self.has(before))
    }

    /// Those that are left when the courier at this place goes. Who stood behind it moves up.
    fn without(self, place: usize) -> Self {
        let gone = Self::of(place).0;
        let before = gone.saturating_sub(1);
        Self((self.0 & before) | ((self.0 >> 1) & !before))
    }

    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl KeptDrop {
    /// Whether nothing of it has proved itself, because not all of it is here.
    #[must_use]
    pub const fn is_unproved(&self) -> bool {
        matches!(self.status, Status::Listed | Status::Incomplete)
    }
}

impl State {
    /// The day that has surely come: no later than what any courier has told last, or than today.
    ///
    /// What is forgotten by and by is forgotten by it. One date ahead hurries nothing.
    #[must_use]
    pub fn passed(&self, today: Day) -> Option<Day> {
        let told = self.couriers.iter().filter_map(|courier| courier.latest);
        Some(told.min()?.min(today))
    }

    /// Takes no bundle of the courier at this place any more, and forgets what it alone has listed.
    /// Names the drops that are forgotten.
    pub fn remove_courier(&mut self, place: usize, today: Day) -> Vec<DropId> {
        if place >= self.couriers.len() {
            return Vec::new();
        }
        drop(self.couriers.remove(place));
        // A date ahead goes with it.
        let first = self.sheets.iter().map(|sheet| sheet.unverified().first());
        let first = first.min().unwrap_or(today);
        let bound = self.latest().unwrap_or(today).max(first);
        for kept in self.drops.values_mut() {
            kept.by = kept.by.without(place);
            kept.seen = kept.seen.min(bound);
            kept.received = kept.received.min(bound);
        }
        self.forget(|_, kept| kept.by.is_none() && kept.is_unproved())
    }

    /// Forgets what the server has no more: of burned epochs, and of what was only listed, the drops
    /// that all who had listed them have not listed for long. Names them.
    ///
    /// All else stays while its sealed bytes do.
    pub fn prune(&mut self, today: Day) -> Vec<DropId> {
        self.forget(|state, kept| {
            let burned = state.burned.get(kept.listed.epoch).is_some();
            (burned || kept.status == Status::Listed) && state.is_gone(kept, today)
        })
    }

    /// Whether all couriers that have listed a drop have not listed it for long.
    fn is_gone(&self, kept: &KeptDrop, today: Day) -> bool {
        let gone = |courier: &Courier| {
            let since = courier
                .latest
                .and_then(|day| day.min(today).since(kept.seen));
            since.is_some_and(|days| days > DAYS_OF_RECEIPTS)
        };
        let mut couriers = self.couriers.iter().enumerate();
        if kept.by.is_none() {
            let passed = self.passed(today).and_then(|day| day.since(kept.seen));
            return passed.is_some_and(|days| days > DAYS_OF_RECEIPTS);
        }
        couriers.all(|(place, courier)| !kept.by.has(place) || gone(courier))
    }

    /// How many drops that did not come whole a courier answers for.
    #[must_use]
    pub fn unproved(&self, place: usize) -> usize {
        let drops = self.drops.values();
        drops
            .filter(|kept| kept.is_unproved() && kept.by.answers(place))
            .count()
    }

    /// Forgets one drop that this courier alone has listed and of which nothing came.
    pub(crate) fn give_up_listed(&mut self, place: usize) -> bool {
        let alone = Couriers::of(place);
        let mut drops = self.drops.iter();
        let found = drops.find(|(_, kept)| kept.status == Status::Listed && kept.by == alone);
        let found = found.map(|(id, _)| *id);
        found.is_some_and(|id| self.drops.remove(&id).is_some())
    }

    fn forget(&mut self, gone: impl Fn(&Self, &KeptDrop) -> bool) -> Vec<DropId> {
        let drops = self.drops.iter();
        let ids: Vec<_> = drops
            .filter(|(_, kept)| gone(self, kept))
            .map(|(id, _)| *id)
            .collect();
        for id in &ids {
            let _ = self.drops.remove(id);
        }
        ids
    }
}
