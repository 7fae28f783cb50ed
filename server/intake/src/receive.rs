//! Takes the bytes of one request: through the gate, onto the disk, and counted when durable.

use core::time::Duration;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _};
use sha2::Digest as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::crowd::Leave;
use crate::disk::Disk;
use crate::gate::{self, Expect, Gate};
use crate::segments::SEGMENT;
use crate::settings::{MOST_CHECKED, Settings, WRITE_UNIT};
use crate::space::{Grant, Need, TooFast};
use crate::tus::Checksum;
use crate::uploads::{Lease, Work};

/// The turn of somebody who has little to make durable.
type Turn = Option<OwnedSemaphorePermit>;

/// What may be taken.
pub(crate) struct Orders {
    /// Bytes up to the end of the upload.
    pub(crate) room: u64,
    /// What the bytes must hash to, if the request says so.
    pub(crate) checksum: Option<Checksum>,
    /// The gate, when the header is still to come.
    pub(crate) gate: Option<(Gate, Expect)>,
    /// Makes room among the uploads that have bytes, when this one gets its first; says whether there
    /// is any.
    pub(crate) make_room: Option<BoxFuture<'static, bool>>,
    /// The right to the space that the bytes need.
    pub(crate) grant: Grant,
    /// Tells when the connection must leave.
    pub(crate) leave: Leave,
    /// The turns of those who have little to make durable.
    pub(crate) small_settles: Arc<Semaphore>,
}

/// How it ended. Whatever is not [`Received::Whole`], the upload stands at its last durable byte.
#[derive(Debug)]
pub(crate) enum Received {
    /// The request came to its end, and all of it is durable.
    Whole(Lease),
    /// The connection went, must leave, or was silent too long.
    Cut,
    /// A newer request has the upload.
    Superseded,
    /// More bytes than were announced.
    Beyond,
    /// More bytes than a request with a checksum may bring.
    TooMuchToHash,
    /// The bytes are not those that the checksum names.
    Altered,
    /// The gate stays shut; nothing was kept.
    Gate(gate::Refusal),
    /// No space.
    Full,
    /// As much has come in this hour as may; so long until more may.
    Later(Duration),
    /// The disk failed, and the upload with it.
    Failed,
}

enum Event {
    Bytes(Bytes),
    End,
    Cut,
    Superseded,
    Quiet,
}

/// Takes what the body brings.
pub(crate) async fn receive<S, E>(
    disk: &Arc<dyn Disk>,
    settings: &Settings,
    lease: Lease,
    body: S,
    orders: Orders,
) -> Received
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let hash = orders.checksum.as_ref().map(Hash::new);
    let all_or_nothing = hash.is_some();
    let mut taking = Taking {
        disk,
        lease: Some(lease),
        gate: orders.gate,
        make_room: orders.make_room,
        room: orders.room,
        pending: Vec::new(),
        unsettled: 0,
        hash,
        grant: Some(orders.grant),
        leave: orders.leave,
        small_settles: orders.small_settles,
        admitted: false,
    };
    let end = taking.run(settings, body).await;
    match (end, taking.lease.take()) {
        (Ok(()), Some(lease)) => Received::Whole(lease),
        (Ok(()), None) => Received::Failed,
        (Err(Received::Failed), lease) => {
            if let Some(lease) = lease {
                drop(lease.abandon());
            }
            Received::Failed
        }
        (Err(stop), Some(lease)) if all_or_nothing => {
            let (_, taken_back) = lease
                .on_disk(disk, |disk, work| work.segments.take_back(disk))
                .await;
            match taken_back {
                Ok(()) => stop,
                Err(_) => Received::Failed,
            }
        }
        (Err(stop), _) => stop,
    }
}

struct Taking<'a> {
    disk: &'a Arc<dyn Disk>,
    lease: Option<Lease>,
    gate: Option<(Gate, Expect)>,
    make_room: Option<BoxFuture<'static, bool>>,
    room: u64,
    pending: Vec<u8>,
    /// Bytes written since the last time everything was made durable.
    unsettled: u64,
    hash: Option<Hash>,
    grant: Option<Grant>,
    leave: Leave,
    small_settles: Arc<Semaphore>,
    /// Whether the gate has just read a header that the ticket on the disk does not know.
    admitted: bool,
}

impl Taking<'_> {
    async fn run<S, E>(&mut self, settings: &Settings, mut body: S) -> Result<(), Received>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let mut last_byte = Instant::now();
        let mut quiet = settings.quiet;
        loop {
            // A request with a checksum is kept whole or not at all.
            let dirty = (self.unsettled > 0 || !self.pending.is_empty())
                && self.gate.is_none()
                && self.hash.is_none();
            let waits = Waits {
                silence: deadline(last_byte, settings.body_patience),
                quiet: dirty.then(|| deadline(last_byte, quiet)),
            };
            let lease = self.lease.as_ref().ok_or(Received::Failed)?;
            match next(lease, &mut self.leave, &mut body, waits).await {
                Event::Bytes(bytes) => {
                    last_byte = Instant::now();
                    self.bytes(&bytes).await?;
                }
                Event::Quiet => {
                    quiet = self.next_quiet(quiet, settings);
                    self.settle().await?;
                }
                Event::End => return self.end().await,
                Event::Cut => return Err(self.stop(Received::Cut).await),
                Event::Superseded => return Err(self.stop(Received::Superseded).await),
            }
        }
    }

    /// To make bytes durable costs the disk the same however few they are. Whoever sends a few at a
    /// time waits longer for it each time.
    fn next_quiet(&self, quiet: Duration, settings: &Settings) -> Duration {
        if self.has_little() {
            quiet.saturating_mul(2).min(settings.body_patience)
        } else {
            settings.quiet
        }
    }

    /// Whether there is next to nothing to make durable.
    fn has_little(&self) -> bool {
        let unit = u64::try_from(WRITE_UNIT).unwrap_or(u64::MAX);
        let pending = u64::try_from(self.pending.len()).unwrap_or(u64::MAX);
        self.unsettled.saturating_add(pending) < unit
    }

    async fn bytes(&mut self, bytes: &[u8]) -> Result<(), Received> {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.room = self.room.checked_sub(count).ok_or(Received::Beyond)?;
        if let Some(hash) = &mut self.hash {
            hash.update(bytes).ok_or(Received::TooMuchToHash)?;
        }
        // In units of our own, however the line has cut them.
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = WRITE_UNIT.saturating_sub(self.pending.len()).max(1);
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.pending.extend_from_slice(now);
            rest = later;
            self.pend().await?;
        }
        Ok(())
    }

    /// Does with what has come what can be done with so much.
    async fn pend(&mut self) -> Result<(), Received> {
        if self
            .gate
            .as_ref()
            .is_some_and(|(gate, _)| self.pending.len() >= gate.needs())
        {
            self.pass()?;
        }
        if self.gate.is_none() && self.pending.len() >= WRITE_UNIT {
            self.flush(None).await?;
        }
        if self.hash.is_none() && self.unsettled >= SEGMENT {
            self.settle().await?;
        }
        Ok(())
    }

    /// Shows the gate what has come.
    fn pass(&mut self) -> Result<(), Received> {
        if let Some((gate, expect)) = self.gate.take() {
            let passed = gate.judge(&self.pending, expect).map_err(Received::Gate)?;
            // Only now is it known what a lane is a part of. Who has no room for all of it says so before
            // hours have gone into its beginning.
            let grant = self.grant.as_ref().ok_or(Received::Failed)?;
            if matches!(expect, Expect::First(_)) && !grant.would_fit(passed.total) {
                return Err(Received::Full);
            }
            self.lease.as_mut().ok_or(Received::Failed)?.admit(passed);
            self.admitted = true;
        }
        Ok(())
    }

    async fn end(&mut self) -> Result<(), Received> {
        let empty = self.pending.is_empty() && self.unsettled == 0;
        if !empty {
            self.pass()?;
        }
        if self.hash.take().is_some_and(|hash| !hash.holds()) {
            return Err(Received::Altered);
        }
        if empty {
            return Ok(());
        }
        self.settle().await
    }

    /// Keeps what came before the line went, so that a resume finds it.
    async fn stop(&mut self, why: Received) -> Received {
        if self.gate.is_some() || self.hash.is_some() {
            return why;
        }
        match self.settle().await {
            Ok(()) => why,
            Err(error) => error,
        }
    }

    /// Writes what waits. The turn, if there is one, comes back: work that nobody waits for any more
    /// has it to its end.
    async fn flush(&mut self, turn: Turn) -> Result<Turn, Received> {
        // Not before the gate: whoever makes others give way has paid for it with a header.
        if let Some(room) = self.make_room.take()
            && !room.await
        {
            return Err(Received::Cut);
        }
        let bytes = core::mem::take(&mut self.pending);
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let pending = self.unsettled.saturating_add(count);
        let admitted = core::mem::take(&mut self.admitted);
        let mut grant = self.grant.take().ok_or(Received::Failed)?;
        let (grant, bytes, turn) = self
            .on_disk(move |disk, work| {
                let durable = work.segments.durable();
                let need = Need {
                    pending,
                    durable,
                    rest: work.segments.length().saturating_sub(durable),
                };
                grant.cover(disk, need)?;
                // Nothing is durable at the gate. A ticket of an earlier attempt names the epoch
                // and the length of another header.
                if admitted || !work.segments.on_disk() {
                    work.segments.create(disk, &work.ticket)?;
                }
                work.segments.write(disk, &bytes)?;
                Ok((grant, bytes, turn))
            })
            .await?;
        self.grant = Some(grant);
        self.pending = bytes;
        self.pending.clear();
        self.unsettled = pending;
        Ok(turn)
    }

    async fn settle(&mut self) -> Result<(), Received> {
        // Many who bring little wait for each other, and not the disk for all of them.
        let mut turn = None;
        if self.has_little() {
            let turns = Arc::clone(&self.small_settles);
            turn = Some(turns.acquire_owned().await.map_err(|_| Received::Failed)?);
        }
        if !self.pending.is_empty() {
            turn = self.flush(turn).await?;
        }
        let mut grant = self.grant.take().ok_or(Received::Failed)?;
        let grant = self
            .on_disk(move |disk, work| {
                let before = work.segments.durable();
                work.segments.settle(disk)?;
                grant.settled(work.segments.durable().saturating_sub(before));
                drop(turn);
                Ok(grant)
            })
            .await?;
        self.grant = Some(grant);
        self.unsettled = 0;
        Ok(())
    }

    async fn on_disk<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&dyn Disk, &mut Work) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Received> {
        let lease = self.lease.take().ok_or(Received::Failed)?;
        let (lease, result) = lease.on_disk(self.disk, work).await;
        self.lease = lease;
        result.map_err(|error| match (error.kind(), TooFast::wait_of(&error)) {
            (_, Some(wait)) => Received::Later(wait),
            (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, None) => Received::Full,
            (_, None) => Received::Failed,
        })
    }
}

struct Waits {
    silence: Instant,
    quiet: Option<Instant>,
}

fn deadline(from: Instant, patience: Duration) -> Instant {
    from.checked_add(patience).unwrap_or(from)
}

async fn next<S, E>(lease: &Lease, leave: &mut Leave, body: &mut S, waits: Waits) -> Event
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    let quiet = async {
        match waits.quiet {
            Some(at) => tokio::time::sleep_until(at).await,
            None => core::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = lease.superseded() => Event::Superseded,
        () = leave.wanted() => Event::Cut,
        next = body.next() => match next {
            Some(Ok(bytes)) => Event::Bytes(bytes),
            Some(Err(_)) => Event::Cut,
            None => Event::End,
        },
        () = quiet => Event::Quiet,
        () = tokio::time::sleep_until(waits.silence) => Event::Cut,
    }
}

/// The hash that a request's checksum is compared with.
struct Hash {
    sum: Sum,
    /// Bytes that may still come.
    room: u64,
}

enum Sum {
    Sha1(sha1::Sha1, [u8; 20]),
    Sha256(sha2::Sha256, [u8; 32]),
}

impl Hash {
    fn new(checksum: &Checksum) -> Self {
        let sum = match checksum {
            Checksum::Sha1(expected) => Sum::Sha1(sha1::Sha1::new(), *expected),
            Checksum::Sha256(expected) => Sum::Sha256(sha2::Sha256::new(), *expected),
        };
        Self {
            sum,
            room: MOST_CHECKED,
        }
    }

    /// Nothing when that is more than may be checked at once.
    fn update(&mut self, bytes: &[u8]) -> Option<()> {
        let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.room = self.room.checked_sub(count)?;
        match &mut self.sum {
            Sum::Sha1(hash, _) => hash.update(bytes),
            Sum::Sha256(hash, _) => hash.update(bytes),
        }
        Some(())
    }

    fn holds(self) -> bool {
        match self.sum {
            Sum::Sha1(hash, expected) => expected == *hash.finalize(),
            Sum::Sha256(hash, expected) => expected == *hash.finalize(),
        }
    }
}
