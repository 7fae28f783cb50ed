//! What the newsroom has signed off: drops that were opened or refused, and epochs that were
//! burned. Nothing else in this crate removes a finished drop, and this only when a grace is over.

mod grace;

use std::collections::HashSet;
use std::io;

use knothole_envelope::{Day, DropId, EpochNumber, Receipt, Signed, VerifiedChain};

pub(crate) use self::grace::Grace;
use self::grace::Marks;
use crate::commit;
use crate::disk::{self, Disk, Name, Place};
use crate::newsroom::PushError;
use crate::record::Manifest;
use crate::segments;
use crate::settings::{MOST_RECEIPT_BYTES, MOST_RECEIPTS};
use crate::shelf::{Shelf, manifest, unless_stray, unless_unreadable};

/// Receipts all of which enough editors of the current charter have signed.
#[derive(Debug)]
pub(crate) struct Receipts(Vec<(Receipt, Signed<Receipt>)>);

impl Receipts {
    /// Reads and verifies a list of receipts. One that does not verify refuses all of them.
    ///
    /// # Errors
    /// [`PushError::Refused`].
    pub(crate) fn verify(chain: &VerifiedChain, bytes: &[u8]) -> Result<Self, PushError> {
        let list = Signed::<Receipt>::decode_list(bytes, MOST_RECEIPTS)
            .map_err(|error| PushError::Refused(format!("these are no receipts: {error}")))?;
        let verified = list.into_iter().map(|signed| {
            let receipt = signed.verify(chain).map_err(|error| {
                PushError::Refused(format!("no receipt was taken, because of one: {error}"))
            })?;
            Ok((receipt, signed))
        });
        Ok(Self(verified.collect::<Result<_, PushError>>()?))
    }

    /// Keeps the receipts durably, each with the day on which it came. To do it again is harmless,
    /// and prolongs nothing.
    ///
    /// A drop that is not there is nobody's business any more, and neither is its receipt. One that
    /// was signed by editors who have left is replaced by a valid one, and the grace begins anew.
    ///
    /// The same holds for an epoch that the server has not held, `open` being those it has, and of
    /// which it has no drop and no upload: editors who are forced to sign cannot burn the epochs of years
    /// to come.
    pub(crate) fn keep(
        &self,
        disk: &dyn Disk,
        chain: &VerifiedChain,
        open: &[EpochNumber],
        today: Day,
    ) -> io::Result<()> {
        let mut kept = Vec::new();
        let mut known: HashSet<_> = open.iter().copied().collect();
        let burns = |(receipt, _): &(Receipt, _)| matches!(receipt, Receipt::Burned { .. });
        if self.0.iter().any(burns) {
            known.extend(epochs_there(disk)?);
        }
        for (receipt, signed) in &self.0 {
            match receipt {
                Receipt::Opened { drop, .. } | Receipt::Refused { drop, .. } => {
                    let folder = commit::folder_of(&commit::shelf(), drop);
                    let fits = match commit::finished(disk, &folder) {
                        // The drop is there, and its receipt must not be forgotten.
                        Err(error) if disk::is_unreadable(&error) => true,
                        held => unless_stray(held)?
                            .flatten()
                            .is_some_and(|held| fits(&held, receipt)),
                    };
                    if fits {
                        kept.push((Name::hex(drop.as_bytes()), signed));
                    }
                }
                Receipt::Burned { epoch } if known.contains(epoch) => {
                    kept.push((burned_name(*epoch)?, signed));
                }
                Receipt::Burned { .. } => {}
            }
        }
        write(disk, chain, &kept, today)
    }
}

/// The epochs of which there is a drop, or an upload with bytes that may still become one.
fn epochs_there(disk: &dyn Disk) -> io::Result<HashSet<EpochNumber>> {
    let mut there = HashSet::new();
    // Before the drops: what becomes one meanwhile is met at least once.
    for name in disk.list(&commit::incoming())? {
        let folder = commit::incoming().join(name);
        let ticket = unless_unreadable(segments::ticket(disk, &folder))?.flatten();
        there.extend(ticket.and_then(|ticket| ticket.epoch));
        there.extend(manifest(disk, &folder)?.and_then(|held| held.epoch));
    }
    for room in [commit::drops(), commit::shelf()] {
        for name in disk.list(&room)? {
            let held = manifest(disk, &room.join(name))?;
            there.extend(held.and_then(|held| held.epoch));
        }
    }
    Ok(there)
}

/// Removes what the kept receipts name and whose grace is over, and gives the bytes that have
/// become free. To do it again finishes what a crash has cut off.
///
/// Each receipt is verified once more, under the charter of today: should editors who were forced
/// to sign be removed within the grace, their receipts are worth nothing. They are removed with the
/// days on which they came, or they would be valid again, and their grace long over, on the day on
/// which such an editor comes back.
///
/// First the drops leave the shelf, then they are removed.
pub(crate) fn sweep(
    disk: &dyn Disk,
    chain: &VerifiedChain,
    shelf: &Shelf,
    grace: Grace,
    today: Day,
) -> io::Result<u64> {
    let marks = Marks::open(disk)?;
    let mut leaving = Vec::new();
    let mut gone = Vec::new();
    let mut void = Vec::new();
    let mut burned = HashSet::new();
    for name in names(disk)? {
        let place = receipts_place().join(name.clone());
        let found = named(disk, &name).and_then(|named| {
            // Most receipts are of drops that are long gone, and are not read.
            let signed = match named {
                Named::Gone => None,
                Named::Drop(_) | Named::Epoch => read(disk, &place)?,
            };
            Ok((named, signed))
        });
        let (held, signed) = match found {
            Ok((Named::Gone, _)) => {
                gone.push(name);
                continue;
            }
            Ok((Named::Drop(held), signed)) => (Some(held), signed),
            Ok((Named::Epoch, signed)) => (None, signed),
            // One that the disk cannot give keeps the others from nothing.
            Err(error) if disk::is_unreadable(&error) => {
                tracing::warn!("a receipt, or its drop, was left as it is: {error}");
                continue;
            }
            Err(error) => return Err(error),
        };
        let Some(Ok(receipt)) = signed.map(|signed| signed.verify(chain)) else {
            void.push(name);
            continue;
        };
        if !marks.is_over(disk, &name, grace, today)? {
            continue;
        }
        // A killed process may have left it in the system's memory alone.
        disk::write_again(disk, &place, MOST_RECEIPT_BYTES)?;
        match receipt {
            Receipt::Burned { epoch } => {
                burned.insert(epoch);
            }
            Receipt::Opened { length, .. } | Receipt::Refused { length, .. } => {
                if held.is_some_and(|held| fits(&held, &receipt)) {
                    leaving.push(Leaving {
                        room: commit::shelf(),
                        name,
                        bytes: length,
                    });
                }
            }
        }
    }
    forget_void(disk, &marks, &void)?;
    if !burned.is_empty() {
        for room in [commit::shelf(), commit::drops()] {
            all_of(disk, &room, &burned, &mut leaving)?;
        }
    }
    if !leaving.is_empty() {
        disk.sync_folder(&receipts_place())?;
    }
    commit::empty_trash(disk)?;
    let mut moved = Moved::default();
    let result = move_to_trash(disk, &leaving, &mut moved);
    // Even if it ended half-way, what has left must not be listed.
    shelf.take_off(&moved.ids)?;
    result?;
    shelf.leaves_in_trash(commit::empty_trash(disk)?);
    gone.extend(moved.ids.iter().map(|id| Name::hex(id.as_bytes())));
    marks.forget(disk, &gone)?;
    Ok(moved.bytes)
}

/// Removes a drop whose epoch was burned while it was made, and gives the bytes that have become
/// free. One that was put on the shelf meanwhile goes when the grace is over.
pub(crate) fn take_back(disk: &dyn Disk, id: &DropId, bytes: u64) -> io::Result<u64> {
    let leaving = Leaving {
        room: commit::drops(),
        name: Name::hex(id.as_bytes()),
        bytes,
    };
    commit::empty_trash(disk)?;
    let mut moved = Moved::default();
    move_to_trash(disk, &[leaving], &mut moved)?;
    commit::empty_trash(disk)?;
    Ok(moved.bytes)
}

/// What a receipt is for, by its name.
enum Named {
    /// A drop that is there.
    Drop(Manifest),
    /// A drop that is not there any more.
    Gone,
    Epoch,
}

fn named(disk: &dyn Disk, name: &Name) -> io::Result<Named> {
    let Ok(id) = name.as_str().parse::<DropId>() else {
        return Ok(Named::Epoch);
    };
    let folder = commit::folder_of(&commit::shelf(), &id);
    let held = unless_stray(commit::finished(disk, &folder))?.flatten();
    Ok(held.map_or(Named::Gone, Named::Drop))
}

/// Whether a receipt is for the very bytes of this drop.
fn fits(held: &Manifest, receipt: &Receipt) -> bool {
    match receipt {
        Receipt::Opened { tree, length, .. } | Receipt::Refused { tree, length, .. } => {
            held.tree == *tree && held.lanes.length() == *length
        }
        Receipt::Burned { epoch } => held.epoch == Some(*epoch),
    }
}

/// A drop that is to go.
struct Leaving {
    room: Place,
    name: Name,
    bytes: u64,
}

/// Drops that have left.
#[derive(Default)]
struct Moved {
    ids: Vec<DropId>,
    bytes: u64,
}

/// Whether the newsroom has burned this epoch, as far as the store remembers and the charter of
/// today lets it. A newsroom that was recovered, or has removed an editor who was forced, is not
/// bound by what it did not sign.
pub(crate) fn is_burned(
    disk: &dyn Disk,
    chain: &VerifiedChain,
    epoch: EpochNumber,
) -> io::Result<bool> {
    let signed = read(disk, &receipts_place().join(burned_name(epoch)?))?;
    let receipt = signed.and_then(|signed| signed.verify(chain).ok());
    Ok(receipt == Some(Receipt::Burned { epoch }))
}

/// Removes receipts that are worth nothing, and the days on which they came.
fn forget_void(disk: &dyn Disk, marks: &Marks, void: &[Name]) -> io::Result<()> {
    if void.is_empty() {
        return Ok(());
    }
    for name in void {
        disk::remove_if_there(disk, &receipts_place().join(name.clone()))?;
    }
    disk.sync_folder(&receipts_place())?;
    marks.forget(disk, void)
}

/// Adds what a room holds of these epochs. A drop that has lost bytes is of its epoch all the
/// same: nobody can ever open it.
fn all_of(
    disk: &dyn Disk,
    room: &Place,
    epochs: &HashSet<EpochNumber>,
    leaving: &mut Vec<Leaving>,
) -> io::Result<()> {
    for name in disk.list(room)? {
        let Some(held) = manifest(disk, &room.join(name.clone()))? else {
            continue;
        };
        if held.epoch.is_some_and(|epoch| epochs.contains(&epoch)) {
            leaving.push(Leaving {
                room: room.clone(),
                name,
                bytes: held.lanes.length(),
            });
        }
    }
    Ok(())
}

/// Writes the receipts that are not kept yet, durably: first the day, then the receipt.
fn write(
    disk: &dyn Disk,
    chain: &VerifiedChain,
    receipts: &[(Name, &Signed<Receipt>)],
    today: Day,
) -> io::Result<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    disk::ensure_folder(disk, &receipts_place())?;
    disk.sync_folder(&Place::root())?;
    let marks = Marks::open(disk)?;
    for (name, signed) in receipts {
        let place = receipts_place().join(name.clone());
        let held = read(disk, &place)?;
        if held.is_some_and(|held| held.verify(chain).is_ok()) {
            // It may still be in the system's memory alone, if a process was killed.
            disk::write_again(disk, &place, MOST_RECEIPT_BYTES)?;
        } else {
            marks.write(disk, name, today)?;
            // What a crash has left half-written is no receipt.
            disk::remove_if_there(disk, &place)?;
            disk::create_whole(disk, &place, &signed.encode())?;
        }
    }
    disk.sync_folder(&receipts_place())
}

fn move_to_trash(disk: &dyn Disk, leaving: &[Leaving], moved: &mut Moved) -> io::Result<()> {
    for Leaving { room, name, bytes } in leaving {
        let from = room.join(name.clone());
        match disk.rename_new(&from, &commit::trash().join(name.clone())) {
            Ok(()) => {
                moved.ids.extend(name.as_str().parse::<DropId>().ok());
                moved.bytes = moved.bytes.saturating_add(*bytes);
            }
            // Named by two receipts of the same request.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if !moved.ids.is_empty() {
        disk.sync_folder(&commit::trash())?;
        disk.sync_folder(&commit::shelf())?;
        disk.sync_folder(&commit::drops())?;
    }
    Ok(())
}

fn read(disk: &dyn Disk, place: &Place) -> io::Result<Option<Signed<Receipt>>> {
    let bytes = unless_stray(disk::read_if_there(disk, place, MOST_RECEIPT_BYTES))?.flatten();
    Ok(bytes.and_then(|bytes| Signed::decode(&bytes).ok()))
}

fn names(disk: &dyn Disk) -> io::Result<Vec<Name>> {
    match disk.list(&receipts_place()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        names => names,
    }
}

/// Every receipt that is kept, whether or not it still counts.
pub(crate) fn held(disk: &dyn Disk) -> io::Result<Vec<Receipt>> {
    let mut held = Vec::new();
    for name in names(disk)? {
        let signed = read(disk, &receipts_place().join(name))?;
        held.extend(signed.map(|signed| *signed.unverified()));
    }
    Ok(held)
}

/// The day on which each receipt came whose grace is not over.
pub(crate) fn graces(disk: &dyn Disk) -> io::Result<Vec<(Name, Day)>> {
    grace::days(disk)
}

fn receipts_place() -> Place {
    Place::top("receipts")
}

fn burned_name(epoch: EpochNumber) -> io::Result<Name> {
    let name = Name::parse(&format!("burned-{:08x}", epoch.get()));
    name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

#[cfg(test)]
mod cuts;
#[cfg(test)]
mod tests;
