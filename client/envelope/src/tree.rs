//! The tree hash: the name of a sealed envelope.

use core::fmt;

use sha2::{Digest, Sha256};

use crate::digest::TreeHash;

/// Envelopes are hashed in segments of so many bytes.
pub const SEGMENT_LEN: usize = 4_194_304;
const LABEL: &[u8] = b"knothole/v1 tree";

impl TreeHash {
    /// The tree hash of `len` bytes whose segments have these SHA-256 hashes, in order.
    ///
    /// Nothing when there are not as many segments as the length needs.
    #[must_use]
    pub fn from_segments(len: u64, segments: &[[u8; 32]]) -> Option<Self> {
        let segment = u64::try_from(SEGMENT_LEN).ok()?;
        if u64::try_from(segments.len()) != Ok(len.div_ceil(segment)) {
            return None;
        }
        let mut hasher = Sha256::new();
        hasher.update(LABEL);
        hasher.update(len.to_be_bytes());
        for segment in segments {
            hasher.update(segment);
        }
        Some(Self::from_bytes(hasher.finalize().into()))
    }
}

/// Computes a tree hash over bytes as they come.
///
/// It keeps 32 bytes for every 4 MiB: 8 MiB for the largest drop.
#[derive(Clone, Default)]
pub struct TreeHasher {
    segments: Vec<[u8; 32]>,
    current: Sha256,
    /// Bytes in the current segment.
    filled: usize,
    len: u64,
}

impl TreeHasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = SEGMENT_LEN.saturating_sub(self.filled);
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.current.update(now);
            self.filled = self.filled.saturating_add(now.len());
            self.len = self
                .len
                .saturating_add(u64::try_from(now.len()).unwrap_or(u64::MAX));
            if self.filled == SEGMENT_LEN {
                self.segments.push(self.current.finalize_reset().into());
                self.filled = 0;
            }
            bytes = later;
        }
    }

    /// The bytes seen so far.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was seen so far.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The tree hash of all the bytes.
    #[must_use]
    pub fn finish(mut self) -> TreeHash {
        if self.filled > 0 {
            self.segments.push(self.current.finalize().into());
        }
        let mut hasher = Sha256::new();
        hasher.update(LABEL);
        hasher.update(self.len.to_be_bytes());
        for segment in &self.segments {
            hasher.update(segment);
        }
        TreeHash::from_bytes(hasher.finalize().into())
    }
}

impl fmt::Debug for TreeHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TreeHasher")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
