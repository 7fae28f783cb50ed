//! `knothole newsroom acknowledge`

use std::path::PathBuf;

use clap::Args;
use knothole_envelope::Message;

use super::archive::ArchiveArgs;
use super::reply::read_words;
use crate::desk::Desk;
use crate::failure::{Exit, Failure};
use crate::reply::{OPENED, ReplyFault};
use crate::screen::Field;

#[derive(Debug, Args)]
pub(crate) struct AcknowledgeArgs {
    #[command(flatten)]
    choice: Choice,
    /// Say these words instead: a file, or standard input if it is `-`.
    #[arg(long, value_name = "FILE", requires = "on")]
    message_file: Option<PathBuf>,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Choice {
    /// Tell every source that can be answered when its drop was opened. The reply goes out some
    /// days after the receipt, so that the server does not get both at once; a server in other
    /// hands may still guess which drop it speaks of.
    #[arg(long)]
    on: bool,
    /// Tell nothing by itself.
    #[arg(long)]
    off: bool,
}

pub(crate) fn run(args: &AcknowledgeArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let words = match &args.message_file {
        Some(path) => read_words(path, &desk.asker)?,
        None => Message::new(OPENED).map_err(|_| ReplyFault::TooLong)?,
    };
    let mut at = args.at.open(desk)?;
    let chosen = args.choice.on && !args.choice.off;
    at.state().conversations.acknowledgement = chosen.then_some(words);
    at.save(&mut desk.rng)?;
    let (sentence, word) = if chosen {
        (
            "From now on each source that can be answered is told when its drop was opened. \
             Whoever has the source's words can read that too.",
            "on",
        )
    } else {
        ("Sources are told nothing by itself.", "off")
    };
    let fields = [("acknowledge", Field::Text(word))];
    desk.screen.result(sentence, "acknowledge", &fields);
    Ok(Exit::Done)
}
