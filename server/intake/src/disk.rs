//! The store's only way to a file system, so that a test can cut it at every step.

mod beneath;
#[cfg(test)]
pub(crate) mod faulty;

use core::fmt;
use std::io;

pub(crate) use beneath::Beneath;
use rustix::io::Errno;

use crate::clock::UnixSeconds;

/// One name inside the store, made by the store itself: lower-case letters, digits and dashes.
///
/// No such name is `..`, hidden, or holds a slash, so a path of them stays inside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(String);

/// A 32-byte identifier in hexadecimal is the longest name there is.
const LONGEST_NAME: usize = 64;

impl Name {
    /// Reads a name; anything that the store would not have made itself is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= LONGEST_NAME;
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        (fits && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The hexadecimal name of an identifier.
    pub(crate) fn hex(bytes: &[u8; 32]) -> Self {
        Self(data_encoding::HEXLOWER.encode(bytes))
    }

    /// The name of a segment or a lane: a number of fixed width, so that names sort as numbers do.
    pub(crate) fn number(prefix: char, number: u64) -> Self {
        Self(format!("{prefix}{number:08x}"))
    }

    /// The name as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path beneath the store's folder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place(Vec<Name>);

impl Place {
    /// The store's folder itself.
    pub(crate) const fn root() -> Self {
        Self(Vec::new())
    }

    /// A fixed name in the store's folder.
    pub(crate) fn top(name: &'static str) -> Self {
        Self(vec![Name(name.to_owned())])
    }

    /// The entry of this name inside this folder.
    pub(crate) fn join(&self, name: Name) -> Self {
        let mut names = self.0.clone();
        names.push(name);
        Self(names)
    }

    /// The entry of this fixed name inside this folder.
    pub(crate) fn file(&self, name: &'static str) -> Self {
        self.join(Name(name.to_owned()))
    }

    /// The folder it lies in and its name there; the root lies nowhere.
    pub(crate) fn split(&self) -> Option<(Self, &Name)> {
        let (last, before) = self.0.split_last()?;
        Some((Self(before.to_vec()), last))
    }

    /// The names from the store's folder on.
    pub(crate) fn names(&self) -> &[Name] {
        &self.0
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.0 {
            write!(f, "/{}", name.0)?;
        }
        Ok(())
    }
}

/// An open file. Dropping it closes it.
pub(crate) trait DiskFile: Send + Sync + fmt::Debug {
    /// Writes all of these bytes at this offset.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Reads up to so many bytes from this offset; 0 is the end.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    /// The length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Waits until content and length are on the disk.
    fn sync(&self) -> io::Result<()>;
    /// Sets the times of access and of the last writing, as far as a program can.
    fn set_time(&self, time: UnixSeconds) -> io::Result<()>;
    /// Gives the file blocks for so many bytes and leaves its length as it is. Where the file system
    /// cannot do that, nothing happens.
    fn reserve(&self, bytes: u64) -> io::Result<()>;
}

/// Space on the disk beneath the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes that a process without privileges can still write.
    pub(crate) free: u64,
    /// Bytes of the whole file system.
    pub(crate) total: u64,
}

/// The operations that the store is made of. Each is one fault point.
pub(crate) trait Disk: Send + Sync + fmt::Debug {
    /// Makes a folder that must not be there.
    fn make_folder(&self, place: &Place) -> io::Result<()>;
    /// Creates a file that must not be there.
    fn create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>>;
    /// Opens a file for writing and reading, and creates it if it is not there.
    fn open_or_create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>>;
    /// The same for a file of an upload, which will hold so many bytes.
    fn open_or_create_for(&self, place: &Place, _bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        self.open_or_create(place)
    }
    /// Opens a file for reading.
    fn open(&self, place: &Place) -> io::Result<Box<dyn DiskFile>>;
    /// The names in a folder that the store could have made, in no order.
    fn list(&self, place: &Place) -> io::Result<Vec<Name>>;
    /// Renames, and fails if the target is there.
    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()>;
    /// Renames a file over another, atomically.
    fn rename_over(&self, from: &Place, to: &Place) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, place: &Place) -> io::Result<()>;
    /// Removes a file when it does not matter if its content stays a while, but the time of its end
    /// would tell something.
    fn set_aside(&self, place: &Place) -> io::Result<()> {
        self.remove_file(place)
    }
    /// Removes an empty folder.
    fn remove_folder(&self, place: &Place) -> io::Result<()>;
    /// Sets the times of access and of the last writing of a file or folder. That makes the time of
    /// the last change to its entry that of this call, which no program can set.
    fn set_time(&self, place: &Place, time: UnixSeconds) -> io::Result<()>;
    /// Waits until the entries of a folder are on the disk.
    fn sync_folder(&self, place: &Place) -> io::Result<()>;
    /// Waits until everything that was ever done is on the disk.
    fn sync_everything(&self) -> io::Result<()>;
    /// Asks how much space there is.
    fn room(&self) -> io::Result<Room>;
}

/// Reads a small file whole; a longer one than `limit` is an error.
pub(crate) fn read_small(disk: &dyn Disk, place: &Place, limit: usize) -> io::Result<Vec<u8>> {
    let file = disk.open(place)?;
    let length = usize::try_from(file.length()?).unwrap_or(usize::MAX);
    if length > limit {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    let mut bytes = vec![0; length];
    read_exact_at(file.as_ref(), &mut bytes, 0)?;
    Ok(bytes)
}

/// Like [`read_small`], but a file that is not there is nothing.
pub(crate) fn read_if_there(
    disk: &dyn Disk,
    place: &Place,
    limit: usize,
) -> io::Result<Option<Vec<u8>>> {
    match read_small(disk, place, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Fills the buffer from this offset on, or fails.
pub(crate) fn read_exact_at(file: &dyn DiskFile, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    let mut rest = bytes;
    let mut at = offset;
    while !rest.is_empty() {
        let read = file.read_at(rest, at)?;
        let Some(after) = rest.get_mut(read..).filter(|_| read > 0) else {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        };
        rest = after;
        at = at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// Creates a file with this content and waits for the content, not for its entry in the folder.
pub(crate) fn create_whole(disk: &dyn Disk, place: &Place, bytes: &[u8]) -> io::Result<()> {
    let file = disk.create(place)?;
    file.write_at(bytes, 0)?;
    file.sync()
}

/// Writes a file of at most so many bytes over itself, and waits for it. Where a sync has failed for
/// an earlier process, the system may hold what is read here and take it for written: then a sync alone
/// would wait for nothing. Where even that needs room that is not there, it has to do.
pub(crate) fn write_again(disk: &dyn Disk, place: &Place, limit: usize) -> io::Result<()> {
    let bytes = read_small(disk, place, limit)?;
    let file = disk.open_or_create(place)?;
    match file.write_at(&bytes, 0) {
        Err(error) if !is_full(&error) => return Err(error),
        _ => {}
    }
    file.sync()
}

/// Puts this content in place of a small file, or of none: afterwards it is the old or the new one
/// whole, and after `Ok` the new one.
pub(crate) fn replace_whole(disk: &dyn Disk, place: &Place, bytes: &[u8]) -> io::Result<()> {
    let Some((folder, name)) = place.split() else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    let fresh = folder.join(Name(format!("new-{}", name.0)));
    remove_if_there(disk, &fresh)?;
    create_whole(disk, &fresh, bytes)?;
    disk.rename_over(&fresh, place)?;
    disk.sync_folder(&folder)
}

/// Removes a file, which may be gone already.
pub(crate) fn remove_if_there(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    match disk.remove_file(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Sets a file aside, which may be gone already.
pub(crate) fn set_aside_if_there(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    match disk.set_aside(place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder that may be there already.
pub(crate) fn ensure_folder(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    match disk.make_folder(place) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Whether there was no room, which passes. An error of a sync is none of these.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Whether the disk cannot give this one thing, or somebody else has put it there: a link, or what
/// the store may not read.
pub(crate) fn is_unreadable(error: &io::Error) -> bool {
    let errors = [Errno::IO, Errno::LOOP, Errno::ACCESS];
    let mut codes = errors.iter().map(|error| error.raw_os_error());
    codes.any(|code| error.raw_os_error() == Some(code))
}

/// Removes a folder and what the store could have put there, lanes included; what is no folder goes
/// too.
pub(crate) fn remove_tree(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    let names = match disk.list(place) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return remove_if_there(disk, place);
        }
        Err(error) => return Err(error),
    };
    for name in names {
        let inner = place.join(name);
        match disk.remove_file(&inner) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                remove_tree(disk, &inner)?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    disk.remove_folder(place)
}
