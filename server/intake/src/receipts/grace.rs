//! How long a drop stays after it was signed off, counted in whole days.

use core::time::Duration;
use std::collections::HashSet;
use std::io;

use knothole_envelope::Day;

use crate::clock;
use crate::commit;
use crate::disk::{self, Disk, Name, Place};
use crate::record::{MOST_RECORD_BYTES, Reader, Writer};
use crate::shelf::unless_stray;

/// The record of the day on which a receipt came, among the store's records.
const KIND: u8 = 8;

/// The days for which a drop is still there after its receipt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grace(u32);

impl Grace {
    /// So many days, begun ones counted.
    pub(crate) fn of(time: Duration) -> Self {
        let days = time.as_secs().div_ceil(clock::DAY);
        Self(u32::try_from(days).unwrap_or(u32::MAX))
    }

    /// Whether it is over. The day on which the receipt came does not count: nobody may have had
    /// all of it. None at all is over at once.
    fn is_over(self, came: Day, today: Day) -> bool {
        self.0 == 0 || today.since(came).is_some_and(|days| days > self.0)
    }
}

/// The days on which receipts came whose drops are still there. A day, not an hour.
#[derive(Debug)]
pub(super) struct Marks(HashSet<Name>);

impl Marks {
    pub(super) fn open(disk: &dyn Disk) -> io::Result<Self> {
        disk::ensure_folder(disk, &folder())?;
        let names = disk.list(&folder())?;
        Ok(Self(names.into_iter().collect()))
    }

    /// Writes durably that the receipt of this name came today.
    pub(super) fn write(&self, disk: &dyn Disk, name: &Name, today: Day) -> io::Result<()> {
        let mut record = Writer::new(KIND);
        record.u64(u64::from(today.get()));
        let place = folder().join(name.clone());
        disk::remove_if_there(disk, &place)?;
        disk::create_whole(disk, &place, &record.finish())?;
        disk.sync_folder(&folder())?;
        disk.sync_folder(&Place::root())
    }

    /// Whether the grace of this receipt is over. One whose day is lost begins anew: to be late is
    /// harmless.
    pub(super) fn is_over(
        &self,
        disk: &dyn Disk,
        name: &Name,
        grace: Grace,
        today: Day,
    ) -> io::Result<bool> {
        let came = match read(disk, name)? {
            Some(came) => came,
            None => {
                self.write(disk, name, today)?;
                today
            }
        };
        Ok(grace.is_over(came, today))
    }

    /// Forgets the days of receipts whose drops have gone, or that are worth nothing.
    pub(super) fn forget(&self, disk: &dyn Disk, names: &[Name]) -> io::Result<()> {
        let held: Vec<_> = names.iter().filter(|name| self.0.contains(*name)).collect();
        if held.is_empty() {
            return Ok(());
        }
        // A drop that came back with the power would begin its grace anew.
        disk.sync_folder(&commit::shelf())?;
        for name in held {
            disk::remove_if_there(disk, &folder().join(name.clone()))?;
        }
        disk.sync_folder(&folder())
    }
}

/// The day of each receipt that is marked.
pub(super) fn days(disk: &dyn Disk) -> io::Result<Vec<(Name, Day)>> {
    let names = match disk.list(&folder()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names?,
    };
    let mut days = Vec::new();
    for name in names {
        days.extend(read(disk, &name)?.map(|day| (name, day)));
    }
    Ok(days)
}

fn read(disk: &dyn Disk, name: &Name) -> io::Result<Option<Day>> {
    let place = folder().join(name.clone());
    let bytes = unless_stray(disk::read_if_there(disk, &place, MOST_RECORD_BYTES))?.flatten();
    Ok(bytes.and_then(|bytes| {
        let mut input = Reader::new(&bytes, KIND)?;
        let day = Day::new(u32::try_from(input.u64()?).ok()?)?;
        input.end().map(|()| day)
    }))
}

fn folder() -> Place {
    Place::top("grace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_counts_whole_days_and_not_the_one_on_which_the_receipt_came() {
        let day = |number| Day::new(number).unwrap();
        let week = Grace::of(Duration::from_secs(7 * clock::DAY));
        assert!(!week.is_over(day(100), day(107)));
        assert!(week.is_over(day(100), day(108)));
        // A clock that was ahead when it came.
        assert!(!week.is_over(day(100), day(90)));
        assert_eq!(Grace::of(Duration::from_secs(1)), Grace(1));
        assert!(Grace::of(Duration::ZERO).is_over(day(100), day(100)));
    }
}
