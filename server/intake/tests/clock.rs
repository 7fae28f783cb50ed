//! Clocks that are wrong for a while.

#![expect(
    clippy::unwrap_used,
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

use std::time::Duration;

use knothole_envelope::{
    EraseHash, ListedDrop, MailboxAddress, PushedReply, Receipt, seal_decoy, unframe,
};
use knothole_intake::UnixSeconds;
use newsroom::{DAY, House, rng};
use wire::{PATCH, Wire};

const A_DAY: u64 = 86_400;

async fn tick(house: &House, now: u64) {
    house.intake.tick(UnixSeconds::new(now)).await.unwrap();
}

/// The newsroom answers somebody.
async fn push(house: &House) {
    let reply = PushedReply {
        mailbox: MailboxAddress::from_bytes([1; 32]),
        erase: EraseHash::from_bytes([2; 32]),
        envelope: seal_decoy(&mut rng()).unwrap(),
    };
    let bytes = PushedReply::encode_list(&[reply]);
    let pushed = house.collect("POST /replies", &[], &bytes).await;
    assert_eq!(pushed.status, 204);
}

/// A source begins to send and is cut off. Gives the address of its upload.
async fn begin(house: &House) -> String {
    let (sealed, _) = house.drop(3_000_000);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(wire.patch(&path, 0, &sealed[..500_000]).await.status, 204);
    path
}

async fn send(house: &House) -> u16 {
    let (sealed, _) = house.drop(10);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let mut wire = Wire::public(&house.intake);
    wire.tus("POST /drops", &headers, &sealed).await.status
}

/// Whether the upload, the reply and the sheet are still there, and a new drop would be taken.
async fn nothing_is_gone(house: &House, upload: &str) {
    let mut wire = Wire::public(&house.intake);
    let head = wire.tus(&format!("HEAD {upload}"), &[], b"").await;
    assert_eq!(head.status, 200);
    assert_eq!(wire.ask("GET /sheet", &[], b"").await.status, 200);
    assert_eq!(house.intake.status().replies, 1);
    assert_eq!(send(house).await, 201);
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_and_back_takes_no_reply_no_upload_and_no_sheet() {
    let house = House::new().await;
    push(&house).await;
    let upload = begin(&house).await;
    for wrong in [DAY + 100 * A_DAY, 0, DAY + 9_000 * A_DAY] {
        tick(&house, wrong).await;
        tick(&house, wrong + 3_600).await;
        nothing_is_gone(&house, &upload).await;
    }
    tick(&house, DAY + 60).await;
    nothing_is_gone(&house, &upload).await;
}

#[tokio::test]
async fn a_start_by_a_wrong_clock_takes_no_reply_no_upload_and_no_sheet() {
    let mut house = House::new().await;
    push(&house).await;
    let upload = begin(&house).await;
    for now in [DAY + 100 * A_DAY, DAY + 60, A_DAY] {
        house = house.restarted(now).await;
        nothing_is_gone(&house, &upload).await;
    }
}

#[tokio::test]
async fn what_is_over_goes_once_a_clock_has_stayed_where_it_jumped() {
    let house = House::new().await;
    push(&house).await;
    let upload = begin(&house).await;
    let jump = DAY + 100 * A_DAY;
    tick(&house, jump).await;
    tick(&house, jump + A_DAY).await;
    let mut wire = Wire::public(&house.intake);
    assert_eq!(wire.ask("GET /sheet", &[], b"").await.status, 404);
    assert_eq!(send(&house).await, 422);
    // What lasts for so many days has them still before it, and says so by the new clock.
    let head = wire.tus(&format!("HEAD {upload}"), &[], b"").await;
    assert_eq!(
        head.header("upload-expires"),
        Some("Sun, 26 Jan 2025 00:00:00 GMT")
    );
    for day in 2..14 {
        tick(&house, jump + day * A_DAY).await;
    }
    let there = wire.tus(&format!("HEAD {upload}"), &[], b"").await;
    assert_eq!(there.status, 200);
    for day in 14..16 {
        tick(&house, jump + day * A_DAY).await;
    }
    let gone = wire.tus(&format!("HEAD {upload}"), &[], b"").await;
    assert_eq!((gone.status, house.intake.status().replies), (404, 1));
}

#[tokio::test]
async fn a_clock_that_was_wrong_when_a_receipt_came_skips_no_day_of_the_grace() {
    let mut settings = newsroom::settings();
    settings.grace = Duration::from_secs(7 * A_DAY);
    // Wrong for an hour after it was right, or from the first start on.
    for begun in [DAY, DAY + A_DAY] {
        let house = House::with(settings.clone()).await;
        assert_eq!(send(&house).await, 201);
        tick(&house, begun + A_DAY).await;
        let listing = house.collect("GET /listing", &[], b"").await;
        let listed = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
        let receipt = house.receipt(Receipt::Opened {
            drop: listed[0].id,
            tree: listed[0].tree,
            length: listed[0].length(),
        });
        if begun == DAY {
            tick(&house, DAY - 10 * A_DAY).await;
        }
        let taken = house.collect("POST /receipts", &[], &receipt).await;
        assert_eq!(taken.status, 204);
        let right = if begun == DAY {
            DAY + A_DAY
        } else {
            DAY + 20 * A_DAY
        };
        for day in 0..8 {
            tick(&house, right + day * A_DAY).await;
            assert_eq!(house.intake.status().visible, 1, "day {day}");
        }
        tick(&house, right + 8 * A_DAY).await;
        assert_eq!(house.intake.status().visible, 0);
    }
}
