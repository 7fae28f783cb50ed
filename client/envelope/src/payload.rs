//! The chunks: STREAM over ChaCha20-Poly1305 or AES-256-GCM, any chunk alone.

use core::fmt;

use aes_gcm::Aes256Gcm;
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use zeroize::Zeroizing;

use crate::pad::{CHUNK_LEN, CHUNK_TEXT, ChunkCount};
use crate::seal::SealError;

const TAG_LEN: usize = CHUNK_LEN - CHUNK_TEXT;

/// Which cipher seals the chunks. Readers take both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// ChaCha20-Poly1305 (RFC 8439): what the native tools use.
    ChaCha20Poly1305,
    /// AES-256-GCM (SP 800-38D): what browsers do fast.
    Aes256Gcm,
}

impl Suite {
    /// The number of the suite in the format.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::ChaCha20Poly1305 => 1,
            Self::Aes256Gcm => 2,
        }
    }

    /// The suite with this number.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::ChaCha20Poly1305),
            2 => Some(Self::Aes256Gcm),
            _ => None,
        }
    }
}

/// A chunk that cannot be sealed or opened.
pub(crate) struct ChunkError;

/// The chunks' cipher under the envelope's key.
pub(crate) struct Payload {
    cipher: Cipher,
    chunks: ChunkCount,
}

enum Cipher {
    ChaCha(Box<ChaCha20Poly1305>),
    Aes(Box<Aes256Gcm>),
}

impl Payload {
    pub(crate) fn new(suite: Suite, key: &[u8; 32], chunks: ChunkCount) -> Self {
        let cipher = match suite {
            Suite::ChaCha20Poly1305 => Cipher::ChaCha(Box::new(ChaCha20Poly1305::new(key.into()))),
            Suite::Aes256Gcm => Cipher::Aes(Box::new(Aes256Gcm::new(key.into()))),
        };
        Self { cipher, chunks }
    }

    pub(crate) const fn chunks(&self) -> ChunkCount {
        self.chunks
    }

    fn nonce(&self, index: u64) -> Result<[u8; 12], ChunkError> {
        let last = self.chunks.is_last(index).ok_or(ChunkError)?;
        let [a, b, c, d, e, f, g, h] = index.to_be_bytes();
        Ok([0, 0, 0, a, b, c, d, e, f, g, h, u8::from(last)])
    }

    fn seal(&self, index: u64, text: InOutBuf<'_, '_, u8>) -> Result<[u8; TAG_LEN], ChunkError> {
        let nonce = self.nonce(index)?;
        let tag = match &self.cipher {
            Cipher::ChaCha(cipher) => cipher.encrypt_inout_detached(&nonce.into(), &[], text),
            Cipher::Aes(cipher) => cipher.encrypt_inout_detached(&nonce.into(), &[], text),
        };
        tag.map(Into::into).map_err(|_| ChunkError)
    }

    /// Opens a chunk where it lies. Nothing in it may be used when this fails.
    pub(crate) fn open(&self, index: u64, chunk: &mut [u8; CHUNK_LEN]) -> Result<(), ChunkError> {
        let nonce = self.nonce(index)?;
        let Some((text, tag)) = chunk.split_first_chunk_mut::<CHUNK_TEXT>() else {
            return Err(ChunkError);
        };
        let tag = <[u8; TAG_LEN]>::try_from(&*tag).map_err(|_| ChunkError)?;
        let text = InOutBuf::from(text.as_mut_slice());
        match &self.cipher {
            Cipher::ChaCha(cipher) => {
                cipher.decrypt_inout_detached(&nonce.into(), &[], text, &tag.into())
            }
            Cipher::Aes(cipher) => {
                cipher.decrypt_inout_detached(&nonce.into(), &[], text, &tag.into())
            }
        }
        .map_err(|_| ChunkError)
    }
}

/// Seals the chunks of one envelope, each of them alone and in any order.
///
/// Never seal two different texts at the same index: that would repeat a nonce, and show both.
pub struct ChunkSealer {
    payload: Payload,
    suite: Suite,
    key: Zeroizing<[u8; 32]>,
}

impl ChunkSealer {
    pub(crate) fn new(suite: Suite, key: Zeroizing<[u8; 32]>, chunks: ChunkCount) -> Self {
        Self {
            payload: Payload::new(suite, &key, chunks),
            suite,
            key,
        }
    }

    /// The number of chunks of the envelope.
    #[must_use]
    pub const fn chunks(&self) -> ChunkCount {
        self.payload.chunks()
    }

    /// Seals a chunk from one buffer into another.
    ///
    /// # Errors
    /// [`SealError::Index`] when there is no such chunk.
    pub fn seal_chunk(
        &self,
        index: u64,
        text: &[u8; CHUNK_TEXT],
        out: &mut [u8; CHUNK_LEN],
    ) -> Result<(), SealError> {
        let (sealed, tag) = out
            .split_first_chunk_mut::<CHUNK_TEXT>()
            .ok_or(SealError::Index)?;
        let buffer =
            InOutBuf::new(text.as_slice(), sealed.as_mut_slice()).map_err(|_| SealError::Index)?;
        let made = self
            .payload
            .seal(index, buffer)
            .map_err(|ChunkError| SealError::Index)?;
        tag.copy_from_slice(&made);
        Ok(())
    }

    /// Seals a chunk where its text lies: in the first [`CHUNK_TEXT`] bytes.
    ///
    /// # Errors
    /// [`SealError::Index`] when there is no such chunk.
    pub fn seal_in_place(&self, index: u64, chunk: &mut [u8; CHUNK_LEN]) -> Result<(), SealError> {
        let (text, tag) = chunk
            .split_first_chunk_mut::<CHUNK_TEXT>()
            .ok_or(SealError::Index)?;
        let buffer = InOutBuf::from(text.as_mut_slice());
        let made = self
            .payload
            .seal(index, buffer)
            .map_err(|ChunkError| SealError::Index)?;
        tag.copy_from_slice(&made);
        Ok(())
    }

    /// What it takes to go on sealing this envelope later, beside its header.
    #[must_use]
    pub fn resume_secret(&self) -> ResumeSecret {
        let mut bytes = Zeroizing::new([0; ResumeSecret::LEN]);
        let fields = [self.suite.byte()]
            .into_iter()
            .chain(self.chunks().get().to_be_bytes())
            .chain(self.key.iter().copied());
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        ResumeSecret(bytes)
    }

    /// Goes on sealing an envelope, with a secret from [`ChunkSealer::resume_secret`].
    ///
    /// # Errors
    /// [`SealError::Resume`] when the secret is not one.
    pub fn from_resume_secret(secret: &ResumeSecret) -> Result<Self, SealError> {
        let [suite, n0, n1, n2, n3, n4, n5, n6, n7, key @ ..] = &*secret.0;
        let suite = Suite::from_byte(*suite).ok_or(SealError::Resume)?;
        let chunks = u64::from_be_bytes([*n0, *n1, *n2, *n3, *n4, *n5, *n6, *n7]);
        let chunks = ChunkCount::for_drop(chunks).ok_or(SealError::Resume)?;
        Ok(Self::new(suite, Zeroizing::new(*key), chunks))
    }
}

impl fmt::Debug for ChunkSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChunkSealer(..)")
    }
}

/// The chunks' key with the suite and the number of chunks; whoever has it can open them all.
pub struct ResumeSecret(Zeroizing<[u8; Self::LEN]>);

impl ResumeSecret {
    /// The length of the secret: suite (1), number of chunks (8), key (32).
    pub const LEN: usize = 41;

    /// A secret as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret itself, to be sealed and stored.
    #[must_use]
    pub fn expose(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for ResumeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeSecret(..)")
    }
}

#[cfg(test)]
mod tests;
