//! `knothole outbox`

use std::path::{Path, PathBuf};

use clap::Args;

use super::archive::ArchiveArgs;
use crate::archive::State;
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::outbox;
use crate::screen::{Field, counted};
use crate::vault::Vault;

/// Fewer days with keys than these call for new ones.
const FEW_DAYS: u32 = 35;

/// Clocks that are further apart, in days, are worth a word.
const MOST_APART: u32 = 30;

#[derive(Debug, Args)]
pub(crate) struct OutboxArgs {
    /// The stick for the courier.
    stick: PathBuf,
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(crate) fn run(args: &OutboxArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let mut opened = args.at.open(desk)?;
    lay(&opened.archive.state, &args.stick, &opened.vaults, desk)?;
    if opened.archive.state.conversations.has_unlaid() {
        let today = opened.archive.state.today(desk.today);
        // From the couriers' next date on it can be told that these were carried.
        let passed = opened.archive.state.passed(today);
        opened.state().conversations.laid(passed, today);
        opened.save(&mut desk.rng)?;
    }
    Ok(Exit::Done)
}

/// Lays the outbox, and tells what is in it.
pub(super) fn lay(
    state: &State,
    stick: &Path,
    vaults: &[Vault],
    desk: &Desk,
) -> Result<(), Failure> {
    let today = state.today(desk.today);
    let laid = outbox::lay(stick, state, vaults, today)?;
    let until = laid.until.map(|day| day.to_string()).unwrap_or_default();
    let (sheets, receipts) = (count(laid.sheets), count(laid.receipts));
    let replies = count(laid.replies);
    desk.screen.result(
        &format!(
            "{}: the outbox holds the charter, {}, {} and {}.",
            escape::path(stick),
            counted(sheets, "epoch sheet", "epoch sheets"),
            counted(receipts, "receipt", "receipts"),
            counted(replies, "reply", "replies")
        ),
        "outbox",
        &[
            ("sheets", Field::Number(sheets)),
            ("receipts", Field::Number(receipts)),
            ("replies", Field::Number(replies)),
            ("until", Field::Text(&until)),
        ],
    );
    super::epochs::warn_holders(state, desk);
    if let Some(latest) = state.latest()
        && latest
            .since(desk.today)
            .is_some_and(|days| days > MOST_APART)
    {
        desk.screen.warn(&format!(
            "this machine's clock shows {}, and a courier's bundle was made on {latest}: one of \
             them is wrong. Set the clock if it is this one",
            desk.today
        ));
    }
    let last = state.sheets().iter().map(|sheet| sheet.unverified().last());
    match last.max() {
        None => {}
        Some(last) if last < today => desk.screen.warn(&format!(
            "today is {today}, and the last day with keys was {last}: nobody can seal anything for \
             the newsroom. If this machine's clock is right, make new ones with `knothole epochs extend`"
        )),
        Some(last) if last.since(today).is_some_and(|days| days < FEW_DAYS) => {
            desk.screen.warn(&format!(
                "there are keys until {last} only: make more before then with `knothole epochs \
                 extend`"
            ));
        }
        Some(_) => {}
    }
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
