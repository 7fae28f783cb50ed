//! What the courier remembers from one visit to the next, and no more.

mod text;

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use knothole_envelope::{
    ChainError, CharterChain, CharterHash, ChunkCount, Day, DropId, EpochNumber, Fingerprint,
    IndexHash, ListedDrop, OnionAddress, PartHash, PartName, Sheet, Signed, TreeHash, VerifiedChain,
};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

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

    /// The hash of the newest charter known; at first that is the founding one.
    pub(crate) fn charter_hash(&self, pairing: &Pairing) -> Result<CharterHash, StateError> {
        let founding = CharterHash::from_bytes(*pairing.fingerprint.as_bytes());
        Ok(self
            .chain()?
            .map_or(founding, |chain| chain.current_hash()))
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
        durable::write_new(&held.path, &held.encode()?).map_err(StateError::Disk)?;
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
        .open(folder.join(LOCK))
        .map_err(StateError::Disk)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StateError::InUse),
        Err(error) => Err(StateError::Disk(error.into())),
    }
}

/// Why the courier's memory is not there.
#[derive(Debug)]
#[non_exhaustive]
pub enum StateError {
    /// The file is missing, cut off or not of this version.
    Damaged,
    /// The charters in it do not verify.
    Charter(ChainError),
    /// Another courier process has it.
    InUse,
    /// The courier is not paired yet.
    NotPaired,
    /// The folder cannot be read or written.
    Disk(io::Error),
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Damaged | Self::Charter(_) => {
                "the courier's file `state.json` is missing, damaged or of another version: make \
                 a new courier in a new folder, and have the old one revoked at the server"
            }
            Self::InUse => "this courier is at work already: wait until it is done",
            Self::NotPaired => {
                "this courier is not paired yet: run `knothole-courier pair` with the address \
                 that `knothole-server courier add` printed, and the newsroom's fingerprint"
            }
            Self::Disk(_) => "the courier's state folder cannot be read or written",
        })
    }
}

impl std::error::Error for StateError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Charter(error) => Some(error),
            Self::Disk(error) => Some(error),
            Self::Damaged | Self::InUse | Self::NotPaired => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_what_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut held = Held::create(folder.path()).unwrap();
        held.state.carried.push(DropId::from_bytes([7; 32]));
        held.state.draft = Some(Draft {
            sequence: 3,
            mark: 0xffff_ffff,
            drops: vec![],
            parts: vec![KeptPart {
                name: PartName::from_bytes([1; 16]),
                drop: DropId::from_bytes([2; 32]),
                offset: 4_194_304,
                length: 5,
                hash: PartHash::from_bytes([3; 32]),
                segments: vec![4; 64],
            }],
            writing: None,
            signed: vec![],
        });
        held.save().unwrap();
        let written = held.encode().unwrap();
        drop(held);
        let again = Held::open(folder.path(), Arc::new(SteadyHand)).unwrap();
        assert_eq!(again.encode().unwrap(), written);
        assert_eq!(again.state.carried, [DropId::from_bytes([7; 32])]);
    }

    #[test]
    fn two_couriers_never_share_a_state() {
        let folder = tempfile::tempdir().unwrap();
        let held = Held::create(folder.path()).unwrap();
        assert!(matches!(
            Held::open(folder.path(), Arc::new(SteadyHand)),
            Err(StateError::InUse)
        ));
        drop(held);
        Held::open(folder.path(), Arc::new(SteadyHand)).unwrap();
    }

    #[test]
    fn a_damaged_state_is_refused_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        drop(Held::create(folder.path()).unwrap());
        let path = folder.path().join(FILE);
        let good = std::fs::read_to_string(&path).unwrap();
        for bad in [
            String::new(),
            good.replace("\"version\":1", "\"version\":2"),
            good.replace("\"carried\"", "\"carryed\""),
            good.chars().take(good.len() / 2).collect(),
        ] {
            std::fs::write(&path, &bad).unwrap();
            assert!(matches!(
                Held::open(folder.path(), Arc::new(SteadyHand)),
                Err(StateError::Damaged)
            ));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
        }
    }
}
