//! Keys that wrap: ChaCha20-Poly1305 (RFC 8439) under keys derived by HKDF-SHA256 (RFC 5869).

use core::fmt;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use hkdf::Hkdf;
use knothole_envelope::EpochNumber;
use rand_core::CryptoRng;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::slip::Slip;

pub(super) const NONCE_LEN: usize = 12;
pub(super) const TAG_LEN: usize = 16;

/// A key that wraps: the passphrase's, the vault's own, or one derived from that.
pub(super) struct Key(Zeroizing<[u8; Self::LEN]>);

impl Key {
    pub(super) const LEN: usize = 32;

    pub(super) fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; Self::LEN]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    pub(super) const fn from_bytes(bytes: Zeroizing<[u8; Self::LEN]>) -> Self {
        Self(bytes)
    }

    pub(super) fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// The key of the body.
    pub(super) fn body(&self) -> Self {
        self.derive(&[b"knothole/v1 vault body"])
    }

    /// The key of one epoch's record.
    pub(super) fn epoch(&self, epoch: EpochNumber) -> Self {
        self.derive(&[b"knothole/v1 vault epoch", &epoch.get().to_be_bytes()])
    }

    /// The key of one epoch's record that is under a slip as well.
    pub(super) fn epoch_under(&self, slip: &Slip, epoch: EpochNumber) -> Self {
        let (both, _) = Hkdf::<Sha256>::extract(Some(self.0.as_slice()), slip.expose());
        Self(Zeroizing::new(both.into()))
            .derive(&[b"knothole/v1 vault slip", &epoch.get().to_be_bytes()])
    }

    /// The key of the epochs' public keys.
    pub(super) fn keys(&self) -> Self {
        self.derive(&[b"knothole/v1 vault keys"])
    }

    #[expect(clippy::expect_used, reason = "32 bytes are a key and one block")]
    fn derive(&self, label: &[&[u8]]) -> Self {
        let mut key = Zeroizing::new([0; Self::LEN]);
        Hkdf::<Sha256>::from_prk(self.0.as_slice())
            .expect("32 bytes are a pseudorandom key")
            .expand_multi_info(label, key.as_mut_slice())
            .expect("32 bytes are one block");
        Self(key)
    }

    /// Wraps a text where it lies, and gives its tag. A key and a nonce may wrap one text only.
    #[expect(clippy::expect_used, reason = "a text is shorter than a mebibyte")]
    pub(super) fn wrap(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
    ) -> [u8; TAG_LEN] {
        ChaCha20Poly1305::new(self.expose().into())
            .encrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text))
            .expect("a short text can be sealed")
            .into()
    }

    /// Unwraps a text where it lies; nothing of it may be used when this gives nothing.
    pub(super) fn unwrap(
        &self,
        nonce: &[u8; NONCE_LEN],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Option<()> {
        ChaCha20Poly1305::new(self.expose().into())
            .decrypt_inout_detached(nonce.into(), aad, InOutBuf::from(text), tag.into())
            .ok()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A nonce for a key that may wrap again later.
pub(super) fn random_nonce(rng: &mut impl CryptoRng) -> [u8; NONCE_LEN] {
    let mut nonce = [0; NONCE_LEN];
    rng.fill_bytes(&mut nonce);
    nonce
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapping_key_does_not_print_itself() {
        assert_eq!(
            format!("{:?}", Key::from_bytes(Zeroizing::new([7; 32]))),
            "Key(..)"
        );
    }

    #[test]
    fn body_and_epochs_have_keys_of_their_own() {
        let key = Key::from_bytes(Zeroizing::new([7; 32]));
        let epoch = |number| key.epoch(EpochNumber::new(number).unwrap());
        assert_ne!(key.body().expose(), epoch(1).expose());
        assert_ne!(epoch(1).expose(), epoch(2).expose());
    }
}
