//! The offline client of Knothole: vaults, opening, receipts.
//!
//! It refuses to know a network: no crate beneath it can dial, and the kernel refuses it sockets
//! before it reads its first input.

pub mod escape;
pub mod folder;
pub mod guard;
pub mod outbox;
pub mod passphrase;
