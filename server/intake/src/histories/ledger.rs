//! What the drop-box has said, and so what it is held to.

use knothole_envelope::Day;

use super::newsroom::{BURNED, Envelope};

/// How far something is that somebody asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Said {
    #[default]
    Nothing,
    /// It was asked for, and no answer came that it was done.
    Asked,
    /// It was said to be done.
    Done,
}

/// What is known of a drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Bytes of it are still to be sent: it is no drop.
    Open,
    /// All was sent, and nobody has heard what became of it.
    Perhaps,
    /// It was said to have arrived.
    Arrived,
    /// It was refused, or taken back: it is no drop, and never will be.
    Gone,
}

/// A stretch of an envelope with an address of its own.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) path: Option<String>,
    /// Bytes that were acknowledged.
    pub(super) told: usize,
    /// Bytes that may have got there.
    pub(super) sent: usize,
}

impl Lane {
    pub(super) fn of(start: usize, end: usize) -> Self {
        Self {
            start,
            end,
            path: None,
            told: 0,
            sent: 0,
        }
    }

    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn is_whole(&self) -> bool {
        self.told == self.length()
    }
}

/// That the newsroom lets go of a drop.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Release {
    /// When it was asked for first.
    asked: Option<Day>,
    /// When it was done.
    done: Option<Day>,
}

impl Release {
    pub(super) fn ask(&mut self, today: Day) {
        self.asked.get_or_insert(today);
    }

    pub(super) fn done(&mut self, today: Day) {
        self.done.get_or_insert(today);
    }

    pub(super) fn said(&self) -> Said {
        match (self.asked, self.done) {
            (_, Some(_)) => Said::Done,
            (Some(_), None) => Said::Asked,
            (None, None) => Said::Nothing,
        }
    }

    /// Whether the drop may be gone today.
    fn may_be_over(&self, grace: u32, today: Day) -> bool {
        self.asked.is_some_and(|day| is_over(day, grace, today))
    }

    /// Whether it must be.
    fn is_over(&self, grace: u32, today: Day) -> bool {
        self.done.is_some_and(|day| is_over(day, grace, today))
    }
}

fn is_over(came: Day, grace: u32, today: Day) -> bool {
    grace == 0 || today.since(came).is_some_and(|days| days > grace)
}

/// A drop that somebody hands in.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) envelope: Envelope,
    /// One for a whole upload; none for a form, which has no address.
    pub(super) lanes: Vec<Lane>,
    pub(super) fate: Fate,
    /// Its end was asked for, and no answer came.
    pub(super) leaving: bool,
    /// The batch in which all of it had been sent.
    pub(super) since: u64,
    pub(super) born: Day,
    /// Creations with all bytes of it whose answer nobody got: each may be one more drop.
    pub(super) ghosts: usize,
    pub(super) signed: Release,
}

impl Sent {
    pub(super) fn new(envelope: Envelope, lanes: Vec<Lane>, born: Day) -> Self {
        Self {
            envelope,
            lanes,
            fate: Fate::Open,
            leaving: false,
            since: 0,
            born,
            ghosts: 0,
            signed: Release::default(),
        }
    }

    /// All of it has been sent.
    pub(super) fn perhaps(&mut self, batch: u64) {
        if self.fate == Fate::Open {
            (self.fate, self.since) = (Fate::Perhaps, batch);
        }
    }

    /// It was said to have arrived.
    pub(super) fn arrived(&mut self, batch: u64) {
        self.perhaps(batch);
        self.fate = Fate::Arrived;
    }

    pub(super) fn path(&self) -> Option<&String> {
        self.lanes.first().and_then(|lane| lane.path.as_ref())
    }

    pub(super) fn is_burned(&self, ledger: &Ledger) -> Said {
        if self.envelope.epoch == BURNED {
            ledger.burned.said()
        } else {
            Said::Nothing
        }
    }

    /// How many drops of it there may be today, at least and at most.
    pub(super) fn bounds(&self, ledger: &Ledger, today: Day) -> (usize, usize) {
        let (mut least, mut most) = match self.fate {
            Fate::Open | Fate::Gone => (0, 0),
            Fate::Perhaps => (0, 1),
            Fate::Arrived => (1, 1),
        };
        most += self.ghosts;
        let burned = (self.envelope.epoch == BURNED).then_some(&ledger.burned);
        for release in burned.into_iter().chain([&self.signed]) {
            if release.may_be_over(ledger.grace, today) {
                least = 0;
            }
        }
        if burned.is_some_and(|burned| burned.is_over(ledger.grace, today)) {
            most = 0;
        }
        // One receipt names one drop.
        if self.signed.is_over(ledger.grace, today) {
            most = self.ghosts.min(most);
        }
        (least, most)
    }
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    /// Days for which a drop stays after its receipt.
    pub(super) grace: u32,
    pub(super) sent: Vec<Sent>,
    /// The newest charter that was taken, and the newest that was pushed.
    pub(super) charter: (usize, usize),
    pub(super) burned: Release,
    /// By their numbers.
    pub(super) pushed: [Said; 4],
    pub(super) erased: [Said; 4],
    /// By their numbers, beside the one that is always there.
    pub(super) admitted: [Said; 3],
    pub(super) revoked: [Said; 3],
}
