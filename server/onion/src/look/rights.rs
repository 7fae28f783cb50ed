//! Who may read and change what the server keeps.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::{Finding, Subject, Verdict};

/// What nobody but the owner may have of the data folder.
const OTHERS: u32 = 0o077;
/// What nobody but the owner may do to the configuration.
const OTHERS_WRITE: u32 = 0o022;
/// The administrator's own number.
const ROOT: u32 = 0;
/// What ext4 has at its top, where the data folder has a file system of its own.
pub(crate) const LOST_AND_FOUND: &str = "lost+found";
/// Folders of drops: their entries are looked at, what is inside is the server's alone.
const OF_DROPS: [&str; 5] = ["incoming", "drops", "shelf", "trash", "replies"];

/// Judges the data folder and what lies in it.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn data(folder: &Path) -> io::Result<Finding> {
    let found = std::fs::metadata(folder)?;
    let finding = |verdict, says: String| Ok(Finding::new(Subject::Rights, verdict, says));
    if found.mode() & OTHERS != 0 {
        let says = "others on this machine may look into the data folder: chmod 700";
        return finding(Verdict::Must, says.to_owned());
    }
    if let Some(path) = foreign(folder, found.uid())? {
        let says = format!(
            "{} in the data folder belongs to somebody else than the folder: chown -R, and run \
             every command as the server's own user",
            path.display()
        );
        return finding(Verdict::Must, says);
    }
    if rustix::process::geteuid().as_raw() != found.uid() {
        let says = "the data folder is private and all of one user, but you are another one: run \
                    every command as that user";
        return finding(Verdict::Mind, says.to_owned());
    }
    let says = "the data folder is private, and all in it is of one user";
    finding(Verdict::Well, says.to_owned())
}

/// Judges the configuration's file; nothing when it is in order.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn configuration(file: &Path, data: &Path) -> io::Result<Option<Finding>> {
    let (found, owner) = (std::fs::metadata(file)?, std::fs::metadata(data)?.uid());
    let strange = found.uid() != ROOT && found.uid() != owner;
    if found.mode() & OTHERS_WRITE == 0 && !strange {
        return Ok(None);
    }
    let says = format!(
        "others may change {}, and with it where the server keeps what it holds: chown root, \
         chmod go-w",
        file.display()
    );
    Ok(Some(Finding::new(Subject::Rights, Verdict::Must, says)))
}

/// The first thing beneath `folder` that belongs to somebody else. Looking leaves no time of access.
fn foreign(folder: &Path, owner: u32) -> io::Result<Option<PathBuf>> {
    let mut waiting = VecDeque::from([PathBuf::new()]);
    while let Some(below) = waiting.pop_front() {
        let opened = match open(folder, &below) {
            Ok(opened) => opened,
            // The running server removes what it no longer needs.
            Err(Errno::NOENT) => continue,
            Err(error) => return Err(error.into()),
        };
        for entry in Dir::read_from(&opened)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else {
                continue;
            };
            let of_the_system = below.as_os_str().is_empty() && name == LOST_AND_FOUND;
            if matches!(name, "." | "..") || of_the_system {
                continue;
            }
            let found = match statat(&opened, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => found,
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error.into()),
            };
            let path = below.join(name);
            if found.st_uid != owner {
                return Ok(Some(path));
            }
            let of_drops = below
                .file_name()
                .is_some_and(|name| OF_DROPS.iter().any(|drops| name == *drops));
            if FileType::from_raw_mode(found.st_mode) == FileType::Directory && !of_drops {
                waiting.push_back(path);
            }
        }
    }
    Ok(None)
}

fn open(folder: &Path, below: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let path = folder.join(below);
    // Only who owns a folder may ask for that.
    match openat(
        rustix::fs::CWD,
        &path,
        flags | OFlags::NOATIME,
        Mode::empty(),
    ) {
        Err(Errno::PERM) => openat(rustix::fs::CWD, &path, flags, Mode::empty()),
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{File, Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
        for path in ["store/couriers", "store/drops/one", "tor/keys"] {
            std::fs::create_dir_all(folder.path().join(path)).unwrap();
        }
        File::create(folder.path().join("store/couriers/card")).unwrap();
        folder
    }

    #[test]
    fn a_private_folder_of_ones_own_is_well_and_an_open_one_must_be_shut() {
        let folder = folder();
        assert_eq!(data(folder.path()).unwrap().verdict, Verdict::Well);
        for mode in [0o710, 0o701, 0o750] {
            set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(data(folder.path()).unwrap().verdict, Verdict::Must);
        }
    }

    #[test]
    fn what_a_command_left_as_another_user_is_named() {
        let folder = folder();
        let card = folder.path().join("store/couriers/card");
        // Only root can give a file away.
        if !rustix::process::geteuid().is_root() {
            assert!(foreign(folder.path(), 4_242).unwrap().is_some());
            return;
        }
        chown(&card, Some(4_242), None).unwrap();
        let finding = data(folder.path()).unwrap();
        assert_eq!(finding.verdict, Verdict::Must);
        assert!(
            finding.says.starts_with("store/couriers/card "),
            "{}",
            finding.says
        );
    }

    #[test]
    fn a_configuration_that_others_may_change_is_told() {
        let folder = folder();
        let file = folder.path().join("server.toml");
        File::create(&file).unwrap();
        for (mode, well) in [(0o644, true), (0o600, true), (0o664, false), (0o646, false)] {
            set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            let found = configuration(&file, folder.path()).unwrap();
            assert_eq!(found.is_none(), well, "{mode:o}");
        }
    }

    #[test]
    fn looking_leaves_no_time_of_access() {
        let folder = folder();
        let seen = folder.path().join("store/couriers");
        let long_ago = rustix::fs::Timespec {
            tv_sec: 1_000_000,
            tv_nsec: 0,
        };
        let later = rustix::fs::Timespec {
            tv_sec: 2_000_000,
            tv_nsec: 0,
        };
        let times = rustix::fs::Timestamps {
            last_access: long_ago,
            last_modification: later,
        };
        rustix::fs::utimensat(rustix::fs::CWD, &seen, &times, AtFlags::empty()).unwrap();
        data(folder.path()).unwrap();
        assert_eq!(std::fs::metadata(&seen).unwrap().atime(), 1_000_000);
    }
}
