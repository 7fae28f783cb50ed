//! The drop-box as one value: a store, its settings, and the two sides that it serves.

mod error;
mod papers;
mod status;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use knothole_envelope::{Day, EpochNumber};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;

pub use self::error::OpenError;
pub use self::status::Status;
pub(crate) use crate::chance::system_rng;
use crate::clock::{BatchNumber, UnixSeconds};
use crate::closed::{self, Doors};
use crate::commit;
use crate::crowd::Circuit;
use crate::desk::{self, Courier, DeskError};
use crate::disk::{self, Beneath, Disk};
use crate::expiry::{self, Watch};
use crate::gate::Gate;
use crate::journal::Journal;
use crate::level::Levels;
use crate::lived::Times;
use crate::mailboxes::Mailboxes;
use crate::newsroom::{Closing, Newsroom, PushError};
use crate::pool::Pool;
use crate::receipts::{self, Grace};
use crate::record::{Link, Ticket};
use crate::recover::recover;
use crate::seats::Seats;
use crate::serve::{self, Side};
use crate::settings::Settings;
use crate::shelf::Shelf;
use crate::space::{self, Space};
use crate::unclaimed::Orphans;
use crate::uploads::{Uploads, lock};
use crate::version;

/// The drop-box: it holds the store's folder and serves connections that it is handed.
#[derive(Debug)]
pub struct Intake {
    /// Through the pool, which takes what an upload needs from what was made beforehand.
    disk: Arc<dyn Disk>,
    pool: Arc<Pool>,
    levels: Levels,
    journal: Journal,
    settings: Settings,
    times: Mutex<Times>,
    newsroom: RwLock<Arc<Newsroom>>,
    /// Held by the one blocking task that changes the newsroom's files.
    updating: Mutex<()>,
    /// The last day on which drops whose grace is over were looked for.
    swept: Mutex<Day>,
    uploads: Uploads,
    shelf: Shelf,
    space: Arc<Space>,
    mailboxes: Mailboxes,
    polls: Arc<Semaphore>,
    small_settles: Arc<Semaphore>,
    watch: Watch,
    seats: Seats,
    orphans: Orphans,
    gate: Passage,
    /// As of the last tick.
    closed: AtomicBool,
}

/// Whether there is a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passage {
    /// Only sealed drops for this newsroom pass.
    Gated,
    /// Anything passes: for outside test sets.
    Open,
}

/// Says that a start has left something to be done on another day: one thing that the disk cannot
/// do keeps nobody from the drop-box.
fn later(what: &str, done: io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!("{what} could not be removed: {error}");
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
        Self::open_on(Arc::new(disk), settings, now, gate)
    }

    /// Opens a store on a disk of a test, which takes anything.
    #[cfg(test)]
    pub(crate) fn open_on_disk(
        disk: &Arc<dyn Disk>,
        now: UnixSeconds,
    ) -> Result<Arc<Self>, OpenError> {
        // Everything is made on the spot, so that a test may count the steps of what it cuts.
        let settings = Settings {
            pool_uploads: 0,
            pool_messages: 0,
            pool_segments: 0,
            pool_staying: 0,
            ..Settings::default()
        };
        Self::open_on(Arc::clone(disk), settings, now, Passage::Open)
    }

    /// Opens a store on a disk of a test, with a gate.
    #[cfg(test)]
    pub(crate) fn open_gated_on_disk(
        disk: Arc<dyn Disk>,
        settings: Settings,
        now: UnixSeconds,
    ) -> Result<Arc<Self>, OpenError> {
        Self::open_on(disk, settings, now, Passage::Gated)
    }

    fn open_on(
        held: Arc<dyn Disk>,
        settings: Settings,
        now: UnixSeconds,
        gate: Passage,
    ) -> Result<Arc<Self>, OpenError> {
        let pool = Pool::open(held, &settings, &mut system_rng());
        let held: Arc<dyn Disk> = pool.clone();
        let disk = held.as_ref();
        version::check(disk)?;
        version::mark(disk)?;
        let newsroom = match Newsroom::load(disk) {
            Ok(Some(newsroom)) => newsroom,
            Err(PushError::Disk(error)) => return Err(OpenError::Disk(error)),
            Ok(None) | Err(_) => return Err(OpenError::Newsroom),
        };
        let batch = settings.batch.number(now);
        let times = Times::open(disk, now)?;
        let link = |ticket: &Ticket| ticket.url.map(|url| Link { url, batch });
        let ending = |epoch| match gate {
            Passage::Gated => newsroom.ending(disk, epoch, &times),
            Passage::Open => Ok(Closing::Open),
        };
        let uploads = recover(disk, times.lived(), link, ending)?;
        let (shelf, turned) = Shelf::open(disk, batch, &mut system_rng())?;
        for url in &turned.forgotten {
            uploads.forget(url);
        }
        if turned.passed {
            pool.renew(&mut system_rng());
        }
        // The last server may have ended before it was done.
        let journal = Journal::default();
        journal.begin(disk)?;
        let today = times.lived().day().ok_or(io::ErrorKind::InvalidData);
        let today = today.map_err(io::Error::from)?;
        if let Some(chain) = newsroom.chain() {
            let swept = receipts::sweep(disk, chain, &shelf, Grace::of(settings.grace), today);
            later("drops that were signed off", swept.map(drop));
        }
        let space = Space::new(&settings, space::held(disk, &uploads)?);
        let mailboxes = Mailboxes::open(disk, Arc::clone(&space), today, &mut system_rng())?;
        later("replies that are over", mailboxes.expire(disk, today));
        space.look(disk)?;
        Ok(Arc::new(Self {
            disk: Arc::clone(&held),
            pool,
            levels: Levels::default(),
            journal,
            uploads,
            shelf,
            space,
            mailboxes,
            polls: Arc::new(Semaphore::new(settings.most_polls)),
            small_settles: Arc::new(Semaphore::new(settings.most_small_settles)),
            watch: Watch::default(),
            seats: Seats::new(&settings),
            orphans: Orphans::default(),
            gate,
            closed: AtomicBool::new(closed::doors(disk)? == Doors::Closed),
            settings,
            times: Mutex::new(times),
            newsroom: RwLock::new(Arc::new(newsroom)),
            updating: Mutex::new(()),
            swept: Mutex::new(today),
        }))
    }

    /// Serves one connection of the public side until it ends.
    pub async fn serve_public<S>(self: &Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve::connection(self, Side::Public, None, stream).await;
    }

    /// The same for a connection that came by a known circuit: circuits share the places evenly.
    pub async fn serve_public_on<S>(self: &Arc<Self>, circuit: &Circuit, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve::connection(self, Side::Public, Some(circuit), stream).await;
    }

    /// Serves one connection of the collection side until it ends.
    pub async fn serve_collection<S>(self: &Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve::connection(self, Side::Collection, None, stream).await;
    }

    /// The same for a connection that came by a known circuit.
    pub async fn serve_collection_on<S>(self: &Arc<Self>, circuit: &Circuit, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        serve::connection(self, Side::Collection, Some(circuit), stream).await;
    }

    /// Tells the time: sheets, epochs and unfinished uploads that are over go, what was left whole is
    /// committed, and at the end of a batch what arrived in it becomes visible.
    ///
    /// # Errors
    /// The store's disk failed; the next tick tries again.
    pub async fn tick(self: &Arc<Self>, now: UnixSeconds) -> io::Result<()> {
        lock(&self.times).advance(now);
        let inside = Arc::clone(self);
        let aged = tokio::task::spawn_blocking(move || inside.age()).await;
        let aged = aged.map_err(|_| io::Error::other("a blocking task ended early"))?;
        // What is over gives its room back, above all when there is none.
        aged.and(expiry::sweep(self).await)
    }

    /// Ticks by the system's clock for ever: the core task that the server supervises. That there
    /// is no room passes, and a server that ended would find no more of it at its next start.
    ///
    /// # Errors
    /// The store's disk failed; the server should stop and say so.
    pub async fn run(self: Arc<Self>) -> io::Result<()> {
        let mut full = false;
        loop {
            match self.tick(UnixSeconds::from_system()).await {
                Err(error) if disk::is_full(&error) => {
                    if !full {
                        tracing::warn!("what is due waits: {error}");
                    }
                    full = true;
                }
                ticked => {
                    ticked?;
                    full = false;
                }
            }
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
            closed: self.doors() == Doors::Closed,
            clock_jumped: self.times().jumped(),
            charter_held: newsroom.chain().is_some(),
            sheets: newsroom.sheets(),
            visible,
            waiting: finished.saturating_sub(self.shelf.held_back()),
            unfinished: self.uploads.unfinished().len(),
            replies: self.mailboxes.count(),
            damaged,
            percent_full: self.percent_full(),
        }
    }

    /// How full the store is, in hundredths, rounded down; all of it when the disk does not say.
    #[must_use]
    pub fn percent_full(&self) -> u8 {
        self.space.percent_full(self.disk.as_ref()).unwrap_or(100)
    }

    /// Whether sources may leave something new, as of the last tick.
    pub(crate) fn doors(&self) -> Doors {
        if self.closed.load(Ordering::Relaxed) {
            Doors::Closed
        } else {
            Doors::Open
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

    pub(crate) const fn mailboxes(&self) -> &Mailboxes {
        &self.mailboxes
    }

    /// Who may ask a mailbox now.
    pub(crate) const fn polls(&self) -> &Arc<Semaphore> {
        &self.polls
    }

    /// Who may make durable less than is written at once.
    pub(crate) const fn small_settles(&self) -> &Arc<Semaphore> {
        &self.small_settles
    }

    pub(crate) const fn seats(&self) -> &Seats {
        &self.seats
    }

    pub(crate) const fn orphans(&self) -> &Orphans {
        &self.orphans
    }

    pub(crate) const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The time that the last tick told.
    pub(crate) fn now(&self) -> UnixSeconds {
        self.times().now()
    }

    /// What the store knows of time, as of the last tick.
    pub(crate) fn times(&self) -> Times {
        *lock(&self.times)
    }

    /// The batch that now lies in.
    pub(crate) fn batch(&self) -> BatchNumber {
        self.settings.batch.number(self.now())
    }

    /// Who may pass now; nothing when the clock is beyond all calendars.
    pub(crate) fn gate(&self) -> Option<Gate> {
        match self.gate {
            Passage::Gated => Some(self.newsroom().gate(self.times().believed()?)),
            Passage::Open => Some(Gate::Open),
        }
    }

    /// Whether an upload of this epoch may become a drop now. Without a gate all may. Blocks.
    pub(crate) fn ending(&self, epoch: Option<EpochNumber>) -> io::Result<Closing> {
        match (self.gate, epoch) {
            (Passage::Gated, Some(epoch)) => {
                let (disk, times) = (self.disk.as_ref(), self.times());
                self.newsroom().ending(disk, epoch, &times)
            }
            (Passage::Gated, None) | (Passage::Open, _) => Ok(Closing::Open),
        }
    }

    /// The same by the days alone.
    pub(crate) fn closing(&self, epoch: Option<EpochNumber>) -> Closing {
        match (self.gate, epoch) {
            (Passage::Gated, Some(epoch)) => self.newsroom().closing(epoch, &self.times()),
            (Passage::Gated, None) | (Passage::Open, _) => Closing::Open,
        }
    }

    /// What the newsroom has signed, as of now.
    pub(crate) fn newsroom(&self) -> Arc<Newsroom> {
        Arc::clone(&self.newsroom.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The admitted couriers. Blocks.
    pub(crate) fn couriers(&self) -> Result<Vec<Courier>, DeskError> {
        desk::couriers(self.disk.as_ref())
    }
}
