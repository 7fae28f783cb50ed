//! How long an envelope is: Padmé (PETS 2019) over chunks.

use core::fmt;

/// The length of an envelope's header.
pub const HEADER_LEN: usize = 12_288;
/// The length of a sealed chunk, its tag included.
pub const CHUNK_LEN: usize = 65_536;
/// The length of the plaintext in a chunk.
pub const CHUNK_TEXT: usize = 65_520;
/// The length of a sealed reply.
pub const REPLY_LEN: usize = 77_824;
/// A drop has at least so many chunks.
pub const FEWEST_CHUNKS: u64 = 16;
/// A drop has at most so many chunks: 1 TiB.
pub const MOST_CHUNKS: u64 = 1 << 24;

pub(crate) const HEADER_BYTES: u64 = 12_288;
pub(crate) const CHUNK_BYTES: u64 = 65_536;
pub(crate) const TEXT_BYTES: u64 = 65_520;

/// The content does not fit into an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is more than one drop can hold (1 TiB): send it as several drops")
    }
}

impl core::error::Error for TooLarge {}

/// The number of chunks of an envelope: on the padding scale for a drop, one for a reply.
///
/// ```
/// use knothole_envelope::ChunkCount;
/// assert_eq!(ChunkCount::for_content(1).unwrap().get(), 16);
/// assert_eq!(ChunkCount::for_content(65_520 * 129).unwrap().get(), 144);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkCount(u64);

impl ChunkCount {
    /// The one chunk of a reply.
    pub const REPLY: Self = Self(1);

    /// The chunks of a drop with so many bytes of content (length, manifest and bodies).
    ///
    /// # Errors
    /// [`TooLarge`] above 2^24 chunks.
    pub fn for_content(bytes: u64) -> Result<Self, TooLarge> {
        let chunks = bytes.div_ceil(TEXT_BYTES);
        if chunks > MOST_CHUNKS {
            return Err(TooLarge);
        }
        let padded = padme(chunks).ok_or(TooLarge)?.max(FEWEST_CHUNKS);
        Self::for_drop(padded).ok_or(TooLarge)
    }

    /// This number of chunks, if it lies on the scale of drops.
    #[must_use]
    pub fn for_drop(chunks: u64) -> Option<Self> {
        let on_scale =
            (FEWEST_CHUNKS..=MOST_CHUNKS).contains(&chunks) && padme(chunks) == Some(chunks);
        on_scale.then_some(Self(chunks))
    }

    /// The chunks of a sealed drop of this length, if a drop can have this length.
    #[must_use]
    pub fn from_envelope_len(bytes: u64) -> Option<Self> {
        let chunks = bytes.checked_sub(HEADER_BYTES)?;
        if chunks % CHUNK_BYTES != 0 {
            return None;
        }
        Self::for_drop(chunks / CHUNK_BYTES)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The length of the sealed envelope in bytes.
    #[must_use]
    pub const fn envelope_len(self) -> u64 {
        // At most 2^24 chunks of 2^16 bytes: nothing saturates.
        self.0
            .saturating_mul(CHUNK_BYTES)
            .saturating_add(HEADER_BYTES)
    }

    /// The length of the padded plaintext in bytes.
    #[must_use]
    pub const fn text_len(self) -> u64 {
        self.0.saturating_mul(TEXT_BYTES)
    }

    /// Whether this is the index of the last chunk; nothing when it lies beyond.
    pub(crate) fn is_last(self, index: u64) -> Option<bool> {
        let next = index.checked_add(1)?;
        (next <= self.0).then_some(next == self.0)
    }
}

/// The next number on the Padmé scale; nothing where it does not fit into 64 bits.
fn padme(count: u64) -> Option<u64> {
    let Some(exponent) = count.checked_ilog2().filter(|exponent| *exponent > 0) else {
        return Some(count);
    };
    let kept = exponent.checked_ilog2()?.checked_add(1)?;
    let step = 1_u64.checked_shl(exponent.checked_sub(kept)?)?;
    count.checked_next_multiple_of(step)
}

#[cfg(test)]
mod tests;
