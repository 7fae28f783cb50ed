//! What the courier remembers from one visit to the next, and no more.

mod error;
mod replies;
mod text;

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use knothole_envelope::{
    CharterChain, CharterHash, ChunkCount, Day, DropId, EpochNumber, Fingerprint, IndexHash,
    ListedDrop, OnionAddress, PartHash, PartName, Sheet, Signed, TreeHash, VerifiedChain,
};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

pub(crate) use error::StateError;
pub(crate) use replies::LOT_OF_REPLIES;

use crate::durable;
use crate::stick::{Hand, SteadyHand, Step};

const FILE: &str = "state.json";
const LOCK: &str = "lock";
/// The hashes of the segments of a drop that goes over several sticks take 16 KiB per GiB.
const MOST_STATE_BYTES: u64 = 1 << 28;
/// Sheets of ten years of weeks.
const MOST_SHEETS: u32 = 520;

/// What the courier remembers. [`Held::save`] makes a change last.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    version: Version,
    /// With whom the courier is paired.
    pub(crate) pairing: Option<Pairing>,
    /// The newest chain of charters that came from the newsroom, canonical CBOR.
    #[serde(with = "text::hex")]
    charter: Vec<u8>,
    /// The number of the newest charter that the server took from here.
    #[serde(default)]
    pub(crate) charter_pushed: Option<u32>,
    /// The hash of the charter that the server showed last, where it should have shown another; else
    /// empty. It goes into the bundles, so that the offline side learns of it.
    #[serde(default, with = "text::hex")]
    shown: Vec<u8>,
    /// The sheets that are not over yet, released or not: a canonical CBOR array.
    #[serde(with = "text::hex")]
    sheets: Vec<u8>,
    /// The last bundle whose index was signed.
    pub(crate) last: Option<LastBundle>,
    /// Drops that lie as a whole on finished sticks, as long as the server lists them.
    #[serde(with = "text::list")]
    pub(crate) carried: Vec<DropId>,
    /// Drops whose bytes were not what the listing said, as long as the server lists them.
    #[serde(with = "text::list")]
    pub(crate) mistrusted: Vec<DropId>,
    /// Drops of which header and first chunk were fetched, because they are large.
    #[serde(with = "text::list")]
    pub(crate) heads: Vec<DropId>,
    /// Drops of which a part lies on finished sticks, and the rest does not yet.
    pub(crate) begun: Vec<BegunDrop>,
    /// The replies that the server took and the dummies among them, by their hashes: an outbox
    /// brings the replies again for weeks.
    pushed: Vec<replies::PushedHash>,
    /// The bundle that is being written.
    pub(crate) draft: Option<Draft>,
}

/// The version of the state's format: 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version;

impl TryFrom<u8> for Version {
    type Error = &'static str;

    fn try_from(number: u8) -> Result<Self, Self::Error> {
        if number == 1 {
            Ok(Self)
        } else {
            Err("another version")
        }
    }
}

impl From<Version> for u8 {
    fn from(_: Version) -> Self {
        1
    }
}

/// With whom the courier is paired.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pairing {
    /// The collection service.
    #[serde(with = "text")]
    pub(crate) onion: OnionAddress,
    /// The newsroom.
    #[serde(with = "text")]
    pub(crate) fingerprint: Fingerprint,
}

/// The last bundle whose index was signed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LastBundle {
    pub(crate) sequence: u64,
    #[serde(with = "text")]
    pub(crate) hash: IndexHash,
    /// The day in it; the next one has the same or a later day.
    #[serde(with = "text")]
    pub(crate) date: Day,
}

/// A drop as the server listed it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptDrop {
    #[serde(with = "text")]
    pub(crate) id: DropId,
    #[serde(with = "text")]
    tree: TreeHash,
    length: u64,
    epoch: u32,
}

impl KeptDrop {
    pub(crate) fn of(drop: &ListedDrop) -> Self {
        Self {
            id: drop.id,
            tree: drop.tree,
            length: drop.length(),
            epoch: drop.epoch.get(),
        }
    }

    /// The drop, if what is remembered can be one.
    pub(crate) fn listed(&self) -> Option<ListedDrop> {
        Some(ListedDrop {
            id: self.id,
            tree: self.tree,
            chunks: ChunkCount::from_envelope_len(self.length)?,
            epoch: EpochNumber::new(self.epoch)?,
        })
    }
}

/// A drop of which a part lies on finished sticks.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BegunDrop {
    pub(crate) drop: KeptDrop,
    /// From byte 0 on, without a gap.
    pub(crate) parts: Vec<KeptPart>,
}

/// A part that was written, read again and compared.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptPart {
    #[serde(with = "text::name")]
    pub(crate) name: PartName,
    #[serde(with = "text")]
    pub(crate) drop: DropId,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    #[serde(with = "text")]
    pub(crate) hash: PartHash,
    /// The hashes of its segments of 4 MiB, one after the other: they make the tree hash.
    #[serde(with = "text::hex")]
    pub(crate) segments: Vec<u8>,
}

/// The bundle that is being written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Draft {
    pub(crate) sequence: u64,
    /// The random mark in its folder's name.
    pub(crate) mark: u32,
    /// The drops that it holds something of.
    pub(crate) drops: Vec<KeptDrop>,
    /// The parts that lie in its folder.
    pub(crate) parts: Vec<KeptPart>,
    /// The part that is being written.
    pub(crate) writing: Option<OpenPart>,
    /// The signed index, from the moment it was signed: no second one of this number is made.
    #[serde(with = "text::hex")]
    pub(crate) signed: Vec<u8>,
}

/// A part that is being written.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenPart {
    #[serde(with = "text::name")]
    pub(crate) name: PartName,
    #[serde(with = "text")]
    pub(crate) drop: DropId,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    /// The hashes of the segments that were written and synced.
    #[serde(with = "text::hex")]
    pub(crate) segments: Vec<u8>,
}

impl State {
    /// The newest chain, verified again from the fingerprint on.
    pub(crate) fn chain(&self) -> Result<Option<VerifiedChain>, StateError> {
        let Some(pairing) = &self.pairing else {
            return Ok(None);
        };
        if self.charter.is_empty() {
            return Ok(None);
        }
        let chain = CharterChain::decode(&self.charter).map_err(|_| StateError::Damaged)?;
        let chain = chain.verify(&pairing.fingerprint);
        chain.map(Some).map_err(StateError::Charter)
    }

    /// Remembers a chain.
    pub(crate) fn set_chain(&mut self, chain: &VerifiedChain) {
        self.charter = chain.chain().encode();
    }

    /// The sheets that are held.
    pub(crate) fn sheets(&self) -> Result<Vec<Signed<Sheet>>, StateError> {
        if self.sheets.is_empty() {
            return Ok(Vec::new());
        }
        Signed::decode_list(&self.sheets, MOST_SHEETS).map_err(|_| StateError::Damaged)
    }

    /// Remembers these sheets and no others.
    pub(crate) fn set_sheets(&mut self, sheets: &[Signed<Sheet>]) {
        self.sheets = Signed::encode_list(sheets);
    }

    /// Forgets what the server does not list any more: it is nobody's business here any more.
    ///
    /// The listing is in the order of its identifiers.
    pub(crate) fn forget_what_is_not_listed(&mut self, listing: &[ListedDrop]) {
        let listed = |id: &DropId| listing.binary_search_by_key(id, |drop| drop.id).is_ok();
        self.carried.retain(listed);
        self.mistrusted.retain(listed);
        self.heads.retain(listed);
        let begun = &mut self.begun;
        begun.retain(|begun| {
            begun
                .drop
                .listed()
                .is_some_and(|drop| listing.contains(&drop))
        });
    }

    /// Forgets what was fetched and judged, also in part, so that it is fetched again: a stick
    /// may be lost.
    pub(crate) fn forget_what_was_carried(&mut self) {
        self.begun.clear();
        self.carried.clear();
        self.mistrusted.clear();
        self.heads.clear();
    }

    /// Notes the charter that the server shows in the place of the newsroom's, or that it shows none
    /// such.
    pub(crate) fn set_shown(&mut self, shown: Option<CharterHash>) {
        self.shown = shown.map_or_else(Vec::new, |hash| hash.as_bytes().to_vec());
    }

    /// The hash of the charter that the next bundle names: the newest one known, at first the
    /// founding one, unless the server has shown one that it should not.
    pub(crate) fn charter_hash(&self, pairing: &Pairing) -> Result<CharterHash, StateError> {
        if let Ok(shown) = <[u8; 32]>::try_from(self.shown.as_slice()) {
            return Ok(CharterHash::from_bytes(shown));
        }
        let founding = CharterHash::from_bytes(*pairing.fingerprint.as_bytes());
        Ok(self.chain()?.map_or(founding, |chain| chain.current_hash()))
    }
}

/// The state, with the lock that keeps a second courier out.
#[derive(Debug)]
pub(crate) struct Held {
    path: PathBuf,
    pub(crate) state: State,
    hand: Arc<dyn Hand>,
    _lock: File,
}

impl Held {
    /// Makes the state of a new courier.
    pub(crate) fn create(folder: &Path) -> Result<Self, StateError> {
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        let held = Self {
            path,
            state: State::default(),
            hand: Arc::new(SteadyHand),
            _lock: lock,
        };
        durable::replace(&held.path, &held.encode()?).map_err(StateError::Disk)?;
        Ok(held)
    }

    /// Reads the state. While it is held, no other process has it.
    pub(crate) fn open(folder: &Path, hand: Arc<dyn Hand>) -> Result<Self, StateError> {
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        let bytes = durable::read(&path, MOST_STATE_BYTES).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::InvalidData => StateError::Damaged,
            _ => StateError::Disk(error),
        })?;
        let state = serde_json::from_slice(&bytes).map_err(|_| StateError::Damaged)?;
        Ok(Self {
            path,
            state,
            hand,
            _lock: lock,
        })
    }

    /// Makes what changed last.
    pub(crate) fn save(&self) -> Result<(), StateError> {
        self.hand.step(Step::State).map_err(StateError::Disk)?;
        durable::replace(&self.path, &self.encode()?).map_err(StateError::Disk)
    }

    /// With whom the courier is paired.
    pub(crate) fn pairing(&self) -> Result<&Pairing, StateError> {
        self.state.pairing.as_ref().ok_or(StateError::NotPaired)
    }

    fn encode(&self) -> Result<Vec<u8>, StateError> {
        serde_json::to_vec(&self.state).map_err(|_| StateError::Damaged)
    }
}

fn lock(folder: &Path) -> Result<File, StateError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(folder.join(LOCK))
        .map_err(StateError::Disk)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StateError::InUse),
        Err(error) => Err(StateError::Disk(error.into())),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
mod tests;
