//! The commands, one file for each group of them.

mod acknowledge;
mod archive;
mod drops;
mod epochs;
mod files;
mod inspect;
mod newsroom;
mod open;
mod outbox;
mod reply;
mod slips;
mod tally;
mod vault;

use clap::Subcommand;

use crate::desk::Desk;
use crate::failure::{Exit, Failure};

/// What the program can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, look at, copy and change vaults.
    Vault(vault::VaultArgs),
    /// Found a newsroom, change its editors, quorum, couriers or address, tell sources that drops were
    /// opened, print its poster, or go on after vaults were lost.
    Newsroom(newsroom::NewsroomArgs),
    /// See when keys end, make more of them, and burn those that are done with.
    Epochs(epochs::EpochsArgs),
    /// Take a courier's bundles into the archive, and open the drops in them.
    Open(open::OpenArgs),
    /// List the drops of the archive.
    List(drops::ListArgs),
    /// Show what a drop holds: names, sizes, and the source's words.
    Show(drops::ShowArgs),
    /// Open a drop once more.
    Export(drops::ExportArgs),
    /// Say that drops are not wanted, or that nobody can open them.
    Refuse(drops::RefuseArgs),
    /// Tell what opened files are, and what they say about whoever made them.
    Inspect(inspect::InspectArgs),
    /// Answer the source of a drop.
    Reply(reply::ReplyArgs),
    /// Lay out what goes back to the server: charter, epoch sheets, receipts and replies.
    Outbox(outbox::OutboxArgs),
}

impl Command {
    /// Whether it runs the program again to look at files. Such a command holds no key.
    pub(crate) const fn looks(&self) -> bool {
        matches!(self, Self::Inspect(_))
    }

    /// Does it.
    pub(crate) fn run(&self, desk: &mut Desk) -> Result<Exit, Failure> {
        match self {
            Self::Vault(args) => vault::run(args, desk),
            Self::Newsroom(args) => newsroom::run(args, desk),
            Self::Epochs(args) => epochs::run(args, desk),
            Self::Open(args) => open::run(args, desk),
            Self::List(args) => drops::list(args, desk),
            Self::Show(args) => drops::show(args, desk),
            Self::Export(args) => drops::export(args, desk),
            Self::Refuse(args) => drops::refuse(args, desk),
            Self::Inspect(args) => inspect::run(args, desk),
            Self::Reply(args) => reply::run(args, desk),
            Self::Outbox(args) => outbox::run(args, desk),
        }
    }
}
