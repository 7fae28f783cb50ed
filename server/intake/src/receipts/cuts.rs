//! The taking of receipts, cut off at every step.

use super::tests::{Office, day, none, opened, refused, week};
use super::*;
use crate::clock::{BatchNumber, UnixSeconds};
use crate::disk::faulty::{Faulty, Survives, cut_everywhere, fail_everywhere, fill_everywhere};
use crate::forge::{arrive, content, epoch, id, rooms, seeded};
use crate::newsroom::Closing;
use crate::recover::recover;

const NOW: BatchNumber = BatchNumber(11);

fn prepare(disk: &Faulty) {
    rooms(disk);
    for byte in 1..=3 {
        let batch = Some(BatchNumber(10));
        arrive(disk, byte, &content(byte, super::tests::LENGTH), batch);
    }
    open(disk);
    arrive(disk, 4, &content(4, super::tests::LENGTH), Some(NOW));
}

fn open(disk: &Faulty) -> Shelf {
    recover(disk, UnixSeconds::new(5), |_| None, |_| Ok(Closing::Open)).unwrap();
    Shelf::open(disk, NOW, &mut seeded(1)).unwrap().0
}

/// What a start does with the receipts that are kept.
fn finish(office: &Office, disk: &Faulty, shelf: &Shelf) {
    sweep(disk, &office.chain, shelf, none(), day(0)).unwrap();
}

fn post(office: &Office, disk: &Faulty, receipts: &[Receipt]) -> io::Result<()> {
    let (shelf, _) = Shelf::open(disk, NOW, &mut seeded(1))?;
    let signed = office.sign(receipts, 1);
    let receipts = Receipts::verify(&office.chain, &signed).unwrap();
    receipts.keep(disk, &office.chain, &[], day(0))?;
    sweep(disk, &office.chain, &shelf, none(), day(0)).map(drop)
}

/// The same, of which nothing is due yet.
fn post_for_later(office: &Office, disk: &Faulty, receipts: &[Receipt]) -> io::Result<()> {
    let signed = office.sign(receipts, 1);
    let receipts = Receipts::verify(&office.chain, &signed).unwrap();
    receipts.keep(disk, &office.chain, &[], day(0))
}

#[test]
fn receipts_that_are_cut_off_lose_no_other_drop_and_are_done_at_the_next_start() {
    let office = Office::new(1, 1);
    let receipts = [opened(1), refused(2)];
    let act = |disk: &Faulty| post(&office, disk, &receipts);
    cut_everywhere(prepare, act, |disk, done| {
        let shelf = open(&disk);
        for byte in 1..=2 {
            let left = shelf.visible().find(&id(byte)).is_some();
            let place = receipts_place().join(Name::hex(id(byte).as_bytes()));
            let kept = read(&disk, &place).unwrap().is_some();
            assert!(left || kept, "a drop went without its receipt");
            assert!(!done || !left, "it was said to be done");
        }
        assert_eq!(shelf.damaged(), 0);
        finish(&office, &disk, &shelf);
        // The courier, who had no answer, sends them again.
        post(&office, &disk, &receipts).unwrap();
        let shelf = open(&disk);
        assert_eq!(shelf.visible().count(), 1);
        assert!(shelf.visible().find(&id(3)).is_some());
        assert_eq!(disk.list(&commit::drops()).unwrap().len(), 1);
        assert!(disk.list(&commit::trash()).unwrap().is_empty());
        // The power goes: what comes back with it goes again, for its receipt is there.
        let later = disk.after(Survives::Synced);
        let shelf = open(&later);
        finish(&office, &later, &shelf);
        assert_eq!(shelf.visible().count(), 1);
        assert_eq!(names(&later).unwrap().len(), 2);
        for name in names(&later).unwrap() {
            assert!(
                read(&later, &receipts_place().join(name))
                    .unwrap()
                    .is_some()
            );
        }
    });
}

#[test]
fn a_burn_that_is_cut_off_is_finished_at_the_next_start_once_its_receipt_is_kept() {
    let office = Office::new(1, 1);
    let burned = [Receipt::Burned { epoch: epoch() }];
    let act = |disk: &Faulty| post(&office, disk, &burned);
    cut_everywhere(prepare, act, |disk, done| {
        let shelf = open(&disk);
        finish(&office, &disk, &shelf);
        let count = |room| disk.list(&room).unwrap().len();
        let left = (count(commit::shelf()), count(commit::drops()));
        let kept = is_burned(&disk, &office.chain, epoch()).unwrap();
        assert_eq!(left, if kept { (0, 0) } else { (3, 1) });
        assert!(!done || kept);
        assert_eq!(count(commit::trash()), 0);
    });
}

#[test]
fn receipts_at_which_one_step_fails_are_done_when_they_come_again() {
    let office = Office::new(1, 1);
    let act = |disk: &Faulty| post(&office, disk, &[opened(1), refused(2)]);
    let check = |disk: &Faulty| {
        let shelf = open(disk);
        assert_eq!(shelf.visible().count(), 1);
        assert!(disk.list(&commit::trash()).unwrap().is_empty());
        let names = names(disk).unwrap();
        assert_eq!(names.len(), 2);
        for name in names {
            let kept = read(disk, &receipts_place().join(name)).unwrap();
            assert!(kept.is_some(), "it was said to be kept");
        }
    };
    fail_everywhere(prepare, act, check);
    fill_everywhere(prepare, act, check);
}

#[test]
fn a_receipt_that_is_cut_off_shortens_no_grace_and_is_kept_once_it_was_said_to_be() {
    let office = Office::new(1, 1);
    let receipts = [opened(1), refused(2)];
    let act = |disk: &Faulty| post_for_later(&office, disk, &receipts);
    cut_everywhere(prepare, act, |disk, done| {
        let shelf = open(&disk);
        let later = |disk: &Faulty, number| {
            sweep(disk, &office.chain, &shelf, week(), day(number)).unwrap();
        };
        later(&disk, 7);
        assert_eq!(shelf.visible().count(), 3);
        later(&disk, 8);
        let left = shelf.visible().count();
        assert!(!done || left == 1, "it was said to be kept");
        // The courier, who had no answer, sends them again.
        post_for_later(&office, &disk, &receipts).unwrap();
        later(&disk, 8);
        later(&disk, 15);
        assert_eq!(shelf.visible().count(), 1);
        assert!(shelf.visible().find(&id(3)).is_some());
    });
    fail_everywhere(prepare, act, |disk| {
        for byte in 1..=2 {
            let place = receipts_place().join(Name::hex(id(byte).as_bytes()));
            assert!(
                read(disk, &place).unwrap().is_some(),
                "it was said to be kept"
            );
        }
    });
}

#[test]
fn a_removal_after_the_grace_that_is_cut_off_is_finished_at_the_next_one() {
    let office = Office::new(1, 1);
    let receipts = [opened(1), refused(2)];
    let ready = |disk: &Faulty| {
        prepare(disk);
        post_for_later(&office, disk, &receipts).unwrap();
    };
    let act = |disk: &Faulty| {
        let (shelf, _) = Shelf::open(disk, NOW, &mut seeded(1))?;
        sweep(disk, &office.chain, &shelf, week(), day(8)).map(drop)
    };
    cut_everywhere(ready, act, |disk, done| {
        let shelf = open(&disk);
        assert!(!done || shelf.visible().count() == 1);
        sweep(&disk, &office.chain, &shelf, week(), day(8)).unwrap();
        let later = disk.after(Survives::Synced);
        assert_eq!(open(&later).visible().count(), 1);
        assert!(later.list(&commit::trash()).unwrap().is_empty());
    });
    fail_everywhere(ready, act, |disk| {
        assert_eq!(open(disk).visible().count(), 1)
    });
}
