//! A folder held open: everything in it is reached beneath its handle, and no link is followed.

#![expect(
    clippy::missing_errors_doc,
    reason = "each error is a `FileError` that names the file and what failed"
)]

mod error;
mod wipe;

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, PosixFadviseAdvice, open, openat, posix_fadvise, renameat};
use nix::sys::stat::{Mode, SFlag, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, fsync, unlinkat};

pub use error::FileError;
pub(crate) use wipe::MOST_WIPED;
pub use wipe::Old;

/// A point in a durable write after which the power may fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The new file exists and is empty.
    Created,
    /// Half of it is written.
    HalfWritten,
    /// All of it is written.
    Written,
    /// It is on the medium.
    Synced,
    /// It has its name.
    Renamed,
    /// Its name is on the medium.
    Done,
    /// Where the old bytes are wiped: they are overwritten, and still have a name.
    Overwritten,
    /// Nothing has their name.
    Wiped,
}

/// What stands in the way of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced.
    Replace,
    /// It stays, and the write fails.
    Keep,
}

/// Nothing that is made here has so many; a stick of somebody else might.
const MOST_NAMES: usize = 1 << 20;
const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_CLOEXEC);
const NO_LINK: OFlag = OFlag::O_NOFOLLOW
    .union(OFlag::O_CLOEXEC)
    .union(OFlag::O_NONBLOCK);
const OWN_FILE: Mode = Mode::S_IRUSR.union(Mode::S_IWUSR);

/// A folder held open.
#[derive(Debug)]
pub struct Folder {
    handle: OwnedFd,
    /// For messages alone.
    path: PathBuf,
}

impl Folder {
    /// The folder that a person named; a link in that name is followed.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        // An empty parent is the current folder.
        let real = if path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            path
        };
        let handle = open(real, FOLDER, Mode::empty())
            .map_err(|errno| FileError::new("open this folder", real, errno))?;
        Ok(Self {
            handle,
            path: real.to_owned(),
        })
    }

    /// The folder in which a file lies, and the file's name in it.
    pub fn of_file(path: &Path) -> Result<(Self, String), FileError> {
        let invalid = || FileError::new("use this name", path, Errno::EINVAL);
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(invalid)?;
        let parent = path.parent().ok_or_else(invalid)?;
        Ok((Self::open(parent)?, name.to_owned()))
    }

    /// Makes the folder, durably, if it is missing; its parent must exist.
    pub fn open_or_make(path: &Path) -> Result<Self, FileError> {
        let made = match nix::unistd::mkdir(path, Mode::S_IRWXU) {
            Ok(()) => true,
            Err(Errno::EEXIST) => false,
            Err(errno) => return Err(FileError::new("make this folder", path, errno)),
        };
        // One that is there may be of a command that was cut off before its name was on the medium.
        match Self::open(path.parent().unwrap_or(path)) {
            Ok(parent) => parent.sync()?,
            Err(error) if made => return Err(error),
            Err(_) => {}
        }
        Self::open(path)
    }

    /// Where it is, for messages alone.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn error(&self, what: &'static str, name: &str, source: impl Into<io::Error>) -> FileError {
        FileError::new(what, &self.path.join(name), source)
    }

    /// A folder in this one, which is no link.
    pub fn child(&self, name: &str) -> Result<Self, FileError> {
        let handle = openat(
            &self.handle,
            name,
            FOLDER | OFlag::O_NOFOLLOW,
            Mode::empty(),
        )
        .map_err(|errno| self.error("open this folder", name, errno))?;
        Ok(Self {
            handle,
            path: self.path.join(name),
        })
    }

    /// A new folder in this one.
    pub fn make_child(&self, name: &str) -> Result<Self, FileError> {
        mkdirat(&self.handle, name, Mode::S_IRWXU)
            .map_err(|errno| self.error("make this folder", name, errno))?;
        self.child(name)
    }

    /// A folder in this one, made if it is missing.
    pub fn child_or_make(&self, name: &str) -> Result<Self, FileError> {
        match mkdirat(&self.handle, name, Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => self.child(name),
            Err(errno) => Err(self.error("make this folder", name, errno)),
        }
    }

    /// The names of all that is in it, as far as they are UTF-8; of a million at most.
    pub fn names(&self) -> Result<Vec<String>, FileError> {
        let mut left = MOST_NAMES;
        let names = self.names_within(&mut left, |_| true)?;
        names.ok_or_else(|| FileError::new("list this folder", &self.path, Errno::EOVERFLOW))
    }

    /// Those names that are wanted, while no more than `left` are read, wanted or not; what is read is
    /// taken from it. Nothing when there are more.
    pub fn names_within(
        &self,
        left: &mut usize,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Option<Vec<String>>, FileError> {
        let failed = |errno: Errno| FileError::new("list this folder", &self.path, errno);
        let dir = Dir::openat(&self.handle, ".", FOLDER, Mode::empty()).map_err(failed)?;
        let mut names = Vec::new();
        for entry in dir {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_str();
            if matches!(name, Ok("." | "..")) {
                continue;
            }
            let Some(less) = left.checked_sub(1) else {
                return Ok(None);
            };
            *left = less;
            names.extend(name.ok().filter(|name| wanted(name)).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(Some(names))
    }

    /// Whether something has this name, a link included.
    pub fn has(&self, name: &str) -> Result<bool, FileError> {
        match fstatat(&self.handle, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::ENOENT) => Ok(false),
            Err(errno) => Err(self.error("look at this", name, errno)),
        }
    }

    /// A regular file to read, and its length. Links, devices, pipes and folders are refused.
    pub fn file(&self, name: &str) -> Result<(File, u64), FileError> {
        let failed = |source: io::Error| self.error("read this file", name, source);
        let handle = openat(&self.handle, name, OFlag::O_RDONLY | NO_LINK, Mode::empty())
            .map_err(|errno| failed(refusal(errno)))?;
        let stat = fstat(&handle).map_err(|errno| failed(errno.into()))?;
        if SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        let length = u64::try_from(stat.st_size).map_err(|_| failed(Errno::EOVERFLOW.into()))?;
        Ok((File::from(handle), length))
    }

    /// A whole file of at most `most` bytes.
    pub fn read(&self, name: &str, most: u64) -> Result<Vec<u8>, FileError> {
        let failed = |source: io::Error| self.error("read this file", name, source);
        let (file, _) = self.file(name)?;
        let mut bytes = Vec::new();
        file.take(most.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        if u64::try_from(bytes.len()).is_ok_and(|len| len <= most) {
            Ok(bytes)
        } else {
            Err(failed(io::Error::other(
                "it is too large to be what it should be",
            )))
        }
    }

    /// A new file to write; nothing may have its name.
    pub fn create(&self, name: &str) -> Result<File, FileError> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | NO_LINK;
        openat(&self.handle, name, flags, OWN_FILE)
            .map(File::from)
            .map_err(|errno| self.error("create this file", name, errno))
    }

    /// A regular file that is there, to write into it where it lies.
    pub fn file_to_write(&self, name: &str) -> Result<File, FileError> {
        // Looked at first: what is no regular file is not opened to be written.
        drop(self.file(name)?);
        openat(&self.handle, name, OFlag::O_WRONLY | NO_LINK, Mode::empty())
            .map(File::from)
            .map_err(|errno| self.error("write this file", name, refusal(errno)))
    }

    /// Gives a finished file its name.
    pub fn rename(&self, from: &str, to: &str, existing: Existing) -> Result<(), FileError> {
        let renamed = match existing {
            Existing::Replace => renameat(&self.handle, from, &self.handle, to),
            Existing::Keep => self.rename_to_free(from, to),
        };
        renamed.map_err(|errno| self.error("give this name", to, errno))
    }

    fn rename_to_free(&self, from: &str, to: &str) -> Result<(), Errno> {
        #[cfg(target_env = "gnu")]
        {
            use nix::fcntl::{RenameFlags, renameat2};
            let flags = RenameFlags::RENAME_NOREPLACE;
            match renameat2(&self.handle, from, &self.handle, to, flags) {
                // Some file systems of sticks do not know the flag.
                Err(Errno::EINVAL | Errno::ENOSYS) => {}
                done => return done,
            }
        }
        match fstatat(&self.handle, to, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Err(Errno::ENOENT) => renameat(&self.handle, from, &self.handle, to),
            Err(errno) => Err(errno),
            Ok(_) => Err(Errno::EEXIST),
        }
    }

    /// Makes the next reading come from the medium, as far as the system allows.
    pub fn forget_cached(&self, name: &str) -> Result<(), FileError> {
        let (file, _) = self.file(name)?;
        let asked = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
        asked.map_err(|errno| self.error("read this file again", name, errno))
    }

    /// Removes a file or a link; one that is not there is no error.
    pub fn remove(&self, name: &str) -> Result<(), FileError> {
        self.unlink(name, UnlinkatFlags::NoRemoveDir)
    }

    /// Removes an empty folder; one that is not there is no error.
    pub fn remove_folder(&self, name: &str) -> Result<(), FileError> {
        self.unlink(name, UnlinkatFlags::RemoveDir)
    }

    fn unlink(&self, name: &str, flag: UnlinkatFlags) -> Result<(), FileError> {
        match unlinkat(&self.handle, name, flag) {
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(self.error("remove this", name, errno)),
        }
    }

    /// Puts the names in it on the medium.
    pub fn sync(&self) -> Result<(), FileError> {
        match fsync(&self.handle) {
            // Some file systems cannot sync a folder, and say so.
            Ok(()) | Err(Errno::EINVAL) => Ok(()),
            Err(errno) => Err(FileError::new("sync this folder", &self.path, errno)),
        }
    }

    /// Writes a file so that, whenever the power fails, the name has the old bytes or the new.
    pub fn put(&self, name: &str, bytes: &[u8], existing: Existing) -> Result<(), FileError> {
        self.put_watched(name, bytes, existing, &mut |_| Ok(()))
    }

    /// As [`Self::put`]; an error of the watcher is the stick being pulled at that step.
    pub fn put_watched(
        &self,
        name: &str,
        bytes: &[u8],
        existing: Existing,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), FileError> {
        if existing == Existing::Keep && self.has(name)? {
            return Err(self.error("create this file", name, Errno::EEXIST));
        }
        let new = draft(name);
        self.remove(&new)?;
        if let Err(error) = self.write_draft(name, bytes, watch) {
            // A full disk keeps nothing half-written; what matters is the first error.
            drop(self.remove(&new));
            return Err(error);
        }
        self.rename(&new, name, existing)?;
        self.named(name, watch)
    }

    /// A new file beside the one that it is for.
    fn write_draft(
        &self,
        name: &str,
        bytes: &[u8],
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let mut file = self.create(&draft(name))?;
        let written = (|| {
            watch(Step::Created)?;
            let (first, second) = bytes
                .split_at_checked(bytes.len() / 2)
                .unwrap_or((bytes, &[]));
            file.write_all(first)?;
            watch(Step::HalfWritten)?;
            file.write_all(second)?;
            watch(Step::Written)?;
            file.sync_all()?;
            watch(Step::Synced)
        })();
        written.map_err(|source| self.error("write this file", name, source))
    }

    /// Puts the name that a file was given on the medium.
    fn named(
        &self,
        name: &str,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let failed = |source| self.error("write this file", name, source);
        watch(Step::Renamed).map_err(failed)?;
        self.sync()?;
        watch(Step::Done).map_err(failed)
    }
}

/// What a file is called until it is whole. Nobody calls a file of their own so: one that is there
/// was left by an attempt that was cut off, and what stands under the plain name with an ending is
/// somebody's.
fn draft(name: &str) -> String {
    format!(".{name}.new")
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// ELOOP says little to a person.
fn refusal(errno: Errno) -> io::Error {
    match errno {
        Errno::ELOOP => io::Error::other("it is a link, and links are not followed here"),
        other => other.into(),
    }
}

/// Reads a file that a person named; a link in that name is followed.
pub fn read_named(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let failed = |source: io::Error| FileError::new("read this file", path, source);
    let handle = open(
        path,
        OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK,
        Mode::empty(),
    )
    .map_err(|errno| failed(errno.into()))?;
    let stat = fstat(&handle).map_err(|errno| failed(errno.into()))?;
    if SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(failed(io::Error::other("it is not a regular file")));
    }
    let mut bytes = Vec::new();
    File::from(handle)
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= most) {
        Ok(bytes)
    } else {
        Err(failed(io::Error::other(
            "it is too large to be what it should be",
        )))
    }
}

/// Writes a file that a person named, as [`Folder::put`] does.
pub fn put_named(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), FileError> {
    let (folder, name) = Folder::of_file(path)?;
    folder.put(&name, bytes, existing)
}

#[cfg(test)]
mod tests;
