//! Opening a sealed drop into a folder of its own.
//!
//! Files get names of this program's making (`1.mov`, `2`, …) and end in `.partial` until the last
//! chunk of the drop has verified. `contents.txt` says what the source called them, `message.txt`
//! holds the words; both are escaped, so that they may be shown on a terminal.

mod error;
mod name;
mod unseal;
mod work;
mod write;

use std::path::PathBuf;

use crate::archive::ConversationNumber;

pub use error::{OpenDropError, Warning};
pub use unseal::{Unsealed, unseal};
pub use write::write;

/// What was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The folder with the files.
    pub folder: PathBuf,
    /// How many files.
    pub files: usize,
    /// How many bytes in them.
    pub bytes: u64,
    /// Whether the source wrote a message.
    pub message: bool,
    /// Whether the source can be answered.
    pub way_back: bool,
    /// The conversation that the archive remembers it as.
    pub conversation: Option<ConversationNumber>,
    /// What an editor must know.
    pub warnings: Vec<Warning>,
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
