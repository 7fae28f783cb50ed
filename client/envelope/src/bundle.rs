//! The index of a bundle: what lies on a courier's sticks, and the listing it was made from.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::address::Fingerprint;
use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::day::{Day, EpochNumber};
use crate::digest::{CharterHash, DropId, IndexHash, PartHash, ReplyHash, TreeHash};
use crate::pad::ChunkCount;
use crate::signed::{Flaw, Signed, sealed};
use crate::signing::{Domain, EditorKey};

/// A part is a file of at most so many bytes: 1 GiB, so that FAT32 holds it.
pub const MOST_PART_BYTES: u64 = 1 << 30;
/// A bundle has at most so many parts.
pub const MOST_PARTS: usize = 16_384;
/// A bundle or a listing names at most so many drops.
pub const MOST_LISTED_DROPS: usize = 65_536;
/// An index names at most so many replies.
pub const MOST_NAMED_REPLIES: usize = 4096;

/// A bundle index was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BundleError {
    /// A drop or a part stands in it twice, or a byte of a drop in two parts.
    Doubled,
    /// A part is empty, too long, of a drop that is not listed, or beyond that drop's end.
    Part,
    /// There are more parts, drops or replies than an index may hold.
    TooMany,
    /// The first bundle names one before it, or a later one does not.
    Sequence,
    /// The index is not signed by the courier's key alone.
    BadSignature,
    /// The index is signed by another key than the courier's.
    ForeignSignature,
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Doubled => "the bundle's index names a drop or a part twice",
            Self::Part => "the bundle's index has a part that fits no drop",
            Self::TooMany => "the bundle is too large: divide it",
            Self::Sequence => "the bundle's index does not say rightly which bundle came before",
            Self::BadSignature => "the bundle's index is damaged or forged: its signature differs",
            Self::ForeignSignature => {
                "the bundle's index is signed by a courier that this newsroom does not know"
            }
        })
    }
}

impl core::error::Error for BundleError {}

/// A sealed drop as the server lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListedDrop {
    /// The server's name for the drop.
    pub id: DropId,
    /// The tree hash of the sealed envelope.
    pub tree: TreeHash,
    /// The length of the sealed envelope; it lies on the padding scale.
    pub chunks: ChunkCount,
    /// The epoch that its header names.
    pub epoch: EpochNumber,
}

impl ListedDrop {
    /// The length of the sealed envelope in bytes.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.chunks.envelope_len()
    }

    /// The canonical CBOR of a listing.
    #[must_use]
    pub fn encode_list(drops: &[Self]) -> Vec<u8> {
        cbor::encode_list(drops)
    }

    /// Reads a listing.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are exactly one canonical listing.
    pub fn decode_list(bytes: &[u8]) -> Result<Vec<Self>, DecodeError> {
        cbor::decode_list(bytes, cbor::count(&[(); MOST_LISTED_DROPS]))
    }
}

impl Cbor for ListedDrop {
    fn write(&self, out: &mut Writer) {
        out.map(4).unsigned(1).bytes(self.id.as_bytes());
        out.unsigned(2).bytes(self.tree.as_bytes());
        out.unsigned(3).unsigned(self.length()).unsigned(4);
        self.epoch.write(out);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let id = fields.required(1, DropId::read)?;
        let tree = fields.required(2, TreeHash::read)?;
        let chunks = ChunkCount::from_envelope_len(fields.required(3, Reader::unsigned)?)
            .ok_or(DecodeError::Value("the length of a drop"))?;
        let epoch = fields.required(4, EpochNumber::read)?;
        fields.end()?;
        Ok(Self {
            id,
            tree,
            chunks,
            epoch,
        })
    }
}

/// The random name of a part; on the stick it is a file of 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartName([u8; 16]);

impl PartName {
    /// Takes the 16 bytes as they are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartName({self})")
    }
}

/// One file on a stick: a stretch of one sealed drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundlePart {
    /// The file's name.
    pub name: PartName,
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-256.
    pub hash: PartHash,
    /// The drop it belongs to.
    pub drop: DropId,
    /// Where in the sealed drop it begins.
    pub offset: u64,
}

impl Cbor for BundlePart {
    fn write(&self, out: &mut Writer) {
        out.map(5).unsigned(1).bytes(&self.name.0);
        out.unsigned(2).unsigned(self.length);
        out.unsigned(3).bytes(self.hash.as_bytes());
        out.unsigned(4).bytes(self.drop.as_bytes());
        out.unsigned(5).unsigned(self.offset);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let name = fields.required(1, Reader::fixed).map(PartName)?;
        let length = fields.required(2, Reader::unsigned)?;
        let hash = fields.required(3, PartHash::read)?;
        let drop = fields.required(4, DropId::read)?;
        let offset = fields.required(5, Reader::unsigned)?;
        fields.end()?;
        Ok(Self {
            name,
            length,
            hash,
            drop,
            offset,
        })
    }
}

/// What a courier carried: which drops, in which files, after which bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleIndex {
    sequence: u64,
    previous: Option<IndexHash>,
    date: Day,
    parts: Vec<BundlePart>,
    drops: Vec<ListedDrop>,
    charter: CharterHash,
    pushed: BTreeSet<ReplyHash>,
}

impl BundleIndex {
    /// The index of a bundle. The first one has sequence 1 and nothing before it.
    ///
    /// A drop may be listed without parts: it was declined, or comes with a later bundle. No reply
    /// is named yet, see [`Self::with_pushed`].
    ///
    /// # Errors
    /// [`BundleError`] says what does not fit together.
    pub fn new(
        sequence: u64,
        previous: Option<IndexHash>,
        date: Day,
        parts: Vec<BundlePart>,
        drops: Vec<ListedDrop>,
        charter: CharterHash,
    ) -> Result<Self, BundleError> {
        if sequence == 0 || (sequence == 1) != previous.is_none() {
            return Err(BundleError::Sequence);
        }
        if parts.len() > MOST_PARTS || drops.len() > MOST_LISTED_DROPS {
            return Err(BundleError::TooMany);
        }
        let lengths: BTreeMap<DropId, u64> =
            drops.iter().map(|drop| (drop.id, drop.length())).collect();
        let names: BTreeSet<PartName> = parts.iter().map(|part| part.name).collect();
        if lengths.len() != drops.len() || names.len() != parts.len() {
            return Err(BundleError::Doubled);
        }
        let mut stretches = Vec::new();
        for part in &parts {
            let length = lengths.get(&part.drop).ok_or(BundleError::Part)?;
            let end = part
                .offset
                .checked_add(part.length)
                .ok_or(BundleError::Part)?;
            if part.length == 0 || part.length > MOST_PART_BYTES || end > *length {
                return Err(BundleError::Part);
            }
            stretches.push((part.drop, part.offset, end));
        }
        stretches.sort_unstable();
        let apart = stretches.is_sorted_by(|a, b| a.0 != b.0 || a.2 <= b.1);
        if apart {
            Ok(Self {
                sequence,
                previous,
                date,
                parts,
                drops,
                charter,
                pushed: BTreeSet::new(),
            })
        } else {
            Err(BundleError::Doubled)
        }
    }

    /// Names the replies that the server has taken from this courier.
    ///
    /// # Errors
    /// [`BundleError::TooMany`] above [`MOST_NAMED_REPLIES`].
    pub fn with_pushed(mut self, pushed: BTreeSet<ReplyHash>) -> Result<Self, BundleError> {
        if pushed.len() > MOST_NAMED_REPLIES {
            return Err(BundleError::TooMany);
        }
        self.pushed = pushed;
        Ok(self)
    }

    /// 1 for a courier's first bundle, one more for each that follows.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The hash of the index before this one.
    #[must_use]
    pub const fn previous(&self) -> Option<&IndexHash> {
        self.previous.as_ref()
    }

    /// The day on which the courier made the bundle.
    #[must_use]
    pub const fn date(&self) -> Day {
        self.date
    }

    /// The files.
    #[must_use]
    pub fn parts(&self) -> &[BundlePart] {
        &self.parts
    }

    /// The drops that the server listed.
    #[must_use]
    pub fn drops(&self) -> &[ListedDrop] {
        &self.drops
    }

    /// The newest charter that the courier saw at the server.
    #[must_use]
    pub const fn charter(&self) -> &CharterHash {
        &self.charter
    }

    /// The replies that the server has taken from the courier.
    #[must_use]
    pub const fn pushed(&self) -> &BTreeSet<ReplyHash> {
        &self.pushed
    }

    /// The parts of a drop in their order, if together they are the whole drop.
    #[must_use]
    pub fn whole_drop(&self, id: &DropId) -> Option<Vec<&BundlePart>> {
        let length = self.drops.iter().find(|drop| drop.id == *id)?.length();
        let mut parts: Vec<_> = self.parts.iter().filter(|part| part.drop == *id).collect();
        parts.sort_unstable_by_key(|part| part.offset);
        let mut end = 0_u64;
        for part in &parts {
            if part.offset != end {
                return None;
            }
            end = part.offset.checked_add(part.length)?;
        }
        (end == length).then_some(parts)
    }
}

impl sealed::Body for BundleIndex {
    fn domain(&self) -> Domain {
        Domain::Bundle
    }
}

impl Cbor for BundleIndex {
    fn write(&self, out: &mut Writer) {
        let optional = u64::from(self.previous.is_some());
        let optional = optional.saturating_add(u64::from(!self.pushed.is_empty()));
        out.map(optional.saturating_add(6))
            .unsigned(1)
            .unsigned(1)
            .unsigned(2)
            .unsigned(self.sequence);
        if let Some(previous) = &self.previous {
            out.unsigned(3).bytes(previous.as_bytes());
        }
        out.unsigned(4);
        self.date.write(out);
        out.unsigned(5).list(&self.parts);
        out.unsigned(6).list(&self.drops);
        out.unsigned(7).bytes(self.charter.as_bytes());
        if !self.pushed.is_empty() {
            let pushed: Vec<_> = self.pushed.iter().copied().collect();
            out.unsigned(8).list(&pushed);
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let sequence = fields.required(2, Reader::unsigned)?;
        let previous = fields.optional(3, IndexHash::read)?;
        let date = fields.required(4, Day::read)?;
        let most_parts = cbor::count(&[(); MOST_PARTS]);
        let parts = fields.required(5, |input| input.list(most_parts))?;
        let most_drops = cbor::count(&[(); MOST_LISTED_DROPS]);
        let drops = fields.required(6, |input| input.list(most_drops))?;
        let charter = fields.required(7, CharterHash::read)?;
        let pushed = fields.optional(8, read_pushed)?.unwrap_or_default();
        fields.end()?;
        let index = Self::new(sequence, previous, date, parts, drops, charter);
        index
            .and_then(|index| index.with_pushed(pushed))
            .map_err(|error| {
                DecodeError::Value(match error {
                    BundleError::Sequence => "the hash of the bundle before",
                    BundleError::Part => "a part",
                    _ => "the list of drops and parts",
                })
            })
    }
}

/// Some hashes, ascending.
fn read_pushed(input: &mut Reader<'_>) -> Result<BTreeSet<ReplyHash>, DecodeError> {
    let pushed: Vec<ReplyHash> = input.list(cbor::count(&[(); MOST_NAMED_REPLIES]))?;
    if pushed.is_empty() || !pushed.is_sorted_by(|a, b| a < b) {
        return Err(DecodeError::Value("the list of replies"));
    }
    Ok(pushed.into_iter().collect())
}

impl Signed<BundleIndex> {
    /// The hash that the next index names.
    #[must_use]
    pub fn hash(&self) -> IndexHash {
        IndexHash::from_bytes(self.body_hash())
    }

    /// Verifies that this courier signed the index, for this newsroom.
    ///
    /// # Errors
    /// [`BundleError::BadSignature`] or [`BundleError::ForeignSignature`].
    pub fn verify(
        &self,
        newsroom: &Fingerprint,
        courier: &EditorKey,
    ) -> Result<&BundleIndex, BundleError> {
        self.check(newsroom, &[*courier], 1)
            .map_err(|flaw| match flaw {
                Flaw::Foreign => BundleError::ForeignSignature,
                Flaw::Bad | Flaw::TooFew => BundleError::BadSignature,
            })?;
        Ok(self.unverified())
    }
}

#[cfg(test)]
mod tests;
