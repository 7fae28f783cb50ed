//! Uploads that nobody can come back to, because the line went before anybody was told of them.
//!
//! A request ends where its connection ends, at any await. What it had begun would hold its place
//! for two weeks, or, if it came by form, until the next start.

use std::sync::{Arc, Mutex};

use crate::uploads::{Upload, lock};

/// The uploads that were left behind. The next tick removes them.
#[derive(Debug, Default)]
pub(crate) struct Orphans(Mutex<Vec<Arc<Upload>>>);

impl Orphans {
    /// Watches over an upload of which nobody has been told yet.
    pub(crate) fn watch(&self, upload: &Arc<Upload>) -> Unclaimed<'_> {
        Unclaimed {
            orphans: self,
            upload: Some(Arc::clone(upload)),
        }
    }

    /// Notes one that was left behind.
    pub(crate) fn leave(&self, upload: Arc<Upload>) {
        lock(&self.0).push(upload);
    }

    /// Those that were left behind so far, which are noted no longer.
    pub(crate) fn take(&self) -> Vec<Arc<Upload>> {
        core::mem::take(&mut *lock(&self.0))
    }
}

/// An upload of which nobody has been told. Dropping it leaves the upload behind.
#[derive(Debug)]
#[must_use = "an upload that nobody claims is removed"]
pub(crate) struct Unclaimed<'a> {
    orphans: &'a Orphans,
    upload: Option<Arc<Upload>>,
}

impl Unclaimed<'_> {
    /// Its sender is told of it now, or it is gone.
    pub(crate) fn claimed(mut self) {
        self.upload = None;
    }
}

impl Drop for Unclaimed<'_> {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take() {
            self.orphans.leave(upload);
        }
    }
}
