//! The source's tool.

use std::process::ExitCode;

use clap::Parser as _;
use knothole_send::{Cli, child_if_asked, report, run};

fn main() -> ExitCode {
    if let Some(code) = child_if_asked() {
        return code;
    }
    let cli = Cli::parse();
    let voice = cli.voice();
    match run(cli, &voice) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error, &voice),
    }
}
