//! An envelope that was sealed before, and lies in a file.

use std::fmt;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use knothole_envelope::{DropAddress, EnvelopeHead, HEADER_LEN, Header, Kind, MAGIC, SealError};
use sha2::{Digest as _, Sha256};

use super::book::Book;
use super::{HEADER_BYTES, ParcelError, UNIT_LEN, chunks_of};
use crate::error::SendError;
use crate::files::SourceFile;
use crate::resume::Beginning;

/// An envelope in a file.
pub(crate) struct Ready {
    file: SourceFile,
    header: Box<[u8; HEADER_LEN]>,
    head: EnvelopeHead,
}

impl Ready {
    /// The envelope in this file; nothing when it does not begin as one.
    ///
    /// # Errors
    /// [`SendError::Sealed`], [`SendError::SealedLength`] when it begins as one and is none.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, SendError> {
        let file = SourceFile::open(path)?;
        let length = file.entry().size;
        let mut begin = [0; MAGIC.len()];
        if length < HEADER_BYTES {
            return Ok(None);
        }
        file.read(0, &mut begin)?;
        if begin != *MAGIC {
            return Ok(None);
        }
        let mut header = Box::new([0; HEADER_LEN]);
        file.read(0, header.as_mut_slice())?;
        let head = EnvelopeHead::gate(&header).map_err(SendError::Sealed)?;
        if head.envelope_len() != length || head.kind() != Kind::Drop {
            return Err(SendError::SealedLength);
        }
        Ok(Some(Self { file, header, head }))
    }

    pub(crate) fn length(&self) -> u64 {
        self.head.envelope_len()
    }

    pub(crate) fn header(&self) -> &[u8] {
        self.header.as_slice()
    }

    /// What is kept of it for another run.
    pub(crate) fn beginning(&self, address: &DropAddress) -> Beginning {
        Beginning {
            address: *address,
            header: Header::from_bytes(self.header.clone()),
            sealing: None,
            files: vec![self.file.stamp()],
        }
    }

    /// Reads a unit, and makes sure that it is what it was before.
    pub(super) fn unit(
        &self,
        index: u64,
        book: &Book,
        room: BytesMut,
    ) -> Result<Bytes, ParcelError> {
        let chunks = self.head.chunks().get();
        let (_, bytes) = chunks_of(index, chunks).ok_or(SealError::Index)?;
        let offset = index.saturating_mul(UNIT_LEN).saturating_add(HEADER_BYTES);
        let mut unit = room;
        unit.resize(bytes, 0);
        self.file.read(offset, &mut unit)?;
        let hash = Sha256::digest(&unit).into();
        book.record(index, hash, || self.file.named().clone())?;
        Ok(unit.freeze())
    }
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ready(..)")
    }
}
