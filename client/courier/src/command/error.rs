//! Why a command did not do what it was asked for.

use std::fmt;
use std::io;

use knothole_envelope::AddressError;
use knothole_onion::TorError;

use crate::exit::Exit;
use crate::fetch::FetchError;
use crate::push::PushError;
use crate::set_up::SetUpError;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(super) enum CommandError {
    /// The system does not let the program run as it must.
    System(io::Error),
    /// No folder was named, and there is no home to put it in.
    NoFolder,
    /// That is no fingerprint.
    Fingerprint(AddressError),
    /// There is no Tor.
    Tor(TorError),
    /// The courier is not set up.
    SetUp(SetUpError),
    /// A push.
    Push(PushError),
    /// A fetch.
    Fetch(FetchError),
}

impl CommandError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::System(_) => Exit::Refused,
            Self::NoFolder | Self::Fingerprint(_) => Exit::Usage,
            Self::Tor(TorError::Settings(_) | TorError::Folder(_) | TorError::Key(_)) => {
                Exit::Refused
            }
            Self::Tor(_) => Exit::TryAgain,
            Self::SetUp(error) => error.exit(),
            Self::Push(error) => error.exit(),
            Self::Fetch(error) => error.exit(),
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(_) => f.write_str("the system does not let this program run safely"),
            Self::NoFolder => f.write_str("name the courier's folder with --state"),
            Self::Fingerprint(error) => error.fmt(f),
            Self::Tor(TorError::Bootstrap(_) | TorError::OutOfTime) => f.write_str(
                "the Tor network cannot be reached. Is this machine online? Where Tor is blocked, \
                 name a file with bridges by --tor-config",
            ),
            Self::Tor(error) => error.fmt(f),
            Self::SetUp(error) => error.fmt(f),
            Self::Push(error) => error.fmt(f),
            Self::Fetch(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            Self::Tor(error) => error.source(),
            Self::SetUp(error) => error.source(),
            Self::Push(error) => error.source(),
            Self::Fetch(error) => error.source(),
            Self::NoFolder | Self::Fingerprint(_) => None,
        }
    }
}

impl From<SetUpError> for CommandError {
    fn from(error: SetUpError) -> Self {
        Self::SetUp(error)
    }
}

impl From<PushError> for CommandError {
    fn from(error: PushError) -> Self {
        Self::Push(error)
    }
}

impl From<FetchError> for CommandError {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}
