//! Why a drop does not open, and what to fear of one that does.

use core::fmt;

use knothole_envelope::{EpochNumber, OpenError, Quorum, UnlockError};

use crate::folder::FileError;
use crate::room::Room;
use crate::vault::VaultError;

/// A drop does not open.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenDropError {
    /// None of the vaults has a key of its epoch.
    NoKeys(Option<EpochNumber>),
    /// It opens with none of the vaults' keys, and other editors have had keys of its epoch.
    OtherEditors(EpochNumber),
    /// Its header does not open.
    Unlock(UnlockError),
    /// What follows the header does not open.
    Open(OpenError),
    /// It is not the drop that the server listed.
    OtherDrop,
    /// It does not open, and its bytes are not those that the server listed.
    Spoiled,
    /// A vault is damaged.
    Vault(VaultError),
    /// There is no room for the opened files.
    Room(Room),
    /// The opened files cannot be written.
    File(FileError),
}

impl OpenDropError {
    /// Whether it is for somebody else.
    #[must_use]
    pub const fn is_for_others(&self) -> bool {
        matches!(
            self,
            Self::NoKeys(_)
                | Self::OtherEditors(_)
                | Self::Unlock(UnlockError::NotForTheseKeys)
                | Self::Vault(VaultError::Slip(..))
        )
    }

    /// Whether these vaults have no keys for it, and others may have them.
    #[must_use]
    pub const fn is_for_other_editors(&self) -> bool {
        matches!(self, Self::NoKeys(Some(_)) | Self::OtherEditors(_))
    }

    /// Whether more vaults would open it.
    #[must_use]
    pub const fn wants_vaults(&self) -> bool {
        matches!(self, Self::Unlock(UnlockError::MoreNeeded { .. }))
    }

    /// Whether the same might succeed later, with more room or another vault.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::File(_) | Self::Room(_) | Self::Vault(_) | Self::Open(OpenError::Read(_))
        ) || self.wants_vaults()
            || self.is_for_other_editors()
    }

    /// Whether there is no room for the files.
    #[must_use]
    pub fn is_space(&self) -> bool {
        match self {
            Self::Room(_) => true,
            Self::File(error) => error.is_space(),
            _ => false,
        }
    }
}

impl fmt::Display for OpenDropError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeys(Some(epoch)) => write!(
                f,
                "it is sealed to the keys of epoch {epoch}, and these vaults have none: they were \
                 never made, or they were erased"
            ),
            Self::NoKeys(None) => f.write_str("it is not a drop"),
            Self::OtherEditors(epoch) => write!(
                f,
                "it is not sealed to the keys that these vaults have of epoch {epoch}, and other \
                 editors have had keys of it"
            ),
            Self::Unlock(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
            Self::OtherDrop => {
                f.write_str("it is not the drop that the server listed: fetch it again")
            }
            Self::Spoiled => f.write_str(
                "what is here is not what the server holds: it was altered on the way. Do not \
                 refuse it, or the server deletes the true one. Let the courier fetch it again, \
                 with `knothole-courier fetch --again` and another stick. If it comes so again, \
                 suspect the courier: take another one",
            ),
            Self::Vault(error) => error.fmt(f),
            Self::Room(room) => write!(f, "{room} for its files: nothing was written"),
            Self::File(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for OpenDropError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Unlock(error) => error.source(),
            Self::Open(error) => error.source(),
            Self::Vault(error) => error.source(),
            Self::File(error) => error.source(),
            Self::NoKeys(_)
            | Self::OtherEditors(_)
            | Self::OtherDrop
            | Self::Spoiled
            | Self::Room(_) => None,
        }
    }
}

impl From<UnlockError> for OpenDropError {
    fn from(error: UnlockError) -> Self {
        Self::Unlock(error)
    }
}

impl From<OpenError> for OpenDropError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<VaultError> for OpenDropError {
    fn from(error: VaultError) -> Self {
        Self::Vault(error)
    }
}

impl From<FileError> for OpenDropError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

/// Something about an open drop that an editor must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The source sealed to a sheet that this newsroom never made.
    UnknownSheet,
    /// The source's sheet is of another epoch than the drop says.
    OtherEpoch,
    /// It takes another number of editors than the newsroom asks for.
    OtherQuorum {
        /// What the drop asks for.
        drop: Quorum,
        /// What the newsroom asks for.
        newsroom: Quorum,
    },
    /// The editors have changed within the epoch, and the source sealed to those of before.
    OlderCharter {
        /// The number of the charter that the source was shown.
        drop: u32,
        /// The number of the newest charter that has keys for this epoch.
        newsroom: u32,
    },
    /// An editor's share is wrong.
    WrongShare {
        /// The editor's place in the charter, from 1.
        editor: u8,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSheet => f.write_str(
                "the source was shown an epoch sheet that this newsroom did not make. Somebody may \
                 have put other keys before this source: the server may be turned",
            ),
            Self::OtherEpoch => f.write_str(
                "the source was shown the epoch sheet of another epoch than the drop says. The \
                 server may be turned",
            ),
            Self::OtherQuorum { drop, newsroom } => write!(
                f,
                "this drop opens for {}, and the newsroom asks for {newsroom}. The server may be \
                 turned",
                match *drop {
                    Quorum::ONE => "1 editor alone".to_owned(),
                    drop => format!("{drop} editors together"),
                }
            ),
            Self::OlderCharter { drop, newsroom } => write!(
                f,
                "this drop was sealed to the editors of charter {drop}, and charter {newsroom} has \
                 followed in the same epoch: an editor who has left since may hold a share of it. If \
                 it was sealed after the server had charter {newsroom}, the server may be turned"
            ),
            Self::WrongShare { editor } => write!(
                f,
                "the share of editor {editor} does not fit the others: whoever sealed the drop made \
                 it so"
            ),
        }
    }
}
