//! Replies that wait for their sources, and the answer that every mailbox gives alike.
//!
//! A mailbox is nothing but the replies that name it: one that is empty, or was never used, leaves
//! no trace in the store.

mod decoys;
mod index;
mod letter;

use std::io;
use std::sync::{Arc, Mutex};

use knothole_envelope::{
    Day, EraseSecret, MAILBOX_ENVELOPES, MAILBOX_LEN, MOST_PUSHED_REPLIES, MailboxAddress,
    PushedReply, REPLY_LEN, ReplyHash,
};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable as _};

use self::decoys::DecoySecret;
use self::index::{Held, Index};
use self::letter::Letter;
use crate::disk::{self, Disk, Name, Place};
use crate::newsroom::PushError;
use crate::space::Space;
use crate::uploads::lock;

/// A reply is shown for so many days after the one on which it was pushed.
const DAYS_KEPT: u32 = 90;

/// All mailboxes of a store.
#[derive(Debug)]
pub(crate) struct Mailboxes {
    secret: DecoySecret,
    index: Mutex<Index>,
    /// Held by whoever changes files; those who read do not wait for a disk.
    writing: Mutex<()>,
    space: Arc<Space>,
}

/// What a source asks to have erased.
#[derive(Debug)]
pub(crate) struct Erasure {
    pub(crate) secret: EraseSecret,
    pub(crate) names: [ReplyHash; MAILBOX_ENVELOPES],
}

impl Mailboxes {
    /// Reads the replies of a store. What was not pushed to its end goes, and so does what is
    /// damaged: nobody could open it.
    pub(crate) fn open(
        disk: &dyn Disk,
        space: Arc<Space>,
        rng: &mut impl CryptoRng,
    ) -> io::Result<Self> {
        for room in [replies(), arriving()] {
            disk::ensure_folder(disk, &room)?;
        }
        disk.sync_folder(&Place::root())?;
        let secret = DecoySecret::open(disk, rng)?;
        let blank = Letter::blank().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        if Letter::read(disk, &blank_place())?.is_none() {
            disk::replace_whole(disk, &blank_place(), &blank.encode())?;
        }
        for name in disk.list(&arriving())? {
            disk::remove_if_there(disk, &arriving().join(name))?;
        }
        let mut index = Index::default();
        for name in disk.list(&replies())? {
            let place = replies().join(name.clone());
            match Letter::read(disk, &place)? {
                Some(letter) => index.add(Held::of(name, &letter)),
                None => disk::remove_if_there(disk, &place)?,
            }
        }
        // What a killed process has moved there may be in the system's memory alone.
        disk.sync_folder(&replies())?;
        index.settle_all(&secret);
        space.hold_replies(index.count());
        Ok(Self {
            secret,
            index: Mutex::new(index),
            writing: Mutex::new(()),
            space,
        })
    }

    /// Takes what a courier pushes, all of it durable before this returns. What is held already is
    /// taken again without harm.
    ///
    /// # Errors
    /// [`PushError`]; a push that failed half-way is finished when it comes again.
    pub(crate) fn push(&self, disk: &dyn Disk, bytes: &[u8], today: Day) -> Result<(), PushError> {
        let replies = PushedReply::decode_list(bytes, MOST_PUSHED_REPLIES)
            .map_err(|error| PushError::Refused(format!("these are no replies: {error}")))?;
        if replies.is_empty() {
            let why = "there is no reply in this request";
            return Err(PushError::Refused(why.to_owned()));
        }
        let last = today
            .checked_add(DAYS_KEPT)
            .ok_or_else(|| PushError::Refused("the server's clock is wrong".to_owned()))?;
        let writing = lock(&self.writing);
        let mut fresh: Vec<(Name, PushedReply)> = Vec::new();
        for reply in replies {
            let name = Letter::name(&reply);
            let known =
                lock(&self.index).holds(&name) || fresh.iter().any(|(other, _)| *other == name);
            if !known {
                fresh.push((name, reply));
            }
        }
        if !self.space.take_replies(disk, fresh.len())? {
            return Err(PushError::Full);
        }
        let mut done = 0_usize;
        let result = self.store(disk, fresh, last, &mut done);
        drop(writing);
        result.map_err(|(error, left)| {
            self.space.free_replies(left);
            if error.kind() == io::ErrorKind::StorageFull {
                PushError::Full
            } else {
                PushError::Disk(error)
            }
        })
    }

    /// Stores new replies one after the other; an error says how many were not stored.
    fn store(
        &self,
        disk: &dyn Disk,
        fresh: Vec<(Name, PushedReply)>,
        last: Day,
        done: &mut usize,
    ) -> Result<(), (io::Error, usize)> {
        let all = fresh.len();
        for (name, reply) in fresh {
            let letter = Letter {
                order: lock(&self.index).next_order(&reply.mailbox),
                mailbox: reply.mailbox,
                erase: reply.erase,
                last,
                envelope: reply.envelope,
            };
            write(disk, &name, &letter).map_err(|error| (error, all.saturating_sub(*done)))?;
            *done = done.saturating_add(1);
            let mut index = lock(&self.index);
            index.add(Held::of(name, &letter));
            index.settle(&letter.mailbox, &self.secret);
        }
        Ok(())
    }

    /// The answer of a mailbox: [`MAILBOX_LEN`] bytes, whether or not anything is in it.
    ///
    /// Hit and miss take the same steps: four files are read (a blank one where there is no
    /// reply), four decoys are made, and the bytes are chosen without a branch. On one core of an
    /// AMD Milan that is about 15 ms, nearly all of it for decoys. What is left of a difference (an
    /// index in memory, a file that is not in the system's cache) ends behind the fixed time of
    /// the answer.
    pub(crate) fn show(&self, disk: &dyn Disk, mailbox: &MailboxAddress) -> io::Result<Vec<u8>> {
        let shown = lock(&self.index).shown(mailbox);
        let mut answer = Vec::with_capacity(MAILBOX_LEN);
        for (at, held) in (0_u8..).zip(shown) {
            let place = held
                .as_ref()
                .map_or_else(blank_place, |name| replies().join(name.clone()));
            // One that has been erased this moment, or that the disk cannot give, is a decoy like
            // any other: an error would tell that something is there.
            let letter = Letter::read(disk, &place).ok().flatten();
            let real = Choice::from(u8::from(held.is_some() && letter.is_some()));
            let letter = letter.or_else(Letter::blank);
            let decoy = self.secret.decoy(mailbox, at)?;
            let letter = letter.map_or_else(|| Box::new([0; REPLY_LEN]), |letter| letter.envelope);
            let bytes = decoy.iter().zip(letter.iter());
            answer.extend(
                bytes.map(|(decoy, real_byte)| u8::conditional_select(decoy, real_byte, real)),
            );
        }
        Ok(answer)
    }

    /// Erases the named replies of a mailbox that were pushed with the hash of this secret.
    ///
    /// Only who holds the words can make it find anything, so the removal itself tells nobody
    /// else; the folder is synced either way.
    pub(crate) fn erase(
        &self,
        disk: &dyn Disk,
        mailbox: &MailboxAddress,
        erasure: &Erasure,
    ) -> io::Result<()> {
        let writing = lock(&self.writing);
        let named = lock(&self.index).named(mailbox, erasure);
        self.remove(disk, &named)?;
        drop(writing);
        Ok(())
    }

    /// Removes the replies whose last day is over.
    pub(crate) fn expire(&self, disk: &dyn Disk, today: Day) -> io::Result<()> {
        let writing = lock(&self.writing);
        let over = lock(&self.index).over(today);
        if !over.is_empty() {
            self.remove(disk, &over)?;
        }
        drop(writing);
        Ok(())
    }

    /// How many replies wait, decoys of couriers among them.
    pub(crate) fn count(&self) -> usize {
        lock(&self.index).count()
    }

    fn remove(&self, disk: &dyn Disk, names: &[Name]) -> io::Result<()> {
        for name in names {
            disk::remove_if_there(disk, &replies().join(name.clone()))?;
            let mut index = lock(&self.index);
            if let Some(mailbox) = index.remove(name) {
                index.settle(&mailbox, &self.secret);
                self.space.free_replies(1);
            }
        }
        disk.sync_folder(&replies())
    }
}

/// Writes a letter beside the others and moves it in: it is there whole or not at all.
fn write(disk: &dyn Disk, name: &Name, letter: &Letter) -> io::Result<()> {
    let fresh = arriving().join(name.clone());
    let place = replies().join(name.clone());
    disk::remove_if_there(disk, &fresh)?;
    disk::create_whole(disk, &fresh, &letter.encode())?;
    // A step that failed earlier may have left it there, unsaid.
    disk.rename_over(&fresh, &place)?;
    disk.sync_folder(&replies())?;
    disk.sync_folder(&arriving())
}

fn replies() -> Place {
    Place::top("replies")
}

fn arriving() -> Place {
    Place::top("replies-arriving")
}

fn blank_place() -> Place {
    Place::top("reply-blank")
}

#[cfg(test)]
mod cuts;
#[cfg(test)]
mod tests;
