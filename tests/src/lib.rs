//! What the system tests stand on: a private Tor network of real `tor` processes on loopback, and
//! a keeper of child processes that leaves none behind.
//!
//! Nothing here imitates Tor, and nothing here reaches beyond 127.0.0.0/8.

mod broom;
mod child;
mod network;

pub use broom::Broom;
pub use child::{Process, guarded};
pub use network::{Network, NetworkError, NetworkFolders, RelayName, Traffic};
