//! One reply as the store keeps it: a file of its own, written whole or not at all.

use std::io;

use knothole_envelope::{Day, EraseHash, MailboxAddress, PushedReply, REPLY_LEN, ReplyHash};
use sha2::{Digest as _, Sha256};

use crate::disk::{self, Disk, Name, Place};
use crate::record::{Reader, Writer};
use crate::shelf::unless_stray;

/// The record of a reply, among the store's records.
const KIND: u8 = 7;
/// Fields and hash around the envelope are well below this.
const MOST_LETTER_BYTES: usize = REPLY_LEN + 1_024;

/// A reply that waits for its source. Every one has the same length on the disk.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) mailbox: MailboxAddress,
    pub(super) erase: EraseHash,
    /// Its place in the order of its mailbox.
    pub(super) order: u64,
    /// The last day on which it is shown.
    pub(super) last: Day,
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

    /// What a miss reads in place of a letter: as long, and checked in the same way.
    pub(super) fn blank() -> Option<Self> {
        Some(Self {
            mailbox: MailboxAddress::from_bytes([0; 32]),
            erase: EraseHash::from_bytes([0; 32]),
            order: 0,
            last: Day::new(0)?,
            envelope: Box::new([0; REPLY_LEN]),
        })
    }

    pub(super) fn hash(&self) -> ReplyHash {
        ReplyHash::of(self.envelope.as_slice())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new(KIND);
        out.bytes(self.mailbox.as_bytes())
            .bytes(self.erase.as_bytes());
        out.u64(self.order).u64(u64::from(self.last.get()));
        out.bytes(self.envelope.as_slice());
        out.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, KIND)?;
        let mailbox = MailboxAddress::from_bytes(input.array()?);
        let erase = EraseHash::from_bytes(input.array()?);
        let order = input.u64()?;
        let last = Day::new(u32::try_from(input.u64()?).ok()?)?;
        let envelope = Box::new(input.array()?);
        input.end()?;
        Some(Self {
            mailbox,
            erase,
            order,
            last,
            envelope,
        })
    }

    /// Reads a letter; nothing when it is gone, or not what was written.
    pub(super) fn read(disk: &dyn Disk, place: &Place) -> io::Result<Option<Self>> {
        let bytes = unless_stray(disk::read_if_there(disk, place, MOST_LETTER_BYTES))?.flatten();
        Ok(bytes.and_then(|bytes| Self::decode(&bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_as_it_was_written_and_every_one_is_as_long() {
        let mut letter = Letter::blank().unwrap();
        let length = letter.encode().len();
        letter.mailbox = MailboxAddress::from_bytes([1; 32]);
        letter.order = u64::MAX;
        letter.last = Day::new(20_090).unwrap();
        letter.envelope[70_000] = 9;
        let bytes = letter.encode();
        assert_eq!(bytes.len(), length);
        assert!(length < MOST_LETTER_BYTES);
        let read = Letter::decode(&bytes).unwrap();
        assert_eq!(read.encode(), bytes);
        for place in [0, 15, 16, 90, 50_000, length - 1] {
            let mut bad = bytes.clone();
            bad[place] ^= 1;
            assert!(Letter::decode(&bad).is_none());
        }
        assert!(Letter::decode(&bytes[..length - 1]).is_none());
    }
}
