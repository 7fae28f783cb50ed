//! Where opened files may lie: in memory, or on an encrypted disk.

use core::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{FsType, TMPFS_MAGIC, fstatfs};

use crate::escape;
use crate::folder::{FileError, Folder};

/// `ramfs` of Linux: memory that is never swapped.
const RAMFS_MAGIC: FsType = FsType(0x8584_58f6);
/// What cryptsetup calls devices that check what they hold, and do not hide it.
const CHECKED: [&str; 3] = ["CRYPT-VERITY-", "CRYPT-INTEGRITY-", "CRYPT-SUBDEV-"];
/// A device may lie on devices that lie on devices.
const MOST_LAYERS: u32 = 8;

/// Opened files may not lie there.
#[derive(Debug)]
#[non_exhaustive]
pub enum VolumeError {
    /// The system does not tell what the folder lies on.
    File(FileError),
    /// It is not in memory, and not on a disk that is known to be encrypted.
    Plain(PathBuf),
}

impl fmt::Display for VolumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Plain(path) => write!(
                f,
                "{}: this folder is neither in memory nor on a disk that is known to be encrypted: \
                 opened files would stay there for whoever takes the disk. Name a folder in \
                 /dev/shm or on an encrypted disk, or say --danger-plain-disk",
                escape::path(path)
            ),
        }
    }
}

impl core::error::Error for VolumeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) => error.source(),
            Self::Plain(_) => None,
        }
    }
}

/// What a folder lies on, as far as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Memory: it is gone when the machine is switched off.
    Memory,
    /// A disk that is encrypted (dm-crypt).
    Encrypted,
    /// A disk that is not, or of which nobody can tell.
    Plain,
}

impl Volume {
    /// Refuses a folder in which opened files would stay for whoever takes the disk.
    ///
    /// # Errors
    /// [`VolumeError`].
    pub fn fit(folder: &Folder) -> Result<(), VolumeError> {
        match Self::of(folder).map_err(VolumeError::File)? {
            Self::Memory | Self::Encrypted => Ok(()),
            Self::Plain => Err(VolumeError::Plain(folder.path().to_owned())),
        }
    }

    /// What this folder lies on.
    ///
    /// # Errors
    /// [`FileError`] when the system does not tell.
    pub fn of(folder: &Folder) -> Result<Self, FileError> {
        let look = "see what this folder lies on";
        let kind = fstatfs(folder).map_err(|errno| FileError::new(look, folder.path(), errno))?;
        let kind = kind.filesystem_type();
        if kind == TMPFS_MAGIC || kind == RAMFS_MAGIC {
            return Ok(Self::Memory);
        }
        let stat = nix::sys::stat::fstat(folder)
            .map_err(|errno| FileError::new(look, folder.path(), errno))?;
        let device = Device::from_number(stat.st_dev);
        Ok(device.volume(Path::new("/sys"), Path::new("/proc/self/mountinfo")))
    }
}

/// A block device by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Device {
    major: u64,
    minor: u64,
}

impl Device {
    fn from_number(number: u64) -> Self {
        Self {
            major: nix::sys::stat::major(number),
            minor: nix::sys::stat::minor(number),
        }
    }

    fn volume(self, sys: &Path, mounts: &Path) -> Volume {
        // Some file systems (btrfs) have numbers of their own: then the mount tells the device.
        let device = if self.major == 0 {
            self.mounted(mounts)
        } else {
            Some(self)
        };
        let encrypted = device.is_some_and(|device| {
            let entry = sys.join(format!("dev/block/{}:{}", device.major, device.minor));
            is_encrypted(&entry, MOST_LAYERS)
        });
        if encrypted {
            Volume::Encrypted
        } else {
            Volume::Plain
        }
    }

    /// The device that `/proc/self/mountinfo` names for this number (proc(5)).
    fn mounted(self, mounts: &Path) -> Option<Self> {
        let numbers = format!("{}:{}", self.major, self.minor);
        let text = fs::read_to_string(mounts).ok()?;
        let line = text
            .lines()
            .find(|line| line.split(' ').nth(2) == Some(&numbers))?;
        let (_, after) = line.split_once(" - ")?;
        let source = after.split(' ').nth(1)?;
        if !source.starts_with("/dev/") {
            return None;
        }
        let device = fs::metadata(source).ok()?.rdev();
        Some(Self::from_number(device)).filter(|device| device.major != 0)
    }
}

/// Whether all that a block device lies on is encrypted.
fn is_encrypted(entry: &Path, layers: u32) -> bool {
    let uuid = fs::read_to_string(entry.join("dm/uuid")).unwrap_or_default();
    // Devices that only check what they hold have names of the same maker.
    let only_checked = CHECKED.iter().any(|kind| uuid.starts_with(kind));
    if uuid.starts_with("CRYPT-") && !only_checked {
        return true;
    }
    let Some(deeper) = layers.checked_sub(1) else {
        return false;
    };
    let below: Vec<PathBuf> = match fs::read_dir(entry.join("slaves")) {
        Ok(entries) => entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect(),
        Err(_) => return false,
    };
    !below.is_empty() && below.iter().all(|entry| is_encrypted(entry, deeper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(sys: &Path, numbers: &str, uuid: Option<&str>, slaves: &[&str]) {
        let entry = sys.join("dev/block").join(numbers);
        fs::create_dir_all(entry.join("slaves")).unwrap();
        if let Some(uuid) = uuid {
            fs::create_dir_all(entry.join("dm")).unwrap();
            std::os::unix::fs::symlink(uuid, entry.join("dm/uuid")).unwrap_or_default();
            fs::remove_file(entry.join("dm/uuid")).unwrap();
            let mut file = fs::File::create_new(entry.join("dm/uuid")).unwrap();
            std::io::Write::write_all(&mut file, uuid.as_bytes()).unwrap();
        }
        for slave in slaves {
            let target = sys.join("dev/block").join(slave);
            std::os::unix::fs::symlink(target, entry.join("slaves").join(slave)).unwrap();
        }
    }

    fn volume(sys: &Path, minor: u64) -> Volume {
        let device = Device { major: 254, minor };
        device.volume(sys, Path::new("/nowhere"))
    }

    #[test]
    fn memory_is_told_from_a_disk() {
        let memory = Folder::open(Path::new("/dev/shm")).unwrap();
        assert_eq!(Volume::of(&memory).unwrap(), Volume::Memory);
        let other = Folder::open(Path::new("/proc")).unwrap();
        assert_eq!(Volume::of(&other).unwrap(), Volume::Plain);
    }

    #[test]
    fn a_disk_counts_as_encrypted_only_if_all_beneath_it_is() {
        let sys = tempfile::tempdir().unwrap();
        device(sys.path(), "8:1", None, &[]);
        device(sys.path(), "254:0", Some("CRYPT-LUKS2-0123-luks"), &["8:1"]);
        device(sys.path(), "254:1", Some("LVM-abc"), &["254:0"]);
        device(sys.path(), "254:2", Some("LVM-abc"), &["254:0", "8:1"]);
        device(sys.path(), "254:3", Some("LVM-abc"), &["8:1"]);
        assert_eq!(volume(sys.path(), 0), Volume::Encrypted);
        assert_eq!(volume(sys.path(), 1), Volume::Encrypted);
        assert_eq!(volume(sys.path(), 2), Volume::Plain);
        assert_eq!(volume(sys.path(), 3), Volume::Plain);
        assert_eq!(volume(sys.path(), 9), Volume::Plain);
    }

    #[test]
    fn a_disk_that_is_only_checked_does_not_count_as_encrypted() {
        let sys = tempfile::tempdir().unwrap();
        device(sys.path(), "8:1", None, &[]);
        device(sys.path(), "254:0", Some("CRYPT-LUKS2-0123-luks"), &["8:1"]);
        for (minor, kind) in [(1, "VERITY"), (2, "INTEGRITY"), (3, "SUBDEV")] {
            let uuid = format!("CRYPT-{kind}-0123-name");
            device(sys.path(), &format!("254:{minor}"), Some(&uuid), &["8:1"]);
            assert_eq!(volume(sys.path(), minor), Volume::Plain, "{kind}");
        }
        let within = Some("CRYPT-INTEGRITY-0123-name");
        device(sys.path(), "254:4", within, &["254:0"]);
        assert_eq!(volume(sys.path(), 4), Volume::Encrypted);
    }

    #[test]
    fn devices_that_lie_on_themselves_end() {
        let sys = tempfile::tempdir().unwrap();
        device(sys.path(), "254:7", Some("LVM-abc"), &["254:7"]);
        assert_eq!(volume(sys.path(), 7), Volume::Plain);
    }
}
