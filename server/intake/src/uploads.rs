//! The uploads that are known, and who may write to one of them.
//!
//! An upload's bytes are a value that one request holds at a time. A newer request bumps the turn:
//! the older one sees it, lets go, and the newer one goes on from the last durable byte. That is
//! how a resume wins over the half-open connection of a dead circuit.

mod table;

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use knothole_envelope::{DropId, TreeHash};
pub(crate) use table::Uploads;
use tokio::sync::watch;

use crate::clock::{BatchNumber, UnixSeconds};
use crate::disk::Disk;
use crate::gate::Passed;
use crate::record::{Lanes, Link, Manifest, Role, Ticket, UrlHash};
use crate::segments::Segments;
use crate::tus;

/// Locks a mutex whose holder never leaves half a change behind.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One upload, from its creation until its URL is forgotten.
pub(crate) struct Upload {
    /// The store's own name; no one outside sees it before it is a drop.
    pub(crate) id: DropId,
    /// The hash of its URL; an upload by form has none.
    pub(crate) url: Option<UrlHash>,
    /// Bytes it will have.
    pub(crate) length: u64,
    /// What it is to become.
    pub(crate) role: Role,
    /// When it is given up.
    pub(crate) expires: UnixSeconds,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

struct State {
    turn: u64,
    durable: u64,
    /// Whether there may be anything of it on the disk.
    touched: bool,
    total: u64,
    phase: Phase,
}

enum Phase {
    /// Nobody writes.
    Resting(Box<Work>),
    /// A request writes, or a commit runs.
    Busy,
    /// It is a drop with this tree hash, since this batch.
    Done(TreeHash, BatchNumber),
    /// It was given up, or its disk failed.
    Gone,
}

/// What a writing request holds.
pub(crate) struct Work {
    pub(crate) segments: Segments,
    pub(crate) ticket: Ticket,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").finish_non_exhaustive()
    }
}

impl Upload {
    /// An upload at rest.
    pub(crate) fn new(id: DropId, segments: Segments, ticket: Ticket) -> Arc<Self> {
        let state = State {
            turn: 0,
            durable: segments.durable(),
            touched: segments.touched(),
            total: ticket.total,
            phase: Phase::Gone,
        };
        let upload = Self {
            id,
            url: ticket.url,
            length: segments.length(),
            role: ticket.role.clone(),
            expires: ticket.expires,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
        };
        lock(&upload.state).phase = Phase::Resting(Box::new(Work { segments, ticket }));
        Arc::new(upload)
    }

    /// A drop whose URL is still known.
    pub(crate) fn done(id: DropId, link: Link, manifest: &Manifest) -> Arc<Self> {
        let phase = Phase::Done(manifest.tree, link.batch);
        let length = manifest.lanes.length();
        let role = match manifest.lanes {
            Lanes::One(_) => Role::Whole,
            // Which lanes these were is not known any more.
            Lanes::Many(_) => Role::Joined { lanes: Vec::new() },
        };
        Arc::new(Self {
            id,
            url: Some(link.url),
            length,
            role,
            expires: UnixSeconds::new(u64::MAX),
            state: Mutex::new(State {
                turn: 0,
                durable: length,
                touched: true,
                total: length,
                phase,
            }),
            changed: watch::Sender::new(0),
        })
    }

    /// What a request may know before it decides.
    pub(crate) fn view(&self) -> tus::View {
        let state = lock(&self.state);
        let (phase, offset) = match (&state.phase, &self.role) {
            (Phase::Done(..), _) => (tus::Phase::Done, state.durable),
            // Its bytes are those of its lanes, which were all durable before.
            (_, Role::Joined { .. }) => (tus::Phase::Joining, self.length),
            _ => (tus::Phase::Open, state.durable),
        };
        tus::View {
            length: self.length,
            offset,
            phase,
        }
    }

    /// The tree hash, once it is a drop.
    pub(crate) fn tree(&self) -> Option<TreeHash> {
        match lock(&self.state).phase {
            Phase::Done(tree, _) => Some(tree),
            _ => None,
        }
    }

    /// The length of the whole envelope, once the gate has seen its header.
    pub(crate) fn total(&self) -> Option<u64> {
        let state = lock(&self.state);
        (state.durable > 0 || state.total > 0).then_some(state.total)
    }

    /// It, or the first of its lanes: lanes stand and fall together.
    pub(crate) const fn group(&self) -> DropId {
        match self.role {
            Role::Later { parent } => parent,
            Role::Whole | Role::First | Role::Joined { .. } => self.id,
        }
    }

    /// Whether it was given up.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(lock(&self.state).phase, Phase::Gone)
    }

    /// Whether no byte of it is durable, be it that somebody is at work on it: who sends what the
    /// gate refuses, or nothing, must not take it out of the count.
    pub(crate) fn has_no_bytes(&self) -> bool {
        let state = lock(&self.state);
        matches!(state.phase, Phase::Resting(_) | Phase::Busy) && state.durable == 0
    }

    /// Whether there may be anything of it on the disk, and it is no drop: bytes that are not durable
    /// yet, or never were, take a place as well.
    pub(crate) fn is_begun(&self) -> bool {
        let state = lock(&self.state);
        let is_joined = matches!(self.role, Role::Joined { .. });
        (state.touched || is_joined) && matches!(state.phase, Phase::Resting(_) | Phase::Busy)
    }

    /// Whether nobody writes to it.
    pub(crate) fn is_resting(&self) -> bool {
        matches!(lock(&self.state).phase, Phase::Resting(_))
    }

    /// Whether all its bytes are durable, and nobody is making a drop of it. A joined upload rests
    /// only when its commit did not come to an end.
    pub(crate) fn is_left_whole(&self) -> bool {
        let whole = match self.role {
            Role::Whole => self.length > 0,
            Role::Joined { .. } => true,
            Role::First | Role::Later { .. } => false,
        };
        whole && self.is_resting() && self.view().offset == self.length
    }

    /// Waits until nobody is at work on it.
    pub(crate) async fn settled(&self) {
        let mut changes = self.changed.subscribe();
        while matches!(lock(&self.state).phase, Phase::Busy) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Takes over from whoever writes.
    ///
    /// # Errors
    /// [`TakeError`] when there is nothing to take, or the older request does not let go in time.
    pub(crate) async fn take(self: &Arc<Self>, patience: Duration) -> Result<Lease, TakeError> {
        let mut changes = self.changed.subscribe();
        let turn = {
            let mut state = lock(&self.state);
            state.turn = state.turn.saturating_add(1);
            state.turn
        };
        self.tell();
        let waiting = async {
            loop {
                changes.borrow_and_update();
                if let Some(taken) = self.try_take(turn) {
                    return taken;
                }
                if changes.changed().await.is_err() {
                    return Err(TakeError::Gone);
                }
            }
        };
        tokio::time::timeout(patience, waiting)
            .await
            .unwrap_or(Err(TakeError::Busy))
    }

    /// Takes it only if nobody writes: a clean-up never wins over a request.
    pub(crate) fn take_if_resting(self: &Arc<Self>) -> Option<Lease> {
        let turn = lock(&self.state).turn;
        self.try_take(turn).and_then(Result::ok)
    }

    fn try_take(self: &Arc<Self>, turn: u64) -> Option<Result<Lease, TakeError>> {
        let mut state = lock(&self.state);
        if state.turn != turn {
            return Some(Err(TakeError::Superseded));
        }
        match core::mem::replace(&mut state.phase, Phase::Busy) {
            Phase::Resting(work) => {
                drop(state);
                Some(Ok(Lease {
                    upload: Arc::clone(self),
                    work: Some(work),
                    turn,
                }))
            }
            Phase::Busy => None,
            Phase::Done(tree, batch) => {
                state.phase = Phase::Done(tree, batch);
                Some(Err(TakeError::Done(tree)))
            }
            Phase::Gone => {
                state.phase = Phase::Gone;
                Some(Err(TakeError::Gone))
            }
        }
    }

    fn settle(&self, phase: Phase, durable: u64, total: u64) {
        let mut state = lock(&self.state);
        state.phase = phase;
        state.durable = durable;
        state.total = total;
        drop(state);
        self.tell();
    }

    fn tell(&self) {
        self.changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }
}

/// Why an upload could not be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TakeError {
    /// A newer request has it.
    Superseded,
    /// It was given up.
    Gone,
    /// It is a drop.
    Done(TreeHash),
    /// The older request did not let go in time.
    Busy,
}

/// The right to write to an upload. Dropping it gives it back at its last durable byte.
#[must_use = "a lease that is dropped goes back"]
pub(crate) struct Lease {
    upload: Arc<Upload>,
    work: Option<Box<Work>>,
    turn: u64,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}

impl Lease {
    /// The upload.
    pub(crate) const fn upload(&self) -> &Arc<Upload> {
        &self.upload
    }

    /// Its bytes.
    pub(crate) fn segments(&self) -> Option<&Segments> {
        self.work.as_deref().map(|work| &work.segments)
    }

    /// What it is to become.
    pub(crate) fn ticket(&self) -> Option<&Ticket> {
        self.work.as_deref().map(|work| &work.ticket)
    }

    /// Waits until a newer request wants it.
    pub(crate) async fn superseded(&self) {
        let mut changes = self.upload.changed.subscribe();
        while lock(&self.upload.state).turn == self.turn {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Does blocking work on it. Should the caller vanish meanwhile, the lease still goes back.
    ///
    /// # Errors
    /// The error of the work; a panic in it counts as one, and gives the upload up.
    pub(crate) async fn on_disk<T: Send + 'static>(
        mut self,
        disk: &Arc<dyn Disk>,
        work: impl FnOnce(&dyn Disk, &mut Work) -> io::Result<T> + Send + 'static,
    ) -> (Option<Self>, io::Result<T>) {
        let disk = Arc::clone(disk);
        let task = tokio::task::spawn_blocking(move || {
            let result = match self.work.as_deref_mut() {
                Some(inner) => work(disk.as_ref(), inner),
                None => Err(io::Error::from(io::ErrorKind::NotFound)),
            };
            if let Some(inner) = self.work.as_deref() {
                let mut state = lock(&self.upload.state);
                state.durable = inner.segments.durable();
                state.touched = inner.segments.touched();
                state.total = inner.ticket.total;
            }
            (self, result)
        });
        match task.await {
            Ok((lease, result)) => (Some(lease), result),
            Err(_) => (None, Err(io::Error::other("a blocking task ended early"))),
        }
    }

    /// Notes what the gate has read.
    pub(crate) fn admit(&mut self, passed: Passed) {
        if let Some(work) = self.work.as_deref_mut() {
            work.ticket.epoch = passed.epoch;
            work.ticket.total = passed.total;
        }
    }

    /// The upload has become a drop.
    pub(crate) fn finish(mut self, tree: TreeHash, batch: BatchNumber) {
        self.work = None;
        let length = self.upload.length;
        self.upload.settle(Phase::Done(tree, batch), length, length);
    }

    /// The upload is given up; its folder is the caller's to remove.
    pub(crate) fn abandon(mut self) -> Option<Box<Work>> {
        let work = self.work.take();
        self.upload.settle(Phase::Gone, 0, 0);
        work
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(mut work) = self.work.take() {
            work.segments.rest();
            let (durable, total) = (work.segments.durable(), work.ticket.total);
            self.upload.settle(Phase::Resting(work), durable, total);
        } else {
            // Finished, abandoned, or lost in a panic. Only the last is still busy.
            let busy = matches!(lock(&self.upload.state).phase, Phase::Busy);
            if busy {
                self.upload.settle(Phase::Gone, 0, 0);
            }
        }
    }
}
