//! Asks the server until it answers: a new circuit for each attempt, and a bound for their number.

use std::time::Duration;

use knothole_envelope::{DropId, SEGMENT_LEN};
use knothole_onion::http::{HttpError, STALL_PATIENCE};
use knothole_onion::{Collection, CollectionError, Visit};
use tokio::time::Instant;

use crate::bundle::SEGMENT_BYTES;

/// So many bytes must come while a connection may be silent, or the attempt has failed: a server
/// that hands out a byte at a time would keep the courier for ever.
const PROGRESS_BYTES: u64 = 65_536;

/// How often something is tried, and how long the courier waits in between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// Failures in a row after which it gives up.
    pub(crate) attempts: u32,
    /// The wait after the first failure; it doubles after each further one.
    pub(crate) pause: Duration,
    /// The longest wait.
    pub(crate) longest_pause: Duration,
    /// How long a connection may be silent before it counts as dead.
    pub(crate) silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 8,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            silence: STALL_PATIENCE,
        }
    }
}

impl Patience {
    fn after(&self, failures: u32) -> Duration {
        let factor = 1_u32
            .checked_shl(failures.saturating_sub(1))
            .unwrap_or(u32::MAX);
        self.pause.saturating_mul(factor).min(self.longest_pause)
    }
}

/// Asks the server, on one circuit as long as it lasts.
#[derive(Debug)]
pub(crate) struct Caller<'a> {
    collection: &'a Collection,
    patience: Patience,
    visit: Option<Visit>,
    failures: u32,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(collection: &'a Collection, patience: Patience) -> Self {
        Self {
            collection,
            patience,
            visit: None,
            failures: 0,
        }
    }

    /// Asks something that may be asked twice.
    pub(crate) async fn ask<T>(
        &mut self,
        question: impl AsyncFn(&mut Visit) -> Result<T, CollectionError>,
    ) -> Result<T, CollectionError> {
        loop {
            let answer = match self.visit().await {
                Ok(visit) => question(visit).await,
                Err(error) => Err(error),
            };
            match answer {
                Ok(answer) => {
                    self.failures = 0;
                    return Ok(answer);
                }
                Err(error) => self.failed(error).await?,
            }
        }
    }

    /// Fetches the bytes of a drop from `from` to before `to`, and hands them over in segments.
    ///
    /// After a broken circuit it goes on at the next byte. What `take` answers ends it.
    pub(crate) async fn fetch<E: From<CollectionError>>(
        &mut self,
        drop: &DropId,
        from: u64,
        to: u64,
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut basin = Basin::new(from);
        while basin.at < to {
            let before = basin.at;
            match self.stretch(drop, to, &mut basin, &mut take).await {
                Ok(()) => {}
                Err(Stopped::Taken(error)) => return Err(error),
                Err(Stopped::Server(error)) => {
                    if basin.at.saturating_sub(before) >= PROGRESS_BYTES {
                        self.failures = 0;
                    }
                    self.failed(error).await?;
                }
            }
        }
        basin.pour(&mut take)?;
        self.failures = 0;
        Ok(())
    }

    async fn stretch<E>(
        &mut self,
        drop: &DropId,
        to: u64,
        basin: &mut Basin,
        take: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), Stopped<E>> {
        let length = to.saturating_sub(basin.at);
        let visit = self.visit().await?;
        let mut stretch = visit.stretch(drop, basin.at, length).await?;
        let mut pace = Pace::new(self.patience.silence, basin.at);
        while let Some(piece) = pace.hold(stretch.piece()).await? {
            let mut rest = piece.as_ref();
            while !rest.is_empty() {
                rest = basin.fill(rest);
                if basin.is_full() {
                    basin.pour(take).map_err(Stopped::Taken)?;
                    // A slow stick is not the server's fault.
                    pace = Pace::new(self.patience.silence, basin.at);
                }
            }
            pace.at(basin.at);
        }
        Ok(())
    }

    async fn visit(&mut self) -> Result<&mut Visit, CollectionError> {
        let visit = match self.visit.take() {
            Some(visit) => visit,
            None => self.collection.visit().await?,
        };
        Ok(self.visit.insert(visit))
    }

    /// Waits before the next attempt, or gives up. The circuit is not used again.
    async fn failed(&mut self, error: CollectionError) -> Result<(), CollectionError> {
        self.visit = None;
        self.failures = self.failures.saturating_add(1);
        if !error.may_pass() || self.failures >= self.patience.attempts {
            self.failures = 0;
            return Err(error);
        }
        tokio::time::sleep(self.patience.after(self.failures)).await;
        Ok(())
    }
}

/// What ended a stretch.
enum Stopped<E> {
    Server(CollectionError),
    Taken(E),
}

impl<E> From<CollectionError> for Stopped<E> {
    fn from(error: CollectionError) -> Self {
        Self::Server(error)
    }
}

/// Ends a stretch that creeps.
struct Pace {
    silence: Duration,
    until: Instant,
    /// The byte up to which it must have come by then.
    goal: u64,
}

impl Pace {
    fn new(silence: Duration, at: u64) -> Self {
        let now = Instant::now();
        Self {
            silence,
            until: now.checked_add(silence).unwrap_or(now),
            goal: at.saturating_add(PROGRESS_BYTES),
        }
    }

    /// Says how far it has come.
    fn at(&mut self, at: u64) {
        if at >= self.goal {
            *self = Self::new(self.silence, at);
        }
    }

    async fn hold<T>(
        &self,
        work: impl Future<Output = Result<T, CollectionError>>,
    ) -> Result<T, CollectionError> {
        tokio::time::timeout_at(self.until, work)
            .await
            .unwrap_or_else(|_| Err(HttpError::Stalled.into()))
    }
}

/// Gathers bytes until they are a segment.
struct Basin {
    bytes: Vec<u8>,
    /// The next byte that is wanted.
    at: u64,
}

impl Basin {
    fn new(at: u64) -> Self {
        Self {
            bytes: Vec::with_capacity(SEGMENT_LEN),
            at,
        }
    }

    /// Takes bytes up to the end of the segment; answers what is left.
    fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let room = SEGMENT_LEN.saturating_sub(self.bytes.len());
        let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        self.bytes.extend_from_slice(now);
        let count = u64::try_from(now.len()).unwrap_or(SEGMENT_BYTES);
        self.at = self.at.saturating_add(count);
        later
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= SEGMENT_LEN
    }

    fn pour<E>(&mut self, take: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let taken = take(&self.bytes);
        self.bytes.clear();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stretch_that_creeps_ends() {
        let mut pace = Pace::new(Duration::ZERO, 0);
        let work = std::future::pending::<Result<(), CollectionError>>();
        let ended = pace.hold(work).await;
        assert!(matches!(
            ended,
            Err(CollectionError::Http(HttpError::Stalled))
        ));
        pace.at(PROGRESS_BYTES - 1);
        assert_eq!(pace.goal, PROGRESS_BYTES);
        pace.at(PROGRESS_BYTES);
        assert_eq!(pace.goal, 2 * PROGRESS_BYTES);
    }

    #[test]
    fn the_wait_doubles_up_to_its_bound() {
        let patience = Patience::default();
        let waits: Vec<u64> = (1..8).map(|n| patience.after(n).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(patience.after(u32::MAX), patience.longest_pause);
    }
}
