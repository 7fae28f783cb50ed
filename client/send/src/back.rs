//! The way back to a source: words that it makes, has, or does not want.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::RawFd;

use clap::Args;
use getrandom::SysRng;
use knothole_envelope::{Codename, Fingerprint, ReplyBlock};
use rand_core::UnwrapErr;
use zeroize::Zeroizing;

use crate::ask::AskError;
use crate::error::SendError;
use crate::resume::Beginning;
use crate::tty::{self, Stage};
use crate::words::{self, Tongue, WORDS, WordsError};

/// Words, however they are spelled, have at most so many bytes.
const MOST_WORDS_BYTES: u64 = 4_096;
/// New words are typed wrong at most so often.
const TRIES: u32 = 3;

/// What is said about a way back.
#[derive(Debug, Args)]
pub(crate) struct BackArgs {
    /// Leave no way back to you: the newsroom cannot answer.
    #[arg(long, conflicts_with_all = ["words_fd", "words_language"])]
    no_reply: bool,
    /// Use the words of an earlier drop, read from this open descriptor.
    #[arg(long, value_name = "N", conflicts_with = "words_language")]
    words_fd: Option<RawFd>,
    /// Make new words, in this language.
    #[arg(long, value_name = "LANGUAGE")]
    words_language: Option<Tongue>,
}

impl BackArgs {
    /// What they say.
    pub(crate) fn back(&self) -> Result<Back, SendError> {
        if self.no_reply {
            return Ok(Back::OneTime);
        }
        let Some(descriptor) = self.words_fd else {
            return Ok(Back::Ask(self.words_language));
        };
        // Words that are right in two lists: whoever comes back looks into both mailboxes.
        let found = from_descriptor(descriptor)?.into_iter().next();
        found
            .map(Back::Words)
            .ok_or(SendError::Fault("words were read, and there are none"))
    }

    /// The way back that was settled in the run before.
    pub(crate) fn kept(&self, beginning: &Beginning) -> Result<Back, SendError> {
        let sealing = beginning.sealing.as_ref();
        let settled = sealing.and_then(|(_, manifest)| manifest.reply());
        let same = match self.words_fd.map(from_descriptor).transpose()? {
            Some(found) => found.iter().any(|codename| {
                let block = codename.way_back(beginning.address.fingerprint()).block();
                Some(&block) == settled
            }),
            None => !(self.no_reply && settled.is_some()),
        };
        if !same {
            return Err(SendError::OtherOrder);
        }
        Ok(settled.map_or(Back::OneTime, |block| {
            Back::Settled(Box::new(block.clone()))
        }))
    }
}

/// What the source wants of a way back.
#[derive(Debug)]
pub(crate) enum Back {
    /// None: the newsroom cannot answer.
    OneTime,
    /// Whatever it says when it is asked; new words in this language, if it said one.
    Ask(Option<Tongue>),
    /// The words that it has.
    Words(Codename),
    /// What another run has settled.
    Settled(Box<ReplyBlock>),
}

impl Back {
    /// Refuses what would have to be asked where nobody can answer. No way back is never taken for
    /// granted.
    ///
    /// # Errors
    /// [`AskError::NobodyForWords`].
    pub(crate) fn askable(&self) -> Result<(), AskError> {
        if matches!(self, Self::Ask(_)) && !tty::somebody_there() {
            return Err(AskError::NobodyForWords);
        }
        Ok(())
    }

    /// Settles it, asking where that is wanted.
    ///
    /// # Errors
    /// [`SendError`].
    pub(crate) async fn settle(
        &self,
        newsroom: &Fingerprint,
    ) -> Result<Option<ReplyBlock>, SendError> {
        let block = match self {
            Self::OneTime => None,
            Self::Settled(block) => Some((**block).clone()),
            Self::Words(codename) => Some(codename.way_back(newsroom).block()),
            Self::Ask(tongue) => {
                self.askable()?;
                let codename = choose(*tongue).await?;
                codename.map(|codename| codename.way_back(newsroom).block())
            }
        };
        Ok(block)
    }
}

/// Reads words from an open descriptor.
///
/// # Errors
/// [`AskError::Words`], [`SendError::Words`].
pub(crate) fn from_descriptor(descriptor: RawFd) -> Result<Vec<Codename>, SendError> {
    let mut text = Zeroizing::new(Vec::with_capacity(
        usize::try_from(MOST_WORDS_BYTES).unwrap_or(0),
    ));
    File::open(format!("/proc/self/fd/{descriptor}"))
        .and_then(|file| file.take(MOST_WORDS_BYTES).read_to_end(&mut text))
        .map_err(AskError::Words)?;
    let text = std::str::from_utf8(&text).map_err(|_| AskError::WordsNotText)?;
    Ok(words::read(text)?)
}

/// Asks for the words of an earlier drop, until they are right. Nothing of them stays on the screen.
///
/// # Errors
/// [`SendError::Stopped`] when the source gives up, [`AskError`] without a terminal.
pub(crate) async fn ask_words() -> Result<Vec<Codename>, SendError> {
    if !tty::somebody_there() {
        return Err(AskError::NobodyToAskForWords.into());
    }
    let mut stage = Stage::open()?;
    let ask = "Type your thirteen words. Enter alone ends this.\n\n";
    typed_rightly(&mut stage, ask)
        .await?
        .ok_or(SendError::Stopped)
}

/// Asks which way back there shall be.
async fn choose(tongue: Option<Tongue>) -> Result<Option<Codename>, SendError> {
    let mut stage = Stage::open()?;
    if let Some(tongue) = tongue {
        return new_words(&mut stage, tongue).await.map(Some);
    }
    loop {
        stage.show(
            "The newsroom can answer you, if you like. Thirteen words lead you to its answers; \
             nobody else gets them.\n\n  \
             1  Make new words.\n  \
             2  Use the words of an earlier drop to this newsroom: it then knows that both come \
             from the same source.\n  \
             3  No way back. The newsroom cannot answer.\n\n\
             1, 2 or 3: ",
        )?;
        match tty::line().await?.trim() {
            "1" => {
                let tongue = ask_tongue(&mut stage).await?;
                return new_words(&mut stage, tongue).await.map(Some);
            }
            "2" => {
                let ask = "Type the thirteen words of the earlier drop. Enter alone goes back.\n\n";
                let read = typed_rightly(&mut stage, ask).await?;
                // Words that are right in two lists: whoever comes back looks into both mailboxes.
                if let Some(codename) = read.and_then(|found| found.into_iter().next()) {
                    return Ok(Some(codename));
                }
            }
            "3" => return Ok(None),
            _ => {}
        }
    }
}

async fn ask_tongue(stage: &mut Stage) -> Result<Tongue, SendError> {
    loop {
        stage.show("In which language shall the words be?\n\n")?;
        for (number, (_, name)) in (1..).zip(Tongue::ALL) {
            stage.add(&format!("  {number:2}  {name}\n"))?;
        }
        stage.add("\nNumber, or Enter for English: ")?;
        let answer = tty::line().await?;
        if answer.trim().is_empty() {
            return Ok(Tongue::English);
        }
        let number = answer.trim().parse::<usize>().ok();
        let place = number.and_then(|number| number.checked_sub(1));
        if let Some((tongue, _)) = place.and_then(|place| Tongue::ALL.get(place)) {
            return Ok(*tongue);
        }
    }
}

/// Makes words, shows them, and has them typed back: before that they do not count.
async fn new_words(stage: &mut Stage, tongue: Tongue) -> Result<Codename, SendError> {
    let codename = Codename::generate(&mut UnwrapErr(SysRng));
    show(stage, &codename, tongue).await?;
    let mut wrong = 0_u32;
    let mut before = String::new();
    while wrong < TRIES {
        let ask = format!(
            "{before}Type all thirteen words from your paper. Enter alone shows them again.\n\n"
        );
        stage.show(&ask)?;
        let text = typed(stage).await?;
        if words::count(&text) == 0 {
            show(stage, &codename, tongue).await?;
            continue;
        }
        before = match words::read(&text) {
            Ok(found)
                if found
                    .iter()
                    .any(|found| found.expose() == codename.expose()) =>
            {
                return Ok(codename);
            }
            Ok(_) => "These are other words than those that were shown.\n\n".to_owned(),
            Err(error) => format!("That is not right yet: {error}.\n\n"),
        };
        wrong = wrong.saturating_add(1);
    }
    Err(AskError::WordsDiffer.into())
}

async fn show(stage: &mut Stage, codename: &Codename, tongue: Tongue) -> Result<(), SendError> {
    stage.show(
        "These are your words. They stand here until you press Enter, and nowhere else.\n\n",
    )?;
    for (number, word) in (1..).zip(words::spelled(codename, tongue)) {
        stage.add(&format!("  {number:2}  {word}\n"))?;
    }
    stage.add(
        "\nWrite them on paper, in this order, and keep it where nobody looks. Not in\n\
         a telephone, not as a picture. Whoever finds them can read answers that you\n\
         have not erased, and can show that this drop is yours. Nobody can give them\n\
         to you again.\n\n\
         Press Enter when they are on paper. Then you type them all.",
    )?;
    tty::line().await.map(drop)
}

/// Has words typed until they are right; nothing when none are typed.
async fn typed_rightly(stage: &mut Stage, ask: &str) -> Result<Option<Vec<Codename>>, SendError> {
    let mut before = String::new();
    loop {
        stage.show(&format!("{before}{ask}"))?;
        let text = typed(stage).await?;
        if words::count(&text) == 0 {
            return Ok(None);
        }
        match words::read(&text) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => before = format!("That is not right yet: {error}.\n\n"),
        }
    }
}

/// Reads words, on one line or on several, until there are enough or the line is empty.
async fn typed(stage: &mut Stage) -> Result<Zeroizing<String>, SendError> {
    let mut text = Zeroizing::new(String::with_capacity(
        usize::try_from(MOST_WORDS_BYTES).unwrap_or(0),
    ));
    loop {
        let line = tty::line().await?;
        if line.trim().is_empty() {
            return Ok(text);
        }
        text.push_str(&line);
        text.push(' ');
        match words::count(&text) {
            WORDS.. => return Ok(text),
            12 => stage.add("The thirteenth: ")?,
            count => stage.add(&format!("{count} of {WORDS}. Go on: "))?,
        }
    }
}

impl From<WordsError> for SendError {
    fn from(error: WordsError) -> Self {
        Self::Words(error)
    }
}
