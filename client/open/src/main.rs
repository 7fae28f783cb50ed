//! The offline client.

use std::process::ExitCode;

use clap::Parser as _;
use knothole_open::{Cli, run};

fn main() -> ExitCode {
    run(&Cli::parse())
}
