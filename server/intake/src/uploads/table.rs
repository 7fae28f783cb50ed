//! Which uploads are known, by their URLs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use knothole_envelope::DropId;

use super::{Lease, Phase, Upload, lock};
use crate::clock::BatchNumber;
use crate::record::{Role, UrlHash};
use crate::settings::MOST_LANES;

/// All uploads by the hash of their URL.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    known: Mutex<HashMap<UrlHash, Arc<Upload>>>,
    /// What came by form, so without a URL, and waits for its commit.
    nameless: Mutex<Vec<Arc<Upload>>>,
    /// Those of which no byte had come when it was looked last, the oldest first.
    announced: Mutex<VecDeque<Arc<Upload>>>,
}

impl Uploads {
    pub(crate) fn find(&self, url: &UrlHash) -> Option<Arc<Upload>> {
        lock(&self.known)
            .get(url)
            .filter(|upload| !upload.is_gone())
            .cloned()
    }

    /// Adds an upload, unless it is a lane too many: lanes that nobody needs would take the places
    /// of other sources.
    pub(crate) fn add_new(&self, upload: &Arc<Upload>) -> bool {
        let Some(url) = upload.url else {
            return true;
        };
        let mut all = lock(&self.known);
        if lanes(&all, upload.group()) >= MOST_LANES && matches!(upload.role, Role::Later { .. }) {
            return false;
        }
        all.insert(url, Arc::clone(upload));
        drop(all);
        lock(&self.announced).push_back(Arc::clone(upload));
        true
    }

    /// Takes the oldest upload of which no byte has come, when there are so many of them. One that
    /// somebody is at work on keeps its place in the count, and its turn comes later.
    pub(crate) fn announced_too_many(&self, most: usize) -> Option<Lease> {
        let mut announced = lock(&self.announced);
        for _ in 0..announced.len() {
            if announced.len() < most {
                return None;
            }
            let oldest = announced.pop_front()?;
            if !oldest.has_no_bytes() {
                continue;
            }
            match oldest.take_if_resting() {
                Some(lease) if oldest.view().offset == 0 => return Some(lease),
                Some(_) => {}
                None => announced.push_back(oldest),
            }
        }
        None
    }

    /// Looks again of which uploads no byte has come.
    pub(crate) fn look_at_announced(&self) {
        lock(&self.announced).retain(|upload| upload.has_no_bytes());
    }

    /// Whether the upload that begins with this lane has all the lanes that it may have.
    pub(crate) fn has_all_lanes(&self, first: &Upload) -> bool {
        lanes(&lock(&self.known), first.id) >= MOST_LANES
    }

    /// Adds an upload. Whatever has its address so far gives it up: the first lane to what it is
    /// joined into. One without an address is added once it is whole.
    pub(crate) fn add(&self, upload: &Arc<Upload>) {
        if let Some(url) = upload.url {
            lock(&self.known).insert(url, Arc::clone(upload));
            return;
        }
        let mut nameless = lock(&self.nameless);
        if nameless.iter().all(|held| held.id != upload.id) {
            nameless.push(Arc::clone(upload));
        }
    }

    pub(crate) fn forget(&self, url: &UrlHash) {
        lock(&self.known).remove(url);
    }

    /// Forgets this upload, and not the one that has taken over its address.
    pub(crate) fn forget_upload(&self, upload: &Upload) {
        let Some(url) = &upload.url else {
            lock(&self.nameless).retain(|held| held.id != upload.id);
            return;
        };
        let mut all = lock(&self.known);
        if all.get(url).is_some_and(|held| held.id == upload.id) {
            all.remove(url);
        }
    }

    /// Forgets the drops of these batches, those too that the newsroom has let go of meanwhile.
    pub(crate) fn forget_drops(&self, old: impl Fn(BatchNumber) -> bool) {
        lock(&self.known).retain(|_, upload| match lock(&upload.state).phase {
            Phase::Done(_, batch) => !old(batch),
            _ => true,
        });
    }

    /// Forgets the lanes that a joined upload was made of.
    pub(crate) fn forget_lanes(&self, role: &Role) {
        if let Role::Joined { lanes } = role {
            lock(&self.known).retain(|_, upload| !lanes.contains(&upload.id));
        }
    }

    /// The uploads that are no drops yet.
    pub(crate) fn unfinished(&self) -> Vec<Arc<Upload>> {
        let mut all = self.all();
        all.retain(|upload| upload.tree().is_none());
        all
    }

    /// Those of them of which bytes have come.
    pub(crate) fn begun(&self) -> Vec<Arc<Upload>> {
        let known = lock(&self.known);
        let begun = known.values().filter(|upload| upload.is_begun());
        let mut begun: Vec<_> = begun.cloned().collect();
        begun.extend(lock(&self.nameless).iter().cloned());
        begun
    }

    /// All of them, in an order that no map's seed decides: what failed once fails again.
    pub(crate) fn all(&self) -> Vec<Arc<Upload>> {
        let mut all: Vec<_> = lock(&self.known).values().cloned().collect();
        all.extend(lock(&self.nameless).iter().cloned());
        all.sort_unstable_by_key(|upload| upload.id);
        all
    }
}

/// How many lanes an upload has, its first counted.
fn lanes(all: &HashMap<UrlHash, Arc<Upload>>, group: DropId) -> usize {
    let later = all.values().filter(|upload| {
        matches!(upload.role, Role::Later { .. }) && upload.group() == group && !upload.is_gone()
    });
    later.count().saturating_add(1)
}
