//! Why nothing was fetched, or not all of it.

use std::fmt;
use std::io;
use std::path::PathBuf;

use knothole_envelope::BundleError;
use knothole_onion::CollectionError;

use crate::exit::{self, Exit};
use crate::state::StateError;
use crate::stick::Bytes;

/// Why nothing was fetched, or not all of it.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The server does not answer, or not as it should.
    Server(CollectionError),
    /// The server lists a drop twice.
    DoubledListing,
    /// There is no room on the stick for anything.
    NoRoom {
        /// The bytes that are wanted.
        needed: u64,
        /// The bytes that are free.
        free: u64,
    },
    /// The stick ran full.
    StickFull,
    /// What was read from the stick is not what was written.
    BadStick,
    /// There is no folder where a stick was said to be.
    NoStick(PathBuf, io::Error),
    /// The stick cannot be read or written, or is gone.
    Stick(io::Error),
    /// What the server sends is not the drop that it lists.
    NotAsListed,
    /// The index cannot be made.
    Index(BundleError),
    /// No further bundle has a number.
    NoNumber,
    /// The clock shows no day.
    Clock,
    /// The courier's memory contradicts itself.
    BadState,
    /// The courier's memory failed.
    State(StateError),
}

impl FetchError {
    pub(crate) fn stick(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::StickFull,
            _ => Self::Stick(error),
        }
    }

    /// How the program ends after it.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Server(error) => exit::of_server(error),
            Self::State(error) => error.exit(),
            Self::NoRoom { .. } | Self::StickFull | Self::Stick(_) => Exit::TryAgain,
            Self::DoubledListing
            | Self::NoStick(..)
            | Self::BadStick
            | Self::NotAsListed
            | Self::Index(_)
            | Self::NoNumber
            | Self::Clock
            | Self::BadState => Exit::Refused,
        }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
            Self::DoubledListing => f.write_str(
                "the server lists a drop twice: it is damaged or in other hands. Nothing was \
                 fetched",
            ),
            Self::NoRoom { needed, free } => write!(
                f,
                "there is no room on this stick: {} are to come, {} are free. Use an emptier \
                 stick, or delete on it what was opened already",
                Bytes(*needed),
                Bytes(*free)
            ),
            Self::StickFull => f.write_str(
                "the stick ran full while it was written: use an emptier one, and run the same \
                 again",
            ),
            Self::BadStick => f.write_str(
                "the stick does not give back what was written to it: throw it away, and run the \
                 same again with another one",
            ),
            Self::NoStick(path, _) => write!(
                f,
                "{} is no folder that can be used as a stick: name the folder under which the \
                 stick is mounted",
                path.display()
            ),
            Self::Stick(_) => f.write_str(
                "the stick cannot be read or written: put it in again, and run the same again; \
                 what lies on it is not lost",
            ),
            Self::NotAsListed => {
                f.write_str("the server sends something else than the drop that it lists")
            }
            Self::Index(_) => f.write_str("no index can be made of what was fetched"),
            Self::NoNumber => f.write_str("there are no numbers left for a bundle"),
            Self::Clock => f.write_str(exit::NO_DAY),
            Self::BadState => f.write_str(
                "the courier's file `state.json` contradicts itself: make a new courier in a new \
                 folder, and have the old one revoked at the server",
            ),
        }
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Server(error) => error.source(),
            Self::State(error) => error.source(),
            Self::Stick(error) | Self::NoStick(_, error) => Some(error),
            Self::Index(error) => Some(error),
            _ => None,
        }
    }
}

impl From<CollectionError> for FetchError {
    fn from(error: CollectionError) -> Self {
        Self::Server(error)
    }
}

impl From<StateError> for FetchError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
