//! What the store keeps in place of a mailbox address and of an erase hash.

use knothole_envelope::{EraseHash, MailboxAddress};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::disk::Name;

/// SHA-256 of the one or the other, and of the letter's name.
///
/// Who has the tag and not the address can ask no mailbox; and two letters for one mailbox have
/// nothing in common, so that they look like two dummies. Who asks brings the address, and then
/// every letter is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag([u8; 32]);

impl Tag {
    /// The tag that a mailbox has in the letter of this name.
    pub(super) fn mailbox(letter: &Name, mailbox: &MailboxAddress) -> Self {
        Self::of(b"knothole-store mailbox", letter, mailbox.as_bytes())
    }

    /// The tag that an erase hash has in the letter of this name.
    pub(super) fn erase(letter: &Name, erase: &EraseHash) -> Self {
        Self::of(b"knothole-store erase", letter, erase.as_bytes())
    }

    fn of(label: &[u8], letter: &Name, secret: &[u8; 32]) -> Self {
        let hash = Sha256::new_with_prefix(label);
        let hash = hash.chain_update(letter.as_str().as_bytes());
        Self(hash.chain_update(secret).finalize().into())
    }

    /// A tag that is nobody's.
    pub(super) fn nobody(rng: &mut impl CryptoRng) -> Self {
        let mut tag = [0; 32];
        rng.fill_bytes(&mut tag);
        Self(tag)
    }

    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn is(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}
