//! What only the source knows: the address and the words, from a prompt or a file.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use knothole_envelope::{DropAddress, MOST_MESSAGE_BYTES, Message};
use zeroize::Zeroizing;

use crate::error::SendError;
use crate::tty::{self, Stage};

/// An address file has at most so many bytes.
const MOST_ADDRESS_BYTES: u64 = 4_096;

/// Takes the drop-box's address from a file, or asks for it.
pub(crate) fn address(file: Option<&Path>) -> Result<DropAddress, AskError> {
    let text = match file {
        Some(path) => read(path, MOST_ADDRESS_BYTES).map_err(AskError::AddressFile)?,
        None => ask_line("Address of the drop-box (knothole:...): ")?,
    };
    let text = std::str::from_utf8(&text).map_err(|_| AskError::Address)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines.next().ok_or(AskError::NoAddress)?;
    if lines.next().is_some() {
        return Err(AskError::TwoAddresses);
    }
    line.parse().map_err(|_| AskError::Address)
}

/// Takes the message from a file, or from standard input where the file is `-`.
pub(crate) fn message_from(path: &Path) -> Result<Message, AskError> {
    let limit = limit();
    let text = if path == Path::new("-") {
        let mut text = Zeroizing::new(Vec::with_capacity(MOST_MESSAGE_BYTES.saturating_add(1)));
        io::stdin()
            .lock()
            .take(limit)
            .read_to_end(&mut text)
            .map_err(AskError::Message)?;
        text
    } else {
        read(path, limit).map_err(AskError::Message)?
    };
    message(&text)
}

/// Asks for the message on a terminal, where nothing of it stays; there is none where nobody can
/// answer.
///
/// # Errors
/// [`AskError`].
pub(crate) async fn ask_message() -> Result<Message, SendError> {
    if !io::stdin().is_terminal() {
        return Ok(message(&[])?);
    }
    let mut stage = Stage::open()?;
    stage.show(
        "Write your message. End it with Ctrl-D on a line of its own.\nFor none, press Ctrl-D \
         now. What you write does not stay on the screen.\n\n",
    )?;
    let text = tty::text(limit()).await?;
    Ok(message(&text)?)
}

/// Asks a question that is answered with yes or no; nobody there means no.
pub(crate) fn yes(question: &str) -> bool {
    if !io::stdin().is_terminal() {
        return false;
    }
    ask_line(&format!("{question} [yes/no]: "))
        .is_ok_and(|answer| matches!(answer.trim_ascii(), b"yes" | b"y" | b"Yes" | b"YES"))
}

/// What the source wants done with files that say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Seal them as they are.
    AsTheyAre,
    /// Seal copies without it.
    Clean,
    /// Stop.
    Stop,
}

/// Asks which of these it is; nothing where nobody can answer.
pub(crate) fn wish(question: &str, offered: &[Wish]) -> Result<Option<Wish>, AskError> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    loop {
        let answer = ask_line(question)?;
        let wish = match answer.trim_ascii().to_ascii_lowercase().as_slice() {
            b"keep" | b"k" => Wish::AsTheyAre,
            b"clean" | b"c" => Wish::Clean,
            b"stop" | b"s" => Wish::Stop,
            // The terminal is gone.
            b"" if answer.is_empty() => Wish::Stop,
            _ => continue,
        };
        if offered.contains(&wish) {
            return Ok(Some(wish));
        }
    }
}

fn message(text: &[u8]) -> Result<Message, AskError> {
    let text = std::str::from_utf8(text).map_err(|_| AskError::NotText)?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    Message::new(text).map_err(|_| AskError::LongMessage)
}

/// One byte more than a message may have, and its last line end.
fn limit() -> u64 {
    u64::try_from(MOST_MESSAGE_BYTES)
        .unwrap_or(0)
        .saturating_add(2)
}

fn read(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(limit).unwrap_or(0)));
    File::open(path)?.take(limit).read_to_end(&mut text)?;
    Ok(text)
}

fn ask_line(question: &str) -> Result<Zeroizing<Vec<u8>>, AskError> {
    if !io::stdin().is_terminal() {
        return Err(AskError::NobodyThere);
    }
    prompt(question)?;
    let mut line = Zeroizing::new(Vec::with_capacity(1_024));
    io::stdin()
        .lock()
        .take(MOST_ADDRESS_BYTES)
        .read_until(b'\n', &mut line)
        .map_err(AskError::Terminal)?;
    Ok(line)
}

fn prompt(text: &str) -> Result<(), AskError> {
    let mut to = io::stderr();
    to.write_all(text.as_bytes())
        .and_then(|()| to.flush())
        .map_err(AskError::Terminal)
}

/// Why an address or a message cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskError {
    /// The address file cannot be read.
    AddressFile(io::Error),
    /// No address was given.
    NoAddress,
    /// More than one address was given.
    TwoAddresses,
    /// It is not an address.
    Address,
    /// The message cannot be read.
    Message(io::Error),
    /// The message is not UTF-8.
    NotText,
    /// The message is too long.
    LongMessage,
    /// The terminal does not answer.
    Terminal(io::Error),
    /// There is no terminal to ask.
    NobodyThere,
    /// There is no terminal to make words at, and nothing was said about a way back.
    NobodyForWords,
    /// There is no terminal to ask for words.
    NobodyToAskForWords,
    /// The descriptor with the words cannot be read.
    Words(io::Error),
    /// The words are not UTF-8.
    WordsNotText,
    /// New words were not typed as they were shown.
    WordsDiffer,
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressFile(error) => write!(f, "the address file cannot be read ({error})"),
            Self::NoAddress => f.write_str("there is no address"),
            Self::TwoAddresses => f.write_str("this is more than one address: give one"),
            Self::Address => f.write_str(
                "this is not the address of a drop-box. It reads knothole:, then 56 letters and \
                 digits and .onion, then # and the fingerprint of 52 letters and digits. One letter \
                 may be wrong: copy it again from where the newsroom printed it",
            ),
            Self::Message(error) => write!(f, "the message cannot be read ({error})"),
            Self::NotText => {
                f.write_str("the message is not plain text (UTF-8). Send it as a file instead")
            }
            Self::LongMessage => write!(
                f,
                "the message is longer than {MOST_MESSAGE_BYTES} bytes. Send the rest as a file"
            ),
            Self::Terminal(error) => write!(f, "the terminal does not answer ({error})"),
            Self::NobodyThere => f.write_str(
                "there is no terminal to ask for the address: give it with --address-file FILE",
            ),
            Self::NobodyForWords => f.write_str(
                "there is no terminal to make words at. Run this in a terminal, or give the words \
                 of an earlier drop with --words-fd N, or say --no-reply: then the newsroom cannot \
                 answer. Nothing was sent",
            ),
            Self::NobodyToAskForWords => f.write_str(
                "there is no terminal to ask for the words: give them with --words-fd N",
            ),
            Self::Words(error) => write!(f, "the words cannot be read ({error})"),
            Self::WordsNotText => f.write_str("the words are not plain text (UTF-8)"),
            Self::WordsDiffer => f.write_str(
                "the words were not typed as they were shown. They count no more, and nothing was \
                 sent. Begin again, with paper and pen at hand",
            ),
        }
    }
}

impl std::error::Error for AskError {}
