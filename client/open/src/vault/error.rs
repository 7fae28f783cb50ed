//! Why a vault could not be made, opened or used.

use core::fmt;
use std::path::{Path, PathBuf};

use knothole_envelope::{CardError, EpochNumber};

use crate::escape;
use crate::folder::FileError;

use super::plan::PlanError;

/// A vault could not be made, opened or used.
#[derive(Debug)]
#[non_exhaustive]
pub enum VaultError {
    /// A vault is never written over something that exists.
    Exists(PathBuf),
    /// The file cannot be read or written.
    File(FileError),
    /// The file is not a vault.
    NotAVault(PathBuf),
    /// The vault is of another version.
    Version(PathBuf, u8),
    /// The passphrase is not the vault's, or the first bytes of the file are damaged.
    Passphrase(PathBuf),
    /// The file is cut off, has bytes added to it, or a part of it does not verify.
    Damaged(PathBuf),
    /// The record of one epoch does not verify; the others may.
    Epoch(PathBuf, EpochNumber),
    /// The epoch takes a slip as well.
    Slip(PathBuf, EpochNumber),
    /// A slip is not the one of this epoch and vault.
    OtherSlip(PathBuf, EpochNumber),
    /// There cannot be so many epochs.
    Plan(PathBuf, PlanError),
    /// The vault has something of a later version.
    Later(PathBuf),
    /// No epoch is left.
    Empty(PathBuf),
    /// The card cannot be made.
    Card(PathBuf, CardError),
    /// The file is no longer the one that was opened.
    Changed(PathBuf),
    /// The vault was written anew, and what it was before could not be wiped.
    Rest(FileError),
    /// There is not enough memory to stretch the passphrase.
    Memory,
}

impl VaultError {
    /// Whether the file has its old bytes.
    pub(super) const fn is_unwritten(&self) -> bool {
        !matches!(self, Self::Rest(_))
    }

    pub(super) fn file(error: FileError, path: &Path) -> Self {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            Self::Exists(path.to_owned())
        } else {
            Self::File(error)
        }
    }
}

impl fmt::Display for VaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, words) = match self {
            Self::File(error) => return error.fmt(f),
            Self::Rest(error) => {
                return write!(
                    f,
                    "{error}: the vault itself was written, but what it was before still lies \
                     there, with its keys. Do it again, or erase that file"
                );
            }
            Self::Memory => {
                return f.write_str(
                    "there is not enough memory to try the passphrase: it takes 48 MiB. Close \
                     other programs and try again",
                );
            }
            Self::Version(path, version) => {
                return write!(
                    f,
                    "{}: this vault is of version {version}, and this program knows version 1. \
                     Use the knothole that made it, or a newer one",
                    escape::path(path)
                );
            }
            Self::Epoch(path, epoch) => {
                return write!(
                    f,
                    "{}: the key of epoch {epoch} is damaged in this vault. The other epochs still \
                     open; use another copy of the vault for this one",
                    escape::path(path)
                );
            }
            Self::Slip(path, epoch) => {
                return write!(
                    f,
                    "{}: epoch {epoch} takes its slip as well: the twelve words on paper",
                    escape::path(path)
                );
            }
            Self::OtherSlip(path, epoch) => {
                return write!(
                    f,
                    "{}: this is not the slip of epoch {epoch} of this vault: look at its number, \
                     and whose it is",
                    escape::path(path)
                );
            }
            Self::Plan(path, error) => return write!(f, "{}: {error}", escape::path(path)),
            Self::Exists(path) => (
                path,
                "this exists already, and a vault is never written over anything. Choose another \
                 name",
            ),
            Self::NotAVault(path) => (
                path,
                "this is not a vault. Name the file that \"knothole vault new\" made",
            ),
            Self::Passphrase(path) => (
                path,
                "this is not the passphrase of this vault, or the vault is damaged. Type the \
                 passphrase again; if you are sure of it, use another copy of the vault",
            ),
            Self::Damaged(path) => (
                path,
                "this vault is damaged: bytes of it are missing, added or altered. Use another \
                 copy of it",
            ),
            Self::Later(path) => (
                path,
                "this vault has something that this program does not know yet. Use a newer \
                 knothole",
            ),
            Self::Empty(path) => (
                path,
                "every epoch of this vault is erased, so it has no card any more. Make a new vault",
            ),
            Self::Card(path, _) => (path, "the card of this vault cannot be made"),
            Self::Changed(path) => (
                path,
                "this file is no longer the vault that was opened: nothing was written. Is it \
                 still the same stick? Begin again",
            ),
        };
        write!(f, "{}: {words}", escape::path(path))
    }
}

impl core::error::Error for VaultError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) | Self::Rest(error) => error.source(),
            Self::Card(_, error) => Some(error),
            _ => None,
        }
    }
}
