//! `knothole newsroom add`, `remove`, `quorum` and `show`

use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use knothole_envelope::{Charter, EditorCard, EditorKey, Quorum, Signed};

use super::{MOST_CARD_BYTES, quorum_of};
use crate::archive::State;
use crate::command::archive::{ArchiveArgs, Opened};
use crate::command::outbox;
use crate::desk::Desk;
use crate::editor::Editor as _;
use crate::failure::Failure;
use crate::folder::read_named;
use crate::newsroom::{Change, ChangeError, wanted};
use crate::screen::{Field, counted};
use crate::vault::EpochState;

/// So many digits tell editors apart on a screen.
const SHORT: usize = 16;
/// The beginning of a key has at least so many digits, so that it is not taken for a place.
const FEWEST_DIGITS: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The new editor's card, as `knothole vault card` wrote it. Compare the editor's key in person.
    card: PathBuf,
    #[command(flatten)]
    and: And,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The editor: the place or the beginning of the key, as `newsroom show` lists them, or a card.
    #[arg(value_name = "EDITOR")]
    editor: String,
    #[command(flatten)]
    and: And,
}

/// What adding and removing take besides.
#[derive(Debug, Args)]
struct And {
    /// How many editors it takes afterwards to open a drop; as many as before if it is not given.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=8))]
    quorum: Option<u8>,
    /// Lay the outbox with the new charter and sheets at once: the stick for it.
    #[arg(long, value_name = "STICK")]
    out: Option<PathBuf>,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
pub(crate) struct QuorumArgs {
    /// How many editors it takes from now on to open a drop.
    #[arg(value_name = "K", value_parser = clap::value_parser!(u8).range(1..=8))]
    quorum: u8,
    /// Lay the outbox with the new charter and sheets at once: the stick for it.
    #[arg(long, value_name = "STICK")]
    out: Option<PathBuf>,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(super) fn add(args: &AddArgs, desk: &mut Desk) -> Result<(), Failure> {
    let card = read_named(&args.card, MOST_CARD_BYTES)?;
    let mut at = args.and.at.open(desk)?;
    let today = at.state().today(desk.today);
    let quorum = args.and.quorum.map(quorum_of);
    let change = Change::adding(at.state(), &card, quorum, today)?;
    apply(change, &mut at, desk)?;
    let place = at.state().chain().current().editors().len();
    let advice = "Drops that were sealed before stay closed to the new editor's vault.";
    tell(
        &at,
        &format!("Editor {place} has joined. {advice}"),
        "added",
        desk,
    );
    finish(&at, args.and.out.as_deref(), desk)
}

pub(super) fn remove(args: &RemoveArgs, desk: &mut Desk) -> Result<(), Failure> {
    let mut at = args.and.at.open(desk)?;
    let today = at.state().today(desk.today);
    let place = place_of(&args.editor, at.state().chain().current())?;
    let quorum = args.and.quorum.map(quorum_of);
    let change = Change::removing(at.state(), place, quorum, today)?;
    apply(change, &mut at, desk)?;
    let number = place.saturating_add(1);
    tell(
        &at,
        &format!(
            "The editor in place {number} has left; those behind have moved up. Drops that were \
             sealed before open as they did, for that vault too, together with others. Until the \
             server has the new outbox, sources still seal to the old keys."
        ),
        "removed",
        desk,
    );
    finish(&at, args.and.out.as_deref(), desk)
}

pub(super) fn quorum(args: &QuorumArgs, desk: &mut Desk) -> Result<(), Failure> {
    let mut at = args.at.open(desk)?;
    let today = at.state().today(desk.today);
    let change = Change::of_quorum(at.state(), quorum_of(args.quorum), today)?;
    apply(change, &mut at, desk)?;
    let advice = "Drops that were sealed before still open for as many as it took then.";
    tell(
        &at,
        &format!("The quorum is changed. {advice}"),
        "quorum",
        desk,
    );
    finish(&at, args.out.as_deref(), desk)
}

/// Puts the new charter on the medium, sealed to the new editors: in one step, or not at all.
fn apply(change: Change, at: &mut Opened, desk: &mut Desk) -> Result<(), Failure> {
    let next = change.signed_by(&at.archive.state, &at.vaults)?;
    at.archive.state = next;
    // Whoever leaves does not sign what comes after.
    let charter = at.archive.state.chain().current();
    at.vaults
        .retain(|vault| charter.place_of(&vault.key()).is_some());
    at.save(&mut desk.rng)
}

pub(super) fn finish(at: &Opened, stick: Option<&Path>, desk: &Desk) -> Result<(), Failure> {
    match stick {
        Some(stick) => outbox::lay(&at.archive.state, stick, &at.vaults, desk),
        None => {
            desk.screen.say(
                "Next: carry an outbox to the courier at once (`knothole outbox`), and make a new \
                 copy of the archive: older copies know the old editors only.",
            );
            Ok(())
        }
    }
}

/// The place, from 0, of the editor whom a person means.
fn place_of(editor: &str, charter: &Charter) -> Result<usize, Failure> {
    let digits = editor.to_ascii_lowercase();
    if let Ok(place) = digits.parse::<usize>()
        && digits.len() < FEWEST_DIGITS
    {
        let place = place.checked_sub(1);
        let place = place.filter(|place| *place < charter.editors().len());
        return place.ok_or(ChangeError::NoEditor.into());
    }
    if digits.len() >= FEWEST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let mut found = charter.editors().iter().enumerate();
        let mut found = found
            .by_ref()
            .filter(|(_, key)| hex(key).starts_with(&digits));
        return match (found.next(), found.next()) {
            (Some((place, _)), None) => Ok(place),
            (Some(_), Some(_)) => Err(ChangeError::TwoEditors.into()),
            (None, _) => Err(ChangeError::NoEditor.into()),
        };
    }
    let card = read_named(Path::new(editor), MOST_CARD_BYTES)?;
    let card = Signed::<EditorCard>::decode(&card).map_err(ChangeError::Unreadable)?;
    let key = card.verify().map_err(ChangeError::Card)?.signing_key();
    let place = charter.place_of(key).map(usize::from);
    place.ok_or(ChangeError::NoEditor.into())
}

fn hex(key: &EditorKey) -> String {
    HEXLOWER.encode(key.as_bytes())
}

pub(super) fn show(args: &ShowArgs, desk: &mut Desk) -> Result<(), Failure> {
    let at = args.at.open(desk)?;
    let address = at.archive.state.address();
    let text = format!(
        "The newsroom\n  fingerprint  {}\n  drop address {address}",
        address.fingerprint().grouped()
    );
    tell(&at, &text, "newsroom", desk);
    if let Some(wanted) = wanted(&at.archive.state, at.archive.state.today(desk.today)) {
        // Fewer slips than it takes to keep a quorum from opening are none.
        let slips = at.vaults.iter().any(|vault| {
            let mut epochs = vault.epochs();
            epochs.any(|epoch| epoch.state == EpochState::Slip)
        });
        let slips = if slips { " --slips SLIPS" } else { "" };
        desk.screen.say(&format!(
            "An editor who is to join makes a vault with `{wanted}{slips}`."
        ));
    }
    Ok(())
}

/// Tells who the editors are, what it takes, and what may be lost.
pub(super) fn tell(at: &Opened, text: &str, event: &str, desk: &Desk) {
    let state = &at.archive.state;
    let charter = state.chain().current();
    let mut lines = vec![text.to_owned()];
    lines.push(format!(
        "  charter      {}{}",
        charter.sequence(),
        made_by(state)
    ));
    let mut keys = Vec::new();
    for (number, key) in (1_usize..).zip(charter.editors()) {
        let full = hex(key);
        let here = at.vaults.iter().any(|vault| vault.key() == *key);
        let here = if here { "  (vault is here)" } else { "" };
        let short = full.get(..SHORT).unwrap_or(&full);
        lines.push(format!("  editor {number}     {short}{here}"));
        keys.push(full);
    }
    let (editors, quorum) = (charter.editors().len(), charter.quorum());
    lines.push(format!(
        "  quorum       {quorum} of {editors}: {}",
        spare(charter)
    ));
    let until = state.sheets().iter().map(Signed::unverified);
    let until = until
        .filter(|sheet| *sheet.charter() == state.chain().current_hash())
        .map(|sheet| sheet.last())
        .max()
        .map(|day| day.to_string());
    lines.push(format!(
        "  keys until   {}",
        until.as_deref().unwrap_or("none are left")
    ));
    let recovery = charter.recovery().is_some();
    lines.push(format!(
        "  recovery     {}",
        if recovery {
            "on paper"
        } else {
            "no papers were made"
        }
    ));
    let fingerprint = state.address().fingerprint().to_string();
    let may_be_lost = editors.saturating_sub(quorum.get().into());
    desk.screen.result(
        &lines.join("\n"),
        event,
        &[
            ("fingerprint", Field::Text(&fingerprint)),
            ("address", Field::Text(&state.address().to_string())),
            ("charter", Field::Number(charter.sequence().into())),
            ("editors", Field::List(&keys)),
            ("quorum", Field::Number(quorum.get().into())),
            (
                "may_be_lost",
                Field::Number(u64::try_from(may_be_lost).unwrap_or(0)),
            ),
            ("until", Field::Text(until.as_deref().unwrap_or_default())),
            ("recovery", Field::Number(recovery.into())),
        ],
    );
    warn(state, desk);
}

fn made_by(state: &State) -> String {
    match state.chain().recovered().map(Charter::sequence) {
        None => String::new(),
        Some(sequence) => format!("; charter {sequence} was made by the recovery papers"),
    }
}

/// What a person should know about so many editors and this quorum.
pub(super) fn spare(charter: &Charter) -> String {
    let spare = charter
        .editors()
        .len()
        .saturating_sub(charter.quorum().get().into());
    match u64::try_from(spare).unwrap_or(0) {
        0 => "no vault may be lost".to_owned(),
        spare => format!(
            "{} may be lost, and the newsroom can still read",
            counted(spare, "vault", "vaults")
        ),
    }
}

/// Warns of what a quorum of one means, and of one of all.
pub(super) fn warn(state: &State, desk: &Desk) {
    let charter = state.chain().current();
    if charter.quorum() == Quorum::ONE {
        desk.screen.warn(
            "with a quorum of 1 each editor alone can open every drop, and one editor who is \
             arrested can be made to delete drops that nobody has read",
        );
    }
    if charter.editors().len() == usize::from(charter.quorum().get()) {
        desk.screen.warn(
            "when one vault is lost, no drop can be opened any more. Make copies of each vault \
             (`knothole vault copy`), or have more editors than it takes",
        );
    }
}
