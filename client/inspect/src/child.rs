//! The child: the program, run again to look at one file and say what it saw.

use std::io::{self, Write as _};
use std::process::ExitCode;

use sha2::{Digest as _, Sha256};

use crate::look::look;
use crate::report::Report;
use crate::source::{Forward, Gone, Input, ReadAt as _};
use crate::walls;

/// The first argument of a program that is to look at the file on its standard input.
pub const ARGUMENT: &str = "--inspecting-child";
/// The second, where the file's hash is asked for.
pub(crate) const WITH_HASH: &str = "hash";

/// The child may use the processor for so many seconds.
pub(crate) const SECONDS: u64 = 20;
/// So many bytes are hashed in a second, at least.
pub(crate) const HASHED_IN_A_SECOND: u64 = 50 << 20;

/// Does the child's work if this process was started for it, and gives its exit code.
///
/// A program that wants to look at files calls this before it does anything else.
#[must_use]
pub fn child_if_asked() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != *ARGUMENT {
        return None;
    }
    let hashed = arguments.next().is_some_and(|second| second == *WITH_HASH);
    Some(match serve(hashed) {
        Some(()) => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    })
}

/// Looks at standard input and says on standard output what it saw. Whoever asked hears nothing
/// else: a reason could be a hostile file's words.
fn serve(hashed: bool) -> Option<()> {
    // What a fault would tell may be the file's words.
    std::panic::set_hook(Box::new(|_| {}));
    let file = Input::new()?;
    let walls = walls::raise(seconds(file.length(), hashed)).ok()?;
    let seen = look(&file);
    let hash = match hashed {
        true => Some(hash(&file).ok()?),
        false => None,
    };
    let report = Report {
        hash,
        walls,
        ..seen
    };
    io::stdout().write_all(&report.encode().ok()?).ok()
}

/// Seconds of the processor for a file of this length.
pub(crate) fn seconds(length: u64, hashed: bool) -> u64 {
    let hashing = length.checked_div(HASHED_IN_A_SECOND).unwrap_or(0);
    SECONDS.saturating_add(if hashed { hashing } else { 0 })
}

fn hash(file: &Input) -> Result<[u8; 32], Gone> {
    let mut hash = Sha256::new();
    let mut forward = Forward::new(file);
    let mut at = 0_u64;
    while at < file.length() {
        let block = forward.at(at)?;
        hash.update(block);
        at = at.saturating_add(u64::try_from(block.len().max(1)).map_err(|_| Gone)?);
    }
    Ok(hash.finalize().into())
}
