//! `knothole-testnet`: a private Tor network on loopback for as long as somebody listens.
//!
//! It prints `ready`, then takes one command a line: `list`, `traffic`, `kill NAME`,
//! `kill-busy BYTES`, `restart NAME`. It ends, with every node, when its input ends or at SIGTERM.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use knothole_tests::{Network, NetworkFolders, RelayName, Traffic};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Runs a private Tor network on loopback: three authorities and seven relays.
#[derive(Debug, Parser)]
struct Cli {
    /// The folder of this run; arti.toml and tor-client.torrc are written into it.
    #[arg(long)]
    dir: PathBuf,
    /// The folder in which the nodes' keys are kept between runs.
    #[arg(long, default_value = "target/testnet-keys")]
    keys: PathBuf,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(error.as_ref()),
    }
}

fn run(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let ended = runtime.block_on(serve(cli));
    // Where the network still comes up, its nodes end with this process.
    runtime.shutdown_background();
    ended
}

async fn serve(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut lines = typed_lines();
    let folders = NetworkFolders {
        run: cli.dir.clone(),
        keys: cli.keys.clone(),
    };
    let mut coming = tokio::task::spawn_blocking(move || Network::start(&folders));
    let mut running: Option<(Network, Traffic)> = None;
    let mut early: Vec<String> = Vec::new();
    loop {
        let line = tokio::select! {
            _ = terminated.recv() => return Ok(()),
            _ = interrupted.recv() => return Ok(()),
            network = &mut coming, if running.is_none() => {
                let network = network??;
                let seen = network.traffic()?;
                say("ready")?;
                let (network, seen) = running.insert((network, seen));
                for line in early.drain(..) {
                    answer(network, seen, &line)?;
                }
                continue;
            }
            line = lines.recv() => line,
        };
        let Some(line) = line else { return Ok(()) };
        match &mut running {
            Some((network, seen)) => answer(network, seen, &line)?,
            None => early.push(line),
        }
    }
}

fn answer(network: &Network, seen: &mut Traffic, line: &str) -> io::Result<()> {
    match obey(network, seen, line) {
        Ok(text) => say(&text),
        Err(error) => say(&format!("error: {error}")),
    }
}

/// The lines of standard input, read on a thread that nobody waits for: a signal must end the
/// program while it still reads.
fn typed_lines() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    typed
}

fn obey(network: &Network, seen: &mut Traffic, line: &str) -> Result<String, Box<dyn Error>> {
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some("list"), None) => {
            let names = network.relays();
            let names: Vec<&str> = names.iter().map(RelayName::as_str).collect();
            Ok(names.join(" "))
        }
        (Some("traffic"), None) => {
            let now = network.traffic()?;
            let since = now.since(seen);
            *seen = now;
            let parts = since.per_relay().iter();
            let parts: Vec<String> = parts
                .map(|(name, bytes)| format!("{name}={bytes}"))
                .collect();
            Ok(parts.join(" "))
        }
        (Some("kill"), Some(name)) => {
            network.kill(&RelayName::from(name))?;
            Ok(format!("killed {name}"))
        }
        (Some("kill-busy"), Some(bytes)) => {
            // Counted from the last `traffic` on, so that asking often does not hide a busy relay.
            let since = network.traffic()?.since(seen);
            let Some(name) = since.relays_above(bytes.parse()?).next() else {
                return Ok("none so busy".to_owned());
            };
            network.kill(name)?;
            Ok(format!("killed {name}"))
        }
        (Some("restart"), Some(name)) => {
            network.restart(&RelayName::from(name))?;
            Ok(format!("restarted {name}"))
        }
        _ => Err("commands: list, traffic, kill NAME, kill-busy BYTES, restart NAME".into()),
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn report(error: &dyn Error) -> ExitCode {
    let mut text = format!("knothole-testnet: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    // Nothing is left to do where even this cannot be said.
    let _said = writeln!(io::stderr(), "{text}");
    ExitCode::FAILURE
}
