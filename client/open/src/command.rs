//! The commands, one file for each group of them.

mod archive;
mod newsroom;
mod outbox;
mod vault;

use clap::Subcommand;

use crate::desk::Desk;
use crate::failure::{Exit, Failure};

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, look at, copy and change vaults.
    Vault(vault::VaultArgs),
    /// Found a newsroom, name its couriers, print its poster.
    Newsroom(newsroom::NewsroomArgs),
    /// Lay out what goes back to the server: charter, epoch sheets and receipts.
    Outbox(outbox::OutboxArgs),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, desk: &mut Desk) -> Result<Exit, Failure> {
        match self {
            Self::Vault(args) => vault::run(args, desk),
            Self::Newsroom(args) => newsroom::run(args, desk),
            Self::Outbox(args) => outbox::run(args, desk),
        }
    }
}
