//! Starts on a disk that is full, or cannot give one thing.

use std::io::Write as _;
use std::os::unix::fs::symlink;

use super::*;
use crate::clock::BatchNumber;
use crate::disk::faulty::Faulty;
use crate::forge::{arrive, content, id, rooms, tree, url, write};
use crate::intake::Intake;
use crate::record::MOST_RECORD_BYTES;
use crate::segments;

const NOW: UnixSeconds = UnixSeconds::new(1_000_000);
const LENGTH: u64 = 5_000;
const HALF: usize = 2_500;

fn start(disk: &Faulty) -> Arc<Intake> {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    Intake::open_on_disk(&disk, NOW).unwrap()
}

/// A store that has been served once, with upload 1 whole, upload 2 begun and drop 3 arrived.
fn filled() -> Faulty {
    let disk = Faulty::new();
    drop(start(&disk));
    write(&disk, &id(1), Role::Whole, LENGTH, &content(1, LENGTH));
    write(&disk, &id(2), Role::Whole, LENGTH, &content(2, 100));
    arrive(&disk, 3, &content(3, LENGTH), Some(BatchNumber(11)));
    disk
}

/// Upload 4, whose two lanes were about to be joined.
fn join(disk: &Faulty) {
    let bytes = content(4, LENGTH);
    let lanes = [id(4), id(5)];
    write(disk, &lanes[0], Role::First, 2_500, &bytes[..HALF]);
    let later = Role::Later { parent: lanes[0] };
    write(disk, &lanes[1], later, 2_500, &bytes[HALF..]);
    note(disk, &lanes);
}

/// A durable note that these lanes become one drop, under the first one's address.
fn note(disk: &Faulty, lanes: &[DropId]) {
    let ticket = Ticket {
        url: Some(url(4)),
        length: LENGTH,
        role: Role::Joined {
            lanes: lanes.to_vec(),
        },
        epoch: None,
        total: LENGTH,
        expires: UnixSeconds::new(u64::MAX),
    };
    let mut segments = Segments::new(folder_of(&incoming(), &id(6)), LENGTH);
    segments.create(disk, &ticket).unwrap();
}

/// Puts a file there, over the one that may be there.
fn put(path: &std::path::Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(bytes).unwrap();
}

fn assert_waits(intake: &Intake, byte: u8) {
    let found = intake.uploads().find(&url(byte)).unwrap();
    assert_eq!((found.tree(), found.view().offset), (None, LENGTH));
}

fn assert_arrived(intake: &Intake, byte: u8) {
    let found = intake.uploads().find(&url(byte)).unwrap();
    assert_eq!(found.tree(), Some(tree(&content(byte, LENGTH))));
}

#[tokio::test]
async fn a_full_disk_keeps_no_server_from_its_start_and_what_is_whole_arrives_when_there_is_room() {
    let disk = filled();
    join(&disk);
    disk.fill();
    let intake = start(&disk);
    assert_waits(&intake, 1);
    assert_waits(&intake, 4);
    assert_eq!(
        intake.uploads().find(&url(2)).unwrap().view().offset,
        100,
        "the others are served"
    );
    assert_arrived(&intake, 3);
    intake.tick(NOW).await.unwrap();
    assert_waits(&intake, 1);
    assert_waits(&intake, 4);
    // The next start finds the same.
    drop(intake);
    let intake = start(&disk);
    assert_waits(&intake, 1);
    assert_waits(&intake, 4);
    disk.mend();
    intake.tick(NOW).await.unwrap();
    assert_arrived(&intake, 1);
    assert_arrived(&intake, 4);
    assert_eq!(disk.list(&incoming()).unwrap().len(), 1);
    assert!(intake.uploads().find(&url(5)).is_none());
}

#[tokio::test]
async fn a_day_that_begins_on_a_full_disk_keeps_no_server_from_its_start_nor_ends_it() {
    let disk = filled();
    disk.fill();
    let held: Arc<dyn Disk> = Arc::new(disk.clone());
    let later = NOW.plus(DAY);
    let intake = Intake::open_on_disk(&held, later).unwrap();
    assert_waits(&intake, 1);
    let noted = || disk::read_small(&disk, &Place::top("lived"), MOST_RECORD_BYTES).unwrap();
    let (before, refused) = (noted(), disk.refused());
    let running = tokio::spawn(Arc::clone(&intake).run());
    while disk.refused() == refused {
        tokio::task::yield_now().await;
    }
    disk.mend();
    while noted() == before {
        assert!(!running.is_finished(), "a full disk has ended the server");
        tokio::task::yield_now().await;
    }
    running.abort();
}

#[tokio::test]
async fn one_upload_that_the_disk_cannot_give_keeps_no_server_from_its_start() {
    let disk = filled();
    join(&disk);
    let spoilt = folder_of(&incoming(), &id(1));
    disk.spoil(&spoilt);
    let intake = start(&disk);
    assert!(intake.uploads().find(&url(1)).is_none());
    assert_arrived(&intake, 3);
    assert_arrived(&intake, 4);
    drop(intake);
    disk.mend();
    assert_arrived(&start(&disk), 1);
    // A lane that cannot be read: what it is joined into waits for it.
    let disk = filled();
    join(&disk);
    disk.spoil(&folder_of(&incoming(), &id(5)));
    let intake = start(&disk);
    assert_arrived(&intake, 1);
    assert_waits(&intake, 4);
    disk.mend();
    intake.tick(NOW).await.unwrap();
    assert_arrived(&intake, 4);
}

#[tokio::test]
async fn a_step_of_a_commit_that_fails_at_a_start_leaves_a_whole_upload_that_the_next_tick_commits()
{
    let (mut waited, mut unknown) = (0, 0);
    for steps in 0.. {
        let disk = filled();
        disk.fail_after(steps);
        let held: Arc<dyn Disk> = Arc::new(disk.clone());
        let opened = Intake::open_on_disk(&held, NOW);
        if disk.unharmed() {
            break;
        }
        // The store's own folders failed.
        let Ok(intake) = opened else { continue };
        match intake.uploads().find(&url(1)) {
            Some(upload) if upload.tree().is_none() => {
                assert_waits(&intake, 1);
                intake.tick(NOW).await.unwrap();
                assert_arrived(&intake, 1);
                waited += 1;
            }
            Some(_) => assert_arrived(&intake, 1),
            // How far it is could not be found out.
            None => {
                drop(intake);
                assert_arrived(&start(&disk), 1);
                unknown += 1;
            }
        }
    }
    assert!(waited > 8 && unknown < 8, "{waited} and {unknown}");
}

#[tokio::test]
async fn a_manifest_that_a_start_cannot_move_waits_for_the_next_tick_whoever_sent_it() {
    let disk = filled();
    for url in [Some(url(7)), None] {
        let byte = if url.is_some() { 7 } else { 8 };
        let ticket = write(
            &disk,
            &id(byte),
            Role::Whole,
            LENGTH,
            &content(byte, LENGTH),
        );
        let link = url.map(|url| Link {
            url,
            batch: BatchNumber(11),
        });
        let manifest = commit::commit(&disk, &id(byte), &ticket, link).unwrap();
        // As a commit that was cut off before the rename has left it.
        let folder = folder_of(&incoming(), &id(byte));
        disk.rename_new(&folder_of(&drops(), &id(byte)), &folder)
            .unwrap();
        assert_eq!(commit::finished(&disk, &folder).unwrap(), Some(manifest));
    }
    disk.fill();
    let intake = start(&disk);
    assert_waits(&intake, 7);
    disk.mend();
    intake.tick(NOW).await.unwrap();
    assert_arrived(&intake, 7);
    for byte in [7, 8] {
        let folder = folder_of(&drops(), &id(byte));
        assert!(commit::finished(&disk, &folder).unwrap().is_some());
    }
    assert_eq!(intake.uploads().unfinished().len(), 1);
}

#[test]
fn a_note_whose_lanes_have_gone_in_part_takes_none_of_them_with_it() {
    let disk = Faulty::new();
    rooms(&disk);
    let bytes = content(4, LENGTH);
    write(&disk, &id(4), Role::First, 2_500, &bytes[..HALF]);
    // The second was given up and sent anew under another name.
    note(&disk, &[id(4), id(5)]);
    let later = Role::Later { parent: id(4) };
    write(&disk, &id(9), later, 2_500, &bytes[HALF..]);
    let uploads = recover(&disk, NOW, |_| None, |_| Ok(Closing::Open)).unwrap();
    for byte in [4, 9] {
        let lane = uploads.find(&url(byte)).unwrap();
        assert_eq!((lane.tree(), lane.view().offset), (None, 2_500));
    }
    assert_eq!(disk.list(&incoming()).unwrap().len(), 2);
    // One that an earlier start had moved already comes back to its address.
    note(&disk, &[id(4), id(5)]);
    let (from, to) = (
        folder_of(&incoming(), &id(4)),
        folder_of(&incoming(), &id(6)).join(Name::number('l', 0)),
    );
    disk.rename_new(&from, &to).unwrap();
    let uploads = recover(&disk, NOW, |_| None, |_| Ok(Closing::Open)).unwrap();
    assert_eq!(uploads.find(&url(4)).unwrap().view().offset, 2_500);
    assert_eq!(disk.list(&incoming()).unwrap().len(), 2);
}

#[test]
fn lanes_of_a_burned_epoch_fall_with_what_they_were_joined_into() {
    let disk = Faulty::new();
    rooms(&disk);
    join(&disk);
    let ticket_place = segments::ticket_place(&folder_of(&incoming(), &id(6)));
    let mut joined = segments::ticket(&disk, &folder_of(&incoming(), &id(6)))
        .unwrap()
        .unwrap();
    joined.epoch = Some(crate::forge::epoch());
    disk::replace_whole(&disk, &ticket_place, &joined.encode()).unwrap();
    let uploads = recover(&disk, NOW, |_| None, |_| Ok(Closing::Closed)).unwrap();
    assert!(uploads.all().is_empty());
    assert!(disk.list(&incoming()).unwrap().is_empty());
}

#[test]
fn what_is_whole_at_a_start_waits_for_a_clock_that_is_believed_and_goes_when_its_epoch_is_over() {
    let disk = Faulty::new();
    rooms(&disk);
    let bytes = content(1, LENGTH);
    write(&disk, &id(1), Role::Whole, LENGTH, &bytes);
    // The commit of another one was cut off when there was a manifest.
    arrive(&disk, 2, &content(2, LENGTH), Some(BatchNumber(11)));
    let (from, to) = [drops(), incoming()]
        .map(|room| folder_of(&room, &id(2)))
        .into();
    disk.rename_new(&from, &to).unwrap();
    let there = || [incoming(), drops()].map(|room| disk.list(&room).unwrap().len());
    let uploads = recover(&disk, NOW, |_| None, |_| Ok(Closing::Unsure)).unwrap();
    assert!(uploads.find(&url(1)).unwrap().is_left_whole());
    assert!(uploads.find(&url(2)).unwrap().is_left_whole());
    assert_eq!(there(), [2, 0]);
    let uploads = recover(&disk, NOW, |_| None, |_| Ok(Closing::Closed)).unwrap();
    assert!(uploads.all().is_empty());
    assert_eq!(there(), [0, 0]);
}

#[test]
fn what_the_store_did_not_put_there_keeps_no_server_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let settings = crate::settings::Settings::default;
    drop(Intake::open_without_gate(path, settings(), NOW).unwrap());
    {
        let disk = crate::disk::Beneath::open(path).unwrap();
        write(&disk, &id(1), Role::Whole, LENGTH, &content(1, LENGTH));
        arrive(&disk, 3, &content(3, LENGTH), Some(BatchNumber(11)));
    }
    let name = |byte| Name::hex(&[byte; 32]).as_str().to_owned();
    for room in ["incoming", "drops", "shelf", "trash", "replies"] {
        let room = path.join(room);
        let write = |name: &str, bytes: &[u8]| {
            std::fs::create_dir_all(room.join(name).parent().unwrap()).unwrap();
            put(&room.join(name), bytes);
        };
        write("file", b"x");
        write("LOUD", b"x");
        write("folder/inside", b"x");
        write("hidden/.inside", b"x");
        write(&name(0x20), b"a file in place of a folder");
        write(&format!("{}/segment", name(0x21)), b"x");
        // Records that are damaged, too long, folders and links.
        for (byte, record) in [
            (0x22, "ticket"),
            (0x23, "manifest"),
            (0x24, "link"),
            (0x25, "mark"),
        ] {
            write(&format!("{}/{record}", name(byte)), b"x");
            write(&format!("{}/{record}", name(byte + 0x10)), &[7; 100_000]);
            write(&format!("{}/{record}/x", name(byte + 0x20)), b"x");
            let linked = room.join(name(byte + 0x30));
            std::fs::create_dir(&linked).unwrap();
            symlink("/etc/hostname", linked.join(record)).unwrap();
        }
        symlink("/etc", room.join(name(0x60))).unwrap();
        symlink("/nowhere", room.join(name(0x61))).unwrap();
    }
    for record in ["lived", "turned", "mailbox-secret", "reply-blank"] {
        put(&path.join(record), &[7; 100_000]);
    }
    let intake = Intake::open_without_gate(path, settings(), NOW).unwrap();
    assert_arrived(&intake, 1);
    assert_arrived(&intake, 3);
}
