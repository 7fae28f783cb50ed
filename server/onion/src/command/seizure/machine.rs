//! What the machine beneath the data folder adds.

use std::fmt::LowerHex;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::data::Data;

/// Where systemd keeps its journal when it outlasts a start of the machine.
const JOURNAL: &str = "/var/log/journal";
/// What cryptsetup calls devices that check what they hold, and do not hide it.
const CHECKED: [&str; 3] = ["CRYPT-VERITY-", "CRYPT-INTEGRITY-", "CRYPT-SUBDEV-"];
/// A device may lie on devices that lie on devices.
const MOST_LAYERS: u32 = 8;

/// What a folder lies on, as far as the system tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Medium {
    /// Memory: gone when the machine is switched off.
    Memory,
    /// A disk all of which is encrypted (dm-crypt).
    Encrypted,
    /// A disk that is not, or of which nobody can tell from here.
    NotKnown,
}

/// How a file system treats what was changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileSystem {
    /// ext2, ext3 or ext4: the last two keep a journal of names and times.
    Ext,
    /// XFS: the same, and files may share blocks.
    Xfs,
    /// btrfs or ZFS, named: they copy on writing, and can keep snapshots.
    Copying(&'static str),
    /// Memory.
    Memory,
    /// Layers over another one, as in a container: what that keeps is not seen from here.
    Layers,
    /// Another.
    Other,
}

impl FileSystem {
    /// By the number that the system gives it (statfs(2)), whose width differs by machine.
    fn of(number: impl LowerHex) -> Self {
        match format!("{number:x}").as_str() {
            "ef53" => Self::Ext,
            "58465342" => Self::Xfs,
            "9123683e" => Self::Copying("btrfs"),
            "2fc12fc1" => Self::Copying("zfs"),
            "1021994" | "858458f6" => Self::Memory,
            "794c7630" => Self::Layers,
            _ => Self::Other,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ext => "ext",
            Self::Xfs => "xfs",
            Self::Copying(name) => name,
            Self::Memory => "memory",
            Self::Layers => "overlay",
            Self::Other => "other",
        }
    }
}

/// The machine, as far as it can be seen from within.
#[derive(Debug)]
pub(super) struct Machine {
    pub(super) swap: bool,
    pub(super) medium: Medium,
    pub(super) file_system: FileSystem,
    /// Bytes that are free where the data folder lies.
    pub(super) free: u64,
    /// Whether only its owner may look into the data folder.
    pub(super) private: bool,
    /// Whether systemd keeps its journal on a disk.
    pub(super) journal: bool,
}

/// What nobody but the owner may have of the data folder.
const OTHERS: u32 = 0o077;

impl Machine {
    /// Looks at what the data folder lies on.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(super) fn look(data: &Data) -> io::Result<Self> {
        let store = data.store();
        let number = rustix::fs::statfs(&store)?.f_type;
        let file_system = FileSystem::of(number);
        let device = std::fs::metadata(&store)?.dev();
        let medium = match file_system {
            FileSystem::Memory => Medium::Memory,
            _ if Device::of(device).is_encrypted() => Medium::Encrypted,
            _ => Medium::NotKnown,
        };
        Ok(Self {
            swap: swap_is_on(),
            medium,
            file_system,
            free: data.room()?.free,
            private: std::fs::metadata(data.folder())?.mode() & OTHERS == 0,
            journal: Path::new(JOURNAL).is_dir(),
        })
    }
}

/// Whether the kernel may write memory to a disk. The first line is a heading.
fn swap_is_on() -> bool {
    std::fs::read_to_string("/proc/swaps").is_ok_and(|text| text.lines().count() > 1)
}

/// A block device by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Device {
    major: u32,
    minor: u32,
}

impl Device {
    fn of(number: u64) -> Self {
        Self {
            major: rustix::fs::major(number),
            minor: rustix::fs::minor(number),
        }
    }

    fn is_encrypted(self) -> bool {
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        // Some file systems (btrfs) have numbers of their own: then the mount tells the device.
        let device = if self.major == 0 {
            self.mounted(&mounts)
        } else {
            Some(self)
        };
        device.is_some_and(|device| {
            let entry = format!("/sys/dev/block/{}:{}", device.major, device.minor);
            is_encrypted(Path::new(&entry), MOST_LAYERS)
        })
    }

    /// The device that a mount table names for these numbers (proc(5), mountinfo).
    fn mounted(self, mounts: &str) -> Option<Self> {
        let numbers = format!("{}:{}", self.major, self.minor);
        let mut lines = mounts.lines();
        let line = lines.find(|line| line.split(' ').nth(2) == Some(&numbers))?;
        let (_, after) = line.split_once(" - ")?;
        let source = after.split(' ').nth(1)?;
        let source = source.starts_with("/dev/").then_some(source)?;
        let device = std::fs::metadata(source).ok()?.rdev();
        Some(Self::of(device)).filter(|device| device.major != 0)
    }
}

/// Whether all that a block device lies on is encrypted. `entry` is its folder in /sys.
fn is_encrypted(entry: &Path, layers: u32) -> bool {
    let uuid = std::fs::read_to_string(entry.join("dm/uuid")).unwrap_or_default();
    let only_checked = CHECKED.iter().any(|kind| uuid.starts_with(kind));
    if uuid.starts_with("CRYPT-") && !only_checked {
        return true;
    }
    let Some(deeper) = layers.checked_sub(1) else {
        return false;
    };
    let below: Vec<PathBuf> = std::fs::read_dir(entry.join("slaves"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    !below.is_empty() && below.iter().all(|entry| is_encrypted(entry, deeper))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(sys: &Path, name: &str, uuid: Option<&str>, slaves: &[&str]) {
        let entry = sys.join(name);
        std::fs::create_dir_all(entry.join("slaves")).unwrap();
        if let Some(uuid) = uuid {
            std::fs::create_dir_all(entry.join("dm")).unwrap();
            let mut file = std::fs::File::create_new(entry.join("dm/uuid")).unwrap();
            std::io::Write::write_all(&mut file, uuid.as_bytes()).unwrap();
        }
        for slave in slaves {
            std::os::unix::fs::symlink(sys.join(slave), entry.join("slaves").join(slave)).unwrap();
        }
    }

    #[test]
    fn a_disk_counts_as_encrypted_only_if_all_beneath_it_is_and_more_than_checked() {
        let sys = tempfile::tempdir().unwrap();
        let sys = sys.path();
        device(sys, "plain", None, &[]);
        device(sys, "luks", Some("CRYPT-LUKS2-01-a"), &["plain"]);
        device(sys, "verity", Some("CRYPT-VERITY-01-a"), &["plain"]);
        device(sys, "volume", Some("LVM-a"), &["luks"]);
        device(sys, "mixed", Some("LVM-a"), &["luks", "plain"]);
        device(sys, "circle", Some("LVM-a"), &["circle"]);
        let encrypted = |name| is_encrypted(&sys.join(name), MOST_LAYERS);
        assert!(encrypted("luks") && encrypted("volume"));
        for name in ["plain", "verity", "mixed", "circle", "nowhere"] {
            assert!(!encrypted(name), "{name}");
        }
    }

    #[test]
    fn memory_is_told_from_disks_and_what_copies_on_writing_by_its_name() {
        let shm = rustix::fs::statfs("/dev/shm").unwrap().f_type;
        assert_eq!(FileSystem::of(shm), FileSystem::Memory);
        let proc = rustix::fs::statfs("/proc").unwrap().f_type;
        assert_eq!(FileSystem::of(proc), FileSystem::Other);
        assert_eq!(FileSystem::of(0x9123_683e_u32).name(), "btrfs");
    }
}
