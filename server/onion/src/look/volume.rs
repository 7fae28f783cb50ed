//! The volume that the data folder lies on: whether it is encrypted, and whether copies are kept.

use std::io;
use std::path::Path;

use super::kernel::{Ground, Kernel, Place};
use super::{Finding, Subject, Verdict};

/// File systems that are in memory alone.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];

/// Judges whether the disk beneath `folder` is encrypted by this system.
///
/// # Errors
/// When the folder cannot be reached.
pub(crate) fn encryption(kernel: &Kernel, folder: &Path) -> io::Result<Finding> {
    let (verdict, says) = encrypted(kernel, &kernel.place(folder)?);
    Ok(Finding::new(Subject::DiskEncryption, verdict, says))
}

fn encrypted(kernel: &Kernel, place: &Place) -> (Verdict, String) {
    let kind = &place.kind;
    if place.encrypted {
        let says = format!("the file system ({kind}) encrypts the data folder");
        return (Verdict::Well, says);
    }
    if IN_MEMORY.contains(&kind.as_str()) {
        let says = "the data folder is in memory: nothing of it outlasts the machine";
        return (Verdict::Mind, says.to_owned());
    }
    let ground = match &place.device {
        // Their other devices are not looked at.
        Some(device) if kind != "btrfs" => kernel.ground(device),
        Some(device) if kernel.ground(device) == Ground::Plain => Ground::Plain,
        _ => Ground::Untold,
    };
    match ground {
        Ground::Encrypted => (
            Verdict::Well,
            "the disk of the data folder is encrypted; a seized machine that runs is open".into(),
        ),
        Ground::Plain => (
            Verdict::Must,
            "the disk of the data folder is not encrypted by this system: put the folder on an \
             encrypted volume (LUKS). What a disk or a hosting company encrypts by itself is not \
             seen from here, and opens to whoever has it"
                .into(),
        ),
        Ground::Untold => (
            Verdict::Untold,
            format!("whether the data folder is encrypted cannot be told here (on {kind})"),
        ),
    }
}

/// Judges whether something keeps copies of what was deleted beneath `folder`.
///
/// # Errors
/// When the folder cannot be reached.
pub(crate) fn snapshots(kernel: &Kernel, folder: &Path) -> io::Result<Finding> {
    let (verdict, says) = kept(kernel, &kernel.place(folder)?);
    Ok(Finding::new(Subject::Snapshots, verdict, says))
}

fn kept(kernel: &Kernel, place: &Place) -> (Verdict, &'static str) {
    const FOUND: &str = "snapshots are kept of the volume of the data folder: what is deleted stays in them. \
         Remove them and what makes them";
    const UNTOLD: &str = "whether snapshots are kept cannot be told here: look with btrfs subvolume list, zfs list \
         -t snapshot or lvs";
    const NONE: &str = "this system keeps none that can be seen; those of a hosting company cannot";
    let names = |below: &str| kernel.names(place.mount.join(below));
    match place.kind.as_str() {
        "btrfs" if !names(".snapshots").is_empty() => return (Verdict::Must, FOUND),
        "zfs" if !names(".zfs/snapshot").is_empty() => return (Verdict::Must, FOUND),
        "btrfs" | "zfs" | "overlay" | "" => return (Verdict::Untold, UNTOLD),
        _ => {}
    }
    let mapped = place.device.iter();
    let mapped: Vec<String> = mapped
        .flat_map(|device| kernel.all_mapped(device))
        .collect();
    let volume = |end: &str| {
        let mut volumes = mapped.iter().filter(|uuid| uuid.starts_with("LVM-"));
        volumes.any(|uuid| uuid.ends_with(end))
    };
    // LVM puts a volume that has a snapshot onto a hidden one, and thin volumes into a pool.
    if volume("-real") {
        (Verdict::Must, FOUND)
    } else if volume("-tpool") {
        (Verdict::Untold, UNTOLD)
    } else {
        (Verdict::Well, NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::super::kernel::tests::Made;
    use super::*;

    fn place(made: &Made, kind: &str, device: &str) -> Place {
        Place {
            kind: kind.to_owned(),
            mount: "/srv".into(),
            encrypted: false,
            device: made.kernel().device(device),
        }
    }

    fn machine() -> Made {
        let made = Made::new();
        made.device("vda1", "254:1", &[]);
        made.device("dm-0", "253:0", &["vda1"]);
        made.mapped("dm-0", "locked", "CRYPT-LUKS2-0123-locked");
        made
    }

    #[test]
    fn a_plain_disk_must_not_stay_and_an_encrypted_one_is_well() {
        let made = machine();
        let verdict = |kind, device| encrypted(&made.kernel(), &place(&made, kind, device)).0;
        assert_eq!(verdict("ext4", "vda1"), Verdict::Must);
        assert_eq!(verdict("ext4", "mapper/locked"), Verdict::Well);
        assert_eq!(verdict("btrfs", "vda1"), Verdict::Must);
        // Another of its disks may be plain.
        assert_eq!(verdict("btrfs", "dm-0"), Verdict::Untold);
        assert_eq!(verdict("tmpfs", "none"), Verdict::Mind);
        assert_eq!(verdict("overlay", "none"), Verdict::Untold);
    }

    #[test]
    fn a_folder_that_its_file_system_encrypts_is_well_on_a_plain_disk() {
        let made = machine();
        let mut place = place(&made, "ext4", "vda1");
        place.encrypted = true;
        assert_eq!(encrypted(&made.kernel(), &place).0, Verdict::Well);
    }

    #[test]
    fn a_volume_with_a_snapshot_is_told_and_a_thin_one_is_untold() {
        let made = machine();
        made.device("dm-1", "253:1", &["dm-0"]);
        made.mapped("dm-1", "g-data", "LVM-aaaa");
        made.device("dm-2", "253:2", &["dm-0"]);
        made.mapped("dm-2", "g-old-real", "LVM-bbbb-real");
        made.device("dm-3", "253:3", &["dm-2"]);
        made.mapped("dm-3", "g-old", "LVM-bbbb");
        made.device("dm-4", "253:4", &["dm-0"]);
        made.mapped("dm-4", "g-pool-tpool", "LVM-cccc-tpool");
        made.device("dm-5", "253:5", &["dm-4"]);
        made.mapped("dm-5", "g-thin", "LVM-dddd");
        let verdict = |device| kept(&made.kernel(), &place(&made, "ext4", device)).0;
        assert_eq!(verdict("vda1"), Verdict::Well);
        assert_eq!(verdict("dm-1"), Verdict::Well);
        assert_eq!(verdict("dm-3"), Verdict::Must);
        assert_eq!(verdict("dm-5"), Verdict::Untold);
    }

    #[test]
    fn snapshots_of_file_systems_are_told_where_they_can_be_seen() {
        let made = machine();
        let verdict = |kind| kept(&made.kernel(), &place(&made, kind, "vda1")).0;
        assert_eq!(verdict("btrfs"), Verdict::Untold);
        assert_eq!(verdict("zfs"), Verdict::Untold);
        made.write("srv/.snapshots/1/info.xml", "");
        assert_eq!(verdict("btrfs"), Verdict::Must);
        assert_eq!(verdict("zfs"), Verdict::Untold);
        made.write("srv/.zfs/snapshot/daily/x", "");
        assert_eq!(verdict("zfs"), Verdict::Must);
    }
}
