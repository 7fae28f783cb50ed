//! The real file system beneath one open folder.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{self, AtFlags, Mode, OFlags, RenameFlags};

use super::{Disk, DiskFile, Name, Place, Room};
use crate::clock::UnixSeconds;

/// Everything is reached from one folder handle, one checked name at a time, and no symbolic link
/// is followed: the same promise as `openat2` with `RESOLVE_BENEATH`, on every kernel.
#[derive(Debug)]
pub(crate) struct Beneath {
    root: OwnedFd,
}

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);
const PRIVATE_FOLDER: Mode = Mode::RWXU;
const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

impl Beneath {
    /// Opens the store's folder, which must be there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // The administrator may well reach the folder itself through a link.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self {
            root: unread(fs::open(path, flags, Mode::empty())?),
        })
    }

    /// Keeps a second server out of the same folder for as long as the handle lives.
    pub(crate) fn lock(&self) -> io::Result<()> {
        fs::flock(&self.root, fs::FlockOperation::NonBlockingLockExclusive)?;
        Ok(())
    }

    fn folder(&self, names: &[Name]) -> io::Result<OwnedFd> {
        let (first, rest) = match names {
            [] => (".", names),
            [first, rest @ ..] => (first.as_str(), rest),
        };
        let mut folder = fs::openat(&self.root, first, FOLDER, Mode::empty())?;
        for name in rest {
            folder = fs::openat(&folder, name.as_str(), FOLDER, Mode::empty())?;
        }
        Ok(folder)
    }

    fn parent<'a>(&self, place: &'a Place) -> io::Result<(OwnedFd, &'a str)> {
        let Some((last, before)) = place.names().split_last() else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        Ok((self.folder(before)?, last.as_str()))
    }

    fn file(&self, place: &Place, flags: OFlags) -> io::Result<Box<dyn DiskFile>> {
        let (parent, name) = self.parent(place)?;
        let file = fs::openat(&parent, name, FILE | flags, PRIVATE_FILE)?;
        Ok(Box::new(Open(unread(file))))
    }

    fn rename(&self, from: &Place, to: &Place, flags: RenameFlags) -> io::Result<()> {
        let (from_parent, from_name) = self.parent(from)?;
        let (to_parent, to_name) = self.parent(to)?;
        fs::renameat_with(&from_parent, from_name, &to_parent, to_name, flags)?;
        Ok(())
    }
}

/// From now on reading through this handle leaves the time of access alone: it would tell which
/// mailbox was looked into, and when. Only who owns a file may ask for that; for files of others
/// the system goes on as ever.
fn unread(handle: OwnedFd) -> OwnedFd {
    let _refused = fs::fcntl_setfl(&handle, OFlags::NOATIME);
    handle
}

impl Disk for Beneath {
    fn make_folder(&self, place: &Place) -> io::Result<()> {
        let (parent, name) = self.parent(place)?;
        fs::mkdirat(&parent, name, PRIVATE_FOLDER)?;
        Ok(())
    }

    fn create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.file(place, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    fn open_or_create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.file(place, OFlags::RDWR | OFlags::CREATE)
    }

    fn open(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.file(place, OFlags::RDONLY)
    }

    fn list(&self, place: &Place) -> io::Result<Vec<Name>> {
        let folder = unread(self.folder(place.names())?);
        let mut names = Vec::new();
        for entry in fs::Dir::new(folder)? {
            let entry = entry?;
            names.extend(entry.file_name().to_str().ok().and_then(Name::parse));
        }
        Ok(names)
    }

    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.rename(from, to, RenameFlags::NOREPLACE)
    }

    fn rename_over(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.rename(from, to, RenameFlags::empty())
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        let (parent, name) = self.parent(place)?;
        fs::unlinkat(&parent, name, AtFlags::empty())?;
        Ok(())
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        let (parent, name) = self.parent(place)?;
        fs::unlinkat(&parent, name, AtFlags::REMOVEDIR)?;
        Ok(())
    }

    fn set_time(&self, place: &Place, time: UnixSeconds) -> io::Result<()> {
        let (parent, name) = match place.names() {
            [] => (self.folder(&[])?, "."),
            _ => self.parent(place)?,
        };
        fs::utimensat(&parent, name, &both(time), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(())
    }

    fn sync_folder(&self, place: &Place) -> io::Result<()> {
        fs::fsync(self.folder(place.names())?).map_err(final_error)
    }

    fn sync_everything(&self) -> io::Result<()> {
        fs::syncfs(&self.root).map_err(final_error)
    }

    fn room(&self) -> io::Result<Room> {
        let stat = fs::fstatvfs(&self.root)?;
        Ok(Room {
            free: stat.f_bavail.saturating_mul(stat.f_frsize),
            total: stat.f_blocks.saturating_mul(stat.f_frsize),
        })
    }
}

#[derive(Debug)]
struct Open(OwnedFd);

/// After a failed sync nobody knows what is on the disk: it is never taken for a lack of space,
/// which passes.
fn final_error(error: rustix::io::Errno) -> io::Error {
    io::Error::other(error)
}

impl DiskFile for Open {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut rest = bytes;
        let mut at = offset;
        while !rest.is_empty() {
            let written = match rustix::io::pwrite(&self.0, rest, at) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::WriteZero)),
                Ok(written) => written,
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            rest = rest.get(written..).unwrap_or_default();
            at = at.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        loop {
            match rustix::io::pread(&self.0, &mut *bytes, offset) {
                Err(rustix::io::Errno::INTR) => {}
                other => return Ok(other?),
            }
        }
    }

    fn length(&self) -> io::Result<u64> {
        u64::try_from(fs::fstat(&self.0)?.st_size)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn sync(&self) -> io::Result<()> {
        fs::fdatasync(&self.0).map_err(final_error)
    }

    fn set_time(&self, time: UnixSeconds) -> io::Result<()> {
        Ok(fs::futimens(&self.0, &both(time))?)
    }

    fn reserve(&self, bytes: u64) -> io::Result<()> {
        match fs::fallocate(&self.0, fs::FallocateFlags::KEEP_SIZE, 0, bytes) {
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => Ok(()),
            done => Ok(done?),
        }
    }
}

/// The same time for the last access and the last writing.
fn both(time: UnixSeconds) -> fs::Timestamps {
    let time = fs::Timespec {
        tv_sec: i64::try_from(time.get()).unwrap_or(i64::MAX),
        tv_nsec: 0,
    };
    fs::Timestamps {
        last_access: time,
        last_modification: time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt as _;

    use crate::disk::{create_whole, read_small, remove_tree, replace_whole};

    /// An access time that the system would move at the next read (`relatime`): older than the
    /// time of change.
    fn age(path: &Path) {
        let long_ago = fs::Timespec {
            tv_sec: 1_000_000,
            tv_nsec: 0,
        };
        let times = fs::Timestamps {
            last_access: long_ago,
            last_modification: fs::Timespec {
                tv_sec: 2_000_000,
                tv_nsec: 0,
            },
        };
        fs::utimensat(fs::CWD, path, &times, AtFlags::empty()).unwrap();
    }

    #[test]
    fn reading_a_file_or_a_folder_leaves_no_time_of_access() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Beneath::open(folder.path()).unwrap();
        let room = Place::top("room");
        disk.make_folder(&room).unwrap();
        create_whole(&disk, &room.file("a"), b"one").unwrap();
        let paths = ["room/a", "room", ""].map(|name| folder.path().join(name));
        for path in &paths {
            age(path);
        }
        assert_eq!(read_small(&disk, &room.file("a"), 9).unwrap(), b"one");
        let mut byte = [0];
        let open = disk.open_or_create(&room.file("a")).unwrap();
        assert_eq!(open.read_at(&mut byte, 0).unwrap(), 1);
        assert_eq!(disk.list(&room).unwrap().len(), 1);
        assert_eq!(disk.list(&Place::root()).unwrap().len(), 1);
        for path in &paths {
            let accessed = std::fs::metadata(path).unwrap().atime();
            assert_eq!(accessed, 1_000_000, "{}", path.display());
        }
    }

    #[test]
    fn a_symbolic_link_inside_the_store_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::File::create(outside.path().join("secret")).unwrap();
        let inside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), inside.path().join("file"))
            .unwrap();
        let disk = Beneath::open(inside.path()).unwrap();
        assert!(disk.open(&Place::top("file")).is_err());
        assert!(disk.open(&Place::top("folder").file("secret")).is_err());
        assert!(disk.create(&Place::top("folder").file("new")).is_err());
        assert!(disk.open_or_create(&Place::top("file")).is_err());
    }

    #[test]
    fn no_name_of_the_store_leaves_it() {
        for text in ["..", ".", "", "a/b", "/etc", "A", "a\0", "ä", ".hidden"] {
            assert!(Name::parse(text).is_none(), "{text:?}");
        }
        assert!(Name::parse(&"a".repeat(64)).is_some());
        assert!(Name::parse(&"a".repeat(65)).is_none());
    }

    #[test]
    fn a_second_server_is_kept_out() {
        let folder = tempfile::tempdir().unwrap();
        let first = Beneath::open(folder.path()).unwrap();
        first.lock().unwrap();
        assert!(Beneath::open(folder.path()).unwrap().lock().is_err());
    }

    #[test]
    fn a_rename_never_replaces_unless_asked() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Beneath::open(folder.path()).unwrap();
        create_whole(&disk, &Place::top("a"), b"one").unwrap();
        create_whole(&disk, &Place::top("b"), b"two").unwrap();
        let error = disk
            .rename_new(&Place::top("a"), &Place::top("b"))
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        replace_whole(&disk, &Place::top("b"), b"three").unwrap();
        assert_eq!(read_small(&disk, &Place::top("b"), 9).unwrap(), b"three");
        assert!(read_small(&disk, &Place::top("b"), 4).is_err());
    }

    #[test]
    fn a_folder_is_removed_with_its_lanes() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Beneath::open(folder.path()).unwrap();
        let drop = Place::top("drop");
        disk.make_folder(&drop).unwrap();
        disk.make_folder(&drop.file("lane")).unwrap();
        create_whole(&disk, &drop.file("lane").file("s"), b"x").unwrap();
        remove_tree(&disk, &drop).unwrap();
        assert_eq!(disk.list(&Place::root()).unwrap(), []);
        remove_tree(&disk, &drop).unwrap();
    }
}
