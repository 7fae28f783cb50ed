//! How the program ends.

use knothole_onion::CollectionError;

use crate::outbox::OutboxError;
use crate::state::StateError;

pub(crate) const NO_DAY: &str = "the clock of this computer shows no day that can be: set it";

/// How the program ends: what its exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// 0: all was done.
    Done,
    /// 1: damaged, untrusted, or against the rules. The same again will fail again.
    Refused,
    /// 3: the network, the server or the room on a stick. Try again.
    TryAgain,
    /// 4: some of it was done.
    Partly,
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::TryAgain => 3,
            Self::Partly => 4,
        }
    }

    /// The one of two ends that says more: a refusal before a failure, a failure before a part.
    #[must_use]
    pub const fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::TryAgain, _) | (_, Self::TryAgain) => Self::TryAgain,
            (Self::Partly, _) | (_, Self::Partly) => Self::Partly,
            (Self::Done, Self::Done) => Self::Done,
        }
    }
}

pub(crate) fn of_server(error: &CollectionError) -> Exit {
    // An unadmitted courier is admitted by a person; until then the same fails again.
    if error.may_pass() {
        Exit::TryAgain
    } else {
        Exit::Refused
    }
}

impl StateError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::InUse | Self::Disk(_) => Exit::TryAgain,
            Self::Damaged | Self::Charter(_) | Self::NotPaired => Exit::Refused,
        }
    }
}

impl OutboxError {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Damaged(_) => Exit::Refused,
            Self::Stick(_) => Exit::TryAgain,
        }
    }
}
