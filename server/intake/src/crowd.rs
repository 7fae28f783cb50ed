//! When there is not room for all, a connection that does next to nothing gives its place back.
//!
//! Everyone comes through Tor and looks alike, so no one can be given a share of their own. But to
//! hold a place must cost about what an upload costs, or a handful of silent peers shut all others
//! out for days.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts those for whom there was no room.
#[derive(Debug, Default)]
pub(crate) struct Crowd(AtomicU64);

/// Counts the bytes that a connection has moved, in both directions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter(Arc<AtomicU64>);

impl Meter {
    /// So many more have moved.
    pub(crate) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Crowd {
    /// There was no room for someone.
    pub(crate) fn turned_away(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Waits until a connection has moved fewer than `least` bytes twice in a row while others found
    /// no room. Once is not enough: it may be waiting for room itself.
    pub(crate) async fn wants_the_place_of(&self, meter: &Meter, window: Duration, least: u64) {
        let (mut seen, mut moved) = (self.0.load(Ordering::Relaxed), meter.get());
        let (mut seen_before, mut was_idle) = (seen, false);
        loop {
            tokio::time::sleep(window).await;
            let (now, bytes) = (self.0.load(Ordering::Relaxed), meter.get());
            let idle = bytes.wrapping_sub(moved) < least;
            if idle && was_idle && now != seen_before {
                return;
            }
            (seen_before, seen) = (seen, now);
            (moved, was_idle) = (bytes, idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_millis(20);

    async fn gives_way(crowd: &Crowd, meter: &Meter, within: Duration) -> bool {
        let wanted = crowd.wants_the_place_of(meter, WINDOW, 100);
        tokio::time::timeout(within, wanted).await.is_ok()
    }

    #[tokio::test]
    async fn while_there_is_room_for_all_nobody_gives_way() {
        let (crowd, meter) = (Crowd::default(), Meter::default());
        crowd.turned_away();
        assert!(!gives_way(&crowd, &meter, WINDOW.saturating_mul(5)).await);
    }

    #[tokio::test]
    async fn in_a_crowd_the_silent_give_way_and_the_busy_do_not() {
        let (crowd, meter) = (Crowd::default(), Meter::default());
        let patient = Duration::from_secs(60);
        let crowding = async {
            loop {
                crowd.turned_away();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            gave_way = gives_way(&crowd, &meter, patient) => assert!(gave_way),
            () = crowding => unreachable!(),
        }
        let busy = async {
            loop {
                crowd.turned_away();
                meter.add(100);
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            gave_way = gives_way(&crowd, &meter, WINDOW.saturating_mul(5)) => assert!(!gave_way),
            () = busy => unreachable!(),
        }
    }
}
