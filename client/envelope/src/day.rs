//! Days, epochs and quorums: the small numbers of the newsroom.

use core::fmt;
use core::num::NonZeroU32;
use core::str::FromStr;

use crate::cbor::{Cbor, DecodeError, Reader, Writer};

const SECONDS_PER_DAY: u64 = 86_400;
/// 9999-12-31: later days have no four-digit year.
const LAST_DAY: u32 = 2_932_896;

/// A day in UTC, counted from 1970-01-01. Nothing in the formats is finer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u32);

impl Day {
    /// The first one, 1970-01-01.
    pub const FIRST: Self = Self(0);

    /// The day with this number, to the end of the year 9999.
    #[must_use]
    pub fn new(days: u32) -> Option<Self> {
        (days <= LAST_DAY).then_some(Self(days))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The day in which this second of Unix time lies.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Option<Self> {
        let days = seconds.checked_div(SECONDS_PER_DAY)?;
        u32::try_from(days).ok().and_then(Self::new)
    }

    /// So many days later.
    #[must_use]
    pub fn checked_add(self, days: u32) -> Option<Self> {
        self.0.checked_add(days).and_then(Self::new)
    }

    /// So many days earlier.
    #[must_use]
    pub fn checked_sub(self, days: u32) -> Option<Self> {
        self.0.checked_sub(days).map(Self)
    }

    /// Days from `earlier` to this day; nothing when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Option<u32> {
        self.0.checked_sub(earlier.0)
    }
}

/// Year, month and day of a day number (proleptic Gregorian, years from March).
fn civil(days: u32) -> Option<(u32, u32, u32)> {
    let shifted = days.checked_add(719_468)?;
    let era = shifted.checked_div(146_097)?;
    let of_era = shifted.checked_rem(146_097)?;
    let leaps = (of_era / 1_460)
        .checked_add(of_era / 146_096)?
        .checked_sub(of_era / 36_524)?;
    let year_of_era = of_era.checked_sub(leaps)? / 365;
    let before = year_of_era
        .checked_mul(365)?
        .checked_add(year_of_era / 4)?
        .checked_sub(year_of_era / 100)?;
    let of_year = of_era.checked_sub(before)?;
    let from_march = of_year.checked_mul(5)?.checked_add(2)? / 153;
    let to_month = from_march.checked_mul(153)?.checked_add(2)? / 5;
    let day = of_year.checked_sub(to_month)?.checked_add(1)?;
    let (month, carry) = if from_march < 10 {
        (from_march.checked_add(3)?, 0)
    } else {
        (from_march.checked_sub(9)?, 1)
    };
    let year = era
        .checked_mul(400)?
        .checked_add(year_of_era)?
        .checked_add(carry)?;
    Some((year, month, day))
}

/// The day number of a date from 1970 on, if that date exists.
fn number(year: u32, month: u32, day: u32) -> Option<u32> {
    let (year_from_march, month_from_march) = if month > 2 {
        (year, month.checked_sub(3)?)
    } else {
        (year.checked_sub(1)?, month.checked_add(9)?)
    };
    let era = year_from_march / 400;
    let of_era = year_from_march % 400;
    let of_year = (month_from_march.checked_mul(153)?.checked_add(2)? / 5)
        .checked_add(day)?
        .checked_sub(1)?;
    let days = of_era
        .checked_mul(365)?
        .checked_add(of_era / 4)?
        .checked_sub(of_era / 100)?
        .checked_add(of_year)?;
    let number = era
        .checked_mul(146_097)?
        .checked_add(days)?
        .checked_sub(719_468)?;
    (civil(number)? == (year, month, day)).then_some(number)
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil(self.0).ok_or(fmt::Error)?;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The text is not a date such as 2026-11-24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayError;

impl fmt::Display for DayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a date from 1970 on, as in 2026-11-24")
    }
}

impl core::error::Error for DayError {}

impl FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| -> Option<u32> {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse().ok())?
        };
        let date = (part(4), part(2), part(2));
        let (Some(year), Some(month), Some(day)) = date else {
            return Err(DayError);
        };
        if parts.next().is_some() {
            return Err(DayError);
        }
        number(year, month, day).and_then(Self::new).ok_or(DayError)
    }
}

impl Cbor for Day {
    fn write(&self, out: &mut Writer) {
        out.unsigned(u64::from(self.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u32::try_from(input.unsigned()?)
            .ok()
            .and_then(Self::new)
            .ok_or(DecodeError::Value("a day"))
    }
}

/// The number of an epoch, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpochNumber(NonZeroU32);

impl EpochNumber {
    /// The epoch with this number; there is no epoch 0.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The epoch so many places later.
    #[must_use]
    pub fn checked_add(self, epochs: u32) -> Option<Self> {
        self.0.checked_add(epochs).map(Self)
    }
}

impl fmt::Display for EpochNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Cbor for EpochNumber {
    fn write(&self, out: &mut Writer) {
        out.unsigned(u64::from(self.get()));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u32::try_from(input.unsigned()?)
            .ok()
            .and_then(Self::new)
            .ok_or(DecodeError::Value("the number of an epoch"))
    }
}

/// How many editors it takes: 1 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quorum(u8);

impl Quorum {
    /// One editor suffices.
    pub const ONE: Self = Self(1);

    /// A quorum of 1 to 8.
    #[must_use]
    pub fn new(editors: u8) -> Option<Self> {
        (1..=8).contains(&editors).then_some(Self(editors))
    }

    /// The number of editors.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether so many editors suffice.
    #[must_use]
    pub fn met_by(self, editors: usize) -> bool {
        editors >= usize::from(self.0)
    }
}

impl fmt::Display for Quorum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Cbor for Quorum {
    fn write(&self, out: &mut Writer) {
        out.unsigned(u64::from(self.0));
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u8::try_from(input.unsigned()?)
            .ok()
            .and_then(Self::new)
            .ok_or(DecodeError::Value("the quorum"))
    }
}

#[cfg(test)]
mod tests;
