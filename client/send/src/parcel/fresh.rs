//! An envelope that is sealed while it is sent.

use std::fmt;
use std::path::Path;

use bytes::Bytes;
use knothole_envelope::{
    CHUNK_LEN, CHUNK_TEXT, ChunkSealer, DropAddress, Header, Layout, Manifest, Message, Piece,
    ReplyBlock, ResumeSecret, SealError, Suite, VerifiedSheet, seal_header,
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

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

    /// Reads a unit, has it recorded, and seals it.
    pub(super) fn unit(&self, index: u64, book: &Book) -> Result<Bytes, ParcelError> {
        let chunks = self.layout.chunks().get();
        let (range, bytes) = chunks_of(index, chunks).ok_or(SealError::Index)?;
        // Text first; it is sealed where it lies, so that the hash is that of what is sealed.
        let mut unit = Zeroizing::new(vec![0; bytes]);
        let mut hash = Sha256::new();
        for (chunk, buffer) in range.clone().zip(unit.chunks_exact_mut(CHUNK_LEN)) {
            let text = buffer.get_mut(..CHUNK_TEXT).ok_or(SealError::Index)?;
            self.read(chunk, text)?;
            hash.update(text);
        }
        book.record(index, hash.finalize().into(), || {
            culprit(&self.layout, &self.files, range.start)
        })?;
        for (chunk, buffer) in range.zip(unit.chunks_exact_mut(CHUNK_LEN)) {
            let buffer = buffer.try_into().map_err(|_| SealError::Index)?;
            if let Err(error) = self.sealer.seal_in_place(chunk, buffer) {
                unit.zeroize();
                return Err(error.into());
            }
        }
        // All of it is sealed now: nothing is left to be erased.
        Ok(std::mem::take(&mut *unit).into())
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
