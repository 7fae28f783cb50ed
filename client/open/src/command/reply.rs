//! `knothole reply`

use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use knothole_envelope::{MOST_MESSAGE_BYTES, Message};
use zeroize::Zeroizing;

use super::archive::{ArchiveArgs, Opened};
use super::drops::named;
use crate::archive::{Conversation, ConversationNumber};
use crate::desk::Desk;
use crate::editor::Editor as _;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::folder::read_named;
use crate::passphrase::Asker;
use crate::reply::{Occasion, ReplyFault, next_number, words};
use crate::screen::{Field, counted};

/// A terminal has 80 columns.
const WORD_COLUMNS: usize = 74;
/// One byte more than may be sent, so that what is too long shows.
const MOST_READ: u64 = 1 << 17;

#[derive(Debug, Args)]
pub(crate) struct ReplyArgs {
    /// The drop whose source is answered, or the beginning of its name.
    drop: String,
    /// Read the words from this file, or from standard input if it is `-`. Without it they are
    /// typed at the terminal.
    #[arg(long, value_name = "FILE")]
    message_file: Option<PathBuf>,
    /// Do not ask before the reply is sealed.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(crate) fn run(args: &ReplyArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    // What can be refused without a passphrase is refused before one is asked for.
    let written = match &args.message_file {
        Some(path) => Some(read_words(path, &desk.asker)?),
        None if io::stdin().is_terminal() => None,
        None => return Err(ReplyFault::NoTerminal.into()),
    };
    let mut at = args.at.open(desk)?;
    let number = conversation_of(&mut at, &args.drop)?;
    let Some(vault) = at.vaults.first() else {
        return Err(ReplyFault::NoTerminal.into());
    };
    let editor = at.archive.state.editor_number(&vault.key()).unwrap_or(0);
    let conversation = at.archive.state.conversations.get(number);
    let conversation = conversation.ok_or(ReplyFault::NoConversation)?;
    let reply = next_number(conversation).ok_or(ReplyFault::NoPlace)?;
    desk.screen.say(&format!(
        "To {}. This will be reply {reply}, signed by editor {editor}.",
        about(number, conversation)
    ));
    let message = match written {
        Some(message) => message,
        None => typed(desk)?,
    };
    if !args.yes {
        desk.screen.say(&format!(
            "This will be sent:\n{}",
            escape::barred(message.as_str(), WORD_COLUMNS)
        ));
        if !desk.agrees("Send it? Type yes: ")? {
            return Err(ReplyFault::NotAgreed.into());
        }
    }
    let today = at.archive.state.today(desk.today);
    let state = &mut at.archive.state;
    let reply = state.answer(
        number,
        vault,
        &message,
        Occasion::Written,
        today,
        &mut desk.rng,
    )?;
    at.save(&mut desk.rng)?;
    desk.screen.result(
        &format!(
            "Reply {reply} of conversation {number} is sealed to its source. It goes out with the \
             next outbox: `knothole outbox`."
        ),
        "reply",
        &[
            ("conversation", Field::Number(number.get().into())),
            ("reply", Field::Number(reply)),
        ],
    );
    Ok(Exit::Done)
}

/// The conversation of a drop. Of one that was never opened, its sealed beginning tells it.
fn conversation_of(at: &mut Opened, beginning: &str) -> Result<ConversationNumber, Failure> {
    let kept = named(&at.archive.state, beginning)?;
    let id = kept.listed.id;
    if let Some((number, _)) = at.archive.state.conversations.of(&id) {
        return Ok(number);
    }
    let unsealed = at.archive.unseal(&id, &at.vaults)?;
    let Some(block) = unsealed.reader.manifest().reply() else {
        return Err(ReplyFault::NoWayBack(at.archive.state.short(&id)).into());
    };
    let noted = at.archive.state.conversations.note(id, block);
    Ok(noted.ok_or(ReplyFault::NoConversation)?)
}

/// A conversation as people are told of it.
pub(super) fn about(number: ConversationNumber, conversation: &Conversation) -> String {
    let drops = u64::try_from(conversation.drops().len()).unwrap_or(u64::MAX);
    format!(
        "conversation {number}: {}, {}",
        counted(drops, "drop", "drops"),
        counted(conversation.replies(), "reply", "replies")
    )
}

/// The words in a file, or on standard input.
pub(super) fn read_words(path: &Path, asker: &Asker) -> Result<Message, Failure> {
    if path == Path::new("-") {
        if asker.reads(0) {
            return Err(ReplyFault::Passphrases.into());
        }
        return Ok(from_input()?);
    }
    let bytes = Zeroizing::new(read_named(path, MOST_READ)?);
    Ok(words(&bytes)?)
}

fn typed(desk: &Desk) -> Result<Message, Failure> {
    desk.screen.say(&format!(
        "Type the words, at most {MOST_MESSAGE_BYTES} bytes. End with Enter, then Ctrl-D."
    ));
    Ok(from_input()?)
}

fn from_input() -> Result<Message, ReplyFault> {
    let mut bytes = Zeroizing::new(Vec::new());
    io::stdin()
        .lock()
        .take(MOST_READ)
        .read_to_end(&mut bytes)
        .map_err(ReplyFault::Read)?;
    words(&bytes)
}
