//! Ed25519 keys of editors and couriers, verified strictly (RFC 8032, no cofactor).

use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::address::Fingerprint;
use crate::cbor::{Cbor, DecodeError, Reader, Writer};
use crate::digest::sha256;
use crate::key::KeyError;

/// An Ed25519 public key: canonical, on the curve, and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EditorKey(VerifyingKey);

impl EditorKey {
    /// Checks a public key.
    ///
    /// # Errors
    /// [`KeyError::NotAPoint`] or [`KeyError::SmallOrder`].
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        // Other libraries refuse a y at or above the prime; so do we, or readers would disagree.
        if !is_reduced(&bytes) {
            return Err(KeyError::NotAPoint);
        }
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::NotAPoint)?;
        if key.is_weak() {
            Err(KeyError::SmallOrder)
        } else {
            Ok(Self(key))
        }
    }

    /// The 32 bytes of the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .is_ok()
    }
}

/// Whether the y-coordinate is below 2^255 - 19, its sign bit aside.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [low, middle @ .., high] = bytes;
    *low < 0xed || (high & 0x7f) != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

impl PartialOrd for EditorKey {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EditorKey {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for EditorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "EditorKey({})",
            data_encoding::HEXLOWER.encode(self.as_bytes())
        )
    }
}

impl Cbor for EditorKey {
    fn write(&self, out: &mut Writer) {
        out.bytes(self.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Self::from_bytes(input.fixed()?).map_err(|_| DecodeError::Value("an Ed25519 key"))
    }
}

/// The Ed25519 seed of an editor or of a courier.
pub struct SigningSecret(Zeroizing<[u8; 32]>);

impl SigningSecret {
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
    pub fn editor_key(&self) -> EditorKey {
        EditorKey(SigningKey::from_bytes(&self.0).verifying_key())
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        SigningKey::from_bytes(&self.0).sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(..)")
    }
}

/// What a signature says, so that it can never be taken for another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    Charter,
    Sheet,
    Opened,
    Refused,
    Burned,
    Bundle,
    Card,
    Reply,
    Archive,
}

impl Domain {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Charter => b"knothole/v1 charter\0",
            Self::Sheet => b"knothole/v1 sheet\0",
            Self::Opened => b"knothole/v1 opened\0",
            Self::Refused => b"knothole/v1 refused\0",
            Self::Burned => b"knothole/v1 burned\0",
            Self::Bundle => b"knothole/v1 bundle\0",
            Self::Card => b"knothole/v1 card\0",
            Self::Reply => b"knothole/v1 reply\0",
            Self::Archive => b"knothole/v1 archive\0",
        }
    }

    /// The bytes that are signed for a canonical encoding.
    pub(crate) fn message(self, newsroom: &Fingerprint, canonical: &[u8]) -> Vec<u8> {
        [self.label(), newsroom.as_bytes(), &sha256(&[canonical])].concat()
    }
}

#[cfg(test)]
mod tests;
