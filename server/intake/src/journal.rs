//! The journal of the file system, sent round.
//!
//! A journal keeps the blocks of inodes and folders as they were, each time with the second in which
//! it was written, and all of it can be read until something else has come in its place. So once a
//! boundary has levelled what arrived, the blanks of the pool are changed and synced again and
//! again, a little at a time, until the journal holds nothing older.

use std::io;
use std::sync::Mutex;

use crate::disk::Disk;
use crate::pool::Pool;
use crate::uploads::lock;

/// The longest journal that `mkfs.ext4` makes unless it is told to.
const MOST: u64 = 1 << 30;
/// The longest one on a disk of less than 16 GiB.
const LEAST: u64 = 64 << 20;
/// On a larger disk it is a 128th at most; not all of a disk is counted.
const SHARE: u64 = 100;

/// How far the journal has to go.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// Bytes that are still to go into it.
    left: Mutex<u64>,
}

impl Journal {
    /// What has been written until now is to leave it.
    pub(crate) fn begin(&self, disk: &dyn Disk) -> io::Result<()> {
        *lock(&self.left) = length(disk.room()?.total);
        Ok(())
    }

    /// Sends it a little further, if it has not gone round. Blocks for some milliseconds.
    pub(crate) fn go_on(&self, pool: &Pool) -> io::Result<()> {
        let mut left = lock(&self.left);
        if *left > 0 {
            *left = match pool.touch()? {
                // There is nothing to do it with.
                0 => 0,
                bytes => left.saturating_sub(bytes),
            };
        }
        Ok(())
    }
}

/// How long the journal of a file system of so many bytes is at most, unless somebody wanted another
/// one (`ext2fs_default_journal_size` of e2fsprogs).
fn length(total: u64) -> u64 {
    (total / SHARE).clamp(LEAST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_journal_that_mkfs_makes_is_longer_than_what_is_written() {
        const GIB: u64 = 1 << 30;
        // The least blocks of 4 KiB for a journal of so many, of which the disk shows fewer.
        let table = [
            (32_768, 4_096),
            (256 * 1_024, 8_192),
            (512 * 1_024, 16_384),
            (4_096 * 1_024, 32_768),
            (8_192 * 1_024, 65_536),
            (16_384 * 1_024, 131_072),
            (32_768 * 1_024, 262_144_u64),
        ];
        for (blocks, journal) in table {
            let shown = blocks * 4_096 / 100 * 95;
            assert!(length(shown) >= journal * 4_096, "{blocks}");
        }
        assert_eq!(length(100_000 * GIB), GIB);
    }
}
