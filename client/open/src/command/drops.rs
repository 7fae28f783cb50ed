//! `knothole list`, `show`, `export` and `refuse`

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use knothole_envelope::{DropId, Manifest};

use super::archive::{ArchiveArgs, Opened};
use super::files::Danger;
use super::open::tell;
use super::reply::about;
use super::slips;
use super::tally::Tally;
use crate::archive::{Conversation, ConversationNumber, KeptDrop, State, Status};
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::open::Unsealed;
use crate::screen::{Field, counted};

/// A terminal has 80 columns; a number and a size stand before a name.
const NAME_COLUMNS: usize = 48;
const WORD_COLUMNS: usize = 74;

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The drop, or the beginning of its name.
    drop: String,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The drop, or the beginning of its name.
    drop: String,
    /// Write its files beneath this folder, in memory or on an encrypted disk.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    danger: Danger,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RefuseArgs {
    /// The drops, or the beginnings of their names. The server will delete them.
    #[arg(value_name = "DROP", required = true)]
    drops: Vec<String>,
    /// Refuse drops of which the server holds what was never here whole, or that these vaults cannot
    /// open and others may: they are lost unseen.
    #[arg(long)]
    unseen: bool,
    #[command(flatten)]
    at: ArchiveArgs,
}

/// The one drop whose name begins so.
pub(super) fn named(state: &State, beginning: &str) -> Result<KeptDrop, Failure> {
    let found = state.named(beginning);
    let [id] = found.as_slice() else {
        let short = found.iter().map(|id| state.short(id)).collect();
        return Err(Failure::NoSuchDrop(beginning.to_owned(), short));
    };
    let kept = state.drops.get(id).copied();
    kept.ok_or_else(|| Failure::NoSuchDrop(beginning.to_owned(), Vec::new()))
}

pub(crate) fn list(args: &ListArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let at = args.at.open(desk)?;
    let state = &at.archive.state;
    for kept in state.in_order() {
        line(kept, state, desk);
    }
    for (number, conversation) in state.conversations.all() {
        tell_conversation(number, conversation, state, desk);
    }
    if state.drops.is_empty() {
        desk.screen.say("No drop has come in yet.");
    }
    Ok(Exit::Done)
}

fn line(kept: &KeptDrop, state: &State, desk: &Desk) {
    let listed = kept.listed;
    let done = matches!(kept.status, Status::Opened | Status::Refused);
    let status = if !done && state.burned.get(listed.epoch).is_some() {
        "burned"
    } else {
        kept.status.word()
    };
    let conversation = state.conversations.of(&listed.id);
    let place = conversation.map_or(0, |(number, _)| number.get());
    let with = conversation.map(|(number, _)| format!("  conversation {number}"));
    desk.screen.result(
        &format!(
            "{}  {:<10}  {}  epoch {}  {} MiB{}",
            state.short(&listed.id),
            status,
            kept.received,
            listed.epoch,
            listed.length().div_ceil(1 << 20),
            with.unwrap_or_default()
        ),
        "drop",
        &[
            ("drop", Field::Text(&listed.id.to_string())),
            ("status", Field::Text(status)),
            ("received", Field::Text(&kept.received.to_string())),
            ("epoch", Field::Number(listed.epoch.get().into())),
            ("length", Field::Number(listed.length())),
            // 0 when the source left no way back, or the drop was not opened yet.
            ("conversation", Field::Number(place.into())),
            ("tree", Field::Text(&listed.tree.to_string())),
        ],
    );
}

pub(crate) fn show(args: &ShowArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let mut at = args.at.open(desk)?;
    let kept = named(&at.archive.state, &args.drop)?;
    sealed_and_here(&at, &kept)?;
    slips::ask(&mut at.vaults, &BTreeSet::from([kept.listed.epoch]), desk)?;
    let unsealed = at.archive.unseal(&kept.listed.id, &at.vaults);
    // Nothing that a source sent is shown while a vault is open.
    drop(at.vaults);
    let state = &at.archive.state;
    line(&kept, state, desk);
    if let Some((number, conversation)) = state.conversations.of(&kept.listed.id) {
        tell_conversation(number, conversation, state, desk);
    }
    let Unsealed { reader, warnings } = unsealed?;
    for warning in warnings {
        desk.screen.warn(&warning.to_string());
    }
    if kept.is_unproved() {
        desk.screen.warn(
            "only a part of this drop is here: what is shown is what it says of itself, and its \
             files cannot be opened yet",
        );
    }
    tell_manifest(&kept.listed.id, reader.manifest(), desk);
    Ok(Exit::Done)
}

/// Whether something of the drop is here that keys may open.
fn sealed_and_here(at: &Opened, kept: &KeptDrop) -> Result<(), Failure> {
    let (state, listed) = (&at.archive.state, kept.listed);
    if state.burned.get(listed.epoch).is_some() {
        return Err(Failure::Burned(state.short(&listed.id), listed.epoch));
    }
    if kept.is_unproved() && at.archive.reached(&listed.id) == 0 {
        return Err(Failure::NotWhole(state.short(&listed.id)));
    }
    Ok(())
}

fn tell_conversation(
    number: ConversationNumber,
    conversation: &Conversation,
    state: &State,
    desk: &Desk,
) {
    let drops: Vec<_> = conversation
        .drops()
        .iter()
        .map(|id| state.short(id))
        .collect();
    let days: Vec<_> = conversation
        .days()
        .iter()
        .map(ToString::to_string)
        .collect();
    let last = days.last().map(|day| format!(", the last on {day}"));
    desk.screen.result(
        &format!(
            "{}{} ({})",
            about(number, conversation),
            last.unwrap_or_default(),
            drops.join(", ")
        ),
        "conversation",
        &[
            ("conversation", Field::Number(number.get().into())),
            ("replies", Field::Number(conversation.replies())),
            ("drops", Field::List(&drops)),
            ("days", Field::List(&days)),
        ],
    );
}

fn tell_manifest(id: &DropId, manifest: &Manifest, desk: &Desk) {
    let mut text = String::new();
    let mut names = Vec::new();
    for (number, file) in (1_usize..).zip(manifest.files()) {
        let name = file.name.as_str();
        let rows = escape::rows(&escape::name(name), NAME_COLUMNS);
        text.push_str(&format!(
            "{number}  {}  {}\n",
            counted(file.size, "byte", "bytes"),
            rows.join("\n        ")
        ));
        names.push(name.to_owned());
    }
    let message = manifest.message().as_str();
    if !message.is_empty() {
        text.push_str("\nThe source's words:\n");
        text.push_str(&escape::barred(message, WORD_COLUMNS));
    }
    text.push_str(if manifest.reply().is_some() {
        "The source can be answered."
    } else {
        "The source left no way back."
    });
    desk.screen.result(
        &text,
        "manifest",
        &[
            ("drop", Field::Text(&id.to_string())),
            ("names", Field::List(&names)),
            ("message", Field::Text(message)),
        ],
    );
}

pub(crate) fn export(args: &ExportArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let files = args.danger.folder(&args.to, desk)?;
    let mut at = args.at.open(desk)?;
    let kept = named(&at.archive.state, &args.drop)?;
    let id = kept.listed.id;
    if kept.is_unproved() {
        return Err(Failure::NotWhole(at.archive.state.short(&id)));
    }
    sealed_and_here(&at, &kept)?;
    slips::ask(&mut at.vaults, &BTreeSet::from([kept.listed.epoch]), desk)?;
    let number = |state: &State| state.conversations.of(&id).map(|(number, _)| number);
    let known = number(&at.archive.state);
    let result = at.archive.open_drop(&id, &at.vaults, &files);
    let state = &at.archive.state;
    if state.drops.get(&id) != Some(&kept) || number(state) != known {
        at.save(&mut desk.rng)?;
    }
    drop(at.vaults);
    let mut tally = Tally::default();
    tell(&at.archive.state, &id, &result, &mut tally, desk);
    Ok(tally.exit())
}

/// What a drop is of which a receipt would make the server delete what nobody has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unseen {
    /// What the server holds was never here.
    Absent,
    /// These vaults cannot look into it, and others may.
    Sealed,
}

impl Unseen {
    fn of(at: &Opened, kept: &KeptDrop) -> Option<Self> {
        let done = matches!(kept.status, Status::Opened | Status::Refused);
        // What is sealed to keys that are gone can be seen by nobody.
        let burned = at.archive.state.burned.get(kept.listed.epoch).is_some();
        if done || burned {
            return None;
        }
        if kept.is_unproved() || !at.archive.is_as_listed(kept) {
            return Some(Self::Absent);
        }
        let error = at.archive.unseal(&kept.listed.id, &at.vaults).err()?;
        let others = error.is_for_other_editors() || error.wants_vaults();
        others.then_some(Self::Sealed)
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Absent => {
                "what the server holds of it was never here. It is lost, and nobody has \
                             seen it"
            }
            Self::Sealed => {
                "it does not open with these vaults alone. The server deletes it, and \
                             nobody here has seen it"
            }
        }
    }
}

pub(crate) fn refuse(args: &RefuseArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let mut at = args.at.open(desk)?;
    // All names are looked up first: a slip in one of them refuses nothing.
    let mut drops = Vec::new();
    for beginning in &args.drops {
        drops.push(named(&at.archive.state, beginning)?);
    }
    let unseen: Vec<_> = drops
        .iter()
        .filter_map(|kept| {
            let why = Unseen::of(&at, kept)?;
            Some((at.archive.state.short(&kept.listed.id), why))
        })
        .collect();
    if !args.unseen {
        refuse_unseen(&unseen)?;
    }
    for (short, why) in unseen {
        desk.screen.warn(&format!("drop {short}: {}", why.what()));
    }
    for kept in drops {
        let id = kept.listed.id;
        let state = &mut at.archive.state;
        let short = state.short(&id);
        let (what, event) = if kept.status == Status::Opened {
            ("was opened already: that is what its receipt says", "kept")
        } else {
            if let Some(kept) = state.drops.get_mut(&id) {
                kept.status = Status::Refused;
            }
            (
                "is refused. The next outbox tells the server, which then deletes it. What came of \
                 it stays in the archive, sealed",
                "refused",
            )
        };
        let fields = [("drop", Field::Text(&id.to_string()))];
        desk.screen
            .result(&format!("Drop {short} {what}."), event, &fields);
    }
    at.save(&mut desk.rng)?;
    Ok(Exit::Done)
}

/// What nobody has seen is not refused unless that is said by name.
fn refuse_unseen(unseen: &[(String, Unseen)]) -> Result<(), Failure> {
    let of = |wanted: Unseen| -> Vec<String> {
        let those = unseen.iter().filter(|(_, why)| *why == wanted);
        those.map(|(short, _)| short.clone()).collect()
    };
    let (absent, sealed) = (of(Unseen::Absent), of(Unseen::Sealed));
    match (absent.is_empty(), sealed.is_empty()) {
        (false, _) => Err(Failure::Unseen(absent)),
        (true, false) => Err(Failure::Sealed(sealed)),
        (true, true) => Ok(()),
    }
}
