//! How much all sources together may store within an hour, where an administrator has set a bound.
//!
//! It is off by default. A bound that is shared by all is also a way for one to silence the others:
//! who uses it up keeps files out for as long as they go on, where without it they would have to
//! fill the disk. It is for a disk that a line could fill before anybody looks.

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Mutex;
use std::time::Instant;

use super::Class;
use crate::uploads::lock;

/// Who must wait is told so in multiples of this, so that the answer hardly tells how busy it is.
const STEP: u64 = 900;
const HOUR: u64 = 3_600;

/// What has come in of late, against what may.
#[derive(Debug)]
pub(super) struct Rate {
    files: Option<Mutex<Bucket>>,
    messages: Mutex<Bucket>,
}

impl Rate {
    /// So many bytes an hour, if there is a bound; so many of messages are beyond it.
    pub(super) fn new(files: Option<u64>, messages: u64, now: Instant) -> Self {
        Self {
            files: files.map(|most| Mutex::new(Bucket::new(most, now))),
            messages: Mutex::new(Bucket::new(messages, now)),
        }
    }

    /// How long somebody must wait who brings something of this class now, if they must.
    pub(super) fn wait(&self, class: Class, now: Instant) -> Option<Duration> {
        let files = self.files.as_ref()?;
        if class == Class::Messages && lock(&self.messages).wait(now).is_none() {
            return None;
        }
        lock(files).wait(now)
    }

    /// So many bytes have come in.
    pub(super) fn came(&self, class: Class, bytes: u64, now: Instant) {
        let Some(files) = &self.files else {
            return;
        };
        if class == Class::Messages {
            let mut messages = lock(&self.messages);
            if messages.wait(now).is_none() {
                return messages.add(bytes, now);
            }
        }
        lock(files).add(bytes, now);
    }
}

/// It empties evenly, in an hour, and takes no more while it is full. What is under way when it
/// becomes full still comes in, and delays what follows.
#[derive(Debug)]
struct Bucket {
    most: u64,
    held: u64,
    since: Instant,
}

impl Bucket {
    const fn new(most: u64, now: Instant) -> Self {
        Self {
            most,
            held: 0,
            since: now,
        }
    }

    fn wait(&mut self, now: Instant) -> Option<Duration> {
        self.empty(now);
        let over = self.held.checked_sub(self.most)?;
        let seconds = over
            .saturating_add(1)
            .saturating_mul(HOUR)
            .checked_div(self.most)
            .unwrap_or(HOUR);
        let steps = seconds.div_ceil(STEP).max(1);
        Some(Duration::from_secs(steps.saturating_mul(STEP)))
    }

    fn add(&mut self, bytes: u64, now: Instant) {
        self.empty(now);
        self.held = self.held.saturating_add(bytes);
    }

    fn empty(&mut self, now: Instant) {
        let millis = now.saturating_duration_since(self.since).as_millis();
        let gone = u128::from(self.most)
            .saturating_mul(millis)
            .checked_div(u128::from(HOUR).saturating_mul(1_000))
            .unwrap_or(0);
        // Too short a time for a byte is not lost: it counts the next time.
        if gone > 0 {
            self.held = self
                .held
                .saturating_sub(u64::try_from(gone).unwrap_or(u64::MAX));
            self.since = now;
        }
    }
}

/// Why a write is refused that would come too soon.
#[derive(Debug)]
pub(crate) struct TooFast(Duration);

impl TooFast {
    /// The wait that this error asks for, if that is what it is.
    pub(crate) fn wait_of(error: &io::Error) -> Option<Duration> {
        let inside = error.get_ref()?.downcast_ref::<Self>()?;
        Some(inside.0)
    }

    pub(super) fn error(wait: Duration) -> io::Error {
        io::Error::other(Self(wait))
    }
}

impl fmt::Display for TooFast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("as much has come in this hour as may")
    }
}

impl core::error::Error for TooFast {}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test that overflows ends")]
mod tests {
    use super::*;

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(count * 60)
    }

    #[test]
    fn files_wait_when_an_hours_worth_has_come_and_go_on_as_time_goes_by() {
        let begin = Instant::now();
        let rate = Rate::new(Some(3_600), 100, begin);
        assert_eq!(rate.wait(Class::Bulk, begin), None);
        rate.came(Class::Bulk, 3_599, begin);
        assert_eq!(rate.wait(Class::Bulk, begin), None);
        // What was under way is over the bound, and delays what follows.
        rate.came(Class::Bulk, 1_201, begin);
        assert_eq!(rate.wait(Class::Bulk, begin), Some(minutes(30)));
        let later = begin + minutes(15);
        assert_eq!(rate.wait(Class::Bulk, later), Some(minutes(15)));
        assert_eq!(rate.wait(Class::Bulk, begin + minutes(21)), None);
    }

    #[test]
    fn messages_are_beyond_the_bound_up_to_their_own_and_then_count_as_files() {
        let begin = Instant::now();
        let rate = Rate::new(Some(3_600), 100, begin);
        rate.came(Class::Bulk, 4_000, begin);
        assert_eq!(rate.wait(Class::Messages, begin), None);
        rate.came(Class::Messages, 100, begin);
        assert!(rate.wait(Class::Messages, begin).is_some());
        assert_eq!(rate.wait(Class::Messages, begin + minutes(1)), None);
        let rate = Rate::new(Some(3_600), 100, begin);
        rate.came(Class::Messages, 100, begin);
        rate.came(Class::Messages, 3_600, begin);
        assert!(rate.wait(Class::Bulk, begin).is_some());
    }

    #[test]
    fn without_a_bound_nobody_waits() {
        let begin = Instant::now();
        let rate = Rate::new(None, 0, begin);
        rate.came(Class::Bulk, u64::MAX, begin);
        rate.came(Class::Messages, u64::MAX, begin);
        assert_eq!(rate.wait(Class::Bulk, begin), None);
        assert_eq!(rate.wait(Class::Messages, begin), None);
    }

    #[test]
    fn many_looks_in_a_moment_do_not_stop_the_clock() {
        let begin = Instant::now();
        let mut bucket = Bucket::new(3_600, begin);
        bucket.add(3_601, begin);
        for milliseconds in 1..2_000 {
            bucket.wait(begin + Duration::from_millis(milliseconds));
        }
        assert_eq!(bucket.wait(begin + Duration::from_secs(2)), None);
    }
}
