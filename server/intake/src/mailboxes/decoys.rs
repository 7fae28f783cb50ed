//! What stands where no reply is: decoys that stay the same from one answer to the next.

use core::fmt;
use std::io;

use hkdf::Hkdf;
use knothole_envelope::{MAILBOX_ENVELOPES, MailboxAddress, REPLY_LEN, seal_decoy};
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::disk::{self, Disk, Name, Place};
use crate::record::{MOST_RECORD_BYTES, Reader, Writer};
use crate::shelf::{shuffle, unless_stray};

/// The record of the secret, among the store's records.
const KIND: u8 = 6;

/// The server's secret for decoys and places. Whoever takes the store takes it with all that it
/// hides; it hides nothing from the server itself.
pub(super) struct DecoySecret(Zeroizing<[u8; 32]>);

impl DecoySecret {
    /// The secret of this store; the first start makes it.
    ///
    /// One that is damaged is made anew: decoys change then, once, and nothing is lost.
    pub(super) fn open(disk: &dyn Disk, rng: &mut impl CryptoRng) -> io::Result<Self> {
        let place = Place::top("mailbox-secret");
        let read = disk::read_if_there(disk, &place, MOST_RECORD_BYTES);
        let bytes = unless_stray(read)?.flatten().map(Zeroizing::new);
        if let Some(held) = bytes.and_then(|bytes| Self::decode(&bytes)) {
            // A killed process may have left it in the system's memory alone.
            disk.sync_folder(&Place::root())?;
            return Ok(held);
        }
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut_slice());
        let mut record = Writer::new(KIND);
        record.bytes(secret.as_slice());
        disk::replace_whole(disk, &place, &Zeroizing::new(record.finish()))?;
        Ok(Self(secret))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, KIND)?;
        let secret = Zeroizing::new(input.array()?);
        input.end().map(|()| Self(secret))
    }

    /// The decoy of this place of a mailbox.
    ///
    /// When a reply takes the place and is erased, the same decoy stands there again: to remember
    /// that something was there would tell whoever takes the store, and only those who hold the
    /// address see the change, who know what they pushed or read.
    ///
    /// It costs eight key pairs and eight encapsulations. It is made anew for every answer, for
    /// hits and misses alike: a cache would make the second poll of a mailbox faster than the first.
    pub(super) fn decoy(
        &self,
        mailbox: &MailboxAddress,
        place: u8,
    ) -> io::Result<Box<[u8; REPLY_LEN]>> {
        let mut rng = self.stream(b"knothole-store decoy", mailbox, &[place]);
        seal_decoy(&mut rng).map_err(io::Error::other)
    }

    /// The order in which a reply would like the places of its mailbox.
    pub(super) fn places(&self, mailbox: &MailboxAddress, reply: &Name) -> [u8; MAILBOX_ENVELOPES] {
        let mut places = [0, 1, 2, 3];
        let name = reply.as_str().as_bytes();
        let mut rng = self.stream(b"knothole-store place", mailbox, name);
        shuffle(&mut places, &mut rng);
        places
    }

    #[expect(
        clippy::expect_used,
        reason = "HKDF-SHA256 gives 32 bytes for any info"
    )]
    fn stream(&self, label: &[u8], mailbox: &MailboxAddress, what: &[u8]) -> ChaCha20Rng {
        let mut seed = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.as_slice())
            .expand_multi_info(&[label, mailbox.as_bytes(), what], seed.as_mut_slice())
            .expect("32 bytes are one block");
        ChaCha20Rng::from_seed(*seed)
    }
}

impl fmt::Debug for DecoySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecoySecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::{seeded, store};

    fn mailbox(byte: u8) -> MailboxAddress {
        MailboxAddress::from_bytes([byte; 32])
    }

    #[test]
    fn decoys_are_the_same_after_a_restart_and_differ_by_mailbox_and_place() {
        let (_folder, disk) = store();
        let secret = DecoySecret::open(&disk, &mut seeded(1)).unwrap();
        let again = DecoySecret::open(&disk, &mut seeded(2)).unwrap();
        let one = secret.decoy(&mailbox(1), 0).unwrap();
        assert_eq!(one, again.decoy(&mailbox(1), 0).unwrap());
        assert_ne!(one, secret.decoy(&mailbox(1), 1).unwrap());
        assert_ne!(one, secret.decoy(&mailbox(2), 0).unwrap());
        let (_folder, other) = store();
        let other = DecoySecret::open(&other, &mut seeded(2)).unwrap();
        assert_ne!(one, other.decoy(&mailbox(1), 0).unwrap());
    }

    #[test]
    fn replies_are_drawn_to_every_place_alike() {
        let (_folder, disk) = store();
        let secret = DecoySecret::open(&disk, &mut seeded(1)).unwrap();
        let mut first = [0; MAILBOX_ENVELOPES];
        for number in 0..400 {
            let places = secret.places(&mailbox(1), &Name::number('x', number));
            first[usize::from(places[0])] += 1;
        }
        assert!(first.iter().all(|count| *count > 60), "{first:?}");
    }

    #[test]
    fn the_secret_is_not_printed() {
        let (_folder, disk) = store();
        let secret = DecoySecret::open(&disk, &mut seeded(1)).unwrap();
        assert_eq!(format!("{secret:?}"), "DecoySecret(..)");
    }
}
