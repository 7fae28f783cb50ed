//! What a file is, by its bytes, and what it says about whoever made it; looked at by a child of
//! the program that has no file system, no network, no key, and little time and memory.
//!
//! It refuses to look at a byte of a hostile file in the program that asked, to take what the
//! child says for more than numbers and shortened words, and to call a file clean.

mod child;
mod finding;
mod inspector;
mod kind;
mod look;
mod plan;
mod report;
mod source;
mod walls;
mod words;

pub use child::{ARGUMENT, child_if_asked};
pub use finding::{Finding, Limit, MOST_FINDINGS, MOST_WORDS, What, Words};
pub use inspector::{Hashing, InspectError, Inspector};
pub use kind::Kind;
pub use look::look;
pub use plan::{MOST_NEW_BYTES, MOST_PIECES, Piece, Plan, PlanError, PlanMaker};
pub use report::{Cleaning, MOST_REPORT_BYTES, Report, ReportError};
pub use source::{Gone, ReadAt};
pub use walls::{Walls, WallsError, raise};
