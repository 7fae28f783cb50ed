//! The commands, from arguments to their end.

mod voice;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use knothole_envelope::{Fingerprint, OnionAddress};
use knothole_onion::{DialError, Dialer, StateFolder, Tor, TorError, TorSettings};

use crate::courier::{self, Courier, SetUpError, Status};
use crate::exit::Exit;
use crate::fetch::{LARGEST_UNASKED, Wishes};
use crate::hush;
use crate::keys::Keys;
use crate::state::StateError;
use voice::Voice;

/// Carries sealed drops from the server to sticks, and the newsroom's outbox to the server.
///
/// It holds no key that opens or deletes anything.
#[derive(Debug, Parser)]
#[command(name = "knothole-courier", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Where the courier keeps its secrets and its memory.
    #[arg(long, global = true, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Settings for Tor: a file as arti reads it, for bridges and private networks. May be given
    /// several times.
    #[arg(long, global = true, value_name = "FILE")]
    tor_config: Vec<PathBuf>,
    /// Says what was done as one line of JSON.
    #[arg(long, global = true)]
    json: bool,
    /// Says nothing but errors.
    #[arg(long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a new courier, and its card.
    Init {
        /// The file for the card.
        #[arg(long, value_name = "CARD")]
        out: PathBuf,
    },
    /// Tells the courier where the server is and whose it must be.
    Pair {
        /// The collection address that `knothole-server courier add` printed.
        collection: OnionAddress,
        /// The newsroom's fingerprint, with or without spaces.
        #[arg(required = true, num_args = 1..)]
        fingerprint: Vec<String>,
    },
    /// Fetches what is new onto a stick.
    Fetch(Stick),
    /// Brings the outbox of a stick to the server.
    Push {
        /// The folder of the stick.
        stick: PathBuf,
    },
    /// Pushes, then fetches.
    Sync(Stick),
    /// Shows what the courier knows, without asking anybody.
    Status,
}

#[derive(Args, Debug)]
struct Stick {
    /// The folder of the stick.
    stick: PathBuf,
    /// Fetches again what was fetched already.
    #[arg(long)]
    again: bool,
    /// Fetches only the beginning of larger drops: a number with K, M, G or T.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    largest: Option<u64>,
}

impl Stick {
    fn wishes(&self) -> Wishes {
        Wishes {
            again: self.again,
            largest: self.largest.unwrap_or(LARGEST_UNASKED),
        }
    }
}

/// Does what the arguments say, and says how it went.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let voice = Voice::new(cli.json, cli.quiet);
    let exit = match go(cli, &voice) {
        Ok(exit) => exit,
        Err(error) => {
            voice.error(error.as_ref(), error.exit());
            error.exit()
        }
    };
    ExitCode::from(exit.code())
}

fn go(cli: Cli, voice: &Voice) -> Result<Exit, Box<dyn Ending>> {
    hush::fall_silent().map_err(CommandError::System)?;
    let folder = match cli.state {
        Some(folder) => folder,
        None => usual_folder().ok_or(CommandError::NoFolder)?,
    };
    let stick = match cli.command {
        Command::Init { out } => {
            courier::init(&folder, &out)?;
            voice.say(&After::Init { card: out });
            return Ok(Exit::Done);
        }
        Command::Pair {
            collection,
            fingerprint,
        } => {
            let fingerprint = fingerprint.concat();
            let fingerprint: Fingerprint =
                fingerprint.parse().map_err(|_| CommandError::Fingerprint)?;
            courier::pair(&folder, collection, fingerprint)?;
            voice.say(&After::Pair);
            return Ok(Exit::Done);
        }
        Command::Status => {
            voice.say(&Status::of(&folder)?);
            return Ok(Exit::Done);
        }
        Command::Fetch(stick) => Errand::Fetch(stick),
        Command::Push { stick } => Errand::Push(stick),
        Command::Sync(stick) => Errand::Sync(stick),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CommandError::System)?;
    let exit = runtime.block_on(errand(&folder, &cli.tor_config, stick, voice))?;
    // Tor's tasks have nothing more to do that matters here.
    runtime.shutdown_background();
    Ok(exit)
}

enum Errand {
    Fetch(Stick),
    Push(PathBuf),
    Sync(Stick),
}

async fn errand(
    folder: &Path,
    tor_config: &[PathBuf],
    errand: Errand,
    voice: &Voice,
) -> Result<Exit, Box<dyn Ending>> {
    let keys = Keys::load(folder).map_err(SetUpError::from)?;
    voice.note("connecting to Tor");
    let dialer = tor(folder, tor_config, &keys).await?;
    let mut courier = Courier::open(folder, keys, dialer).map_err(SetUpError::from)?;
    match errand {
        Errand::Fetch(stick) => {
            let mut tell = |news| voice.news(&news);
            let fetched = courier.fetch(&stick.stick, stick.wishes(), &mut tell).await?;
            voice.say(&fetched);
            Ok(fetched.exit())
        }
        Errand::Push(stick) => {
            let pushed = courier.push(&stick).await?;
            voice.say(&pushed);
            Ok(pushed.exit())
        }
        Errand::Sync(stick) => {
            let mut tell = |news| voice.news(&news);
            let synced = courier.sync(&stick.stick, stick.wishes(), &mut tell).await;
            voice.synced(&synced);
            Ok(synced.exit())
        }
    }
}

async fn tor(folder: &Path, files: &[PathBuf], keys: &Keys) -> Result<Dialer, CommandError> {
    let onion = Courier::collection_of(folder).map_err(CommandError::State)?;
    let settings = TorSettings::new(StateFolder::Given(folder.join("tor")));
    let settings = files.iter().fold(settings, TorSettings::with_file);
    let tor = Tor::start(settings).map_err(CommandError::Tor)?;
    tor.insert_discovery_key(&onion, keys.discovery())
        .map_err(CommandError::Tor)?;
    tor.wait().await.map_err(CommandError::Tor)?;
    Ok(Dialer::Tor(tor))
}

/// Where a courier lives when nothing else is said.
fn usual_folder() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    home.is_absolute()
        .then(|| home.join(".local/state/knothole-courier"))
}

/// A number of bytes, with K, M, G or T for powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let upper = upper.trim_end_matches("IB").trim_end_matches('B');
    let (digits, shift) = match upper.char_indices().next_back() {
        Some((place, 'K')) => (upper.get(..place), 10),
        Some((place, 'M')) => (upper.get(..place), 20),
        Some((place, 'G')) => (upper.get(..place), 30),
        Some((place, 'T')) => (upper.get(..place), 40),
        _ => (Some(upper), 0),
    };
    digits
        .map(str::trim)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(1_u64.checked_shl(shift)?))
        .ok_or_else(|| "expected a size such as 500M or 20G".to_owned())
}
