//! What is sent: an envelope, made unit by unit from the files while it goes, or ready on disk.

mod book;
mod fresh;
mod ledger;
mod ready;
mod tree;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use knothole_envelope::{CHUNK_LEN, DropAddress, HEADER_LEN, SealError, TreeHash};

use crate::files::{FileError, Named};
use crate::resume::{Beginning, Journal, LogError};

use self::book::Book;
pub(crate) use fresh::Fresh;
pub(crate) use ready::Ready;

/// Chunks in a unit (ENVELOPE calls their plaintext a resume segment).
pub(crate) const UNIT_CHUNKS: u64 = 64;
/// Bytes of a whole sealed unit.
pub(crate) const UNIT_LEN: u64 = 64 * 65_536;
const HEADER_BYTES: u64 = 12_288;
const CHUNK_BYTES: u64 = 65_536;
/// What is handed to the network at once.
const PIECE: usize = 1 << 18;

/// An envelope that is being sent, by as many lanes as there are.
#[derive(Debug)]
pub(crate) struct Parcel {
    content: Content,
    length: u64,
    book: Book,
}

#[derive(Debug)]
enum Content {
    Fresh(Box<Fresh>),
    Ready(Box<Ready>),
}

/// The unit that a lane made last: a small request may want it again. Its memory is that of the next one.
#[derive(Debug, Default)]
pub(crate) struct Last(Option<(u64, Bytes)>);

impl Last {
    /// Memory for another unit.
    fn room(&mut self) -> BytesMut {
        let old = self.0.take().map(|(_, bytes)| bytes.try_into_mut());
        old.and_then(Result::ok).unwrap_or_default()
    }
}

impl Parcel {
    /// An envelope that is sealed while it goes.
    pub(crate) fn fresh(fresh: Fresh) -> Self {
        Self::new(Content::Fresh(Box::new(fresh)))
    }

    /// An envelope that was sealed before.
    pub(crate) fn ready(ready: Ready) -> Self {
        Self::new(Content::Ready(Box::new(ready)))
    }

    fn new(content: Content) -> Self {
        let (length, header) = match &content {
            Content::Fresh(fresh) => (fresh.length(), fresh.header()),
            Content::Ready(ready) => (ready.length(), ready.header()),
        };
        let chunks = length
            .saturating_sub(HEADER_BYTES)
            .checked_div(CHUNK_BYTES)
            .unwrap_or(0);
        Self {
            book: Book::new(chunks, length, header),
            length,
            content,
        }
    }

    /// What is kept of the envelope for another run.
    pub(crate) fn beginning(&self, address: &DropAddress) -> Beginning {
        match &self.content {
            Content::Fresh(fresh) => fresh.beginning(address),
            Content::Ready(ready) => ready.beginning(address),
        }
    }

    /// Keeps from now on what it takes to go on in another run.
    pub(crate) fn keep_in(&self, journal: Journal) {
        self.book.with_journal(|kept| *kept = Some(journal));
    }

    /// Makes sure that these units are still those of another run.
    ///
    /// # Errors
    /// [`ParcelError`] when they are not: the envelope must not go on.
    pub(crate) fn recall(&self, units: &BTreeMap<u64, [u8; 32]>) -> Result<(), ParcelError> {
        self.book.recall(units)?;
        let mut last = Last::default();
        for index in units.keys() {
            drop(self.unit_again(&mut last, *index)?);
        }
        Ok(())
    }

    /// Keeps something of the upload for another run, where anything is kept.
    ///
    /// # Errors
    /// [`ParcelError::Resume`].
    pub(crate) fn keep(
        &self,
        what: impl FnOnce(&mut Journal) -> Result<(), LogError>,
    ) -> Result<(), ParcelError> {
        self.book.with_journal(|journal| match journal {
            Some(journal) => what(journal).map_err(ParcelError::Resume),
            None => Ok(()),
        })
    }

    /// Removes what was kept for another run; says whether there was something.
    ///
    /// # Errors
    /// [`ParcelError::Resume`].
    pub(crate) fn forget(&self) -> Result<bool, ParcelError> {
        match self.book.with_journal(Option::take) {
            Some(journal) => journal.remove().map(|()| true).map_err(ParcelError::Resume),
            None => Ok(false),
        }
    }

    /// Bytes of the whole envelope.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Hands the bytes of a range to `take`, until it does not want more.
    ///
    /// # Errors
    /// [`ParcelError`] when what is sealed is not what it was.
    pub(crate) fn pour(
        &self,
        last: &mut Last,
        range: Range<u64>,
        mut take: impl FnMut(Bytes) -> Option<()>,
    ) -> Result<(), ParcelError> {
        let end = range.end.min(self.length);
        let mut at = range.start;
        while at < end {
            let (begin, stretch) = match at.checked_sub(HEADER_BYTES) {
                None => (0, self.header()),
                Some(behind) => {
                    let index = behind.checked_div(UNIT_LEN).unwrap_or(0);
                    let begin = index.saturating_mul(UNIT_LEN).saturating_add(HEADER_BYTES);
                    (begin, self.unit_again(last, index)?)
                }
            };
            let from = clamp(at.saturating_sub(begin), &stretch);
            let to = clamp(end.saturating_sub(begin), &stretch);
            let mut part = stretch.slice(from..to);
            if part.is_empty() {
                return Err(ParcelError::Seal(SealError::Index));
            }
            at = at.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
            while !part.is_empty() {
                // A copy: as long as a line had a part of the unit, its memory could not be used again.
                let piece = part.split_to(PIECE.min(part.len()));
                if take(Bytes::copy_from_slice(&piece)).is_none() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The tree hash of the whole envelope. Units that were never made are made for it now.
    ///
    /// # Errors
    /// [`ParcelError`] when what is sealed is not what it was.
    pub(crate) fn tree(&self) -> Result<TreeHash, ParcelError> {
        while let Some(index) = self.book.next_gap() {
            drop(self.unit(index, BytesMut::new())?);
        }
        let tree = self.book.tree(self.length);
        tree.ok_or(ParcelError::Seal(SealError::Index))
    }

    fn header(&self) -> Bytes {
        match &self.content {
            Content::Fresh(fresh) => Bytes::copy_from_slice(fresh.header()),
            Content::Ready(ready) => Bytes::copy_from_slice(ready.header()),
        }
    }

    fn unit_again(&self, last: &mut Last, index: u64) -> Result<Bytes, ParcelError> {
        if let Some((held, bytes)) = &last.0
            && *held == index
        {
            return Ok(bytes.clone());
        }
        let bytes = self.unit(index, last.room())?;
        last.0 = Some((index, bytes.clone()));
        Ok(bytes)
    }

    fn unit(&self, index: u64, room: BytesMut) -> Result<Bytes, ParcelError> {
        let unit = match &self.content {
            Content::Fresh(fresh) => fresh.unit(index, &self.book, room)?,
            Content::Ready(ready) => ready.unit(index, &self.book, room)?,
        };
        self.book.sealed(index, &unit);
        Ok(unit)
    }
}

fn clamp(offset: u64, stretch: &Bytes) -> usize {
    usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(stretch.len())
}

/// The unit that holds this byte of the envelope, or the first where the header does.
pub(crate) fn unit_at(byte: u64) -> u64 {
    let behind = byte.saturating_sub(HEADER_BYTES);
    behind.checked_div(UNIT_LEN).unwrap_or(0)
}

/// The bytes of the envelope that a unit is.
pub(crate) fn unit_range(index: u64) -> Range<u64> {
    let start = index.saturating_mul(UNIT_LEN).saturating_add(HEADER_BYTES);
    start..start.saturating_add(UNIT_LEN)
}

/// The chunks of a unit, and the bytes that they are.
fn chunks_of(index: u64, chunks: u64) -> Option<(Range<u64>, usize)> {
    let first = index.checked_mul(UNIT_CHUNKS)?;
    let last = first.checked_add(UNIT_CHUNKS)?.min(chunks);
    let count = last.checked_sub(first).filter(|count| *count > 0)?;
    let bytes = usize::try_from(count).ok()?.checked_mul(CHUNK_LEN)?;
    Some((first..last, bytes))
}

/// Why what is sent cannot go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ParcelError {
    /// A file changed, or cannot be read any more.
    File(FileError),
    /// The same place of the envelope would get other bytes than before.
    Other(Named),
    /// The chunks cannot be sealed.
    Seal(SealError),
    /// What is needed to go on in another run cannot be kept.
    Resume(LogError),
}

impl From<FileError> for ParcelError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<SealError> for ParcelError {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl fmt::Display for ParcelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f)?,
            Self::Other(name) => {
                write!(f, "{name} has changed since its first part was sent")?;
            }
            Self::Seal(error) => error.fmt(f)?,
            Self::Resume(error) => return error.fmt(f),
        }
        f.write_str(". What was sent so far is of no use to anybody; sending again begins anew")
    }
}

impl std::error::Error for ParcelError {}

const _: () = assert!(HEADER_LEN == 12_288, "the header's length is written twice");

#[cfg(test)]
mod tests;
