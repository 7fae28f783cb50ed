//! What the kernel keeps the running server from, from before its first connection on.
//!
//! Whoever takes the server over has what it has: the data folder, and the onions' keys in it. These
//! walls keep the rest of the machine from them. They outlast the program's own new start; nothing in
//! the process can take them down.

mod calls;
mod reach;
mod transports;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use reach::{Landlock, let_it_begin_anew};
pub(crate) use transports::{TransportsError, transports};

/// With whom the running server has to do. Each may do more than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Neighbours {
    /// A tor in front, at two sockets: no network, no socket of others, and no program ever again.
    Tor,
    /// The relays of the Tor network: streams to them, and this program again.
    Relays,
    /// Relays behind these programs, which are pluggable transports and do what they like.
    Transports(Vec<PathBuf>),
}

/// What the running server has to reach.
#[derive(Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) neighbours: Neighbours,
    /// The folder that it keeps everything in.
    pub(crate) data: &'a Path,
    /// The folders of its configuration and of Tor's settings, which are read again at a new start:
    /// an editor may have put another file in the place of the first.
    pub(crate) configuration: &'a [&'a Path],
    /// The folder in which it makes its sockets.
    pub(crate) sockets: Option<&'a Path>,
    /// What else it may read.
    pub(crate) readable: &'a [PathBuf],
}

/// Which walls stand around this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walls {
    /// Landlock and the filter of system calls.
    Both,
    /// The filter alone.
    FilterOnly,
    /// Those of an earlier start of the same process.
    OfBefore,
}

impl fmt::Display for Walls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both => "Landlock and seccomp stand around the server",
            Self::FilterOnly => {
                "seccomp alone stands around the server: Landlock takes Linux 5.19, and must be on"
            }
            Self::OfBefore => "the walls of its first start stand around the server",
        })
    }
}

/// Raises the walls around this thread and all that it will start. Call it before there is another.
///
/// # Errors
/// [`WallsError`]: then the server must not run.
pub(crate) fn raise(ground: &Ground<'_>) -> Result<Walls, WallsError> {
    if calls::are_filtered() {
        return Ok(Walls::OfBefore);
    }
    // First, because the filter lets nobody make rules any more.
    let walls = if reach::limit(ground)? {
        Walls::Both
    } else {
        Walls::FilterOnly
    };
    calls::filter(&ground.neighbours).map_err(WallsError::Filter)?;
    Ok(walls)
}

/// The walls are not up.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum WallsError {
    /// What this process consists of cannot be read.
    Code(io::Error),
    /// What the server has to reach is not there.
    Ground(landlock::PathFdError),
    /// Landlock is there, and does not take the rules.
    Landlock(landlock::RulesetError),
    /// The system does not take the filter.
    Filter(calls::FilterError),
}

impl fmt::Display for WallsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "/proc/self/maps cannot be read: is /proc mounted?",
            Self::Ground(_) => "a folder that the server needs cannot be opened",
            Self::Landlock(_) => "Landlock does not take the rules",
            Self::Filter(_) => "this system cannot filter what the server calls",
        })
    }
}

impl std::error::Error for WallsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Code(error) => Some(error),
            Self::Ground(error) => Some(error),
            Self::Landlock(error) => Some(error),
            Self::Filter(error) => Some(error),
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::print_stdout,
    reason = "a test tells the one that started it what it could do"
)]
mod tests;
