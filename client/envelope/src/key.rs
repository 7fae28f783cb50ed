//! X-Wing keys: what drops and replies are sealed to, and what opens them.

use core::fmt;

use hpke::kem::XWing;
use hpke::{Deserializable, Kem, Serializable};
use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::cbor::{Cbor, DecodeError, Reader, Writer};

/// The length of an X-Wing public key: ML-KEM-768 (1184), then X25519 (32).
pub const RECIPIENT_KEY_LEN: usize = 1216;
/// Where the X25519 part of a public key begins.
const X25519_PART: usize = 1184;

/// Why a key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Not of the right length.
    Length,
    /// The ML-KEM part fails the modulus check of FIPS 203 §7.2.
    Modulus,
    /// The X25519 or Ed25519 part is a point of small order: with it nothing stays secret.
    SmallOrder,
    /// Not a point of the curve, or not in its one encoding.
    NotAPoint,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the key has the wrong length",
            Self::Modulus => "the key is damaged: its ML-KEM part is out of range",
            Self::SmallOrder => "the key is a trap: its curve point has small order",
            Self::NotAPoint => "the key is damaged: it is not a point of its curve",
        })
    }
}

impl core::error::Error for KeyError {}

/// An X-Wing public key that passed every check it can be given.
#[derive(Clone, PartialEq, Eq)]
pub struct RecipientKey {
    bytes: Box<[u8; RECIPIENT_KEY_LEN]>,
    key: <XWing as Kem>::PublicKey,
}

impl RecipientKey {
    /// Checks a key: its length, FIPS 203 §7.2, and the order of its X25519 part.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes: Box<[u8; RECIPIENT_KEY_LEN]> =
            Box::new(bytes.try_into().map_err(|_| KeyError::Length)?);
        let key = <XWing as Kem>::PublicKey::from_bytes(bytes.as_slice())
            .map_err(|_| KeyError::Modulus)?;
        let share = bytes.last_chunk::<{ RECIPIENT_KEY_LEN - X25519_PART }>();
        if !share.is_some_and(is_contributory) {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self { bytes, key })
    }

    /// The 1216 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; RECIPIENT_KEY_LEN] {
        &self.bytes
    }

    pub(crate) fn hpke(&self) -> &<XWing as Kem>::PublicKey {
        &self.key
    }
}

impl fmt::Debug for RecipientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecipientKey(..)")
    }
}

impl Cbor for RecipientKey {
    fn write(&self, out: &mut Writer) {
        out.bytes(self.bytes.as_slice());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(input.bytes()?).map_err(|_| DecodeError::Value("an X-Wing key"))
    }
}

/// Whether X25519 with this point gives anything but zero.
///
/// A clamped scalar is eight times a number smaller than the prime orders of the curve and of its
/// twist, so the product is zero exactly when the point has small order: it depends on the point
/// alone, and any scalar tells. That makes the check possible without the secret key, which hpke
/// does not hand out, for a recipient's key and for the share inside a slot alike.
pub(crate) fn is_contributory(point: &[u8; 32]) -> bool {
    StaticSecret::from([8; 32])
        .diffie_hellman(&PublicKey::from(*point))
        .was_contributory()
}

/// The X-Wing seed that opens what was sealed to its public key: one epoch, or one source.
pub struct EpochSecret(Zeroizing<[u8; 32]>);

impl EpochSecret {
    /// A new random seed.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self(seed)
    }

    /// A seed as it was stored.
    #[must_use]
    pub fn from_bytes(seed: [u8; 32]) -> Self {
        Self(Zeroizing::new(seed))
    }

    /// The seed itself, to be wrapped and stored.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The public key that belongs to the seed.
    #[must_use]
    pub fn recipient_key(&self) -> RecipientKey {
        let key = XWing::sk_to_pk(&self.hpke());
        let mut bytes = Box::new([0; RECIPIENT_KEY_LEN]);
        key.write_exact(bytes.as_mut_slice());
        RecipientKey { bytes, key }
    }

    #[expect(clippy::expect_used, reason = "every 32 bytes are an X-Wing seed")]
    pub(crate) fn hpke(&self) -> <XWing as Kem>::PrivateKey {
        <XWing as Kem>::PrivateKey::from_bytes(self.0.as_slice()).expect("32 bytes are a seed")
    }
}

impl fmt::Debug for EpochSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EpochSecret(..)")
    }
}

#[cfg(test)]
mod tests;
