//! `knothole epochs list`

use std::path::PathBuf;

use clap::Args;
use knothole_envelope::{Day, EpochNumber};

use super::warn_holders;
use crate::archive::{Archive, State, Status};
use crate::desk::Desk;
use crate::editor::Editor;
use crate::failure::{Exit, Failure};
use crate::screen::Field;
use crate::vault::{EpochState, Vault};

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The folder with the newsroom's archive. Without it, only the vaults are looked at.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// The vault of an editor; repeat it for each.
    #[arg(long = "vault", value_name = "VAULT", required = true)]
    vaults: Vec<PathBuf>,
}

pub(super) fn run(args: &ListArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let mut vaults = desk.vaults(&args.vaults)?;
    let archive = match &args.archive {
        None => None,
        Some(path) => {
            let archive = Archive::open(path, &vaults)?;
            let newsroom = archive.state.chain().fingerprint();
            crate::command::archive::settle(&mut vaults, newsroom, desk);
            Some(archive)
        }
    };
    let state = archive.as_ref().map(|archive| &archive.state);
    let mut epochs = state.map(State::epochs).unwrap_or_default();
    epochs.extend(
        vaults
            .iter()
            .flat_map(Vault::epochs)
            .map(|known| known.epoch),
    );
    desk.screen
        .say("Epoch, its days, where its keys are, its drops, and whether it may be burned:");
    for epoch in epochs {
        tell(epoch, &vaults, state, desk);
    }
    if let Some(state) = state {
        warn_holders(state, desk);
    }
    Ok(Exit::Done)
}

fn tell(epoch: EpochNumber, vaults: &[Vault], state: Option<&State>, desk: &Desk) {
    let days = days(epoch, vaults, state);
    let (first, last) = days
        .map(|(first, last)| (first.to_string(), last.to_string()))
        .unwrap_or_default();
    let keys: Vec<String> = vaults
        .iter()
        .map(|vault| key(vault, epoch).to_owned())
        .collect();
    let called: Vec<String> = vaults.iter().map(Editor::called).collect();
    let keys_in: Vec<_> = called
        .iter()
        .zip(&keys)
        .map(|(vault, key)| format!("{vault} {key}"))
        .collect();
    let mut text = format!(
        "{epoch:>4}  {first} to {last}  keys: {}",
        keys_in.join(", ")
    );
    let of = |status| state.map_or(0, |state| drops(state, epoch, status));
    let unproved = of(Status::Incomplete).saturating_add(of(Status::Listed));
    let unread = of(Status::Waiting).saturating_add(unproved);
    // Nobody can open what is left of a burned epoch: it waits for nothing.
    let burned = state.is_some_and(|state| state.burned.get(epoch).is_some());
    let (waiting, lost) = if burned { (0, unread) } else { (unread, 0) };
    let counts = [
        ("waiting", waiting),
        ("lost", lost),
        ("opened", of(Status::Opened)),
        ("refused", of(Status::Refused)),
        ("stuck", of(Status::Stuck)),
    ];
    let told: Vec<_> = counts
        .iter()
        .filter(|(_, drops)| *drops > 0)
        .map(|(word, drops)| format!("{drops} {word}"))
        .collect();
    if state.is_some() {
        let none = told.is_empty();
        text.push_str("  drops: ");
        text.push_str(if none { "none" } else { "" });
        text.push_str(&told.join(", "));
    }
    let today = desk.today;
    let burning = state.map_or_else(String::new, |state| burning(state, epoch, today));
    if !burning.is_empty() {
        text.push_str(&format!("\n      {burning}"));
    }
    let mut fields = vec![
        ("epoch", Field::Number(epoch.get().into())),
        ("first_day", Field::Text(&first)),
        ("last_day", Field::Text(&last)),
        ("vaults", Field::List(&called)),
        ("keys", Field::List(&keys)),
    ];
    fields.extend(counts.map(|(word, drops)| (word, Field::Number(drops))));
    fields.push(("burning", Field::Text(&burning)));
    desk.screen.result(&text, "epoch", &fields);
}

fn days(epoch: EpochNumber, vaults: &[Vault], state: Option<&State>) -> Option<(Day, Day)> {
    let sheet = state.and_then(|state| state.days_of(epoch));
    let planned = || vaults.iter().find_map(|vault| vault.plan().days_of(epoch));
    sheet.or_else(planned)
}

/// Whether a vault has the key of an epoch.
fn key(vault: &Vault, epoch: EpochNumber) -> &'static str {
    let known = vault.epochs().find(|known| known.epoch == epoch);
    known.map_or("none", |known| match known.state {
        EpochState::Ready => "here",
        EpochState::Slip => "under a slip",
        EpochState::Erased => "erased",
        EpochState::Damaged => "damaged",
    })
}

fn drops(state: &State, epoch: EpochNumber, status: Status) -> u64 {
    let drops = state.drops.values();
    let of = drops.filter(|kept| kept.listed.epoch == epoch && kept.status == status);
    u64::try_from(of.count()).unwrap_or(u64::MAX)
}

fn burning(state: &State, epoch: EpochNumber, today: Day) -> String {
    if let Some(burned) = state.burned.get(epoch) {
        return format!("burned on {}", burned.day());
    }
    // Of an epoch that has not begun there is nothing to say yet.
    let today = state.latest().map_or(today, |latest| latest.max(today));
    if state.days_of(epoch).is_some_and(|(first, _)| first > today) {
        return String::new();
    }
    match state.may_burn(epoch) {
        Ok(()) => "may be burned".to_owned(),
        Err(why) => format!("not to be burned yet: {why}"),
    }
}
