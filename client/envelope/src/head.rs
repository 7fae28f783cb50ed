//! The outside of an envelope: what can be read, and refused, without any key.

use core::fmt;

use crate::day::EpochNumber;
use crate::pad::{ChunkCount, HEADER_LEN};

/// The first bytes of every envelope.
pub const MAGIC: &[u8; 8] = b"KNOTHOLE";
/// The length of the part of the header that [`EnvelopeHead`] reads.
pub const HEAD_LEN: usize = 56;
/// The slots and what stands before them end here; zeros follow to the end of the header.
pub(crate) const SLOTS_END: usize = 9_456;

/// Why something is no envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadError {
    /// Cut off inside the header.
    Short,
    /// It does not begin as an envelope does.
    Magic,
    /// An envelope of another version.
    Version,
    /// Neither a drop nor a reply.
    Kind,
    /// A byte that must be zero is not.
    Reserved,
    /// A drop without an epoch, or a reply with one.
    Epoch,
    /// A number of chunks that is not on the padding scale.
    Chunks,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "this is cut off before the end of its header",
            Self::Magic => "this is not a sealed file",
            Self::Version => "this was sealed by another version of the format",
            Self::Kind => "this is neither a sealed drop nor a sealed reply",
            Self::Reserved => "this sealed file is damaged: bytes that must be zero are not",
            Self::Epoch => "this sealed file is damaged: its epoch does not fit",
            Self::Chunks => "this sealed file is damaged: its length is not on the padding scale",
        })
    }
}

impl core::error::Error for HeadError {}

/// What an envelope is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// From a source to the newsroom.
    Drop,
    /// From the newsroom to a source.
    Reply,
}

impl Kind {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Drop => 1,
            Self::Reply => 2,
        }
    }
}

/// Kind, epoch and number of chunks, as the first 56 bytes tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnvelopeHead {
    kind: Kind,
    epoch: Option<EpochNumber>,
    chunks: ChunkCount,
}

impl EnvelopeHead {
    /// Reads the first 56 bytes; what follows them is not looked at.
    ///
    /// # Errors
    /// [`HeadError`] says why it is no envelope.
    pub fn parse(bytes: &[u8]) -> Result<Self, HeadError> {
        let (head, _) = bytes
            .split_first_chunk::<HEAD_LEN>()
            .ok_or(HeadError::Short)?;
        let [
            m0,
            m1,
            m2,
            m3,
            m4,
            m5,
            m6,
            m7,
            version,
            kind,
            zero0,
            zero1,
            rest @ ..,
        ] = head;
        if &[*m0, *m1, *m2, *m3, *m4, *m5, *m6, *m7] != MAGIC {
            return Err(HeadError::Magic);
        }
        if *version != 1 {
            return Err(HeadError::Version);
        }
        if [*zero0, *zero1] != [0, 0] {
            return Err(HeadError::Reserved);
        }
        let [e0, e1, e2, e3, n0, n1, n2, n3, n4, n5, n6, n7, ..] = rest;
        let epoch = u32::from_be_bytes([*e0, *e1, *e2, *e3]);
        let chunks = u64::from_be_bytes([*n0, *n1, *n2, *n3, *n4, *n5, *n6, *n7]);
        match *kind {
            1 => Ok(Self {
                kind: Kind::Drop,
                epoch: Some(EpochNumber::new(epoch).ok_or(HeadError::Epoch)?),
                chunks: ChunkCount::for_drop(chunks).ok_or(HeadError::Chunks)?,
            }),
            2 if epoch != 0 => Err(HeadError::Epoch),
            2 if chunks != 1 => Err(HeadError::Chunks),
            2 => Ok(Self {
                kind: Kind::Reply,
                epoch: None,
                chunks: ChunkCount::REPLY,
            }),
            _ => Err(HeadError::Kind),
        }
    }

    /// Reads a whole header, its reserved bytes included: all that a server can check.
    ///
    /// # Errors
    /// [`HeadError`] says why it is no envelope.
    pub fn gate(header: &[u8; HEADER_LEN]) -> Result<Self, HeadError> {
        let head = Self::parse(header)?;
        if header.iter().skip(SLOTS_END).any(|byte| *byte != 0) {
            return Err(HeadError::Reserved);
        }
        Ok(head)
    }

    /// What the envelope is for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The epoch whose keys it was sealed to; a reply has none.
    #[must_use]
    pub const fn epoch(&self) -> Option<EpochNumber> {
        self.epoch
    }

    /// The number of chunks.
    #[must_use]
    pub const fn chunks(&self) -> ChunkCount {
        self.chunks
    }

    /// The length that the sealed envelope must have.
    #[must_use]
    pub const fn envelope_len(&self) -> u64 {
        self.chunks.envelope_len()
    }
}

/// The first 56 bytes of an envelope with this content.
pub(crate) fn write_head(
    kind: Kind,
    epoch: Option<EpochNumber>,
    chunks: ChunkCount,
    salt: &[u8; 32],
) -> [u8; HEAD_LEN] {
    let epoch = epoch.map_or(0, EpochNumber::get);
    let mut head = [0; HEAD_LEN];
    let fields = MAGIC
        .iter()
        .copied()
        .chain([1, kind.byte(), 0, 0])
        .chain(epoch.to_be_bytes())
        .chain(chunks.get().to_be_bytes())
        .chain(salt.iter().copied());
    for (to, from) in head.iter_mut().zip(fields) {
        *to = from;
    }
    head
}

#[cfg(test)]
mod tests;
