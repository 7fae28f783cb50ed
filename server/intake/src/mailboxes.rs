//! Replies that wait for their sources, and the answer that every mailbox gives alike.
//!
//! A mailbox is nothing but the replies that were pushed for it, and the store cannot tell which
//! those are until somebody brings the address. A reply that is erased becomes a dummy in the same
//! file: as long, with the same name, the same last day and the same times that a program can set.
//! So nothing is missing from what a courier pushed, and the same reply is known when it comes
//! again.

mod decoys;
mod index;
mod letter;
mod tag;

use std::io;
use std::sync::{Arc, Mutex};

use knothole_envelope::{
    Day, EraseHash, EraseSecret, MAILBOX_ENVELOPES, MAILBOX_LEN, MOST_PUSHED_REPLIES,
    MailboxAddress, PushedReply, REPLY_LEN, ReplyHash, seal_decoy,
};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable as _};

use self::decoys::DecoySecret;
use self::index::{Held, Index};
use self::letter::{Found, Letter};
use self::tag::Tag;
use crate::disk::{self, Disk, Name, Place};
use crate::newsroom::PushError;
use crate::settings::REPLY_DAYS;
use crate::space::Space;
use crate::uploads::lock;

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
    /// Reads the replies of a store. What was not pushed to its end goes. What is damaged becomes a
    /// dummy, and so an erasure that was cut off is done; nobody could open it.
    pub(crate) fn open(
        disk: &dyn Disk,
        space: Arc<Space>,
        today: Day,
        rng: &mut impl CryptoRng,
    ) -> io::Result<Self> {
        for room in [replies(), arriving()] {
            disk::ensure_folder(disk, &room)?;
        }
        disk.sync_folder(&Place::root())?;
        let secret = DecoySecret::open(disk, rng)?;
        if Letter::read(disk, &blank_place())?.is_none() {
            disk::replace_whole(disk, &blank_place(), &blank()?.encode())?;
        }
        for name in disk.list(&arriving())? {
            let removed = disk::remove_tree(disk, &arriving().join(name));
            told("what lies among the replies on their way", removed);
        }
        let mut index = Index::default();
        let latest = today.checked_add(REPLY_DAYS).unwrap_or(today);
        for name in disk.list(&replies())? {
            let place = replies().join(name.clone());
            let put = match Letter::found(disk, &place, latest, rng) {
                Ok(Some(Found::Whole(letter))) => {
                    index.add(Held::of(name, &letter, rng));
                    Ok(())
                }
                Ok(Some(Found::Torn(dummy))) => {
                    let written = write_over(disk, &place, &dummy);
                    index.add(Held::of(name, &dummy, rng));
                    written
                }
                Ok(None) => disk::remove_tree(disk, &place),
                Err(error) => Err(error),
            };
            // One that the disk cannot give keeps nobody from the others.
            told("what lies among the replies", put);
        }
        // What a killed process has moved there may be in the system's memory alone, and so may a
        // dummy: whoever erased it and asks again is told that it is done.
        disk.sync_everything()?;
        space.hold_replies(index.count());
        Ok(Self {
            secret,
            index: Mutex::new(index),
            writing: Mutex::new(()),
            space,
        })
    }

    /// Takes what a courier pushes, all of it durable before this returns. For what is known
    /// already, erased or not, a dummy is kept: every lot leaves as many files.
    ///
    /// # Errors
    /// [`PushError`]; a push that failed half-way is finished when it comes again.
    pub(crate) fn push(
        &self,
        disk: &dyn Disk,
        bytes: &[u8],
        today: Day,
        rng: &mut impl CryptoRng,
    ) -> Result<(), PushError> {
        let replies = PushedReply::decode_list(bytes, MOST_PUSHED_REPLIES)
            .map_err(|error| PushError::Refused(format!("these are no replies: {error}")))?;
        if replies.is_empty() {
            let why = "there is no reply in this request";
            return Err(PushError::Refused(why.to_owned()));
        }
        let last = today
            .checked_add(REPLY_DAYS)
            .ok_or_else(|| PushError::Refused("the server's clock is wrong".to_owned()))?;
        let writing = lock(&self.writing);
        let mut lot: Vec<(Name, PushedReply)> = Vec::new();
        let mut fresh: Vec<Name> = Vec::new();
        for reply in replies {
            let name = Letter::name(&reply);
            if lock(&self.index).holds(&name) || fresh.contains(&name) {
                let dummy = dummy(rng)?;
                lot.push((Letter::name(&dummy), dummy));
            } else {
                fresh.push(name.clone());
                lot.push((name, reply));
            }
        }
        if !self.space.take_replies(disk, lot.len())? {
            // No room for dummies is no reason to refuse what is here already.
            lot.retain(|(name, _)| fresh.contains(name));
            if !self.space.take_replies(disk, lot.len())? {
                return Err(PushError::Full);
            }
        }
        let mut done = 0_usize;
        let result = self.store(disk, lot, last, &mut done, rng);
        drop(writing);
        result.map_err(|(error, left)| {
            self.space.free_replies(left);
            if disk::is_full(&error) {
                PushError::Full
            } else {
                PushError::Disk(error)
            }
        })
    }

    /// Stores new letters one after the other; an error says how many were not stored.
    fn store(
        &self,
        disk: &dyn Disk,
        lot: Vec<(Name, PushedReply)>,
        last: Day,
        done: &mut usize,
        rng: &mut impl CryptoRng,
    ) -> Result<(), (io::Error, usize)> {
        let all = lot.len();
        for (name, reply) in lot {
            let order = lock(&self.index).next_order();
            let letter = Letter::of(&name, reply, order, last);
            write(disk, &name, &letter).map_err(|error| (error, all.saturating_sub(*done)))?;
            *done = done.saturating_add(1);
            lock(&self.index).add(Held::of(name, &letter, rng));
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
        let shown = lock(&self.index).shown(mailbox, &self.secret);
        let mut answer = Vec::with_capacity(MAILBOX_LEN);
        for (at, held) in (0_u8..).zip(shown) {
            let place = place_of(held.as_ref());
            // One that has been erased this moment, or that the disk cannot give, is a decoy like
            // any other: an error would tell that something is there.
            let letter = Letter::read(disk, &place).ok().flatten();
            let real = is_real(held.as_ref(), letter.as_ref(), mailbox);
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

    /// Makes dummies of the named replies of a mailbox that were pushed with the hash of this
    /// secret, each in its own file.
    ///
    /// Hit and miss take the same steps: four dummies are made, and four files written over and
    /// synced, the blank one where there is nothing to erase.
    pub(crate) fn erase(
        &self,
        disk: &dyn Disk,
        mailbox: &MailboxAddress,
        erasure: &Erasure,
        rng: &mut impl CryptoRng,
    ) -> io::Result<()> {
        let writing = lock(&self.writing);
        let named = lock(&self.index).named(mailbox, erasure);
        let blank = blank()?;
        for at in 0..MAILBOX_ENVELOPES {
            let name = named.get(at);
            let stays = name.and_then(|name| lock(&self.index).stays(name));
            let (order, last) = stays.unwrap_or((blank.order, blank.last));
            let dummy = Letter::dummy(order, last, rng)?;
            write_over(disk, &place_of(name), &dummy)?;
            let name = name.cloned().unwrap_or_else(|| Name::hex(&[0; 32]));
            lock(&self.index).replace(Held::of(name, &dummy, rng));
        }
        drop(writing);
        Ok(())
    }

    /// Removes the letters whose last day is over, and sets the times of all others.
    ///
    /// That moves the one time which no program can set, that of the last change to the file's
    /// entry, for all files alike: until then it tells which letter was erased.
    pub(crate) fn expire(&self, disk: &dyn Disk, today: Day) -> io::Result<()> {
        let writing = lock(&self.writing);
        let over = lock(&self.index).over(today);
        if !over.is_empty() {
            self.remove(disk, &over)?;
        }
        let left = lock(&self.index).all();
        for (name, last) in left {
            // One that cannot be opened keeps the day from going on no more than it keeps a poll.
            if let Ok(file) = disk.open(&replies().join(name)) {
                file.set_time(letter::time_of(last))?;
            }
        }
        drop(writing);
        Ok(())
    }

    /// How many replies lie here, dummies and what was erased among them.
    pub(crate) fn count(&self) -> usize {
        lock(&self.index).count()
    }

    /// Whether its source would find this reply.
    #[cfg(test)]
    pub(crate) fn shows(&self, disk: &dyn Disk, reply: &PushedReply) -> bool {
        let name = Letter::name(reply);
        let letter = Letter::read(disk, &place_of(Some(&name))).ok().flatten();
        let real = is_real(Some(&name), letter.as_ref(), &reply.mailbox);
        lock(&self.index).holds(&name) && bool::from(real)
    }

    fn remove(&self, disk: &dyn Disk, names: &[Name]) -> io::Result<()> {
        for name in names {
            disk::remove_if_there(disk, &replies().join(name.clone()))?;
            if lock(&self.index).remove(name) {
                self.space.free_replies(1);
            }
        }
        disk.sync_folder(&replies())
    }
}

/// The last day of every letter on the disk, which stands at its beginning for all to read.
pub(crate) fn last_days(disk: &dyn Disk) -> io::Result<Vec<Day>> {
    let names = match disk.list(&replies()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let mut days = Vec::new();
    for name in names {
        days.extend(letter::last_day(disk, &replies().join(name))?);
    }
    Ok(days)
}

fn told(what: &str, done: io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!("{what} was left as it is: {error}");
    }
}

/// Writes a letter beside the others and moves it in: it is there whole or not at all.
fn write(disk: &dyn Disk, name: &Name, letter: &Letter) -> io::Result<()> {
    let fresh = arriving().join(name.clone());
    let place = replies().join(name.clone());
    disk::remove_if_there(disk, &fresh)?;
    disk::create_whole(disk, &fresh, &letter.encode())?;
    disk.open(&fresh)?.set_time(letter.time())?;
    // A step that failed earlier may have left it there, unsaid.
    disk.rename_over(&fresh, &place)?;
    disk.sync_folder(&replies())?;
    disk.sync_folder(&arriving())
}

/// Writes a letter over what is in its place, in the same file: a new one would stand out by its
/// number, and an old one would leave its bytes on the disk.
fn write_over(disk: &dyn Disk, place: &Place, letter: &Letter) -> io::Result<()> {
    let file = disk.open_or_create(place)?;
    file.write_at(&letter.encode(), 0)?;
    file.sync()?;
    file.set_time(letter.time())
}

/// What stands in for a reply that is here already: for a mailbox that is nobody's.
fn dummy(rng: &mut impl CryptoRng) -> io::Result<PushedReply> {
    let (mut mailbox, mut erase) = ([0; 32], [0; 32]);
    rng.fill_bytes(&mut mailbox);
    rng.fill_bytes(&mut erase);
    Ok(PushedReply {
        mailbox: MailboxAddress::from_bytes(mailbox),
        erase: EraseHash::from_bytes(erase),
        envelope: seal_decoy(rng).map_err(io::Error::other)?,
    })
}

/// Whether this is the letter that the index named: it may have been erased since.
fn is_real(name: Option<&Name>, letter: Option<&Letter>, mailbox: &MailboxAddress) -> Choice {
    let named = Choice::from(u8::from(name.is_some()));
    let nobody = Name::hex(&[0; 32]);
    let tag = Tag::mailbox(name.unwrap_or(&nobody), mailbox);
    let read = letter.map_or_else(|| Choice::from(0), |letter| letter.mailbox.is(&tag));
    named & read
}

fn blank() -> io::Result<Letter> {
    Letter::blank().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

fn place_of(name: Option<&Name>) -> Place {
    name.map_or_else(blank_place, |name| replies().join(name.clone()))
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
