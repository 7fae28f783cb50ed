//! `knothole-siege`: what an honest source feels of each attack, and what it costs the server.
//!
//! Each attack meets a server of its own. The source sends a message, then a file and a message,
//! three times in quiet and three times under attack; the medians are compared. It ends with 1 when
//! one of them is more than three times as long, or the server had more memory than it may.

use std::error::Error;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use knothole_tests::{Camp, Counts, Network, NetworkFolders, Programs, Road, Siege};

/// The file that the source sends, in bytes.
const FILE: usize = 20_000_000;
/// The most memory that the server may have, in KiB.
const MOST_KIB: u64 = 262_144;
/// How many times as long as in quiet the source may take.
const MOST_TIMES: u128 = 3;
/// How often the source sends.
const ROUNDS: usize = 3;
/// How long an attack may take to have brought what it is about.
const FILLING: Duration = Duration::from_secs(300);
/// How long it may take until a source hears that there is no room for its file.
const TOLD_WITHIN: Duration = Duration::from_secs(60);
/// How long an attack goes on before the source comes.
const SETTLING: Duration = Duration::from_secs(3);

/// Besieges a drop-box.
#[derive(Debug, Parser)]
struct Cli {
    /// Which attacks; all of them unless some are named.
    attacks: Vec<Attack>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Attack {
    Slow,
    Storm,
    Creations,
    Unfinished,
    Heads,
    Lies,
    Restarts,
    Brim,
    Junk,
    Polls,
    Streams,
}

impl Attack {
    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// The server's configuration, besides what it always has.
    const fn lines(self) -> &'static str {
        match self {
            // 512 MiB are kept for messages and replies, and 64 for the newsroom.
            Self::Brim => "space = \"776MiB\"",
            Self::Junk => "space = \"6GiB\"",
            _ => "",
        }
    }

    /// Whether it has done so much that it is one.
    const fn is_at_work(self, counts: &Counts) -> bool {
        match self {
            Self::Slow | Self::Polls | Self::Streams => counts.connections >= 1_000,
            Self::Storm => counts.connections >= 2_000,
            Self::Creations => counts.done >= 10_000,
            Self::Unfinished | Self::Restarts => counts.done >= 200,
            Self::Heads | Self::Lies => counts.refused >= 400,
            Self::Brim => counts.busy_or_full >= 10,
            Self::Junk => counts.done >= 4,
        }
    }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // A closed standard error is no reason to panic.
            drop(writeln!(io::stderr(), "knothole-siege: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<bool, Box<dyn Error>> {
    let programs = Programs::built()?;
    let attacks = if cli.attacks.is_empty() {
        Attack::value_variants().to_vec()
    } else {
        cli.attacks
    };
    let (by_tor, by_socket): (Vec<_>, Vec<_>) = attacks
        .into_iter()
        .partition(|attack| *attack == Attack::Streams);
    say("attack      message quiet/attacked  file quiet/attacked  memory   counts")?;
    let mut held = true;
    if !by_socket.is_empty() {
        let camp = Camp::pitch(&programs, "siege", Road::Sockets)?;
        for attack in by_socket {
            held &= one(&camp, attack)?;
        }
    }
    if !by_tor.is_empty() {
        let folder = programs.target().join("siege-network");
        let network = Network::start(&NetworkFolders {
            run: folder,
            keys: programs.target().join("testnet-keys"),
        })?;
        let camp = Camp::pitch(&programs, "siege", Road::Tor(network.into()))?;
        for attack in by_tor {
            held &= one(&camp, attack)?;
        }
    }
    Ok(held)
}

/// One attack. Says how it went, and gives whether the drop-box has held.
fn one(camp: &Camp, attack: Attack) -> Result<bool, Box<dyn Error>> {
    let siege = camp.besiege(&attack.name(), attack.lines())?;
    let quiet = Round::of(&siege, true)?;
    let mut onslaught = siege.attack(&[&attack.name()])?;
    thread::sleep(SETTLING);
    // A store that files have filled takes none: then the words are all that must arrive.
    let files = attack != Attack::Brim;
    match attack {
        Attack::Brim => until(&siege, "percent_full", 95)?,
        Attack::Creations => until(&siege, "uploads_unfinished", 10_000)?,
        _ => {}
    }
    let before = onslaught.until(|counts| attack.is_at_work(counts))?;
    let attacked = Round::of(&siege, files)?;
    let told = files || siege.hears_that_it_is_full(FILE, TOLD_WITHIN)?;
    let peak = siege.peak_kib()?;
    // It has not ended meanwhile.
    onslaught.until(|counts| *counts != before)?;
    let counts = onslaught.end()?;
    let held = told
        && peak < MOST_KIB
        && attacked.message <= quiet.message.saturating_mul(MOST_TIMES)
        && attacked.file <= quiet.file.saturating_mul(MOST_TIMES);
    let file = if files {
        format!("{} / {} ms", quiet.file, attacked.file)
    } else if told {
        "refused, and told".to_owned()
    } else {
        "refused, and not told".to_owned()
    };
    say(&format!(
        "{:<11} {:>5} / {:>5} ms        {file:<20} {:>4} MiB  {counts}{}",
        attack.name(),
        quiet.message,
        attacked.message,
        peak / 1_024,
        if held { "" } else { "  TOO MUCH" },
    ))?;
    Ok(held)
}

/// Waits until the attack has brought a figure of the server's so far.
fn until(siege: &Siege, figure: &str, least: u64) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    while siege.figure(figure)? < least {
        if begun.elapsed() > FILLING {
            return Err(format!("{figure} did not reach {least} in time").into());
        }
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// How long the source took, in milliseconds: medians.
struct Round {
    message: u128,
    file: u128,
}

impl Round {
    fn of(siege: &Siege, files: bool) -> Result<Self, Box<dyn Error>> {
        let median = |bytes| -> Result<u128, Box<dyn Error>> {
            let mut times = Vec::new();
            for _ in 0..ROUNDS {
                let sent = siege.send(bytes)?;
                if !sent.arrived() {
                    return Err(format!("the source was refused: {:?}", sent.said).into());
                }
                times.push(sent.took.as_millis());
            }
            times.sort_unstable();
            Ok(times.get(ROUNDS / 2).copied().unwrap_or_default())
        };
        Ok(Self {
            message: median(0)?,
            file: if files { median(FILE)? } else { 0 },
        })
    }
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}
