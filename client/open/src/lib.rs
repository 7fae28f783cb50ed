//! The offline client of Knothole: vaults, opening, replies, receipts.
//!
//! It refuses to know a network: no crate beneath it can dial, and the kernel refuses it sockets
//! before it reads its first input.

pub mod archive;
pub mod bundle;
mod cli;
mod command;
mod desk;
pub mod editor;
pub mod escape;
mod failure;
pub mod folder;
pub mod guard;
pub mod newsroom;
pub mod open;
pub mod outbox;
pub mod passphrase;
pub mod reply;
pub mod room;
pub mod screen;
pub mod vault;
pub mod volume;

pub use cli::{Cli, run};
pub use desk::Desk;
pub use failure::{Exit, Failure, report};
// The looking child is this program again: it asks before anything else.
pub use knothole_inspect::child_if_asked;
