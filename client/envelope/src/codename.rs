//! The codename of a source: 128 random bits, kept as words, that lead back to the replies.

use core::fmt;

use hkdf::Hkdf;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::address::Fingerprint;
use crate::digest::{EraseHash, MailboxAddress, sha256};
use crate::key::EpochSecret;
use crate::manifest::ReplyBlock;

/// The entropy of a codename in bytes: twelve BIP39 words.
pub const CODENAME_LEN: usize = 16;

/// A source's secret, from which all that a way back needs is derived.
///
/// 128 random bits need no stretching; nothing in it depends on the language of the words.
pub struct Codename(Zeroizing<[u8; CODENAME_LEN]>);

impl Codename {
    /// A new random codename.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut entropy = Zeroizing::new([0; CODENAME_LEN]);
        rng.fill_bytes(entropy.as_mut_slice());
        Self(entropy)
    }

    /// A codename as its words spell it.
    #[must_use]
    pub fn from_bytes(entropy: [u8; CODENAME_LEN]) -> Self {
        Self(Zeroizing::new(entropy))
    }

    /// The entropy, to be spelled as words.
    #[must_use]
    pub fn expose(&self) -> &[u8; CODENAME_LEN] {
        &self.0
    }

    /// The place of the thirteenth word in the list of the other twelve, 0 … 2047.
    ///
    /// Four bits of BIP39's own checksum let one slip in sixteen through; these eleven let one of
    /// 2048 of the rest through. It is the same for every newsroom.
    #[must_use]
    pub fn check_word(&self) -> u16 {
        let [first, second, ..] = sha256(&[b"knothole/v1 check", self.0.as_slice()]);
        u16::from_be_bytes([first, second]) >> 5
    }

    /// What the codename gives with this newsroom. Another newsroom cannot tell that it is the
    /// same source.
    #[must_use]
    pub fn way_back(&self, newsroom: &Fingerprint) -> WayBack {
        let secret = Hkdf::<Sha256>::new(Some(newsroom.as_bytes()), self.0.as_slice());
        WayBack {
            key: EpochSecret::from_bytes(*expand(&secret, b"knothole/v1 reply key")),
            mailbox: MailboxAddress::from_bytes(*expand(&secret, b"knothole/v1 mailbox")),
            erase: EraseSecret(expand(&secret, b"knothole/v1 erase")),
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "HKDF-SHA256 gives 32 bytes for any info"
)]
fn expand(secret: &Hkdf<Sha256>, label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut output = Zeroizing::new([0; 32]);
    secret
        .expand(label, output.as_mut_slice())
        .expect("32 bytes are one block");
    output
}

impl fmt::Debug for Codename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codename(..)")
    }
}

/// The way back to one source of one newsroom.
pub struct WayBack {
    key: EpochSecret,
    mailbox: MailboxAddress,
    erase: EraseSecret,
}

impl WayBack {
    /// The seed that opens the replies.
    #[must_use]
    pub const fn key(&self) -> &EpochSecret {
        &self.key
    }

    /// Where the replies lie.
    #[must_use]
    pub const fn mailbox(&self) -> &MailboxAddress {
        &self.mailbox
    }

    /// What erases them.
    #[must_use]
    pub const fn erase(&self) -> &EraseSecret {
        &self.erase
    }

    /// What the newsroom gets, inside a drop.
    #[must_use]
    pub fn block(&self) -> ReplyBlock {
        ReplyBlock {
            key: self.key.recipient_key(),
            mailbox: self.mailbox,
            erase: self.erase.hash(),
        }
    }
}

/// An address is as good as the words to whoever holds the server: it is not shown.
impl fmt::Debug for WayBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WayBack(..)")
    }
}

/// The secret with which a source erases replies it has read.
pub struct EraseSecret(Zeroizing<[u8; 32]>);

impl EraseSecret {
    /// A secret as it came over the wire.
    #[must_use]
    pub fn from_bytes(secret: [u8; 32]) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The secret itself, to be sent to the server that holds the replies.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash under which replies are pushed.
    #[must_use]
    pub fn hash(&self) -> EraseHash {
        EraseHash::from_bytes(sha256(&[self.0.as_slice()]))
    }
}

impl fmt::Debug for EraseSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EraseSecret(..)")
    }
}

#[cfg(test)]
mod tests;
