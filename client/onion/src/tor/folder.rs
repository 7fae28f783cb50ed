//! Where arti keeps its state.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// What the names of temporary folders begin with, as those of mktemp do.
const PREFIX: &str = "tmp.";
/// Then come so many digits.
const DIGITS: usize = 32;
/// A folder that is taken for abandoned before its maker has locked it is made anew, so often.
const ATTEMPTS: u32 = 4;

/// Where arti keeps its state: guards, consensus and, if it is told to, keys.
#[derive(Clone, Debug)]
pub enum StateFolder {
    /// In this folder, which stays.
    Given(PathBuf),
    /// In a private folder that is removed at the end; in memory where the system has `/dev/shm`.
    Temporary,
}

/// A folder that exists.
#[derive(Debug)]
pub(crate) struct OpenFolder {
    path: PathBuf,
    /// Locked as long as a temporary folder is in use; the kernel lets go of it however the
    /// program ends.
    lock: Option<File>,
}

impl OpenFolder {
    pub(crate) fn open(folder: &StateFolder) -> io::Result<Self> {
        match folder {
            StateFolder::Given(path) => {
                private().recursive(true).create(path)?;
                Ok(Self {
                    path: path.clone(),
                    lock: None,
                })
            }
            StateFolder::Temporary => Self::temporary_in(Path::new("/dev/shm"))
                .or_else(|_| Self::temporary_in(&std::env::temp_dir())),
        }
    }

    fn temporary_in(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        for _ in 0..ATTEMPTS {
            let path = parent.join(random_name()?);
            // Not recursive: it must not have been there before.
            private().create(&path)?;
            if let Some(lock) = locked(&path)? {
                let lock = Some(lock);
                return Ok(Self { path, lock });
            }
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.lock.is_some()
    }
}

impl Drop for OpenFolder {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // Nobody is left to be told; what stays is said in the threat model.
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the name of a folder, not a key")]
fn random_name() -> io::Result<String> {
    let mut random = [0; DIGITS / 2];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let digits = data_encoding::HEXLOWER.encode(&random);
    Ok(format!("{PREFIX}{digits}"))
}

/// Locks a folder that was just made; nothing when a sweep came first and takes it away.
fn locked(path: &Path) -> io::Result<Option<File>> {
    let folder = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        folder => folder?,
    };
    // A sweep that held the lock has removed what it locked.
    Ok((folder.try_lock().is_ok() && path.exists()).then_some(folder))
}

/// Removes the folders of programs that were killed: nobody holds their locks.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(is_ours);
        // Not through a link: that would be somebody else's folder.
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        if let Ok(folder) = File::open(&path)
            && folder.try_lock().is_ok()
        {
            // What cannot be removed is another user's, or another sweep's.
            drop(std::fs::remove_dir_all(&path));
        }
    }
}

fn is_ours(name: &str) -> bool {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    name.strip_prefix(PREFIX)
        .is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(digit))
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_temporary_state_is_private_and_goes_with_its_owner() {
        let folder = OpenFolder::open(&StateFolder::Temporary).unwrap();
        let path = folder.path().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn the_folder_of_a_killed_program_goes_at_the_next_start_and_that_of_a_living_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let alive = OpenFolder::temporary_in(parent.path()).unwrap();
        let killed = OpenFolder::temporary_in(parent.path()).unwrap();
        drop(std::fs::File::create(killed.path().join("guards")).unwrap());
        let left = killed.path().to_owned();
        // As the kernel does it: the lock goes, and nobody tidies up.
        let mut killed = std::mem::ManuallyDrop::new(killed);
        drop(killed.lock.take());
        let next = OpenFolder::temporary_in(parent.path()).unwrap();
        assert!(!left.exists());
        assert!(alive.path().exists());
        assert!(next.path().exists());
    }

    #[test]
    fn a_sweep_leaves_other_names_files_and_links_alone() {
        let parent = tempfile::tempdir().unwrap();
        let digits = "0".repeat(DIGITS);
        let other = parent.path().join("tmp.0123456789");
        std::fs::create_dir(&other).unwrap();
        let file = parent.path().join(format!("tmp.{digits}"));
        drop(std::fs::File::create(&file).unwrap());
        let elsewhere = tempfile::tempdir().unwrap();
        let link = parent
            .path()
            .join(format!("tmp.1{}", digits.get(1..).unwrap()));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        drop(OpenFolder::temporary_in(parent.path()).unwrap());
        assert!(other.exists() && file.exists() && link.exists() && elsewhere.path().exists());
    }

    #[test]
    fn a_given_state_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("state");
        drop(OpenFolder::open(&StateFolder::Given(path.clone())).unwrap());
        assert!(path.is_dir());
    }
}
