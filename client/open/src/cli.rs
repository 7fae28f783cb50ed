//! From the command line to a run.

mod pages;

use std::os::fd::RawFd;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};
use knothole_envelope::Day;

use crate::command::Command;
use crate::desk::Desk;
use crate::failure::{Failure, report};
use crate::guard::{self, Memory};
use crate::passphrase::Asker;
use crate::screen::{Screen, Style};

/// Keeps an editor's keys, and opens what sources sent, on a machine that is never online.
#[derive(Debug, Parser)]
#[command(name = "knothole", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Tell what happens as JSON, one object a line.
    #[arg(long, global = true)]
    json: bool,
    /// Tell nothing but results, warnings and refusals.
    #[arg(long, global = true, conflicts_with = "json")]
    quiet: bool,
    /// Read a passphrase from this open descriptor, one line; repeat it for each vault, in their
    /// order.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    passphrase_fd: Vec<RawFd>,
    /// Read slips from this open descriptor, one line each, in the order of the vaults and then of
    /// their epochs. An empty line does without.
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    slip_fd: Option<RawFd>,
    /// Take this for today's date, as in 2026-11-23: for a machine whose clock is wrong.
    #[arg(long, global = true, value_name = "DATE")]
    today: Option<Day>,
}

impl Cli {
    /// What the command line of this run says. It ends the program where that cannot be.
    #[must_use]
    pub fn of_this_run() -> Self {
        let matches = pages::fitted(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    const fn screen(&self) -> Screen {
        Screen::new(match (self.json, self.quiet) {
            (true, _) => Style::Events,
            (false, true) => Style::Quiet,
            (false, false) => Style::People,
        })
    }
}

/// Does what the command line says, behind the walls.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    let screen = cli.screen();
    match guarded(cli, screen) {
        Ok(exit) => exit,
        Err(failure) => report(&failure, screen),
    }
}

fn guarded(cli: &Cli, screen: Screen) -> Result<ExitCode, Failure> {
    let descriptors: Vec<_> = cli
        .passphrase_fd
        .iter()
        .copied()
        .chain(cli.slip_fd)
        .collect();
    let memory = if cli.command.looks() {
        guard::enter_to_look(&descriptors)?
    } else {
        guard::enter(&descriptors)?
    };
    if memory == Memory::MaySwap {
        screen.warn(
            "this system may write keys to its swap space. Use a machine without swap, such as \
             Tails",
        );
    }
    let asker = Asker::new(cli.passphrase_fd.clone(), cli.slip_fd);
    let mut desk = Desk::new(screen, asker, cli.today)?;
    cli.command.run(&mut desk).map(ExitCode::from)
}
