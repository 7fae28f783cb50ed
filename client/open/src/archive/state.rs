//! What a newsroom remembers offline, as it is before it is sealed.
//!
//! It holds no word and no name that a source wrote: those stay in the sealed drops beside it.

mod code;
mod courier;
mod drops;
mod listing;

use std::collections::BTreeMap;

use knothole_envelope::{
    Day, DropAddress, DropId, EpochNumber, MOST_CARD_EPOCHS, OnionAddress, RecipientKey, Sheet,
    SheetHash, Signed, VerifiedChain, VerifiedSheet,
};

pub use self::courier::{Courier, SeenBundle};
pub use self::drops::{KeptDrop, Status};
pub use self::listing::{Couriers, MOST_LISTED};
use super::burned::Burned;
use super::conversation::Conversations;

/// A newsroom has at most so many couriers at a time.
pub const MOST_COURIERS: usize = 8;
/// Sheets of this many sets of epochs are kept: the old ones tell what a drop was sealed to.
const MOST_SHEETS: usize = 8 * MOST_CARD_EPOCHS;
/// An archive keeps account of at most so many drops.
pub const MOST_DROPS: usize = 65_536;
/// A drop that has not been listed for so many days is taken as deleted by the server.
const DAYS_OF_RECEIPTS: u32 = 30;

/// What a newsroom remembers offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub(super) chain: VerifiedChain,
    /// What the archive is sealed to, in the editors' order.
    keys: Vec<RecipientKey>,
    onion: OnionAddress,
    sheets: Vec<Signed<Sheet>>,
    pub(super) verified: Vec<VerifiedSheet>,
    /// The couriers whose bundles are taken.
    pub couriers: Vec<Courier>,
    /// The drops that couriers have listed.
    pub drops: BTreeMap<DropId, KeptDrop>,
    /// Who can be answered, and what was answered.
    pub conversations: Conversations,
    /// The epochs whose keys were erased.
    pub burned: Burned,
}

impl State {
    /// The state of a new newsroom; nothing when keys or sheets do not fit the charter.
    #[must_use]
    pub fn new(
        chain: VerifiedChain,
        keys: Vec<RecipientKey>,
        onion: OnionAddress,
        sheets: Vec<Signed<Sheet>>,
    ) -> Option<Self> {
        if keys.len() != chain.current().editors().len() || sheets.len() > MOST_SHEETS {
            return None;
        }
        let verified: Result<Vec<_>, _> = sheets.iter().map(|sheet| sheet.verify(&chain)).collect();
        Some(Self {
            verified: verified.ok()?,
            chain,
            keys,
            onion,
            sheets,
            couriers: Vec::new(),
            drops: BTreeMap::new(),
            conversations: Conversations::default(),
            burned: Burned::default(),
        })
    }

    /// The same memory under the newsroom's next charter; nothing when keys or sheets do not fit it.
    ///
    /// Of the sheets so far those stay that `keep` says, for they tell what a drop was sealed to.
    #[must_use]
    pub fn under(
        &self,
        chain: VerifiedChain,
        keys: Vec<RecipientKey>,
        sheets: Vec<Signed<Sheet>>,
        keep: impl Fn(&Sheet) -> bool,
    ) -> Option<Self> {
        let held = self.sheets.iter();
        let held = held.filter(|sheet| keep(sheet.unverified())).cloned();
        let next = Self::new(chain, keys, self.onion, held.chain(sheets).collect())?;
        // All else goes on as it was.
        next.chain.continues(&self.chain).then(|| Self {
            chain: next.chain,
            keys: next.keys,
            sheets: next.sheets,
            verified: next.verified,
            ..self.clone()
        })
    }

    /// The same memory with more sheets; nothing when they do not fit the charter.
    #[must_use]
    pub fn with_more(&self, sheets: Vec<Signed<Sheet>>) -> Option<Self> {
        self.under(self.chain.clone(), self.keys.clone(), sheets, |_| true)
    }

    /// The newsroom's charters.
    #[must_use]
    pub const fn chain(&self) -> &VerifiedChain {
        &self.chain
    }

    /// What the archive is sealed to, in the editors' order.
    #[must_use]
    pub fn keys(&self) -> &[RecipientKey] {
        &self.keys
    }

    /// Takes another address for the drop-box: the fingerprint stays.
    pub const fn move_to(&mut self, onion: OnionAddress) {
        self.onion = onion;
    }

    /// What sources are given.
    #[must_use]
    pub const fn address(&self) -> DropAddress {
        DropAddress::new(self.onion, *self.chain.fingerprint())
    }

    /// All sheets, signed.
    #[must_use]
    pub fn sheets(&self) -> &[Signed<Sheet>] {
        &self.sheets
    }

    /// The sheets of an epoch, the newest first.
    pub fn sheets_of(&self, epoch: EpochNumber) -> impl Iterator<Item = &VerifiedSheet> {
        self.verified
            .iter()
            .rev()
            .filter(move |sheet| sheet.epoch() == epoch)
    }

    /// The sheet with this hash, if this newsroom made it.
    #[must_use]
    pub fn sheet(&self, hash: &SheetHash) -> Option<&VerifiedSheet> {
        self.verified.iter().find(|sheet| sheet.hash() == *hash)
    }

    /// The latest date that the couriers have told.
    #[must_use]
    pub fn latest(&self) -> Option<Day> {
        self.couriers
            .iter()
            .filter_map(|courier| courier.latest)
            .max()
    }

    /// The day, as far as it can be told: what the machine's own clock shows, unless that lies
    /// before the newsroom's first epoch. A courier is asked only then: it might be turned.
    #[must_use]
    pub fn today(&self, clock: Day) -> Day {
        let first = self.verified.iter().map(VerifiedSheet::first).min();
        match self.latest() {
            Some(latest) if first.is_some_and(|first| clock < first) => latest,
            _ => clock,
        }
    }

    /// The drops whose receipts the server may still need.
    pub fn done(&self) -> impl Iterator<Item = &KeptDrop> {
        let latest = self.latest();
        self.drops.values().filter(move |kept| {
            let gone = latest
                .and_then(|latest| latest.since(kept.seen))
                .is_some_and(|days| days > DAYS_OF_RECEIPTS);
            matches!(kept.status, Status::Opened | Status::Refused) && !gone
        })
    }

    /// The drops in the order in which they came.
    #[must_use]
    pub fn in_order(&self) -> Vec<&KeptDrop> {
        let mut drops: Vec<_> = self.drops.values().collect();
        drops.sort_by_key(|kept| (kept.received, kept.listed.id));
        drops
    }
}
