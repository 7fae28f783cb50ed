//! Where everything lies in a drop's plaintext, so that any chunk can be made alone.

use core::ops::Range;

use zeroize::Zeroizing;

use crate::manifest::Manifest;
use crate::pad::{ChunkCount, TEXT_BYTES};

/// What a stretch of the plaintext consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of [`Layout::prefix`]: the length and the manifest.
    Manifest(Range<usize>),
    /// Bytes of a file.
    Body {
        /// The place of the file in the manifest, from 0.
        file: usize,
        /// Where in the file the bytes begin.
        offset: u64,
        /// How many they are, never 0.
        len: u64,
    },
    /// So many zeros.
    Zeros(u64),
}

/// The plaintext of a drop as its manifest lays it out.
#[derive(Debug, Clone)]
pub struct Layout {
    prefix: Zeroizing<Vec<u8>>,
    /// The first byte of each body, and at the end the first byte of the padding.
    starts: Vec<u64>,
    chunks: ChunkCount,
}

impl Layout {
    /// Lays out a drop.
    #[must_use]
    pub fn new(manifest: &Manifest) -> Self {
        let encoded = manifest.encode();
        let length = u32::try_from(encoded.len()).unwrap_or(u32::MAX);
        let mut prefix = Zeroizing::new(Vec::with_capacity(encoded.len().saturating_add(4)));
        prefix.extend_from_slice(&length.to_be_bytes());
        prefix.extend_from_slice(&encoded);
        // The manifest has checked that the sum stays far below 2^64.
        let mut next = u64::try_from(prefix.len()).unwrap_or(u64::MAX);
        let mut starts = vec![next];
        for file in manifest.files() {
            next = next.saturating_add(file.size);
            starts.push(next);
        }
        Self {
            prefix,
            starts,
            chunks: manifest.chunks(),
        }
    }

    /// What stands before the bodies: u32 length, then the manifest.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The number of chunks of the drop.
    #[must_use]
    pub const fn chunks(&self) -> ChunkCount {
        self.chunks
    }

    /// The pieces of one chunk.
    #[must_use]
    pub fn chunk(&self, index: u64) -> Vec<Piece> {
        let start = index.saturating_mul(TEXT_BYTES);
        self.pieces(start..start.saturating_add(TEXT_BYTES))
    }

    /// The pieces of a stretch of the padded plaintext, in their order.
    ///
    /// What lies beyond the padded plaintext is left out.
    #[must_use]
    pub fn pieces(&self, range: Range<u64>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let end = range.end.min(self.chunks.text_len());
        let bodies = self.starts.first().copied().unwrap_or(0);
        let padding = self.starts.last().copied().unwrap_or(0);
        let prefix = overlap(0, bodies, range.start, end);
        if let Some((from, to)) = prefix {
            let from = usize::try_from(from).unwrap_or(usize::MAX);
            let to = usize::try_from(to).unwrap_or(usize::MAX);
            pieces.push(Piece::Manifest(from..to));
        }
        // The last body that begins at or before the range; earlier ones end before it.
        let first = self
            .starts
            .partition_point(|start| *start <= range.start)
            .saturating_sub(1);
        let stretches = self.starts.windows(2).enumerate().skip(first);
        for (file, stretch) in stretches {
            let [start, stop] = stretch else { continue };
            if *start >= end {
                break;
            }
            if let Some((from, to)) = overlap(*start, *stop, range.start, end) {
                let offset = from.saturating_sub(*start);
                pieces.push(Piece::Body {
                    file,
                    offset,
                    len: to.saturating_sub(from),
                });
            }
        }
        if let Some((from, to)) = overlap(padding, u64::MAX, range.start, end) {
            pieces.push(Piece::Zeros(to.saturating_sub(from)));
        }
        pieces
    }
}

/// What two ranges have in common, if that is at least one byte.
fn overlap(start: u64, end: u64, from: u64, to: u64) -> Option<(u64, u64)> {
    let (start, end) = (start.max(from), end.min(to));
    (start < end).then_some((start, end))
}

#[cfg(test)]
mod tests;
