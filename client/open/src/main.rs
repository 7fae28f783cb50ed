//! The offline client.

use std::process::ExitCode;

use knothole_open::{Cli, child_if_asked, run};

fn main() -> ExitCode {
    if let Some(code) = child_if_asked() {
        return code;
    }
    run(&Cli::of_this_run())
}
