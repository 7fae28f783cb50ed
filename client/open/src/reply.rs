//! Answering sources.
//!
//! A reply and its number enter the state together, and it leaves the state only through an outbox:
//! whenever a run is cut off, no two replies have one number.

use core::fmt;

use knothole_envelope::{
    Day, EditorKey, MOST_MESSAGE_BYTES, Message, SealError, Suite, seal_reply,
};
use rand_core::CryptoRng;

use crate::archive::{
    Conversation, ConversationNumber, Going, MOST_BEFORE_AUTOMATIC, MOST_KEPT_REPLIES, NoPlace,
    State,
};
use crate::editor::Editor;

/// What a source is told when the newsroom chose to tell it, and no words of its own.
pub const OPENED: &str = "Your drop was opened. A program of the newsroom wrote this; nobody read it before it was sent.";

/// Why a source is not answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplyFault {
    /// The source left no way back.
    NoWayBack(String),
    /// No conversation has this number, or there are too many to begin one more.
    NoConversation,
    /// Too many replies wait to be carried.
    NoPlace,
    /// There are no words.
    Empty,
    /// The words are too long.
    TooLong,
    /// The words are not UTF-8.
    NotText,
    /// The words would come from where passphrases come from.
    Passphrases,
    /// Nobody is there to type words, or to say yes.
    NoTerminal,
    /// It was not agreed to.
    NotAgreed,
    /// The words cannot be read.
    Read(std::io::Error),
    /// The reply cannot be sealed.
    Seal(SealError),
}

impl fmt::Display for ReplyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWayBack(drop) => write!(
                f,
                "drop {drop}: this source left no way back, and cannot be answered"
            ),
            Self::NoConversation => f.write_str(
                "the archive cannot remember more conversations: open another archive for what \
                 comes",
            ),
            Self::NoPlace => write!(
                f,
                "{MOST_KEPT_REPLIES} replies wait to be carried: lay an outbox (`knothole \
                 outbox`), let the courier push it, and open the courier's next bundle. Then there \
                 is a place for another one"
            ),
            Self::Empty => f.write_str("there are no words: nothing was sealed"),
            Self::TooLong => write!(
                f,
                "the words are longer than {MOST_MESSAGE_BYTES} bytes: send them as several replies"
            ),
            Self::NotText => f.write_str("the words are not UTF-8 text"),
            Self::Passphrases => f.write_str(
                "words and passphrases would both come from standard input, and a passphrase might \
                 be sent: name a file with --message-file, or another --passphrase-fd",
            ),
            Self::NoTerminal => f.write_str(
                "nobody can be asked here: run this in a terminal, or give the words with \
                 --message-file and agree with --yes",
            ),
            Self::NotAgreed => f.write_str("you did not say yes: nothing was sealed"),
            Self::Read(_) => f.write_str("the words cannot be read"),
            Self::Seal(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for ReplyFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::Seal(error) => error.source(),
            _ => None,
        }
    }
}

impl From<NoPlace> for ReplyFault {
    fn from(NoPlace: NoPlace) -> Self {
        Self::NoPlace
    }
}

/// Who asks for a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// A person wrote it.
    Written,
    /// A drop was opened, and the newsroom chose to say so. It takes no place from a person.
    DropOpened,
}

/// Words that can be sent: some, not too many, and text.
///
/// What ends the last line is left out.
///
/// # Errors
/// [`ReplyFault`].
pub fn words(bytes: &[u8]) -> Result<Message, ReplyFault> {
    let text = core::str::from_utf8(bytes).map_err(|_| ReplyFault::NotText)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end();
    if text.is_empty() {
        return Err(ReplyFault::Empty);
    }
    Message::new(text).map_err(|_| ReplyFault::TooLong)
}

impl State {
    /// Seals a reply and keeps it for the outbox; answers its number.
    ///
    /// It goes out only after the state was saved.
    ///
    /// # Errors
    /// [`ReplyFault`]; then the conversation is as before.
    pub fn answer(
        &mut self,
        number: ConversationNumber,
        editor: &impl Editor,
        message: &Message,
        occasion: Occasion,
        today: Day,
        rng: &mut impl CryptoRng,
    ) -> Result<u64, ReplyFault> {
        let conversation = self.conversations.get(number);
        let conversation = conversation.ok_or(ReplyFault::NoConversation)?;
        let reply = next_number(conversation).ok_or(ReplyFault::NoPlace)?;
        let envelope = seal_reply(
            rng,
            Suite::ChaCha20Poly1305,
            &conversation.block().key,
            self.chain().fingerprint(),
            editor.signing(),
            reply,
            message,
        )
        .map_err(ReplyFault::Seal)?;
        let (most, going) = match occasion {
            Occasion::Written => (MOST_KEPT_REPLIES, Going::AtOnce),
            Occasion::DropOpened => (MOST_BEFORE_AUTOMATIC, Going::AfterTheReceipt { laid: None }),
        };
        let passed = self.passed(today);
        self.conversations.make_place(most, passed)?;
        self.conversations
            .keep(number, reply, envelope, going, today);
        Ok(reply)
    }

    /// The place of an editor in the current charter, from 1.
    #[must_use]
    pub fn editor_number(&self, key: &EditorKey) -> Option<u8> {
        self.chain().current().place_of(key)?.checked_add(1)
    }
}

/// The number of the next reply of a conversation.
#[must_use]
pub fn next_number(conversation: &Conversation) -> Option<u64> {
    conversation.replies().checked_add(1)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
