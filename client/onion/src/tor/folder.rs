//! Where arti keeps its state.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

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
    temporary: bool,
}

impl OpenFolder {
    pub(crate) fn open(folder: &StateFolder) -> io::Result<Self> {
        match folder {
            StateFolder::Given(path) => {
                private().recursive(true).create(path)?;
                Ok(Self {
                    path: path.clone(),
                    temporary: false,
                })
            }
            StateFolder::Temporary => Self::temporary_in(Path::new("/dev/shm"))
                .or_else(|_| Self::temporary_in(&std::env::temp_dir())),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the name of a folder, not a key")]
    fn temporary_in(parent: &Path) -> io::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = parent.join(format!("tmp.{}", data_encoding::HEXLOWER.encode(&random)));
        // Not recursive: it must not have been there before.
        private().create(&path)?;
        Ok(Self {
            path,
            temporary: true,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.temporary
    }
}

impl Drop for OpenFolder {
    fn drop(&mut self) {
        if self.temporary {
            // Nobody is left to be told; what stays is said in the threat model.
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
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
    fn a_given_state_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("state");
        drop(OpenFolder::open(&StateFolder::Given(path.clone())).unwrap());
        assert!(path.is_dir());
    }
}
