//! What the senders of an attack share, and what is counted.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::Notify;

use crate::header::{Header, Keys};
use crate::peer::{Answer, Peer};
use crate::target::Target;

/// The content of an upload that is not meant to end.
const LARGE: u64 = 50_000_000;
/// The content of one that is.
const MIDDLING: u64 = 8_000_000;

/// What an attack stands on.
#[derive(Debug)]
pub(crate) struct Ground {
    target: Target,
    senders: usize,
    /// Good headers of three lengths. That many uploads share one is nothing that a gate could see.
    pub(crate) large: Header,
    pub(crate) middling: Header,
    pub(crate) smallest: Header,
    at_work: AtomicUsize,
    changed: Notify,
    connections: AtomicU64,
    refused: AtomicU64,
    answers: [AtomicU64; 6],
}

impl Ground {
    /// Asks the drop-box for its keys.
    pub(crate) async fn prepare(target: Target, senders: usize) -> io::Result<Arc<Self>> {
        let keys = Keys::of(&target).await?;
        Ok(Arc::new(Self {
            target,
            senders,
            large: keys.header(LARGE)?,
            middling: keys.header(MIDDLING)?,
            smallest: keys.header(1)?,
            at_work: AtomicUsize::new(0),
            changed: Notify::new(),
            connections: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            answers: Default::default(),
        }))
    }

    /// One more connection.
    pub(crate) async fn connect(&self) -> io::Result<Peer> {
        let line = self.target.connect().await;
        let count = if line.is_ok() {
            &self.connections
        } else {
            &self.refused
        };
        count.fetch_add(1, Ordering::Relaxed);
        line.map(Peer::new)
    }

    /// Counts an answer.
    pub(crate) fn note(&self, answer: &Answer) {
        let class = usize::from(answer.status / 100);
        if let Some(count) = self.answers.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A sender has made its first connection, or failed to.
    pub(crate) fn one_at_work(&self) {
        self.at_work.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Waits until all are.
    pub(crate) async fn all_at_work(&self) {
        while self.at_work.load(Ordering::Relaxed) < self.senders {
            self.changed.notified().await;
        }
    }

    /// What was done so far.
    pub(crate) fn counts(&self) -> String {
        let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let [_, _, done, _, refused, busy] = &self.answers;
        format!(
            "connections {}, not connected {}, done {}, refused {}, busy or full {}",
            count(&self.connections),
            count(&self.refused),
            count(done),
            count(refused),
            count(busy)
        )
    }
}
