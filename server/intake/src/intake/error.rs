//! Why a store cannot be opened.

use core::fmt;
use std::io;

use crate::desk::DeskError;
use crate::version::VersionError;

/// The store could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The store's folder cannot be read or written.
    Disk(io::Error),
    /// Another process has this store open.
    InUse,
    /// What the administrator has told the store cannot be read.
    Desk(DeskError),
    /// The charter or the sheets in the store do not verify.
    Newsroom,
    /// A newer program wrote this store; nothing was changed.
    Newer,
    /// The mark of the store's version is damaged.
    Version,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disk(_) => "the store's folder cannot be read or written",
            Self::InUse => "another server has this store open",
            Self::Desk(_) => "what the administrator told the store cannot be read",
            Self::Newsroom => "the newsroom's charter or sheets in the store are damaged",
            Self::Newer => VersionError::NEWER,
            Self::Version => "the mark of the store's version is damaged",
        })
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            Self::Desk(error) => Some(error),
            Self::InUse | Self::Newsroom | Self::Newer | Self::Version => None,
        }
    }
}

impl From<VersionError> for OpenError {
    fn from(error: VersionError) -> Self {
        match error {
            VersionError::Disk(error) => Self::Disk(error),
            VersionError::Newer => Self::Newer,
            VersionError::Damaged => Self::Version,
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}
