//! What the system tests stand on: a private Tor network of real `tor` processes on loopback, the
//! built programs, and a keeper of child processes that leaves none behind.
//!
//! Nothing here imitates Tor, and nothing here reaches beyond 127.0.0.0/8.

mod broom;
mod camp;
mod child;
mod clock;
mod flood;
mod network;
mod newsroom;
mod onslaught;
mod programs;
mod server;
mod shortcut;
mod siege;
mod tor_client;
mod traces;

pub use broom::Broom;
pub use camp::{Camp, Road};
pub use child::{Process, guarded};
pub use clock::Clock;
pub use flood::{Crowd, Flood, Knocks};
pub use network::{Network, NetworkError, NetworkFolders, RelayName, Traffic};
pub use newsroom::{Courier, Newsroom};
pub use onslaught::{Counts, Onslaught};
pub use programs::{Missing, Programs, Said, finish, finish_within};
pub use server::Server;
pub use shortcut::Shortcut;
pub use siege::{Sent, Siege};
pub use tor_client::TorClient;
pub use traces::Traces;
