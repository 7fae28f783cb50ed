//! The newsroom's papers, from the courier who brings them to the day on which they end.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use knothole_envelope::{Day, DropId, VerifiedChain};

use super::{Intake, system_rng};
use crate::closed::{self, Doors};
use crate::disk;
use crate::level;
use crate::newsroom::{Newsroom, PushError};
use crate::receipts::{self, Grace, Receipts};
use crate::serve::Push;
use crate::shelf::{self, Turned};
use crate::uploads::lock;

impl Intake {
    /// Takes what a courier brings. Blocks.
    pub(crate) fn push(&self, push: Push, bytes: &[u8]) -> Result<(), PushError> {
        let updating = lock(&self.updating);
        let held = self.newsroom();
        let disk = self.disk.as_ref();
        let fresh = match push {
            Push::Charter => held.with_charter(disk, bytes)?,
            Push::Sheets => held.with_sheets(disk, bytes, date(self.now().day())?)?,
            Push::Receipts => return self.take_receipts(&held, bytes),
            Push::Replies => {
                let today = self.today()?;
                return self.mailboxes.push(disk, bytes, today, &mut system_rng());
            }
        };
        self.show(fresh.clone());
        // What was signed by editors who have left must not live again with them.
        if let (Push::Charter, Some(chain)) = (push, fresh.chain()) {
            self.sweep(chain)?;
        }
        drop(updating);
        Ok(())
    }

    fn take_receipts(&self, held: &Newsroom, bytes: &[u8]) -> Result<(), PushError> {
        let Some(chain) = held.chain() else {
            let why = "send the charter first, then the receipts";
            return Err(PushError::Refused(why.to_owned()));
        };
        let disk = self.disk.as_ref();
        let receipts = Receipts::verify(chain, bytes)?;
        receipts.keep(disk, chain, &held.epochs(), self.today()?)?;
        // The gate shuts before anything goes, so that nothing of a burned epoch comes after it.
        if let Some(fresh) = held.with_burned(disk)? {
            self.show(fresh);
        }
        self.sweep(chain)?;
        Ok(())
    }

    /// Removes drops that were signed off and whose grace is over.
    fn sweep(&self, chain: &VerifiedChain) -> io::Result<()> {
        let (disk, grace) = (self.disk.as_ref(), Grace::of(self.settings.grace));
        let freed = receipts::sweep(disk, chain, &self.shelf, grace, self.today()?)?;
        self.space.freed(freed);
        Ok(())
    }

    /// Takes back a drop whose epoch was burned while it was made. Blocks.
    pub(crate) fn take_back(&self, id: &DropId, bytes: u64) -> io::Result<()> {
        let updating = lock(&self.updating);
        let freed = receipts::take_back(self.disk.as_ref(), id, bytes)?;
        drop(updating);
        self.space.freed(freed);
        Ok(())
    }

    pub(super) fn age(&self) -> io::Result<()> {
        let updating = lock(&self.updating);
        let disk = self.disk.as_ref();
        let closed = closed::doors(disk)? == Doors::Closed;
        self.closed.store(closed, Ordering::Relaxed);
        lock(&self.times).keep(disk)?;
        match self.newsroom().aged(disk, date(self.times().believed())?) {
            Ok(Some(fresh)) => self.show(fresh),
            Ok(None) => {}
            Err(PushError::Disk(error)) => return Err(error),
            Err(_) => return Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
        let today = self.today()?;
        let mut swept = lock(&self.swept);
        if *swept != today {
            put_off("replies that are over", self.mailboxes.expire(disk, today))?;
            if let Some(chain) = self.newsroom().chain() {
                put_off("drops that were signed off", self.sweep(chain))?;
            }
            *swept = today;
            self.space.look(disk)?;
        }
        drop(swept);
        let now = self.batch();
        let turned = self.shelf.pass(disk, now, &mut system_rng())?;
        for url in &turned.forgotten {
            self.uploads.forget(url);
        }
        self.level(&turned)?;
        let old = |batch| shelf::boundaries(batch, now) >= shelf::REMEMBERED;
        self.uploads.forget_drops(old);
        drop(updating);
        Ok(())
    }

    /// Sees to it that no time on the disk tells when something came.
    fn level(&self, turned: &Turned) -> io::Result<()> {
        let disk = self.disk.as_ref();
        if turned.passed {
            self.pool.renew(&mut system_rng());
            self.journal.begin(disk)?;
            self.space.look(disk)?;
        }
        let due = self.levels.due(self.now(), self.settings.level_pause);
        if turned.passed || due {
            level::told(level::store(disk, &mut system_rng()));
        }
        level::told(self.journal.go_on(&self.pool));
        Ok(())
    }

    fn show(&self, fresh: Newsroom) {
        *self
            .newsroom
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
    }

    /// The day that the store lives through, by which graces and replies are counted.
    fn today(&self) -> io::Result<Day> {
        date(self.times().lived().day())
    }
}

/// A lack of room passes, and the next tick tries again. What cannot be removed for another reason
/// waits for the next day, as at a start: a server that ended for it would find the same again.
fn put_off(what: &str, done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if disk::is_full(&error) => Err(error),
        done => {
            super::later(what, done);
            Ok(())
        }
    }
}

fn date(day: Option<Day>) -> io::Result<Day> {
    day.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}
