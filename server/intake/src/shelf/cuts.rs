//! A batch boundary, cut off at every step.

use super::*;
use crate::clock::UnixSeconds;
use crate::disk::faulty::{Faulty, Survives, cut_everywhere, fail_everywhere, fill_everywhere};
use crate::forge::{arrive, content, id, rooms, seeded, tree, url};
use crate::newsroom::Closing;
use crate::recover::recover;

const NOW: BatchNumber = BatchNumber(11);

/// Drops 1 and 2 of two batches ago, 3 and 4 of the last one, 5 of this one, 6 by form.
fn prepare(disk: &Faulty) {
    rooms(disk);
    turn(disk, BatchNumber(10), &mut seeded(1)).unwrap();
    for (byte, batch) in [(1, 9), (2, 9), (3, 10), (4, 10), (5, 11)] {
        arrive(disk, byte, &content(byte, 500), Some(BatchNumber(batch)));
    }
    arrive(disk, 6, &content(6, 500), None);
}

fn act(disk: &Faulty) -> io::Result<()> {
    turn(disk, NOW, &mut seeded(2)).map(drop)
}

/// Where the drop lies: in one place, whole.
fn room_of(disk: &Faulty, byte: u8) -> Place {
    let rooms = [commit::drops(), commit::shelf()];
    let found: Vec<_> = rooms
        .into_iter()
        .filter(|room| {
            let folder = commit::folder_of(room, &id(byte));
            let manifest = commit::finished(disk, &folder).unwrap();
            manifest.is_some_and(|manifest| {
                assert_eq!(manifest.tree, tree(&content(byte, 500)));
                assert!(commit::verifies(disk, &folder, &manifest).unwrap());
                true
            })
        })
        .collect();
    assert_eq!(found.len(), 1, "a drop is in one place");
    found[0].clone()
}

fn assert_turned(disk: &Faulty) {
    for byte in 1..=6 {
        let expected = if byte == 5 {
            commit::drops()
        } else {
            commit::shelf()
        };
        assert_eq!(room_of(disk, byte), expected);
        let folder = commit::folder_of(&expected, &id(byte));
        let link = commit::link(disk, &folder).unwrap();
        assert_eq!(link.is_some(), (3..=5).contains(&byte), "drop {byte}");
    }
    assert_eq!(last_turn(disk).unwrap(), Some(NOW));
}

#[test]
fn a_boundary_that_is_cut_off_loses_no_drop_and_is_made_up_for_at_the_next_start() {
    cut_everywhere(prepare, act, |disk, done| {
        for byte in 1..=6 {
            room_of(&disk, byte);
        }
        if done {
            assert_turned(&disk);
        }
        recover(&disk, UnixSeconds::new(5), |_| None, |_| Ok(Closing::Open)).unwrap();
        let (shelf, _) = Shelf::open(&disk, NOW, &mut seeded(3)).unwrap();
        assert_eq!(shelf.visible().count(), 5);
        assert_eq!(shelf.damaged(), 0);
        assert_turned(&disk);
        // Should the power go now, no drop goes with it.
        let later = disk.after(Survives::Synced);
        for byte in 1..=6 {
            room_of(&later, byte);
        }
    });
}

#[test]
fn a_boundary_at_which_one_step_fails_is_passed_at_the_next_tick() {
    // A start passes it once more: a note may have found no room, and a link be there again.
    let check = |disk: &Faulty| {
        act(disk).unwrap();
        assert_turned(disk);
    };
    fail_everywhere(prepare, act, check);
    fill_everywhere(prepare, act, check);
}

#[test]
fn every_url_that_is_forgotten_is_told_even_when_the_boundary_is_cut_off() {
    cut_everywhere(prepare, act, |disk, _| {
        let uploads = recover(&disk, UnixSeconds::new(5), |_| None, |_| Ok(Closing::Open)).unwrap();
        for url in turn(&disk, NOW, &mut seeded(3)).unwrap().forgotten {
            uploads.forget(&url);
        }
        for byte in 1..=5 {
            assert_eq!(uploads.find(&url(byte)).is_some(), byte >= 3);
        }
    });
}
