//! The commands, one file for each group of them.

mod vault;

use clap::Subcommand;

use crate::desk::Desk;
use crate::failure::{Exit, Failure};

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, look at, copy and change vaults.
    Vault(vault::VaultArgs),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, desk: &mut Desk) -> Result<Exit, Failure> {
        match self {
            Self::Vault(args) => vault::run(args, desk),
        }
    }
}
