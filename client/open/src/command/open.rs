//! `knothole open`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use knothole_envelope::DropId;

use super::archive::{ArchiveArgs, Opened as OpenArchive};
use super::files::Danger;
use super::tally::Tally;
use crate::archive::{KeptDrop, MOST_CONVERSATIONS, State, Status};
use crate::bundle::{Checked, Lost, News, Sticks, Taken};
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure, exit_of, told};
use crate::folder::Folder;
use crate::open::{OpenDropError, Opened};
use crate::reply::Occasion;
use crate::screen::{Field, counted};

#[derive(Debug, Args)]
pub(crate) struct OpenArgs {
    /// The sticks with the courier's bundles, or bundles. Without any, what came earlier is opened.
    #[arg(value_name = "BUNDLE")]
    bundles: Vec<PathBuf>,
    /// Write the opened files beneath this folder, in memory or on an encrypted disk. Without it,
    /// drops are taken into the archive and stay sealed.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// Go on although bundles in between are missing, or do not follow each other.
    #[arg(long)]
    lost: bool,
    #[command(flatten)]
    danger: Danger,
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(crate) fn run(args: &OpenArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    // All that can be refused without a passphrase is refused before one is asked for.
    let files = args
        .files
        .as_deref()
        .map(|path| args.danger.folder(path, desk))
        .transpose()?;
    let sticks = Sticks::find(&args.bundles)?;
    let mut at = args.at.open(desk)?;
    let mut tally = Tally::default();
    if !args.bundles.is_empty() {
        take(args, &sticks, &mut at, &mut tally, desk)?;
    }
    let Some(files) = files else {
        return Ok(tally.exit());
    };
    ask_slips(&mut at, desk)?;
    let mut told = Acknowledged::default();
    let (results, saved) = open_waiting(&mut at, &files, &mut told, desk);
    // Nothing that a source sent is shown while a vault is open.
    drop(at.vaults);
    if results.is_empty() {
        desk.screen.say("There is no drop that waits to be opened.");
    }
    for (id, result) in &results {
        tell(&at.archive.state, id, result, &mut tally, desk);
    }
    told.tell(desk);
    super::epochs::warn_holders(&at.archive.state, desk);
    // What was opened lies in its folder, whether or not the archive remembers it.
    saved.map(|()| tally.exit())
}

fn take(
    args: &OpenArgs,
    sticks: &Sticks,
    at: &mut OpenArchive,
    tally: &mut Tally,
    desk: &mut Desk,
) -> Result<(), Failure> {
    let lost = if args.lost {
        Lost::Accept
    } else {
        Lost::Refuse
    };
    let bundles = sticks.check(&at.archive.state, lost)?;
    for folder in sticks.unfinished() {
        desk.screen.warn(&format!(
            "{}: this bundle was never finished, and was passed over",
            escape::path(folder)
        ));
    }
    for bundle in &bundles {
        tell_bundle(bundle, &at.archive.state, desk);
    }
    let again = bundles.iter().filter(|bundle| bundle.news == News::Again);
    match again.count() {
        0 => {}
        again => desk.screen.say(&format!(
            "Bundles that were taken before: {again}. Only what was missing of them is taken now."
        )),
    }
    desk.screen
        .say("Copying the sealed drops into the archive…");
    let taken = at.archive.take(sticks, &bundles)?;
    let today = at.archive.state.today(desk.today);
    let gone = at.archive.state.prune(today);
    at.save(&mut desk.rng)?;
    at.archive.discard(&gone)?;
    if !gone.is_empty() {
        desk.screen.say(&format!(
            "Drops that the server has not listed for long, and of which nothing is here: {}. They \
             are forgotten.",
            gone.len()
        ));
    }
    tell_taken(&taken, &at.archive.state, args.files.is_none(), tally, desk);
    Ok(())
}

fn tell_bundle(bundle: &Checked<'_>, state: &State, desk: &Desk) {
    let number = bundle.index.sequence();
    match bundle.news {
        News::New | News::Again => {}
        News::Gap => desk.screen.warn(&format!(
            "bundle {number} was taken although it does not follow the one before it"
        )),
        News::Late => desk.screen.warn(&format!(
            "bundle {number} comes late: later ones came before it"
        )),
    }
    let newest = state.chain().sequence();
    match state.chain().find(bundle.index.charter()) {
        None => desk.screen.warn(
            "the server showed the courier a charter that this newsroom did not make. Sources may \
             have been shown other keys: the server may be turned",
        ),
        Some(charter) if charter.sequence() < newest => desk.screen.warn(&format!(
            "bundle {number} was made while charter {} was the newest at the courier or at the \
             server, and yours is charter {newest}. If the server had that one already, it was set \
             back, or shows old keys: ask the administrator",
            charter.sequence()
        )),
        Some(_) => {}
    }
}

fn tell_taken(taken: &Taken, state: &State, sealed: bool, tally: &mut Tally, desk: &Desk) {
    for problem in &taken.problems {
        tally.failed(Exit::Refused);
        let short = state.short(problem.drop());
        desk.screen.warn(&format!("drop {short}: {problem}"));
    }
    if taken.unnoted > 0 {
        desk.screen.warn(&format!(
            "more drops are listed than the archive keeps account of before they come: {} were left \
             out, so that their epochs may be burned while they are at the server. Let the courier \
             fetch what there is. If so much was hardly ever sent, suspect the courier",
            taken.unnoted
        ));
    }
    for id in &taken.whole {
        // With --files it counts when it is open.
        if sealed {
            tally.done();
        }
        told_of(id, state, "taken", "is in the archive, sealed", desk);
    }
    for id in &taken.parts {
        let rest = "is not whole yet: the rest comes with another stick or a later bundle. See what it \
                    says of itself with `knothole show`";
        told_of(id, state, "incomplete", rest, desk);
    }
}

fn told_of(id: &DropId, state: &State, event: &str, what: &str, desk: &Desk) {
    let short = state.short(id);
    let fields = [("drop", Field::Text(&id.to_string()))];
    desk.screen
        .result(&format!("Drop {short} {what}."), event, &fields);
}

/// Asks for the slips of the epochs whose drops are to be opened.
fn ask_slips(at: &mut OpenArchive, desk: &mut Desk) -> Result<(), Failure> {
    let waiting = at.archive.state.waiting();
    let epochs: BTreeSet<_> = waiting.map(|kept| kept.listed.epoch).collect();
    super::slips::ask(&mut at.vaults, &epochs, desk)
}

type Results = Vec<(DropId, Result<Opened, OpenDropError>)>;

fn open_waiting(
    at: &mut OpenArchive,
    files: &Folder,
    told: &mut Acknowledged,
    desk: &mut Desk,
) -> (Results, Result<(), Failure>) {
    let waiting: Vec<DropId> = at
        .archive
        .state
        .waiting()
        .map(|kept| kept.listed.id)
        .collect();
    let mut results = Vec::new();
    for (place, id) in (1_usize..).zip(&waiting) {
        desk.screen
            .say(&format!("Opening drop {place} of {}…", waiting.len()));
        let result = at.archive.open_drop(id, &at.vaults, files);
        let full = result.as_ref().is_err_and(OpenDropError::is_space);
        if let Ok(opened) = &result {
            told.acknowledge(at, opened, desk);
        }
        results.push((*id, result));
        // A receipt may go out once this is on the medium: after each drop, so that a long run
        // that is cut off is not all to be done again.
        let saved = at.save(&mut desk.rng);
        if full || saved.is_err() {
            return (results, saved);
        }
    }
    (results, Ok(()))
}

/// How many sources were told by themselves that their drop was opened.
#[derive(Debug, Default)]
struct Acknowledged {
    sealed: u64,
    left_out: u64,
}

impl Acknowledged {
    /// Answers the source of a drop that was just opened, if the newsroom chose so.
    fn acknowledge(&mut self, at: &mut OpenArchive, opened: &Opened, desk: &mut Desk) {
        let state = &mut at.archive.state;
        let words = state.conversations.acknowledgement.clone();
        let (Some(number), Some(words), Some(vault)) =
            (opened.conversation, words, at.vaults.first())
        else {
            return;
        };
        let today = state.today(desk.today);
        let occasion = Occasion::DropOpened;
        match state.answer(number, vault, &words, occasion, today, &mut desk.rng) {
            Ok(_) => self.sealed = self.sealed.saturating_add(1),
            Err(_) => self.left_out = self.left_out.saturating_add(1),
        }
    }

    fn tell(&self, desk: &Desk) {
        if self.sealed > 0 {
            desk.screen.say(&format!(
                "Automatic replies, which go out with an outbox of another day than the receipts: {}.",
                self.sealed
            ));
        }
        if self.left_out > 0 {
            desk.screen.warn(&format!(
                "automatic replies for which there was no place, and which are not sent: {}. Lay \
                 an outbox, and let the courier push it",
                self.left_out
            ));
        }
    }
}

/// Tells how a drop opened.
pub(super) fn tell(
    state: &State,
    id: &DropId,
    result: &Result<Opened, OpenDropError>,
    tally: &mut Tally,
    desk: &Desk,
) {
    let short = state.short(id);
    let opened = match result {
        Ok(opened) => opened,
        Err(error) => {
            let exit = exit_of(error);
            tally.failed(exit);
            let mut why = told(error);
            let waits = |kept: &KeptDrop| kept.status == Status::Waiting;
            if error.is_for_other_editors() && state.drops.get(id).is_some_and(waits) {
                why.push_str(". It waits in the archive for editors who have the keys");
            }
            desk.screen.result(
                &format!("Drop {short} did not open: {why}."),
                "not-opened",
                &[
                    ("drop", Field::Text(&id.to_string())),
                    ("code", Field::Number(exit.code().into())),
                    ("why", Field::Text(&why)),
                ],
            );
            return;
        }
    };
    tally.done();
    for warning in &opened.warnings {
        desk.screen.warn(&format!("drop {short}: {warning}"));
    }
    let message = if opened.message { " and a message" } else { "" };
    let way_back = match opened.conversation {
        Some(number) => format!("The source can be answered: conversation {number}."),
        None if opened.way_back => {
            desk.screen.warn(&format!(
                "drop {short}: the archive remembers {MOST_CONVERSATIONS} conversations, and no \
                 more: its source can be answered only while its keys are there"
            ));
            "The source can be answered.".to_owned()
        }
        None => "The source left no way back.".to_owned(),
    };
    let warnings: Vec<_> = opened.warnings.iter().map(ToString::to_string).collect();
    let files = u64::try_from(opened.files).unwrap_or(u64::MAX);
    desk.screen.result(
        &format!(
            "Drop {short} is open in {}: {}, {}{message}. {way_back}",
            escape::path(&opened.folder),
            counted(files, "file", "files"),
            counted(opened.bytes, "byte", "bytes")
        ),
        "opened",
        &[
            ("drop", Field::Text(&id.to_string())),
            ("folder", Field::Text(&opened.folder.to_string_lossy())),
            ("files", Field::Number(files)),
            ("bytes", Field::Number(opened.bytes)),
            (
                "conversation",
                Field::Number(opened.conversation.map_or(0, |number| number.get().into())),
            ),
            ("warnings", Field::List(&warnings)),
        ],
    );
}
