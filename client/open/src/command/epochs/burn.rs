//! `knothole epochs burn`

use clap::Args;
use knothole_envelope::EpochNumber;

use super::{listed, warn_holders};
use crate::archive::State;
use crate::command::archive::{ArchiveArgs, Opened};
use crate::desk::Desk;
use crate::editor::Editor as _;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::screen::{Field, counted};
use crate::vault::{EpochState, Vault};

#[derive(Debug, Args)]
pub(super) struct BurnArgs {
    /// The numbers of the epochs.
    #[arg(value_name = "EPOCH", required = true, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Vec<u32>,
    /// Burn although drops would be lost that nobody has opened, or that are still on the way.
    #[arg(long)]
    lose_undelivered: bool,
    /// Say yes: for scripts, where nobody can be asked.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(super) fn run(args: &BurnArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let mut epochs: Vec<_> = args
        .epochs
        .iter()
        .filter_map(|number| EpochNumber::new(*number))
        .collect();
    epochs.sort_unstable();
    epochs.dedup();
    let mut at = args.at.open(desk)?;
    let state = &at.archive.state;
    for epoch in &epochs {
        // Once burned, it needs no second proof: this is another vault, or what was cut off.
        if state.burned.get(*epoch).is_some() {
            continue;
        }
        match state.may_burn(*epoch) {
            Ok(()) => {}
            Err(why) if args.lose_undelivered && state.closes(*epoch).is_some() => {
                desk.screen.warn(&format!("epoch {epoch}: {why}"));
                tell_lost(*epoch, state, desk);
            }
            Err(why) => return Err(Failure::NotYet(*epoch, why)),
        }
    }
    warn_clock(&epochs, state, desk);
    warn_running(&epochs, state, desk);
    if !args.yes && !agreed(&epochs, desk) {
        return Err(Failure::NotAgreed);
    }
    let slips = erase(&epochs, &mut at, desk)?;
    tell(&epochs, &slips, &at, desk);
    warn_holders(&at.archive.state, desk);
    Ok(Exit::Done)
}

/// Vaults first: a receipt never says that keys are gone which are still there. What is cut off is
/// done again by the same command.
fn erase(
    epochs: &[EpochNumber],
    at: &mut Opened,
    desk: &mut Desk,
) -> Result<Vec<EpochNumber>, Failure> {
    let slips = under_slips(epochs, &at.vaults);
    for vault in &mut at.vaults {
        vault.erase(epochs)?;
    }
    let editors: Vec<_> = at.vaults.iter().map(Vault::key).collect();
    let state = &mut at.archive.state;
    let today = state.today(desk.today);
    for epoch in epochs {
        state.burned.add(*epoch, today, editors.iter().copied());
    }
    at.save(&mut desk.rng)?;
    at.archive.discard_burned()?;
    Ok(slips)
}

fn under_slips(epochs: &[EpochNumber], vaults: &[Vault]) -> Vec<EpochNumber> {
    let of = |epoch: &&EpochNumber| {
        vaults
            .iter()
            .flat_map(Vault::epochs)
            .any(|known| known.epoch == **epoch && known.state == EpochState::Slip)
    };
    epochs.iter().filter(of).copied().collect()
}

/// Names exactly what nobody will be able to open.
fn tell_lost(epoch: EpochNumber, state: &State, desk: &Desk) {
    let lost = state.undelivered(epoch);
    for kept in &lost {
        let listed = kept.listed;
        desk.screen.result(
            &format!(
                "lost: {}  {}  received {}  {}",
                listed.id,
                counted(listed.length(), "byte", "bytes"),
                kept.received,
                kept.status.word()
            ),
            "lost",
            &[
                ("epoch", Field::Number(epoch.get().into())),
                ("drop", Field::Text(&listed.id.to_string())),
                ("length", Field::Number(listed.length())),
                ("received", Field::Text(&kept.received.to_string())),
                ("status", Field::Text(kept.status.word())),
            ],
        );
    }
    let latest = state.latest();
    if state
        .closes(epoch)
        .is_some_and(|from| latest.is_none_or(|latest| latest < from))
    {
        desk.screen.warn(&format!(
            "epoch {epoch}: whatever of it is still on the way is lost as well"
        ));
    }
}

/// A courier that dates its bundles ahead would close a list too early.
fn warn_clock(epochs: &[EpochNumber], state: &State, desk: &Desk) {
    let ahead = |epoch: &&EpochNumber| {
        let closes = state.closes(**epoch);
        state.burned.get(**epoch).is_none() && closes.is_some_and(|closes| desk.today < closes)
    };
    if epochs.iter().any(|epoch| ahead(&epoch)) {
        desk.screen.warn(&format!(
            "this machine's clock shows {}: by it, drops of these epochs may still come. If the \
             clock is right, a courier's date is not",
            desk.today
        ));
    }
}

/// An epoch that is not over is burned in need alone: the box is shut until the next one begins.
fn warn_running(epochs: &[EpochNumber], state: &State, desk: &Desk) {
    let today = state.today(desk.today);
    let running = |epoch: &&EpochNumber| {
        let days = state.days_of(**epoch);
        state.burned.get(**epoch).is_none() && days.is_some_and(|(_, last)| last >= today)
    };
    if epochs.iter().any(|epoch| running(&epoch)) {
        desk.screen.warn(
            "an epoch that is not over is to be burned: sources may still seal to it until the next \
             outbox has reached the server, and have no keys until the next epoch begins",
        );
    }
}

fn agreed(epochs: &[EpochNumber], desk: &Desk) -> bool {
    let question = format!(
        "\nThe keys of {} {} will be erased. Sealed drops of {} can be opened by nobody from then \
         on, in these vaults and in this archive. Files that were opened earlier are not touched.\n\
         Burn? Type yes: ",
        if epochs.len() == 1 { "epoch" } else { "epochs" },
        listed(epochs),
        if epochs.len() == 1 { "it" } else { "them" }
    );
    desk.agrees(&question).unwrap_or(false)
}

fn tell(epochs: &[EpochNumber], slips: &[EpochNumber], at: &Opened, desk: &Desk) {
    let vaults: Vec<_> = at
        .vaults
        .iter()
        .map(|vault| vault.path().to_string_lossy().into_owned())
        .collect();
    let paths: Vec<_> = at
        .vaults
        .iter()
        .map(|vault| escape::path(vault.path()))
        .collect();
    let numbers: Vec<_> = epochs.iter().map(ToString::to_string).collect();
    let papers: Vec<_> = slips.iter().map(ToString::to_string).collect();
    desk.screen.result(
        &format!(
            "Burned: {} {}, erased in {} as far as this medium allows. The next outbox tells the \
             server, which deletes what it has left.",
            if epochs.len() == 1 { "epoch" } else { "epochs" },
            listed(epochs),
            paths.join(", ")
        ),
        "burned",
        &[
            ("epochs", Field::List(&numbers)),
            ("vaults", Field::List(&vaults)),
            ("slips", Field::List(&papers)),
        ],
    );
    if !slips.is_empty() {
        desk.screen.result(
            &format!(
                "Now burn the paper: {} of {} {}. Until then an older copy of the vault, or what a \
                 stick kept of it, opens with it.",
                if slips.len() == 1 {
                    "the slip"
                } else {
                    "the slips"
                },
                if slips.len() == 1 { "epoch" } else { "epochs" },
                listed(slips)
            ),
            "burn-paper",
            &[("slips", Field::List(&papers))],
        );
    } else {
        desk.screen.say(
            "A stick keeps copies of what was overwritten, and an older copy of a vault opens what \
             it opened: burn the epochs in every copy as well, or destroy the stick. Only a slip on \
             paper is gone in truth.",
        );
    }
    desk.screen
        .say("Files that were opened earlier were not touched: they are yours to keep or erase.");
}
