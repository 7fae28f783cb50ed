//! Something that can be signed, and the signatures that came with it.

use core::fmt;

use crate::address::Fingerprint;
use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::digest::sha256;
use crate::signing::{EditorKey, SigningSecret};

/// Nothing is signed by more keys than a charter can name.
const MOST_SIGNATURES: u64 = 8;

/// What may stand inside [`Signed`]. Only this crate can say what that is.
pub trait SignedBody: sealed::Body {}

impl<T: sealed::Body> SignedBody for T {}

pub(crate) mod sealed {
    use crate::cbor::Cbor;
    use crate::signing::Domain;

    #[allow(unreachable_pub, reason = "it seals a public trait")]
    pub trait Body: Cbor {
        /// What a signature over it says.
        fn domain(&self) -> Domain;
    }
}

/// A body with detached signatures, none of which has been verified yet.
///
/// Its methods `verify` are the only way from here to something that may be trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed<T> {
    body: T,
    /// The canonical CBOR of the body: what is signed and hashed.
    canonical: Vec<u8>,
    /// In ascending order of the keys, each key once.
    signatures: Vec<SignatureBy>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct SignatureBy {
    key: EditorKey,
    signature: [u8; 64],
}

/// What is wrong with the signatures of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Foreign,
    Bad,
    TooFew,
}

impl<T: SignedBody> Signed<T> {
    /// The body, unsigned so far.
    #[must_use]
    pub fn new(body: T) -> Self {
        let canonical = cbor::encode(&body);
        Self {
            body,
            canonical,
            signatures: Vec::new(),
        }
    }

    /// The body. Nobody has vouched for it yet.
    #[must_use]
    pub const fn unverified(&self) -> &T {
        &self.body
    }

    /// The keys that are said to have signed.
    pub fn signers(&self) -> impl Iterator<Item = &EditorKey> {
        self.signatures.iter().map(|entry| &entry.key)
    }

    /// Adds or replaces the signature of this key, for the newsroom with this fingerprint.
    pub fn sign(&mut self, newsroom: &Fingerprint, secret: &SigningSecret) {
        let key = secret.editor_key();
        let signature = secret.sign(&self.body.domain().message(newsroom, &self.canonical));
        let entry = SignatureBy { key, signature };
        match self.signatures.binary_search_by(|held| held.key.cmp(&key)) {
            Ok(place) => {
                if let Some(held) = self.signatures.get_mut(place) {
                    *held = entry;
                }
            }
            Err(place) => self.signatures.insert(place, entry),
        }
    }

    /// Takes over the signatures that another copy of the same body carries.
    ///
    /// Answers whether it was the same body. A signature that does not fit is left where it is:
    /// a copy that was spoiled on its way must not keep a good signature out later. Beyond eight
    /// signatures nothing is taken over, so that the whole can always be read again.
    #[must_use]
    pub fn merge(&mut self, newsroom: &Fingerprint, other: &Self) -> bool {
        if self.canonical != other.canonical {
            return false;
        }
        let message = self.body.domain().message(newsroom, &self.canonical);
        for entry in &other.signatures {
            let place = self
                .signatures
                .binary_search_by(|held| held.key.cmp(&entry.key));
            if let Err(place) = place
                && cbor::count(&self.signatures) < MOST_SIGNATURES
                && entry.key.verifies(&message, &entry.signature)
            {
                self.signatures.insert(place, *entry);
            }
        }
        true
    }

    /// The canonical CBOR of body and signatures.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads a body and its signatures, and verifies none of them.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are exactly one canonical item.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes)
    }

    /// The canonical CBOR of an array of them.
    #[must_use]
    pub fn encode_list(items: &[Self]) -> Vec<u8> {
        cbor::encode_list(items)
    }

    /// Reads an array of at most `limit`.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are exactly one canonical array.
    pub fn decode_list(bytes: &[u8], limit: u32) -> Result<Vec<Self>, DecodeError> {
        cbor::decode_list(bytes, u64::from(limit))
    }

    /// SHA-256 of the body's canonical CBOR.
    pub(crate) fn body_hash(&self) -> [u8; 32] {
        sha256(&[&self.canonical])
    }

    /// That `enough` of the keys signed, and that nobody else is said to have.
    pub(crate) fn check(
        &self,
        newsroom: &Fingerprint,
        keys: &[EditorKey],
        enough: usize,
    ) -> Result<(), Flaw> {
        let message = self.body.domain().message(newsroom, &self.canonical);
        for entry in &self.signatures {
            if !keys.contains(&entry.key) {
                return Err(Flaw::Foreign);
            }
            if !entry.key.verifies(&message, &entry.signature) {
                return Err(Flaw::Bad);
            }
        }
        // Each key stands here once, so the number of signatures is the number of editors.
        if self.signatures.len() < enough {
            Err(Flaw::TooFew)
        } else {
            Ok(())
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("body", &self.body)
            .field("signatures", &self.signatures.len())
            .finish_non_exhaustive()
    }
}

impl<T: SignedBody> Cbor for Signed<T> {
    fn write(&self, out: &mut Writer) {
        out.map(2)
            .unsigned(1)
            .bytes(&self.canonical)
            .unsigned(2)
            .list(&self.signatures);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let canonical = fields.required(1, Reader::bytes)?;
        let body = cbor::decode(canonical)?;
        let signatures: Vec<SignatureBy> =
            fields.required(2, |input| input.list(MOST_SIGNATURES))?;
        fields.end()?;
        if !signatures.is_sorted_by(|a, b| a.key < b.key) {
            return Err(DecodeError::Value("the order of the signatures"));
        }
        Ok(Self {
            body,
            canonical: canonical.to_vec(),
            signatures,
        })
    }
}

impl Cbor for SignatureBy {
    fn write(&self, out: &mut Writer) {
        out.bytes(&[self.key.as_bytes().as_slice(), &self.signature].concat());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes: [u8; 96] = input.fixed()?;
        let Some((key, rest)) = bytes.split_first_chunk::<32>() else {
            return Err(DecodeError::Malformed);
        };
        let signature = rest.try_into().map_err(|_| DecodeError::Malformed)?;
        let key = EditorKey::from_bytes(*key).map_err(|_| DecodeError::Value("an Ed25519 key"))?;
        Ok(Self { key, signature })
    }
}

#[cfg(test)]
mod tests;
