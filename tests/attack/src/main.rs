//! `knothole-attack`: one attack on a drop-box of one's own, for so long.
//!
//! It prints `ready` when every sender of it is at work, and a line of counts at the end and
//! whenever it gets SIGUSR1.

mod attack;
mod ground;
mod header;
mod peer;
mod target;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use attack::Attack;
use ground::Ground;
use target::Target;

/// More senders than this are refused.
const MOST_SENDERS: usize = 2_000;
/// The longest attack.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Attacks a drop-box at a unix socket, or behind a SOCKS port on this machine.
#[derive(Debug, Parser)]
struct Cli {
    /// What to do.
    attack: Attack,
    /// The drop-box's public socket.
    #[arg(long, conflicts_with_all = ["socks", "onion"], required_unless_present = "socks")]
    socket: Option<PathBuf>,
    /// A Tor client's SOCKS port on loopback.
    #[arg(long, requires = "onion")]
    socks: Option<SocketAddr>,
    /// The drop-box's onion name, behind that port.
    #[arg(long, requires = "socks")]
    onion: Option<String>,
    /// How many senders at once.
    #[arg(long)]
    senders: Option<usize>,
    /// For so many seconds, unless it is told to end.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(error.as_ref()),
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    let target = match (cli.socket, cli.socks, cli.onion) {
        (Some(path), ..) => Target::Socket(path),
        (None, Some(socks), Some(onion)) => Target::onion(socks, onion)?,
        _ => return Err("give a socket, or a SOCKS port and an onion".into()),
    };
    let senders = cli.senders.unwrap_or_else(|| cli.attack.senders());
    let length = Duration::from_secs(cli.seconds);
    if senders > MOST_SENDERS || length > LONGEST {
        return Err("more than 2,000 senders or an hour is more than a test needs".into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(carry_out(cli.attack, target, senders, length))
}

async fn carry_out(
    attack: Attack,
    target: Target,
    senders: usize,
    length: Duration,
) -> Result<(), Box<dyn Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut asked = signal(SignalKind::user_defined1())?;
    let ground = Ground::prepare(target, senders).await?;
    let fighting = attack::begin(attack, &ground, senders);
    let fighting = async {
        ground.all_at_work().await;
        say("ready")?;
        fighting.await
    };
    let over = tokio::time::sleep(length);
    tokio::pin!(fighting, over);
    loop {
        tokio::select! {
            ended = &mut fighting => break ended?,
            () = &mut over => break,
            _ = terminated.recv() => break,
            _ = asked.recv() => say(&ground.counts())?,
        }
    }
    say(&ground.counts())?;
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}

fn report(error: &dyn Error) -> ExitCode {
    // A closed standard error is no reason to panic.
    drop(writeln!(io::stderr(), "knothole-attack: {error}"));
    ExitCode::FAILURE
}
