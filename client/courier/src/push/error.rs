//! Why nothing was pushed, or not all of it.

use std::fmt;

use knothole_envelope::{ChainError, EpochNumber, SheetError};
use knothole_onion::CollectionError;

use crate::exit::Exit;
use crate::outbox::OutboxError;
use crate::state::StateError;

/// Why nothing was pushed, or not all of it.
#[derive(Debug)]
pub(crate) enum PushError {
    /// There is no outbox on the stick.
    NoOutbox,
    /// The outbox cannot be read.
    Outbox(OutboxError),
    /// The charters do not verify.
    Charter(ChainError),
    /// The charters end earlier than those that were pushed before.
    OlderCharter {
        /// The newest one on the stick.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// The charters are not those that were pushed before, with more of them.
    OtherCharter,
    /// The server shows a newer charter than the newest one that came through here.
    NewerShown {
        /// The one that it shows.
        shown: u32,
        /// The newest one known here.
        known: u32,
        /// Whether recovery papers made one of those in between.
        recovered: bool,
    },
    /// The server shows charters that are not the newsroom's.
    OtherShown,
    /// A sheet does not verify.
    Sheet {
        /// The epoch it is for.
        epoch: EpochNumber,
        /// What is wrong with it.
        error: SheetError,
    },
    /// The server does not take the newsroom's charters.
    CharterRefused(CollectionError),
    /// The clock shows no day.
    Clock,
    /// The server did not take it.
    Server(CollectionError),
    /// The courier's memory failed.
    State(StateError),
}

impl PushError {
    pub(super) fn from_charter(error: CollectionError) -> Self {
        match error {
            CollectionError::Refused(_) => Self::CharterRefused(error),
            error => Self::Server(error),
        }
    }

    /// How the program ends after it.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoOutbox
            | Self::Charter(_)
            | Self::OlderCharter { .. }
            | Self::OtherCharter
            | Self::NewerShown { .. }
            | Self::OtherShown
            | Self::CharterRefused(_)
            | Self::Clock
            | Self::Sheet { .. } => Exit::Refused,
            Self::Outbox(error) => error.exit(),
            Self::Server(error) => crate::exit::of_server(error),
            Self::State(error) => error.exit(),
        }
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOutbox => f.write_str(
                "there is no outbox on this stick: `knothole outbox` writes one on the offline \
                 machine",
            ),
            Self::Outbox(error) => error.fmt(f),
            Self::Charter(_) => f.write_str(
                "the charters on the stick were refused, and nothing was pushed: is it the stick \
                 of this newsroom?",
            ),
            Self::OlderCharter { found, known } => write!(
                f,
                "the stick has charter {found}, but charter {known} was pushed already: an older \
                 one would bring back editors that left. Write the outbox again"
            ),
            Self::OtherCharter => f.write_str(
                "the charters on the stick contradict those that were pushed before: two offline \
                 machines may have changed the newsroom apart from each other. Nothing was pushed",
            ),
            Self::NewerShown {
                shown,
                known,
                recovered,
            } => write!(
                f,
                "{}the server has charter {shown}, and the newest that came through here is charter \
                 {known}: bring a new outbox from the offline machine. If nobody of you made charter \
                 {shown}, your newsroom is being taken over: ask the administrator over another way, \
                 and warn your sources. Nothing was pushed, and the next bundle tells the offline \
                 machine",
                if *recovered {
                    "WARNING: recovery papers have put other editors in your place. "
                } else {
                    ""
                }
            ),
            Self::OtherShown => f.write_str(
                "WARNING: the server shows charters that are not this newsroom's, or another line of \
                 them than yours: it is turned or in other hands, or a quorum of former editors has \
                 signed them. Nothing was pushed. Ask the administrator over another way, and warn \
                 your sources. The next bundle tells the offline machine",
            ),
            Self::Sheet { epoch, .. } => write!(
                f,
                "the keys of epoch {epoch} on the stick were refused, and nothing was pushed: \
                 write the outbox again"
            ),
            Self::CharterRefused(_) => f.write_str(
                "the server did not take the newsroom's charters: its administrator must have run \
                 `knothole-server trust` with the newsroom's fingerprint, or it holds newer ones; \
                 or the address that was paired is not the COLLECTION address",
            ),
            Self::Clock => f.write_str(crate::exit::NO_DAY),
            Self::Server(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Charter(error) => Some(error),
            Self::Sheet { error, .. } => Some(error),
            Self::CharterRefused(error) => Some(error),
            Self::Outbox(error) => error.source(),
            Self::Server(error) => error.source(),
            Self::State(error) => error.source(),
            Self::NoOutbox
            | Self::OlderCharter { .. }
            | Self::OtherCharter
            | Self::NewerShown { .. }
            | Self::OtherShown
            | Self::Clock => None,
        }
    }
}

impl From<OutboxError> for PushError {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}

impl From<CollectionError> for PushError {
    fn from(error: CollectionError) -> Self {
        Self::Server(error)
    }
}

impl From<StateError> for PushError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
