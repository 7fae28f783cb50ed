//! The drop-box's server: its onion services, its configuration and its supervision.
//!
//! It refuses to know what an upload is: it hands byte streams to the intake, and holds no key
//! but those of its own two onions.

mod backup;
mod burn;
mod command;
mod config;
mod control;
mod data;
mod door;
mod durable;
mod hush;
mod look;
mod manager;
mod passphrase;
mod probe;
mod restarts;
mod room;
mod run;
mod status;
mod text;
mod traffic;
mod walls;

pub use command::{Cli, Failure, run};
