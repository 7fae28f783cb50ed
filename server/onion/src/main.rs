//! Entry point of `knothole-server`.

use std::process::ExitCode;

use clap::Parser as _;
use knothole_server::{Cli, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
