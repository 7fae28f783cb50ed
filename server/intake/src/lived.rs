//! The time that the store has lived through, beside that of the machine's clock.
//!
//! A clock may be wrong for an hour, above all after a start. What is erased then does not come back
//! when it is right again. So everything that lasts for so many days is counted in time lived
//! through, which no jump moves, and what has a date waits until the clock has stayed where it is.

use std::io;

use knothole_envelope::Day;

use crate::clock::{DAY, UnixSeconds};
use crate::disk::{self, Disk, Place};
use crate::record::{MOST_RECORD_BYTES, Reader, Writer};
use crate::shelf::unless_stray;

/// The record of both times, among the store's records.
const KIND: u8 = 9;
/// A longer step is a jump. A server that was off over a night has lived through it.
const JUMP: u64 = 2 * DAY;
/// After a jump the clock is believed again when it has gone on for so long.
const STEADY: u64 = DAY;

/// What the store knows of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// What the clock showed last.
    seen: UnixSeconds,
    /// What it showed last when it was believed.
    believed: UnixSeconds,
    /// It began with the clock, never goes back, and stands still in a jump.
    lived: UnixSeconds,
    /// When the clock has jumped, by the time lived through.
    jumped: Option<UnixSeconds>,
    /// The day lived through that is on the disk.
    kept: Option<Day>,
}

impl Times {
    /// Reads them and goes on to now. A store that has none begins.
    pub(crate) fn open(disk: &dyn Disk, now: UnixSeconds) -> io::Result<Self> {
        let read = disk::read_if_there(disk, &place(), MOST_RECORD_BYTES);
        let bytes = unless_stray(read)?.flatten();
        let held = bytes.and_then(|bytes| Self::decode(&bytes));
        let mut times = held.unwrap_or(Self {
            seen: now,
            believed: now,
            lived: now,
            jumped: None,
            kept: None,
        });
        times.advance(now);
        match times.keep(disk) {
            // The next tick tries again.
            Err(error) if disk::is_full(&error) => {
                tracing::warn!("the time lived through was not noted: {error}");
            }
            kept => kept?,
        }
        Ok(times)
    }

    /// Takes what the clock shows.
    pub(crate) fn advance(&mut self, now: UnixSeconds) {
        let (ahead, behind) = (now.since(self.seen), self.seen.since(now));
        self.seen = now;
        if ahead.max(behind) > JUMP {
            self.jumped = Some(self.lived);
            self.kept = None;
        } else {
            self.lived = self.lived.plus(ahead.min(DAY));
        }
        let steady = |jumped| self.lived.since(jumped) >= STEADY;
        if self.jumped.is_none_or(steady) {
            self.jumped = None;
            self.believed = now;
        }
    }

    /// Writes them durably once a day, and after a jump. A crash loses less than that, and nothing that matters.
    pub(crate) fn keep(&mut self, disk: &dyn Disk) -> io::Result<()> {
        if self.kept.is_some() && self.kept == self.lived.day() {
            return Ok(());
        }
        let mut record = Writer::new(KIND);
        for time in [self.seen, self.believed, self.lived] {
            record.u64(time.get());
        }
        record.flag(self.jumped.is_some());
        record.u64(self.jumped.map_or(0, UnixSeconds::get));
        disk::replace_whole(disk, &place(), &record.finish())?;
        self.kept = self.lived.day();
        Ok(())
    }

    /// What the clock shows.
    pub(crate) const fn now(&self) -> UnixSeconds {
        self.seen
    }

    /// The day that has a date, as far as the clock is believed.
    pub(crate) fn believed(&self) -> Option<Day> {
        self.believed.day()
    }

    /// Whether the clock has jumped and is not believed yet.
    pub(crate) const fn jumped(&self) -> bool {
        self.jumped.is_some()
    }

    /// The time that the store has lived through.
    pub(crate) const fn lived(&self) -> UnixSeconds {
        self.lived
    }

    /// A moment of the time lived through by the clock, to a day.
    pub(crate) fn by_clock(&self, moment: UnixSeconds) -> UnixSeconds {
        let days = |seconds: u64| {
            let half = seconds.saturating_add(DAY / 2);
            half.saturating_sub(half.checked_rem(DAY).unwrap_or(0))
        };
        let ahead = days(self.seen.since(self.lived));
        let behind = days(self.lived.since(self.seen));
        UnixSeconds::new(moment.plus(ahead).get().saturating_sub(behind))
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes, KIND)?;
        let mut time = || input.u64().map(UnixSeconds::new);
        let (seen, believed, lived) = (time()?, time()?, time()?);
        let jumped = input.flag()?;
        let since = UnixSeconds::new(input.u64()?);
        input.end()?;
        Some(Self {
            seen,
            believed,
            lived,
            jumped: jumped.then_some(since),
            kept: lived.day(),
        })
    }
}

/// What the clock showed when a store last noted it, by whichever server.
pub(crate) fn noted(disk: &dyn Disk) -> io::Result<Option<UnixSeconds>> {
    let bytes = disk::read_if_there(disk, &place(), MOST_RECORD_BYTES)?;
    Ok(bytes
        .and_then(|bytes| Times::decode(&bytes))
        .map(|times| times.seen))
}

fn place() -> Place {
    Place::top("lived")
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers in a test")]
mod tests {
    use super::*;
    use crate::forge::store;

    const fn at(day: u64, seconds: u64) -> UnixSeconds {
        UnixSeconds::new((20_000 + day) * DAY + seconds)
    }

    fn date(day: u64) -> Option<Day> {
        at(day, 0).day()
    }

    #[test]
    fn a_clock_that_goes_right_is_believed_and_all_of_it_is_lived_through() {
        let (_folder, disk) = store();
        let mut times = Times::open(&disk, at(0, 7)).unwrap();
        for day in 1..200 {
            times.advance(at(day, 7));
            assert_eq!((times.lived(), times.believed()), (at(day, 7), date(day)));
        }
    }

    #[test]
    fn a_jump_moves_neither_the_time_lived_through_nor_the_day_and_nothing_is_made_up_for_it() {
        let (_folder, disk) = store();
        let mut times = Times::open(&disk, at(0, 0)).unwrap();
        times.advance(at(0, 60));
        for wrong in [at(100, 60), at(0, 120), at(9_000, 0), at(0, 180)] {
            times.advance(wrong);
            assert_eq!((times.now(), times.believed()), (wrong, date(0)));
            assert!(times.jumped());
            assert_eq!(times.lived(), at(0, 60));
        }
        times.advance(at(0, 240));
        assert_eq!(times.lived(), at(0, 120));
    }

    #[test]
    fn a_clock_that_stays_where_it_jumped_is_believed_a_day_later_whatever_starts_come_between() {
        let (_folder, disk) = store();
        let mut times = Times::open(&disk, at(0, 0)).unwrap();
        for hour in 0..24 {
            times.advance(at(100, hour * 3_600));
            times.keep(&disk).unwrap();
            assert_eq!(times.believed(), date(0), "{hour}");
            times = Times::open(&disk, at(100, hour * 3_600 + 1)).unwrap();
        }
        times.advance(at(101, 0));
        assert_eq!((times.lived(), times.believed()), (at(1, 0), date(101)));
        assert!(!times.jumped());
        assert_eq!(noted(&disk).unwrap(), Some(at(100, 0)));
    }

    #[test]
    fn a_start_goes_on_where_the_store_was_and_a_month_in_a_drawer_counts_nothing() {
        let (_folder, disk) = store();
        Times::open(&disk, at(0, 0)).unwrap();
        // A night.
        let times = Times::open(&disk, at(0, 30_000)).unwrap();
        assert_eq!((times.lived(), times.believed()), (at(0, 30_000), date(0)));
        let mut times = Times::open(&disk, at(30, 0)).unwrap();
        assert_eq!((times.lived(), times.believed()), (at(0, 0), date(0)));
        times.advance(at(31, 0));
        assert_eq!((times.lived(), times.believed()), (at(1, 0), date(31)));
        // What is told to senders is by their clock.
        assert_eq!(times.by_clock(at(15, 0)), at(45, 0));
    }

    #[test]
    fn a_record_that_is_damaged_begins_anew() {
        let (_folder, disk) = store();
        Times::open(&disk, at(0, 0)).unwrap();
        disk::replace_whole(&disk, &place(), b"nonsense").unwrap();
        let times = Times::open(&disk, at(50, 0)).unwrap();
        assert_eq!((times.lived(), times.believed()), (at(50, 0), date(50)));
    }
}
