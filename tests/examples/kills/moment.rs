//! The moments at which a server is killed, and who says that one has come.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// While it starts.
    Start,
    /// When an upload's creation has reached it.
    Creation,
    /// When a part of a piece has reached it.
    Piece,
    /// When the last byte of an upload has reached it.
    LastPiece,
    /// When lanes are to become one.
    Joining,
    /// When a form has reached it whole.
    Form,
    /// When a drop is put in its place.
    Commit,
    /// When it says that a drop has arrived. Nobody hears it.
    Answer,
    /// When drops become visible.
    Boundary,
    /// When a courier fetches.
    Fetch,
    /// When receipts have reached it.
    Receipts,
    /// When a drop is removed.
    Removal,
    /// When replies have reached it.
    Replies,
    /// When a charter or sheets have reached it.
    Papers,
    /// When a source looks into a mailbox or erases.
    Mailbox,
    /// Whatever it does.
    Any,
}

impl Moment {
    pub(crate) const ALL: [Self; 16] = [
        Self::Start,
        Self::Creation,
        Self::Piece,
        Self::LastPiece,
        Self::Joining,
        Self::Form,
        Self::Commit,
        Self::Answer,
        Self::Boundary,
        Self::Fetch,
        Self::Receipts,
        Self::Removal,
        Self::Replies,
        Self::Papers,
        Self::Mailbox,
        Self::Any,
    ];

    /// Those at which most is at stake come most often; the rarest need a courier who comes by.
    pub(crate) const DRAWN: [Self; 25] = [
        Self::Start,
        Self::Start,
        Self::Creation,
        Self::Piece,
        Self::Piece,
        Self::LastPiece,
        Self::LastPiece,
        Self::LastPiece,
        Self::Joining,
        Self::Joining,
        Self::Form,
        Self::Commit,
        Self::Commit,
        Self::Commit,
        Self::Answer,
        Self::Answer,
        Self::Boundary,
        Self::Boundary,
        Self::Fetch,
        Self::Receipts,
        Self::Removal,
        Self::Replies,
        Self::Papers,
        Self::Mailbox,
        Self::Any,
    ];

    /// The folder of the store in which it shows, where it shows in none of the requests.
    pub(crate) const fn folder(self) -> Option<&'static str> {
        match self {
            Self::Commit => Some("drops"),
            Self::Boundary => Some("shelf"),
            Self::Removal => Some("trash"),
            _ => None,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Start => "its start",
            Self::Creation => "a creation",
            Self::Piece => "a piece",
            Self::LastPiece => "a last piece",
            Self::Joining => "the joining of lanes",
            Self::Form => "a form",
            Self::Commit => "a commit",
            Self::Answer => "an answer that is lost",
            Self::Boundary => "a batch boundary",
            Self::Fetch => "a courier's fetch",
            Self::Receipts => "receipts",
            Self::Removal => "a removal",
            Self::Replies => "replies",
            Self::Papers => "charter and sheets",
            Self::Mailbox => "a mailbox",
            Self::Any => "any moment",
        })
    }
}

/// Rings when the moment comes for which it is set.
#[derive(Debug, Default)]
pub(crate) struct Alarm {
    set: Mutex<Option<Moment>>,
    rung: Condvar,
}

impl Alarm {
    /// Sets it, and waits so long at most. Whether it rang.
    pub(crate) fn await_moment(&self, moment: Moment, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        let mut set = self.lock();
        *set = Some(moment);
        while set.is_some() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                *set = None;
                return false;
            }
            let waited = self.rung.wait_timeout(set, left);
            set = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Says that a moment has come. Whether it was set for this one: the server dies now.
    pub(crate) fn ring(&self, moment: Moment) -> bool {
        let mut set = self.lock();
        if *set != Some(moment) {
            return false;
        }
        *set = None;
        self.rung.notify_all();
        true
    }

    fn lock(&self) -> MutexGuard<'_, Option<Moment>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
