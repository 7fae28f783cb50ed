//! Why the server ended, or did not begin.

use std::error::Error;
use std::fmt;
use std::io;

use knothole_intake::{DeskError, OpenError};
use knothole_onion::TorError;

use crate::door::{DoorError, ServiceError};
use crate::restarts::Missing;
use crate::walls::{TransportsError, WallsError};

/// Why the server ended, or did not begin.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum RunError {
    /// The store cannot be opened.
    Intake(OpenError),
    /// The store's disk failed.
    Store(io::Error),
    /// What the administrator decided cannot be read.
    Desk(DeskError),
    /// There is no Tor client.
    Tor(TorError),
    /// The onions' keys cannot be read.
    Service(ServiceError),
    /// A door does not stay open.
    Door(DoorError),
    /// The control socket does not work.
    Control(io::Error),
    /// Signals cannot be received.
    Signals(io::Error),
    /// The programs that the Tor settings start cannot be told.
    Transports(TransportsError),
    /// The server cannot be shut in.
    Walls(WallsError),
    /// Nobody can reach the drop-box; starting anew may help.
    Unreachable(Missing),
    /// This part ended by itself.
    Ended(&'static str),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Intake(_) => "the store cannot be opened",
            Self::Store(_) => "the store's disk failed",
            Self::Desk(_) => "the store's decisions cannot be read",
            Self::Tor(_) => "there is no Tor client",
            Self::Service(_) => "the onions have no keys",
            Self::Door(_) => "a door does not stay open",
            Self::Control(_) => "the control socket does not work",
            Self::Signals(_) => "signals cannot be received",
            Self::Transports(error) => return error.fmt(f),
            Self::Walls(_) => "the server cannot be shut in",
            Self::Unreachable(_) => "nobody can reach the drop-box",
            Self::Ended(part) => return write!(f, "{part} ended by itself"),
        })
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Intake(error) => Some(error),
            Self::Store(error) | Self::Control(error) | Self::Signals(error) => Some(error),
            Self::Desk(error) => Some(error),
            Self::Tor(error) => Some(error),
            Self::Service(error) => Some(error),
            Self::Door(error) => Some(error),
            Self::Transports(error) => error.source(),
            Self::Walls(error) => Some(error),
            Self::Unreachable(_) | Self::Ended(_) => None,
        }
    }
}
