//! Coming back: what the newsroom has answered, from the mailbox to the screen.

mod round;

use std::io;
use std::os::fd::RawFd;

use clap::Args;
use getrandom::SysRng;
use knothole_envelope::{Codename, DropAddress, ReplyHash, VerifiedChain, WayBack};
use knothole_onion::{DropBox, Mailbox};
use rand_core::UnwrapErr;

use self::round::Round;
use crate::back;
use crate::contact;
use crate::error::SendError;
use crate::tty;
use crate::voice::Voice;

/// A mailbox is looked into at most so often in a run: a drop-box that never ends it is turned.
const MOST_ROUNDS: u32 = 256;

/// What is said about the replies.
#[derive(Debug, Args)]
pub(crate) struct RepliesArgs {
    /// Read your words from this open descriptor.
    #[arg(long, value_name = "N")]
    words_fd: Option<RawFd>,
    /// Erase at the drop-box what was read, without asking, and read on until nothing is left.
    #[arg(long, conflicts_with = "keep")]
    erase: bool,
    /// Leave at the drop-box what was read, without asking.
    #[arg(long)]
    keep: bool,
}

impl RepliesArgs {
    /// The words, from the descriptor that was named, or from the terminal.
    pub(crate) async fn codenames(&self) -> Result<Vec<Codename>, SendError> {
        match self.words_fd {
            Some(descriptor) => tty::on_a_thread(move || back::from_descriptor(descriptor)).await?,
            None => back::ask_words().await,
        }
    }

    pub(crate) fn then(&self) -> Then {
        match (self.erase, self.keep) {
            (true, _) => Then::Erase,
            (false, true) => Then::Keep,
            (false, false) => Then::Ask,
        }
    }
}

/// What becomes of replies that were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The source is asked; where nobody can answer, they stay.
    Ask,
    /// They are erased at the drop-box.
    Erase,
    /// They stay until they expire.
    Keep,
}

/// Fetches, verifies and shows what lies in the mailbox of these words. Words that are right in two
/// lists lead to two mailboxes, and both are looked into.
///
/// # Errors
/// [`SendError`] says what happened and what to do.
pub(crate) async fn collect(
    drop_box: &DropBox,
    address: &DropAddress,
    codenames: &[Codename],
    then: Then,
    voice: &Voice,
) -> Result<(), SendError> {
    voice.say("Looking for the drop-box. This can take a minute.");
    let newsroom = contact::make(drop_box, address, voice).await?.newsroom;
    voice.say("Found it. Its keys are those of the newsroom in your address.");
    let mut reading = Reading {
        drop_box,
        chain: newsroom.chain(),
        then,
        voice,
        shown: 0,
        refused: Vec::new(),
    };
    let looked = reading.mailboxes(address, codenames).await;
    reading.end(looked).await
}

struct Reading<'r> {
    drop_box: &'r DropBox,
    chain: &'r VerifiedChain,
    then: Then,
    voice: &'r Voice,
    shown: usize,
    /// The names of those that were refused.
    refused: Vec<ReplyHash>,
}

impl Reading<'_> {
    async fn mailboxes(
        &mut self,
        address: &DropAddress,
        codenames: &[Codename],
    ) -> Result<(), SendError> {
        for codename in codenames {
            self.mailbox(&codename.way_back(address.fingerprint()))
                .await?;
        }
        Ok(())
    }

    /// Reads a mailbox until nothing more is in it, or the source has had enough.
    async fn mailbox(&mut self, way: &WayBack) -> Result<(), SendError> {
        let mut highest = 0;
        let mut erased: Vec<ReplyHash> = Vec::new();
        for number in 0..MOST_ROUNDS {
            let round = Round::open(&self.look(way).await?, way, self.chain);
            if round.holds_any(&erased) {
                return Err(SendError::NotErased);
            }
            self.show(&round, &mut highest)
                .map_err(SendError::NotShown)?;
            // Who watches the line must not see whether the first look found something: where
            // everything is erased anyway, what follows it is the same without a find.
            let same_anyway = self.then == Then::Erase && number == 0;
            if (round.replies().is_empty() && !same_anyway) || !self.to_be_erased().await? {
                return Ok(());
            }
            self.erase(way, &round).await?;
            erased.extend(round.read());
            if !self.more_wanted().await? {
                return Ok(());
            }
        }
        Err(SendError::Lies("an endless mailbox"))
    }

    async fn look(&self, way: &WayBack) -> Result<Mailbox, SendError> {
        let attempt = async || self.drop_box.mailbox(way.mailbox()).await;
        contact::patiently(self.voice, attempt).await
    }

    async fn erase(&self, way: &WayBack, round: &Round) -> Result<(), SendError> {
        let attempt = async || {
            let rng = &mut UnwrapErr(SysRng);
            self.drop_box
                .erase(rng, way.mailbox(), way.erase(), round.read())
                .await
        };
        contact::patiently(self.voice, attempt).await?;
        if !round.read().is_empty() {
            self.voice
                .say("The drop-box was asked to erase what you have read.");
        }
        Ok(())
    }

    /// Shows what a round holds. What cannot be shown must not be erased.
    fn show(&mut self, round: &Round, highest: &mut u64) -> io::Result<()> {
        for reply in round.replies() {
            let expected = highest.saturating_add(1);
            if reply.number() > expected {
                self.voice
                    .missing(expected, reply.number().saturating_sub(1))?;
            } else if reply.number() < expected {
                self.voice
                    .say("The next reply has a number that another one has had before.");
            }
            *highest = reply.number().max(*highest);
            self.voice.reply(reply)?;
            self.shown = self.shown.saturating_add(1);
        }
        for (name, error) in round.refused() {
            // It stays where it is, so the next look finds it again.
            if self.refused.contains(name) {
                continue;
            }
            self.refused.push(*name);
            self.voice
                .warn(&format!("One reply is refused and not shown: {error}."));
        }
        self.voice.settle()
    }

    async fn to_be_erased(&self) -> Result<bool, SendError> {
        match self.then {
            Then::Erase => Ok(true),
            Then::Ask if tty::somebody_there() => {
                tty::yes(
                    "Erase at the drop-box what you have just read? Then nobody who finds your \
                     words can read it, and more replies can come.",
                )
                .await
            }
            Then::Ask | Then::Keep => {
                self.voice.say(
                    "What you have read stays at the drop-box until it expires. While four lie \
                     there, no further reply is shown.",
                );
                Ok(false)
            }
        }
    }

    async fn more_wanted(&self) -> Result<bool, SendError> {
        match self.then {
            Then::Ask => tty::yes("Look whether more replies waited behind these?").await,
            Then::Erase | Then::Keep => Ok(true),
        }
    }

    /// Offers to wipe what was shown, also where it went wrong afterwards, and tells how it ended.
    async fn end(self, looked: Result<(), SendError>) -> Result<(), SendError> {
        let offered = self.shown > 0
            && self.voice.is_seen()
            && tty::somebody_there()
            && !matches!(looked, Err(SendError::Stopped | SendError::NotShown(_)));
        if offered && tty::yes("Wipe this screen, so that the words do not stay on it?").await? {
            tty::wipe();
        }
        looked?;
        match (self.shown, self.refused.len()) {
            (0, 0) => self.voice.done(
                "nothing",
                "Nothing is there for you. Nobody may have answered yet, or an answer was not \
                 carried to the drop-box yet, or you erased it, or it is older than 90 days.",
            ),
            (_, 0) => self.voice.done("read", "That was all that is to be seen."),
            (0, _) => return Err(SendError::RepliesRefused),
            _ => return Err(SendError::SomeRepliesRefused),
        }
        Ok(())
    }
}
