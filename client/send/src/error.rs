//! How a run can end otherwise than by arriving.

use std::fmt::{self, Display as _};
use std::io;
use std::process::ExitCode;

use knothole_envelope::{HeadError, ManifestError, SealError};
use knothole_onion::http::StatusCode;
use knothole_onion::{DialError, DropBoxError, TorError};

use crate::ask::AskError;
use crate::files::{FileError, Named, listed};
use crate::newsroom::NewsroomError;
use crate::parcel::ParcelError;
use crate::passphrase::PassphraseError;
use crate::resume::LogError;
use crate::sealed::OutError;
use crate::voice::Voice;
use crate::words::WordsError;

/// How a run ended otherwise than by arriving.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// An address, a message or a passphrase cannot be used.
    Ask(AskError),
    /// A file is not taken.
    File(FileError),
    /// What is to be sent does not fit into a drop.
    Manifest(ManifestError),
    /// The newsroom's keys are not to be trusted, or are not there.
    Newsroom(NewsroomError),
    /// Sealing failed.
    Seal(SealError),
    /// What is sent is no longer what it was.
    Parcel(ParcelError),
    /// A file that begins like a sealed file is not one.
    Sealed(HeadError),
    /// A sealed file has another length than its header says.
    SealedLength,
    /// A message was given along with a sealed file.
    SealedMessage,
    /// Words were given along with a sealed file.
    SealedWords,
    /// Words lead nowhere.
    Words(WordsError),
    /// Some of what lay in the mailbox is not to be trusted.
    RepliesRefused,
    /// Some of what lay in the mailbox is not to be trusted; the rest was shown.
    SomeRepliesRefused,
    /// A reply cannot be shown.
    NotShown(io::Error),
    /// The drop-box still shows what it was asked to erase.
    NotErased,
    /// Neither files nor words were given.
    Nothing,
    /// There is no passphrase.
    Passphrase(PassphraseError),
    /// The resume file cannot be used.
    Resume(LogError),
    /// The resume file is that of something else than what the command line says.
    OtherOrder,
    /// The sealed file cannot be written.
    Out(OutError),
    /// Tor does not start.
    Tor(TorError),
    /// The drop-box did not do what it must.
    DropBox(DropBoxError),
    /// The drop-box was given up after many attempts.
    GaveUp(DropBoxError),
    /// The drop-box forgot the upload again and again.
    Forgotten,
    /// Copies without what they say cannot be made of these files, and nobody can be asked.
    NotCleaned(Vec<Named>),
    /// Everything was sent, but the drop-box does not know it any more.
    MayHaveArrived,
    /// What arrived is not what was sent.
    Differs,
    /// These files of the drop-box's page are not those that this program was built beside.
    OtherPage(Vec<&'static str>),
    /// The drop-box claims what cannot be.
    Lies(&'static str),
    /// The source ended it.
    Stopped,
    /// The program itself is at fault.
    Fault(&'static str),
}

impl SendError {
    /// Whether it says nothing of what the drop-box has.
    pub(crate) fn leaves_open(&self) -> bool {
        match self {
            Self::Parcel(_) | Self::Fault(_) => true,
            Self::DropBox(error) => {
                matches!(error, DropBoxError::Nonsense(_) | DropBoxError::Http(_))
            }
            _ => false,
        }
    }

    /// 1 refused, 2 usage, 3 try again, 4 partly done.
    fn code(&self) -> u8 {
        match self {
            Self::Ask(_)
            | Self::Passphrase(_)
            | Self::OtherOrder
            | Self::Resume(LogError::Foreign)
            | Self::SealedMessage
            | Self::SealedWords
            | Self::Words(_)
            | Self::Nothing
            | Self::Out(OutError::Taken(_)) => 2,
            Self::DropBox(DropBoxError::Full | DropBoxError::NotThere)
            | Self::Tor(TorError::Bootstrap(_) | TorError::OutOfTime)
            | Self::GaveUp(_)
            | Self::Forgotten
            | Self::NotShown(_)
            | Self::Out(_)
            | Self::Resume(LogError::File(..) | LogError::InUse(_) | LogError::Memory)
            | Self::Parcel(ParcelError::Resume(_))
            | Self::Stopped => 3,
            Self::DropBox(error) if error.may_pass() => 3,
            Self::Newsroom(error) if error.may_pass() => 3,
            Self::MayHaveArrived | Self::SomeRepliesRefused | Self::OtherPage(_) => 4,
            _ => 1,
        }
    }
}

/// Tells the source why it ended, and answers the program's exit code.
#[must_use]
pub fn report(error: &SendError, voice: &Voice) -> ExitCode {
    let code = error.code();
    voice.failed(code, &capital(&format!("{error}.")));
    ExitCode::from(code)
}

/// A sentence of its own begins with a capital letter; a file's name stays as it is.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(error) => error.fmt(f),
            Self::File(error) => error.fmt(f),
            Self::Manifest(error) => error.fmt(f),
            Self::Newsroom(error) => error.fmt(f),
            Self::Seal(error) => error.fmt(f),
            Self::Parcel(error) => error.fmt(f),
            Self::Sealed(error) => write!(f, "{error}. Seal the files again and send the new one"),
            Self::SealedLength => f.write_str(
                "this sealed file is cut off or has bytes added to it. Seal the files again and \
                 send the new one",
            ),
            Self::SealedMessage => f.write_str(
                "a sealed file cannot take a message any more. Give the message when you seal it",
            ),
            Self::SealedWords => f.write_str(
                "a sealed file cannot take words any more: whether there is a way back was settled \
                 when it was sealed",
            ),
            Self::Words(error) => error.fmt(f),
            Self::RepliesRefused | Self::SomeRepliesRefused => f.write_str(
                "some of what lay in your mailbox is not from this newsroom, or was altered. It \
                 was not shown. Somebody may have taken the drop-box over: ask the newsroom in \
                 another way before you follow any answer",
            ),
            Self::NotShown(error) => write!(
                f,
                "a reply cannot be shown ({error}). Nothing was erased that was not shown: look \
                 again, at a terminal"
            ),
            Self::OtherPage(files) => write!(
                f,
                "the page that the drop-box shows to browsers is not the one that this program was \
                 built beside: {} of its files differ, \"{}\" first. It may be of another version, \
                 or somebody changed it to read what is sent by it. Send with this program, which \
                 does not use the page, and tell the newsroom",
                files.len(),
                files.first().copied().unwrap_or_default()
            ),
            Self::NotErased => f.write_str(
                "the drop-box still shows what it was asked to erase. Try again later",
            ),
            Self::Nothing => f.write_str("there is nothing to send: name files, or write a message"),
            Self::Passphrase(error) => error.fmt(f),
            Self::Resume(error) => error.fmt(f),
            Self::OtherOrder => f.write_str(
                "the resume file is that of another drop: the address, the files or the message \
                 differ. Give what you gave before, or nothing but the resume file; for another \
                 drop choose another name",
            ),
            Self::Out(error) => error.fmt(f),
            Self::Tor(error) => tor(error, f),
            Self::DropBox(error) => drop_box(error, f),
            Self::GaveUp(error) => {
                drop_box(error, f)?;
                f.write_str(". It was tried many times; try again later")
            }
            Self::Forgotten => f.write_str(
                "the drop-box forgot what it had received, several times. Nothing of it can be \
                 read there. Try again later",
            ),
            Self::NotCleaned(files) => write!(
                f,
                "this program cannot clean {}. Nothing was sealed. Leave them out, or say --keep \
                 instead of --clean: then all files are sealed as they are",
                listed(files)
            ),
            Self::MayHaveArrived => f.write_str(
                "everything was sent, but the drop-box does not say whether it arrived. It may have \
                 arrived. Sending it again does no harm: the newsroom then has it twice",
            ),
            Self::Differs => f.write_str(
                "what the drop-box has is not what was sent. Nobody can read it there, but do not \
                 count it as arrived. Send it again, later or to another drop-box",
            ),
            Self::Lies(claim) => write!(
                f,
                "the drop-box {claim}, which cannot be. It does not work, or somebody has taken it \
                 over. Nothing that it has can be read there; do not use it before the newsroom \
                 says so"
            ),
            Self::Stopped => f.write_str(
                "stopped. What was sent by then, if anything was, can be read by nobody",
            ),
            Self::Fault(fault) => write!(f, "a fault of the program itself: {fault}"),
        }
    }
}

fn tor(error: &TorError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        TorError::Bootstrap(_) | TorError::OutOfTime => f.write_str(
            "the Tor network cannot be reached. Is this machine online? If Tor is blocked where \
             you are, start Tor Browser with a bridge, leave it open, and try again",
        ),
        TorError::Settings(cause) => write!(f, "the Tor settings cannot be used: {cause}"),
        error => error.fmt(f),
    }
}

fn drop_box(error: &DropBoxError, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        DropBoxError::Dial(DialError::NoSocks(_)) => f.write_str(
            "no Tor client answers at the SOCKS port. Start Tor Browser, leave it open, and try \
             again",
        ),
        DropBoxError::Dial(_) | DropBoxError::Http(_) => f.write_str(
            "the drop-box cannot be reached. It may be off, or this machine is not online. Look at \
             the address again",
        ),
        DropBoxError::NotThere => f.write_str("the drop-box does not have what was asked for"),
        DropBoxError::Full => f.write_str(
            "the drop-box is full: it has no room for this now. A message without files may still \
             get through. Try again in a day",
        ),
        DropBoxError::TooLarge => f.write_str(
            "this is more than the drop-box takes at once. Send it as several smaller drops",
        ),
        DropBoxError::Refused(StatusCode::FORBIDDEN) => f.write_str(
            "the newsroom takes nothing new at this drop-box at present. Nothing is wrong with your \
             files: see what it says where you have its address from, and try again in some days",
        ),
        DropBoxError::Refused(_) => f.write_str(
            "the drop-box refused this. If it was sealed some time ago, its keys may have run out: \
             seal the files again and send the new one",
        ),
        DropBoxError::Busy(_) => f.write_str("the drop-box cannot take it now"),
        DropBoxError::Nonsense(_) => f.write_str(
            "what answers at this address does not answer as a drop-box does. Look at the address \
             again",
        ),
        error => error.fmt(f),
    }
}

impl std::error::Error for SendError {}

macro_rules! from {
    ($($variant:ident($error:ty)),* $(,)?) => {$(
        impl From<$error> for SendError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        }
    )*};
}

from! {
    Ask(AskError),
    File(FileError),
    Manifest(ManifestError),
    Newsroom(NewsroomError),
    Seal(SealError),
    Parcel(ParcelError),
    Passphrase(PassphraseError),
    Resume(LogError),
    Out(OutError),
    Tor(TorError),
    DropBox(DropBoxError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn giving_up_says_what_to_do_and_that_it_may_go_better_later() {
        let error = SendError::GaveUp(DropBoxError::Dial(DialError::OutOfTime));
        assert_eq!(error.code(), 3);
        let said = error.to_string();
        assert!(said.contains("cannot be reached") && said.contains("try again later"));
    }
}
