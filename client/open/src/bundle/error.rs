//! Why bundles are not taken.

use core::fmt;
use std::path::{Path, PathBuf};

use knothole_envelope::{BundleError, DecodeError};

use crate::escape;
use crate::folder::FileError;

/// A bundle was refused, and with it all that came with it.
#[derive(Debug)]
#[non_exhaustive]
pub enum BundleFault {
    /// A stick cannot be read.
    File(FileError),
    /// There is no bundle.
    None(PathBuf),
    /// There are only bundles that were never finished.
    Unfinished(PathBuf),
    /// There is more than is taken at once.
    Many(PathBuf),
    /// The index is not one.
    Unreadable(PathBuf, DecodeError),
    /// The index is not signed by a courier of this newsroom.
    Signature(PathBuf, BundleError),
    /// Bundles in between did not come.
    Lost {
        /// The bundle that came.
        path: PathBuf,
        /// The first number that is missing.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// Another bundle came under this number before.
    Swapped(PathBuf, u64),
    /// It does not name the bundle before it as it was.
    Unlinked(PathBuf, u64),
}

impl fmt::Display for BundleFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |path: &Path| escape::path(path);
        match self {
            Self::File(error) => error.fmt(f),
            Self::None(path) => write!(f, "{}: there is no bundle here", at(path)),
            Self::Unfinished(path) => write!(
                f,
                "{}: the bundle here was never finished: let the courier go on with it \
                 (`knothole-courier fetch`)",
                at(path)
            ),
            Self::Many(path) => write!(
                f,
                "{}: with this bundle there is more than can be taken at once. Name the folders of \
                 the bundles one after the other, the oldest first, and begin with an empty stick \
                 next time",
                at(path)
            ),
            Self::Unreadable(path, error) => write!(
                f,
                "{}: the index of this bundle is damaged: {error}. Let the courier make it again",
                at(path)
            ),
            Self::Signature(path, error) => write!(
                f,
                "{}: {error}. Nothing of it was taken; a new courier is made known with \
                 `knothole newsroom courier`",
                at(path)
            ),
            Self::Lost { path, from, to } if from == to => write!(
                f,
                "{}: bundle {from} is missing: find its stick and open it first, or go on without \
                 it with --lost",
                at(path)
            ),
            Self::Lost { path, from, to } => write!(
                f,
                "{}: bundles {from} to {to} are missing: find their sticks and open them first, or \
                 go on without them with --lost",
                at(path)
            ),
            Self::Swapped(path, number) => write!(
                f,
                "{}: another bundle {number} came before this one: somebody swapped one of them, \
                 or the courier's machine went back to an older state. Set the courier up anew",
                at(path)
            ),
            Self::Unlinked(path, number) => write!(
                f,
                "{}: bundle {number} does not follow the one that came before it: one of them was \
                 swapped, or the courier's machine went back to an older state. Look into it, or go \
                 on with --lost",
                at(path)
            ),
        }
    }
}

impl core::error::Error for BundleFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) => error.source(),
            _ => None,
        }
    }
}

impl From<FileError> for BundleFault {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}
