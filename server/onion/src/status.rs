//! What a running server says about itself: states and counts, never a value.

use std::fmt;

use knothole_envelope::{Fingerprint, OnionAddress};
use serde::{Deserialize, Serialize, Serializer};

use crate::look::Fill;
use crate::restarts::Restarts;
use crate::text;

/// Whether the drop-box can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reach {
    /// No probe was answered yet.
    Starting,
    /// The last probe was answered; or there is none, and the sockets are open.
    Ready,
    /// A probe was answered once, and the last one was not.
    Lost,
}

/// What the running server makes of the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Clock {
    /// There is nothing to compare it with.
    Untold,
    /// It agrees with Tor's consensus.
    Right,
    /// It does not.
    Wrong,
    /// It jumped, and is not believed yet.
    Jumped,
}

/// Whether sources may leave something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Taking {
    /// New drops are taken.
    Open,
    /// The administrator has closed the drop-box.
    Closed,
}

/// What a running server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) reach: Reach,
    /// Whether somebody probes; without, `reach` says that the sockets are open.
    pub(crate) probed: bool,
    /// How often the probe had the server start anew.
    pub(crate) restarts: Restarts,
    pub(crate) taking: Taking,
    pub(crate) clock: Clock,
    #[serde(with = "text")]
    pub(crate) public: Option<OnionAddress>,
    #[serde(with = "text")]
    pub(crate) collection: Option<OnionAddress>,
    /// The fingerprint of the trusted newsroom; it is told in groups.
    #[serde(serialize_with = "grouped", deserialize_with = "text::deserialize")]
    pub(crate) newsroom: Option<Fingerprint>,
    pub(crate) charter_held: bool,
    pub(crate) sheets: usize,
    pub(crate) couriers: usize,
    pub(crate) drops_visible: usize,
    pub(crate) drops_waiting: usize,
    pub(crate) uploads_unfinished: usize,
    /// Decoys that couriers push among them are counted: the server cannot tell.
    pub(crate) replies_waiting: usize,
    pub(crate) drops_damaged: usize,
    /// Of the room that the store may use.
    pub(crate) percent_full: u8,
    /// Of the disk, whoever filled it.
    pub(crate) percent_of_disk: u8,
}

impl Status {
    /// What is nearer to being full, the store or its disk.
    pub(crate) fn fill(&self) -> u8 {
        self.percent_full.max(self.percent_of_disk)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reach = match (self.reach, self.probed) {
            (Reach::Starting, _) => "starting: its own probe was not answered yet",
            (Reach::Ready, true) => "ready: its own probe was answered",
            (Reach::Ready, false) => "ready: the sockets are open (nobody probes)",
            (Reach::Lost, _) => "lost: its own probe is no longer answered",
        };
        let yes = |yes| if yes { "yes" } else { "no" };
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "not known".into());
        let onion = |onion: Option<OnionAddress>| or_none(onion.map(|onion| onion.to_string()));
        let newsroom = or_none(self.newsroom.map(|newsroom| newsroom.grouped()));
        writeln!(f, "{reach}")?;
        if let Some(alarm) = Fill::of(self.fill()).sentence() {
            writeln!(f, "alarm: {alarm}")?;
        }
        writeln!(f, "started anew by its own probe: {}", self.restarts)?;
        let taking = match self.taking {
            Taking::Open => "taken",
            Taking::Closed => "refused: the drop-box is closed (reopen opens it)",
        };
        writeln!(f, "new drops: {taking}")?;
        let clock = match self.clock {
            Clock::Untold => "compared with nothing",
            Clock::Right => "agrees with the Tor network",
            Clock::Wrong => "does not agree with the Tor network",
            Clock::Jumped => "jumped, and is believed again after a day",
        };
        writeln!(f, "clock: {clock}")?;
        writeln!(f, "public onion: {}", onion(self.public))?;
        writeln!(f, "collection onion: {}", onion(self.collection))?;
        writeln!(f, "newsroom trusted: {newsroom}")?;
        writeln!(f, "charter held: {}", yes(self.charter_held))?;
        writeln!(f, "epoch sheets held: {}", self.sheets)?;
        writeln!(f, "couriers: {}", self.couriers)?;
        writeln!(f, "drops the newsroom can see: {}", self.drops_visible)?;
        writeln!(f, "drops waiting for the batch: {}", self.drops_waiting)?;
        writeln!(f, "unfinished uploads: {}", self.uploads_unfinished)?;
        writeln!(f, "replies and decoys waiting: {}", self.replies_waiting)?;
        writeln!(f, "damaged drops: {}", self.drops_damaged)?;
        writeln!(f, "space used: {} %", self.percent_full)?;
        write!(f, "disk used: {} %", self.percent_of_disk)
    }
}

fn grouped<S: Serializer>(newsroom: &Option<Fingerprint>, to: S) -> Result<S::Ok, S::Error> {
    text::serialize(&newsroom.map(|newsroom| newsroom.grouped()), to)
}
