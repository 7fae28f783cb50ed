//! The clients that a service goes to meet, so many at once.
//!
//! Each meeting takes a circuit to a point that the client has named, and whoever named one that
//! never answers costs the service a circuit for as long as it waits. So a meeting that has had
//! time enough for an honest one ends when another client wants to be met.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use knothole_intake::{Crowd, Place};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

/// How long a client may take to be met, and to get a place. The circuit stands but for its last hop,
/// which is a matter of seconds; arti would wait for two attempts of up to a minute.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long it may take where another client waits.
const PATIENCE_IN_A_CROWD: Duration = Duration::from_secs(5);

/// How long until the next look for a place, when all who have one came just now or are busy.
const NEXT_LOOK: Duration = Duration::from_millis(500);

/// Meetings that are under way, each of which may bring a `T`.
#[derive(Debug)]
pub(super) struct Meetings<T> {
    most: usize,
    tasks: JoinSet<Option<T>>,
    /// When they began, the oldest first.
    begun: VecDeque<(Instant, AbortHandle)>,
}

impl<T: Send + 'static> Meetings<T> {
    /// At most so many at once.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            tasks: JoinSet::new(),
            begun: VecDeque::new(),
        }
    }

    /// Whether none is under way, and none has ended that was not asked for.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// From when on one more may begin, as far as it can be told now.
    pub(super) fn room_from(&mut self, now: Instant) -> Instant {
        self.begun.retain(|(_, meeting)| !meeting.is_finished());
        match self.begun.front() {
            Some((begun, _)) if self.begun.len() >= self.most => begun
                .checked_add(PATIENCE_IN_A_CROWD)
                .map_or(now, |end| end.max(now)),
            _ => now,
        }
    }

    /// Begins one, and ends the oldest where that takes its room. Where there is none to be had, it is
    /// dropped.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        meeting: impl Future<Output = Option<T>> + Send + 'static,
    ) {
        if self.room_from(now) > now {
            return;
        }
        if self.begun.len() >= self.most
            && let Some((_, oldest)) = self.begun.pop_front()
        {
            oldest.abort();
        }
        let meeting = self.tasks.spawn(meeting);
        self.begun.push_back((now, meeting));
    }

    /// Waits until one has ended, and gives what it brought.
    pub(super) async fn next(&mut self) -> Option<T> {
        self.tasks.join_next().await?.ok()?
    }
}

/// What a meeting brings, and a place for it. The place is another's until the client is there: asking
/// to be met costs a stranger one cell, and must throw nobody out.
pub(super) async fn with_a_place<T>(
    meeting: impl Future<Output = Option<T>>,
    places: Arc<Crowd>,
) -> Option<(T, Place)> {
    let met = async {
        let met = meeting.await?;
        Some((met, place_in(&places).await))
    };
    tokio::time::timeout(PATIENCE, met).await.ok()?
}

/// A place, as soon as somebody gives way.
async fn place_in(places: &Arc<Crowd>) -> Place {
    loop {
        if let Some(place) = places.enter(None) {
            return place;
        }
        tokio::time::sleep(NEXT_LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use core::future::{pending, ready};

    use futures_util::FutureExt as _;
    use knothole_intake::Settings;

    use super::*;

    fn later(now: Instant, by: Duration) -> Instant {
        now.checked_add(by).unwrap()
    }

    fn crowd_of_one() -> Arc<Crowd> {
        let mut settings = Settings::default();
        settings.place_patience = Duration::ZERO;
        Crowd::new(1, &settings)
    }

    #[tokio::test]
    async fn clients_that_never_come_keep_the_next_one_waiting_for_a_moment_only() {
        let now = Instant::now();
        let mut meetings = Meetings::<&str>::new(2);
        meetings.begin(now, pending());
        meetings.begin(later(now, Duration::from_secs(1)), pending());
        assert_eq!(
            meetings.room_from(now),
            later(now, PATIENCE_IN_A_CROWD),
            "the oldest has its time"
        );
        let next = later(now, PATIENCE_IN_A_CROWD);
        assert_eq!(meetings.room_from(next), next);
        meetings.begin(next, ready(Some("met")));
        let mut brought = [meetings.next().await, meetings.next().await];
        brought.sort_unstable();
        assert_eq!(brought, [None, Some("met")], "the oldest made room");
        assert!(!meetings.is_empty(), "the other one goes on");
    }

    #[tokio::test]
    async fn a_client_that_comes_too_soon_is_not_met_and_ends_no_meeting() {
        let now = Instant::now();
        let mut meetings = Meetings::<&str>::new(1);
        meetings.begin(now, pending());
        meetings.begin(now, ready(Some("met")));
        assert!(meetings.next().now_or_never().is_none());
        assert_eq!(meetings.tasks.len(), 1);
    }

    #[tokio::test]
    async fn a_meeting_that_ended_leaves_room_at_once() {
        let now = Instant::now();
        let mut meetings = Meetings::new(1);
        meetings.begin(now, ready(Some("first")));
        assert_eq!(meetings.next().await, Some("first"));
        assert!(meetings.is_empty());
        assert_eq!(meetings.room_from(now), now);
    }

    #[tokio::test]
    async fn a_client_throws_nobody_out_before_it_is_met() {
        let crowd = crowd_of_one();
        let held = crowd.enter(None).unwrap();
        let absent = with_a_place(pending::<Option<()>>(), Arc::clone(&crowd));
        assert!(absent.now_or_never().is_none());
        assert!(held.wanted().now_or_never().is_none());
        let there = with_a_place(ready(Some(())), crowd);
        assert!(there.await.is_some());
        assert!(held.wanted().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_client_that_cannot_be_met_takes_no_place() {
        let crowd = crowd_of_one();
        let met = with_a_place(ready(None::<()>), Arc::clone(&crowd)).await;
        assert!(met.is_none());
        assert_eq!(crowd.taken(), 0);
    }
}
