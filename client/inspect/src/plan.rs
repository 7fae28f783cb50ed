//! A copy of a file without what it says: ranges of the file, and small pieces that take the place
//! of others. Nothing is copied, so a video of any size needs no room.

use std::fmt;

use crate::source::{Gone, ReadAt};

/// A plan has at most so many pieces.
pub const MOST_PIECES: usize = 1 << 18;
/// All new bytes of a plan together are at most so many.
pub const MOST_NEW_BYTES: usize = 1 << 20;

/// A stretch of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This range of the file, as it is.
    Kept {
        /// Where it begins in the file.
        offset: u64,
        /// How long it is.
        length: u64,
    },
    /// These bytes.
    New(Vec<u8>),
    /// So many zeros.
    Zeros(u64),
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Kept { length, .. } | Self::Zeros(length) => *length,
            Self::New(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        }
    }
}

/// A copy of a file of known length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pieces: Vec<Piece>,
    /// Where each piece ends in the copy.
    ends: Vec<u64>,
    original: u64,
}

impl Plan {
    /// Takes a plan for a file of this length, whoever made it.
    ///
    /// # Errors
    /// [`PlanError`] when it is not inside the file or its bounds.
    pub fn new(original: u64, pieces: Vec<Piece>) -> Result<Self, PlanError> {
        if pieces.len() > MOST_PIECES {
            return Err(PlanError::TooMany);
        }
        let mut ends = Vec::with_capacity(pieces.len());
        let mut end = 0_u64;
        let mut new = 0_usize;
        let mut read = 0_u64;
        for piece in &pieces {
            end = end.checked_add(piece.length()).ok_or(PlanError::Outside)?;
            match piece {
                Piece::Kept { offset, length } => {
                    let last = offset.checked_add(*length).ok_or(PlanError::Outside)?;
                    // Forwards only, so that no byte stands twice.
                    if last > original || *offset < read {
                        return Err(PlanError::Outside);
                    }
                    read = last;
                }
                Piece::New(bytes) => {
                    new = new.saturating_add(bytes.len());
                    if new > MOST_NEW_BYTES {
                        return Err(PlanError::TooMany);
                    }
                }
                Piece::Zeros(_) => {}
            }
            ends.push(end);
        }
        // What takes a place is never longer than the file and the new bytes together.
        let most = original.saturating_add(u64::try_from(MOST_NEW_BYTES).unwrap_or(u64::MAX));
        if end > most {
            return Err(PlanError::Outside);
        }
        Ok(Self {
            pieces,
            ends,
            original,
        })
    }

    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// How long the copy is.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// How long the file is.
    #[must_use]
    pub fn original_length(&self) -> u64 {
        self.original
    }

    /// Fills the buffer with the copy's bytes from this place on; `read` reads the file.
    ///
    /// # Errors
    /// What `read` failed with; [`Gone`] when the copy ends earlier.
    pub fn fill<E: From<Gone>>(
        &self,
        offset: u64,
        into: &mut [u8],
        mut read: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = offset;
        let mut rest = into;
        let mut index = self.ends.partition_point(|end| *end <= offset);
        while !rest.is_empty() {
            let (piece, end) = self
                .pieces
                .get(index)
                .zip(self.ends.get(index))
                .ok_or(Gone)?;
            let begin = end.saturating_sub(piece.length());
            let within = at.saturating_sub(begin);
            let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(left.min(rest.len()));
            match piece {
                Piece::Kept { offset, .. } => read(offset.saturating_add(within), now)?,
                Piece::New(bytes) => {
                    let from = usize::try_from(within).map_err(|_| Gone)?;
                    let until = from.saturating_add(now.len());
                    now.copy_from_slice(bytes.get(from..until).ok_or(Gone)?);
                }
                Piece::Zeros(_) => now.fill(0),
            }
            at = at.saturating_add(u64::try_from(now.len()).unwrap_or(0));
            rest = later;
            index = index.saturating_add(1);
        }
        Ok(())
    }

    /// The whole copy of a small file.
    ///
    /// # Errors
    /// [`Gone`] when the file is not what it was.
    pub fn copy(&self, file: &impl ReadAt) -> Result<Vec<u8>, Gone> {
        let mut out = vec![0; usize::try_from(self.length()).map_err(|_| Gone)?];
        self.fill(0, &mut out, |offset, into| file.fill(offset, into))?;
        Ok(out)
    }
}

/// Makes a plan from the beginning to the end of a file.
#[derive(Debug, Default)]
pub struct PlanMaker {
    pieces: Vec<Piece>,
}

impl PlanMaker {
    /// Keeps a range; one that goes on where the last ended joins it.
    pub fn keep(&mut self, offset: u64, length: u64) {
        if length == 0 {
            return;
        }
        if let Some(Piece::Kept {
            offset: before,
            length: so_far,
        }) = self.pieces.last_mut()
            && before.saturating_add(*so_far) == offset
        {
            *so_far = so_far.saturating_add(length);
            return;
        }
        self.pieces.push(Piece::Kept { offset, length });
    }

    /// Puts new bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        match self.pieces.last_mut() {
            _ if bytes.is_empty() => {}
            Some(Piece::New(before)) => before.extend_from_slice(bytes),
            _ => self.pieces.push(Piece::New(bytes.to_vec())),
        }
    }

    /// Puts zeros.
    pub fn zeros(&mut self, length: u64) {
        match self.pieces.last_mut() {
            _ if length == 0 => {}
            Some(Piece::Zeros(before)) => *before = before.saturating_add(length),
            _ => self.pieces.push(Piece::Zeros(length)),
        }
    }

    /// Goes on with what another has.
    pub fn append(&mut self, other: Self) {
        for piece in other.pieces {
            match piece {
                Piece::Kept { offset, length } => self.keep(offset, length),
                Piece::New(bytes) => self.put(&bytes),
                Piece::Zeros(length) => self.zeros(length),
            }
        }
    }

    /// The plan for a file of this length.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn finish(self, original: u64) -> Result<Plan, PlanError> {
        Plan::new(original, self.pieces)
    }
}

/// Why a plan is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// It names bytes that the file does not have, or some twice.
    Outside,
    /// It has more pieces or bytes than a plan may have.
    TooMany,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside => "the plan names bytes that the file does not have",
            Self::TooMany => "the plan is too long",
        })
    }
}

impl std::error::Error for PlanError {}

#[cfg(test)]
mod tests;
