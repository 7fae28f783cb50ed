//! One reply as the store keeps it: a file of its own, written whole or not at all.

use std::io;

use knothole_envelope::{Day, PushedReply, REPLY_LEN, ReplyHash, seal_decoy};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use super::tag::Tag;
use crate::clock::UnixSeconds;
use crate::disk::{self, Disk, Name, Place};
use crate::record::{Reader, Writer};
use crate::settings::REPLY_DAYS;
use crate::shelf::unless_stray;

/// The record of a reply, among the store's records.
const KIND: u8 = 7;
/// The bytes of a record before its fields.
const BEFORE: usize = 16;
/// The bytes up to the last day, which stands behind the order.
const BEGINNING: usize = BEFORE + 16;
/// Order and last day, the two tags, and the hash at the end.
const LETTER_BYTES: usize = BEFORE + 16 + 2 * 32 + REPLY_LEN + 32;

/// A reply that waits for its source, or what was made of one. Every one has the same length on
/// the disk.
#[derive(Debug)]
pub(super) struct Letter {
    /// Its place in the order of the whole store: a number for each mailbox would tell those that
    /// hold more than one.
    pub(super) order: u64,
    /// The last day on which it is shown.
    pub(super) last: Day,
    pub(super) mailbox: Tag,
    pub(super) erase: Tag,
    pub(super) envelope: Box<[u8; REPLY_LEN]>,
}

impl Letter {
    /// The store's name for a pushed reply: the same one, pushed again, has the same name. It
    /// covers mailbox and erase hash, so that nobody takes the place of a reply with its envelope.
    pub(super) fn name(reply: &PushedReply) -> Name {
        let mut hash = Sha256::new();
        hash.update(reply.mailbox.as_bytes());
        hash.update(reply.erase.as_bytes());
        hash.update(reply.envelope.as_slice());
        Name::hex(&hash.finalize().into())
    }

    /// A pushed reply under its name.
    pub(super) fn of(name: &Name, reply: PushedReply, order: u64, last: Day) -> Self {
        Self {
            order,
            last,
            mailbox: Tag::mailbox(name, &reply.mailbox),
            erase: Tag::erase(name, &reply.erase),
            envelope: reply.envelope,
        }
    }

    /// What no source finds and nobody opens: what becomes of a letter that is erased. It looks
    /// like a courier's dummy, for those look like replies.
    pub(super) fn dummy(order: u64, last: Day, rng: &mut impl CryptoRng) -> io::Result<Self> {
        Ok(Self {
            order,
            last,
            mailbox: Tag::nobody(rng),
            erase: Tag::nobody(rng),
            envelope: seal_decoy(rng).map_err(io::Error::other)?,
        })
    }

    /// What a miss reads in place of a letter: as long, and checked in the same way.
    pub(super) fn blank() -> Option<Self> {
        Some(Self {
            order: 0,
            last: Day::new(0)?,
            mailbox: Tag::from_bytes([0; 32]),
            erase: Tag::from_bytes([0; 32]),
            envelope: Box::new([0; REPLY_LEN]),
        })
    }

    /// The time that its file shows: the beginning of the day on which it was pushed, whatever
    /// was done with it since.
    pub(super) fn time(&self) -> UnixSeconds {
        time_of(self.last)
    }

    pub(super) fn hash(&self) -> ReplyHash {
        ReplyHash::of(self.envelope.as_slice())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(KIND);
        out.u64(self.order).u64(u64::from(self.last.get()));
        out.bytes(self.mailbox.as_bytes())
            .bytes(self.erase.as_bytes());
        out.bytes(self.envelope.as_slice());
        out.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, KIND)?;
        let order = input.u64()?;
        let last = day(input.u64()?)?;
        let mailbox = Tag::from_bytes(input.array()?);
        let erase = Tag::from_bytes(input.array()?);
        let envelope = Box::new(input.array()?);
        input.end()?;
        Some(Self {
            order,
            last,
            mailbox,
            erase,
            envelope,
        })
    }

    /// What a start makes of a file: the letter, or a dummy in its place when it is as long as one
    /// and not whole; then it says so. An erasure that was cut off has left such a file, and its
    /// order and its last day are what they were.
    pub(super) fn found(
        disk: &dyn Disk,
        place: &Place,
        latest: Day,
        rng: &mut impl CryptoRng,
    ) -> io::Result<Option<Found>> {
        let Some(bytes) = read(disk, place)? else {
            return Ok(None);
        };
        if let Some(letter) = Self::decode(&bytes) {
            return Ok(Some(Found::Whole(letter)));
        }
        let Some((order, last)) = torn(&bytes) else {
            return Ok(None);
        };
        let dummy = Self::dummy(order, last.min(latest), rng)?;
        Ok(Some(Found::Torn(dummy)))
    }

    /// Reads a letter; nothing when it is gone, or not what was written.
    pub(super) fn read(disk: &dyn Disk, place: &Place) -> io::Result<Option<Self>> {
        Ok(read(disk, place)?.and_then(|bytes| Self::decode(&bytes)))
    }
}

/// What a start finds in a letter's place.
#[derive(Debug)]
pub(super) enum Found {
    /// A letter as it was written.
    Whole(Letter),
    /// Not what was written; this dummy belongs there.
    Torn(Letter),
}

/// The time that the file of a letter with this last day shows.
pub(super) fn time_of(last: Day) -> UnixSeconds {
    let pushed = last.get().saturating_sub(REPLY_DAYS);
    UnixSeconds::new(u64::from(pushed).saturating_mul(86_400))
}

fn read(disk: &dyn Disk, place: &Place) -> io::Result<Option<Vec<u8>>> {
    Ok(unless_stray(disk::read_if_there(disk, place, LETTER_BYTES))?.flatten())
}

/// The last day of a letter, read from its beginning alone.
pub(super) fn last_day(disk: &dyn Disk, place: &Place) -> io::Result<Option<Day>> {
    let mut beginning = [0; BEGINNING];
    let read = disk.open(place);
    let read = read.and_then(|file| disk::read_exact_at(file.as_ref(), &mut beginning, 0));
    let read = match read {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        read => unless_stray(read)?,
    };
    let last = beginning.last_chunk();
    let last = last.and_then(|last| day(u64::from_be_bytes(*last)));
    Ok(last.filter(|_| read.is_some()))
}

fn torn(bytes: &[u8]) -> Option<(u64, Day)> {
    let whole: &[u8; LETTER_BYTES] = bytes.try_into().ok()?;
    let (order, rest) = whole.get(BEFORE..)?.split_first_chunk()?;
    let last = day(u64::from_be_bytes(*rest.first_chunk()?))?;
    Some((u64::from_be_bytes(*order), last))
}

fn day(number: u64) -> Option<Day> {
    Day::new(u32::try_from(number).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written_and_every_one_is_as_long() {
        let mut letter = Letter::blank().unwrap();
        let length = letter.encode().len();
        letter.mailbox = Tag::from_bytes([1; 32]);
        letter.order = u64::MAX;
        letter.last = Day::new(20_090).unwrap();
        letter.envelope[70_000] = 9;
        let bytes = letter.encode();
        assert_eq!(bytes.len(), length);
        assert_eq!(length, LETTER_BYTES);
        let read = Letter::decode(&bytes).unwrap();
        assert_eq!(read.encode(), bytes);
        for place in [0, 15, 16, 90, 50_000, length - 1] {
            let mut bad = bytes.clone();
            bad[place] ^= 1;
            assert!(Letter::decode(&bad).is_none());
        }
        assert!(Letter::decode(&bytes[..length - 1]).is_none());
        let mut cut = bytes.clone();
        cut[32..].fill(0);
        assert_eq!(torn(&cut), Some((letter.order, letter.last)));
        assert_eq!(torn(&bytes[..length - 1]), None);
    }
}
