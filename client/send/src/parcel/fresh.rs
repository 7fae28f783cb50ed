//! An envelope that is sealed while it is sent.

use std::fmt;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use knothole_envelope::{
    CHUNK_LEN, CHUNK_TEXT, ChunkSealer, DropAddress, Header, Layout, Manifest, Message, Piece,
    ReplyBlock, ResumeSecret, SealError, Suite, VerifiedSheet, seal_header,
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use super::book::Book;
use super::{ParcelError, chunks_of};
use crate::error::SendError;
use crate::files::{Named, SourceFile};
use crate::resume::Beginning;

/// An envelope that is sealed while it is sent.
pub(crate) struct Fresh {
    header: Header,
    sealer: ChunkSealer,
    manifest: Manifest,
    layout: Layout,
    files: Vec<SourceFile>,
}

impl Fresh {
    /// A new envelope of these files and words, to the newsroom's keys of this sheet.
    pub(crate) fn seal(
        rng: &mut impl CryptoRng,
        sheet: &VerifiedSheet,
        reply: Option<ReplyBlock>,
        files: Vec<SourceFile>,
        message: Message,
    ) -> Result<Self, SendError> {
        let recipients = sheet.recipients();
        let entries = files.iter().map(|file| file.entry().clone()).collect();
        let manifest = Manifest::new(sheet.hash(), recipients.quorum(), reply, entries, message)?;
        let (header, sealer) = seal_header(
            rng,
            Suite::ChaCha20Poly1305,
            sheet.epoch(),
            recipients,
            manifest.chunks(),
        )?;
        Ok(Self::new(header, sealer, manifest, files))
    }

    /// The envelope that another run began.
    pub(crate) fn resumed(
        header: Header,
        secret: &ResumeSecret,
        manifest: Manifest,
        files: Vec<SourceFile>,
    ) -> Result<Self, SealError> {
        let sealer = ChunkSealer::from_resume_secret(secret)?;
        if sealer.chunks() != manifest.chunks() || manifest.files().len() != files.len() {
            return Err(SealError::Resume);
        }
        Ok(Self::new(header, sealer, manifest, files))
    }

    fn new(
        header: Header,
        sealer: ChunkSealer,
        manifest: Manifest,
        files: Vec<SourceFile>,
    ) -> Self {
        let layout = Layout::new(&manifest);
        Self {
            header,
            sealer,
            manifest,
            layout,
            files,
        }
    }

    /// What is kept of it for another run.
    pub(crate) fn beginning(&self, address: &DropAddress) -> Beginning {
        Beginning {
            address: *address,
            header: self.header.clone(),
            sealing: Some((self.sealer.resume_secret(), self.manifest.clone())),
            files: self.files.iter().map(SourceFile::stamp).collect(),
        }
    }

    pub(crate) fn length(&self) -> u64 {
        self.layout.chunks().envelope_len()
    }

    pub(crate) fn header(&self) -> &[u8] {
        self.header.as_bytes()
    }

    /// Reads and seals a unit, and has what it was recorded before anybody gets it.
    pub(super) fn unit(
        &self,
        index: u64,
        book: &Book,
        room: BytesMut,
    ) -> Result<Bytes, ParcelError> {
        let chunks = self.layout.chunks().get();
        let (range, bytes) = chunks_of(index, chunks).ok_or(SealError::Index)?;
        let mut unit = room;
        unit.resize(bytes, 0);
        let mut hash = Sha256::new();
        // The hash is that of what is sealed: a file may change in between.
        self.seal_chunks(range.start, &mut unit, |text| hash.update(text))?;
        book.record(index, hash.finalize().into(), || {
            culprit(&self.layout, &self.files, range.start)
        })?;
        Ok(unit.freeze())
    }

    /// Reads and seals the chunks from this one on, as many as the buffer holds. `look` sees each one's
    /// text. Nothing remembers what it was: a chunk that is made again may be another one, and two of
    /// the same place must not both leave the machine.
    pub(crate) fn seal_chunks(
        &self,
        first: u64,
        buffer: &mut [u8],
        mut look: impl FnMut(&[u8]),
    ) -> Result<(), ParcelError> {
        let sealed = (first..)
            .zip(buffer.chunks_exact_mut(CHUNK_LEN))
            .try_for_each(|(chunk, buffer)| {
                let text = buffer.get_mut(..CHUNK_TEXT).ok_or(SealError::Index)?;
                self.read(chunk, text)?;
                look(text);
                let buffer = buffer.try_into().map_err(|_| SealError::Index)?;
                Ok(self.sealer.seal_in_place(chunk, buffer)?)
            });
        if sealed.is_err() {
            // Text may stand in it.
            buffer.zeroize();
        }
        sealed
    }

    /// How many chunks there are.
    pub(crate) fn chunks(&self) -> u64 {
        self.layout.chunks().get()
    }

    fn read(&self, chunk: u64, text: &mut [u8]) -> Result<(), ParcelError> {
        let mut rest = text;
        for piece in self.layout.chunk(chunk) {
            let length = match &piece {
                Piece::Manifest(range) => range.len(),
                Piece::Body { len, .. } | Piece::Zeros(len) => {
                    usize::try_from(*len).map_err(|_| SealError::Index)?
                }
            };
            let (now, later) = rest.split_at_mut_checked(length).ok_or(SealError::Index)?;
            match piece {
                Piece::Manifest(range) => {
                    let prefix = self.layout.prefix().get(range).ok_or(SealError::Index)?;
                    now.copy_from_slice(prefix);
                }
                Piece::Body { file, offset, .. } => {
                    self.files
                        .get(file)
                        .ok_or(SealError::Index)?
                        .read(offset, now)?;
                }
                Piece::Zeros(_) => now.fill(0),
            }
            rest = later;
        }
        Ok(())
    }
}

/// A file of the unit that begins with this chunk.
fn culprit(layout: &Layout, files: &[SourceFile], first: u64) -> Named {
    (first..first.saturating_add(super::UNIT_CHUNKS))
        .flat_map(|chunk| layout.chunk(chunk))
        .find_map(|piece| match piece {
            Piece::Body { file, .. } => files.get(file).map(|file| file.named().clone()),
            _ => None,
        })
        .unwrap_or_else(|| Named::of(Path::new("?")))
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fresh(..)")
    }
}
