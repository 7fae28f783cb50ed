//! The newsroom's online side: fetches sealed drops onto sticks and pushes what comes back.
//!
//! It refuses to hold a key that opens or deletes: it carries, and can do no more than withhold.

pub mod bundle;
mod caller;
mod command;
mod courier;
mod durable;
mod exit;
mod fetch;
mod hush;
mod keys;
mod outbox;
mod push;
mod random;
mod set_up;
mod shown;
mod state;
mod status;
mod stick;

pub use command::{Cli, run};
