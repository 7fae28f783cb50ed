//! The pool on a real file system.

#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows ends")]

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::*;
use crate::clock::BatchNumber;
use crate::commit::{drops, folder_of, shelf};
use crate::disk::Beneath;
use crate::forge::{arrive, arrive_in_lanes, content, id, seeded, smallest, store, tree, write};
use crate::intake::Intake;
use crate::record::Role;

const NOW: UnixSeconds = UnixSeconds::new(1_000_000);

fn settings() -> Settings {
    Settings {
        pool_uploads: 4,
        pool_messages: 2,
        pool_segments: 5,
        pool_staying: 3,
        pool_bytes: 16 << 20,
        ..Settings::default()
    }
}

fn open(path: &Path) -> Arc<Pool> {
    let disk = Beneath::open(path).unwrap();
    Pool::open(Arc::new(disk), &settings(), &mut seeded(1))
}

/// The number of each file and folder in this one, and how many bytes of the disk it takes up.
fn inodes(path: &Path) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        found.push((meta.ino(), meta.blocks() * 512));
        if meta.is_dir() {
            found.extend(inodes(&entry.path()));
        }
    }
    found
}

fn counts(pool: &Pool) -> [usize; 6] {
    Kind::ALL.map(|kind| pool.count(kind))
}

#[test]
fn whatever_a_drop_consists_of_was_made_before_it_came() {
    let (folder, _) = store();
    let pool = open(folder.path());
    let made: HashSet<_> = inodes(&folder.path().join("pool")).into_iter().collect();
    // 16 MiB hold the records, both messages, and three of the segments.
    assert_eq!(counts(&pool), [4, 16, 2, 3, 2, 3]);
    arrive(&*pool, 1, &content(1, smallest()), Some(BatchNumber(10)));
    arrive(&*pool, 2, &content(2, SEGMENT), Some(BatchNumber(10)));
    let found = inodes(&folder.path().join("drops"));
    assert_eq!(found.len(), 8);
    for (inode, bytes) in found {
        // Nor has any of them taken up room that it did not have: their blocks are older, too.
        assert!(made.contains(&(inode, bytes)), "{inode} of {bytes} bytes");
    }
    assert_eq!(counts(&pool), [2, 8, 1, 2, 2, 3]);
}

#[test]
fn when_the_pool_has_run_out_drops_still_arrive() {
    let (folder, _) = store();
    let pool = open(folder.path());
    for byte in 1..=6 {
        let bytes = content(byte, smallest());
        let manifest = arrive(&*pool, byte, &bytes, Some(BatchNumber(10)));
        assert_eq!(manifest.tree, tree(&bytes));
    }
    let bytes = content(9, 2 * SEGMENT + 5);
    assert_eq!(
        arrive_in_lanes(&*pool, 9, &bytes, 70_000).tree,
        tree(&bytes)
    );
    let [folders, records, _, _, plain, staying] = counts(&pool);
    assert_eq!([folders, records, plain], [0; 3]);
    assert_eq!(staying, 3);
    assert_eq!(pool.list(&drops()).unwrap().len(), 7);
}

#[test]
fn when_every_blank_that_can_be_was_taken_the_journal_still_goes_round() {
    let (folder, _) = store();
    let pool = open(folder.path());
    for byte in 1..=40 {
        let begun = folder_of(&incoming(), &id(byte));
        pool.make_folder(&begun).unwrap();
        for name in ["ticket", "mark", "link"] {
            pool.create(&begun.join(Name::parse(name).unwrap()))
                .unwrap();
        }
        for bytes in [SEGMENT, smallest()] {
            let segment = begun.join(Name::parse(&format!("s{bytes}")).unwrap());
            pool.open_or_create_for(&segment, bytes).unwrap();
        }
    }
    assert_eq!(counts(&pool), [0, 0, 0, 0, 0, 3]);
    assert_eq!(pool.touch().unwrap(), 3 * INODE_BYTES);
}

#[test]
fn blanks_are_added_at_a_boundary_and_not_by_a_start() {
    let (folder, _) = store();
    let pool = open(folder.path());
    let full = counts(&pool);
    arrive(&*pool, 1, &content(1, smallest()), None);
    let left = counts(&pool);
    assert_ne!(left, full);
    let pool = open(folder.path());
    assert_eq!(counts(&pool), left);
    pool.renew(&mut seeded(2));
    assert_eq!(counts(&pool), full);
    pool.renew(&mut seeded(3));
    assert_eq!(counts(&pool), full);
}

#[test]
fn what_a_commit_has_no_use_for_stays_until_the_boundary() {
    let (folder, _) = store();
    let pool = open(folder.path());
    arrive_in_lanes(&*pool, 1, &content(1, smallest()), 70_000);
    // Ticket and mark, of two lanes and of what they became.
    assert_eq!(pool.list(&spent()).unwrap().len(), 6);
    pool.renew(&mut seeded(2));
    assert!(pool.list(&spent()).unwrap().is_empty());
}

#[test]
fn blanks_take_up_no_more_of_the_disk_than_they_may() {
    let held = |pool_bytes| {
        let (folder, disk) = store();
        let settings = Settings {
            pool_bytes,
            ..settings()
        };
        Pool::open(Arc::new(disk), &settings, &mut seeded(1));
        let found = inodes(&folder.path().join("pool"));
        found.iter().map(|(_, bytes)| bytes).sum::<u64>()
    };
    let none = held(0);
    let some = held(8 << 20);
    assert!(
        (none + (6 << 20)..=none + (8 << 20)).contains(&some),
        "{none} and {some}"
    );
}

#[test]
fn a_store_of_before_the_pool_opens_and_what_is_in_it_goes_on() {
    let (folder, disk) = store();
    let bytes = content(1, smallest());
    write(&disk, &id(1), Role::Whole, smallest(), &bytes);
    arrive(&disk, 2, &content(2, 500), Some(BatchNumber(10)));
    write(&disk, &id(3), Role::Whole, smallest(), &content(3, 700));
    drop(disk);
    let intake = Intake::open_without_gate(folder.path(), Settings::default(), NOW).unwrap();
    let disk = intake.disk();
    // The batch of the one that came before is over; the one that was whole has become a drop.
    assert!(disk.list(&folder_of(&shelf(), &id(2))).is_ok());
    assert!(disk.list(&folder_of(&drops(), &id(1))).is_ok());
    let begun = intake.uploads().find(&crate::forge::url(3)).unwrap();
    assert_eq!(begun.view().offset, 700);
    assert!(disk.list(&pool()).unwrap().len() > 1_000);
}
