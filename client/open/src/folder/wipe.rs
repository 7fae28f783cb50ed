//! Files whose old bytes must not stay: they keep a name until they are overwritten.
//!
//! Whoever cuts a write off, at whatever step, leaves the old bytes or the new ones under a name that
//! [`Folder::rests`] knows, so that the next write or erasing can wipe them.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};
use nix::unistd::linkat;

use super::{Existing, FileError, Folder, Step, draft};

/// No file that is wiped is longer. Of one that is, which nobody here has made, the beginning is
/// overwritten.
pub(crate) const MOST_WIPED: usize = 1 << 20;

/// Where the bytes are that a file had before it was replaced.
#[derive(Debug)]
#[must_use = "the old bytes stay until they are wiped"]
pub enum Old {
    /// Under this name.
    Named(String),
    /// Nowhere but behind this handle: neither the file system nor the system can do better.
    Open(File),
}

impl Folder {
    /// What writes of this file that were cut off have left beside it.
    pub fn rests(&self, name: &str) -> Result<Vec<String>, FileError> {
        let mut rests = Vec::new();
        for rest in [draft(name), kept(name)] {
            if self.has(&rest)? {
                rests.push(rest);
            }
        }
        Ok(rests)
    }

    /// Wipes what writes of this file that were cut off have left beside it.
    pub fn wipe_rests(&self, name: &str) -> Result<(), FileError> {
        for rest in self.rests(name)? {
            self.wipe(&rest)?;
        }
        Ok(())
    }

    /// Overwrites a file, and removes it when that is on the medium. One that is not there is no
    /// error; of a link, only the link goes.
    pub fn wipe(&self, name: &str) -> Result<(), FileError> {
        self.wipe_watched(name, &mut |_| Ok(()))
    }

    fn wipe_watched(
        &self,
        name: &str,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let failed = |source: io::Error| self.error("overwrite this file", name, source);
        let stat = match fstatat(self, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::ENOENT) => return Ok(()),
            Err(errno) => return Err(failed(errno.into())),
        };
        if SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG {
            let file = self.file_to_write(name)?;
            // What has another name is another file of somebody's, for instance the vault itself.
            if file.metadata().map_err(failed)?.nlink() == 1 {
                overwrite(&file).map_err(failed)?;
            }
        }
        watch(Step::Overwritten).map_err(failed)?;
        self.remove(name)?;
        self.sync()?;
        watch(Step::Wiped).map_err(failed)
    }

    /// Writes a new file; of a write that fails, nothing stays.
    pub fn put_new(
        &self,
        name: &str,
        bytes: &[u8],
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), FileError> {
        if self.has(name)? {
            return Err(self.error("create this file", name, Errno::EEXIST));
        }
        self.wipe_rests(name)?;
        let new = draft(name);
        self.write_draft(name, bytes, watch)
            .and_then(|()| self.rename(&new, name, Existing::Keep))
            .inspect_err(|_| drop(self.wipe(&new)))?;
        self.named(name, watch)
    }

    /// Replaces a file so that, whenever the power fails, the name has the old bytes or the new, and
    /// what of them does not is wiped by the next [`Self::wipe_rests`].
    pub fn replace(
        &self,
        name: &str,
        bytes: &[u8],
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<Old, FileError> {
        self.wipe_rests(name)?;
        let failed = |source: io::Error| self.error("replace this file", name, source);
        let (file, _) = self.file(name)?;
        if file.metadata().map_err(failed)?.nlink() > 1 {
            return Err(failed(io::Error::other(
                "it has a second name, a hard link, which would keep what it is now: remove one of \
                 the two",
            )));
        }
        let new = draft(name);
        let old = self
            .write_draft(name, bytes, watch)
            .and_then(|()| self.swap(&new, name))
            .inspect_err(|_| drop(self.wipe(&new)))?;
        self.named(name, watch)?;
        Ok(old)
    }

    /// Wipes what [`Self::replace`] has taken the name from.
    pub fn wipe_old(
        &self,
        old: Old,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), FileError> {
        match old {
            Old::Named(name) => self.wipe_watched(&name, watch),
            Old::Open(file) => overwrite(&file)
                .map_err(|source| FileError::new("overwrite a file here", self.path(), source)),
        }
    }

    fn swap(&self, new: &str, name: &str) -> Result<Old, FileError> {
        #[cfg(target_env = "gnu")]
        if let Some(old) = self.exchange(new, name)? {
            return Ok(old);
        }
        if let Some(old) = self.link_and_rename(new, name)? {
            return Ok(old);
        }
        self.rename_over(new, name)
    }

    /// Nothing, where the file system cannot do it.
    #[cfg(target_env = "gnu")]
    fn exchange(&self, new: &str, name: &str) -> Result<Option<Old>, FileError> {
        use nix::fcntl::{RenameFlags, renameat2};
        match renameat2(self, new, self, name, RenameFlags::RENAME_EXCHANGE) {
            Ok(()) => Ok(Some(Old::Named(new.to_owned()))),
            Err(Errno::EINVAL | Errno::ENOSYS | Errno::EOPNOTSUPP) => Ok(None),
            Err(errno) => Err(self.error("give this name", name, errno)),
        }
    }

    /// Nothing, where the file system has no second names.
    fn link_and_rename(&self, new: &str, name: &str) -> Result<Option<Old>, FileError> {
        let kept = kept(name);
        if linkat(self, name, self, kept.as_str(), AtFlags::empty()).is_err() {
            return Ok(None);
        }
        self.sync()
            .and_then(|()| self.rename(new, name, Existing::Replace))
            .inspect_err(|_| drop(self.remove(&kept)))?;
        Ok(Some(Old::Named(kept)))
    }

    fn rename_over(&self, new: &str, name: &str) -> Result<Old, FileError> {
        let old = self.file_to_write(name)?;
        self.rename(new, name, Existing::Replace)?;
        Ok(Old::Open(old))
    }
}

/// What the old file is called besides, where names cannot be exchanged.
fn kept(name: &str) -> String {
    format!(".{name}.old")
}

fn overwrite(file: &File) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    file.write_all_at(&vec![0; length.min(MOST_WIPED)], 0)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
