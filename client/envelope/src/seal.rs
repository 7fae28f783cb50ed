//! Sealing: a header for its recipients, then the chunks.

use core::fmt;
use std::io::{self, Read, Write};

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::day::EpochNumber;
use crate::digest::TreeHash;
use crate::head::{Kind, write_head};
use crate::layout::{Layout, Piece};
use crate::manifest::Manifest;
use crate::pad::{CHUNK_LEN, CHUNK_TEXT, ChunkCount, HEADER_LEN};
use crate::payload::{ChunkSealer, Suite};
use crate::recipients::Recipients;
use crate::schedule::Schedule;
use crate::share::split;
use crate::slot::{SLOT_LEN, SLOTS, SlotText, nobody, seal_slot, slot_info};
use crate::tree::TreeHasher;

/// Sealing failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum SealError {
    /// The manifest names another quorum than the recipients have.
    Quorum,
    /// The number of chunks is not that of a drop.
    Chunks,
    /// There is no chunk with this index.
    Index,
    /// What was kept for going on is not usable.
    Resume,
    /// A file is no longer of the size that it had.
    Changed {
        /// The place of the file in the manifest, from 0.
        file: usize,
    },
    /// A file cannot be read.
    Read {
        /// The place of the file in the manifest, from 0.
        file: usize,
        /// What the system says.
        source: io::Error,
    },
    /// The sealed drop cannot be written.
    Write(io::Error),
    /// A key could not be sealed to.
    Key,
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quorum => f.write_str("the manifest names another quorum than the epoch sheet"),
            Self::Chunks => f.write_str("a drop cannot have this number of chunks"),
            Self::Index => f.write_str("the drop has no such chunk"),
            Self::Resume => f.write_str("what was kept for going on is damaged: begin again"),
            Self::Changed { file } => write!(
                f,
                "file {} changed while it was being sealed: begin again when nothing writes to it",
                file.saturating_add(1)
            ),
            Self::Read { file, .. } => write!(f, "file {} cannot be read", file.saturating_add(1)),
            Self::Write(_) => f.write_str("the sealed drop cannot be written"),
            Self::Key => f.write_str("one of the newsroom's keys cannot be sealed to"),
        }
    }
}

impl core::error::Error for SealError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } | Self::Write(source) => Some(source),
            _ => None,
        }
    }
}

/// The 12,288 bytes before the first chunk. They are public.
#[derive(Clone, PartialEq, Eq)]
pub struct Header(Box<[u8; HEADER_LEN]>);

impl Header {
    /// Takes the bytes as they are; whoever opens them checks them.
    #[must_use]
    pub const fn from_bytes(bytes: Box<[u8; HEADER_LEN]>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; HEADER_LEN] {
        &self.0
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Header(..)")
    }
}

/// Makes the header of a new drop, and hands out what seals its chunks.
///
/// # Errors
/// [`SealError::Chunks`] when no drop has this number of chunks.
pub fn seal_header(
    rng: &mut impl CryptoRng,
    suite: Suite,
    epoch: EpochNumber,
    recipients: &Recipients,
    chunks: ChunkCount,
) -> Result<(Header, ChunkSealer), SealError> {
    if chunks == ChunkCount::REPLY {
        return Err(SealError::Chunks);
    }
    seal_any_header(rng, Kind::Drop, Some(epoch), suite, recipients, chunks)
}

pub(crate) fn seal_any_header(
    rng: &mut impl CryptoRng,
    kind: Kind,
    epoch: Option<EpochNumber>,
    suite: Suite,
    recipients: &Recipients,
    chunks: ChunkCount,
) -> Result<(Header, ChunkSealer), SealError> {
    let mut secret = Zeroizing::new([0; 32]);
    rng.fill_bytes(secret.as_mut_slice());
    let mut salt = [0; 32];
    rng.fill_bytes(&mut salt);
    let head = write_head(kind, epoch, chunks, &salt);
    let quorum = recipients.quorum();
    let schedule = Schedule::new(&salt, &secret);
    let commitment = schedule.commitment(suite, quorum, &head);
    let slots = seal_slots(
        rng,
        suite,
        recipients,
        &secret,
        &slot_info(&head, &commitment),
    )?;

    let mut header = Box::new([0; HEADER_LEN]);
    let fields = head.iter().chain(&commitment).chain(slots.iter().flatten());
    for (to, from) in header.iter_mut().zip(fields) {
        *to = *from;
    }
    let key = schedule.payload(suite, &header);
    Ok((Header(header), ChunkSealer::new(suite, key, chunks)))
}

/// Seals the shares to their keys, and nothing to nobody, in random order.
fn seal_slots(
    rng: &mut impl CryptoRng,
    suite: Suite,
    recipients: &Recipients,
    secret: &[u8; 32],
    info: &[u8; 48],
) -> Result<Vec<[u8; SLOT_LEN]>, SealError> {
    let quorum = recipients.quorum();
    let count = u8::try_from(recipients.keys().len()).map_err(|_| SealError::Key)?;
    let shares = split(secret, quorum, count, rng);
    let mut filled: Vec<Option<_>> = recipients.keys().iter().zip(&shares).map(Some).collect();
    filled.resize_with(SLOTS, || None);
    shuffle(rng, &mut filled);
    let mut slots = Vec::with_capacity(SLOTS);
    for (place, content) in (0_u8..).zip(filled) {
        let mut text = SlotText::new([0; 35]);
        let slot = if let Some((key, share)) = content {
            let fields = [suite.byte(), quorum.get(), share.x];
            for (to, from) in text.iter_mut().zip(fields.iter().chain(share.y.iter())) {
                *to = *from;
            }
            seal_slot(rng, key, info, place, &text)
        } else {
            let key = nobody(rng);
            seal_slot(rng, &key, info, place, &text)
        };
        slots.push(slot.ok_or(SealError::Key)?);
    }
    Ok(slots)
}

/// A uniform order (Fisher and Yates), without the bias of a remainder.
fn shuffle<T>(rng: &mut impl CryptoRng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        let choices = last.saturating_add(1);
        let other = loop {
            let mut byte = [0];
            rng.fill_bytes(&mut byte);
            let [byte] = byte.map(usize::from);
            // The largest multiple of the choices below 256 ends the fair part.
            if byte < 256_usize.saturating_sub(256_usize.checked_rem(choices).unwrap_or(0)) {
                break byte.checked_rem(choices).unwrap_or(0);
            }
        };
        items.swap(last, other);
    }
}

/// Seals a whole drop from its manifest and files, in one pass and little memory.
///
/// `bodies` opens the file at a place of the manifest. Each must have exactly the size that the
/// manifest says.
///
/// # Errors
/// [`SealError`] says which file is at fault, or that the drop cannot be written.
pub fn seal_drop<B: Read>(
    rng: &mut impl CryptoRng,
    suite: Suite,
    epoch: EpochNumber,
    recipients: &Recipients,
    manifest: &Manifest,
    mut bodies: impl FnMut(usize) -> io::Result<B>,
    mut out: impl Write,
) -> Result<TreeHash, SealError> {
    if manifest.quorum() != recipients.quorum() {
        return Err(SealError::Quorum);
    }
    let (header, sealer) = seal_header(rng, suite, epoch, recipients, manifest.chunks())?;
    let layout = Layout::new(manifest);
    let mut tree = TreeHasher::new();
    tree.update(header.as_bytes());
    out.write_all(header.as_bytes()).map_err(SealError::Write)?;
    let mut source = Bodies {
        open: None,
        bodies: &mut bodies,
        manifest,
    };
    source.check_empty()?;
    let mut chunk = Zeroizing::new(vec![0; CHUNK_LEN]);
    let chunk: &mut [u8; CHUNK_LEN] = chunk
        .as_mut_slice()
        .try_into()
        .map_err(|_| SealError::Chunks)?;
    for index in 0..manifest.chunks().get() {
        let mut text = chunk.get_mut(..CHUNK_TEXT).unwrap_or_default();
        for piece in layout.chunk(index) {
            text = fill(text, &piece, &layout, &mut source)?;
        }
        sealer.seal_in_place(index, chunk)?;
        tree.update(chunk);
        out.write_all(chunk).map_err(SealError::Write)?;
    }
    out.flush().map_err(SealError::Write)?;
    Ok(tree.finish())
}

/// Fills the beginning of the text with a piece, and gives back the rest of it.
fn fill<'t, B: Read, F: FnMut(usize) -> io::Result<B>>(
    text: &'t mut [u8],
    piece: &Piece,
    layout: &Layout,
    source: &mut Bodies<'_, B, F>,
) -> Result<&'t mut [u8], SealError> {
    let len = match piece {
        Piece::Manifest(range) => range.len(),
        Piece::Body { len, .. } | Piece::Zeros(len) => {
            usize::try_from(*len).map_err(|_| SealError::Chunks)?
        }
    };
    let (now, later) = text.split_at_mut_checked(len).ok_or(SealError::Chunks)?;
    match piece {
        Piece::Manifest(range) => {
            now.copy_from_slice(
                layout
                    .prefix()
                    .get(range.clone())
                    .ok_or(SealError::Chunks)?,
            );
        }
        Piece::Body { file, offset, len } => source.read(*file, *offset, *len, now)?,
        Piece::Zeros(_) => now.fill(0),
    }
    Ok(later)
}

/// The files, one open at a time.
struct Bodies<'a, B, F> {
    open: Option<(usize, B)>,
    bodies: &'a mut F,
    manifest: &'a Manifest,
}

impl<B: Read, F: FnMut(usize) -> io::Result<B>> Bodies<'_, B, F> {
    /// That files of size 0 are empty. No chunk asks for them, and some file systems give 0 as
    /// the size of files that have content.
    fn check_empty(&mut self) -> Result<(), SealError> {
        for (file, entry) in self.manifest.files().iter().enumerate() {
            if entry.size == 0 {
                self.read(file, 0, 0, &mut [])?;
            }
        }
        Ok(())
    }

    fn read(
        &mut self,
        file: usize,
        offset: u64,
        len: u64,
        into: &mut [u8],
    ) -> Result<(), SealError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::UnexpectedEof => SealError::Changed { file },
            _ => SealError::Read { file, source },
        };
        let mut body = match self.open.take() {
            Some((open, body)) if open == file => body,
            _ => (self.bodies)(file).map_err(failed)?,
        };
        body.read_exact(into).map_err(failed)?;
        let end = offset.checked_add(len);
        let size = self.manifest.files().get(file).map(|entry| entry.size);
        if end == size {
            // A file that grew is a file that changed.
            let more = body
                .by_ref()
                .take(1)
                .read_to_end(&mut Vec::new())
                .map_err(failed)?;
            if more > 0 {
                return Err(SealError::Changed { file });
            }
        } else {
            self.open = Some((file, body));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
