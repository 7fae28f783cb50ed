//! What a look at a store tells of it, held against a story that is known.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use knothole_envelope::{
    Day, EraseHash, ListedDrop, MailboxAddress, PushedReply, Receipt, seal_decoy, unframe,
};
use knothole_intake::{Seizure, UnixSeconds};
use newsroom::{BATCH, DAY, House, rng, settings};
use wire::{PATCH, Wire};

/// A drop that arrives; gives its padded length.
async fn send(house: &House, size: usize) -> u64 {
    let (sealed, _) = house.drop(size);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let made = Wire::public(&house.intake)
        .tus("POST /drops", &headers, &sealed)
        .await;
    assert_eq!(made.status, 201);
    u64::try_from(sealed.len()).unwrap()
}

/// A drop of which so many bytes come; gives the padded length that was announced.
async fn begin(house: &House, size: usize, bytes: usize) -> u64 {
    let (sealed, _) = house.drop(size);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str())];
    let mut wire = Wire::public(&house.intake);
    let made = wire.tus("POST /drops", &headers, b"").await;
    let path = made.header("location").unwrap().to_owned();
    let answer = wire.patch(&path, 0, &sealed[..bytes]).await;
    assert_eq!(answer.status, 204);
    u64::try_from(sealed.len()).unwrap()
}

async fn listing(house: &House) -> Vec<ListedDrop> {
    let answer = house.collect("GET /listing", &[], b"").await;
    ListedDrop::decode_list(unframe(&answer.body).unwrap()).unwrap()
}

async fn push_dummies(house: &House) {
    let lot: Vec<_> = (0..8)
        .map(|byte| PushedReply {
            mailbox: MailboxAddress::from_bytes([byte; 32]),
            erase: EraseHash::from_bytes([byte; 32]),
            envelope: seal_decoy(&mut rng()).unwrap(),
        })
        .collect();
    let lot = PushedReply::encode_list(&lot);
    assert_eq!(house.collect("POST /replies", &[], &lot).await.status, 204);
}

/// A store with a week's grace, and what happened to it until the second batch.
async fn story() -> (House, [u64; 4]) {
    let mut settings = settings();
    settings.grace = Duration::from_secs(7 * 86_400);
    let house = House::with(settings).await;
    let least = send(&house, 5).await;
    let most = send(&house, 3_000_000).await;
    let next_batch = UnixSeconds::new(DAY + BATCH);
    house.intake.tick(next_batch).await.unwrap();
    let drops = listing(&house).await;
    let smallest = drops.iter().find(|drop| drop.length() == least).unwrap();
    let receipt = house.receipt(Receipt::Opened {
        drop: smallest.id,
        tree: smallest.tree,
        length: least,
    });
    let signed = house.collect("POST /receipts", &[], &receipt).await;
    assert_eq!(signed.status, 204);
    push_dummies(&house).await;
    let waiting = send(&house, 500_000).await;
    let begun = begin(&house, 2_000_000, 700_000).await;
    (house, [least, most, waiting, begun])
}

#[tokio::test]
async fn a_look_at_a_store_counts_what_lies_there_as_it_came() {
    let (house, [least, most, waiting, begun]) = story().await;
    let found = Seizure::look(house.folder.path()).unwrap();
    let drops = found.drops;
    assert_eq!((drops.count, drops.least, drops.most), (3, least, most));
    assert_eq!(drops.sum, least + most + waiting);
    assert_eq!((found.waiting, found.signed_off, found.damaged), (1, 1, 0));
    assert_eq!(found.epochs, 1);
    assert_eq!((found.unfinished.count, found.unfinished.sum), (1, begun));
    assert_eq!(found.unfinished_bytes, 700_000);
    // Of three drops and of the upload: the second boundary of the first two is to come.
    assert_eq!(found.addresses, 4);
    assert_eq!((found.receipts.count, found.receipts.sum), (1, least));
    assert_eq!((found.burned, found.grace_days), (0, 1));
    assert_eq!((found.replies, found.reply_days), (8, 1));
    assert_eq!((found.couriers, found.sheets, found.trash), (1, 1, 0));
    assert!(found.newsroom && found.charter && found.clock);
    let written = written(&house, &["drops", "shelf"]);
    let days = written.iter().next().copied().zip(written.last().copied());
    assert_eq!(found.drop_times.written(), days);
    assert!(found.drop_times.hours() > 0 && found.unfinished_times.hours() > 0);
}

#[tokio::test]
async fn a_look_beside_a_running_server_changes_nothing_and_follows_what_happens() {
    let (house, [least, ..]) = story().await;
    let before = shape(house.folder.path());
    let first = Seizure::look(house.folder.path()).unwrap();
    assert_eq!(shape(house.folder.path()), before);
    assert_eq!(Seizure::look(house.folder.path()).unwrap(), first);
    // The grace is over, and nothing of the drop is left but its receipt.
    house.live_until(DAY + 9 * 86_400).await;
    let later = Seizure::look(house.folder.path()).unwrap();
    assert_eq!(later.drops.sum, first.drops.sum - least);
    assert_eq!((later.waiting, later.signed_off), (0, 0));
    assert_eq!((later.receipts.sum, later.grace_days), (least, 0));
    // Two boundaries have passed for the drops, and none for the upload.
    assert_eq!(later.addresses, 1);
}

#[tokio::test]
async fn a_look_says_what_it_cannot_explain_and_what_does_not_verify() {
    let (house, _) = story().await;
    let explained = Seizure::look(house.folder.path()).unwrap();
    assert_eq!(explained.unexplained, <[String; 0]>::default());
    std::fs::create_dir(house.folder.path().join("stray")).unwrap();
    let shelf = house.folder.path().join("shelf");
    let drop = std::fs::read_dir(shelf).unwrap().next().unwrap().unwrap();
    std::fs::remove_file(drop.path().join("manifest")).unwrap();
    let found = Seizure::look(house.folder.path()).unwrap();
    assert_eq!(found.unexplained, ["stray"]);
    assert_eq!((found.drops.count, found.damaged), (2, 1));
}

#[test]
fn a_look_at_an_empty_store_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let found = Seizure::look(folder.path()).unwrap();
    assert_eq!(found, Seizure::default());
}

/// The days on which the files beneath these rooms were written.
fn written(house: &House, rooms: &[&str]) -> BTreeSet<Day> {
    let everything = shape(house.folder.path());
    let within = everything
        .iter()
        .filter(|(path, seen)| seen.file && rooms.iter().any(|room| path.starts_with(room)));
    within
        .map(|(_, seen)| Day::from_unix_seconds(u64::try_from(seen.written.0).unwrap()).unwrap())
        .collect()
}

/// What a disk shows of a file or a folder without its content.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    file: bool,
    length: u64,
    written: (i64, i64),
    changed: (i64, i64),
    /// Of files alone: listing a folder from here moves its own.
    read: Option<(i64, i64)>,
}

/// All that lies beneath a folder, by its path there.
fn shape(folder: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            let file = meta.is_file();
            let seen = Seen {
                file,
                length: meta.len(),
                written: (meta.mtime(), meta.mtime_nsec()),
                changed: (meta.ctime(), meta.ctime_nsec()),
                read: file.then(|| (meta.atime(), meta.atime_nsec())),
            };
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), seen);
            if !file {
                waiting.push(path);
            }
        }
    }
    found
}
