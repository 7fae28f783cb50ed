//! The commands.

mod care;
mod check;
mod courier;
mod failure;
mod seizure;

use std::io::{self, Write as _};
use std::os::fd::RawFd;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use knothole_envelope::{Day, Fingerprint};
use knothole_intake::{Desk, UnixSeconds};
use knothole_onion::KeyKeeping;

pub use failure::Failure;

use crate::config::{Config, Listen};
use crate::control;
use crate::data::Data;
use crate::door::make_identity;
use crate::hush;
use crate::manager::Manager;
use crate::restarts::Restarts;
use crate::room::Room;
use crate::run::{self, RunError, addresses, tor_settings};
use crate::status::Reach;
use crate::text::plain;
use crate::walls;

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
    /// Looks for what would keep the server from running or give away what it holds. It ends with 0
    /// when all is well, and with 1 when something must be done.
    Check(Place),
    /// Says what this disk and these settings would give to whoever takes them now.
    Seizure(Place),
    /// Takes no new drops, until `reopen`. What was begun can be ended.
    Close(Place),
    /// Takes new drops again.
    Reopen(Place),
    /// Writes what the server is, without drops and replies, into a sealed file.
    Backup {
        /// The file, which must not be there.
        file: PathBuf,
        /// Reads the passphrase from this open descriptor, instead of making one and printing it.
        #[arg(long, value_name = "N")]
        passphrase_fd: Option<RawFd>,
        #[command(flatten)]
        place: Place,
    },
    /// Makes the same server of a backup, where there is none.
    Restore {
        /// The file that `backup` wrote.
        file: PathBuf,
        /// Reads the passphrase from this open descriptor, instead of asking at the terminal.
        #[arg(long, value_name = "N")]
        passphrase_fd: Option<RawFd>,
        /// Writes the configuration alone, into this folder.
        #[arg(long, value_name = "FOLDER")]
        configuration_only: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Burns the keys of both onions, which somebody else may have, and makes new ones.
    NewAddress {
        /// Yes, nobody is to reach the old address any more.
        #[arg(long)]
        burn_the_old_keys: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Lets couriers in and shuts them out.
    #[command(subcommand)]
    Courier(courier::CourierCommand),
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
        Command::Close(place) => care::close(&place, &mut out),
        Command::Reopen(place) => care::reopen(&place, &mut out),
        Command::Backup {
            file,
            passphrase_fd,
            place,
        } => care::backup(&file, passphrase_fd, &place, &mut out),
        Command::Restore {
            file,
            passphrase_fd,
            configuration_only,
            place,
        } => {
            let wanted = match &configuration_only {
                Some(folder) => care::Wanted::Configuration(folder),
                None => care::Wanted::All,
            };
            care::restore(&file, passphrase_fd, wanted, &place, &mut out)
        }
        Command::NewAddress {
            burn_the_old_keys: true,
            place,
        } => care::renounce(&place, &mut out),
        Command::NewAddress { .. } => Err(Failure::refusal(
            "this cannot be undone, and nobody reaches the old address any more: say \
             --burn-the-old-keys",
        )),
        Command::Courier(command) => courier::run(&command, &mut out),
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
        writeln!(std::io::stdout(), "{}", plain(&text)).map_err(Failure::unlucky)
    }

    /// Prints a remark, for a person only.
    fn remark(&self, text: &str) {
        if !self.quiet && !self.json {
            // A remark that nobody reads is no failure.
            drop(writeln!(std::io::stderr(), "{}", plain(text)));
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
            let shown = config.data.display();
            match std::fs::read_dir(&config.data) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    Failure::try_again(format!(
                        "{shown} is another user's: run this as that user, knothole as a rule"
                    ))
                }
                _ if Data::is_half_restored(&config.data) => half_restored(&config.data),
                _ => Failure::refusal(format!(
                    "{shown} is not a data folder; run knothole-server init first"
                )),
            }
        })?;
        Ok((config, data))
    }

    fn desk(&self) -> Result<(Config, Data, Desk), Failure> {
        let (config, data) = self.open()?;
        let desk = Desk::open(&data.store()).map_err(Failure::refused)?;
        Ok((config, data, desk))
    }
}

/// `init` would make other onions there, and so another address.
fn half_restored(folder: &std::path::Path) -> Failure {
    Failure::refusal(format!(
        "a restore to {} was cut off: run knothole-server restore again",
        folder.display()
    ))
}

fn init(place: &Place, out: &mut Out) -> Result<(), Failure> {
    let config = place.config()?;
    if Data::is_half_restored(&config.data) {
        return Err(half_restored(&config.data));
    }
    let data = Data::create(&config.data).map_err(|error| {
        Failure::try_again(format!(
            "{} cannot be made or entered ({error}): run this as the user to whom it belongs, \
             knothole as a rule",
            config.data.display()
        ))
    })?;
    let Listen::Tor = config.listen else {
        out.remark("the data folder is made; the onions are those of the tor in front");
        let found = addresses(&config, &data).map_err(Failure::refused)?;
        let public = found.public.map(|onion| onion.to_string());
        let line = public
            .as_deref()
            .unwrap_or("not known yet: set public_onion to the name that it made");
        return out.answer(line, &serde_json::json!({ "public": public }));
    };
    let public = public_onion(&config, &data)?;
    out.remark("the data folder and both onions are made; the public one is:");
    out.answer(&public, &serde_json::json!({ "public": public }))
}

/// Makes the onions that are not there, and gives the public one.
fn public_onion(config: &Config, data: &Data) -> Result<String, Failure> {
    let tor = tor_settings(config, data.tor())
        .with_keys_in(KeyKeeping::Folder)
        .arti_config()
        .map_err(Failure::usage)?;
    let public = make_identity(&tor, Room::Public).map_err(Failure::refused)?;
    make_identity(&tor, Room::Collection).map_err(Failure::refused)?;
    Ok(public.to_string())
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

fn serve(place: &Place) -> Result<(), Failure> {
    let (config, data) = place.open()?;
    hush::start_log(config.danger_tor_log.as_deref());
    let found = addresses(&config, &data).map_err(Failure::refused)?;
    if found.public.is_none() && config.listen == Listen::Tor {
        return Err(Failure::refusal(
            "the onions have no keys; run knothole-server init first",
        ));
    }
    let manager = Manager::connect();
    run::enclose(&place.config, &config, &data, found).map_err(Failure::refused)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::unlucky)?;
    let noted = data.restarts();
    let ended = runtime.block_on(run::serve(config, data, found, manager));
    // arti's tasks have no end of their own; the process's end is theirs.
    std::mem::forget(runtime);
    match ended {
        Err(RunError::Unreachable(missing)) => {
            let today = Day::from_unix_seconds(UnixSeconds::from_system().get());
            if let Err(error) = Restarts::note(&noted, missing, today) {
                tracing::warn!("that the server starts anew was not noted: {error}");
            }
            Err(begin_anew())
        }
        ended => ended.map_err(Failure::unlucky),
    }
}

/// Becomes the same program again, under the same process number: within one process arti cannot
/// start a service a second time.
fn begin_anew() -> Failure {
    if let Err(error) = walls::let_it_begin_anew() {
        tracing::warn!("the server ends, and is to be started anew from outside");
        return Failure::unlucky(error);
    }
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
