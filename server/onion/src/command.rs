//! The commands.

mod check;
mod failure;
mod seizure;

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use knothole_envelope::{CourierCard, Fingerprint, Signed};
use knothole_intake::{CourierName, Desk};
use knothole_onion::{KeyKeeping, discovery_key_text};

pub use failure::Failure;

use crate::config::{Config, Listen};
use crate::control;
use crate::data::Data;
use crate::door::make_identity;
use crate::hush;
use crate::room::Room;
use crate::run::{self, RunError, addresses, tor_settings};
use crate::status::Reach;

/// A courier's card is far shorter.
const MOST_CARD_BYTES: u64 = 4096;

/// The server of a drop-box: it holds sealed drops, and no key that opens them.
#[derive(Debug, Parser)]
#[command(name = "knothole-server", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Says nothing that was not asked for.
    #[arg(long, global = true)]
    quiet: bool,
    /// Answers in JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the data folder and both onions, and prints the public address.
    Init(Place),
    /// Trusts the newsroom with this fingerprint, and no other.
    Trust {
        /// The 52 letters that the newsroom printed, in groups or in one.
        #[arg(required = true)]
        fingerprint: Vec<String>,
        /// Forget a newsroom that was typed wrong. Only while the server holds no charter.
        #[arg(long)]
        replace: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Runs the server until it is told to end.
    Run(Place),
    /// Says how the running server is.
    Status(Place),
    /// Looks for what would keep the server from running.
    Check(Place),
    /// Says what this disk and these settings would give to whoever takes them now.
    Seizure(Place),
    /// Lets couriers in and shuts them out.
    #[command(subcommand)]
    Courier(CourierCommand),
}

#[derive(Debug, Subcommand)]
enum CourierCommand {
    /// Lets the courier of this card in, and prints the address for its `pair`.
    Add {
        /// The file that `knothole-courier init` wrote.
        card: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Shuts a courier out, at once.
    Revoke {
        /// Its name, as `courier list` prints it.
        name: String,
        #[command(flatten)]
        place: Place,
    },
    /// Prints the name of every courier.
    List(Place),
}

#[derive(Debug, Args)]
struct Place {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "/etc/knothole/knothole-server.toml"
    )]
    config: PathBuf,
}

/// Does what was asked.
///
/// # Errors
/// [`Failure`], which knows what to print and how to end.
pub fn run(cli: Cli) -> Result<(), Failure> {
    hush::fall_silent().map_err(Failure::refused)?;
    hush::take_all_descriptors().map_err(Failure::refused)?;
    let mut out = Out {
        quiet: cli.quiet,
        json: cli.json,
    };
    match cli.command {
        Command::Init(place) => init(&place, &mut out),
        Command::Trust {
            fingerprint,
            replace,
            place,
        } => {
            let again = if replace {
                Again::Replace
            } else {
                Again::Refuse
            };
            trust(&fingerprint.concat(), again, &place, &mut out)
        }
        Command::Run(place) => serve(&place),
        Command::Status(place) => status(&place, &mut out),
        Command::Check(place) => check::check(&place, &mut out),
        Command::Seizure(place) => seizure::seizure(&place, &out),
        Command::Courier(CourierCommand::Add { card, place }) => add(&card, &place, &mut out),
        Command::Courier(CourierCommand::Revoke { name, place }) => revoke(&name, &place, &mut out),
        Command::Courier(CourierCommand::List(place)) => list(&place, &mut out),
    }
}

/// Where answers go.
#[derive(Debug)]
struct Out {
    quiet: bool,
    json: bool,
}

impl Out {
    /// Prints what was asked for: lines for a person, or one JSON object.
    fn answer(&self, lines: &str, json: &serde_json::Value) -> Result<(), Failure> {
        let text = if self.json {
            json.to_string()
        } else {
            lines.to_owned()
        };
        writeln!(std::io::stdout(), "{text}").map_err(Failure::unlucky)
    }

    /// Prints a remark, for a person only.
    fn remark(&self, text: &str) {
        if !self.quiet && !self.json {
            // A remark that nobody reads is no failure.
            drop(writeln!(std::io::stderr(), "{text}"));
        }
    }
}

impl Place {
    fn config(&self) -> Result<Config, Failure> {
        Config::read(&self.config).map_err(Failure::usage)
    }

    /// The configuration, and the data folder that `init` made.
    fn open(&self) -> Result<(Config, Data), Failure> {
        let config = self.config()?;
        let data = Data::open(&config.data).ok_or_else(|| {
            Failure::refusal(format!(
                "{} is not a data folder; run knothole-server init first",
                config.data.display()
            ))
        })?;
        Ok((config, data))
    }

    fn desk(&self) -> Result<(Config, Data, Desk), Failure> {
        let (config, data) = self.open()?;
        let desk = Desk::open(&data.store()).map_err(Failure::refused)?;
        Ok((config, data, desk))
    }
}

fn init(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let config = place.config()?;
    let data = Data::create(&config.data).map_err(Failure::unlucky)?;
    let Listen::Tor = config.listen else {
        out.remark("the data folder is made; the onions are those of the tor in front");
        let found = addresses(&config, &data).map_err(Failure::refused)?;
        let public = found.public.map(|onion| onion.to_string());
        let line = public
            .as_deref()
            .unwrap_or("not known yet: set public_onion to the name that it made");
        return out.answer(line, &serde_json::json!({ "public": public }));
    };
    let tor = tor_settings(&config, data.tor())
        .with_keys_in(KeyKeeping::Folder)
        .arti_config()
        .map_err(Failure::usage)?;
    let public = make_identity(&tor, Room::Public).map_err(Failure::refused)?;
    make_identity(&tor, Room::Collection).map_err(Failure::refused)?;
    out.remark("the data folder and both onions are made; the public one is:");
    let public = public.to_string();
    out.answer(&public, &serde_json::json!({ "public": public }))
}

/// What to do when another newsroom is trusted already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    Refuse,
    Replace,
}

fn trust(fingerprint: &str, again: Again, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let fingerprint: Fingerprint = fingerprint.parse().map_err(Failure::usage)?;
    let (_, _, desk) = place.desk()?;
    if again == Again::Replace {
        desk.forget_newsroom().map_err(Failure::refused)?;
    }
    desk.trust(&fingerprint).map_err(Failure::refused)?;
    out.remark("this newsroom is trusted; compare every group with the paper:");
    out.remark(&format!("  {}", fingerprint.grouped()));
    out.remark("if a letter is wrong, type it again with --replace");
    Ok(())
}

fn add(card: &std::path::Path, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (config, data, desk) = place.desk()?;
    let courier = desk
        .add_courier(&read_card(card)?)
        .map_err(Failure::refused)?;
    let collection = addresses(&config, &data)
        .map_err(Failure::refused)?
        .collection
        .map(|onion| onion.to_string());
    out.remark(&format!("courier {} is let in", courier.name));
    let key = discovery_key_text(*courier.card.discovery_key().as_bytes());
    if let Listen::Unix { .. } = config.listen {
        out.remark(
            "the tor in front must know its discovery key too: put this line into a file of \
             the collection service's authorized_clients folder, with the ending .auth",
        );
        out.remark(&key);
    } else if control::ask(&data).is_ok_and(|status| status.is_some()) {
        out.remark("the running server takes a minute or two until the courier can find it");
    }
    out.answer(
        collection.as_deref().unwrap_or(
            "not known yet: set collection_onion to the name that the tor in front made",
        ),
        &serde_json::json!({
            "courier": courier.name.to_string(),
            "collection": collection,
            "discovery_key": key,
        }),
    )
}

fn read_card(path: &std::path::Path) -> Result<Signed<CourierCard>, Failure> {
    let not_a_card = || {
        Failure::refusal(format!(
            "{} is not a courier's card; ask for the file that knothole-courier init wrote",
            path.display()
        ))
    };
    let unreadable = |error: std::io::Error| {
        Failure::refusal(format!("{} cannot be read: {error}", path.display()))
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > MOST_CARD_BYTES {
        return Err(not_a_card());
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Signed::decode(&bytes).map_err(|_| not_a_card())
}

fn revoke(name: &str, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let name: CourierName = name.parse().map_err(Failure::refused)?;
    let (config, _, desk) = place.desk()?;
    desk.revoke_courier(&name).map_err(Failure::refused)?;
    out.remark("the courier is shut out");
    if let Listen::Unix { .. } = config.listen {
        out.remark("remove its file from the authorized_clients folder of the tor in front too");
    }
    Ok(())
}

fn list(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (_, _, desk) = place.desk()?;
    let couriers: Vec<(String, String)> = desk
        .couriers()
        .map_err(Failure::refused)?
        .iter()
        .map(|courier| {
            let key = discovery_key_text(*courier.card.discovery_key().as_bytes());
            (courier.name.to_string(), key)
        })
        .collect();
    if couriers.is_empty() {
        out.remark("there is no courier yet; `courier add CARD` lets one in");
        if !out.json {
            return Ok(());
        }
    }
    let lines: Vec<String> = couriers
        .iter()
        .map(|(name, key)| format!("{name}  {key}"))
        .collect();
    let objects: Vec<_> = couriers
        .iter()
        .map(|(name, key)| serde_json::json!({ "courier": name, "discovery_key": key }))
        .collect();
    out.answer(
        &lines.join("\n"),
        &serde_json::json!({ "couriers": objects }),
    )
}

fn serve(place: &Place) -> Result<(), Failure> {
    let (config, data) = place.open()?;
    hush::start_log(config.danger_tor_log.as_deref());
    let found = addresses(&config, &data).map_err(Failure::refused)?;
    if found.public.is_none() && config.listen == Listen::Tor {
        return Err(Failure::refusal(
            "the onions have no keys; run knothole-server init first",
        ));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::unlucky)?;
    let ended = runtime.block_on(run::serve(config, data, found));
    // arti's tasks have no end of their own; the process's end is theirs.
    std::mem::forget(runtime);
    match ended {
        Err(RunError::Unreachable) => Err(begin_anew()),
        ended => ended.map_err(Failure::unlucky),
    }
}

/// Becomes the same program again, under the same process number: within one process arti cannot
/// start a service a second time.
fn begin_anew() -> Failure {
    tracing::warn!("the server starts anew");
    let mut arguments = std::env::args_os();
    let mut command = std::process::Command::new("/proc/self/exe");
    if let Some(name) = arguments.next() {
        command.arg0(name);
    }
    let error = command.args(arguments).exec();
    Failure::unlucky(error)
}

fn status(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let (_, data) = place.open()?;
    let Some(status) = control::ask(&data).map_err(Failure::unlucky)? else {
        return Err(Failure::try_again("the server does not run"));
    };
    let json = serde_json::to_value(&status).map_err(Failure::unlucky)?;
    out.answer(&status.to_string(), &json)?;
    match status.reach {
        Reach::Ready => Ok(()),
        Reach::Starting | Reach::Lost => Err(Failure::try_again("")),
    }
}
