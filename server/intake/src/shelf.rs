//! The batch boundary: what arrived in an earlier batch becomes visible, all at once and in an
//! order that says nothing; a batch later its URL is forgotten.

mod visible;

use std::io;

use knothole_envelope::DropId;
use rand_core::CryptoRng;

pub(crate) use visible::{Shelf, Visible};

use crate::clock::BatchNumber;
use crate::commit;
use crate::disk::{self, Disk, Name, Place};
use crate::level;
use crate::record::{MOST_RECORD_BYTES, Manifest, Reader, UrlHash, Writer};

/// The record of the last boundary, among the store's records.
const KIND: u8 = 5;
/// A clock may step back a little over a boundary. Further back is another clock.
const BATCHES_AHEAD: u64 = 1;
/// A drop's URL is known until so many boundaries have passed.
pub(crate) const REMEMBERED: u64 = 2;

/// What a boundary changed.
#[derive(Debug, Default)]
pub(crate) struct Turned {
    /// Drops that became visible.
    pub(crate) moved: usize,
    /// Drops that wait for the next boundary.
    pub(crate) waiting: usize,
    /// Finished drops that do not verify. They stay where they are.
    pub(crate) damaged: usize,
    /// URLs that the store does not know any more.
    pub(crate) forgotten: Vec<UrlHash>,
    /// Whether a boundary has passed since the last turn.
    pub(crate) passed: bool,
}

/// Puts on the shelf what was finished in an earlier batch than `now`, and removes the links of
/// what was finished two boundaries ago or earlier.
///
/// A drop that came by form has no link and so no batch of its own: it is from an earlier batch if
/// a boundary has passed since the last turn. That is why the last turn is recorded, and last of
/// all: a turn that was cut off is done again by the next one.
pub(crate) fn turn(
    disk: &dyn Disk,
    now: BatchNumber,
    rng: &mut impl CryptoRng,
) -> io::Result<Turned> {
    let last = last_turn(disk)?;
    let mut turned = Turned {
        passed: last != Some(now),
        ..Turned::default()
    };
    let due = due(disk, now, last, &mut turned)?;
    move_to_shelf(disk, due, rng, &mut turned)?;
    for room in [commit::shelf(), commit::drops()] {
        forget_links(disk, &room, now, rng, &mut turned)?;
    }
    if turned.passed {
        level_folders(disk, rng)?;
    }
    if turned.passed {
        let mut record = Writer::new(KIND);
        record.u64(now.0);
        match disk::replace_whole(disk, &turned_place(), &record.finish()) {
            // The next boundary does this one again, which changes nothing.
            Err(error) if disk::is_full(&error) => {
                tracing::warn!("a batch boundary was not noted: {error}");
            }
            noted => noted?,
        }
    }
    Ok(turned)
}

/// The drops that are to become visible.
fn due(
    disk: &dyn Disk,
    now: BatchNumber,
    last: Option<BatchNumber>,
    turned: &mut Turned,
) -> io::Result<Vec<Name>> {
    let mut due = Vec::new();
    for name in disk.list(&commit::drops())? {
        let folder = commit::drops().join(name.clone());
        if whole(disk, &folder, &name)?.is_none() {
            turned.damaged = turned.damaged.saturating_add(1);
            continue;
        }
        let link = unless_unreadable(commit::link(disk, &folder))?.flatten();
        let batch = link.map(|link| link.batch).or(last);
        if batch.is_none_or(|batch| boundaries(batch, now) >= 1) {
            due.push(name);
        } else {
            turned.waiting = turned.waiting.saturating_add(1);
        }
    }
    Ok(due)
}

/// Moves in one pass, in which the times that the file system keeps become alike, and shuffled, so
/// that their order is not that of arrival.
fn move_to_shelf(
    disk: &dyn Disk,
    mut due: Vec<Name>,
    rng: &mut impl CryptoRng,
    turned: &mut Turned,
) -> io::Result<()> {
    shuffle(&mut due, rng);
    for name in due {
        let from = commit::drops().join(name.clone());
        // Before it is moved: once it lies on the shelf, nobody looks after its files.
        level::told(level::tree(disk, &from));
        match disk.rename_new(&from, &commit::shelf().join(name)) {
            Ok(()) => turned.moved = turned.moved.saturating_add(1),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                turned.damaged = turned.damaged.saturating_add(1);
            }
            Err(error) => return Err(error),
        }
    }
    // Even if it moved nothing: an earlier turn may have failed between the two.
    disk.sync_folder(&commit::shelf())?;
    disk.sync_folder(&commit::drops())
}

fn forget_links(
    disk: &dyn Disk,
    room: &Place,
    now: BatchNumber,
    rng: &mut impl CryptoRng,
    turned: &mut Turned,
) -> io::Result<()> {
    let mut names = disk.list(room)?;
    shuffle(&mut names, rng);
    for name in names {
        let folder = room.join(name);
        let Some(link) = unless_unreadable(commit::link(disk, &folder))?.flatten() else {
            continue;
        };
        if boundaries(link.batch, now) >= REMEMBERED {
            disk::remove_if_there(disk, &commit::link_place(&folder))?;
            disk.sync_folder(&folder)?;
            turned.forgotten.push(link.url);
        }
    }
    Ok(())
}

/// Some folders were moved, and some lost a link, which what came by form never had: all of them get
/// their times anew.
fn level_folders(disk: &dyn Disk, rng: &mut impl CryptoRng) -> io::Result<()> {
    let mut names = disk.list(&commit::shelf())?;
    shuffle(&mut names, rng);
    for name in names {
        level::told(level::one(disk, &commit::shelf().join(name)));
    }
    Ok(())
}

/// The boundaries between a batch and now. A batch far in the future was counted by a clock that
/// was wrong then: its drops must not wait for that day.
pub(crate) const fn boundaries(batch: BatchNumber, now: BatchNumber) -> u64 {
    if batch.0 > now.plus(BATCHES_AHEAD).0 {
        u64::MAX
    } else {
        now.0.saturating_sub(batch.0)
    }
}

/// The name and the manifest of a finished drop, if it has every byte that it should have.
fn whole(disk: &dyn Disk, folder: &Place, name: &Name) -> io::Result<Option<(DropId, Manifest)>> {
    let Ok(id) = name.as_str().parse::<DropId>() else {
        return Ok(None);
    };
    let Some(manifest) = manifest(disk, folder)? else {
        return Ok(None);
    };
    let verifies = unless_unreadable(commit::verifies(disk, folder, &manifest))?;
    Ok(verifies.unwrap_or_default().then_some((id, manifest)))
}

/// `None` for what the store did not put there; one such thing must not stop the others.
pub(crate) fn unless_stray<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::FileTooLarge
            | io::ErrorKind::UnexpectedEof => Ok(None),
            _ => Err(error),
        },
    }
}

/// The same for what the disk cannot give any more, or not to the store.
pub(crate) fn unless_unreadable<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Err(error) if disk::is_unreadable(&error) => Ok(None),
        read => unless_stray(read),
    }
}

/// The manifest of a finished drop, whether or not all its bytes are there.
pub(crate) fn manifest(disk: &dyn Disk, folder: &Place) -> io::Result<Option<Manifest>> {
    Ok(unless_unreadable(commit::finished(disk, folder))?.flatten())
}

fn turned_place() -> Place {
    Place::top("turned")
}

fn last_turn(disk: &dyn Disk) -> io::Result<Option<BatchNumber>> {
    let read = disk::read_if_there(disk, &turned_place(), MOST_RECORD_BYTES);
    let bytes = unless_stray(read)?.flatten();
    Ok(bytes.and_then(|bytes| {
        let mut input = Reader::new(&bytes, KIND)?;
        let batch = BatchNumber(input.u64()?);
        input.end().map(|()| batch)
    }))
}

/// Fisher and Yates's shuffle, without the bias of a remainder.
pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut impl CryptoRng) {
    for last in (1..items.len()).rev() {
        let choices = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        let unfair = u64::MAX.checked_rem(choices).unwrap_or_default();
        let choice = loop {
            let number = rng.next_u64();
            if number < u64::MAX.saturating_sub(unfair) {
                break number.checked_rem(choices).unwrap_or_default();
            }
        };
        items.swap(last, usize::try_from(choice).unwrap_or(last));
    }
}

#[cfg(test)]
mod cuts;
#[cfg(test)]
mod tests;
