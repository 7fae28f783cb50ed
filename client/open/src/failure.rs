//! How a run ends: its exit code, and what a person is told.

use core::fmt;
use std::io;
use std::process::ExitCode;

use knothole_envelope::{AddressError, EpochNumber};

use crate::archive::{ArchiveError, NotYet};
use crate::bundle::BundleFault;
use crate::escape;
use crate::folder::FileError;
use crate::guard::GuardError;
use crate::newsroom::{
    ChangeError, CourierError, ExtendError, FoundError, PaperError, PosterError, RecoverError,
};
use crate::open::OpenDropError;
use crate::passphrase::PassphraseError;
use crate::reply::ReplyFault;
use crate::screen::Screen;
use crate::vault::{PlanError, SlipError, VaultError};
use crate::volume::VolumeError;

/// The exit codes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Exit {
    /// 0: all was done.
    Done,
    /// 1: damaged, untrusted, or against the rules. The same again will fail again.
    Refused,
    /// 2: the command line or what was typed cannot be.
    Usage,
    /// 3: room or memory is missing. Try again.
    TryAgain,
    /// 4: some of it was done.
    Partly,
    /// 5: the drop is sealed to other keys.
    OtherKeys,
    /// 6: more vaults are needed.
    MoreVaults,
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::TryAgain => 3,
            Self::Partly => 4,
            Self::OtherKeys => 5,
            Self::MoreVaults => 6,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a run ended before its work was done.
#[derive(Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The walls could not be raised.
    Guard(GuardError),
    /// A passphrase could not be had.
    Passphrase(PassphraseError),
    /// A vault could not be made, opened or used.
    Vault(VaultError),
    /// What was typed is no fingerprint.
    Fingerprint(AddressError),
    /// What was typed is no slip.
    Slip(SlipError),
    /// The epochs of a vault cannot be as they were asked for.
    Plan(PlanError),
    /// The archive could not be made, opened or written.
    Archive(ArchiveError),
    /// The newsroom could not be founded.
    Found(FoundError),
    /// The newsroom could not be recovered.
    Recover(RecoverError),
    /// What was typed is no recovery paper.
    Paper(PaperError),
    /// There is no terminal to show recovery papers on, and no folder for them was named.
    NoPlaceForPapers,
    /// Editors or quorum could not be changed.
    Change(ChangeError),
    /// A courier could not be added or removed.
    Courier(CourierError),
    /// The poster could not be drawn.
    Poster(PosterError),
    /// Bundles were refused.
    Bundle(BundleFault),
    /// Opened files may not lie where they were to lie.
    Volume(VolumeError),
    /// A drop does not open.
    Open(OpenDropError),
    /// No drop, or more than one, has a name that begins so.
    NoSuchDrop(String, Vec<String>),
    /// Only parts of this drop came in.
    NotWhole(String),
    /// What the server holds of these drops was never here whole.
    Unseen(Vec<String>),
    /// These drops do not open with the vaults that are here, and may with others.
    Sealed(Vec<String>),
    /// A source is not answered.
    Reply(ReplyFault),
    /// A file could not be read or written.
    File(FileError),
    /// The drop's epoch was burned.
    Burned(String, EpochNumber),
    /// An epoch may not be burned yet.
    NotYet(EpochNumber, NotYet),
    /// Nobody said yes to burning.
    NotAgreed,
    /// Slips, or a card, are of one vault at a time.
    OneVault,
    /// The newsroom's epochs could not be extended.
    Extend(ExtendError),
    /// The machine's clock shows no day that can be.
    Clock,
}

impl Failure {
    /// The exit code that says so.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Burned(..) => Exit::OtherKeys,
            Self::Reply(error) => exit_of_reply(error),
            Self::Passphrase(_)
            | Self::Plan(_)
            | Self::Slip(_)
            | Self::Fingerprint(_)
            | Self::OneVault
            | Self::Paper(_)
            | Self::NoPlaceForPapers => Exit::Usage,
            Self::Vault(VaultError::Memory) => Exit::TryAgain,
            Self::Vault(VaultError::File(error))
            | Self::Archive(ArchiveError::File(error))
            | Self::Bundle(BundleFault::File(error))
            | Self::Volume(VolumeError::File(error))
            | Self::File(error)
                if error.is_space() =>
            {
                Exit::TryAgain
            }
            Self::Archive(ArchiveError::Busy(_) | ArchiveError::Room(..)) => Exit::TryAgain,
            Self::Archive(ArchiveError::MoreVaults { .. })
            | Self::Found(FoundError::Unsigned { .. })
            | Self::Change(ChangeError::MoreVaults { .. })
            | Self::Recover(RecoverError::MoreVaults { .. }) => Exit::MoreVaults,
            Self::Open(error) => exit_of(error),
            Self::Guard(_)
            | Self::Vault(_)
            | Self::Archive(_)
            | Self::Found(_)
            | Self::Change(_)
            | Self::Recover(_)
            | Self::Courier(_)
            | Self::Poster(_)
            | Self::Bundle(_)
            | Self::Volume(_)
            | Self::NoSuchDrop(..)
            | Self::NotWhole(_)
            | Self::Unseen(_)
            | Self::Sealed(_)
            | Self::NotYet(..)
            | Self::NotAgreed
            | Self::Extend(_)
            | Self::File(_)
            | Self::Clock => Exit::Refused,
        }
    }

    fn inner(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Guard(error) => Some(error),
            Self::Passphrase(error) => Some(error),
            Self::Vault(error) => Some(error),
            Self::Plan(error) => Some(error),
            Self::Slip(error) => Some(error),
            Self::Fingerprint(error) => Some(error),
            Self::Archive(error) => Some(error),
            Self::Found(error) => Some(error),
            Self::Change(error) => Some(error),
            Self::Recover(error) => Some(error),
            Self::Paper(error) => Some(error),
            Self::Courier(error) => Some(error),
            Self::Poster(error) => Some(error),
            Self::Bundle(error) => Some(error),
            Self::Volume(error) => Some(error),
            Self::Open(error) => Some(error),
            Self::Reply(error) => Some(error),
            Self::Extend(error) => Some(error),
            Self::File(error) => Some(error),
            Self::Burned(..)
            | Self::NotYet(..)
            | Self::NotAgreed
            | Self::OneVault
            | Self::Clock
            | Self::NoSuchDrop(..)
            | Self::NotWhole(_)
            | Self::Unseen(_)
            | Self::Sealed(_)
            | Self::NoPlaceForPapers => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchDrop(name, several) if several.is_empty() => write!(
                f,
                "{}: no drop of the archive has a name that begins so: see `knothole list`",
                escape::name(name)
            ),
            Self::NoSuchDrop(name, several) => write!(
                f,
                "{}: more than one drop has a name that begins so: {}",
                escape::name(name),
                several.join(", ")
            ),
            Self::NotWhole(name) => write!(
                f,
                "drop {name}: only a part of it came in: let the courier fetch it whole"
            ),
            Self::Unseen(drops) => write!(
                f,
                "nothing was refused. What the server holds of drop {} was never here: only a part \
                 came, or other bytes. Refused, it is deleted there and lost, and nobody has seen \
                 it. Let the courier fetch it again (`knothole-courier fetch --again`); if it comes \
                 so again, suspect the courier. To lose it all the same, say --unseen",
                drops.join(", ")
            ),
            Self::Sealed(drops) => write!(
                f,
                "nothing was refused. Drop {} does not open with these vaults alone, and may with \
                 those of other editors: nobody here has seen it. Let them open it first. To lose it \
                 all the same, say --unseen",
                drops.join(", ")
            ),
            Self::NoPlaceForPapers => f.write_str(
                "there is no terminal to show recovery papers on: name a folder in memory or on an \
                 encrypted disk with --papers",
            ),
            Self::Burned(name, epoch) => write!(
                f,
                "drop {name}: its epoch {epoch} was burned, and nobody can open it any more. What \
                 was opened before lies where it was put"
            ),
            Self::NotYet(epoch, why @ NotYet::Unknown) => {
                write!(f, "epoch {epoch} cannot be burned: {why}")
            }
            Self::NotYet(epoch, why) => write!(f, "epoch {epoch} cannot be burned yet: {why}"),
            Self::NotAgreed => f.write_str(
                "nobody said yes: nothing was burned. Where nobody can be asked, say --yes",
            ),
            Self::OneVault => f.write_str(
                "--slips and --card are for one vault at a time: give the others after it",
            ),
            other => match other.inner() {
                Some(error) => fmt::Display::fmt(error, f),
                None => f.write_str(
                    "the clock of this machine shows no day that can be: set it, and begin again",
                ),
            },
        }
    }
}

impl core::error::Error for Failure {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.inner().and_then(core::error::Error::source)
    }
}

/// Tells why a run ended, with every cause, and answers its exit code.
#[must_use]
pub fn report(failure: &Failure, screen: Screen) -> ExitCode {
    screen.failed(failure.exit().code(), &told(failure));
    failure.exit().into()
}

/// An error with every cause, as one sentence.
pub(crate) fn told(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        if let Some(advice) = error.downcast_ref().and_then(advice) {
            text.push_str(". ");
            text.push_str(advice);
        }
        cause = error.source();
    }
    text
}

/// The exit code of a drop that does not open.
pub(crate) fn exit_of(error: &OpenDropError) -> Exit {
    if error.is_for_others() {
        Exit::OtherKeys
    } else if error.wants_vaults() {
        Exit::MoreVaults
    } else if error.is_space() {
        Exit::TryAgain
    } else {
        Exit::Refused
    }
}

/// The exit code of a source that is not answered.
const fn exit_of_reply(error: &ReplyFault) -> Exit {
    match error {
        ReplyFault::NoPlace => Exit::TryAgain,
        ReplyFault::Empty
        | ReplyFault::TooLong
        | ReplyFault::NotText
        | ReplyFault::Passphrases
        | ReplyFault::NoTerminal
        | ReplyFault::Read(_) => Exit::Usage,
        ReplyFault::NoWayBack(_)
        | ReplyFault::NoConversation
        | ReplyFault::NotAgreed
        | ReplyFault::Seal(_) => Exit::Refused,
    }
}

/// What to do about what the system says.
fn advice(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("Nothing half-written was left. Make room, or take another stick, and try again")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("Is the stick write-protected? Take another one, or mount it for writing")
        }
        io::ErrorKind::NotFound => Some("Is the stick plugged in, and is the name right?"),
        io::ErrorKind::AlreadyExists => {
            Some("Nothing is written over what exists: choose another name")
        }
        io::ErrorKind::PermissionDenied => {
            Some("Are you who may use it? Look at its owner and its rights")
        }
        _ => None,
    }
}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from! {
    Guard(GuardError),
    Passphrase(PassphraseError),
    Vault(VaultError),
    Plan(PlanError),
    Slip(SlipError),
    Archive(ArchiveError),
    Found(FoundError),
    Extend(ExtendError),
    Change(ChangeError),
    Recover(RecoverError),
    Paper(PaperError),
    Courier(CourierError),
    Poster(PosterError),
    Bundle(BundleFault),
    Volume(VolumeError),
    Open(OpenDropError),
    Reply(ReplyFault),
    File(FileError),
}
