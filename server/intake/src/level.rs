//! The times of files, made alike.
//!
//! A file system keeps for each file when it was written, read and changed. The first two can be
//! set, and setting them makes the third the time of doing so. Done for everything that has arrived
//! and cannot be seen yet, in one pass and in an order that says nothing, it leaves one moment for
//! all of them. It is done by the clock and not when something arrives, or it would tell just that.

use core::time::Duration;
use std::io;
use std::sync::Mutex;

use rand_core::CryptoRng;

use crate::clock::UnixSeconds;
use crate::commit;
use crate::disk::{self, Disk, Place};
use crate::pool;
use crate::shelf::shuffle;
use crate::uploads::lock;

/// The time of access and of writing of everything that was levelled: none.
const NO_TIME: UnixSeconds = UnixSeconds::new(0);

/// When everything was levelled last.
#[derive(Debug, Default)]
pub(crate) struct Levels(Mutex<Option<UnixSeconds>>);

impl Levels {
    /// Whether it is time to do it again, which is then taken for done.
    pub(crate) fn due(&self, now: UnixSeconds, pause: Duration) -> bool {
        let mut last = lock(&self.0);
        // A clock that was set back must not put it off.
        let soon = |last: UnixSeconds| last <= now && now.since(last) < pause.as_secs();
        if last.is_some_and(soon) {
            return false;
        }
        *last = Some(now);
        true
    }
}

/// Levels all uploads, all drops that wait, what was set aside, and the folders that hold them.
pub(crate) fn store(disk: &dyn Disk, rng: &mut impl CryptoRng) -> io::Result<()> {
    let rooms = [commit::incoming(), commit::drops(), pool::spent()];
    let mut all = Vec::new();
    for room in &rooms {
        let names = disk
            .list(room)
            .or_else(|error| passable(error).map(|()| Vec::new()))?;
        all.extend(names.into_iter().map(|name| room.join(name)));
    }
    shuffle(&mut all, rng);
    for place in &all {
        tree(disk, place)?;
    }
    let others = [
        commit::shelf(),
        commit::trash(),
        pool::pool(),
        Place::root(),
    ];
    for place in rooms.iter().chain(&others) {
        one(disk, place)?;
    }
    Ok(())
}

/// Levels an upload or a drop with all that lies in it.
pub(crate) fn tree(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    match disk.list(place) {
        Ok(names) => {
            for name in names {
                tree(disk, &place.join(name))?;
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {}
        Err(error) => passable(error)?,
    }
    one(disk, place)
}

/// Levels one file or folder.
pub(crate) fn one(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    disk.set_time(place, NO_TIME).or_else(passable)
}

/// What has gone meanwhile needs no time, and what the store did not put there stops nothing.
fn passable(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Ok(()),
        _ if disk::is_unreadable(&error) => Ok(()),
        _ => Err(error),
    }
}

/// Goes on after an error: no drop waits for its times.
pub(crate) fn told(done: io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!("the times of some files were not made alike: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_made_alike_by_the_clock_alone_and_a_clock_that_is_set_back_puts_nothing_off() {
        let levels = Levels::default();
        let pause = Duration::from_secs(60);
        let at = |second| levels.due(UnixSeconds::new(second), pause);
        assert_eq!(
            [1_000, 1_059, 1_060, 1_061].map(at),
            [true, false, true, false]
        );
        assert_eq!([10, 11].map(at), [true, false]);
    }
}
