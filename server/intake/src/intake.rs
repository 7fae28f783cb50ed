//! The drop-box as one value: a store, its settings, and the two sides that it serves.

use core::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::clock::UnixSeconds;
use crate::desk::DeskError;
use crate::disk::{Beneath, Disk};
use crate::settings::Settings;

/// The drop-box: it holds the store's folder and serves connections that it is handed.
#[derive(Debug)]
pub struct Intake {
    disk: Arc<dyn Disk>,
    settings: Settings,
    now: AtomicU64,
}

/// The store could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The store's folder cannot be read or written.
    Disk(io::Error),
    /// Another process has this store open.
    InUse,
    /// What the administrator has told the store cannot be read.
    Desk(DeskError),
    /// The charter or the sheets in the store do not verify.
    Newsroom,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disk(_) => "the store's folder cannot be read or written",
            Self::InUse => "another server has this store open",
            Self::Desk(_) => "what the administrator told the store cannot be read",
            Self::Newsroom => "the newsroom's charter or sheets in the store are damaged",
        })
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            Self::Desk(error) => Some(error),
            Self::InUse | Self::Newsroom => None,
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl Intake {
    /// Opens the store in this folder, which must be there, and puts in order what a crash left.
    ///
    /// It blocks: call it before anything is served, or from a blocking task.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong with the folder.
    pub fn open(
        folder: &Path,
        settings: Settings,
        now: UnixSeconds,
    ) -> Result<Arc<Self>, OpenError> {
        let disk = Beneath::open(folder)?;
        disk.lock().map_err(|_| OpenError::InUse)?;
        Ok(Arc::new(Self {
            disk: Arc::new(disk),
            settings,
            now: AtomicU64::new(now.get()),
        }))
    }

    /// Serves one connection of the public side until it ends.
    pub async fn serve_public<S>(self: &Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::task::yield_now().await;
        drop(stream);
    }

    /// Serves one connection of the collection side until it ends.
    pub async fn serve_collection<S>(self: &Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        tokio::task::yield_now().await;
        drop(stream);
    }

    /// Tells the time: batches become visible, what has expired goes.
    ///
    /// # Errors
    /// The store's disk failed; the next tick tries again.
    pub async fn tick(self: &Arc<Self>, now: UnixSeconds) -> io::Result<()> {
        self.now.store(now.get(), Ordering::Relaxed);
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Ticks by the system's clock for ever: the core task that the server supervises.
    ///
    /// # Errors
    /// The store's disk failed; the server should stop and say so.
    pub async fn run(self: Arc<Self>) -> io::Result<()> {
        loop {
            self.tick(UnixSeconds::from_system()).await?;
            tokio::time::sleep(core::time::Duration::from_secs(1)).await;
        }
    }

    /// Figures about the store: counts only.
    #[must_use]
    pub fn status(&self) -> Status {
        let _ = (&self.disk, &self.settings);
        Status::default()
    }
}

/// Figures about the store: counts only, no names, sizes or times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Whether a newsroom's charter is held.
    pub charter_held: bool,
    /// Epoch sheets held: 0, 1 or 2.
    pub sheets: usize,
    /// Drops that the newsroom can see.
    pub visible: usize,
    /// Drops that wait for the end of the batch.
    pub waiting: usize,
    /// Unfinished uploads.
    pub unfinished: usize,
    /// Drops in the store that do not verify. They are never served and never removed.
    pub damaged: usize,
    /// How full the store is, in hundredths, rounded down.
    pub percent_full: u8,
}
