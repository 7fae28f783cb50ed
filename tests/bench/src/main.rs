//! `knothole-bench`: measures Knothole beside what others use, and writes the figures into
//! docs/PERFORMANCE.md.
//!
//! Whole programs are run side by side in one run, by turns, as a user would run them.

mod cipher;
mod contest;
mod cost;
mod growth;
mod intake;
mod over_tor;
mod plot;
mod reach;
mod report;
mod seal;
mod service;
mod wire;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use cipher::Cipher;
use over_tor::Mixed;
use wire::Wire;

/// Measures Knothole beside what others use.
#[derive(Debug, Parser)]
struct Cli {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Sealing and opening, beside rage, age, gpg and a copy of the file.
    Seal {
        #[command(flatten)]
        often: Often,
        /// The size of the file.
        #[arg(long, default_value_t = 1024)]
        mebibytes: u32,
        /// The folder with rage.
        #[arg(long)]
        rage: PathBuf,
        /// Where all files are: in memory, since the disk would hide what is measured.
        #[arg(long, default_value = "/dev/shm")]
        on: PathBuf,
    },
    /// Intake without Tor, beside OnionShare and a program that only receives, writes and syncs.
    Intake {
        #[command(flatten)]
        often: Often,
        /// The size of the large file.
        #[arg(long, default_value_t = 1024)]
        mebibytes: u32,
        /// How many slow senders there are at once.
        #[arg(long, default_value_t = 1000)]
        slow: usize,
    },
    /// Intake over a private Tor network, with links that are slowed.
    Tor {
        #[command(flatten)]
        often: Often,
        /// The size of the file.
        #[arg(long, default_value_t = 33)]
        mebibytes: u32,
        /// By how many milliseconds each link is slowed.
        #[arg(long, value_delimiter = ',', default_value = "0,25,100")]
        delays: Vec<u64>,
        /// By how many circuits at once.
        #[arg(long, value_delimiter = ',', default_value = "1,2,4,7")]
        circuits: Vec<u8>,
        /// Measure ours behind C tor, on both sides and on one, as well.
        #[arg(long)]
        mixed: bool,
    },
    /// How long it takes until a service is reached, and what many uploads cost it, over a private Tor network.
    Reach {
        #[command(flatten)]
        often: Often,
        /// By how many milliseconds each link is slowed.
        #[arg(long, default_value_t = 25)]
        delay: u64,
    },
    /// What a server costs with many drops, and with many uploads.
    Growth {
        #[command(flatten)]
        often: Often,
        /// How many drops there are.
        #[arg(long, value_delimiter = ',', default_value = "10,1000,100000")]
        drops: Vec<usize>,
    },
    /// Seals in memory, as one way of `seal` is measured.
    #[command(hide = true)]
    Cipher { way: Cipher, mebibytes: u32 },
    /// Sends and takes bytes and nothing else, as one way of `intake` and `tor` is measured.
    #[command(hide = true, subcommand)]
    Wire(Wire),
}

/// How often each way is measured, and which.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Often {
    /// How often each way is measured.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Measure only ways with this in their name; then nothing is written down.
    #[arg(long, default_value = "")]
    only: String,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do where even this cannot be said.
            drop(writeln!(io::stderr(), "knothole-bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    match cli.part {
        Part::Seal {
            often,
            mebibytes,
            rage,
            on,
        } => seal::measure(&often, mebibytes, &rage, &on),
        Part::Intake {
            often,
            mebibytes,
            slow,
        } => intake::measure(&often, mebibytes, slow),
        Part::Tor {
            often,
            mebibytes,
            delays,
            circuits,
            mixed,
        } => {
            let mixed = match mixed {
                true => Mixed::With,
                false => Mixed::Without,
            };
            over_tor::measure(&often, mebibytes, &delays, &circuits, mixed)
        }
        Part::Reach { often, delay } => reach::measure(&often, delay),
        Part::Growth { often, drops } => growth::measure(&often, &drops),
        Part::Cipher { way, mebibytes } => cipher::run(way, mebibytes),
        Part::Wire(wire) => wire::run(wire),
    }
}

/// Says how far it is.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
