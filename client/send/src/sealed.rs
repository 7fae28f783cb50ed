//! A drop that is sealed into a file, to be sent later or from another machine.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with, statvfs};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::error::SendError;
use crate::files::Named;
use crate::parcel::{Last, Parcel};
use crate::voice::Progress;

/// A file that is being written; it goes again unless it is finished.
#[derive(Debug)]
pub(crate) struct Sealed {
    path: PathBuf,
    partial: PathBuf,
    file: Option<File>,
}

impl Sealed {
    /// Begins a file beside the place where it is to be. Nothing may be at either place.
    ///
    /// # Errors
    /// [`OutError`].
    pub(crate) fn begin(path: &Path, length: u64) -> Result<Self, OutError> {
        refuse_taken(path)?;
        let named = Named::of(path);
        let folder = folder_of(path);
        let space =
            statvfs(&folder).map_err(|error| OutError::Write(named.clone(), error.into()))?;
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        if free < length {
            return Err(OutError::NoRoom { length, free });
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".partial");
        let partial = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => OutError::Taken(Named::of(&partial)),
                _ => OutError::Write(named, error),
            })?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            file: Some(file),
        })
    }

    /// Writes the parcel, makes it durable, and gives the file its name.
    ///
    /// # Errors
    /// [`SendError::Parcel`], [`SendError::Out`], and [`SendError::Stopped`] when `stop` is gone.
    pub(crate) fn write(
        mut self,
        parcel: &Parcel,
        mut stop: oneshot::Receiver<()>,
        mut progress: impl FnMut(u64),
    ) -> Result<(), SendError> {
        let length = parcel.length();
        let mut file = self.file.take().ok_or(SendError::Fault("a file is lost"))?;
        let mut done = 0_u64;
        let mut failed = None;
        let mut last_shown = 0;
        parcel.pour(&mut Last::default(), 0..length, |piece| {
            if stop.try_recv() != Err(TryRecvError::Empty) {
                return None;
            }
            if let Err(error) = file.write_all(&piece) {
                failed = Some(error);
                return None;
            }
            done = done.saturating_add(u64::try_from(piece.len()).unwrap_or(0));
            if done.saturating_sub(last_shown) >= 1 << 24 {
                last_shown = done;
                progress(done);
            }
            Some(())
        })?;
        let named = Named::of(&self.path);
        if let Some(error) = failed {
            return Err(OutError::Write(named, error).into());
        }
        if done != length {
            return Err(SendError::Stopped);
        }
        self.finish(&file)
            .map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => OutError::Taken(named),
                _ => OutError::Write(named, error),
            })
            .map_err(SendError::from)
    }

    fn finish(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()?;
        rename_without_replacing(&self.partial, &self.path)?;
        File::open(folder_of(&self.path))?.sync_all()
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        // After the rename there is nothing of this name any more.
        drop(std::fs::remove_file(&self.partial));
    }
}

/// Refuses a place where something is already.
///
/// # Errors
/// [`OutError`].
pub(crate) fn refuse_taken(path: &Path) -> Result<(), OutError> {
    match path.symlink_metadata() {
        Ok(_) => Err(OutError::Taken(Named::of(path))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(OutError::Write(Named::of(path), error)),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn rename_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot; nothing was there when the sealing began.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !to.exists() => {
            std::fs::rename(from, to)
        }
        result => Ok(result?),
    }
}

/// Seals a parcel into a file on a thread of its own, and stops when it is dropped.
pub(crate) async fn seal_into(
    sealed: Sealed,
    parcel: Parcel,
    mut progress: Progress<'_>,
) -> Result<(), SendError> {
    let (stop, stopped) = oneshot::channel();
    let (tell, mut told) = tokio::sync::watch::channel(0);
    let writing = tokio::task::spawn_blocking(move || {
        sealed.write(&parcel, stopped, |done| {
            tell.send_replace(done);
        })
    });
    while told.changed().await.is_ok() {
        let done = *told.borrow_and_update();
        progress.show(done, None);
    }
    let result = writing
        .await
        .map_err(|_| SendError::Fault("sealing stopped"))?;
    drop(stop);
    result
}

/// Why a sealed drop cannot be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutError {
    /// There is something of this name already.
    Taken(Named),
    /// The disk has too little room.
    NoRoom {
        /// Bytes that are needed.
        length: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// It cannot be written there.
    Write(Named, io::Error),
}

impl fmt::Display for OutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(name) => write!(
                f,
                "{name} is there already, and nothing is ever written over. Choose another name \
                 for --out"
            ),
            Self::NoRoom { length, free } => write!(
                f,
                "the sealed file needs {}, and {} are free there. Choose another disk for --out",
                crate::voice::size(*length),
                crate::voice::size(*free)
            ),
            Self::Write(name, error) => {
                let why = match error.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
                    io::ErrorKind::PermissionDenied => "you may not write there",
                    io::ErrorKind::ReadOnlyFilesystem => "that disk takes no writing",
                    io::ErrorKind::NotFound => "there is no such folder",
                    io::ErrorKind::NotADirectory => "it would lie in something that is no folder",
                    io::ErrorKind::FileTooLarge => {
                        "it is larger than that file system takes. FAT ends at 4 GB"
                    }
                    _ => "the disk does not take it",
                };
                write!(
                    f,
                    "{name} cannot be written: {why}. Nothing of it was left there"
                )
            }
        }
    }
}

impl std::error::Error for OutError {}
