//! How the program ends.

use knothole_onion::CollectionError;

use crate::outbox::OutboxError;
use crate::state::StateError;

pub(crate) const NO_DAY: &str = "the clock of this computer shows no day that can be: set it";

/// How the program ends: what its exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: all was done.
    Done,
    /// 1: damaged, untrusted, or against the rules. The same again will fail again.
    Refused,
    /// 2: the arguments say nothing that can be done.
    Usage,
    /// 3: the network, the server or the room on a stick. Try again.
    TryAgain,
    /// 4: some of it was done.
    Partly,
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::TryAgain => 3,
            Self::Partly => 4,
        }
    }

    /// How two errands end together: what of them was done makes the rest a part.
    #[must_use]
    pub(crate) const fn together(self, other: Self) -> Self {
        match (self, other) {
            (Self::Done, Self::Done) => Self::Done,
            (Self::Refused, Self::Refused) => Self::Refused,
            (Self::TryAgain, Self::TryAgain) => Self::TryAgain,
            (Self::Refused, Self::TryAgain) | (Self::TryAgain, Self::Refused) => Self::Refused,
            _ => Self::Partly,
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
            Self::Stick(..) => Exit::TryAgain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_errands_of_which_one_was_done_are_partly_done() {
        assert_eq!(Exit::Done.together(Exit::Done), Exit::Done);
        assert_eq!(Exit::Done.together(Exit::TryAgain), Exit::Partly);
        assert_eq!(Exit::Refused.together(Exit::Done), Exit::Partly);
        assert_eq!(Exit::TryAgain.together(Exit::TryAgain), Exit::TryAgain);
        assert_eq!(Exit::TryAgain.together(Exit::Refused), Exit::Refused);
    }
}
