//! From the command line to a run.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use knothole_onion::DropBox;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::ask;
use crate::error::SendError;
use crate::files::FileSet;
use crate::guard;
use crate::order::{Order, deliver};
use crate::tor::Way;
use crate::voice::{Style, Voice};

/// How long the tasks of a run may take to end after it.
const LAST_TASKS: Duration = Duration::from_secs(3);

/// Seals files and words on this machine and sends them to a newsroom's drop-box over Tor.
///
/// Every drop is one-time: there is no way back to you yet. The address and the message are asked
/// for, or read from files; never write them on the command line, where others can see them.
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
    /// Seal files and a message, and send them.
    Send(SendArgs),
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
    /// Leave no way back to you. This is the only kind of drop there is so far.
    #[arg(long)]
    no_reply: bool,
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
        Command::Send(args) => send(&args, voice),
    }
}

fn send(args: &SendArgs, voice: &Voice) -> Result<(), SendError> {
    let files = FileSet::look_at(&args.files)?;
    let address = ask::address(args.way.address_file.as_deref())?;
    let message = args
        .message_file
        .as_deref()
        .map(ask::message_from)
        .transpose()?;
    let way = args.way.way();
    on_a_runtime(async {
        let dialer = way.open(voice).await?;
        let drop_box = DropBox::new(dialer, &address);
        let order = Order {
            address,
            files,
            message,
        };
        deliver(&drop_box, order, voice).await
    })
}

/// Runs it until it ends or the source ends it, and leaves nothing running.
fn on_a_runtime(work: impl Future<Output = Result<(), SendError>>) -> Result<(), SendError> {
    let runtime = runtime()?;
    let result = runtime.block_on(async {
        tokio::select! {
            result = work => result,
            () = end_asked() => Err(SendError::Stopped),
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

/// Waits until the source, the terminal or the system asks for the end.
async fn end_asked() {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
