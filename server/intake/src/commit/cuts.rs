//! An upload and its commit, cut off at every step; then the store starts again.

use core::cell::Cell;
use std::sync::Arc;

use super::*;
use crate::clock::{BatchNumber, UnixSeconds};
use crate::disk::faulty::{Faulty, Survives, cut_everywhere, fail_everywhere, fill_everywhere};
use crate::forge::{content, id, rooms, tree, url, write};
use crate::newsroom::Closing;
use crate::recover::recover;
use crate::segments::Segments;
use crate::uploads::{Upload, Uploads};

const BATCH: BatchNumber = BatchNumber(3);

fn start(disk: &dyn Disk) -> Uploads {
    let link = |ticket: &Ticket| ticket.url.map(|url| Link { url, batch: BATCH });
    recover(disk, UnixSeconds::new(5), link, |_| Ok(Closing::Open)).unwrap()
}

fn link_of(byte: u8) -> Option<Link> {
    Some(Link {
        url: url(byte),
        batch: BATCH,
    })
}

/// The drop is whole, and whoever has its URL is told so.
fn assert_arrived(disk: &dyn Disk, uploads: &Uploads, byte: u8, bytes: &[u8]) {
    let folder = folder_of(&drops(), &id(byte));
    let manifest = finished(disk, &folder).unwrap().unwrap();
    assert_eq!(manifest.tree, tree(bytes));
    assert!(verifies(disk, &folder, &manifest).unwrap());
    assert_eq!(super::link(disk, &folder).unwrap(), link_of(byte));
    assert_eq!(
        uploads.find(&url(byte)).unwrap().tree(),
        Some(manifest.tree)
    );
    assert!(disk.list(&incoming()).unwrap().is_empty());
    let mut found = Vec::new();
    for (lane, length) in match &manifest.lanes {
        Lanes::One(length) => vec![*length],
        Lanes::Many(lengths) => lengths.clone(),
    }
    .into_iter()
    .enumerate()
    {
        let place = lane_place(&folder, &manifest.lanes, lane);
        let mut buffer = [0; 1_000];
        segments::read_all(disk, &place, length, &mut buffer, |read| {
            found.extend_from_slice(read);
        })
        .unwrap();
    }
    assert!(found == bytes);
}

/// What a start has found must be there even when the power goes right after it.
fn assert_arrived_for_good(disk: &Faulty, byte: u8, bytes: &[u8]) {
    assert_arrived(disk, &start(disk), byte, bytes);
    for survives in [Survives::Synced, Survives::Entries] {
        let later = disk.after(survives);
        assert_arrived(&later, &start(&later), byte, bytes);
    }
}

#[test]
fn a_commit_that_is_cut_off_is_done_by_the_next_start_and_is_never_half_a_drop() {
    let bytes = content(1, 5_000);
    let prepare = |disk: &Faulty| {
        rooms(disk);
        write(disk, &id(1), Role::Whole, 5_000, &bytes);
    };
    let act = |disk: &Faulty| {
        let ticket = ticket_of(disk, 1)?;
        commit(disk, &id(1), &ticket, link_of(1)).map(drop)
    };
    cut_everywhere(prepare, act, |disk, _| {
        assert_arrived_for_good(&disk, 1, &bytes);
    });
    let check = |disk: &Faulty| assert_arrived(disk, &start(disk), 1, &bytes);
    fail_everywhere(prepare, act, check);
    fill_everywhere(prepare, act, check);
}

fn ticket_of(disk: &dyn Disk, byte: u8) -> io::Result<Ticket> {
    // Once it has been moved, a commit that is repeated does not look at the ticket.
    let place = segments::ticket_place(&folder_of(&incoming(), &id(byte)));
    let bytes = disk::read_if_there(disk, &place, MOST_RECORD_BYTES)?;
    Ok(bytes.map_or_else(
        || Ticket {
            url: Some(url(byte)),
            length: 5_000,
            role: Role::Whole,
            epoch: None,
            total: 5_000,
            expires: UnixSeconds::new(0),
        },
        |bytes| Ticket::decode(&bytes).unwrap(),
    ))
}

#[test]
fn lanes_whose_joining_is_cut_off_are_one_drop_after_the_next_start() {
    let bytes = content(3, 5_000);
    let lanes = [id(1), id(2)];
    let prepare = |disk: &Faulty| {
        rooms(disk);
        write(disk, &lanes[0], Role::First, 3_000, &bytes[..3_000]);
        let parent = lanes[0];
        write(
            disk,
            &lanes[1],
            Role::Later { parent },
            2_000,
            &bytes[3_000..],
        );
        let lanes = lanes.to_vec();
        write(disk, &id(3), Role::Joined { lanes }, 5_000, &[]);
    };
    let act = |disk: &Faulty| {
        let place = segments::ticket_place(&folder_of(&incoming(), &id(3)));
        let ticket = Ticket::decode(&disk::read_small(disk, &place, MOST_RECORD_BYTES)?);
        commit(disk, &id(3), &ticket.unwrap(), link_of(3)).map(drop)
    };
    cut_everywhere(prepare, act, |disk, _| {
        assert_arrived_for_good(&disk, 3, &bytes);
    });
    // A start that is itself cut off leaves nothing that the next one cannot finish.
    let begin = |disk: &Faulty| {
        let link = |ticket: &Ticket| ticket.url.map(|url| Link { url, batch: BATCH });
        recover(disk, UnixSeconds::new(5), link, |_| Ok(Closing::Open)).map(drop)
    };
    cut_everywhere(prepare, begin, |disk, _| {
        assert_arrived_for_good(&disk, 3, &bytes);
    });
}

#[test]
fn lanes_whose_joining_is_cut_off_are_lanes_or_a_drop_at_the_first_ones_address() {
    let bytes = content(1, 5_000);
    let (lanes, joined) = ([id(1), id(2)], [id(3), id(4)]);
    let prepare = |disk: &Faulty| {
        rooms(disk);
        let parent = lanes[0];
        write(disk, &lanes[0], Role::First, 3_000, &bytes[..3_000]);
        let later = Role::Later { parent };
        write(disk, &lanes[1], later, 2_000, &bytes[3_000..]);
    };
    let join = |disk: &Faulty, id: &DropId| {
        let ticket = Ticket {
            role: Role::Joined {
                lanes: lanes.to_vec(),
            },
            length: 5_000,
            total: 5_000,
            ..ticket_of(disk, 1)?
        };
        Segments::new(folder_of(&incoming(), id), 5_000).create(disk, &ticket)?;
        commit(disk, id, &ticket, link_of(1)).map(drop)
    };
    let (as_lanes, as_drop) = (Cell::new(0), Cell::new(0));
    let act = |disk: &Faulty| join(disk, &joined[0]);
    cut_everywhere(prepare, act, |disk, done| {
        let found = start(&disk).find(&url(1)).unwrap();
        if found.tree().is_none() {
            assert!(!done, "it was said to be done");
            assert_eq!((&found.role, found.view().offset), (&Role::First, 3_000));
            assert_eq!(start(&disk).find(&url(2)).unwrap().view().offset, 2_000);
            as_lanes.set(as_lanes.get() + 1);
            // Asked for again, it is done.
            join(&disk, &joined[1]).unwrap();
        } else {
            as_drop.set(as_drop.get() + 1);
        }
        let found = start(&disk).find(&url(1)).unwrap();
        assert_eq!(found.tree(), Some(tree(&bytes)));
        assert!(start(&disk).find(&url(2)).is_none());
        assert_eq!(disk.list(&drops()).unwrap().len(), 1);
        assert!(disk.list(&incoming()).unwrap().is_empty());
    });
    assert!(as_lanes.get() > 3 && as_drop.get() > 3);
}

#[test]
fn what_was_acknowledged_is_there_after_a_cut_at_any_step() {
    let bytes = content(1, 5_000);
    let acknowledged = Cell::new(0);
    let prepare = |disk: &Faulty| rooms(disk);
    let act = |disk: &Faulty| {
        acknowledged.set(0);
        send(disk, &bytes, |durable| acknowledged.set(durable))
    };
    cut_everywhere(prepare, act, |disk, _| {
        let told = offset_told(&disk, acknowledged.get(), &bytes);
        // What the restarted server tells is an acknowledgement too.
        for survives in [Survives::Synced, Survives::Entries] {
            offset_told(&disk.after(survives), told, &bytes);
        }
        // And so is what it takes from there on.
        let unfinished = |upload: Arc<Upload>| upload.tree().is_none();
        if start(&disk).find(&url(1)).is_some_and(unfinished) {
            let place = folder_of(&incoming(), &id(1));
            let mut segments = Segments::recover(&disk, place, 5_000).unwrap().unwrap();
            let at = usize::try_from(segments.durable()).unwrap();
            segments.write(&disk, &bytes[at..]).unwrap();
            segments.settle(&disk).unwrap();
            for survives in [Survives::Synced, Survives::Entries] {
                offset_told(&disk.after(survives), 5_000, &bytes);
            }
        }
    });
}

#[test]
fn what_a_start_tells_is_there_where_an_earlier_process_had_failed_to_sync_it() {
    let bytes = content(1, 5_000);
    let mut told_of_all = 0;
    for steps in 0.. {
        let disk = Faulty::new();
        rooms(&disk);
        disk.sync_all();
        disk.fail_after(steps);
        let sent = send(&disk, &bytes, |_| {});
        if disk.unharmed() {
            sent.unwrap();
            break;
        }
        // It ends, and the next one looks at what the system holds.
        let disk = disk.after(Survives::Everything);
        let told = offset_told(&disk, 0, &bytes);
        for survives in [Survives::Synced, Survives::Entries] {
            offset_told(&disk.after(survives), told, &bytes);
        }
        told_of_all += u64::from(told == 5_000);
    }
    assert!(
        told_of_all > 0,
        "a mark whose sync failed is read as it was written"
    );
}

/// Sends it in four parts, and tells what is durable after each.
fn send(disk: &dyn Disk, bytes: &[u8], told: impl Fn(u64)) -> io::Result<()> {
    let ticket = Ticket {
        url: Some(url(1)),
        length: 5_000,
        role: Role::Whole,
        epoch: None,
        total: 5_000,
        expires: UnixSeconds::new(u64::MAX),
    };
    let mut segments = Segments::new(folder_of(&incoming(), &id(1)), 5_000);
    segments.create(disk, &ticket)?;
    for part in bytes.chunks(1_250) {
        segments.write(disk, part)?;
        segments.settle(disk)?;
        told(segments.durable());
    }
    Ok(())
}

/// Starts, and gives the offset that the sender is told; at least so many bytes must be there.
fn offset_told(disk: &Faulty, least: u64, bytes: &[u8]) -> u64 {
    let uploads = start(disk);
    let Some(upload) = uploads.find(&url(1)) else {
        assert_eq!(least, 0);
        assert!(disk.list(&incoming()).unwrap().is_empty());
        return 0;
    };
    let offset = upload.view().offset;
    assert!(offset >= least, "{offset} of {least} bytes are left");
    // What is whole is a drop by now.
    let room = upload.tree().map_or_else(incoming, |_| drops());
    let place = folder_of(&room, &id(1));
    let mut found = Vec::new();
    segments::read_all(disk, &place, offset, &mut [0; 999], |read| {
        found.extend_from_slice(read);
    })
    .unwrap();
    assert!(found == bytes[..found.len()]);
    assert_eq!(u64::try_from(found.len()).unwrap(), offset);
    offset
}
