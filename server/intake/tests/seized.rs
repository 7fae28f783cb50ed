//! What a seized disk says of replies, and of those who came for them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use knothole_envelope::{Codename, EraseHash, MailboxAddress, PushedReply, WayBack, seal_decoy};
use knothole_intake::UnixSeconds;
use newsroom::{DAY, House, rng};
use rand_core::Rng as _;
use wire::{Answer, Wire};

fn source(house: &House, byte: u8) -> WayBack {
    Codename::from_bytes([byte; 16]).way_back(&house.fingerprint())
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rng().fill_bytes(&mut bytes);
    bytes
}

fn reply(source: &WayBack) -> PushedReply {
    let block = source.block();
    PushedReply {
        mailbox: block.mailbox,
        erase: block.erase,
        envelope: seal_decoy(&mut rng()).unwrap(),
    }
}

fn dummy() -> PushedReply {
    PushedReply {
        mailbox: MailboxAddress::from_bytes(random()),
        erase: EraseHash::from_bytes(random()),
        envelope: seal_decoy(&mut rng()).unwrap(),
    }
}

/// Pushes these as a courier does: eight, dummies among them.
async fn push_lot(house: &House, real: &[PushedReply]) {
    let mut lot = real.to_vec();
    lot.resize_with(8, dummy);
    let bytes = PushedReply::encode_list(&lot);
    let answer = house.collect("POST /replies", &[], &bytes).await;
    assert_eq!(answer.status, 204);
}

async fn poll(house: &House, mailbox: &MailboxAddress) -> Answer {
    let line = format!("GET /mailbox/{mailbox}");
    Wire::public(&house.intake).ask(&line, &[], b"").await
}

/// How often this reply is in the mailbox.
async fn copies(house: &House, reply: &PushedReply) -> usize {
    let answer = poll(house, &reply.mailbox).await;
    let shown = answer.body.chunks(reply.envelope.len());
    shown.filter(|one| *one == &reply.envelope[..]).count()
}

async fn erase(house: &House, source: &WayBack, reply: &PushedReply) {
    let mut body = source.erase().expose().to_vec();
    body.extend_from_slice(reply.hash().as_bytes());
    body.resize(160, 0xee);
    let line = format!("POST /mailbox/{}", source.mailbox());
    let answer = Wire::public(&house.intake).ask(&line, &[], &body).await;
    assert_eq!(answer.status, 204);
}

/// What a disk shows of a file without its content, but for the time of the last change to its
/// entry.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    inode: u64,
    length: u64,
    accessed: (i64, i64),
    written: (i64, i64),
}

/// The folder of replies, and each file in it by its name.
fn seize(house: &House) -> (Seen, BTreeMap<String, Seen>) {
    let look = |path: &Path| {
        let meta = std::fs::metadata(path).unwrap();
        Seen {
            inode: meta.ino(),
            length: meta.len(),
            accessed: (meta.atime(), meta.atime_nsec()),
            written: (meta.mtime(), meta.mtime_nsec()),
        }
    };
    let path = house.folder.path().join("replies");
    let files = std::fs::read_dir(&path).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name, look(&entry.path()))
    });
    let folder = Seen {
        // Listing it just now, from outside the server, has moved this one.
        accessed: (0, 0),
        ..look(&path)
    };
    (folder, files.collect())
}

/// When the entry of each file was last changed.
fn changes(house: &House) -> Vec<(i64, i64)> {
    let files = std::fs::read_dir(house.folder.path().join("replies")).unwrap();
    let time = |entry: std::io::Result<std::fs::DirEntry>| {
        let meta = entry.unwrap().metadata().unwrap();
        (meta.ctime(), meta.ctime_nsec())
    };
    files.map(time).collect()
}

/// The bytes of every file of the store.
fn everything(path: &Path, into: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything(&path, into);
        } else if let Ok(bytes) = std::fs::read(&path) {
            into.push(bytes);
        }
    }
}

#[tokio::test]
async fn a_seized_disk_names_no_mailbox_that_could_be_asked_and_no_erase_hash() {
    let house = House::new().await;
    let one = source(&house, 1);
    push_lot(&house, &[reply(&one), reply(&one)]).await;
    let block = one.block();
    let mut files = Vec::new();
    everything(house.folder.path(), &mut files);
    assert!(files.len() > 8);
    for bytes in files {
        let mut windows = bytes.windows(32);
        assert!(!windows.any(|window| {
            window == block.mailbox.as_bytes() || window == block.erase.as_bytes()
        }));
    }
}

#[tokio::test]
async fn the_times_of_files_do_not_tell_which_mailbox_was_asked_nor_the_hour_of_pushing() {
    let house = House::new().await;
    let one = source(&house, 1);
    let real = reply(&one);
    push_lot(&house, std::slice::from_ref(&real)).await;
    let before = seize(&house);
    assert_eq!(copies(&house, &real).await, 1);
    poll(&house, source(&house, 2).mailbox()).await;
    let after = seize(&house);
    assert_eq!(before, after);
    let midnight = i64::try_from(DAY / 86_400 * 86_400).unwrap();
    for seen in after.1.values() {
        assert_eq!(seen.written, (midnight, 0));
        assert_eq!(seen.accessed, (midnight, 0));
    }
}

#[tokio::test]
async fn what_was_erased_looks_like_a_dummy_on_the_disk_and_a_stranger_moves_the_same_times() {
    let house = House::new().await;
    let (one, stranger) = (source(&house, 1), source(&house, 9));
    let (first, second) = (reply(&one), reply(&one));
    push_lot(&house, std::slice::from_ref(&first)).await;
    push_lot(&house, std::slice::from_ref(&second)).await;
    let before = seize(&house);
    assert_eq!(before.1.len(), 16);
    erase(&house, &stranger, &first).await;
    assert_eq!(seize(&house), before);
    erase(&house, &one, &first).await;
    assert_eq!(seize(&house), before);
    assert_eq!(copies(&house, &first).await, 0);
    assert_eq!(copies(&house, &second).await, 1);
    // No program can set the time of the last change to an entry: until the day is over it tells.
    let erased = changes(&house).into_iter().max().unwrap();
    let tomorrow = UnixSeconds::new(DAY + 86_400);
    house.intake.tick(tomorrow).await.unwrap();
    assert!(changes(&house).into_iter().all(|time| time > erased));
    assert_eq!(seize(&house), before);
}

#[tokio::test]
async fn a_reply_that_another_courier_brings_again_leaves_as_many_files_and_is_shown_once() {
    let house = House::new().await;
    let one = source(&house, 1);
    let real = reply(&one);
    push_lot(&house, std::slice::from_ref(&real)).await;
    push_lot(&house, std::slice::from_ref(&real)).await;
    assert_eq!(house.intake.status().replies, 16);
    assert_eq!(copies(&house, &real).await, 1);
    erase(&house, &one, &real).await;
    let house = house.restarted(DAY).await;
    push_lot(&house, std::slice::from_ref(&real)).await;
    assert_eq!(house.intake.status().replies, 24);
    assert_eq!(copies(&house, &real).await, 0);
}
