//! The file of a vault: read, written and copied so that no old bytes of it stay.

use std::io;
use std::path::{Path, PathBuf};

use super::{MOST_BYTES, Vault, VaultError};
use crate::folder::{FileError, Folder, MOST_WIPED, Step, read_named};

const _: () = assert!(MOST_BYTES <= MOST_WIPED, "all of a vault is wiped");

impl Vault {
    /// Copies the vault, under the same passphrase, to a file that does not exist yet.
    ///
    /// # Errors
    /// [`VaultError`]; then there is no new file.
    pub fn copy_to(&self, path: &Path) -> Result<(), VaultError> {
        self.put_new(path, &mut |_| Ok(()))?;
        // What a worn stick gives back matters more than what it was given.
        let (folder, name) = Folder::of_file(path).map_err(VaultError::File)?;
        folder.forget_cached(&name).map_err(VaultError::File)?;
        if read(path)? == self.encode() {
            return Ok(());
        }
        folder.wipe(&name).map_err(VaultError::File)?;
        Err(VaultError::Damaged(path.to_owned()))
    }

    /// What writes of the vault that were cut off have left beside it. Keys may lie in it; it is
    /// wiped when the vault is written or an epoch is erased.
    ///
    /// # Errors
    /// [`VaultError::File`] when the folder cannot be looked into.
    pub fn rests(&self) -> Result<Vec<PathBuf>, VaultError> {
        let (folder, name) = self.place()?;
        let rests = folder.rests(&name).map_err(VaultError::File)?;
        Ok(rests.iter().map(|rest| folder.path().join(rest)).collect())
    }

    /// The folder in which the file lies, and its name there, whatever links led to it.
    pub(super) fn place(&self) -> Result<(Folder, String), VaultError> {
        Folder::of_file(&self.file).map_err(VaultError::File)
    }

    /// That the file is the one that was opened, before it is written anew.
    pub(super) fn unchanged(&self) -> Result<(), VaultError> {
        if read(&self.file)? == self.encode() {
            Ok(())
        } else {
            Err(VaultError::Changed(self.path.clone()))
        }
    }

    pub(super) fn put_new(
        &self,
        path: &Path,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), VaultError> {
        let failed = |error| VaultError::file(error, path);
        let (folder, name) = Folder::of_file(path).map_err(failed)?;
        folder.put_new(&name, &self.encode(), watch).map_err(failed)
    }

    /// Writes the file anew. Where this fails otherwise than with [`VaultError::Rest`], the file has
    /// its old bytes.
    pub(super) fn replace(
        &self,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), VaultError> {
        let (folder, name) = self.place()?;
        let old = folder
            .replace(&name, &self.encode(), watch)
            .map_err(VaultError::File)?;
        folder.wipe_old(old, watch).map_err(VaultError::Rest)
    }
}

/// The file itself, where a path may lead to it by links: what is renamed must be the file and not a
/// link to it.
pub(super) fn real(path: &Path) -> Result<PathBuf, VaultError> {
    std::fs::canonicalize(path)
        .map_err(|source| VaultError::File(FileError::new("read this file", path, source)))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, VaultError> {
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    read_named(path, most).map_err(VaultError::File)
}
