//! A stick: a folder on a medium that may be pulled out at any moment.

mod folder;
mod space;

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawMode};

use crate::bundle::BundleName;
pub(crate) use folder::{Folder, Written};
pub(crate) use space::{Bytes, Space, size};

/// Where a stick may be pulled out, the power fail, or the process end.
///
/// It is asked before every step that changes something. Programs have [`SteadyHand`]; tests
/// have hands that fail at the step of their choice, and at all steps after it.
pub(crate) trait Hand: Send + Sync + fmt::Debug {
    /// Lets the step happen.
    ///
    /// # Errors
    /// The error with which the step fails instead.
    fn step(&self, step: Step) -> io::Result<()>;

    /// The room on this stick, of which the system says that it is `found` bytes.
    fn room(&self, stick: &Path, found: u64) -> u64 {
        let _ = stick;
        found
    }
}

/// A step that changes something on a stick or in the courier's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A folder is made.
    Folder,
    /// A file is made.
    Create,
    /// Bytes are written.
    Write,
    /// A file or folder is made durable.
    Sync,
    /// A file is read again.
    ReadAgain,
    /// A file gets its final name.
    Rename,
    /// A file is removed.
    Remove,
    /// The courier's state is replaced.
    State,
}

/// Nobody pulls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SteadyHand;

impl Hand for SteadyHand {
    fn step(&self, _: Step) -> io::Result<()> {
        Ok(())
    }
}

/// A stick. All that is done on it is done beneath its folder, and follows no link.
#[derive(Debug)]
pub(crate) struct Stick {
    path: PathBuf,
    root: OwnedFd,
    hand: Arc<dyn Hand>,
}

/// Whether there is a folder that can be used as a stick.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    Stick::open(path, Arc::new(SteadyHand)).map(drop)
}

impl Stick {
    pub(crate) fn open(path: &Path, hand: Arc<dyn Hand>) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self {
            path: path.to_owned(),
            root,
            hand,
        })
    }

    /// Where the stick is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn space(&self) -> io::Result<Space> {
        let free = self.hand.room(&self.path, Space::of(&self.root)?.free);
        Ok(Space { free })
    }

    /// Makes the folder of a bundle, which was not there.
    pub(crate) fn make_folder(&self, name: BundleName) -> io::Result<Folder> {
        self.hand.step(Step::Folder)?;
        let text = name.to_string();
        rustix::fs::mkdirat(&self.root, &text, Mode::from_raw_mode(0o755))?;
        self.hand.step(Step::Sync)?;
        sync_folder(&self.root)?;
        self.folder(name)?
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The folder of a bundle, if it is there.
    pub(crate) fn folder(&self, name: BundleName) -> io::Result<Option<Folder>> {
        let folder = self.beneath(&name.to_string(), OFlags::RDONLY | OFlags::DIRECTORY)?;
        Ok(folder.map(|folder| Folder::new(folder, Arc::clone(&self.hand))))
    }

    /// Removes the folder of a bundle, if nothing is in it.
    pub(crate) fn remove_folder(&self, name: BundleName) -> io::Result<()> {
        self.hand.step(Step::Remove)?;
        match rustix::fs::unlinkat(&self.root, name.to_string(), AtFlags::REMOVEDIR) {
            Ok(()) | Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTEMPTY) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn beneath(&self, name: &str, flags: OFlags) -> io::Result<Option<OwnedFd>> {
        open_beneath(&self.root, name, flags)
    }
}

/// Makes the names in a folder last, where the file system knows how to.
fn sync_folder(folder: &OwnedFd) -> io::Result<()> {
    match rustix::fs::fsync(folder) {
        // Some drivers for foreign file systems have no sync for folders.
        Ok(()) | Err(rustix::io::Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens what is there under this name, and not what a link leads to.
fn open_beneath(folder: &OwnedFd, name: &str, flags: OFlags) -> io::Result<Option<OwnedFd>> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, name, flags, Mode::empty()) {
        Ok(file) => Ok(Some(file)),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The length of a regular file, if there is one under this name.
fn length_of(folder: &OwnedFd, name: &str) -> io::Result<Option<u64>> {
    match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) if is_file(stat.st_mode) => {
            Ok(Some(u64::try_from(stat.st_size).unwrap_or_default()))
        }
        Ok(_) => Err(io::ErrorKind::InvalidData.into()),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn is_file(mode: RawMode) -> bool {
    FileType::from_raw_mode(mode) == FileType::RegularFile
}
