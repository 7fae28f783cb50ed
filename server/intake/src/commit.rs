//! The one step that makes an upload a drop, and can be repeated at any point of it.

use std::io;

use knothole_envelope::{DropId, TreeHash};

use crate::disk::{self, Disk, Name, Place};
use crate::record::{Lanes, Link, MOST_RECORD_BYTES, Manifest, Role, Ticket};
use crate::segments;

/// Unfinished uploads.
pub(crate) fn incoming() -> Place {
    Place::top("incoming")
}

/// Finished drops that wait for the end of the batch.
pub(crate) fn drops() -> Place {
    Place::top("drops")
}

/// Finished drops that the newsroom can see.
pub(crate) fn shelf() -> Place {
    Place::top("shelf")
}

/// Drops on their way out: whatever is in here is removed.
pub(crate) fn trash() -> Place {
    Place::top("trash")
}

/// Removes what lies in the trash, whoever put it there, and says how many things stay: the disk does
/// not let go of them, or somebody has put something of their own beside them. Nothing else is kept from
/// going by that.
pub(crate) fn empty_trash(disk: &dyn Disk) -> io::Result<usize> {
    let names = disk.list(&trash())?;
    if names.is_empty() {
        return Ok(0);
    }
    let mut stay = 0_usize;
    for name in names {
        if let Err(error) = disk::remove_tree(disk, &trash().join(name)) {
            tracing::warn!("what lies in the trash could not be removed: {error}");
            stay = stay.saturating_add(1);
        }
    }
    disk.sync_folder(&trash())?;
    Ok(stay)
}

/// The folder of an identifier in one of the store's folders.
pub(crate) fn folder_of(room: &Place, id: &DropId) -> Place {
    room.join(Name::hex(id.as_bytes()))
}

pub(crate) fn manifest_place(folder: &Place) -> Place {
    folder.file("manifest")
}

pub(crate) fn link_place(folder: &Place) -> Place {
    folder.file("link")
}

/// The folder that holds the segments of one lane of a drop.
pub(crate) fn lane_place(folder: &Place, lanes: &Lanes, lane: usize) -> Place {
    match lanes {
        Lanes::One(_) => folder.clone(),
        Lanes::Many(_) => lane_folder(folder, lane),
    }
}

fn lane_folder(folder: &Place, lane: usize) -> Place {
    folder.join(Name::number('l', u64::try_from(lane).unwrap_or(u64::MAX)))
}

/// Commits an upload all of whose bytes are durable. Only after `Ok` may it be acknowledged.
///
/// Order: link, manifest, their folder; then the rename that may not replace anything; then both
/// parents. Before the manifest is durable the upload is unfinished, after it the drop is finished
/// and [`resume`] needs nothing else.
pub(crate) fn commit(
    disk: &dyn Disk,
    id: &DropId,
    ticket: &Ticket,
    link: Option<Link>,
) -> io::Result<Manifest> {
    let folder = folder_of(&incoming(), id);
    if let Some(manifest) = finished(disk, &folder_of(&drops(), id))? {
        return Ok(manifest);
    }
    if let Some(manifest) = finished(disk, &folder)? {
        resume(disk, id, &manifest, link)?;
        return Ok(manifest);
    }
    let lanes = gather_lanes(disk, &folder, ticket)?;
    let tree = tree_hash(disk, &folder, &lanes)?;
    let manifest = Manifest {
        tree,
        epoch: ticket.epoch,
        lanes,
    };
    for place in [link_place(&folder), manifest_place(&folder)] {
        disk::remove_if_there(disk, &place)?;
    }
    if let Some(link) = link {
        disk::create_whole(disk, &link_place(&folder), &link.encode())?;
    }
    disk::create_whole(disk, &manifest_place(&folder), &manifest.encode())?;
    disk.sync_folder(&folder)?;
    finish(disk, id, &manifest)?;
    Ok(manifest)
}

/// Goes on with a commit that was cut off once there was a manifest.
///
/// A manifest that was found need not be on the disk yet: a killed process leaves what only the
/// system's memory holds. And the power may have gone when the manifest was there and its link not,
/// for nothing tells a file system in which order to keep the two: then the ticket is still there, and
/// `link` is what it says.
pub(crate) fn resume(
    disk: &dyn Disk,
    id: &DropId,
    manifest: &Manifest,
    link: Option<Link>,
) -> io::Result<()> {
    let folder = folder_of(&incoming(), id);
    if let (Some(link), None) = (link, self::link(disk, &folder)?) {
        disk::replace_whole(disk, &link_place(&folder), &link.encode())?;
    }
    disk::replace_whole(disk, &manifest_place(&folder), &manifest.encode())?;
    finish(disk, id, manifest)
}

/// Moves a folder with a durable manifest to the finished drops, without what only an unfinished
/// upload needs: a ticket names its URL, and must not come back when the power goes.
fn finish(disk: &dyn Disk, id: &DropId, manifest: &Manifest) -> io::Result<()> {
    let (from, to) = (folder_of(&incoming(), id), folder_of(&drops(), id));
    let lanes = match &manifest.lanes {
        Lanes::One(_) => 1,
        Lanes::Many(lengths) => lengths.len(),
    };
    for lane in 0..lanes {
        let lane = lane_place(&from, &manifest.lanes, lane);
        disk::set_aside_if_there(disk, &segments::ticket_place(&lane))?;
        disk::set_aside_if_there(disk, &segments::mark_place(&lane))?;
        disk.sync_folder(&lane)?;
    }
    for place in [segments::ticket_place(&from), segments::mark_place(&from)] {
        disk::set_aside_if_there(disk, &place)?;
    }
    disk.sync_folder(&from)?;
    disk.rename_new(&from, &to)?;
    disk.sync_folder(&drops())?;
    disk.sync_folder(&incoming())
}

/// The manifest of a folder, if it has a readable one.
pub(crate) fn finished(disk: &dyn Disk, folder: &Place) -> io::Result<Option<Manifest>> {
    let bytes = disk::read_if_there(disk, &manifest_place(folder), MOST_RECORD_BYTES)?;
    Ok(bytes.and_then(|bytes| Manifest::decode(&bytes)))
}

/// The link of a finished drop, if it still has one.
pub(crate) fn link(disk: &dyn Disk, folder: &Place) -> io::Result<Option<Link>> {
    let bytes = disk::read_if_there(disk, &link_place(folder), MOST_RECORD_BYTES)?;
    Ok(bytes.and_then(|bytes| Link::decode(&bytes)))
}

/// Whether a finished drop has every byte that its manifest promises.
pub(crate) fn verifies(disk: &dyn Disk, folder: &Place, manifest: &Manifest) -> io::Result<bool> {
    match &manifest.lanes {
        Lanes::One(length) => segments::segments_are_whole(disk, folder, *length),
        Lanes::Many(lengths) => {
            for (lane, length) in lengths.iter().enumerate() {
                let lane = lane_place(folder, &manifest.lanes, lane);
                if !segments::segments_are_whole(disk, &lane, *length)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
    }
}

/// Moves the lanes of a joined upload into its folder; those that were moved already stay.
fn gather_lanes(disk: &dyn Disk, folder: &Place, ticket: &Ticket) -> io::Result<Lanes> {
    let Role::Joined { lanes } = &ticket.role else {
        return Ok(Lanes::One(ticket.length));
    };
    let mut lengths = Vec::new();
    let mut moves = Vec::new();
    for (number, id) in lanes.iter().enumerate() {
        let (from, to) = (folder_of(&incoming(), id), lane_folder(folder, number));
        // A lane that was moved before a crash is not at its old place any more.
        let (place, moved) = match read_ticket(disk, &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (&from, false),
            _ => (&to, true),
        };
        lengths.push(read_ticket(disk, place)?.length);
        if !moved {
            moves.push((from, to));
        }
    }
    // None is moved before all of them were seen: a note whose lanes have gone takes none of them.
    for (from, to) in moves {
        disk.rename_new(&from, &to)?;
    }
    disk.sync_folder(folder)?;
    disk.sync_folder(&incoming())?;
    Ok(Lanes::Many(lengths))
}

/// Gives the lanes of a joined upload that cannot be a drop back to their own addresses.
pub(crate) fn scatter_lanes(disk: &dyn Disk, folder: &Place, lanes: &[DropId]) -> io::Result<()> {
    for (number, id) in lanes.iter().enumerate() {
        let (from, to) = (lane_folder(folder, number), folder_of(&incoming(), id));
        match disk.rename_new(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    disk.sync_folder(&incoming())
}

fn read_ticket(disk: &dyn Disk, folder: &Place) -> io::Result<Ticket> {
    let bytes = disk::read_small(disk, &segments::ticket_place(folder), MOST_RECORD_BYTES)?;
    Ticket::decode(&bytes).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

/// Whether something of an upload is missing or not what was written: it can never be a drop.
pub(crate) fn is_damage(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
    )
}

/// The tree hash: from the segments' hashes where lanes begin at segments, else by reading all.
fn tree_hash(disk: &dyn Disk, folder: &Place, lanes: &Lanes) -> io::Result<TreeHash> {
    let lengths: &[u64] = match lanes {
        Lanes::One(length) => core::slice::from_ref(length),
        Lanes::Many(lengths) => lengths,
    };
    let (last, before) = lengths.split_last().ok_or(io::ErrorKind::InvalidData)?;
    let aligned = before
        .iter()
        .all(|length| length.rem_euclid(segments::SEGMENT) == 0);
    let places = (0..lengths.len()).map(|lane| lane_place(folder, lanes, lane));
    let each = places.zip(before.iter().chain([last]));
    if !aligned {
        let mut hasher = knothole_envelope::TreeHasher::new();
        let mut buffer = vec![0; crate::settings::READ_UNIT];
        for (place, length) in each {
            segments::read_all(disk, &place, *length, &mut buffer, |bytes| {
                hasher.update(bytes)
            })?;
        }
        return Ok(hasher.finish());
    }
    let mut hashes = Vec::new();
    for (place, length) in each {
        hashes.extend(segments::segment_hashes(disk, &place, *length)?);
    }
    TreeHash::from_segments(lanes.length(), &hashes)
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}

#[cfg(test)]
mod cuts;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{BatchNumber, UnixSeconds};
    use crate::disk::Beneath;
    use crate::record::UrlHash;
    use crate::segments::{SEGMENT, Segments};

    fn ticket(length: u64, role: Role) -> Ticket {
        let url = Some(UrlHash([7; 32]));
        Ticket {
            url,
            length,
            role,
            epoch: None,
            total: length,
            expires: UnixSeconds::new(0),
        }
    }

    fn content(length: u64) -> Vec<u8> {
        (0..length)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect()
    }

    fn tree(bytes: &[u8]) -> TreeHash {
        let mut hasher = knothole_envelope::TreeHasher::new();
        hasher.update(bytes);
        hasher.finish()
    }

    fn store() -> (tempfile::TempDir, Beneath) {
        let folder = tempfile::tempdir().unwrap();
        let disk = Beneath::open(folder.path()).unwrap();
        for room in [incoming(), drops()] {
            disk.make_folder(&room).unwrap();
        }
        (folder, disk)
    }

    fn upload(disk: &Beneath, id: &DropId, role: Role, bytes: &[u8]) -> Ticket {
        let length = u64::try_from(bytes.len()).unwrap();
        let ticket = ticket(length, role);
        let mut segments = Segments::new(folder_of(&incoming(), id), length);
        segments.create(disk, &ticket).unwrap();
        segments.write(disk, bytes).unwrap();
        segments.settle(disk).unwrap();
        ticket
    }

    #[test]
    fn an_upload_goes_on_from_its_last_durable_byte_and_commits_to_the_right_tree() {
        let (_folder, disk) = store();
        let id = DropId::from_bytes([1; 32]);
        let place = folder_of(&incoming(), &id);
        let length = SEGMENT + 5_000;
        let bytes = content(length);
        let ticket = ticket(length, Role::Whole);
        let mut segments = Segments::new(place.clone(), length);
        segments.create(&disk, &ticket).unwrap();
        segments.write(&disk, &bytes[..3_000]).unwrap();
        segments.settle(&disk).unwrap();
        segments.write(&disk, &bytes[3_000..9_000]).unwrap();
        drop(segments);
        let mut segments = Segments::recover(&disk, place.clone(), length)
            .unwrap()
            .unwrap();
        assert_eq!(segments.durable(), 3_000);
        segments.write(&disk, &bytes[3_000..]).unwrap();
        segments.settle(&disk).unwrap();
        segments.rest();
        let again = Segments::recover(&disk, place, length).unwrap().unwrap();
        assert_eq!(again.durable(), length);
        let link = Link {
            url: UrlHash([7; 32]),
            batch: BatchNumber(3),
        };
        let manifest = commit(&disk, &id, &ticket, Some(link)).unwrap();
        assert_eq!(manifest.tree, tree(&bytes));
        let drop = folder_of(&drops(), &id);
        assert_eq!(finished(&disk, &drop).unwrap(), Some(manifest.clone()));
        assert_eq!(super::link(&disk, &drop).unwrap(), Some(link));
        assert!(verifies(&disk, &drop, &manifest).unwrap());
        assert_eq!(commit(&disk, &id, &ticket, Some(link)).unwrap(), manifest);
        assert!(disk.list(&incoming()).unwrap().is_empty());
    }

    #[test]
    fn bytes_beyond_the_announced_length_are_not_written() {
        let (_folder, disk) = store();
        let id = DropId::from_bytes([1; 32]);
        let mut segments = Segments::new(folder_of(&incoming(), &id), 10);
        segments.create(&disk, &ticket(10, Role::Whole)).unwrap();
        assert!(segments.write(&disk, &content(11)).is_err());
    }

    #[test]
    fn lanes_are_moved_into_one_drop_wherever_they_begin() {
        for first in [SEGMENT, 1_000] {
            let (_folder, disk) = store();
            let ids = [[1; 32], [2; 32], [3; 32]].map(DropId::from_bytes);
            let bytes = content(first + 700);
            let (head, tail) = bytes.split_at(usize::try_from(first).unwrap());
            upload(&disk, &ids[0], Role::First, head);
            upload(&disk, &ids[1], Role::Later { parent: ids[0] }, tail);
            let joined = ticket(
                first + 700,
                Role::Joined {
                    lanes: ids[..2].to_vec(),
                },
            );
            let place = folder_of(&incoming(), &ids[2]);
            Segments::new(place, first + 700)
                .create(&disk, &joined)
                .unwrap();
            let manifest = commit(&disk, &ids[2], &joined, None).unwrap();
            assert_eq!(manifest.tree, tree(&bytes));
            assert_eq!(manifest.lanes, Lanes::Many(vec![first, 700]));
            assert!(verifies(&disk, &folder_of(&drops(), &ids[2]), &manifest).unwrap());
            assert!(disk.list(&incoming()).unwrap().is_empty());
        }
    }
}
