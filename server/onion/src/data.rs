//! The data folder: what lies where.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// The folder that holds everything the server keeps.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    folder: PathBuf,
}

impl Data {
    /// Makes the folder, readable by nobody else, with what it is to hold.
    ///
    /// # Errors
    /// When the system refuses. A folder that is there already is no error.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let data = Self {
            folder: folder.to_owned(),
        };
        for path in [folder.to_owned(), data.store(), data.tor()] {
            DirBuilder::new()
                .mode(0o700)
                .recursive(true)
                .create(&path)?;
        }
        File::open(folder)?.sync_all()?;
        Ok(data)
    }

    /// The folder, when [`Data::create`] made it before.
    pub(crate) fn open(folder: &Path) -> Option<Self> {
        let data = Self {
            folder: folder.to_owned(),
        };
        (data.store().is_dir() && data.tor().is_dir()).then_some(data)
    }

    /// Where a restored data folder lies until it is whole, inside the one that it is to be.
    pub(crate) fn unfinished(folder: &Path) -> PathBuf {
        folder.join("restoring")
    }

    /// Whether a restore was cut off there: what lies there is no data folder, and must not become
    /// another one.
    pub(crate) fn is_half_restored(folder: &Path) -> bool {
        Self::open(folder).is_none() && Self::unfinished(folder).exists()
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the intake keeps drops, and what the administrator decided.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Where arti keeps its state, and with it the keys of the onions.
    pub(crate) fn tor(&self) -> PathBuf {
        self.folder.join("tor")
    }

    /// Where arti keeps the keys of the onions, a folder for each.
    pub(crate) fn onion_keys(&self) -> PathBuf {
        self.tor().join("state/keystore/hss")
    }

    /// Where arti keeps what else it knows of the onions, their introduction points above all.
    pub(crate) fn onion_state(&self) -> PathBuf {
        self.tor().join("state/hss")
    }

    /// Where the second client, which probes, keeps its guards.
    pub(crate) fn probe(&self) -> PathBuf {
        self.folder.join("probe")
    }

    /// Where the server notes that its own probe had it start anew.
    pub(crate) fn restarts(&self) -> PathBuf {
        self.folder.join("restarts")
    }

    /// How much room there is on its disk.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn room(&self) -> io::Result<Room> {
        let stat = rustix::fs::statvfs(&self.folder)?;
        let used = stat.f_blocks.saturating_sub(stat.f_bfree);
        // What only root may still use counts as used, as `df` has it.
        let usable = used.saturating_add(stat.f_bavail);
        let percent = used.saturating_mul(100).checked_div(usable).unwrap_or(100);
        Ok(Room {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            percent_used: u8::try_from(percent).unwrap_or(100),
        })
    }

    /// The place of the socket at which a running server says how it is.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub(crate) fn control(&self) -> io::Result<SocketPlace> {
        SocketPlace::new(&self.folder, "control")
    }
}

/// The room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes that this process could still write.
    pub(crate) free: u64,
    /// Hundredths that are used, by whomever.
    pub(crate) percent_used: u8,
}

/// The place of a Unix socket, in a folder whose path may be longer than a socket's may.
#[derive(Debug)]
pub(crate) struct SocketPlace {
    folder: OwnedFd,
    name: &'static str,
}

impl SocketPlace {
    /// The socket `name` in `folder`, which must be there.
    ///
    /// # Errors
    /// When the folder cannot be opened.
    pub(crate) fn new(folder: &Path, name: &'static str) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            folder: rustix::fs::open(folder, flags, Mode::empty())?,
            name,
        })
    }

    /// A short path to it, as long as this value lives.
    pub(crate) fn path(&self) -> PathBuf {
        let folder = self.folder.as_fd().as_raw_fd();
        PathBuf::from(format!("/proc/self/fd/{folder}/{}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_data_folder_is_private() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        assert!(Data::open(&folder).is_none());
        Data::create(&folder).unwrap();
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(Data::open(&folder).is_some());
    }

    #[test]
    fn a_socket_may_lie_deeper_than_a_socket_path_is_long() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("d".repeat(150));
        std::fs::create_dir(&deep).unwrap();
        let place = SocketPlace::new(&deep, "control").unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(place.path()).unwrap();
        assert!(deep.join("control").exists());
    }
}
