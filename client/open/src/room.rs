//! How much room there is, so that it can be told before the first byte.

use core::fmt;

use nix::sys::statvfs::fstatvfs;

use crate::folder::{FileError, Folder};

/// What is to be written does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that are needed.
    pub needed: u64,
    /// Bytes that are free.
    pub free: u64,
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        write!(
            f,
            "{} MiB are needed and {} MiB are free",
            mib(self.needed),
            self.free >> 20
        )
    }
}

impl Room {
    /// Nothing when so many bytes fit into the folder, else what is missing.
    ///
    /// # Errors
    /// [`FileError`] when the system does not tell.
    pub fn missing(folder: &Folder, needed: u64) -> Result<Option<Self>, FileError> {
        let told = fstatvfs(folder).map_err(|errno| {
            FileError::new("see how much room is left in", folder.path(), errno)
        })?;
        let free = told.blocks_available().saturating_mul(told.fragment_size());
        Ok((needed > free).then_some(Self { needed, free }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_told_before_it_runs_out() {
        let folder = Folder::open(std::path::Path::new("/dev/shm")).unwrap();
        assert_eq!(Room::missing(&folder, 1).unwrap(), None);
        let missing = Room::missing(&folder, u64::MAX).unwrap().unwrap();
        assert_eq!(missing.needed, u64::MAX);
        let told = Room {
            needed: (5 << 20) + 1,
            free: 5 << 20,
        };
        assert_eq!(told.to_string(), "6 MiB are needed and 5 MiB are free");
    }
}
