//! What happened in the stores under `fixtures`: the same in each, whatever version it has.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test and the program that makes the fixtures share it, and both end where they cannot go on"
)]

use std::time::Duration;

use knothole_envelope::{Codename, EpochSecret, SigningSecret, WayBack};
use knothole_intake::Settings;

use super::newsroom::{BATCH, DAY, House, Keys, settings};

/// When the stores began, and when they were left.
pub const BEGAN: u64 = DAY;
pub const LEFT: u64 = DAY + BATCH;
/// The words of the one drop that was sealed in earnest, and the length of its file.
pub const WORDS: &str = "hear me";
pub const FILE_BYTES: usize = 5;
/// Bytes of the unfinished upload that were acknowledged.
pub const ACKNOWLEDGED: usize = 300_000;

/// The keys of an editor who does not exist.
pub fn keys() -> Keys {
    Keys {
        signing: SigningSecret::from_bytes([1; 32]),
        secret: EpochSecret::from_bytes([2; 32]),
    }
}

/// Drops stay for two days after they were signed off.
pub fn rules() -> Settings {
    let mut settings = settings();
    settings.grace = Duration::from_secs(2 * 86_400);
    settings
}

/// The source to whom two replies wait.
pub fn source(house: &House) -> WayBack {
    Codename::from_bytes([3; 16]).way_back(&house.fingerprint())
}

/// What stands beside a fixture, a line each: a word, and what it names.
///
/// ```text
/// earnest TREE      a visible drop that was sealed in earnest
/// signed-off TREE   a visible one that the newsroom has signed off
/// waiting TREE      one of two lanes, which waits for the end of its batch
/// unfinished PATH   an upload
/// reply NAME        a reply that waits, by the hash of its envelope
/// ```
pub struct Ledger(pub Vec<(String, String)>);

impl Ledger {
    pub fn read(text: &str) -> Self {
        let lines = text.lines().map(|line| line.split_once(' ').unwrap());
        Self(
            lines
                .map(|(word, what)| (word.to_owned(), what.to_owned()))
                .collect(),
        )
    }

    pub fn written(&self) -> String {
        let lines = self.0.iter();
        lines
            .map(|(word, what)| format!("{word} {what}\n"))
            .collect()
    }

    /// All that this word stands before.
    pub fn all(&self, word: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|(known, _)| known == word);
        found.map(|(_, what)| what.as_str()).collect()
    }

    /// The one that it stands before.
    pub fn one(&self, word: &str) -> &str {
        let found = self.all(word);
        assert_eq!(found.len(), 1, "{word} stands there once");
        found.first().copied().unwrap()
    }
}
