//! What of a bundle does not come in, and why.

use core::fmt;
use std::path::PathBuf;

use knothole_envelope::{DropId, EpochNumber};

use crate::escape;

/// Something of a bundle did not come in. All else did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The file of a part is on none of the sticks.
    Missing {
        /// The drop it belongs to.
        drop: DropId,
        /// The name of the file.
        name: String,
    },
    /// A part is not what the courier wrote.
    Altered {
        /// The drop it belongs to.
        drop: DropId,
        /// Where it lies.
        path: PathBuf,
    },
    /// A part cannot be read.
    Unreadable {
        /// The drop it belongs to.
        drop: DropId,
        /// What the system says.
        why: String,
    },
    /// The server lists a drop of an epoch that was burned: nobody can open it any more.
    Burned {
        /// The drop.
        drop: DropId,
        /// The epoch.
        epoch: EpochNumber,
    },
    /// Another drop is listed under a name that was used before.
    Other {
        /// The drop.
        drop: DropId,
    },
    /// Another courier lists another drop under the same name, of which less was here.
    Replaced {
        /// The drop.
        drop: DropId,
    },
    /// The archive cannot take account of it.
    Full {
        /// The drop.
        drop: DropId,
    },
}

impl Problem {
    /// The drop that suffers.
    #[must_use]
    pub const fn drop(&self) -> &DropId {
        match self {
            Self::Missing { drop, .. }
            | Self::Altered { drop, .. }
            | Self::Unreadable { drop, .. }
            | Self::Burned { drop, .. }
            | Self::Other { drop }
            | Self::Replaced { drop }
            | Self::Full { drop } => drop,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, .. } => write!(
                f,
                "the file {name} is missing: name all sticks of the bundle at once, or let the \
                 courier fetch the drop again"
            ),
            Self::Altered { path, .. } => write!(
                f,
                "{}: this file is not what the courier wrote: let it fetch the drop again, on \
                 another stick",
                escape::path(path)
            ),
            Self::Unreadable { why, .. } => f.write_str(why),
            Self::Burned { epoch, .. } => write!(
                f,
                "it is sealed to epoch {epoch}, which was burned: nobody can open it any more, and \
                 the next outbox lets the server delete it"
            ),
            Self::Other { .. } => f.write_str(
                "another drop is listed under the same name than the one that came first: that one \
                 was kept, this one was not taken. Courier or server has lied, now or then. If you \
                 do not trust the courier that brought the first one, remove it (`knothole newsroom \
                 courier CARD --remove`) and open this bundle again",
            ),
            Self::Replaced { .. } => f.write_str(
                "another courier lists another drop under the same name. This one came whole and \
                 took its place: one of the two may be turned. Ask the administrator what the server \
                 holds",
            ),
            Self::Full { .. } => f.write_str(
                "the archive cannot take account of more drops, and this one was not taken: remove \
                 a courier that lists what is not there, burn old epochs, or open another archive, \
                 and then open this bundle again",
            ),
        }
    }
}
