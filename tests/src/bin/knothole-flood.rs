//! `knothole-flood`: whether a visitor gets through while a service is flooded with introductions.
//!
//! It starts a private Tor network, a `knothole-server` with proof of work and one without, and
//! has tor clients introduce themselves as fast as they can, each time by a circuit of its own. A
//! visitor who comes anew each time asks for the front page: first in peace, then in the flood. It
//! prints a table, and ends with 1 where proof of work did not let every visitor through, or nobody
//! was asked for any.

use std::error::Error;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use knothole_tests::{
    Broom, Crowd, Flood, Knocks, Network, NetworkFolders, Process, Programs, Server, TorClient,
    guarded,
};

/// Visits in peace, before the flood.
const PEACEFUL_VISITS: usize = 3;
/// How long a visitor waits for a page, as Tor Browser does for a stream.
const VISIT_PATIENCE: Duration = Duration::from_secs(120);
/// How long from the beginning of one visit to the next, where it took less.
const BETWEEN_VISITS: Duration = Duration::from_secs(30);
/// Fewer tries are no flood.
const LEAST_TRIES: u64 = 1_000;
/// Between two tries of a visitor: who is refused at once must not take the processor that is
/// measured.
const BREATH: Duration = Duration::from_millis(100);

/// Floods a service with introductions, with proof of work and without.
#[derive(Debug, Parser)]
struct Cli {
    /// How long each flood lasts; arti raises the effort every five minutes at most.
    #[arg(long, default_value_t = 8)]
    minutes: u64,
    /// Tor clients that flood.
    #[arg(long, default_value_t = 2)]
    clients: usize,
    /// Introductions that each of them has under way.
    #[arg(long, default_value_t = 48)]
    at_once: usize,
    /// How many milliseconds each of these waits for its circuit before it hangs up and comes anew.
    /// Where all wait until they are let in, they come no faster than that, and nobody is asked for
    /// work.
    #[arg(long, default_value_t = 1_000)]
    patience: u64,
    /// How much of one processor the server may have, in percent, by cpulimit: the private network and
    /// the flood have the same machine, and a flood that the server keeps up with asks nobody for work.
    #[arg(long)]
    processor: Option<u32>,
    /// Lines for the server's configuration, for comparing other limits.
    #[arg(long, default_value = "")]
    lines: String,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Nothing is left to do where even this cannot be said.
            drop(writeln!(io::stderr(), "knothole-flood: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<bool, Box<dyn Error>> {
    let programs = Programs::built()?;
    let broom = Broom::new_folder(&programs.target().join("system"), "flood-")?;
    let network = Network::start(&NetworkFolders {
        run: broom.path().join("network"),
        keys: programs.target().join("testnet-keys"),
    })?;
    let ground = Ground {
        programs,
        network,
        folder: broom.path().to_owned(),
    };
    let mut all_came_through = true;
    for proof_of_work in [true, false] {
        let seen = ground.flood(cli, proof_of_work)?;
        say(&format!("{seen}"))?;
        if seen.quiet.iter().any(|visit| visit.took.is_none()) || seen.knocks.all() < LEAST_TRIES {
            return Err("that was no flood, or nobody came through in peace".into());
        }
        all_came_through &= !proof_of_work || seen.refused() == 0 && seen.effort() > 0;
    }
    Ok(all_came_through)
}

/// What both floods stand on.
struct Ground {
    programs: Programs,
    network: Network,
    folder: PathBuf,
}

impl Ground {
    fn flood(&self, cli: &Cli, proof_of_work: bool) -> Result<Seen, Box<dyn Error>> {
        let name = if proof_of_work { "with" } else { "without" };
        let folder = self.folder.join(name);
        let lines = format!(
            "tor = {:?}\nproof_of_work = {proof_of_work}\n{}",
            self.network.arti_settings(),
            cli.lines
        );
        let mut server = Server::new(&self.programs, &folder, &lines)?;
        let onion = server.ask(&["init"])?.done()?;
        server.start()?;
        let _held_down = match (cli.processor, server.id()) {
            (Some(percent), Some(id)) => Some(hold_down(id, percent)?),
            _ => None,
        };
        let quiet = (0..PEACEFUL_VISITS)
            .map(|visit| self.visit(&folder.join(format!("quiet-{visit}")), &onion))
            .collect::<io::Result<Vec<_>>>()?;

        let crowd = Crowd {
            clients: cli.clients,
            at_once: cli.at_once,
            patience: Duration::from_millis(cli.patience),
        };
        let flood = Flood::start(&self.network, &folder, &onion, crowd)?;
        let began = Instant::now();
        let length = Duration::from_secs(cli.minutes.saturating_mul(60));
        let mut visits = Vec::new();
        while began.elapsed() < length {
            let visit = Instant::now();
            let place = folder.join(format!("visit-{}", visits.len()));
            visits.push(self.visit(&place, &onion)?);
            // The pace of visits, not a wait for anything.
            thread::sleep(BETWEEN_VISITS.saturating_sub(visit.elapsed()));
        }
        let length = began.elapsed();
        let knocks = flood.end();
        let memory = server.id().map(most_memory).transpose()?.flatten();
        server.stop()?;
        Ok(Seen {
            proof_of_work,
            quiet,
            visits,
            knocks,
            length,
            memory,
        })
    }

    /// One visitor's first page, by a tor that has never been here: how long it took, or nothing.
    fn visit(&self, folder: &Path, onion: &str) -> io::Result<Visit> {
        let log = folder.join("effort");
        let lines = format!("Log [rend]debug file {}", log.display());
        std::fs::create_dir_all(folder)?;
        let tor = TorClient::start(&self.network, folder, &lines)?;
        let began = Instant::now();
        let mut took = None;
        while took.is_none() && began.elapsed() < VISIT_PATIENCE {
            // tor gives up on a stream after two minutes; a browser's user tries once more.
            if tor
                .get(onion, "/")
                .is_ok_and(|page| page.starts_with("HTTP/1.1 200 "))
            {
                took = Some(began.elapsed());
            } else {
                thread::sleep(BREATH);
            }
        }
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        Ok(Visit {
            took: took.filter(|took| *took < VISIT_PATIENCE),
            effort: most_effort(&said),
        })
    }
}

/// Lets a process have no more than this much of a processor, for as long as this is kept.
fn hold_down(process: u32, percent: u32) -> io::Result<Process> {
    let mut command = guarded("cpulimit");
    command
        .args(["--quiet", "--limit", &percent.to_string()])
        .args(["--pid", &process.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    Process::start(command)
}

/// One visit.
struct Visit {
    took: Option<Duration>,
    /// The greatest effort that its tor solved for.
    effort: u64,
}

/// The greatest number behind the word "effort" in a tor's log.
fn most_effort(log: &str) -> u64 {
    log.match_indices("effort")
        .filter_map(|(at, word)| {
            let rest = log.get(at.checked_add(word.len())?..)?;
            let digits = rest.trim_start_matches([' ', ':', '=']);
            let end = digits.find(|letter: char| !letter.is_ascii_digit())?;
            digits.get(..end)?.parse().ok()
        })
        .max()
        .unwrap_or(0)
}

/// The most memory that a process has had, in KiB.
fn most_memory(process: u32) -> io::Result<Option<u64>> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    Ok(status.lines().find_map(|line| {
        let rest = line.strip_prefix("VmHWM:")?;
        rest.split_whitespace().next()?.parse().ok()
    }))
}

/// What was seen in one flood.
struct Seen {
    proof_of_work: bool,
    quiet: Vec<Visit>,
    visits: Vec<Visit>,
    knocks: Knocks,
    length: Duration,
    /// In KiB.
    memory: Option<u64>,
}

impl Seen {
    /// The greatest effort that a visitor was asked for in the flood.
    fn effort(&self) -> u64 {
        let efforts = self.visits.iter().map(|visit| visit.effort);
        efforts.max().unwrap_or(0)
    }

    fn refused(&self) -> usize {
        self.visits
            .iter()
            .filter(|visit| visit.took.is_none())
            .count()
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.proof_of_work {
            "with"
        } else {
            "without"
        };
        writeln!(f, "{way} proof of work")?;
        writeln!(
            f,
            "  flood: {} tries led to a circuit in time and {} did not in {} s; server at most {} MiB",
            self.knocks.met,
            self.knocks.failed,
            self.length.as_secs(),
            self.memory.unwrap_or(0) / 1024,
        )?;
        for (when, visits) in [("in peace", &self.quiet), ("in the flood", &self.visits)] {
            let times: Vec<String> = visits.iter().map(ToString::to_string).collect();
            let came = visits.iter().filter(|visit| visit.took.is_some()).count();
            writeln!(
                f,
                "  {when}: {came} of {} came through: {}",
                visits.len(),
                times.join(" ")
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.took {
            Some(took) => write!(f, "{:.1}s", took.as_secs_f64())?,
            None => f.write_str("never")?,
        }
        if self.effort > 0 {
            write!(f, "(effort {})", self.effort)?;
        }
        Ok(())
    }
}

fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
