//! What the newsroom can see, kept in memory so that a listing reads no drop.

use core::fmt;
use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use knothole_envelope::{ChunkCount, DropId, ListedDrop, MOST_LISTED_DROPS, frame};
use rand_core::CryptoRng;

use super::{Turned, shuffle, turn, whole};
use crate::clock::BatchNumber;
use crate::commit;
use crate::disk::Disk;
use crate::record::Manifest;
use crate::uploads::lock;

/// The shelf as it is now. It changes at batch boundaries and by receipts, and by nothing else.
#[derive(Debug)]
pub(crate) struct Shelf {
    visible: RwLock<Arc<Visible>>,
    boundary: Mutex<Boundary>,
    /// What was signed off, and could not be removed from the trash.
    stuck: AtomicUsize,
}

/// The last boundary that was passed.
#[derive(Debug)]
struct Boundary {
    last: BatchNumber,
    /// Finished drops that did not verify then, and so were not moved.
    damaged: usize,
}

impl Shelf {
    /// Reads what is on the shelf, after the boundary that may have passed meanwhile.
    pub(crate) fn open(
        disk: &dyn Disk,
        now: BatchNumber,
        rng: &mut impl CryptoRng,
    ) -> io::Result<(Self, Turned)> {
        let turned = turn(disk, now, rng)?;
        let shelf = Self {
            visible: RwLock::new(Arc::new(Visible::load(disk, rng)?)),
            boundary: Mutex::new(Boundary {
                last: now,
                damaged: turned.damaged,
            }),
            stuck: AtomicUsize::new(0),
        };
        Ok((shelf, turned))
    }

    /// Passes a batch boundary, if there is one, and gives what changed with it. What it moves is
    /// shown once it is durable.
    ///
    /// To be called by one task at a time: never together with the taking of receipts.
    pub(crate) fn pass(
        &self,
        disk: &dyn Disk,
        now: BatchNumber,
        rng: &mut impl CryptoRng,
    ) -> io::Result<Turned> {
        let mut boundary = lock(&self.boundary);
        if boundary.last == now {
            return Ok(Turned::default());
        }
        let turned = turn(disk, now, rng)?;
        self.show(Visible::load(disk, rng)?);
        *boundary = Boundary {
            last: now,
            damaged: turned.damaged,
        };
        Ok(turned)
    }

    /// What can be seen now.
    pub(crate) fn visible(&self) -> Arc<Visible> {
        Arc::clone(&self.visible.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many finished drops do not verify, on the shelf or on the way to it, or stay in the trash.
    pub(crate) fn damaged(&self) -> usize {
        let shown = self.visible().damaged.saturating_add(self.held_back());
        shown.saturating_add(self.stuck.load(Ordering::Relaxed))
    }

    /// Notes how many drops stay in the trash.
    pub(crate) fn leaves_in_trash(&self, count: usize) {
        self.stuck.store(count, Ordering::Relaxed);
    }

    /// How many of them are still on the way to it.
    pub(crate) fn held_back(&self) -> usize {
        lock(&self.boundary).damaged
    }

    /// Shows these drops no longer.
    pub(crate) fn take_off(&self, ids: &[DropId]) -> io::Result<()> {
        let held = self.visible();
        if ids.iter().any(|id| held.drops.contains_key(id)) {
            self.show(held.without(ids)?);
        }
        Ok(())
    }

    fn show(&self, fresh: Visible) {
        *self.visible.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
    }
}

/// An immutable view of the shelf.
pub(crate) struct Visible {
    drops: HashMap<DropId, Arc<Manifest>>,
    /// In the order in which they are listed.
    order: Vec<DropId>,
    listing: Bytes,
    damaged: usize,
}

impl fmt::Debug for Visible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visible").finish_non_exhaustive()
    }
}

impl Visible {
    fn load(disk: &dyn Disk, rng: &mut impl CryptoRng) -> io::Result<Self> {
        let mut drops = HashMap::new();
        let mut damaged = 0_usize;
        for name in disk.list(&commit::shelf())? {
            let folder = commit::shelf().join(name.clone());
            match whole(disk, &folder, &name)? {
                Some((id, manifest)) => drop(drops.insert(id, Arc::new(manifest))),
                None => damaged = damaged.saturating_add(1),
            }
        }
        let mut order: Vec<_> = drops.keys().copied().collect();
        // The map's own order depends on a process-wide seed; ours depends on nothing.
        shuffle(&mut order, rng);
        Self::new(drops, order, damaged)
    }

    fn new(
        drops: HashMap<DropId, Arc<Manifest>>,
        order: Vec<DropId>,
        damaged: usize,
    ) -> io::Result<Self> {
        let listed: Vec<_> = order
            .iter()
            .filter_map(|id| listed(id, drops.get(id)?))
            .take(MOST_LISTED_DROPS)
            .collect();
        let listing = frame(&ListedDrop::encode_list(&listed)).map_err(io::Error::other)?;
        Ok(Self {
            drops,
            order,
            listing: Bytes::from(listing),
            damaged,
        })
    }

    fn without(&self, ids: &[DropId]) -> io::Result<Self> {
        let mut drops = self.drops.clone();
        for id in ids {
            drops.remove(id);
        }
        let kept = self.order.iter().filter(|id| drops.contains_key(*id));
        let order = kept.copied().collect();
        Self::new(drops, order, self.damaged)
    }

    /// The framed listing.
    pub(crate) fn listing(&self) -> Bytes {
        self.listing.clone()
    }

    /// The manifest of a drop that can be seen.
    pub(crate) fn find(&self, id: &DropId) -> Option<&Arc<Manifest>> {
        self.drops.get(id)
    }

    /// How many drops can be seen.
    pub(crate) fn count(&self) -> usize {
        self.drops.len()
    }
}

/// What the listing says of a drop. What came in by an open gate has no epoch and is not listed.
fn listed(id: &DropId, manifest: &Manifest) -> Option<ListedDrop> {
    Some(ListedDrop {
        id: *id,
        tree: manifest.tree,
        chunks: ChunkCount::from_envelope_len(manifest.lanes.length())?,
        epoch: manifest.epoch?,
    })
}
