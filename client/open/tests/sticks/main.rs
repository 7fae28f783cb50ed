//! Whole commands of the offline client, cut off at each step that changes a file, and with a stick
//! that is pulled out at each call that touches it.
//!
//! strace kills the program where it makes its nth call of a kind, or has all further calls on the
//! stick's files fail with EIO. After each cut the same command is run again and must end well,
//! nothing may be lost, and what was burned may be nowhere.
//!
//! `KNOTHOLE_EVERY=1` takes every step, as `deploy/soak sticks` does; without it a few are taken.

#![allow(
    clippy::disallowed_types,
    reason = "the tests run the program; the program runs nothing"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "tests"
)]

mod archive;
mod cut;
mod editors;
mod medium;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../work/newsroom.rs"]
mod newsroom;
mod synced;
mod vaults;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::cut::Case;
use crate::newsroom::{Newsroom, ONE, Run, TWO, monday, run};

/// The archive with both vaults.
pub(crate) const KEYS: &str = "--archive archive --vault v1 --vault v2";

/// Runs a command with archive and both vaults in a folder.
pub(crate) fn with_both(at: &Path, line: &str) -> Run {
    run(at, &[ONE, TWO], &format!("{line} {KEYS}"))
}

/// A case of a command with archive and both vaults.
pub(crate) fn with_keys<'a>(base: &'a Path, line: &str) -> Case<'a> {
    Case::new(base, &format!("{line} {KEYS}"), &[ONE, TWO])
}

/// What a folder holds, as it is now, in another folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

/// All files beneath a folder in which these bytes stand.
pub(crate) fn holders(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            found.extend(holders(&entry.path(), wanted));
            continue;
        }
        let bytes = fs::read(entry.path()).unwrap();
        if bytes.windows(wanted.len()).any(|window| window == wanted) {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found.sort_unstable();
    found
}

/// What is secret of the record of the second epoch in a vault, as the head of `vault.rs` places it.
pub(crate) fn record(vault: &Path) -> Vec<u8> {
    fs::read(vault).unwrap()[268 + 64 + 4..268 + 64 + 64].to_vec()
}

/// A newsroom whose vaults and archive lie in its folder, and the vault `v3` of somebody who is no
/// editor. It is made once, because each vault takes its time.
pub(crate) fn newsroom() -> Newsroom {
    static MADE: OnceLock<Newsroom> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let newsroom = Newsroom::new();
        make_vault(newsroom.folder.path(), "v3", THREE);
        newsroom
    });
    made.another()
}

/// The third vault's passphrase.
pub(crate) const THREE: &str = "three correct horse battery staple";

/// A vault for the weeks of the newsroom, and its card.
pub(crate) fn make_vault(at: &Path, name: &str, passphrase: &str) {
    let new = format!("vault new {name} --epochs 3 --first-day {}", monday());
    run(at, &[passphrase], &new).ends_with(0);
    let card = format!("vault card {name} --out {name}.card");
    run(at, &[passphrase], &card).ends_with(0);
}

/// What the sources send.
pub(crate) const BODY: &[u8] = b"what the sources send, as it was";
