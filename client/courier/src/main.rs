//! The courier: carries sealed drops to sticks, and the newsroom's outbox to the server.

use std::process::ExitCode;

use clap::Parser as _;
use knothole_courier::{Cli, run};

fn main() -> ExitCode {
    run(Cli::parse())
}
