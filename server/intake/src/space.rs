//! Who may still write: space is kept for words when files have filled the rest, and for the
//! newsroom's own papers when words have filled that too.

mod rate;

use core::time::Duration;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use knothole_envelope::{CHUNK_LEN, FEWEST_CHUNKS, HEADER_LEN};

use self::rate::Rate;
pub(crate) use self::rate::TooFast;
use crate::commit;
use crate::disk::Disk;
use crate::record::Role;
use crate::settings::{FIRST_AHEAD, MOST_AHEAD, Settings};
use crate::shelf::manifest;
use crate::uploads::{Uploads, lock};

/// The length of the smallest drop, into which words fit.
pub(crate) const SMALLEST: u64 = match (HEADER_LEN, FEWEST_CHUNKS, CHUNK_LEN) {
    (12_288, 16, 65_536) => 12_288 + 16 * 65_536,
    _ => panic!("the smallest drop is the smallest envelope"),
};
/// What a reply takes on a disk of blocks of 4 KiB.
pub(crate) const REPLY_BYTES: u64 = 81_920;

/// What space is asked for. Each class leaves alone what is kept for those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Drops of the smallest size.
    Messages,
    /// All others.
    Bulk,
}

impl Class {
    /// The class of an upload. A lane is never a message: words need no lanes.
    pub(crate) fn of(role: &Role, length: u64) -> Self {
        if *role == Role::Whole && length == SMALLEST {
            Self::Messages
        } else {
            Self::Bulk
        }
    }
}

/// For what there is no space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// For files; a message still gets through.
    Files,
    /// For anything.
    Everything,
}

/// The space of the store, and who has it.
#[derive(Debug)]
pub(crate) struct Space {
    most: u64,
    /// Kept for charters, sheets and receipts.
    system: u64,
    /// Kept for replies, and the most that they may have.
    replies: u64,
    /// Kept for messages.
    messages: u64,
    ledger: Mutex<Ledger>,
    rate: Rate,
    short: AtomicBool,
    /// Bytes that there are for files, as strangers are told.
    told: AtomicU64,
}

#[derive(Debug, Default)]
struct Ledger {
    /// Bytes of drops and of unfinished uploads, as far as they are durable.
    held: u64,
    /// Bytes that were granted and are not durable yet.
    ahead: u64,
    /// Bytes of replies.
    replies: u64,
}

impl Space {
    /// The space of a store that holds so many bytes already.
    pub(crate) fn new(settings: &Settings, held: u64) -> Arc<Self> {
        Arc::new(Self {
            most: settings.most_bytes.unwrap_or(u64::MAX),
            system: settings.system_reserve,
            replies: settings.replies_reserve,
            messages: settings.messages_reserve,
            ledger: Mutex::new(Ledger {
                held,
                ahead: 0,
                replies: 0,
            }),
            rate: Rate::new(
                settings.most_bytes_per_hour,
                settings.messages_reserve,
                Instant::now(),
            ),
            short: AtomicBool::new(false),
            told: AtomicU64::new(0),
        })
    }

    /// Bytes that this class could still be granted.
    pub(crate) fn left(&self, disk: &dyn Disk, class: Class) -> io::Result<u64> {
        let free = disk.room()?.free;
        Ok(self.left_of(free, class, &lock(&self.ledger)))
    }

    fn left_of(&self, free: u64, class: Class, ledger: &Ledger) -> u64 {
        // The replies that are there have their part of what is kept already.
        let kept = self
            .system
            .saturating_add(self.replies.saturating_sub(ledger.replies));
        let kept = match class {
            Class::Messages => kept,
            Class::Bulk => kept.saturating_add(self.messages),
        };
        let held = ledger.held.saturating_add(ledger.replies);
        free.min(self.most.saturating_sub(held))
            .saturating_sub(ledger.ahead)
            .saturating_sub(kept)
    }

    /// Counts the replies that a start has found.
    pub(crate) fn hold_replies(&self, count: usize) {
        let mut ledger = lock(&self.ledger);
        ledger.replies = ledger.replies.saturating_add(reply_bytes(count));
    }

    /// Takes space for so many replies, or for none of them. They have a part of their own: when
    /// it is full, only they wait, and drops never take it.
    pub(crate) fn take_replies(&self, disk: &dyn Disk, count: usize) -> io::Result<bool> {
        let free = disk.room()?.free;
        let mut ledger = lock(&self.ledger);
        let left = self.replies.saturating_sub(ledger.replies);
        let bytes = reply_bytes(count);
        let fits = bytes <= left.min(free.saturating_sub(self.system));
        if fits {
            ledger.replies = ledger.replies.saturating_add(bytes);
        }
        Ok(fits)
    }

    /// So many replies are gone, or did not come.
    pub(crate) fn free_replies(&self, count: usize) {
        let mut ledger = lock(&self.ledger);
        ledger.replies = ledger.replies.saturating_sub(reply_bytes(count));
    }

    /// Looks how much room strangers are told of from now on. Everybody can ask, as often as they
    /// like, whether a length would fit: were that the room of the moment, they could watch others
    /// send. So it is looked at when nobody's act decides: at a start, at a batch boundary and at
    /// the beginning of a day; and when room was made for somebody who was refused.
    pub(crate) fn look(&self, disk: &dyn Disk) -> io::Result<()> {
        let left = self.left(disk, Class::Bulk)?;
        self.told.store(roughly(left), Ordering::Relaxed);
        Ok(())
    }

    /// Whether an upload of this length would fit, as far as strangers are told. Nothing is
    /// reserved: what a sender says costs nothing, but it should hear at once that there is no room.
    /// Messages have one length, which tells nothing but that words have filled their part.
    pub(crate) fn fits(&self, disk: &dyn Disk, class: Class, length: u64) -> io::Result<bool> {
        let fits = length
            <= match class {
                Class::Messages => self.left(disk, class)?,
                Class::Bulk => self.told.load(Ordering::Relaxed),
            };
        if !fits {
            self.short.store(true, Ordering::Relaxed);
        }
        Ok(fits)
    }

    /// How long to wait before something of this class may come in, if it must.
    pub(crate) fn too_fast(&self, class: Class) -> Option<Duration> {
        self.rate.wait(class, Instant::now())
    }

    /// What to say to someone who was refused.
    pub(crate) fn shortage(&self, disk: &dyn Disk) -> io::Result<Shortage> {
        let words = self.left(disk, Class::Messages)? >= SMALLEST;
        Ok(if words {
            Shortage::Files
        } else {
            Shortage::Everything
        })
    }

    /// Whether anyone was refused since this was asked last.
    pub(crate) fn was_short(&self) -> bool {
        self.short.swap(false, Ordering::Relaxed)
    }

    /// So many durable bytes were removed.
    pub(crate) fn freed(&self, bytes: u64) {
        let mut ledger = lock(&self.ledger);
        ledger.held = ledger.held.saturating_sub(bytes);
    }

    /// The right to write, of no byte yet.
    pub(crate) fn grant(self: &Arc<Self>, class: Class) -> Grant {
        Grant {
            space: Arc::clone(self),
            class,
            ahead: 0,
        }
    }

    /// How full the store is for files, in hundredths, rounded down.
    pub(crate) fn percent_full(&self, disk: &dyn Disk) -> io::Result<u8> {
        let left = self.left(disk, Class::Bulk)?;
        let held = lock(&self.ledger).held;
        let all = held.saturating_add(left);
        let percent = held
            .saturating_mul(100)
            .checked_div(all)
            .unwrap_or(if left == 0 { 100 } else { 0 });
        Ok(u8::try_from(percent).unwrap_or(100))
    }
}

/// The greatest number with two binary digits before its zeros that is not above this one.
const fn roughly(bytes: u64) -> u64 {
    match bytes.checked_ilog2() {
        Some(digits @ 2..) => bytes & (0b11 << digits.saturating_sub(1)),
        _ => bytes,
    }
}

fn reply_bytes(count: usize) -> u64 {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    count.saturating_mul(REPLY_BYTES)
}

/// The durable bytes of all drops and unfinished uploads that a start has found.
pub(crate) fn held(disk: &dyn Disk, uploads: &Uploads) -> io::Result<u64> {
    let mut held = 0_u64;
    for room in [commit::drops(), commit::shelf()] {
        for name in disk.list(&room)? {
            if let Some(manifest) = manifest(disk, &room.join(name))? {
                held = held.saturating_add(manifest.lanes.length());
            }
        }
    }
    for upload in uploads.unfinished() {
        held = held.saturating_add(upload.view().offset);
    }
    Ok(held)
}

/// What an upload that is being written stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Need {
    /// Bytes written or about to be written that are not durable.
    pub(crate) pending: u64,
    /// Bytes that are durable.
    pub(crate) durable: u64,
    /// Bytes up to its end, counted from the last durable one.
    pub(crate) rest: u64,
}

/// The right to write so many bytes more. Dropping it gives back what was not used, so that an
/// upload at rest holds no space but its own bytes.
#[derive(Debug)]
pub(crate) struct Grant {
    space: Arc<Space>,
    class: Class,
    ahead: u64,
}

impl Grant {
    /// Whether an upload of this length would fit, as [`Space::fits`] has it for files.
    pub(crate) fn would_fit(&self, length: u64) -> bool {
        let fits = length <= self.space.told.load(Ordering::Relaxed);
        if !fits {
            self.space.short.store(true, Ordering::Relaxed);
        }
        fits
    }

    /// Sees to it that what is pending may be written, and reserves some space ahead.
    ///
    /// # Errors
    /// [`io::ErrorKind::StorageFull`], [`TooFast`], or that of the disk.
    pub(crate) fn cover(&mut self, disk: &dyn Disk, need: Need) -> io::Result<()> {
        if let Some(wait) = self.space.too_fast(self.class) {
            return Err(TooFast::error(wait));
        }
        if need.pending <= self.ahead {
            return Ok(());
        }
        let free = disk.room()?.free;
        let ahead = FIRST_AHEAD
            .saturating_add(need.durable)
            .min(MOST_AHEAD)
            .min(need.rest)
            .max(need.pending);
        let more = ahead.saturating_sub(self.ahead);
        let mut ledger = lock(&self.space.ledger);
        if more > self.space.left_of(free, self.class, &ledger) {
            self.space.short.store(true, Ordering::Relaxed);
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        ledger.ahead = ledger.ahead.saturating_add(more);
        self.ahead = ahead;
        Ok(())
    }

    /// So many of the bytes have become durable.
    pub(crate) fn settled(&mut self, bytes: u64) {
        self.space.rate.came(self.class, bytes, Instant::now());
        let mut ledger = lock(&self.space.ledger);
        ledger.held = ledger.held.saturating_add(bytes);
        let used = bytes.min(self.ahead);
        ledger.ahead = ledger.ahead.saturating_sub(used);
        self.ahead = self.ahead.saturating_sub(used);
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        let mut ledger = lock(&self.space.ledger);
        ledger.ahead = ledger.ahead.saturating_sub(self.ahead);
    }
}

#[cfg(test)]
mod tests;
