//! Uploads that are ended when their epoch is over: an editor may have burned its keys by then.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]
#![allow(
    dead_code,
    reason = "the tests of uploads use the rest of the two modules"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use knothole_envelope::{EpochNumber, Receipt};
use knothole_intake::UnixSeconds;
use newsroom::{DAY, House};
use wire::{Answer, PATCH, Wire};

const A_DAY: u64 = 86_400;
/// The last day of the one epoch, and the last one on which its gate is open.
const LAST: u64 = 6;
const GATE: u64 = LAST + 7;
/// The last day on which an upload of it becomes a drop.
const END: u64 = LAST + 7 + 14;
/// How much of the upload has come before the server is away.
const BEGUN: usize = 500_000;
const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");

/// The time of the clock at noon of a day after the first one.
const fn noon(day: u64) -> u64 {
    DAY + day * A_DAY + A_DAY / 2
}

async fn tick(house: &House, now: u64) {
    house.intake.tick(UnixSeconds::new(now)).await.unwrap();
}

/// An upload of which a part has come on the last day of the gate: its address and its bytes.
async fn begun() -> (House, String, Vec<u8>) {
    let house = House::new().await;
    house.live_until(noon(GATE)).await;
    let (sealed, _) = house.drop(3_000_000);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(wire.patch(&path, 0, &sealed[..BEGUN]).await.status, 204);
    drop(wire);
    (house, path, sealed)
}

async fn send_the_rest(house: &House, path: &str, sealed: &[u8]) -> Answer {
    let mut wire = Wire::public(&house.intake);
    wire.patch(path, BEGUN, &sealed[BEGUN..]).await
}

async fn head(house: &House, path: &str) -> Answer {
    let mut wire = Wire::public(&house.intake);
    wire.tus(&format!("HEAD {path}"), &[], b"").await
}

fn entries(house: &House, room: &str) -> usize {
    let room = house.folder.path().join(room);
    std::fs::read_dir(room).unwrap().count()
}

/// The server was off until this day, and its clock is believed again the day after.
async fn back(house: House, day: u64) -> House {
    let house = house.restarted(noon(day)).await;
    tick(&house, noon(day + 1)).await;
    house
}

#[tokio::test]
async fn an_upload_becomes_a_drop_until_three_weeks_after_the_last_day_of_its_epoch_and_not_later()
{
    let (house, path, sealed) = begun().await;
    let house = back(house, END - 1).await;
    let told = send_the_rest(&house, &path, &sealed).await;
    assert_eq!(told.status, 204);
    assert!(told.header("knothole-tree").is_some());
    // One day later, and when the server does not know the epoch any more.
    for day in [END, END + 100] {
        let (house, path, sealed) = begun().await;
        let house = back(house, day).await;
        let told = send_the_rest(&house, &path, &sealed).await;
        assert_eq!(told.status, 422, "{day}: {}", told.text());
        assert!(told.text().contains("today's keys"), "{}", told.text());
        assert_eq!(head(&house, &path).await.status, 404);
        assert_eq!(entries(&house, "drops") + entries(&house, "shelf"), 0);
        assert_eq!(entries(&house, "incoming"), 0);
    }
}

#[tokio::test]
async fn lanes_are_not_joined_once_their_epoch_is_over() {
    for (day, status) in [(END - 1, 201), (END, 422)] {
        let house = House::new().await;
        house.live_until(noon(GATE)).await;
        let (sealed, _) = house.drop(3_000_000);
        let (one, two) = sealed.split_at(BEGUN);
        let (first, second) = (one.len().to_string(), two.len().to_string());
        let mut wire = Wire::public(&house.intake);
        let headers = [PARTIAL, ("Upload-Length", first.as_str()), PATCH];
        let made = wire.tus("POST /drops", &headers, one).await;
        let lane = made.header("location").unwrap().to_owned();
        let parent = lane.strip_prefix("/drops/").unwrap();
        let length = ("Upload-Length", second.as_str());
        let headers = [PARTIAL, length, ("Knothole-Parent", parent), PATCH];
        let made = wire.tus("POST /drops", &headers, two).await;
        let later = made.header("location").unwrap().to_owned();
        drop(wire);
        let house = back(house, day).await;
        let concat = format!("final;{lane} {later}");
        let mut wire = Wire::public(&house.intake);
        let headers = [("Upload-Concat", concat.as_str())];
        let joined = wire.tus("POST /drops", &headers, b"").await;
        assert_eq!(joined.status, status, "{day}: {}", joined.text());
        let drops = entries(&house, "drops") + entries(&house, "shelf");
        assert_eq!(drops, usize::from(status == 201), "{day}");
    }
}

#[tokio::test]
async fn by_a_clock_that_is_not_believed_an_upload_neither_arrives_nor_goes() {
    for (stays, there) in [(false, 200), (true, 404)] {
        let (house, path, sealed) = begun().await;
        let house = house.restarted(noon(END + 1)).await;
        let told = send_the_rest(&house, &path, &sealed).await;
        assert_eq!(told.status, 204, "{}", told.text());
        let all = sealed.len().to_string();
        assert_eq!(told.header("upload-offset"), Some(all.as_str()));
        // Nothing else than the tree tells a sender that it has arrived.
        assert!(told.header("knothole-tree").is_none());
        // A start looks at it again, and so do the ticks.
        let house = house.restarted(noon(END + 1) + 60).await;
        for minute in 2..5 {
            tick(&house, noon(END + 1) + minute * 60).await;
            let head = head(&house, &path).await;
            assert_eq!(head.status, 200);
            assert!(head.header("knothole-tree").is_none());
        }
        let right = if stays { noon(END + 2) } else { noon(GATE) };
        for minute in 0..3 {
            tick(&house, right + 300 + minute * 60).await;
        }
        let head = head(&house, &path).await;
        assert_eq!(head.status, there);
        assert_eq!(head.header("knothole-tree").is_some(), !stays);
    }
}

#[tokio::test]
async fn a_form_by_a_clock_that_is_not_believed_is_not_said_to_have_arrived() {
    let house = House::new().await;
    house.live_until(noon(GATE)).await;
    let (sealed, _) = house.drop(10);
    let house = house.restarted(noon(END + 1)).await;
    let head = b"--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"a\"\r\n\r\n";
    let body = [&head[..], &sealed, b"\r\n--xYz--\r\n"].concat();
    let kind = ("Content-Type", "multipart/form-data; boundary=xYz");
    let mut wire = Wire::public(&house.intake);
    let answer = wire.ask("POST /", &[kind], &body).await;
    assert_eq!(answer.header("location"), Some("/may-have-arrived"));
    assert_eq!(entries(&house, "drops"), 0);
    // The clock was right.
    for minute in 0..3 {
        tick(&house, noon(END + 2) + minute * 60).await;
    }
    assert_eq!(entries(&house, "drops") + entries(&house, "incoming"), 0);
}

#[tokio::test]
async fn sheets_that_come_by_a_wrong_clock_take_no_upload_of_an_epoch_before_them() {
    let (mut house, path, sealed) = begun().await;
    let wrong = noon(GATE + 200);
    tick(&house, wrong).await;
    house.follow_sheet(wrong).await;
    for minute in 1..3 {
        tick(&house, noon(GATE) + minute * 60).await;
    }
    let told = send_the_rest(&house, &path, &sealed).await;
    assert!(told.header("knothole-tree").is_some(), "{}", told.text());
}

#[tokio::test]
async fn an_epoch_of_which_there_is_only_an_unfinished_upload_can_be_burned() {
    let (house, _, _) = begun().await;
    let house = back(house, END + 100).await;
    let epoch = EpochNumber::new(1).unwrap();
    for (epoch, kept) in [(epoch.checked_add(1).unwrap(), 0), (epoch, 1)] {
        let burned = house.receipt(Receipt::Burned { epoch });
        let taken = house.collect("POST /receipts", &[], &burned).await;
        assert_eq!(taken.status, 204);
        let receipts = house.folder.path().join("receipts");
        let names = std::fs::read_dir(receipts).map_or(0, |all| {
            let names = all.map(|entry| entry.unwrap().file_name());
            names
                .filter(|name| name.to_string_lossy().starts_with("burned-"))
                .count()
        });
        assert_eq!(names, kept);
    }
}
