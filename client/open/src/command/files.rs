//! Where opened files go.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::desk::Desk;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::guard;
use crate::volume::Volume;

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Danger {
    /// Write opened files to a disk that is not known to be encrypted. Whoever takes the disk reads
    /// them, even when they were deleted.
    #[arg(long)]
    danger_plain_disk: bool,
}

impl Danger {
    /// The folder for opened files, made if it is missing. Of one that is refused nothing stays.
    pub(crate) fn folder(self, path: &Path, desk: &Desk) -> Result<Folder, Failure> {
        let new = !path.exists();
        let folder = Folder::open_or_make(path)?;
        let fit = self.fit(&folder, desk);
        if fit.is_err() && new {
            // What matters is the refusal; a folder with something in it is not removed.
            drop(fs::remove_dir(path));
        }
        fit.map(|()| folder)
    }

    fn fit(self, folder: &Folder, desk: &Desk) -> Result<(), Failure> {
        if self.danger_plain_disk {
            if Volume::of(folder)? == Volume::Plain {
                desk.screen.warn(
                    "opened files are written to a disk that is not known to be encrypted. \
                     Whoever takes it reads them, even when they were deleted",
                );
            }
        } else {
            Volume::fit(folder)?;
        }
        // The program's own memory may be locked; that of a folder cannot be.
        if guard::has_swap() && Volume::of(folder)? == Volume::Memory {
            desk.screen.warn(
                "this system has swap space: opened files in memory may be written to it. Switch \
                 it off (`swapoff -a`), or use a machine without, such as Tails",
            );
        }
        Ok(())
    }
}
