//! From the command line to a run.

use std::net::SocketAddr;
use std::num::NonZeroU8;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use knothole_onion::DropBox;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::ask;
use crate::back::BackArgs;
use crate::error::SendError;
use crate::files::FileSet;
use crate::guard;
use crate::look::{Handling, LookArgs};
use crate::order::{self, Keeping, Order};
use crate::passphrase::{Passphrase, Whose};
use crate::replies::{self, RepliesArgs};
use crate::resume::{Kept, Place, Resume};
use crate::sealed;
use crate::tor::Way;
use crate::upload::AllSent;
use crate::voice::{Style, Voice};

/// How long the tasks of a run may take to end after it.
const LAST_TASKS: Duration = Duration::from_secs(3);

/// Seals files and words on this machine and sends them to a newsroom's drop-box over Tor.
///
/// The address, the message and your words are asked for, or read from files; never write them on
/// the command line, where others can see them.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Tell what happens as JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
    /// Tell nothing but refusals.
    #[arg(long, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look whether an address leads to a drop-box that can be trusted. Nothing is sent.
    Check(CheckArgs),
    /// Seal files and a message into a file, to be sent later.
    Seal(SealArgs),
    /// Seal files and a message, and send them.
    Send(SendArgs),
    /// Read what the newsroom has answered, with the words of an earlier drop. Begin a new Tor
    /// session for it, on another day than the one on which you sent.
    Replies(RepliesCommand),
}

#[derive(Debug, Args)]
struct CheckArgs {
    #[command(flatten)]
    way: WayArgs,
}

#[derive(Debug, Args)]
struct SealArgs {
    /// The files.
    files: Vec<PathBuf>,
    /// Write the sealed drop to this file, which must not be there yet.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    way: WayArgs,
    /// Read the message from this file, or from standard input if it is "-".
    #[arg(long, value_name = "FILE")]
    message_file: Option<PathBuf>,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    back: BackArgs,
}

#[derive(Debug, Args)]
struct SendArgs {
    /// The files, or one file that was sealed before.
    files: Vec<PathBuf>,
    #[command(flatten)]
    way: WayArgs,
    /// Read the message from this file, or from standard input if it is "-".
    #[arg(long, value_name = "FILE")]
    message_file: Option<PathBuf>,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    back: BackArgs,
    /// How many Tor circuits carry what is large at once, 1 to 7. More are faster, and show more relays
    /// that somebody sends much.
    #[arg(long, value_name = "N", default_value = "4", value_parser = circuits)]
    circuits: NonZeroU8,
    /// Keep in this file what it takes to go on after this program or this machine has stopped.
    /// Give the same name again to go on. The file is sealed under a passphrase, and goes when
    /// everything has arrived. Until then it shows whoever has the passphrase what you send.
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
    /// Read the passphrase of the resume file from this open descriptor.
    #[arg(long, value_name = "N", requires = "resume")]
    passphrase_fd: Option<RawFd>,
}

#[derive(Debug, Args)]
struct RepliesCommand {
    #[command(flatten)]
    way: WayArgs,
    #[command(flatten)]
    replies: RepliesArgs,
}

#[derive(Debug, Args)]
struct WayArgs {
    /// Read the drop-box's address from this file.
    #[arg(long, value_name = "FILE")]
    address_file: Option<PathBuf>,
    /// Use the Tor client with this SOCKS port.
    #[arg(long, value_name = "HOST:PORT")]
    socks: Option<SocketAddr>,
    /// Start a Tor with these settings of arti's (TOML): bridges, private networks.
    #[arg(long, value_name = "FILE", conflicts_with = "socks")]
    tor_config: Vec<PathBuf>,
}

/// Nothing goes in more lanes.
const MOST_CIRCUITS: u8 = 7;

fn circuits(text: &str) -> Result<NonZeroU8, String> {
    let number = text.parse().ok();
    number
        .filter(|number: &NonZeroU8| number.get() <= MOST_CIRCUITS)
        .ok_or_else(|| format!("a number from 1 to {MOST_CIRCUITS} is meant"))
}

impl WayArgs {
    fn way(&self) -> Way {
        Way {
            socks: self.socks,
            tor_config: self.tor_config.clone(),
        }
    }
}

impl Cli {
    /// The voice that the command line asks for.
    #[must_use]
    pub fn voice(&self) -> Voice {
        Voice::new(match (self.json, self.quiet) {
            (true, _) => Style::Events,
            (false, true) => Style::Quiet,
            (false, false) => Style::People,
        })
    }
}

/// Does what the command line says.
///
/// # Errors
/// [`SendError`] says what happened and what to do.
pub fn run(cli: Cli, voice: &Voice) -> Result<(), SendError> {
    guard::harden();
    match cli.command {
        Command::Check(args) => check(&args, voice),
        Command::Seal(args) => seal(&args, voice),
        Command::Send(args) => send(&args, voice),
        Command::Replies(args) => replies(&args, voice),
    }
}

fn check(args: &CheckArgs, voice: &Voice) -> Result<(), SendError> {
    let address = ask::address(args.way.address_file.as_deref())?;
    on_a_runtime(async {
        let drop_box = DropBox::new(args.way.way().open(voice).await?, &address);
        order::check(&drop_box, &address, voice).await
    })
}

fn seal(args: &SealArgs, voice: &Voice) -> Result<(), SendError> {
    sealed::refuse_taken(&args.out)?;
    let order = order(
        &args.files,
        &args.way,
        args.message_file.as_deref(),
        &args.look,
        &args.back,
    )?;
    order.back.askable()?;
    on_a_runtime(async {
        let drop_box = DropBox::new(args.way.way().open(voice).await?, &order.address);
        order::seal(&drop_box, order, &args.out, voice).await
    })
}

fn send(args: &SendArgs, voice: &Voice) -> Result<(), SendError> {
    let Some(path) = &args.resume else {
        let order = send_order(args)?;
        return deliver(args, order, None, voice);
    };
    let result = if path.symlink_metadata().is_ok() {
        let passphrase = Passphrase::ask(args.passphrase_fd, Whose::Old)?;
        match Resume::open(path, passphrase)? {
            Resume::Old(kept, journal, place) => {
                let order = kept_order(args, &kept)?;
                deliver(args, order, Some(Keeping::Old(kept, journal, place)), voice)
            }
            Resume::New(place) => {
                let order = send_order(args)?;
                deliver(args, order, Some(Keeping::New(place)), voice)
            }
        }
    } else {
        let order = send_order(args)?;
        let passphrase = Passphrase::ask(args.passphrase_fd, Whose::New)?;
        let place = Place::new(path, passphrase);
        deliver(args, order, Some(Keeping::New(place)), voice)
    };
    if result.is_err() && path.symlink_metadata().is_ok() {
        voice.say(
            "What it takes to go on is kept in the resume file. Run the same command again when \
             you can.",
        );
    }
    result
}

fn replies(args: &RepliesCommand, voice: &Voice) -> Result<(), SendError> {
    let address = ask::address(args.way.address_file.as_deref())?;
    on_a_runtime(async {
        // Words first: a slip is told before anything takes minutes.
        let codenames = args.replies.codenames().await?;
        let drop_box = DropBox::new(args.way.way().open(voice).await?, &address);
        replies::collect(&drop_box, &address, &codenames, args.replies.then(), voice).await
    })
}

fn deliver(
    args: &SendArgs,
    order: Order,
    keeping: Option<Keeping>,
    voice: &Voice,
) -> Result<(), SendError> {
    let all_sent = AllSent::of(keeping.as_ref());
    let result = on_a_runtime(async {
        let drop_box = DropBox::new(args.way.way().open(voice).await?, &order.address);
        order::deliver(&drop_box, order, args.circuits, keeping, &all_sent, voice).await
    });
    match result {
        Err(SendError::Stopped) if all_sent.get() => Err(SendError::MayHaveArrived),
        Err(error) if all_sent.get() && error.leaves_open() => Err(SendError::MayHaveArrived),
        result => result,
    }
}

/// What is to be sent. One file may be sealed already, and then nothing is asked.
fn send_order(args: &SendArgs) -> Result<Order, SendError> {
    let order = order(
        &args.files,
        &args.way,
        args.message_file.as_deref(),
        &args.look,
        &args.back,
    )?;
    if order.files.only().is_none() {
        order.back.askable()?;
    }
    Ok(order)
}

/// What was wanted in the run before. What the command line says again must be the same.
fn kept_order(args: &SendArgs, kept: &Kept) -> Result<Order, SendError> {
    let beginning = &kept.beginning;
    if args.way.address_file.is_some()
        && ask::address(args.way.address_file.as_deref())? != beginning.address
    {
        return Err(SendError::OtherOrder);
    }
    let paths: Vec<PathBuf> = beginning
        .files
        .iter()
        .map(|file| file.path.clone())
        .collect();
    if !args.files.is_empty() {
        let named = FileSet::look_at(&args.files)?;
        if !named.are_at(paths.iter().map(PathBuf::as_path)) {
            return Err(SendError::OtherOrder);
        }
    }
    let said = beginning
        .sealing
        .as_ref()
        .map(|(_, manifest)| manifest.message());
    if let Some(path) = &args.message_file {
        let message = ask::message_from(path)?;
        if said.is_none_or(|said| said.as_str() != message.as_str()) {
            return Err(SendError::OtherOrder);
        }
    }
    Ok(Order {
        address: beginning.address,
        files: FileSet::look_at(&paths)?,
        message: said.cloned(),
        // For an envelope that is begun anew, of files that may have changed since they were told of.
        handling: match beginning.is_cleaned() {
            true => Handling::Clean,
            false => args.look.handling(),
        },
        back: args.back.kept(beginning)?,
    })
}

fn order(
    files: &[PathBuf],
    way: &WayArgs,
    message_file: Option<&Path>,
    look: &LookArgs,
    back: &BackArgs,
) -> Result<Order, SendError> {
    Ok(Order {
        files: FileSet::look_at(files)?,
        address: ask::address(way.address_file.as_deref())?,
        message: message_file.map(ask::message_from).transpose()?,
        handling: look.handling(),
        back: back.back()?,
    })
}

/// Runs it until it ends or the source ends it, and leaves nothing running.
fn on_a_runtime(work: impl Future<Output = Result<(), SendError>>) -> Result<(), SendError> {
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        // Before anything begins: whoever ends it early must find it listening.
        let end = end_asked();
        tokio::select! {
            result = work => result,
            () = end => Err(SendError::Stopped),
        }
    });
    runtime.shutdown_timeout(LAST_TASKS);
    result
}

fn runtime() -> Result<Runtime, SendError> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|_| SendError::Fault("its runtime does not start"))
}

/// Listens from now on, and waits until the source, the terminal or the system asks for the end.
fn end_asked() -> impl Future<Output = ()> {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::quit(),
    ];
    let signals = kinds.map(signal);
    async {
        let [
            Ok(mut interrupt),
            Ok(mut terminate),
            Ok(mut hangup),
            Ok(mut quit),
        ] = signals
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
            _ = quit.recv() => {}
        }
    }
}
