//! `knothole newsroom …`

mod editors;
mod recovery;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use knothole_envelope::{OnionAddress, Quorum};

use super::acknowledge::{self, AcknowledgeArgs};
use super::archive::ArchiveArgs;
use crate::archive::{Archive, State};
use crate::desk::Desk;
use crate::escape;
use crate::failure::{Exit, Failure};
use crate::folder::{Existing, put_named, read_named};
use crate::newsroom::{
    FoundError, Founding, SignedSoFar, add_courier, bundle_key, page, remove_courier, text,
};
use crate::screen::{Field, counted};

/// A card of 520 epochs is well below this.
const MOST_CARD_BYTES: u64 = 1 << 20;

/// What has been signed of a founding, in the folder of the archive to be.
const FOUNDING: &str = "founding";
/// 520 sheets of 8 editors, signed by all, are well below this.
const MOST_FOUNDING_BYTES: u64 = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct NewsroomArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Found a newsroom from its editors' cards. All their vaults sign, at once or in turn.
    Found(FoundArgs),
    /// Go on after too many vaults were lost: all recovery papers together appoint new editors.
    Recover(recovery::RecoverArgs),
    /// Give the newsroom another drop-box address, after its server was lost for instance.
    Move(MoveArgs),
    /// Take the bundles of a courier from now on.
    Courier(CourierArgs),
    /// Show who the editors are, how many it takes, and how many vaults may be lost.
    Show(editors::ShowArgs),
    /// Take one more editor in: a new charter, and new keys for the running epoch and all to come.
    Add(editors::AddArgs),
    /// Take an editor out: a new charter, and new keys for the running epoch and all to come.
    Remove(editors::RemoveArgs),
    /// Change how many editors it takes to open a drop.
    Quorum(editors::QuorumArgs),
    /// Choose whether sources are told when their drops were opened. At first they are not.
    Acknowledge(AcknowledgeArgs),
    /// Write a poster with the drop-box's address, the fingerprint, and a QR code.
    Poster(PosterArgs),
}

#[derive(Debug, Args)]
struct FoundArgs {
    /// The cards of all editors, as `knothole vault card` wrote them.
    #[arg(value_name = "CARD", required = true)]
    cards: Vec<PathBuf>,
    /// How many editors it takes to open a drop.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=8))]
    quorum: u8,
    /// The address of the drop-box, as `knothole-server init` told it.
    #[arg(long, value_name = "ADDRESS")]
    onion: OnionAddress,
    /// Lay the first outbox at once: the stick for it.
    #[arg(long, value_name = "STICK")]
    out: Option<PathBuf>,
    #[command(flatten)]
    papers: recovery::PaperArgs,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
struct MoveArgs {
    /// The address of the new drop-box, as `knothole-server init` told it.
    #[arg(value_name = "ADDRESS")]
    onion: OnionAddress,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
struct CourierArgs {
    /// The courier's card, as `knothole-courier init` wrote it.
    card: PathBuf,
    /// Take its bundles no more.
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    at: ArchiveArgs,
}

#[derive(Debug, Args)]
struct PosterArgs {
    /// The new file: a page in SVG, or text when its name ends in .txt.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    at: ArchiveArgs,
}

pub(crate) fn run(args: &NewsroomArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    match &args.action {
        Action::Found(args) => return found(args, desk),
        Action::Courier(args) => courier(args, desk)?,
        Action::Recover(args) => recovery::run(args, desk)?,
        Action::Move(args) => move_to(args, desk)?,
        Action::Show(args) => editors::show(args, desk)?,
        Action::Add(args) => editors::add(args, desk)?,
        Action::Remove(args) => editors::remove(args, desk)?,
        Action::Quorum(args) => editors::quorum(args, desk)?,
        Action::Acknowledge(args) => return acknowledge::run(args, desk),
        Action::Poster(args) => poster(args, desk)?,
    }
    Ok(Exit::Done)
}

/// The command line has bounded it.
fn quorum_of(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap_or(Quorum::ONE)
}

fn found(args: &FoundArgs, desk: &mut Desk) -> Result<Exit, Failure> {
    let cards: Result<Vec<_>, _> = args
        .cards
        .iter()
        .map(|path| read_named(path, MOST_CARD_BYTES))
        .collect();
    let folder = Archive::free_folder(&args.at.archive)?;
    let begun = if folder.has(FOUNDING)? {
        Some(folder.read(FOUNDING, MOST_FOUNDING_BYTES)?)
    } else {
        None
    };
    // Papers are made once, by whoever begins.
    let (papers, recovery) = match &begun {
        Some(begun) => (None, Founding::recovery_in(begun)),
        None => {
            let papers = args.papers.make(desk)?;
            let hash = papers.hash()?;
            (Some(papers), hash)
        }
    };
    let mut founding = Founding::with_recovery(&cards?, quorum_of(args.quorum), recovery)?;
    if let Some(begun) = &begun {
        founding.join(begun)?;
    }
    let mut vaults = desk.vaults(&args.at.vaults)?;
    for vault in &vaults {
        founding.sign(vault).map_err(|error| match error {
            // With papers that are made anew, the next attempt is another newsroom.
            FoundError::OtherNewsroom { vault, .. } if papers.is_some() && recovery.is_some() => {
                FoundError::OtherNewsroom {
                    vault,
                    newsroom: None,
                }
            }
            error => error,
        })?;
    }
    if let Some(papers) = &papers {
        args.papers
            .hand_out(papers, &founding.fingerprint(), desk)?;
    }
    let SignedSoFar { editors, have } = founding.signed();
    let together = usize::from(args.quorum);
    if have < editors || vaults.len() < together {
        folder.put(FOUNDING, &founding.encode(), Existing::Replace)?;
        tell_signed(have, editors, together, desk);
        return Ok(Exit::Partly);
    }
    let state = founding.finish(args.onion)?;
    let archive = Archive::create(&args.at.archive, state, &vaults, &mut desk.rng)?;
    folder.remove(FOUNDING)?;
    super::archive::settle(&mut vaults, archive.state.chain().fingerprint(), desk);
    if let Some(stick) = &args.out {
        super::outbox::lay(&archive.state, stick, &vaults, desk)?;
    }
    tell(&archive.state, desk);
    Ok(Exit::Done)
}

fn tell_signed(have: usize, editors: usize, together: usize, desk: &Desk) {
    let signed = if have == 1 { "has" } else { "have" };
    // Once all have signed, the command is still short of the vaults that seal the archive.
    let next = if have < editors {
        let last = if together > 1 {
            format!(
                " The last time {together} vaults are needed together: {}.",
                vault_flags(together)
            )
        } else {
            String::new()
        };
        format!("give the same command with the next editor's vault.{last}")
    } else {
        format!(
            "give the command once more, now with {}, the vaults of any {together} editors \
             together.",
            vault_flags(together)
        )
    };
    let count = |number| Field::Number(u64::try_from(number).unwrap_or(u64::MAX));
    desk.screen.result(
        &format!(
            "{have} of {editors} editors {signed} signed, and there is no newsroom yet: {next}"
        ),
        "signed",
        &[("have", count(have)), ("editors", count(editors))],
    );
}

/// `--vault A --vault B`, for so many vaults.
fn vault_flags(count: usize) -> String {
    let flags: Vec<_> = ('A'..='H')
        .take(count)
        .map(|letter| format!("--vault {letter}"))
        .collect();
    flags.join(" ")
}

fn tell(state: &State, desk: &Desk) {
    let charter = state.chain().current();
    editors::warn(state, desk);
    let address = state.address();
    let grouped = address.fingerprint().grouped();
    let editors = charter.editors().len();
    let until = state.sheets().iter().map(|sheet| sheet.unverified().last());
    let until = until.max().map(|day| day.to_string()).unwrap_or_default();
    let quorum = charter.quorum();
    let open = match (quorum.get(), editors) {
        (1, 1) => "its one editor opens each drop alone".to_owned(),
        (1, _) => format!("1 of {editors} editors opens a drop"),
        _ => format!("{quorum} of {editors} editors open a drop"),
    };
    desk.screen.result(
        &format!(
            "The newsroom is founded: {open}; keys until {until}; {spare}.\n  fingerprint  {grouped}\n  drop address {address}",
            spare = editors::spare(charter)
        ),
        "founded",
        &[
            (
                "fingerprint",
                Field::Text(&address.fingerprint().to_string()),
            ),
            ("address", Field::Text(&address.to_string())),
            ("quorum", Field::Number(quorum.get().into())),
            ("until", Field::Text(&until)),
        ],
    );
    desk.screen.say(
        "Next: type the fingerprint at the server (`knothole-server trust`) and at the courier \
         (`knothole-courier pair`), and carry an outbox to the courier (`knothole outbox`).",
    );
}

fn move_to(args: &MoveArgs, desk: &mut Desk) -> Result<(), Failure> {
    let mut opened = args.at.open(desk)?;
    opened.state().move_to(args.onion);
    opened.save(&mut desk.rng)?;
    let address = opened.state().address().to_string();
    desk.screen.result(
        &format!("The drop address is {address} from now on: print a new poster."),
        "moved",
        &[("address", Field::Text(&address))],
    );
    Ok(())
}

fn courier(args: &CourierArgs, desk: &mut Desk) -> Result<(), Failure> {
    let key = bundle_key(&read_named(&args.card, MOST_CARD_BYTES)?)?;
    let mut opened = args.at.open(desk)?;
    if !args.remove {
        add_courier(opened.state(), key)?;
        opened.save(&mut desk.rng)?;
        let sentence = "The courier's bundles are taken from now on.";
        desk.screen.result(sentence, "added", &[]);
        return Ok(());
    }
    let today = opened.state().today(desk.today);
    let forgotten = remove_courier(opened.state(), &key, today)?;
    opened.save(&mut desk.rng)?;
    opened.archive.discard(&forgotten)?;
    let count = u64::try_from(forgotten.len()).unwrap_or(u64::MAX);
    let also = if forgotten.is_empty() {
        String::new()
    } else {
        format!(
            " What it alone had listed, and of which not all came, is forgotten: {}. What of it is \
             at the server the next courier lists again.",
            counted(count, "drop", "drops")
        )
    };
    let sentence = format!("The courier's bundles are no longer taken.{also}");
    let fields = [("forgotten", Field::Number(count))];
    desk.screen.result(&sentence, "removed", &fields);
    Ok(())
}

fn poster(args: &PosterArgs, desk: &mut Desk) -> Result<(), Failure> {
    let mut opened = args.at.open(desk)?;
    let address = opened.state().address();
    let plain = args.out.extension().is_some_and(|ending| ending == "txt");
    let poster = if plain {
        text(&address)
    } else {
        page(&address)?
    };
    put_named(&args.out, poster.as_bytes(), Existing::Keep)?;
    desk.screen.result(
        &format!(
            "{} is written. Compare the fingerprint on the print with {}",
            escape::path(&args.out),
            address.fingerprint().grouped()
        ),
        "poster",
        &[("file", Field::Text(&args.out.to_string_lossy()))],
    );
    Ok(())
}
