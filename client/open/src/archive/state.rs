//! What a newsroom remembers offline, as it is before it is sealed.
//!
//! It holds no word and no name that a source wrote: those stay in the sealed drops beside it.

use std::collections::BTreeMap;

use knothole_envelope::{
    CharterChain, ChunkCount, Day, DropAddress, DropId, EditorKey, EpochNumber, IndexHash,
    ListedDrop, MOST_CARD_EPOCHS, MOST_EDITORS, OnionAddress, RecipientKey, Sheet, SheetHash,
    Signed, TreeHash, VerifiedChain, VerifiedSheet,
};

use super::cbor::{Reader, Writer};

/// A newsroom has at most so many couriers at a time.
pub const MOST_COURIERS: usize = 8;
/// So many bundles of a courier are remembered by their hash.
const MOST_SEEN: usize = 1024;
/// Sheets of this many sets of epochs are kept: the old ones tell what a drop was sealed to.
const MOST_SHEETS: usize = 8 * MOST_CARD_EPOCHS;
/// An archive keeps account of at most so many drops.
pub const MOST_DROPS: usize = 65_536;
/// A drop that has not been listed for so many days is taken as deleted by the server.
const DAYS_OF_RECEIPTS: u32 = 30;

/// How far a drop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not all of its parts are here.
    Incomplete,
    /// All of it is here and sealed.
    Waiting,
    /// It was opened to its end.
    Opened,
    /// It did not open: it is damaged, or not for these keys.
    Stuck,
    /// The editors do not want it.
    Refused,
}

impl Status {
    const fn number(self) -> u8 {
        match self {
            Self::Incomplete => 1,
            Self::Waiting => 2,
            Self::Opened => 3,
            Self::Stuck => 4,
            Self::Refused => 5,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Incomplete,
            2 => Self::Waiting,
            3 => Self::Opened,
            4 => Self::Stuck,
            5 => Self::Refused,
            _ => return None,
        })
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Stuck => "stuck",
            Self::Refused => "refused",
        }
    }
}

/// A drop of which at least a part came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptDrop {
    /// As the server listed it.
    pub listed: ListedDrop,
    /// How far it has come.
    pub status: Status,
    /// The date of the bundle with which it came.
    pub received: Day,
    /// The date of the last bundle that listed it.
    pub seen: Day,
}

/// A courier whose bundles are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Courier {
    key: EditorKey,
    /// The latest date in its bundles. It goes with the courier: a false one must not stay.
    latest: Option<Day>,
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

/// What a newsroom remembers offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    chain: VerifiedChain,
    /// What the archive is sealed to, in the editors' order.
    keys: Vec<RecipientKey>,
    onion: OnionAddress,
    sheets: Vec<Signed<Sheet>>,
    verified: Vec<VerifiedSheet>,
    /// The couriers whose bundles are taken.
    pub couriers: Vec<Courier>,
    /// The drops of which something came in.
    pub drops: BTreeMap<DropId, KeptDrop>,
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
        })
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

    /// The canonical CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(7).unsigned(1_u8);
        out.bytes(&self.chain.chain().encode());
        out.array(self.keys.len());
        for key in &self.keys {
            out.bytes(key.as_bytes());
        }
        out.bytes(&self.onion.identity());
        out.array(self.sheets.len());
        for sheet in &self.sheets {
            out.bytes(&sheet.encode());
        }
        out.array(self.couriers.len());
        for courier in &self.couriers {
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
        out.array(self.drops.len());
        for kept in self.drops.values() {
            write_drop(&mut out, kept);
        }
        out.finish()
    }

    /// Reads and verifies a state; nothing unless the bytes are exactly one.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        input.tuple(7)?;
        if input.unsigned::<u64>()? != 1 {
            return None;
        }
        let chain = CharterChain::decode(input.bytes()?).ok()?;
        let chain = chain.verify(&chain.unverified_fingerprint()?).ok()?;
        let keys = input.list(limit(MOST_EDITORS), |input| {
            RecipientKey::from_bytes(input.bytes()?).ok()
        })?;
        let onion = OnionAddress::from_identity(&input.fixed()?);
        let sheets = input.list(limit(MOST_SHEETS), |input| {
            Signed::decode(input.bytes()?).ok()
        })?;
        let mut state = Self::new(chain, keys, onion, sheets)?;
        state.couriers = input.list(limit(MOST_COURIERS), read_courier)?;
        state.drops = input
            .list(limit(MOST_DROPS), read_drop)?
            .into_iter()
            .map(|kept| (kept.listed.id, kept))
            .collect();
        // Whatever the reader forgave (order, doubles, long integers, a tail) shows here.
        (state.encode() == bytes).then_some(state)
    }
}

fn limit(most: usize) -> u64 {
    u64::try_from(most).unwrap_or(u64::MAX)
}

fn write_drop(out: &mut Writer, kept: &KeptDrop) {
    out.array(7).bytes(kept.listed.id.as_bytes());
    out.bytes(kept.listed.tree.as_bytes());
    out.unsigned(kept.listed.length());
    out.unsigned(kept.listed.epoch.get());
    out.unsigned(kept.status.number());
    out.unsigned(kept.received.get());
    out.unsigned(kept.seen.get());
}

fn read_drop(input: &mut Reader<'_>) -> Option<KeptDrop> {
    input.tuple(7)?;
    let listed = ListedDrop {
        id: DropId::from_bytes(input.fixed()?),
        tree: TreeHash::from_bytes(input.fixed()?),
        chunks: ChunkCount::from_envelope_len(input.unsigned()?)?,
        epoch: EpochNumber::new(input.unsigned()?)?,
    };
    Some(KeptDrop {
        listed,
        status: Status::from_number(input.unsigned()?)?,
        received: Day::new(input.unsigned()?)?,
        seen: Day::new(input.unsigned()?)?,
    })
}

fn read_courier(input: &mut Reader<'_>) -> Option<Courier> {
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
