//! How many epochs a vault is made for, and when they are.

use core::fmt;

use knothole_envelope::{Day, EpochNumber, MOST_CARD_EPOCHS, MOST_EPOCH_DAYS};

/// The epochs that a vault is made for: at least one, and all of them before the end of all days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    first_epoch: EpochNumber,
    first_day: Day,
    days: u32,
    epochs: u32,
}

/// The epochs cannot be as they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// None, or too many.
    Epochs,
    /// An epoch of no day, or of too many.
    Days,
    /// The last one ends after the year 9999, or its number is too large.
    End,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epochs => write!(f, "a vault is made for 1 to {MOST_CARD_EPOCHS} epochs"),
            Self::Days => write!(f, "an epoch runs for 1 to {MOST_EPOCH_DAYS} days"),
            Self::End => f.write_str("the last epoch would end after the year 9999"),
        }
    }
}

impl core::error::Error for PlanError {}

impl Plan {
    /// So many epochs of so many days each, the first of them number 1, from `first_day` on.
    ///
    /// # Errors
    /// [`PlanError`] says what cannot be.
    pub fn new(epochs: u32, first_day: Day, days: u32) -> Result<Self, PlanError> {
        if !usize::try_from(epochs).is_ok_and(|epochs| (1..=MOST_CARD_EPOCHS).contains(&epochs)) {
            return Err(PlanError::Epochs);
        }
        if !(1..=MOST_EPOCH_DAYS).contains(&days) {
            return Err(PlanError::Days);
        }
        let first_epoch = EpochNumber::new(1).ok_or(PlanError::End)?;
        Self {
            first_epoch,
            first_day,
            days,
            epochs,
        }
        .ending()
    }

    /// The same days, with another number for the first epoch: for an editor who comes later.
    ///
    /// # Errors
    /// [`PlanError::End`] when the last number would be too large.
    pub fn numbered_from(self, first_epoch: EpochNumber) -> Result<Self, PlanError> {
        Self {
            first_epoch,
            ..self
        }
        .ending()
    }

    /// The same epochs, and so many more after them.
    ///
    /// # Errors
    /// [`PlanError`] when there would be too many.
    pub fn extended(self, more: u32) -> Result<Self, PlanError> {
        let epochs = self.epochs.checked_add(more).ok_or(PlanError::Epochs)?;
        Self::new(epochs, self.first_day, self.days)?.numbered_from(self.first_epoch)
    }

    /// The first and the last day of an epoch; nothing when it is none of these.
    #[must_use]
    pub fn days_of(&self, epoch: EpochNumber) -> Option<(Day, Day)> {
        let place = epoch.get().checked_sub(self.first_epoch.get())?;
        let (_, first, last) = (place < self.epochs).then(|| self.at(place))??;
        Some((first, last))
    }

    /// The numbers of the epochs, in their order.
    pub fn numbers(&self) -> impl Iterator<Item = EpochNumber> {
        (0..self.epochs).filter_map(|place| self.first_epoch.checked_add(place))
    }

    fn ending(self) -> Result<Self, PlanError> {
        let last = self.epochs.checked_sub(1).and_then(|last| self.at(last));
        last.map(|_| self).ok_or(PlanError::End)
    }

    /// The number of the first epoch.
    #[must_use]
    pub const fn first_epoch(&self) -> EpochNumber {
        self.first_epoch
    }

    /// The first day of the first epoch.
    #[must_use]
    pub const fn first_day(&self) -> Day {
        self.first_day
    }

    /// How many days an epoch runs.
    #[must_use]
    pub const fn days(&self) -> u32 {
        self.days
    }

    /// How many epochs there are.
    #[must_use]
    pub const fn epochs(&self) -> u32 {
        self.epochs
    }

    /// The number of the last epoch.
    #[must_use]
    pub fn last_epoch(&self) -> EpochNumber {
        self.numbers().last().unwrap_or(self.first_epoch)
    }

    /// The number, first and last day of the epoch in this place, counted from 0.
    pub(super) fn at(&self, place: u32) -> Option<(EpochNumber, Day, Day)> {
        let epoch = self.first_epoch.checked_add(place)?;
        let first = self.first_day.checked_add(place.checked_mul(self.days)?)?;
        let last = first.checked_add(self.days.checked_sub(1)?)?;
        Some((epoch, first, last))
    }

    /// The place of an epoch, counted from 0.
    pub(super) fn place(&self, epoch: EpochNumber) -> Option<usize> {
        let place = epoch.get().checked_sub(self.first_epoch.get())?;
        (place < self.epochs).then(|| usize::try_from(place).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> Day {
        Day::new(day).unwrap()
    }

    #[test]
    fn plans_at_their_bounds_are_taken_and_those_one_past_are_not() {
        assert!(Plan::new(1, day(0), 1).is_ok());
        assert!(Plan::new(520, day(0), 92).is_ok());
        assert_eq!(Plan::new(0, day(0), 7), Err(PlanError::Epochs));
        assert_eq!(Plan::new(521, day(0), 7), Err(PlanError::Epochs));
        assert_eq!(Plan::new(1, day(0), 0), Err(PlanError::Days));
        assert_eq!(Plan::new(1, day(0), 93), Err(PlanError::Days));
        assert!(Plan::new(1, day(2_932_890), 7).is_ok());
        assert_eq!(Plan::new(1, day(2_932_891), 7), Err(PlanError::End));
        let two = Plan::new(2, day(0), 7).unwrap();
        assert!(
            two.numbered_from(EpochNumber::new(u32::MAX - 1).unwrap())
                .is_ok()
        );
        let last = EpochNumber::new(u32::MAX).unwrap();
        assert_eq!(two.numbered_from(last), Err(PlanError::End));
    }

    #[test]
    fn epochs_follow_each_other_day_by_day() {
        let plan = Plan::new(3, day(100), 7).unwrap();
        let days = |place| {
            plan.at(place)
                .map(|(epoch, first, last)| (epoch.get(), first.get(), last.get()))
        };
        assert_eq!(days(0), Some((1, 100, 106)));
        assert_eq!(days(2), Some((3, 114, 120)));
        let place = |epoch| plan.place(EpochNumber::new(epoch).unwrap());
        assert_eq!([place(1), place(3), place(4)], [Some(0), Some(2), None]);
        let more = plan.extended(2).unwrap();
        assert_eq!(
            more.numbers().map(EpochNumber::get).collect::<Vec<_>>(),
            [1, 2, 3, 4, 5]
        );
        assert_eq!(more.at(2), plan.at(2));
        assert_eq!(plan.extended(518), Err(PlanError::Epochs));
    }
}
