//! The newsroom's memory offline: what it is, what came in, and the sealed drops themselves.
//!
//! ```text
//! ARCHIVE/
//!   lock                       held by the program that works with the archive
//!   state                      a drop envelope, sealed to the editors' archive keys with their
//!                              quorum; epoch 1, sheet hash zero, no message, two files:
//!                                signatures   `Signed<ArchiveSeal>`: the quorum over SHA-256 of state
//!                                state        CBOR, see below
//!   drops/
//!     3d0f…(64 hexadecimal digits)/    one drop, sealed as it came
//!       0000000000000000               its parts; the name is where in the drop it begins, in
//!       0000000040000000               16 hexadecimal digits
//!     3d0f….9ab2…/                     what lay there before under the same name, brought by a
//!                                      courier that was removed since; behind the point its tree
//!                                      hash. The program does not read it again
//! ```
//!
//! `state` is written under the name `.state.new`, synced and renamed, so that the power may fail at
//! any time. It is deterministic CBOR (RFC 8949 §4.2.1), all of it arrays:
//!
//! ```text
//! state   [1, charter chain, [archive key …], onion identity (32), [signed sheet …],
//!          [courier …], [drop …], conversations,
//!          [burned epoch …]]
//! courier [bundle-signing key (32), [latest date] or [], [[sequence, hash of index (32)] …]]
//! drop    [id (32), tree hash (32), length, epoch, status, day received, day last listed,
//!          which couriers list it: the sum of 2^place, places from 0]
//! conversations [[conversation …], [kept reply …], [acknowledgement] or []]
//! conversation  [reply key (1216), mailbox (32), erase hash (32), [id of a drop (32) …],
//!                number of the last reply, [day of a reply …]]
//! kept reply    [place of its conversation, from 1, [] or if it waits until after the receipt
//!                [day of the first outbox since, or 0], [day that had surely come when it was first
//!                laid into an outbox] or [], sealed reply (77,824)]
//! burned epoch  [number, day, [key of an editor in whose vault it was erased (32) …]]
//! status  1 incomplete, 2 waiting, 3 opened, 4 stuck, 5 refused, 6 listed
//! ```
//!
//! Chain, keys and sheets are byte strings of their own encodings, the acknowledgement is one of
//! UTF-8; days count from 1970-01-01.

mod burned;
pub(crate) mod cbor;
mod closing;
mod conversation;
mod error;
mod keep;
mod names;
mod seal;
mod state;

use std::fs::{File, TryLockError};
use std::path::Path;

use rand_core::CryptoRng;

use crate::editor::Editor;
use crate::folder::{Existing, FileError, Folder};

pub use burned::{Burned, BurnedEpoch};
pub use closing::NotYet;
pub(crate) use conversation::Going;
pub use conversation::{
    Conversation, ConversationNumber, Conversations, KeptReply, MOST_BEFORE_AUTOMATIC,
    MOST_CONVERSATIONS, MOST_KEPT_REPLIES, NoPlace,
};
pub use error::ArchiveError;
pub use keep::{KeepError, SealedDrop};
pub use state::{
    Courier, Couriers, KeptDrop, MOST_COURIERS, MOST_DROPS, MOST_LISTED, SeenBundle, State, Status,
};

const STATE: &str = "state";
const LOCK: &str = "lock";
/// A state that is longer is refused, read or written.
const MOST_STATE_BYTES: u64 = 32 << 20;

/// An archive that is open, and that no other program has open.
#[derive(Debug)]
pub struct Archive {
    folder: Folder,
    /// What the newsroom remembers; [`Self::save`] puts it on the medium.
    pub state: State,
    _lock: File,
}

impl Archive {
    /// A new archive in this folder, which may exist but may hold no archive.
    ///
    /// # Errors
    /// [`ArchiveError`]; then there is no archive.
    pub fn create(
        path: &Path,
        state: State,
        editors: &[impl Editor],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, ArchiveError> {
        let folder = Self::free_folder(path)?;
        let lock = lock(&folder)?;
        let sealed = seal::seal(&state, editors, rng)?;
        folder.child_or_make(keep::DROPS)?;
        folder.put(STATE, &sealed, Existing::Keep)?;
        Ok(Self {
            folder,
            state,
            _lock: lock,
        })
    }

    /// The folder for a new archive, made if it is missing.
    ///
    /// # Errors
    /// [`ArchiveError::Exists`] when there is an archive in it.
    pub fn free_folder(path: &Path) -> Result<Folder, ArchiveError> {
        let folder = Folder::open_or_make(path)?;
        if folder.has(STATE)? {
            return Err(ArchiveError::Exists(path.to_owned()));
        }
        Ok(folder)
    }

    /// Opens the archive in this folder with the editors' vaults.
    ///
    /// # Errors
    /// [`ArchiveError`] says whether more vaults are needed, or what is wrong with it.
    pub fn open(path: &Path, editors: &[impl Editor]) -> Result<Self, ArchiveError> {
        let folder = Folder::open(path)?;
        if !folder.has(STATE)? {
            return Err(ArchiveError::Missing(path.to_owned()));
        }
        let lock = lock(&folder)?;
        let sealed = folder.read(STATE, MOST_STATE_BYTES.saturating_mul(2))?;
        let state = seal::unseal(&sealed, editors)?;
        Ok(Self {
            folder,
            state,
            _lock: lock,
        })
    }

    /// Puts the state on the medium; when that fails, the one before is still there.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn save(
        &self,
        editors: &[impl Editor],
        rng: &mut impl CryptoRng,
    ) -> Result<(), ArchiveError> {
        let sealed = seal::seal(&self.state, editors, rng)?;
        Ok(self.folder.put(STATE, &sealed, Existing::Replace)?)
    }
}

/// Two programs at once would forget what the other one did.
fn lock(folder: &Folder) -> Result<File, ArchiveError> {
    let file = if folder.has(LOCK)? {
        folder.file(LOCK)?.0
    } else {
        folder.create(LOCK)?
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ArchiveError::Busy(folder.path().to_owned())),
        Err(TryLockError::Error(source)) => {
            let path = folder.path().join(LOCK);
            Err(FileError::new("lock this file", &path, source).into())
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
pub(crate) mod tests;
