//! The source's tool: seals files on this machine and sends them to a drop-box.
//!
//! It refuses to open a file before the newsroom's keys are verified, to send a byte that is not
//! sealed, to take an address or words from the command line, and to leave anything on a disk
//! that was not asked for.

mod ask;
mod back;
mod cli;
mod contact;
mod error;
mod files;
mod guard;
mod look;
mod newsroom;
mod order;
mod pace;
mod page;
mod parcel;
mod passphrase;
mod replies;
mod resume;
mod sealed;
mod spare;
mod tor;
mod tty;
mod upload;
mod voice;
mod words;

pub use ask::AskError;
pub use cli::{Cli, run};
pub use error::{SendError, report};
pub use files::{FileError, Named, Reason};
// The looking child is this program again: it asks before anything else.
pub use knothole_inspect::child_if_asked;
pub use newsroom::NewsroomError;
pub use parcel::ParcelError;
pub use passphrase::PassphraseError;
pub use resume::LogError;
pub use sealed::OutError;
pub use voice::{Style, Voice};
pub use words::{Slips, WordsError};
