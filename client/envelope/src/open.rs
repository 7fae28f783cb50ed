//! Opening a drop, chunk by chunk: nothing is released that has not verified.

use core::fmt;
use std::io::{self, Read, Write};

use zeroize::Zeroizing;

use crate::cbor::DecodeError;
use crate::day::Quorum;
use crate::digest::TreeHash;
use crate::manifest::{FileEntry, MOST_MANIFEST_BYTES, Manifest};
use crate::pad::{CHUNK_LEN, CHUNK_TEXT, ChunkCount, HEADER_LEN};
use crate::payload::Payload;
use crate::salvage::Salvage;
use crate::tree::TreeHasher;

/// A drop does not open.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// A chunk was altered, moved or cut off, or something follows the last one.
    Damaged,
    /// The manifest's length is not possible.
    ManifestLength,
    /// The manifest is not one.
    Manifest(DecodeError),
    /// The manifest names another quorum than the slots.
    Quorum,
    /// The content is not of the length that its padding says.
    Padding,
    /// Something other than zeros follows the last file.
    Trailing,
    /// The sealed drop cannot be read.
    Read(io::Error),
    /// An opened file cannot be written.
    Write(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Damaged => "this drop is damaged or incomplete: fetch it again",
            Self::ManifestLength => "this drop does not follow the format: its manifest's length",
            Self::Manifest(_) => "this drop does not follow the format: its manifest",
            Self::Quorum => "this drop does not follow the format: it names two quorums",
            Self::Padding => "this drop does not follow the format: its padded length",
            Self::Trailing => {
                "this drop does not follow the format: something is hidden behind its last file"
            }
            Self::Read(_) => "the sealed drop cannot be read",
            Self::Write(_) => "the opened file cannot be written",
        })
    }
}

impl core::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read(error) | Self::Write(error) => Some(error),
            Self::Manifest(error) => Some(error),
            _ => None,
        }
    }
}

/// The chunks of an envelope, opened one after the other.
struct Chunks<R> {
    input: R,
    payload: Payload,
    tree: TreeHasher,
    /// The chunk that is open now.
    chunk: Zeroizing<Vec<u8>>,
    /// Text of the open chunk that was given out.
    at: usize,
    /// Text of the open chunk: all or, before the first chunk and after a failure, nothing.
    end: usize,
    /// How many chunks are open or done.
    verified: u64,
    /// After a failure nothing more is given out.
    failed: bool,
}

impl<R: Read> Chunks<R> {
    /// At least one byte of verified text that was not given out yet.
    fn text(&mut self) -> Result<&[u8], OpenError> {
        if self.at == self.end {
            let opened = self.next_chunk();
            if opened.is_err() {
                self.failed = true;
            }
            opened?;
        }
        self.chunk.get(self.at..self.end).ok_or(OpenError::Damaged)
    }

    fn next_chunk(&mut self) -> Result<(), OpenError> {
        self.end = 0;
        self.at = 0;
        if self.failed {
            return Err(OpenError::Damaged);
        }
        let chunk: &mut [u8; CHUNK_LEN] = self
            .chunk
            .as_mut_slice()
            .try_into()
            .map_err(|_| OpenError::Damaged)?;
        self.input
            .read_exact(chunk)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => OpenError::Damaged,
                _ => OpenError::Read(error),
            })?;
        self.tree.update(chunk);
        self.payload
            .open(self.verified, chunk)
            .map_err(|_| OpenError::Damaged)?;
        self.verified = self.verified.saturating_add(1);
        self.end = CHUNK_TEXT;
        Ok(())
    }

    /// Verified text of at most `most` bytes, taken as given out.
    fn take(&mut self, most: u64) -> Result<&[u8], OpenError> {
        let len = self.text()?.len();
        let len = usize::try_from(most).map_or(len, |most| len.min(most));
        let start = self.at;
        self.at = start.saturating_add(len);
        self.chunk.get(start..self.at).ok_or(OpenError::Damaged)
    }

    fn read_exact(&mut self, mut into: &mut [u8]) -> Result<(), OpenError> {
        while !into.is_empty() {
            let most = u64::try_from(into.len()).unwrap_or(u64::MAX);
            let text = self.take(most)?;
            let (now, later) = into
                .split_at_mut_checked(text.len())
                .ok_or(OpenError::Damaged)?;
            now.copy_from_slice(text);
            into = later;
        }
        Ok(())
    }
}

/// An open drop: its manifest, then its files in order, then proof that it was whole.
#[must_use = "a drop is whole only when `finish` says so"]
pub struct DropReader<R> {
    chunks: Chunks<R>,
    manifest: Manifest,
    /// The file that comes next.
    next: usize,
    /// Bytes of the file before it that were not read.
    left: u64,
}

impl<R: Read> DropReader<R> {
    pub(crate) fn new(
        header: &[u8; HEADER_LEN],
        payload: Payload,
        quorum: Quorum,
        input: R,
    ) -> Result<Self, OpenError> {
        let count: ChunkCount = payload.chunks();
        let mut tree = TreeHasher::new();
        tree.update(header);
        let chunk = Zeroizing::new(vec![0; CHUNK_LEN]);
        let mut chunks = Chunks {
            input,
            payload,
            tree,
            chunk,
            at: 0,
            end: 0,
            verified: 0,
            failed: false,
        };
        let mut length = [0; 4];
        chunks.read_exact(&mut length)?;
        let length = u32::from_be_bytes(length);
        if !(1..=MOST_MANIFEST_BYTES).contains(&length) {
            return Err(OpenError::ManifestLength);
        }
        let length = usize::try_from(length).map_err(|_| OpenError::ManifestLength)?;
        let mut encoded = Zeroizing::new(vec![0; length]);
        chunks.read_exact(&mut encoded)?;
        let manifest = Manifest::decode(&encoded).map_err(OpenError::Manifest)?;
        if manifest.quorum() != quorum {
            return Err(OpenError::Quorum);
        }
        if manifest.chunks() != count {
            return Err(OpenError::Padding);
        }
        Ok(Self {
            chunks,
            manifest,
            next: 0,
            left: 0,
        })
    }

    /// What the drop says it holds.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The next file. What was not read of the one before is verified and passed over.
    ///
    /// # Errors
    /// [`OpenError`] when what is passed over does not verify.
    pub fn next_file(&mut self) -> Result<Option<BodyReader<'_, R>>, OpenError> {
        self.pass_over()?;
        let place = self.next;
        let Some(size) = self.manifest.files().get(place).map(|entry| entry.size) else {
            return Ok(None);
        };
        self.next = place.saturating_add(1);
        self.left = size;
        Ok(Some(BodyReader { drop: self, place }))
    }

    /// Verifies what is left, and that the drop ends where it must.
    ///
    /// # Errors
    /// [`OpenError`]: then the drop was not whole, and no file of it gets its final name.
    pub fn finish(mut self) -> Result<TreeHash, OpenError> {
        while self.next_file()?.is_some() {}
        let count = self.chunks.payload.chunks().get();
        loop {
            if self.chunks.at == self.chunks.end && self.chunks.verified == count {
                break;
            }
            // Folded and not searched: that is an order of magnitude faster.
            let padding = self.chunks.take(u64::MAX)?;
            if padding.iter().fold(0, |seen, byte| seen | byte) != 0 {
                return Err(OpenError::Trailing);
            }
        }
        let mut more = Vec::new();
        let read = self.chunks.input.by_ref().take(1).read_to_end(&mut more);
        match read.map_err(OpenError::Read)? {
            0 => Ok(self.chunks.tree.finish()),
            _ => Err(OpenError::Damaged),
        }
    }

    /// Gives the drop up and says what of it was given out: for a drop that is cut off or damaged.
    ///
    /// Nothing proves that what is saved so is what was sent to its end.
    #[must_use]
    pub fn salvage(self) -> Salvage {
        let whole = if self.left > 0 {
            self.next.saturating_sub(1)
        } else {
            self.next
        };
        let chunks = (self.chunks.verified, self.chunks.payload.chunks().get());
        Salvage::new(self.manifest, whole, self.left, chunks)
    }

    fn pass_over(&mut self) -> Result<(), OpenError> {
        while self.left > 0 {
            self.piece()?;
        }
        Ok(())
    }

    /// More of the current file, at least a byte unless there is nothing left of it.
    fn piece(&mut self) -> Result<&[u8], OpenError> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let piece = self.chunks.take(self.left)?;
        self.left = self
            .left
            .saturating_sub(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        Ok(piece)
    }
}

impl<R> fmt::Debug for DropReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DropReader(..)")
    }
}

/// One file of a drop. Every byte it gives was verified.
pub struct BodyReader<'d, R> {
    drop: &'d mut DropReader<R>,
    place: usize,
}

impl<R: Read> BodyReader<'_, R> {
    /// The place of the file in the manifest, from 0.
    #[must_use]
    pub const fn place(&self) -> usize {
        self.place
    }

    /// Name and size, as the manifest says.
    #[must_use]
    pub fn entry(&self) -> Option<&FileEntry> {
        self.drop.manifest.files().get(self.place)
    }

    /// The next bytes of the file, without copying them; nothing at its end.
    ///
    /// # Errors
    /// [`OpenError`] when the next chunk does not verify.
    pub fn next_piece(&mut self) -> Result<Option<&[u8]>, OpenError> {
        let piece = self.drop.piece()?;
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }

    /// Writes what is left of the file, and says how much that was.
    ///
    /// # Errors
    /// [`OpenError`] when a chunk does not verify or the bytes cannot be written.
    pub fn copy_to(&mut self, mut out: impl Write) -> Result<u64, OpenError> {
        let left = self.drop.left;
        while let Some(piece) = self.next_piece()? {
            out.write_all(piece).map_err(OpenError::Write)?;
        }
        Ok(left)
    }
}

impl<R: Read> Read for BodyReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = u64::try_from(buffer.len())
            .unwrap_or(u64::MAX)
            .min(self.drop.left);
        if most == 0 {
            return Ok(0);
        }
        let piece = self.drop.chunks.take(most).map_err(io::Error::other)?;
        let len = piece.len();
        if let Some(into) = buffer.get_mut(..len) {
            into.copy_from_slice(piece);
        }
        self.drop.left = self
            .drop
            .left
            .saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
        Ok(len)
    }
}

impl<R> fmt::Debug for BodyReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyReader(..)")
    }
}

#[cfg(test)]
mod tests;
