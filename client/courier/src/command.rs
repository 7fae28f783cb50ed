//! The commands, from arguments to their end.

mod error;
mod voice;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use knothole_envelope::{Fingerprint, OnionAddress};
use knothole_onion::{Dialer, Socks, StateFolder, Tor, TorSettings};

use crate::caller::Patience;
use crate::courier::{Courier, Idle};
use crate::exit::Exit;
use crate::fetch::{FetchError, LARGEST_UNASKED, News, Wishes};
use crate::hush;
use crate::outbox::Outbox;
use crate::push::PushError;
use crate::set_up;
use crate::status::Status;
use crate::stick::{self, size};
use error::CommandError;
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
    #[command(flatten)]
    way: Way,
    /// Says what was done as JSON, one object a line.
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
        /// Writes a file for the folder that `ClientOnionAuthDir` names in the settings of a Tor
        /// client whose SOCKS port is to be used. It holds a secret.
        #[arg(long, value_name = "FILE")]
        client_auth: Option<PathBuf>,
    },
    /// Fetches what is new onto a stick, or onto several, one filled after the other.
    Fetch(FetchArgs),
    /// Brings the outbox of a stick to the server.
    Push {
        /// The folder of the stick.
        stick: PathBuf,
    },
    /// Pushes the outbox of the first stick, if there is one, then fetches.
    Sync(FetchArgs),
    /// Shows what the courier knows, without asking anybody.
    Status,
}

#[derive(Args, Debug)]
struct FetchArgs {
    /// The folders of the sticks.
    #[arg(required = true, value_name = "STICK")]
    sticks: Vec<PathBuf>,
    /// Fetches again what was fetched already, as when a stick was lost.
    #[arg(long)]
    again: bool,
    /// Fetches only the beginning of larger drops: a number with K, M, G or T.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    largest: Option<u64>,
}

impl FetchArgs {
    fn wishes(&self) -> Wishes {
        Wishes {
            again: self.again,
            largest: self.largest.unwrap_or(LARGEST_UNASKED),
        }
    }
}

/// The way to the Tor network.
#[derive(Args, Debug)]
struct Way {
    /// Settings for Tor: a file as arti reads it (TOML), for bridges and private networks. May be
    /// given several times.
    #[arg(long, global = true, value_name = "FILE")]
    tor_config: Vec<PathBuf>,
    /// Uses the Tor client with this SOCKS port. It must have been given the courier's key: see
    /// `pair --client-auth`.
    #[arg(
        long,
        global = true,
        value_name = "HOST:PORT",
        conflicts_with = "tor_config"
    )]
    socks: Option<SocketAddr>,
}

/// Does what the arguments say, and says how it went.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let voice = Voice::new(cli.json, cli.quiet);
    let exit = go(cli, &voice).unwrap_or_else(|error| {
        voice.error(&error, error.exit());
        error.exit()
    });
    ExitCode::from(exit.code())
}

fn go(cli: Cli, voice: &Voice) -> Result<Exit, CommandError> {
    hush::fall_silent().map_err(CommandError::System)?;
    let folder = match cli.state {
        // arti takes no path that depends on where the program was started.
        Some(folder) => std::path::absolute(folder).map_err(CommandError::System)?,
        None => usual_folder().ok_or(CommandError::NoFolder)?,
    };
    match cli.command {
        Command::Init { out } => {
            set_up::init(&folder, &out)?;
            voice.done("init", &set_up::Made { card: out });
            Ok(Exit::Done)
        }
        Command::Pair {
            collection,
            fingerprint,
            client_auth,
        } => {
            let fingerprint: Fingerprint = fingerprint
                .concat()
                .parse()
                .map_err(CommandError::Fingerprint)?;
            set_up::pair(&folder, collection, fingerprint)?;
            if let Some(file) = &client_auth {
                set_up::write_client_auth(&folder, file)?;
            }
            voice.done("pair", &set_up::Paired { client_auth });
            Ok(Exit::Done)
        }
        Command::Status => {
            voice.done("status", &Status::of(&folder)?);
            Ok(Exit::Done)
        }
        Command::Fetch(args) => {
            check_sticks(&args.sticks)?;
            let idle = Idle::open(&folder)?;
            online(fetch(idle, &folder, &cli.way, &args, voice))
        }
        Command::Push { stick } => {
            let outbox = Outbox::read(&stick).map_err(PushError::from)?;
            let outbox = outbox.ok_or(PushError::NoOutbox)?;
            let idle = Idle::open(&folder)?;
            online(push(idle, &folder, &cli.way, outbox, voice))
        }
        Command::Sync(args) => {
            check_sticks(&args.sticks)?;
            let idle = Idle::open(&folder)?;
            online(sync(idle, &folder, &cli.way, &args, voice))
        }
    }
}

/// A stick that is none is told before Tor is started.
fn check_sticks(sticks: &[PathBuf]) -> Result<(), FetchError> {
    sticks.iter().try_for_each(|path| {
        stick::check(path).map_err(|error| FetchError::NoStick(path.clone(), error))
    })
}

fn online(work: impl Future<Output = Result<Exit, CommandError>>) -> Result<Exit, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CommandError::System)?;
    let exit = runtime.block_on(work);
    // Tor's tasks have nothing more to do that matters here.
    runtime.shutdown_background();
    exit
}

async fn fetch(
    idle: Idle,
    folder: &Path,
    way: &Way,
    args: &FetchArgs,
    voice: &Voice,
) -> Result<Exit, CommandError> {
    let mut courier = connect(idle, folder, way, voice).await?;
    let mut tell = |news: News| voice.news(&news);
    let fetched = courier
        .fetch(&args.sticks, args.wishes(), &mut tell)
        .await?;
    voice.done("fetch", &fetched);
    Ok(fetched.exit())
}

async fn push(
    idle: Idle,
    folder: &Path,
    way: &Way,
    outbox: Outbox,
    voice: &Voice,
) -> Result<Exit, CommandError> {
    let mut courier = connect(idle, folder, way, voice).await?;
    let pushed = courier.push(outbox).await?;
    voice.done("push", &pushed);
    Ok(pushed.exit())
}

async fn sync(
    idle: Idle,
    folder: &Path,
    way: &Way,
    args: &FetchArgs,
    voice: &Voice,
) -> Result<Exit, CommandError> {
    let outbox = args.sticks.first().map(|stick| Outbox::read(stick));
    let outbox = outbox.unwrap_or(Ok(None)).map_err(PushError::from);
    let mut courier = connect(idle, folder, way, voice).await?;
    let mut tell = |news: News| voice.news(&news);
    let synced = courier
        .sync(outbox, &args.sticks, args.wishes(), &mut tell)
        .await;
    match &synced.pushed {
        Ok(pushed) => voice.done("push", pushed),
        Err(error) => voice.error(error, error.exit()),
    }
    match &synced.fetched {
        None => {}
        Some(Ok(fetched)) => voice.done("fetch", fetched),
        Some(Err(error)) => voice.error(error, error.exit()),
    }
    Ok(synced.exit())
}

async fn connect(
    idle: Idle,
    folder: &Path,
    way: &Way,
    voice: &Voice,
) -> Result<Courier, CommandError> {
    let dialer = if let Some(port) = way.socks {
        Dialer::Socks(Socks::new(port))
    } else {
        voice.note("connecting to Tor");
        // The guards stay the same from one visit to the next: that is what guards are for.
        let settings = TorSettings::new(StateFolder::Given(folder.join("tor")));
        let settings = way.tor_config.iter().fold(settings, TorSettings::with_file);
        let tor = Tor::start(settings).map_err(CommandError::Tor)?;
        tor.insert_discovery_key(idle.collection(), idle.discovery())
            .map_err(CommandError::Tor)?;
        tor.wait().await.map_err(CommandError::Tor)?;
        Dialer::Tor(tor)
    };
    Ok(idle.online(dialer, Patience::default()))
}

/// Where a courier lives when nothing else is said.
fn usual_folder() -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    home.is_absolute()
        .then(|| home.join(".local/state/knothole-courier"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_fetch_takes_several_sticks_and_several_files_of_settings() {
        let line = "knothole-courier fetch a b --tor-config x --tor-config y --state s --json";
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert_eq!(cli.way.tor_config.len(), 2);
        let Command::Fetch(args) = cli.command else {
            panic!("it is a fetch")
        };
        assert_eq!(args.sticks.len(), 2);
        assert!(!args.wishes().again);
    }

    #[test]
    fn a_fingerprint_may_be_given_in_groups() {
        let onion = OnionAddress::from_identity(&[7; 32]);
        let words = "aaaa bbbb --state s";
        let line = format!("knothole-courier pair {onion} {words}");
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let Command::Pair { fingerprint, .. } = cli.command else {
            panic!("it is a pairing")
        };
        assert_eq!(fingerprint.concat(), "aaaabbbb");
    }

    #[test]
    fn a_fetch_without_a_stick_and_two_ways_at_once_are_no_commands() {
        for line in [
            "knothole-courier fetch",
            "knothole-courier push",
            "knothole-courier fetch a --socks 127.0.0.1:9050 --tor-config x",
            "knothole-courier fetch a --largest many",
        ] {
            assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
