//! The pool, and an upload that is made of it, cut off at every step; then the store starts again.

use core::cell::Cell;

use super::*;
use crate::clock::BatchNumber;
use crate::commit::{commit, drops, finished, folder_of, verifies};
use crate::disk::faulty::{Faulty, Survives, cut_everywhere, fail_everywhere};
use crate::forge::{content, id, rooms, seeded, tree, url};
use crate::newsroom::Closing;
use crate::record::{Link, Role, Ticket};
use crate::recover::recover;
use crate::segments::{self, Segments};
use crate::uploads::Uploads;

const LENGTH: u64 = 5_000;

fn settings() -> Settings {
    Settings {
        pool_uploads: 2,
        pool_messages: 1,
        pool_segments: 3,
        pool_staying: 1,
        ..Settings::default()
    }
}

fn open(disk: &Faulty) -> Arc<Pool> {
    Pool::open(Arc::new(disk.clone()), &settings(), &mut seeded(1))
}

fn prepare(disk: &Faulty) {
    rooms(disk);
    open(disk);
}

fn start(pool: &Pool) -> Uploads {
    let batch = BatchNumber(3);
    let link = |ticket: &Ticket| ticket.url.map(|url| Link { url, batch });
    recover(pool, UnixSeconds::new(5), link, |_| Ok(Closing::Open)).unwrap()
}

fn ticket(byte: u8) -> Ticket {
    Ticket {
        url: Some(url(byte)),
        length: LENGTH,
        role: Role::Whole,
        epoch: None,
        total: LENGTH,
        expires: UnixSeconds::new(u64::MAX),
    }
}

/// An upload of so many bytes, in parts each of which is acknowledged.
fn send(pool: &Pool, byte: u8, bytes: &[u8], acknowledged: &Cell<u64>) -> io::Result<()> {
    acknowledged.set(0);
    let mut segments = Segments::new(folder_of(&incoming(), &id(byte)), LENGTH);
    segments.create(pool, &ticket(byte))?;
    for part in bytes.chunks(1_250) {
        segments.write(pool, part)?;
        segments.settle(pool)?;
        acknowledged.set(segments.durable());
    }
    Ok(())
}

/// All blanks of the pool are there, and nothing is in them.
fn assert_full(pool: &Pool) {
    for (kind, wanted) in Kind::ALL.into_iter().zip([2, 8, 1, 3, 0, 1]) {
        assert_eq!(pool.count(kind), wanted, "{kind:?}");
    }
    assert_blank(pool);
    assert_eq!(pool.list(&super::pool()).unwrap().len(), 15);
}

fn assert_blank(pool: &Pool) {
    for name in pool.list(&super::pool()).unwrap() {
        let place = super::pool().join(name);
        match pool.open(&place) {
            Ok(file) => assert_eq!(file.length().unwrap(), 0, "{place:?}"),
            Err(_) => assert!(pool.list(&place).unwrap().is_empty(), "{place:?}"),
        }
    }
}

fn assert_holds(pool: &Pool, room: &Place, byte: u8, bytes: &[u8]) {
    let mut found = Vec::new();
    let length = u64::try_from(bytes.len()).unwrap();
    let folder = folder_of(room, &id(byte));
    segments::read_all(pool, &folder, length, &mut [0; 999], |read| {
        found.extend_from_slice(read);
    })
    .unwrap();
    assert!(found == bytes, "{byte}");
}

#[test]
fn a_filling_that_is_cut_off_leaves_blanks_of_which_the_next_boundary_makes_a_full_pool() {
    let act = |disk: &Faulty| {
        open(disk);
        Ok(())
    };
    cut_everywhere(rooms_of, act, |disk, _| {
        let pool = open(&disk);
        assert_blank(&pool);
        pool.renew(&mut seeded(2));
        assert_full(&pool);
    });
    fail_everywhere(rooms_of, act, |disk| {
        let pool = open(disk);
        assert_blank(&pool);
        pool.renew(&mut seeded(2));
        assert_full(&pool);
    });
}

fn rooms_of(disk: &Faulty) {
    rooms(disk);
}

#[test]
fn what_was_acknowledged_of_an_upload_from_the_pool_is_there_after_a_cut_at_any_step() {
    let bytes = content(1, LENGTH);
    let acknowledged = Cell::new(0);
    let act = |disk: &Faulty| {
        let pool = open(disk);
        send(&pool, 1, &bytes, &acknowledged)?;
        assert_eq!(pool.count(Kind::Folder), 1, "it was made of the pool");
        let batch = BatchNumber(3);
        let link = Some(Link { url: url(1), batch });
        commit(&*pool, &id(1), &ticket(1), link)?;
        assert_eq!(pool.count(Kind::Record), 4);
        Ok(())
    };
    cut_everywhere(prepare, act, |disk, done| {
        let pool = open(&disk);
        assert_blank(&pool);
        let uploads = start(&pool);
        let found = uploads.find(&url(1));
        let offset = found.as_ref().map_or(0, |found| found.view().offset);
        assert!(offset >= acknowledged.get(), "{offset}");
        let drop = folder_of(&drops(), &id(1));
        if done || found.is_some_and(|found| found.tree().is_some()) {
            let manifest = finished(&*pool, &drop).unwrap().unwrap();
            assert_eq!(manifest.tree, tree(&bytes));
            assert!(verifies(&*pool, &drop, &manifest).unwrap());
            assert_holds(&pool, &drops(), 1, &bytes);
        } else if offset > 0 {
            let held = usize::try_from(offset).unwrap();
            assert_holds(&pool, &incoming(), 1, &bytes[..held]);
        }
        // What the next one is made of has nothing of the first in it.
        let other = content(2, 1_250);
        send(&pool, 2, &other, &Cell::new(0)).unwrap();
        for survives in [Survives::Everything, Survives::Synced, Survives::Entries] {
            let later = open(&disk.after(survives));
            let uploads = start(&later);
            assert_eq!(uploads.find(&url(2)).unwrap().view().offset, 1_250);
            assert_holds(&later, &incoming(), 2, &other);
        }
    });
}

#[test]
fn a_clearing_that_is_cut_off_takes_nothing_but_what_was_set_aside() {
    let bytes = content(1, LENGTH);
    let prepare = |disk: &Faulty| {
        prepare(disk);
        let pool = open(disk);
        send(&pool, 1, &bytes, &Cell::new(0)).unwrap();
        commit(&*pool, &id(1), &ticket(1), None).unwrap();
        assert_eq!(pool.list(&spent()).unwrap().len(), 2);
    };
    let act = |disk: &Faulty| {
        open(disk).renew(&mut seeded(2));
        Ok(())
    };
    cut_everywhere(prepare, act, |disk, _| {
        let pool = open(&disk);
        start(&pool);
        assert_holds(&pool, &drops(), 1, &bytes);
        pool.renew(&mut seeded(3));
        assert!(pool.list(&spent()).unwrap().is_empty());
        assert_full(&pool);
    });
}
