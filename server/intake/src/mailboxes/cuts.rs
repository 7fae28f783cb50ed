//! Pushing, erasing and expiring, cut off at every step.

use std::sync::LazyLock;

use super::tests::{address, day, erase, erasure, open, reply, seen};
use super::*;
use crate::disk::faulty::{Faulty, Survives, cut_everywhere, fail_everywhere, fill_everywhere};
use crate::forge::seeded;
use crate::settings::Settings;

fn start(disk: &Faulty) -> io::Result<Mailboxes> {
    let space = Space::new(&Settings::default(), 0);
    Mailboxes::open(disk, space, day(0), &mut seeded(1))
}

fn post(disk: &Faulty, replies: &[PushedReply]) -> io::Result<()> {
    let boxes = start(disk)?;
    let bytes = PushedReply::encode_list(replies);
    match boxes.push(disk, &bytes, day(0), &mut seeded(2)) {
        Ok(()) => Ok(()),
        Err(PushError::Disk(error)) => Err(error),
        Err(PushError::Full) => Err(io::ErrorKind::StorageFull.into()),
        Err(other) => panic!("{other}"),
    }
}

/// Sealed once: there are many steps to cut at.
fn replies() -> [PushedReply; 2] {
    static SEALED: LazyLock<[PushedReply; 2]> = LazyLock::new(|| [reply(1, 0), reply(1, 1)]);
    SEALED.clone()
}

#[test]
fn a_push_that_is_cut_off_leaves_whole_replies_in_their_order_and_comes_again() {
    let act = |disk: &Faulty| post(disk, &replies());
    cut_everywhere(
        |_| {},
        act,
        |disk, done| {
            let boxes = open(&disk);
            let found = seen(&boxes, &disk, 1, &replies());
            assert!(found.iter().copied().eq(0..found.len()), "out of order");
            assert!(!done || found.len() == 2, "it was said to be done");
            post(&disk, &replies()).unwrap();
            let later = disk.after(Survives::Synced);
            let boxes = open(&later);
            assert_eq!(seen(&boxes, &later, 1, &replies()), [0, 1]);
            assert_eq!(boxes.count(), 2 + found.len());
            let one = erasure(1, &replies()[..1]);
            erase(&boxes, &later, 1, &one);
            assert_eq!(seen(&boxes, &later, 1, &replies()), [1]);
            assert!(later.list(&arriving()).unwrap().is_empty());
        },
    );
}

#[test]
fn a_push_at_which_one_step_fails_is_done_when_it_comes_again() {
    let act = |disk: &Faulty| post(disk, &replies());
    let check = |disk: &Faulty| {
        let boxes = open(disk);
        assert_eq!(seen(&boxes, disk, 1, &replies()), [0, 1]);
    };
    fail_everywhere(|_| {}, act, check);
    fill_everywhere(|_| {}, act, check);
}

#[test]
fn an_erasure_that_is_cut_off_loses_no_other_reply_and_is_done_when_it_comes_again() {
    let prepare = |disk: &Faulty| post(disk, &replies()).unwrap();
    let act = |disk: &Faulty| {
        let boxes = start(disk)?;
        let one = erasure(1, &replies()[..1]);
        boxes.erase(disk, &address(1), &one, &mut seeded(3))
    };
    cut_everywhere(prepare, act, |disk, done| {
        let boxes = open(&disk);
        let found = seen(&boxes, &disk, 1, &replies());
        assert!(found.contains(&1), "a reply was lost");
        assert!(!done || found == [1], "it was said to be done");
        assert_eq!(boxes.count(), 2, "a file is missing");
        act(&disk).unwrap();
        let later = disk.after(Survives::Synced);
        let boxes = open(&later);
        assert_eq!(seen(&boxes, &later, 1, &replies()), [1]);
        assert_eq!(boxes.count(), 2);
        post(&later, &replies()).unwrap();
        let again = seen(&open(&later), &later, 1, &replies());
        assert_eq!(again, [1], "what was erased came back");
    });
}

#[test]
fn an_expiry_that_is_cut_off_is_done_at_the_next_one() {
    let prepare = |disk: &Faulty| post(disk, &replies()).unwrap();
    let act = |disk: &Faulty| {
        let boxes = start(disk)?;
        boxes.expire(disk, day(91))
    };
    cut_everywhere(prepare, act, |disk, done| {
        let boxes = open(&disk);
        assert!(!done || boxes.count() == 0);
        boxes.expire(&disk, day(91)).unwrap();
        assert_eq!(open(&disk.after(Survives::Synced)).count(), 0);
    });
}
