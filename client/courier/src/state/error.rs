//! Why the courier's memory is not there.

use std::fmt;
use std::io;

use knothole_envelope::ChainError;

/// Why the courier's memory is not there.
#[derive(Debug)]
pub(crate) enum StateError {
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
