//! What the newsroom has signed off: drops that were opened or refused, and epochs that were
//! burned. Nothing else in this crate removes a finished drop.

use std::collections::HashSet;
use std::io;

use knothole_envelope::{DropId, EpochNumber, Receipt, Signed, VerifiedChain};

use crate::commit;
use crate::disk::{self, Disk, Name, Place};
use crate::newsroom::PushError;
use crate::record::Manifest;
use crate::shelf::{Shelf, manifest, unless_stray};

/// Receipts in one request at most.
const MOST_RECEIPTS: u32 = 8_192;
/// A receipt with eight signatures is well below this.
const MOST_RECEIPT_BYTES: usize = 4_096;

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

    /// The receipts that are kept, as far as the editors who signed them still may.
    ///
    /// To apply them again finishes what a crash has cut off.
    pub(crate) fn kept(disk: &dyn Disk, chain: &VerifiedChain) -> io::Result<Self> {
        let mut kept = Vec::new();
        for name in names(disk)? {
            // Most receipts are of drops that are long gone.
            let drop = name.as_str().parse::<DropId>().ok();
            let gone = match drop {
                Some(id) => manifest(disk, &commit::folder_of(&commit::shelf(), &id))?.is_none(),
                None => false,
            };
            if gone {
                continue;
            }
            if let Some(signed) = read(disk, &receipts_place().join(name))?
                && let Ok(receipt) = signed.verify(chain)
            {
                kept.push((receipt, signed));
            }
        }
        Ok(Self(kept))
    }

    /// The epochs that were burned.
    pub(crate) fn burned(&self) -> Vec<EpochNumber> {
        let receipts = self.0.iter();
        receipts
            .filter_map(|(receipt, _)| match receipt {
                Receipt::Burned { epoch } => Some(*epoch),
                Receipt::Opened { .. } | Receipt::Refused { .. } => None,
            })
            .collect()
    }

    /// Keeps the receipts and removes what they name; to do it again is harmless.
    ///
    /// First the receipts are durable, then the drops leave the shelf, then they are removed. A
    /// drop that is not there is nobody's business any more, and neither is its receipt.
    ///
    /// Gives the bytes that have become free.
    pub(crate) fn apply(&self, disk: &dyn Disk, shelf: &Shelf) -> io::Result<u64> {
        let mut leaving = Vec::new();
        let mut kept = Vec::new();
        for (receipt, signed) in &self.0 {
            match receipt {
                Receipt::Opened { drop, tree, length }
                | Receipt::Refused { drop, tree, length } => {
                    let folder = commit::folder_of(&commit::shelf(), drop);
                    let fits =
                        |held: &Manifest| held.tree == *tree && held.lanes.length() == *length;
                    if manifest(disk, &folder)?.as_ref().is_some_and(fits) {
                        let name = Name::hex(drop.as_bytes());
                        kept.push((name.clone(), signed));
                        leaving.push(Leaving {
                            room: commit::shelf(),
                            name,
                            bytes: *length,
                        });
                    }
                }
                Receipt::Burned { epoch } => kept.push((burned_name(*epoch)?, signed)),
            }
        }
        let burned: HashSet<_> = self.burned().into_iter().collect();
        if !burned.is_empty() {
            for room in [commit::shelf(), commit::drops()] {
                all_of(disk, &room, &burned, &mut leaving)?;
            }
        }
        keep(disk, &kept)?;
        // What an earlier removal has left there would be in the way.
        empty_trash(disk)?;
        let mut moved = Moved::default();
        let result = move_to_trash(disk, &leaving, &mut moved);
        // Even if it ended half-way, what has left must not be listed.
        shelf.take_off(&moved.ids)?;
        result?;
        empty_trash(disk)?;
        Ok(moved.bytes)
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

/// Whether the newsroom has burned this epoch, as far as the store remembers.
pub(crate) fn is_burned(disk: &dyn Disk, epoch: EpochNumber) -> io::Result<bool> {
    let place = receipts_place().join(burned_name(epoch)?);
    Ok(read(disk, &place)?.is_some())
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

/// Writes the receipts that are not kept yet, durably.
fn keep(disk: &dyn Disk, receipts: &[(Name, &Signed<Receipt>)]) -> io::Result<()> {
    if receipts.is_empty() {
        return Ok(());
    }
    disk::ensure_folder(disk, &receipts_place())?;
    disk.sync_folder(&Place::root())?;
    for (name, signed) in receipts {
        let place = receipts_place().join(name.clone());
        if read(disk, &place)?.is_some() {
            // It may still be in the system's memory alone, if a process was killed.
            disk.open(&place)?.sync()?;
        } else {
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

/// Removes what lies in the trash, whoever put it there.
fn empty_trash(disk: &dyn Disk) -> io::Result<()> {
    let names = disk.list(&commit::trash())?;
    if names.is_empty() {
        return Ok(());
    }
    for name in names {
        disk::remove_tree(disk, &commit::trash().join(name))?;
    }
    disk.sync_folder(&commit::trash())
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
