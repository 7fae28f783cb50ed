//! What a loss of power leaves of what was not synced.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::tree::{Write, put};

/// What is found again after the cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Survives {
    /// Everything that was done: the process was killed.
    Everything,
    /// What was synced and nothing else: the power went.
    Synced,
    /// All entries of folders, but of files only the content that was synced: the power went, and
    /// the file system had written its journal before the data.
    Entries,
    /// Some of it: the power went, and what was not synced had got there in part, in whatever order.
    Part(Part),
}

/// Which part of what was not synced has got to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// One bit for each change of a folder, beginning with the oldest; the 65th has the first bit
    /// again. What a change needs is there with it.
    pub(crate) changes: u64,
    pub(crate) bytes: Bytes,
}

/// What there is of bytes that were written and not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bytes {
    None,
    All,
    /// Of each write some blocks, or bytes up to or from the middle of a block, as this number has
    /// it: a disk promises nothing of what it was not told to keep.
    Torn(u64),
}

/// The smallest piece that a disk writes.
const SECTOR: usize = 512;
/// What stands where the length of a file has got to the disk and its bytes have not: zeros, or
/// something of a file that was removed.
const STALE: [u8; 2] = [0, 0xa5];

/// One loss, as it goes through a disk.
pub(super) struct Loss {
    part: Part,
    chance: ChaCha20Rng,
}

impl Loss {
    pub(super) fn new(part: Part) -> Self {
        let seed = match part.bytes {
            Bytes::Torn(seed) => seed,
            Bytes::None | Bytes::All => 0,
        };
        Self {
            part,
            chance: ChaCha20Rng::seed_from_u64(seed),
        }
    }

    /// Whether this change has got to the disk.
    pub(super) fn keeps(&self, change: usize) -> bool {
        self.part.changes >> (change % 64) & 1 == 1
    }

    /// Puts what is left of a write into what is left of its file.
    pub(super) fn tear(&mut self, found: &mut Vec<u8>, write: &Write) {
        match self.part.bytes {
            Bytes::None => {}
            Bytes::All => put(found, &write.bytes, write.offset),
            Bytes::Torn(_) => self.torn(found, write),
        }
    }

    fn torn(&mut self, found: &mut Vec<u8>, write: &Write) {
        let end = write.bytes.len();
        let at = self.up_to(end);
        let sector = at - at % SECTOR;
        let ways = self.up_to(7);
        match ways {
            0 => {}
            1 => put(found, &write.bytes, write.offset),
            2 => put(found, &write.bytes[..sector], write.offset),
            3 => self.end_of(found, write, sector),
            4 => put(found, &write.bytes[..at], write.offset),
            5 => self.end_of(found, write, at),
            _ => {
                self.lengthen(found, write.offset + end);
                let there = found.len().saturating_sub(write.offset).min(end);
                for from in (0..there).step_by(SECTOR) {
                    if self.up_to(1) == 1 {
                        let piece = &write.bytes[from..there.min(from + SECTOR)];
                        put(found, piece, write.offset + from);
                    }
                }
            }
        }
        if self.up_to(1) == 1 {
            self.lengthen(found, write.offset + end);
        }
    }

    fn end_of(&mut self, found: &mut Vec<u8>, write: &Write, from: usize) {
        self.lengthen(found, write.offset + from);
        put(found, &write.bytes[from..], write.offset + from);
    }

    /// The length has got to the disk.
    fn lengthen(&mut self, found: &mut Vec<u8>, length: usize) {
        let stale = STALE[self.up_to(1)];
        found.resize(found.len().max(length), stale);
    }

    /// A number from 0 to this one.
    fn up_to(&mut self, most: usize) -> usize {
        let choices = u64::try_from(most).unwrap() + 1;
        usize::try_from(self.chance.next_u64() % choices).unwrap()
    }
}
