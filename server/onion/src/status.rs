//! What a running server says about itself: states and counts, never a value.

use std::fmt;

use serde::{Deserialize, Serialize};

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

/// What a running server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    pub(crate) reach: Reach,
    /// Whether somebody probes; without, `reach` says that the sockets are open.
    pub(crate) probed: bool,
    pub(crate) public: Option<String>,
    pub(crate) collection: Option<String>,
    /// The fingerprint of the trusted newsroom, in groups.
    pub(crate) newsroom: Option<String>,
    pub(crate) charter_held: bool,
    pub(crate) sheets: usize,
    pub(crate) couriers: usize,
    pub(crate) drops_visible: usize,
    pub(crate) drops_waiting: usize,
    pub(crate) uploads_unfinished: usize,
    /// Decoys that couriers push among them are counted: the server cannot tell.
    pub(crate) replies_waiting: usize,
    pub(crate) drops_damaged: usize,
    pub(crate) percent_full: u8,
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
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "not known".into());
        writeln!(f, "{reach}")?;
        writeln!(f, "public onion: {}", or_none(&self.public))?;
        writeln!(f, "collection onion: {}", or_none(&self.collection))?;
        writeln!(f, "newsroom trusted: {}", or_none(&self.newsroom))?;
        writeln!(f, "charter held: {}", yes(self.charter_held))?;
        writeln!(f, "epoch sheets held: {}", self.sheets)?;
        writeln!(f, "couriers: {}", self.couriers)?;
        writeln!(f, "drops the newsroom can see: {}", self.drops_visible)?;
        writeln!(f, "drops waiting for the batch: {}", self.drops_waiting)?;
        writeln!(f, "unfinished uploads: {}", self.uploads_unfinished)?;
        writeln!(f, "replies and decoys waiting: {}", self.replies_waiting)?;
        writeln!(f, "damaged drops: {}", self.drops_damaged)?;
        write!(f, "space used: {} %", self.percent_full)
    }
}
