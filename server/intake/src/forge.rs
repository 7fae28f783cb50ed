//! Stores with drops in them, for tests.

use knothole_envelope::{ChunkCount, DropId, EpochNumber, TreeHash, TreeHasher};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::clock::{BatchNumber, UnixSeconds};
use crate::commit::{self, folder_of};
use crate::disk::{Beneath, Disk};
use crate::record::{Link, Manifest, Role, Ticket, UrlHash};
use crate::segments::Segments;

/// A source of numbers that a test can repeat.
pub(crate) fn seeded(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The folders of a store, on this disk.
pub(crate) fn rooms(disk: &dyn Disk) {
    for room in [
        commit::incoming(),
        commit::drops(),
        commit::shelf(),
        commit::trash(),
    ] {
        disk.make_folder(&room).unwrap();
    }
}

/// An empty store, which lives as long as the folder.
pub(crate) fn store() -> (tempfile::TempDir, Beneath) {
    let folder = tempfile::tempdir().unwrap();
    let disk = Beneath::open(folder.path()).unwrap();
    rooms(&disk);
    (folder, disk)
}

/// The identifier that consists of this byte.
pub(crate) fn id(byte: u8) -> DropId {
    DropId::from_bytes([byte; 32])
}

/// The URL of the drop with this identifier.
pub(crate) fn url(byte: u8) -> UrlHash {
    UrlHash([byte; 32])
}

/// The epoch of every drop made here.
pub(crate) fn epoch() -> EpochNumber {
    EpochNumber::new(7).unwrap()
}

/// The length of the smallest drop.
pub(crate) fn smallest() -> u64 {
    ChunkCount::for_content(1).unwrap().envelope_len()
}

/// Bytes that differ from drop to drop and from place to place.
pub(crate) fn content(byte: u8, length: u64) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from(at % 251).unwrap() ^ byte)
        .collect()
}

/// The tree hash of these bytes.
pub(crate) fn tree(bytes: &[u8]) -> TreeHash {
    let mut hasher = TreeHasher::new();
    hasher.update(bytes);
    hasher.finish()
}

/// An unfinished upload with this content, all of it durable.
pub(crate) fn write(disk: &dyn Disk, id: &DropId, role: Role, length: u64, bytes: &[u8]) -> Ticket {
    let ticket = Ticket {
        url: Some(UrlHash(*id.as_bytes())),
        length,
        role,
        epoch: Some(epoch()),
        total: length,
        expires: UnixSeconds::new(u64::MAX),
    };
    let mut segments = Segments::new(folder_of(&commit::incoming(), id), length);
    segments.create(disk, &ticket).unwrap();
    segments.write(disk, bytes).unwrap();
    segments.settle(disk).unwrap();
    ticket
}

/// A drop with this content, committed in this batch; one that came by form has no batch.
pub(crate) fn arrive(
    disk: &dyn Disk,
    byte: u8,
    bytes: &[u8],
    batch: Option<BatchNumber>,
) -> Manifest {
    let length = u64::try_from(bytes.len()).unwrap();
    let ticket = write(disk, &id(byte), Role::Whole, length, bytes);
    let link = batch.map(|batch| Link {
        url: url(byte),
        batch,
    });
    commit::commit(disk, &id(byte), &ticket, link).unwrap()
}

/// The same in lanes, the first of which has `first` bytes.
pub(crate) fn arrive_in_lanes(disk: &dyn Disk, byte: u8, bytes: &[u8], first: usize) -> Manifest {
    let length = u64::try_from(bytes.len()).unwrap();
    let (head, tail) = bytes.split_at(first);
    let lanes = [id(byte ^ 0x40), id(byte ^ 0x80)];
    for (lane, (part, role)) in lanes.iter().zip([
        (head, Role::First),
        (tail, Role::Later { parent: lanes[0] }),
    ]) {
        write(disk, lane, role, u64::try_from(part.len()).unwrap(), part);
    }
    let role = Role::Joined {
        lanes: lanes.to_vec(),
    };
    let ticket = write(disk, &id(byte), role, length, &[]);
    commit::commit(disk, &id(byte), &ticket, None).unwrap()
}
