//! Why an archive does not open.

use core::fmt;
use std::path::PathBuf;

use knothole_envelope::Quorum;

use crate::escape;
use crate::folder::FileError;
use crate::room::Room;

/// An archive could not be made, opened or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A file or folder of it cannot be used.
    File(FileError),
    /// There is an archive already where a new one was to be made.
    Exists(PathBuf),
    /// There is no archive in this folder.
    Missing(PathBuf),
    /// Another program works with it.
    Busy(PathBuf),
    /// It takes more vaults.
    MoreVaults {
        /// How many editors it takes.
        quorum: Quorum,
        /// How many of them are here.
        have: usize,
    },
    /// A vault that was given is of another newsroom.
    ForeignVault {
        /// What a person calls the vault.
        vault: String,
    },
    /// It is damaged, or the editors did not write it.
    Damaged,
    /// A vault does not stand in the archive where its editor should.
    Stranger,
    /// The archive is of another newsroom than the one that a vault knows.
    OtherNewsroom {
        /// What a person calls the vault.
        vault: String,
    },
    /// None of the vaults knows the newsroom that the archive names.
    Unknown,
    /// There is no room for what is to come in.
    Room(PathBuf, Room),
    /// It holds as much as it can.
    Full,
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Exists(path) => write!(
                f,
                "{}: there is an archive in this folder already: name another folder",
                escape::path(path)
            ),
            Self::Missing(path) => write!(
                f,
                "{}: there is no archive in this folder: name the folder that `knothole newsroom \
                 found` made",
                escape::path(path)
            ),
            Self::Busy(path) => write!(
                f,
                "{}: another knothole works with this archive: wait until it is done",
                escape::path(path)
            ),
            Self::MoreVaults { quorum, have } => write!(
                f,
                "the archive opens for {quorum} editors together, and {have} of them {is} here: \
                 name the others' vaults with --vault",
                is = if *have == 1 { "is" } else { "are" }
            ),
            Self::ForeignVault { vault } => write!(
                f,
                "{vault} is not a vault of this newsroom: the archive is not sealed to it"
            ),
            Self::Damaged => f.write_str(
                "the archive is damaged, or it was not written by this newsroom's editors: use a \
                 copy of it",
            ),
            Self::Stranger => f.write_str(
                "the archive names another newsroom than the one that these editors founded: do \
                 not use it",
            ),
            Self::OtherNewsroom { vault } => write!(
                f,
                "the archive is of another newsroom than the one that {vault} belongs to: do not \
                 use it. If it is the vault that was told of a wrong newsroom, tell it the right \
                 one, from a poster that you trust: `knothole vault trust {vault} FINGERPRINT`"
            ),
            Self::Unknown => f.write_str(
                "none of these vaults has met this newsroom before, and none founded it: anybody \
                 could have made this archive. Give the vault of an editor who has worked with it, \
                 too, or tell yours the newsroom's fingerprint from a poster that you trust: \
                 `knothole vault trust VAULT FINGERPRINT`",
            ),
            Self::Room(path, room) => write!(
                f,
                "{}: {room}: nothing was copied. Make room, or move the archive to a larger disk",
                escape::path(path)
            ),
            Self::Full => f.write_str(
                "the archive cannot take account of more drops: open another one for what comes",
            ),
        }
    }
}

impl core::error::Error for ArchiveError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            // Its own text stands in ours, so what follows is what lies beneath it.
            Self::File(error) => error.source(),
            _ => None,
        }
    }
}

impl From<FileError> for ArchiveError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}
