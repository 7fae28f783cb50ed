//! `knothole vault …`

mod choose;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use data_encoding::HEXLOWER;
use knothole_envelope::{Day, EpochNumber, Fingerprint, SigningSecret};

use super::slips;
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::folder::{Existing, put_named};
use crate::screen::{Field, counted};
use crate::vault::{EpochState, Plan, Slips, Vault, VaultEpoch};

/// Half a year of weeks.
const EPOCHS: u32 = 26;
/// A week.
const DAYS: u32 = 7;

#[derive(Debug, Args)]
pub(crate) struct VaultArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a vault: an editor's keys, in one file.
    New(NewArgs),
    /// Show whose keys a vault holds, and for which days.
    Show {
        /// The vault.
        vault: PathBuf,
    },
    /// Tell a vault which newsroom it belongs to. Vaults find out by themselves when they are used
    /// together with one that knows.
    Trust {
        /// The vault.
        vault: PathBuf,
        /// The newsroom's fingerprint, from a poster that you trust, in groups or in one.
        #[arg(required = true)]
        fingerprint: Vec<String>,
    },
    /// Put a vault under another passphrase.
    Passphrase {
        /// The vault.
        vault: PathBuf,
    },
    /// Copy a vault, to another stick for instance.
    Copy {
        /// The vault.
        vault: PathBuf,
        /// The new file, or a folder for it.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Write the card of a vault: what a newsroom must know of it. Nothing in it is secret.
    Card {
        /// The vault.
        vault: PathBuf,
        /// The new file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
struct NewArgs {
    /// The new file.
    vault: PathBuf,
    /// For how many epochs to make keys.
    #[arg(long, value_name = "N", default_value_t = EPOCHS)]
    epochs: u32,
    /// How many days an epoch runs. All editors of a newsroom need the same.
    #[arg(long, value_name = "N", default_value_t = DAYS)]
    days: u32,
    /// The first day of the first epoch, as in 2026-11-23; the last Monday if it is not given. All
    /// editors of a newsroom need the same.
    #[arg(long, value_name = "DATE")]
    first_day: Option<Day>,
    /// The number of the first epoch: for an editor who joins a newsroom later.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    first_epoch: u32,
    /// Put each epoch under a slip as well: twelve words on paper, without which its drops stay
    /// sealed. They are written to this new file, in memory, to be printed; - shows them one by one.
    #[arg(long, value_name = "FILE|-")]
    slips: Option<PathBuf>,
}

pub(crate) fn run(args: &VaultArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    match &args.action {
        Action::New(args) => new(args, desk)?,
        Action::Show { vault } => show(&desk.vault(vault)?, desk),
        Action::Trust { vault, fingerprint } => {
            let fingerprint = fingerprint.concat().parse().map_err(Failure::Fingerprint)?;
            trust(vault, fingerprint, desk)?;
        }
        Action::Passphrase { vault } => passphrase(vault, desk)?,
        Action::Copy { vault, out } => copy(vault, out, desk)?,
        Action::Card { vault, out } => card(vault, out, desk)?,
    }
    Ok(Exit::Done)
}

fn new(args: &NewArgs, desk: &mut Desk) -> Result<(), Failure> {
    let first_day = args.first_day.unwrap_or_else(|| monday(desk.today));
    let mut plan = Plan::new(args.epochs, first_day, args.days)?;
    if let Some(first) = EpochNumber::new(args.first_epoch) {
        plan = plan.numbered_from(first)?;
    }
    Vault::refuse_existing(&args.vault)?;
    slips::refuse_place(args.slips.as_deref())?;
    let passphrase = choose::passphrase(desk)?;
    let signing = SigningSecret::generate(&mut desk.rng);
    let slips = match &args.slips {
        None => Slips::none(),
        Some(out) => {
            let whose = slips::whose(&args.vault, &signing.editor_key());
            slips::make(plan.numbers(), &plan, out, &whose, desk)?
        }
    };
    desk.screen.say("Making the vault…");
    let vault = Vault::create(
        &args.vault,
        &passphrase,
        signing,
        plan,
        slips,
        &mut desk.rng,
    )?;
    show(&vault, desk);
    desk.screen.say(&format!(
        "Next: write its card with \"knothole vault card {path} --out CARD\", and keep a copy of the \
         vault on another stick with \"knothole vault copy {path} --out STICK\".",
        path = escape::path(&args.vault)
    ));
    Ok(())
}

/// The Monday of the week of a day, so that editors who make vaults in the same week agree.
fn monday(day: Day) -> Day {
    // 1970-01-01 was a Thursday.
    let since = day.get().saturating_add(3) % 7;
    day.checked_sub(since).unwrap_or(day)
}

fn show(vault: &Vault, desk: &Desk) {
    let epochs: Vec<_> = vault.epochs().collect();
    let path = escape::path(vault.path());
    let editor = HEXLOWER.encode(vault.editor_key().as_bytes());
    let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else {
        return;
    };
    let mut text = format!(
        "Vault {path}\n  editor   {editor}\n  epochs   {} to {}, {}\n  days     {} to {}",
        first.epoch,
        last.epoch,
        days(vault.plan().days()),
        first.first,
        last.last
    );
    let numbers = |state| numbers(&epochs, state);
    let (erased, damaged) = (numbers(EpochState::Erased), numbers(EpochState::Damaged));
    if !erased.is_empty() {
        text.push_str(&format!("\n  erased   {}", erased.join(", ")));
    }
    if !damaged.is_empty() {
        text.push_str(&format!(
            "\n  damaged  {}: use another copy of this vault for these",
            damaged.join(", ")
        ));
    }
    let under_slips = numbers(EpochState::Slip);
    if !under_slips.is_empty() {
        text.push_str(&format!(
            "\n  slips    {} need their slips",
            counted(
                u64::try_from(under_slips.len()).unwrap_or(u64::MAX),
                "epoch",
                "epochs"
            )
        ));
    }
    let newsroom = vault.newsroom();
    if let Some(newsroom) = newsroom {
        text.push_str(&format!("\n  newsroom {}", newsroom.grouped()));
    }
    let newsroom = newsroom.map(ToString::to_string).unwrap_or_default();
    desk.screen.result(
        &text,
        "vault",
        &[
            ("vault", Field::Text(&vault.path().to_string_lossy())),
            ("editor", Field::Text(&editor)),
            ("newsroom", Field::Text(&newsroom)),
            ("first_epoch", Field::Number(first.epoch.get().into())),
            ("last_epoch", Field::Number(last.epoch.get().into())),
            ("days_per_epoch", Field::Number(vault.plan().days().into())),
            ("first_day", Field::Text(&first.first.to_string())),
            ("last_day", Field::Text(&last.last.to_string())),
            ("slips", Field::List(&under_slips)),
            ("erased", Field::List(&erased)),
            ("damaged", Field::List(&damaged)),
        ],
    );
}

fn days(days: u32) -> String {
    match days {
        1 => "a day each".to_owned(),
        7 => "a week each".to_owned(),
        days => format!("{days} days each"),
    }
}

fn numbers(epochs: &[VaultEpoch], state: EpochState) -> Vec<String> {
    epochs
        .iter()
        .filter(|epoch| epoch.state == state)
        .map(|epoch| epoch.epoch.to_string())
        .collect()
}

fn trust(path: &Path, fingerprint: Fingerprint, desk: &mut Desk) -> Result<(), Failure> {
    let mut vault = desk.vault(path)?;
    if vault.newsroom().is_some_and(|known| *known != fingerprint) {
        desk.screen.warn(
            "this vault belonged to another newsroom. It does not open that one's archive any \
             more, unless it is told so again",
        );
    }
    vault.settle(fingerprint, &mut desk.rng)?;
    desk.screen.result(
        &format!(
            "{} belongs to the newsroom {} from now on, and believes no other archive.",
            escape::path(path),
            fingerprint.grouped()
        ),
        "trusts",
        &[("newsroom", Field::Text(&fingerprint.to_string()))],
    );
    Ok(())
}

fn passphrase(path: &Path, desk: &mut Desk) -> Result<(), Failure> {
    let mut vault = desk.vault(path)?;
    let passphrase = choose::passphrase(desk)?;
    vault.change_passphrase(&passphrase, &mut desk.rng)?;
    desk.screen.result(
        &format!(
            "{} has its new passphrase. Copies of it, and what a worn stick still holds of it, keep \
             the old one: make the copies again, and keep the old passphrase to yourself.",
            escape::path(path)
        ),
        "changed",
        &[],
    );
    Ok(())
}

fn copy(path: &Path, out: &Path, desk: &mut Desk) -> Result<(), Failure> {
    let out = match path.file_name() {
        Some(name) if out.is_dir() => out.join(name),
        _ => out.to_owned(),
    };
    Vault::refuse_existing(&out)?;
    // Opened first: a damaged vault is not worth copying, and shows here.
    let vault = desk.vault(path)?;
    vault.copy_to(&out)?;
    desk.screen.result(
        &format!(
            "{} is a copy, with the same passphrase. It was read again, and is the same.",
            escape::path(&out)
        ),
        "copied",
        &[("vault", Field::Text(&out.to_string_lossy()))],
    );
    Ok(())
}

fn card(path: &Path, out: &Path, desk: &mut Desk) -> Result<(), Failure> {
    let vault = desk.vault(path)?;
    put_named(out, &vault.card()?.encode(), Existing::Keep)?;
    let editor = HEXLOWER.encode(vault.editor_key().as_bytes());
    desk.screen.result(
        &format!(
            "{} is the card of editor {editor}. Whoever founds the newsroom needs it; nothing in \
             it is secret. Compare the editor's key with the editor in person.",
            escape::path(out)
        ),
        "card",
        &[
            ("card", Field::Text(&out.to_string_lossy())),
            ("editor", Field::Text(&editor)),
        ],
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_begins_on_the_monday_of_its_week() {
        for (day, first) in [
            ("2026-11-22", "2026-11-16"),
            ("2026-11-23", "2026-11-23"),
            ("2026-11-24", "2026-11-23"),
            ("2026-11-29", "2026-11-23"),
            ("1970-01-01", "1970-01-01"),
        ] {
            assert_eq!(monday(day.parse().unwrap()).to_string(), first);
        }
    }
}
