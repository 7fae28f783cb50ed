//! What is known of the units that were made, whichever lane made them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use knothole_envelope::TreeHash;

use super::ledger::Ledger;
use super::tree::Tree;
use super::{ParcelError, UNIT_CHUNKS};
use crate::files::Named;
use crate::resume::Journal;

/// The ledger and the tree of an envelope, which its lanes share.
#[derive(Debug)]
pub(crate) struct Book {
    ledger: Mutex<Ledger>,
    tree: Mutex<Tree>,
}

impl Book {
    /// The book of an envelope of so many chunks and bytes, with this header.
    pub(super) fn new(chunks: u64, length: u64, header: &[u8]) -> Self {
        Self {
            ledger: Mutex::new(Ledger::new(chunks.div_ceil(UNIT_CHUNKS))),
            tree: Mutex::new(Tree::new(length, header)),
        }
    }

    /// As [`Ledger::record`]. It is on the disk when this returns, if anything is kept there.
    pub(super) fn record(
        &self,
        unit: u64,
        hash: [u8; 32],
        named: impl FnOnce() -> Named,
    ) -> Result<(), ParcelError> {
        held(&self.ledger).record(unit, hash, named)
    }

    /// As [`Ledger::recall`].
    pub(super) fn recall(&self, units: &BTreeMap<u64, [u8; 32]>) -> Result<(), ParcelError> {
        held(&self.ledger).recall(units)
    }

    /// Does something with what is kept beside memory, or with its place.
    pub(super) fn with_journal<T>(&self, work: impl FnOnce(&mut Option<Journal>) -> T) -> T {
        work(held(&self.ledger).journal())
    }

    /// As [`Tree::unit`].
    pub(super) fn sealed(&self, unit: u64, bytes: &[u8]) {
        held(&self.tree).unit(unit, bytes);
    }

    /// As [`Tree::next_gap`].
    pub(super) fn next_gap(&self) -> Option<u64> {
        held(&self.tree).next_gap()
    }

    /// As [`Tree::finish`].
    pub(super) fn tree(&self, length: u64) -> Option<TreeHash> {
        held(&self.tree).finish(length)
    }
}

/// A thread that panicked has left whole entries: each is made in one step.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
