//! The end of an upload: it becomes one drop, and its sender can ask until it is known, whatever
//! fails between the last byte and the answer.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use knothole_envelope::{EpochNumber, Receipt};
use newsroom::{BATCH, DAY, House};
use wire::{Answer, PATCH, Wire};

const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");

/// Two lanes of which every byte has arrived.
struct Lanes {
    first: String,
    later: String,
    length: usize,
    tree: String,
}

impl Lanes {
    async fn sent(house: &House) -> Self {
        let (sealed, tree) = house.drop(5_000_000);
        let (one, two) = sealed.split_at(4_194_304);
        let mut wire = Wire::public(&house.intake);
        let mut paths = Vec::new();
        for lane in [one, two] {
            let length = lane.len().to_string();
            let mut headers = vec![PARTIAL, ("Upload-Length", &length), PATCH];
            let parent = paths.first().cloned().unwrap_or_else(String::new);
            if let Some(digits) = parent.strip_prefix("/drops/") {
                headers.push(("Knothole-Parent", digits));
            }
            let made = wire.tus("POST /drops", &headers, lane).await;
            assert_eq!(made.status, 201, "{}", made.text());
            paths.push(made.header("location").unwrap().to_owned());
        }
        let [first, later] = paths.try_into().unwrap();
        Self {
            first,
            later,
            length: sealed.len(),
            tree: tree.to_string(),
        }
    }

    async fn join(&self, house: &House) -> Answer {
        join(house, &self.first, &self.later).await
    }

    /// They are a drop, as whoever asks at the first one's address hears.
    fn assert_arrived(&self, answer: &Answer) {
        let length = self.length.to_string();
        assert_eq!(answer.header("knothole-tree"), Some(self.tree.as_str()));
        assert_eq!(answer.header("upload-offset"), Some(length.as_str()));
    }
}

async fn join(house: &House, first: &str, later: &str) -> Answer {
    let last = format!("final;{first} {later}");
    let headers = [("Upload-Concat", last.as_str())];
    Wire::public(&house.intake)
        .tus("POST /drops", &headers, b"")
        .await
}

async fn head(house: &House, path: &str) -> Answer {
    Wire::public(&house.intake)
        .tus(&format!("HEAD {path}"), &[], b"")
        .await
}

/// How many drops and how many unfinished uploads the store holds.
fn held(house: &House) -> (usize, usize) {
    (entries(house, "drops"), entries(house, "incoming"))
}

fn entries(house: &House, room: &str) -> usize {
    std::fs::read_dir(house.folder.path().join(room))
        .unwrap()
        .count()
}

/// Waits until no connection and no work of one holds the store any more.
async fn settled(house: &House) {
    while Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
}

/// One of the store's folders, which is away for a while: nothing moves there.
struct Barred {
    room: PathBuf,
    aside: PathBuf,
}

impl Barred {
    fn new(house: &House, room: &str) -> Self {
        let (room, aside) = (
            house.folder.path().join(room),
            house.folder.path().join("aside"),
        );
        std::fs::rename(&room, &aside).unwrap();
        Self { room, aside }
    }

    fn open(self) {
        std::fs::rename(&self.aside, &self.room).unwrap();
    }
}

/// All of an upload is there but its last byte.
async fn nearly(house: &House) -> (String, Vec<u8>, String) {
    let (sealed, tree) = house.drop(2_000_000);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let (_, before) = sealed.split_last().unwrap();
    let sent = wire.patch(&path, 0, before).await;
    assert_eq!(sent.status, 204, "{}", sent.text());
    (path, sealed, tree.to_string())
}

/// Sends the last byte; the commit fails before there is a manifest, and can be done later.
async fn fail_to_commit(house: &House, path: &str, sealed: &[u8]) {
    let incoming = house.folder.path().join("incoming");
    let mut folders = std::fs::read_dir(incoming).unwrap();
    let link = folders.next().unwrap().unwrap().path().join("link");
    std::fs::create_dir(&link).unwrap();
    let (last, before) = sealed.split_last().unwrap();
    let failed = Wire::public(&house.intake)
        .patch(path, before.len(), &[*last])
        .await;
    assert_eq!(failed.status, 503, "{}", failed.text());
    std::fs::remove_dir(&link).unwrap();
}

#[tokio::test]
async fn lanes_become_a_drop_at_the_first_ones_address_and_who_asks_again_hears_the_same() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    let joined = lanes.join(&house).await;
    assert_eq!(joined.status, 201, "{}", joined.text());
    assert_eq!(joined.header("location"), Some(lanes.first.as_str()));
    lanes.assert_arrived(&joined);
    assert_eq!(lanes.join(&house).await, joined);
    let asked = head(&house, &lanes.first).await;
    lanes.assert_arrived(&asked);
    assert_eq!(asked.header("upload-length"), asked.header("upload-offset"));
    assert_eq!(asked.header("upload-concat"), Some("final;"));
    let kept = Wire::public(&house.intake)
        .tus(&format!("DELETE {}", lanes.first), &[], b"")
        .await;
    assert_eq!(kept.status, 403, "a drop is not taken back");
    let house = house.restarted(DAY).await;
    assert_eq!(lanes.join(&house).await, joined);
    assert_eq!(head(&house, &lanes.first).await, asked);
    assert_eq!(held(&house), (1, 0));
}

#[tokio::test]
async fn lanes_that_were_joined_are_forgotten_like_any_upload_and_the_later_ones_at_once() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    assert_eq!(lanes.join(&house).await.status, 201);
    let nowhere = format!("/drops/{}", "0".repeat(64));
    let unknown = head(&house, &nowhere).await;
    let unjoined = join(&house, &nowhere, &lanes.later).await;
    assert_eq!((unknown.status, unjoined.status), (404, 404));
    assert_eq!(head(&house, &lanes.later).await, unknown);
    house.live_until(DAY + 2 * BATCH).await;
    assert_eq!(head(&house, &lanes.first).await, unknown);
    assert_eq!(lanes.join(&house).await, unjoined);
    assert_eq!(join(&house, &lanes.later, &nowhere).await, unjoined);
}

#[tokio::test]
async fn two_requests_to_join_the_same_lanes_make_one_drop() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    let (one, other) = tokio::join!(lanes.join(&house), lanes.join(&house));
    for answer in [&one, &other] {
        assert!(matches!(answer.status, 201 | 503), "{}", answer.text());
    }
    assert!(one.status == 201 || other.status == 201);
    lanes.assert_arrived(&lanes.join(&house).await);
    assert_eq!(held(&house), (1, 0));
}

#[tokio::test]
async fn lanes_are_joined_though_the_line_goes_before_the_answer() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    let last = format!("final;{} {}", lanes.first, lanes.later);
    let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Concat", last.as_str())];
    let mut wire = Wire::public(&house.intake);
    wire.begin("POST /drops", &headers, 0, b"").await;
    // Its lanes are lanes until it has begun; from then on it ends by itself.
    while head(&house, &lanes.first).await.header("upload-concat") == Some("partial") {}
    drop(wire);
    settled(&house).await;
    lanes.assert_arrived(&head(&house, &lanes.first).await);
    lanes.assert_arrived(&lanes.join(&house).await);
    assert_eq!(held(&house), (1, 0));
}

#[tokio::test]
async fn lanes_stay_lanes_when_the_disk_fails_before_it_is_noted_which_they_are() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    let before = head(&house, &lanes.first).await;
    let barred = Barred::new(&house, "incoming");
    let failed = lanes.join(&house).await;
    assert_eq!(failed.status, 503, "{}", failed.text());
    barred.open();
    assert_eq!(head(&house, &lanes.first).await, before);
    lanes.assert_arrived(&lanes.join(&house).await);
    assert_eq!(held(&house), (1, 0));
}

#[tokio::test]
async fn lanes_whose_commit_failed_are_a_drop_after_the_next_start() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    let barred = Barred::new(&house, "drops");
    let failed = lanes.join(&house).await;
    assert_eq!(failed.status, 503, "{}", failed.text());
    assert_eq!(head(&house, &lanes.first).await.status, 404);
    barred.open();
    let house = house.restarted(DAY).await;
    lanes.assert_arrived(&head(&house, &lanes.first).await);
    lanes.assert_arrived(&lanes.join(&house).await);
    assert_eq!(held(&house), (1, 0));
}

#[tokio::test]
async fn a_whole_upload_that_no_commit_has_reached_is_a_drop_after_the_next_start() {
    let house = House::new().await;
    let (path, sealed, tree) = nearly(&house).await;
    fail_to_commit(&house, &path, &sealed).await;
    assert_eq!(held(&house), (0, 1));
    let house = house.restarted(DAY).await;
    // Nobody has asked for it.
    assert_eq!(held(&house), (1, 0));
    let found = head(&house, &path).await;
    assert_eq!(found.header("knothole-tree"), Some(tree.as_str()));
    // It becomes visible with its batch, as any other.
    assert_eq!(house.intake.status().visible, 0);
    house.live_until(DAY + BATCH).await;
    assert_eq!(house.intake.status().visible, 1);
}

#[tokio::test]
async fn a_start_makes_no_drop_of_what_is_not_whole_or_came_too_late() {
    let house = House::new().await;
    let (path, sealed, _) = nearly(&house).await;
    let house = house.restarted(DAY).await;
    assert_eq!(held(&house), (0, 1));
    fail_to_commit(&house, &path, &sealed).await;
    settled(&house).await;
    // Its two weeks are over while the server lives, and it is looked for at the start.
    house.live_until(DAY + 16 * 86_400).await;
    let house = house.restarted(DAY + 16 * 86_400).await;
    assert_eq!(held(&house), (0, 0));
    assert_eq!(head(&house, &path).await.status, 404);
}

/// Joins lanes; the commit fails when it is on the disk which they are, and can be done later.
async fn fail_to_join(house: &House, lanes: &Lanes) {
    for ticket in files(house, "ticket") {
        std::fs::rename(&ticket, ticket.with_file_name("aside")).unwrap();
    }
    let failed = lanes.join(house).await;
    assert_eq!(failed.status, 503, "{}", failed.text());
    for aside in files(house, "aside") {
        std::fs::rename(&aside, aside.with_file_name("ticket")).unwrap();
    }
    assert!(files(house, "manifest").is_empty());
}

/// The files of this name among the unfinished uploads and their lanes.
fn files(house: &House, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![house.folder.path().join("incoming")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with(name) {
                found.push(path);
            }
        }
    }
    found
}

#[tokio::test]
async fn lanes_that_were_only_noted_are_a_drop_after_the_next_start() {
    let house = House::new().await;
    let lanes = Lanes::sent(&house).await;
    fail_to_join(&house, &lanes).await;
    let house = house.restarted(DAY).await;
    lanes.assert_arrived(&head(&house, &lanes.first).await);
    lanes.assert_arrived(&lanes.join(&house).await);
    assert_eq!(held(&house), (1, 0));
}

#[tokio::test]
async fn a_start_makes_no_drop_of_an_epoch_that_was_burned_meanwhile() {
    let house = House::new().await;
    let (path, sealed, _) = nearly(&house).await;
    fail_to_commit(&house, &path, &sealed).await;
    let lanes = Lanes::sent(&house).await;
    fail_to_join(&house, &lanes).await;
    let epoch = EpochNumber::new(1).unwrap();
    let burned = house.receipt(Receipt::Burned { epoch });
    let taken = house.collect("POST /receipts", &[], &burned).await;
    assert_eq!(taken.status, 204);
    let house = house.restarted(DAY).await;
    assert_eq!(held(&house), (0, 0));
    for path in [&path, &lanes.first, &lanes.later] {
        assert_eq!(head(&house, path).await.status, 404);
    }
}
