//! The public keys of all epochs: what a card needs, without the secrets and without the slips.

use knothole_envelope::RecipientKey;
use rand_core::CryptoRng;

use super::head::PREFIX;
use super::wrap::{Key, NONCE_LEN, TAG_LEN, random_nonce};

const KEY_LEN: usize = 1216;

/// The public keys in the epochs' order, sealed: who writes to the stick cannot slip in a key of
/// their own.
pub(super) struct Keys(Vec<u8>);

impl Keys {
    /// The length of so many sealed keys.
    pub(super) const fn len_of(epochs: usize) -> usize {
        epochs
            .saturating_mul(KEY_LEN)
            .saturating_add(NONCE_LEN + TAG_LEN)
    }

    pub(super) fn seal(keys: &[RecipientKey], key: &Key, rng: &mut impl CryptoRng) -> Self {
        let nonce = random_nonce(rng);
        let mut text = Vec::with_capacity(Self::len_of(keys.len()));
        for one in keys {
            text.extend_from_slice(one.as_bytes());
        }
        let tag = key.keys().wrap(&nonce, &PREFIX, &mut text);
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(&text);
        sealed.extend_from_slice(&tag);
        Self(sealed)
    }

    /// The sealed keys as they lie in the file; nothing when there are not so many.
    pub(super) fn from_bytes(bytes: &[u8], epochs: usize) -> Option<Self> {
        (bytes.len() == Self::len_of(epochs)).then(|| Self(bytes.to_vec()))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The keys; nothing when a byte of them was altered.
    pub(super) fn open(&self, key: &Key) -> Option<Vec<RecipientKey>> {
        let (nonce, rest) = self.0.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let mut text = text.to_vec();
        key.keys().unwrap(nonce, &PREFIX, &mut text, tag)?;
        text.chunks(KEY_LEN)
            .map(|key| RecipientKey::from_bytes(key).ok())
            .collect()
    }
}
