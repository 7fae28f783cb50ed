//! Time as the store sees it: seconds, days and batches, handed in from outside.

use core::fmt;
use core::num::NonZeroU64;
use core::time::Duration;

use knothole_envelope::Day;

/// Seconds in a day.
pub(crate) const DAY: u64 = 86_400;

/// Seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSeconds(u64);

impl UnixSeconds {
    /// Takes the number as it is.
    #[must_use]
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The system's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock"
    )]
    pub fn from_system() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.unwrap_or_default().as_secs())
    }

    /// The day, which ends at some point in the far future.
    pub(crate) fn day(self) -> Option<Day> {
        Day::from_unix_seconds(self.0)
    }

    /// The seconds from an earlier moment to this one.
    pub(crate) const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// So much later.
    pub(crate) const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The first second of the next day, so that the hour is not told.
    pub(crate) const fn rounded_up_to_day(self) -> Self {
        Self(self.0.div_ceil(DAY).saturating_mul(DAY))
    }
}

/// How long arrivals wait for each other before the newsroom may see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch(NonZeroU64);

impl Batch {
    /// A day: the default.
    pub const DAY: Self = Self(match NonZeroU64::new(DAY) {
        Some(seconds) => seconds,
        None => NonZeroU64::MIN,
    });

    /// An hour or more.
    #[must_use]
    pub fn at_least_an_hour(length: Duration) -> Option<Self> {
        NonZeroU64::new(length.as_secs())
            .filter(|seconds| seconds.get() >= 3_600)
            .map(Self)
    }

    /// Any number of whole seconds from one on. A short batch tells when a drop came: for tests.
    #[must_use]
    pub fn danger(length: Duration) -> Option<Self> {
        NonZeroU64::new(length.as_secs()).map(Self)
    }

    /// The length.
    #[must_use]
    pub const fn length(self) -> Duration {
        Duration::from_secs(self.0.get())
    }

    /// The number of the batch that this second lies in.
    pub(crate) const fn number(self, now: UnixSeconds) -> BatchNumber {
        // The divisor is never zero.
        match now.0.checked_div(self.0.get()) {
            Some(number) => BatchNumber(number),
            None => BatchNumber(0),
        }
    }
}

/// The number of a batch, counted from 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchNumber(pub(crate) u64);

impl BatchNumber {
    /// So many batches later.
    pub(crate) const fn plus(self, batches: u64) -> Self {
        Self(self.0.saturating_add(batches))
    }
}

/// A moment as HTTP writes it (RFC 9110 §5.6.7, IMF-fixdate).
pub(crate) struct HttpDate(pub(crate) UnixSeconds);

impl fmt::Display for HttpDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let seconds = self.0.0;
        let days = seconds.div_euclid(DAY);
        let of_day = seconds.rem_euclid(DAY);
        // `Day` writes the date in full: year, month and day of the month.
        let date = self.0.day().map(|day| day.to_string()).unwrap_or_default();
        let mut parts = date.rsplitn(3, '-');
        let (day, month, year) = (parts.next(), parts.next(), parts.next());
        let (Some(day), Some(month), Some(year)) = (day, month, year) else {
            return Err(fmt::Error);
        };
        let weekday = usize::try_from(days.rem_euclid(7))
            .ok()
            .and_then(|day| DAYS.get(day));
        let month = month
            .parse::<usize>()
            .ok()
            .and_then(|month| MONTHS.get(month.saturating_sub(1)));
        let (Some(weekday), Some(month)) = (weekday, month) else {
            return Err(fmt::Error);
        };
        let hour = of_day.div_euclid(3_600);
        let minute = of_day.div_euclid(60).rem_euclid(60);
        let second = of_day.rem_euclid(60);
        write!(
            f,
            "{weekday}, {day} {month} {year} {hour:02}:{minute:02}:{second:02} GMT"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_http_writes_it() {
        // The example of RFC 9110 §5.6.7.
        let date = HttpDate(UnixSeconds::new(784_111_777)).to_string();
        assert_eq!(date, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            HttpDate(UnixSeconds::new(0)).to_string(),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    #[test]
    fn an_expiry_tells_the_day_and_not_the_hour() {
        assert_eq!(
            UnixSeconds::new(1).rounded_up_to_day(),
            UnixSeconds::new(DAY)
        );
        assert_eq!(
            UnixSeconds::new(DAY).rounded_up_to_day(),
            UnixSeconds::new(DAY)
        );
    }

    #[test]
    fn a_batch_below_an_hour_is_had_only_by_its_dangerous_name() {
        assert!(Batch::at_least_an_hour(Duration::from_secs(3_599)).is_none());
        assert!(Batch::at_least_an_hour(Duration::from_secs(3_600)).is_some());
        assert!(Batch::danger(Duration::from_millis(999)).is_none());
        assert!(Batch::danger(Duration::from_secs(1)).is_some());
    }

    #[test]
    fn batches_depend_on_the_clock_alone() {
        let batch = Batch::DAY;
        assert_eq!(batch.number(UnixSeconds::new(DAY - 1)), BatchNumber(0));
        assert_eq!(batch.number(UnixSeconds::new(DAY)), BatchNumber(1));
    }
}
