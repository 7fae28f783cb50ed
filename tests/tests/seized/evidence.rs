//! What was taken, and when.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use knothole_envelope::{Fingerprint, WayBack};
use knothole_tests::{Broom, Said};
use rustix::process::geteuid;

use super::planted::{Found, Look, What};
use super::story;

/// All that was taken in the week, as the tests look at it.
pub(crate) struct Evidence {
    pub(crate) taken: Taken,
    pub(crate) look: Look,
    /// The way back to the source that sent twice.
    pub(crate) way_back: WayBack,
    pub(crate) said: SaidInTheWeek,
    pub(crate) cores: Cores,
    pub(crate) locked: Locked,
}

/// Whether programs that were aborted left a core.
#[derive(Debug, Default)]
pub(crate) struct Cores {
    /// A shell, which forbids nothing.
    pub(crate) shell: bool,
    pub(crate) server: bool,
    pub(crate) sender: bool,
    pub(crate) courier: bool,
    pub(crate) offline: bool,
}

/// KiB that are kept out of swap, by whose memory was taken.
pub(crate) type Locked = BTreeMap<String, u64>;

/// What programs answered.
#[derive(Debug)]
pub(crate) struct SaidInTheWeek {
    /// `seizure` in the middle of the week, for people and as JSON, beside the running server.
    pub(crate) seizure: [Said; 2],
    /// The same at the end, and from a server that does not run.
    pub(crate) seizure_at_the_end: [Said; 2],
    /// `seizure` of a server with onions of its own.
    pub(crate) seizure_with_onions: Said,
    /// Commands of `knothole` with one vault of the two that it takes.
    pub(crate) one_vault: Vec<Said>,
    /// `open` with all vaults, of drops whose epoch they have burned; and with older vaults.
    pub(crate) burned: Said,
    pub(crate) not_burned: Said,
    /// What a source read with its words, and what the newsroom had answered.
    pub(crate) replies: Said,
    pub(crate) answer: String,
    /// How many drops the newsroom opened.
    pub(crate) opened: usize,
}

/// A folder with what was taken.
#[derive(Debug)]
pub(crate) struct Taken(pub(crate) Broom);

impl Taken {
    /// Where this was put, or is to be put.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Takes a copy of a folder, whatever is in it.
    pub(crate) fn copy(&self, from: &Path, name: &str) {
        let mut copy = Command::new("cp");
        let status = copy.arg("-a").arg(from).arg(self.path(name)).status();
        assert!(status.unwrap().success());
    }
}

impl Evidence {
    /// What was taken, by the first test that asks.
    pub(crate) fn get() -> &'static Self {
        static EVIDENCE: OnceLock<Evidence> = OnceLock::new();
        EVIDENCE.get_or_init(|| {
            assert!(geteuid().is_root(), "only root may look into memory");
            story::a_week()
        })
    }

    /// What of these kinds stands in one thing that was taken.
    pub(crate) fn found_in(&self, name: &str, kinds: &[What]) -> Found {
        self.look.beneath(&self.taken.path(name), kinds)
    }

    /// The same for what a process held in memory.
    pub(crate) fn found_in_memory(&self, name: &str, kinds: &[What]) -> Found {
        self.look.in_memory(&self.taken.path(name), kinds)
    }
}

/// The fingerprint of a drop-box's address.
pub(crate) fn fingerprint(address: &str) -> Fingerprint {
    address.split_once('#').unwrap().1.parse().unwrap()
}
