//! The source's tool.

use std::process::ExitCode;

use clap::Parser as _;
use knothole_send::{Cli, report, run};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let voice = cli.voice();
    match run(cli, &voice) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, &voice),
    }
}
