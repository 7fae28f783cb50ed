//! The drop-box as one value: a store, its settings, and the two sides that it serves.

use core::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::clock::{BatchNumber, UnixSeconds};
use crate::commit;
use crate::crowd::Crowd;
use crate::desk::{self, Courier, DeskError};
use crate::disk::{Beneath, Disk};
use crate::expiry::{self, Watch};
use crate::gate::Gate;
use crate::newsroom::{Newsroom, PushError};
use crate::receipts::Receipts;
use crate::record::Link;
use crate::recover::recover;
use crate::seats::Seats;
use crate::serve::{self, Push, Side};
use crate::settings::Settings;
use crate::shelf::{self, Shelf};
use crate::space::{self, Space};
use crate::unclaimed::Orphans;
use crate::uploads::{Uploads, lock};

/// The drop-box: it holds the store's folder and serves connections that it is handed.
#[derive(Debug)]
pub struct Intake {
    disk: Arc<dyn Disk>,
    settings: Settings,
    now: AtomicU64,
    newsroom: RwLock<Arc<Newsroom>>,
    /// Held by the one blocking task that changes the newsroom's files.
    updating: Mutex<()>,
    uploads: Uploads,
    shelf: Shelf,
    space: Arc<Space>,
    watch: Watch,
    seats: Seats,
    crowd: Crowd,
    orphans: Orphans,
    writers: Semaphore,
    gate: Passage,
}

/// Whether there is a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passage {
    /// Only sealed drops for this newsroom pass.
    Gated,
    /// Anything passes: for outside test sets.
    Open,
}

/// The system's randomness.
pub(crate) const fn system_rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
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
        Self::open_with(folder, settings, now, Passage::Gated)
    }

    /// Opens a store that takes anything, for protocol test sets that know no envelope.
    ///
    /// No server calls it: whoever sends to such a store is not told that nothing was sealed.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[doc(hidden)]
    pub fn open_without_gate(
        folder: &Path,
        settings: Settings,
        now: UnixSeconds,
    ) -> Result<Arc<Self>, OpenError> {
        Self::open_with(folder, settings, now, Passage::Open)
    }

    fn open_with(
        folder: &Path,
        settings: Settings,
        now: UnixSeconds,
        gate: Passage,
    ) -> Result<Arc<Self>, OpenError> {
        let disk = Beneath::open(folder)?;
        disk.lock().map_err(|_| OpenError::InUse)?;
        let newsroom = match Newsroom::load(&disk) {
            Ok(Some(newsroom)) => newsroom,
            Err(PushError::Disk(error)) => return Err(OpenError::Disk(error)),
            Ok(None) | Err(_) => return Err(OpenError::Newsroom),
        };
        let batch = settings.batch.number(now);
        let uploads = recover(&disk, now, |ticket| {
            ticket.url.map(|url| Link { url, batch })
        })?;
        let (shelf, forgotten) = Shelf::open(&disk, batch, &mut system_rng())?;
        for url in &forgotten {
            uploads.forget(url);
        }
        if let Some(chain) = newsroom.chain() {
            Receipts::kept(&disk, chain)?.apply(&disk, &shelf)?;
        }
        let space = Space::new(&settings, space::held(&disk, &uploads)?);
        Ok(Arc::new(Self {
            disk: Arc::new(disk),
            uploads,
            shelf,
            space,
            watch: Watch::default(),
            seats: Seats::new(&settings),
            crowd: Crowd::default(),
            orphans: Orphans::default(),
            writers: Semaphore::new(settings.most_writers),
            gate,
            settings,
            now: AtomicU64::new(now.get()),
            newsroom: RwLock::new(Arc::new(newsroom)),
            updating: Mutex::new(()),
        }))
    }

    /// Serves one connection of the public side until it ends.
    pub async fn serve_public<S>(self: &Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve::connection(self, Side::Public, stream).await;
    }

    /// Serves one connection of the collection side until it ends.
    pub async fn serve_collection<S>(self: &Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve::connection(self, Side::Collection, stream).await;
    }

    /// Tells the time: sheets, epochs and unfinished uploads that are over go, and at the end of a
    /// batch what arrived in it becomes visible.
    ///
    /// # Errors
    /// The store's disk failed; the next tick tries again.
    pub async fn tick(self: &Arc<Self>, now: UnixSeconds) -> io::Result<()> {
        self.now.store(now.get(), Ordering::Relaxed);
        let inside = Arc::clone(self);
        let aged = tokio::task::spawn_blocking(move || inside.age()).await;
        aged.map_err(|_| io::Error::other("a blocking task ended early"))??;
        expiry::sweep(self).await
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

    /// Figures about the store: counts only. It looks at the disk.
    #[must_use]
    pub fn status(&self) -> Status {
        let newsroom = self.newsroom();
        let damaged = self.shelf.damaged();
        let finished = self.disk.list(&commit::drops()).map_or(0, |all| all.len());
        let visible = self.shelf.visible().count();
        Status {
            charter_held: newsroom.chain().is_some(),
            sheets: newsroom.sheets(),
            visible,
            waiting: finished.saturating_sub(self.shelf.held_back()),
            unfinished: self.uploads.unfinished().len(),
            damaged,
            percent_full: self.space.percent_full(self.disk.as_ref()).unwrap_or(100),
        }
    }

    pub(crate) const fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    pub(crate) const fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    pub(crate) const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    pub(crate) const fn space(&self) -> &Arc<Space> {
        &self.space
    }

    pub(crate) const fn seats(&self) -> &Seats {
        &self.seats
    }

    pub(crate) const fn crowd(&self) -> &Crowd {
        &self.crowd
    }

    pub(crate) const fn orphans(&self) -> &Orphans {
        &self.orphans
    }

    pub(crate) const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The time that the last tick told.
    pub(crate) fn now(&self) -> UnixSeconds {
        UnixSeconds::new(self.now.load(Ordering::Relaxed))
    }

    /// The batch that now lies in.
    pub(crate) fn batch(&self) -> BatchNumber {
        self.settings.batch.number(self.now())
    }

    /// Who may pass now; nothing when the clock is beyond all calendars.
    pub(crate) fn gate(&self) -> Option<Gate> {
        match self.gate {
            Passage::Gated => Some(self.newsroom().gate(self.now().day()?)),
            Passage::Open => Some(Gate::Open),
        }
    }

    /// The right to hold an upload's bytes in memory, or nothing when too many have it for long.
    pub(crate) async fn writer(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(permit) = self.writers.try_acquire() {
            return Some(permit);
        }
        self.crowd.turned_away();
        let waiting = self.writers.acquire();
        tokio::time::timeout(self.settings.takeover_patience, waiting)
            .await
            .ok()?
            .ok()
    }

    /// What the newsroom has signed, as of now.
    pub(crate) fn newsroom(&self) -> Arc<Newsroom> {
        Arc::clone(&self.newsroom.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The admitted couriers. Blocks.
    pub(crate) fn couriers(&self) -> Result<Vec<Courier>, DeskError> {
        desk::couriers(self.disk.as_ref())
    }

    /// Takes what a courier brings. Blocks.
    pub(crate) fn push(&self, push: Push, bytes: &[u8]) -> Result<(), PushError> {
        let updating = lock(&self.updating);
        let held = self.newsroom();
        let disk = self.disk.as_ref();
        let fresh = match push {
            Push::Charter => held.with_charter(disk, bytes)?,
            Push::Sheets => held.with_sheets(disk, bytes, self.today()?)?,
            Push::Receipts => return self.take_receipts(&held, bytes),
        };
        self.show(fresh);
        drop(updating);
        Ok(())
    }

    fn take_receipts(&self, held: &Newsroom, bytes: &[u8]) -> Result<(), PushError> {
        let Some(chain) = held.chain() else {
            let why = "send the charter first, then the receipts";
            return Err(PushError::Refused(why.to_owned()));
        };
        let disk = self.disk.as_ref();
        let receipts = Receipts::verify(chain, bytes)?;
        // The gate shuts before anything goes, so that nothing of a burned epoch comes after it.
        if let Some(fresh) = held.with_burned(disk, &receipts.burned())? {
            self.show(fresh);
        }
        self.space.freed(receipts.apply(disk, &self.shelf)?);
        Ok(())
    }

    fn age(&self) -> io::Result<()> {
        let updating = lock(&self.updating);
        let today = self.today()?;
        match self.newsroom().aged(self.disk.as_ref(), today) {
            Ok(Some(fresh)) => self.show(fresh),
            Ok(None) => {}
            Err(PushError::Disk(error)) => return Err(error),
            Err(_) => return Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
        let disk = self.disk.as_ref();
        for url in self.shelf.pass(disk, self.batch(), &mut system_rng())? {
            self.uploads.forget(&url);
        }
        let now = self.batch();
        let old = |batch| shelf::boundaries(batch, now) >= shelf::REMEMBERED;
        self.uploads.forget_drops(old);
        drop(updating);
        Ok(())
    }

    fn show(&self, fresh: Newsroom) {
        *self
            .newsroom
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
    }

    fn today(&self) -> io::Result<knothole_envelope::Day> {
        self.now()
            .day()
            .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
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
