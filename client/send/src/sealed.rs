//! A drop that is sealed into a file, to be sent later or from another machine.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use knothole_envelope::{CHUNK_LEN, HEADER_LEN};
use rustix::fs::{CWD, RenameFlags, renameat_with, statvfs};
use tokio::sync::watch;

use crate::error::SendError;
use crate::files::Named;
use crate::parcel::{Fresh, ParcelError};
use crate::voice::Progress;

/// Chunks that a thread seals before it writes them: a mebibyte stays in its processor's memory.
const STEP: usize = 16;
/// More threads than this gain nothing on any disk.
const MOST_THREADS: usize = 8;
/// The progress is told after so many bytes.
const SHOWN: u64 = 1 << 24;

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

    /// Writes the envelope, makes it durable, and gives the file its name. Every processor seals.
    ///
    /// # Errors
    /// [`SendError::Parcel`], [`SendError::Out`], and [`SendError::Stopped`] when `stop` says so.
    pub(crate) fn write(
        mut self,
        fresh: &Fresh,
        stop: &AtomicBool,
        progress: impl Fn(u64) + Sync,
    ) -> Result<(), SendError> {
        let file = self.file.take().ok_or(SendError::Fault("a file is lost"))?;
        let named = Named::of(&self.path);
        let written = |error| SendError::from(OutError::Write(named.clone(), error));
        file.write_all_at(fresh.header(), 0).map_err(written)?;
        let work = Work {
            fresh,
            file: &file,
            next: AtomicU64::new(0),
            done: AtomicU64::new(0),
            failed: AtomicBool::new(false),
            stop,
        };
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let ends: Vec<_> = thread::scope(|scope| {
            let spawn = |_| scope.spawn(|| work.seal(&progress));
            let threads: Vec<_> = (0..threads.min(MOST_THREADS)).map(spawn).collect();
            threads.into_iter().map(|thread| thread.join()).collect()
        });
        for end in ends {
            match end {
                Ok(Ok(())) => {}
                Ok(Err(Broken::Parcel(error))) => return Err(error.into()),
                Ok(Err(Broken::Write(error))) => return Err(written(error)),
                Err(_panic) => return Err(SendError::Fault("sealing stopped")),
            }
        }
        if stop.load(Ordering::Relaxed) {
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

/// What the threads that seal have in common.
struct Work<'a> {
    fresh: &'a Fresh,
    file: &'a File,
    /// The chunk that nobody seals yet.
    next: AtomicU64,
    /// Bytes that are written.
    done: AtomicU64,
    /// Whether one of them has failed: then the others need not go on.
    failed: AtomicBool,
    stop: &'a AtomicBool,
}

/// Why a thread does not go on.
enum Broken {
    Parcel(ParcelError),
    Write(io::Error),
}

impl Work<'_> {
    /// Seals the next chunks and writes them to their place, until there are none. Each is sealed once.
    fn seal(&self, progress: impl Fn(u64)) -> Result<(), Broken> {
        let ended = self.seal_all(progress);
        if ended.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        ended
    }

    fn seal_all(&self, progress: impl Fn(u64)) -> Result<(), Broken> {
        let chunks = self.fresh.chunks();
        let mut buffer = vec![0; CHUNK_LEN.saturating_mul(STEP)];
        let step = u64::try_from(STEP).unwrap_or(1);
        while !self.stop.load(Ordering::Relaxed) && !self.failed.load(Ordering::Relaxed) {
            let first = self.next.fetch_add(step, Ordering::Relaxed);
            let count = chunks.saturating_sub(first).min(step);
            if count == 0 {
                break;
            }
            let bytes = usize::try_from(count)
                .unwrap_or(0)
                .saturating_mul(CHUNK_LEN);
            let part = buffer.get_mut(..bytes).unwrap_or_default();
            let sealed = self.fresh.seal_chunks(first, part, |_| {});
            sealed.map_err(Broken::Parcel)?;
            let offset = place_of(first);
            self.file
                .write_all_at(part, offset)
                .map_err(Broken::Write)?;
            let bytes = u64::try_from(bytes).unwrap_or(0);
            let before = self.done.fetch_add(bytes, Ordering::Relaxed);
            let done = before.saturating_add(bytes);
            if before.checked_div(SHOWN) != done.checked_div(SHOWN) {
                progress(done);
            }
        }
        Ok(())
    }
}

/// Where in the envelope a chunk lies.
fn place_of(chunk: u64) -> u64 {
    const CHUNK: u64 = 65_536;
    const HEADER: u64 = 12_288;
    chunk.saturating_mul(CHUNK).saturating_add(HEADER)
}

const _: () = assert!(
    CHUNK_LEN == 65_536 && HEADER_LEN == 12_288,
    "both are written twice"
);

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

/// Says when it is dropped that nobody waits any more.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Seals into a file on threads of its own, and stops when it is dropped.
pub(crate) async fn seal_into(
    sealed: Sealed,
    fresh: Fresh,
    mut progress: Progress<'_>,
) -> Result<(), SendError> {
    let stop = Stop(Arc::default());
    let stopped = Arc::clone(&stop.0);
    let (tell, mut told) = watch::channel(0);
    let writing = tokio::task::spawn_blocking(move || {
        sealed.write(&fresh, &stopped, |done| {
            // Another thread may have told of more.
            tell.send_if_modified(|told| {
                let more = *told < done;
                *told = done.max(*told);
                more
            });
        })
    });
    while told.changed().await.is_ok() {
        let done = *told.borrow_and_update();
        progress.show(done, None);
    }
    writing
        .await
        .map_err(|_| SendError::Fault("sealing stopped"))?
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
