//! Lines that are made before they are needed, and lines that are left: to make one takes many round
//! trips through Tor.

use std::time::Duration;

use knothole_onion::{DropBox, Line};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A line that has waited longer is not used: a drop-box lets one that is idle go after a minute, and
/// that a circuit has died would be seen only when an answer does not come.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A line that is there, or is being made. Dropped, it is not made any further.
#[derive(Debug)]
pub(crate) struct Spare(State);

#[derive(Debug)]
enum State {
    Made(Made),
    /// One task; nothing comes of it where the drop-box was not reached.
    Making(JoinSet<Option<Made>>),
}

#[derive(Debug)]
struct Made {
    line: Line,
    when: Instant,
}

impl Made {
    fn now(line: Line) -> Self {
        let when = Instant::now();
        Self { line, when }
    }
}

impl Spare {
    /// One that is good just now.
    pub(crate) fn of(line: Line) -> Self {
        Self(State::Made(Made::now(line)))
    }

    /// Begins to make one.
    pub(crate) fn begin(drop_box: &DropBox) -> Self {
        let drop_box = drop_box.clone();
        let mut task = JoinSet::new();
        task.spawn(async move { drop_box.connect().await.ok().map(Made::now) });
        Self(State::Making(task))
    }

    /// Waits until it is made; gives nothing where that did not go. Whoever needs a line makes one then,
    /// and hears why not.
    pub(crate) async fn made(self) -> Option<Self> {
        let made = match self.0 {
            State::Made(made) => made,
            State::Making(mut task) => task.join_next().await?.ok()??,
        };
        let good = made.when.elapsed() <= LONGEST_WAIT;
        good.then_some(Self(State::Made(made)))
    }

    /// The line, if it is made in the end, and good as far as anybody knows.
    pub(crate) async fn line(self) -> Option<Line> {
        match self.made().await?.0 {
            State::Made(made) => Some(made.line),
            State::Making(_) => None,
        }
    }

    /// When it was known to be good the last time, once it is made.
    pub(crate) fn seen_good(&self) -> Option<Instant> {
        match &self.0 {
            State::Made(made) => Some(made.when),
            State::Making(_) => None,
        }
    }
}
