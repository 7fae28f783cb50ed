//! The kernel's own account of mounts and block devices.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

/// Devices stand on each other; more than this is a circle.
const MOST_STOREYS: usize = 16;

/// `/proc` and `/sys`, beneath `/` or, in a test, beneath a folder of its own.
#[derive(Debug, Clone)]
pub(crate) struct Kernel {
    root: PathBuf,
}

/// The number of a block device, as `8:1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Device(String);

/// Where a file lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its file system, as `ext4`; empty where the kernel does not say.
    pub(super) kind: String,
    /// Where that is mounted.
    pub(super) mount: PathBuf,
    /// Whether the file system itself encrypts it.
    pub(super) encrypted: bool,
    /// The device beneath; none where the file system is not on one, or is on several.
    pub(super) device: Option<Device>,
}

/// What a device stands on in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Every way down goes through dm-crypt.
    Encrypted,
    /// On some way down there is none.
    Plain,
    /// The kernel does not show it.
    Untold,
}

impl Kernel {
    /// The one that runs.
    pub(crate) fn running() -> Self {
        Self { root: "/".into() }
    }

    #[cfg(test)]
    pub(super) fn beneath(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// A small file of the kernel, without the line's end; none where it has none.
    pub(super) fn read(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = fs::read_to_string(self.at(path)).ok()?;
        Some(text.trim_end().to_owned())
    }

    /// The names in a folder of the kernel, in order.
    pub(super) fn names(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.at(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Where a file lies.
    ///
    /// # Errors
    /// When the file cannot be reached.
    pub(super) fn place(&self, file: &Path) -> io::Result<Place> {
        let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
        let stat = statx(CWD, self.at(file), AtFlags::empty(), wanted)?;
        let mount = self.mount(stat.stx_mnt_id).unwrap_or_default();
        let device = match stat.stx_dev_major {
            // The number is the kernel's own invention, as btrfs has it: the source tells.
            0 => mount
                .source
                .strip_prefix("/dev/")
                .and_then(|name| self.device(name)),
            major => Some(Device(format!("{major}:{}", stat.stx_dev_minor))),
        };
        Ok(Place {
            kind: mount.kind,
            mount: mount.point,
            encrypted: stat.stx_attributes.contains(StatxAttributes::ENCRYPTED),
            device,
        })
    }

    /// The device of this name beneath `/dev`.
    pub(super) fn device(&self, name: &str) -> Option<Device> {
        let name = match name.strip_prefix("mapper/") {
            Some(mapped) => self.names("sys/class/block").into_iter().find(|block| {
                self.read(format!("sys/class/block/{block}/dm/name"))
                    .is_some_and(|found| found == mapped)
            })?,
            None => name.to_owned(),
        };
        self.read(format!("sys/class/block/{name}/dev")).map(Device)
    }

    /// What a device stands on in the end.
    pub(super) fn ground(&self, device: &Device) -> Ground {
        self.ground_of(device, 0)
    }

    fn ground_of(&self, device: &Device, storey: usize) -> Ground {
        let folder = format!("sys/dev/block/{}", device.0);
        if storey > MOST_STOREYS || self.read(format!("{folder}/dev")).is_none() {
            return Ground::Untold;
        }
        if self
            .mapped(device)
            .is_some_and(|mapped| mapped.starts_with("CRYPT-"))
        {
            return Ground::Encrypted;
        }
        // A file of some other file system stands for this device.
        if self.read(format!("{folder}/loop/backing_file")).is_some() {
            return Ground::Untold;
        }
        let below = self.below(device);
        if below.is_empty() {
            return Ground::Plain;
        }
        let mut ground = Ground::Encrypted;
        for lower in below {
            match self.ground_of(&lower, storey.saturating_add(1)) {
                Ground::Plain => return Ground::Plain,
                Ground::Untold => ground = Ground::Untold,
                Ground::Encrypted => {}
            }
        }
        ground
    }

    /// The device mapper's names of a device and of all that it stands on.
    pub(super) fn all_mapped(&self, device: &Device) -> Vec<String> {
        let mut found = Vec::new();
        let mut waiting = vec![(device.clone(), 0_usize)];
        while let Some((device, storey)) = waiting.pop() {
            found.extend(self.mapped(&device));
            if storey < MOST_STOREYS {
                let storey = storey.saturating_add(1);
                let below = self.below(&device).into_iter();
                waiting.extend(below.map(|lower| (lower, storey)));
            }
        }
        found
    }

    /// The device mapper's name of a device that it made, as `CRYPT-LUKS2-…` or `LVM-…`.
    fn mapped(&self, device: &Device) -> Option<String> {
        self.read(format!("sys/dev/block/{}/dm/uuid", device.0))
    }

    fn below(&self, device: &Device) -> Vec<Device> {
        let slaves = format!("sys/dev/block/{}/slaves", device.0);
        let numbers = self.names(&slaves).into_iter();
        numbers
            .filter_map(|name| self.read(format!("{slaves}/{name}/dev")).map(Device))
            .collect()
    }

    fn mount(&self, id: u64) -> Option<Mount> {
        let text = self.read("proc/self/mountinfo")?;
        text.lines().find_map(|line| Mount::read(line, id))
    }

    fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// A line of `mountinfo` (proc_pid_mountinfo(5)).
#[derive(Debug, Default, PartialEq, Eq)]
struct Mount {
    kind: String,
    source: String,
    point: PathBuf,
}

impl Mount {
    /// The mount of this number, if the line is its.
    fn read(line: &str, id: u64) -> Option<Self> {
        let (place, origin) = line.split_once(" - ")?;
        let mut place = place.split(' ');
        let mut origin = origin.split(' ');
        let number: u64 = place.next()?.parse().ok()?;
        (number == id).then_some(())?;
        Some(Self {
            point: place.nth(3)?.into(),
            kind: origin.next()?.to_owned(),
            source: origin.next()?.to_owned(),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A kernel of a test.
    pub(in crate::look) struct Made(tempfile::TempDir);

    impl Made {
        pub(in crate::look) fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        pub(in crate::look) fn kernel(&self) -> Kernel {
            Kernel::beneath(self.0.path())
        }

        pub(in crate::look) fn write(&self, path: &str, text: &str) {
            use std::io::Write as _;
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut file = fs::File::create(path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }

        /// A block device that stands on these, as sysfs shows it.
        pub(in crate::look) fn device(&self, name: &str, number: &str, below: &[&str]) {
            let folder = format!("sys/devices/{name}");
            self.write(&format!("{folder}/dev"), &format!("{number}\n"));
            let slaves = self.0.path().join(&folder).join("slaves");
            fs::create_dir_all(&slaves).unwrap();
            for lower in below {
                let target = self.0.path().join("sys/devices").join(lower);
                symlink(target, slaves.join(lower)).unwrap();
            }
            for (list, name) in [("sys/dev/block", number), ("sys/class/block", name)] {
                let list = self.0.path().join(list);
                fs::create_dir_all(&list).unwrap();
                symlink(self.0.path().join(&folder), list.join(name)).unwrap();
            }
        }

        pub(in crate::look) fn mapped(&self, device: &str, name: &str, uuid: &str) {
            self.write(&format!("sys/devices/{device}/dm/name"), name);
            self.write(&format!("sys/devices/{device}/dm/uuid"), uuid);
        }
    }

    fn ground(made: &Made, name: &str) -> Ground {
        let kernel = made.kernel();
        kernel.ground(&kernel.device(name).unwrap())
    }

    #[test]
    fn a_disk_is_plain_and_a_volume_on_an_encrypted_one_is_not() {
        let made = Made::new();
        made.device("vda1", "254:1", &[]);
        made.device("vda2", "254:2", &[]);
        made.device("dm-0", "253:0", &["vda2"]);
        made.mapped("dm-0", "locked", "CRYPT-LUKS2-0123-locked\n");
        made.device("dm-1", "253:1", &["dm-0"]);
        made.mapped("dm-1", "group-data", "LVM-abc");
        assert_eq!(ground(&made, "vda1"), Ground::Plain);
        assert_eq!(ground(&made, "dm-0"), Ground::Encrypted);
        assert_eq!(ground(&made, "dm-1"), Ground::Encrypted);
        assert_eq!(ground(&made, "mapper/group-data"), Ground::Encrypted);
        assert_eq!(made.kernel().device("mapper/other"), None);
    }

    #[test]
    fn a_mirror_of_which_one_half_is_plain_is_plain() {
        let made = Made::new();
        made.device("sda1", "8:1", &[]);
        made.device("sdb1", "8:17", &[]);
        made.device("dm-0", "253:0", &["sdb1"]);
        made.mapped("dm-0", "half", "CRYPT-PLAIN-half");
        made.device("md0", "9:0", &["dm-0", "sda1"]);
        assert_eq!(ground(&made, "md0"), Ground::Plain);
    }

    #[test]
    fn what_the_kernel_does_not_show_is_untold_and_never_encrypted() {
        let made = Made::new();
        made.device("loop0", "7:0", &[]);
        made.write("sys/devices/loop0/loop/backing_file", "/srv/volume\n");
        assert_eq!(ground(&made, "loop0"), Ground::Untold);
        made.device("dm-3", "253:3", &["loop0"]);
        assert_eq!(ground(&made, "dm-3"), Ground::Untold);
        let unknown = Device("99:0".into());
        assert_eq!(made.kernel().ground(&unknown), Ground::Untold);
    }

    #[test]
    fn devices_that_stand_on_each_other_in_a_circle_end() {
        let made = Made::new();
        made.device("dm-0", "253:0", &["dm-1"]);
        made.device("dm-1", "253:1", &["dm-0"]);
        assert_eq!(ground(&made, "dm-0"), Ground::Untold);
    }

    #[test]
    fn a_mount_is_found_by_its_number() {
        let line = "36 35 98:0 /mnt1 /var/lib rw,noatime master:1 - ext3 /dev/root rw,errors=x";
        let mount = Mount::read(line, 36).unwrap();
        assert_eq!(
            (mount.kind.as_str(), mount.source.as_str()),
            ("ext3", "/dev/root")
        );
        assert_eq!(mount.point, Path::new("/var/lib"));
        assert_eq!(Mount::read(line, 35), None);
        assert_eq!(Mount::read("nonsense", 36), None);
    }

    #[test]
    fn the_running_kernel_says_where_a_file_lies() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let place = Kernel::running().place(file.path()).unwrap();
        assert!(!place.kind.is_empty() && place.mount.is_absolute());
    }
}
