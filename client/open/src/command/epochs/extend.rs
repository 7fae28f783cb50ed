//! `knothole epochs extend`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::archive::{Archive, State};
use crate::command::slips;
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::folder::{Existing, put_named, read_named};
use crate::newsroom::{complete, extend};
use crate::passphrase::Passphrase;
use crate::screen::{Field, counted};
use crate::vault::{PlanError, Slips, Vault};

/// Half a year of weeks.
const EPOCHS: u32 = 26;
/// A card of 520 epochs is well below this.
const MOST_CARD_BYTES: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(super) struct ExtendArgs {
    /// The new cards of the editors who have extended their vaults before, and whose vaults are not
    /// to be extended now.
    #[arg(value_name = "CARD", requires = "archive")]
    cards: Vec<PathBuf>,
    /// The folder with the newsroom's archive: make and sign the sheets for the new epochs. Without
    /// it, only the vaults are extended.
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
    /// The vault of an editor; repeat it for each.
    #[arg(long = "vault", value_name = "VAULT", required = true)]
    vaults: Vec<PathBuf>,
    /// How many epochs more.
    #[arg(long, value_name = "N", default_value_t = EPOCHS, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Write the vault's new card to this new file.
    #[arg(long, value_name = "FILE")]
    card: Option<PathBuf>,
    /// Put each new epoch of the vault under a slip: twelve words on paper, written to this new file,
    /// in memory, to be printed; - shows them one by one.
    #[arg(long, value_name = "FILE|-")]
    slips: Option<PathBuf>,
}

pub(super) fn run(args: &ExtendArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    if args.vaults.len() > 1 && (args.slips.is_some() || args.card.is_some()) {
        return Err(Failure::OneVault);
    }
    slips::refuse_place(args.slips.as_deref())?;
    if let Some(card) = &args.card {
        refuse_existing(card)?;
    }
    let cards: Result<Vec<_>, _> = args
        .cards
        .iter()
        .map(|path| read_named(path, MOST_CARD_BYTES))
        .collect();
    let mut cards = cards?;
    let (mut vaults, mut passphrases) = (Vec::new(), Vec::new());
    for path in &args.vaults {
        let (vault, passphrase) = desk.vault_and_passphrase(path)?;
        vaults.push(vault);
        passphrases.push(passphrase);
    }
    let Some(path) = &args.archive else {
        for (vault, passphrase) in vaults.iter_mut().zip(&passphrases) {
            more(vault, passphrase, args.epochs, args, desk)?;
        }
        desk.screen.say(
            "Next: when all editors have done so, give all cards and a quorum of vaults to \
             \"knothole epochs extend CARD… --archive ARCHIVE --vault VAULT…\".",
        );
        return Ok(Exit::Done);
    };
    let mut archive = Archive::open(path, &vaults)?;
    let newsroom = archive.state.chain().fingerprint();
    crate::command::archive::settle(&mut vaults, newsroom, desk);
    // Before any vault is written: it would be extended in vain.
    complete(&archive.state, &cards, &vaults)?;
    let target = target(&archive.state, args.epochs)?;
    let carded = crate::newsroom::read_cards(&cards).map_err(crate::newsroom::ExtendError::from)?;
    for (vault, passphrase) in vaults.iter_mut().zip(&passphrases) {
        if carded
            .iter()
            .any(|card| *card.signing_key() == vault.editor_key())
        {
            continue;
        }
        // What was cut off half way is not extended twice.
        let last = vault.plan().last_epoch().get();
        if let Some(missing) = target.checked_sub(last).filter(|missing| *missing > 0) {
            more(vault, passphrase, missing, args, desk)?;
        }
        cards.push(vault.card()?.encode());
    }
    let today = archive.state.today(desk.today);
    let made = extend(&mut archive.state, &cards, &vaults, today)?;
    archive.save(&vaults, &mut desk.rng)?;
    tell(made, &archive.state, desk);
    Ok(Exit::Done)
}

/// The number of the last epoch that there is to be.
fn target(state: &State, more: u32) -> Result<u32, Failure> {
    let current = state.chain().current_hash();
    let sheets = state.sheets().iter().map(|sheet| sheet.unverified());
    let last = sheets
        .filter(|sheet| *sheet.charter() == current)
        .map(|sheet| sheet.epoch().get())
        .max()
        .unwrap_or(0);
    Ok(last.checked_add(more).ok_or(PlanError::End)?)
}

fn more(
    vault: &mut Vault,
    passphrase: &Passphrase,
    epochs: u32,
    args: &ExtendArgs,
    desk: &mut Desk,
) -> Result<(), Failure> {
    let plan = vault.plan().extended(epochs)?;
    let path = vault.path().to_owned();
    let whose = slips::whose(&path, &vault.editor_key());
    let slips = match &args.slips {
        None => Slips::none(),
        Some(out) => {
            let old = usize::try_from(vault.plan().epochs()).unwrap_or(usize::MAX);
            let new = plan.numbers().skip(old);
            slips::make(new, &plan, out, &whose, desk)?
        }
    };
    desk.screen.say("Making the keys…");
    vault.extend(epochs, passphrase, slips, &mut desk.rng)?;
    let until = plan
        .days_of(plan.last_epoch())
        .map(|(_, last)| last.to_string())
        .unwrap_or_default();
    desk.screen.result(
        &format!(
            "{} has keys until {until} now. Copies of it have not: make them again.",
            escape::path(&path)
        ),
        "extended",
        &[
            ("vault", Field::Text(&path.to_string_lossy())),
            ("epochs", Field::Number(epochs.into())),
            ("until", Field::Text(&until)),
        ],
    );
    if let Some(card) = &args.card {
        put_named(card, &vault.card()?.encode(), Existing::Keep)?;
        let text = format!("{} is its new card.", escape::path(card));
        let fields = [("card", Field::Text(&card.to_string_lossy()))];
        desk.screen.result(&text, "card", &fields);
    }
    Ok(())
}

/// A card that cannot be written is told before the vault has changed.
fn refuse_existing(card: &Path) -> Result<(), Failure> {
    Ok(Vault::refuse_existing(card)?)
}

fn tell(made: usize, state: &State, desk: &Desk) {
    let last = state.sheets().iter().map(|sheet| sheet.unverified().last());
    let until = last.max().map(|day| day.to_string()).unwrap_or_default();
    let count = u64::try_from(made).unwrap_or(u64::MAX);
    let text = if made == 0 {
        format!("No new epoch stands on the cards of all editors: there are keys until {until}.")
    } else {
        format!(
            "{} signed: there are keys until {until}. Carry an outbox to the courier.",
            counted(count, "new sheet is", "new sheets are")
        )
    };
    let fields = [
        ("sheets", Field::Number(count)),
        ("until", Field::Text(&until)),
    ];
    desk.screen.result(&text, "sheets", &fields);
}
