//! A drop-box that fills up, and what gives its place back.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on ends"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::time::Duration;

use knothole_envelope::{Receipt, TreeHash, unframe};
use knothole_intake::{Settings, UnixSeconds};
use newsroom::{BATCH, DAY, House};
use wire::{Answer, PATCH, Wire};

const MIB: u64 = 1 << 20;
const SECONDS_IN_DAY: u64 = 86_400;

/// A store with room for so many MiB of files and for two messages.
fn small(files: u64) -> Settings {
    let mut settings = newsroom::settings();
    settings.system_reserve = MIB;
    settings.replies_reserve = 0;
    settings.messages_reserve = 5 * MIB / 2;
    settings.most_bytes = Some(files * MIB + settings.messages_reserve + MIB);
    settings
}

async fn create(house: &House, length: usize) -> Answer {
    let length = length.to_string();
    Wire::public(&house.intake)
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await
}

async fn send(house: &House, size: usize) -> (Answer, u64, TreeHash) {
    let (sealed, tree) = house.drop(size);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let answer = Wire::public(&house.intake)
        .tus("POST /drops", &headers, &sealed)
        .await;
    (answer, u64::try_from(sealed.len()).unwrap(), tree)
}

async fn tick(house: &House, now: u64) {
    house.intake.tick(UnixSeconds::new(now)).await.unwrap();
}

#[tokio::test]
async fn a_lane_of_an_upload_that_does_not_fit_is_refused_before_its_first_byte_is_kept() {
    let house = House::with(small(8)).await;
    for (size, status) in [(5_000_000, 201), (20_000_000, 507)] {
        let (sealed, _) = house.drop(size);
        let lane = &sealed[..1_000_000];
        let headers = [
            ("Upload-Concat", "partial"),
            ("Upload-Length", "1000000"),
            PATCH,
        ];
        let mut wire = Wire::public(&house.intake);
        let answer = wire.tus("POST /drops", &headers, lane).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let incoming = house.folder.path().join("incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 1);
}

#[tokio::test]
async fn when_files_have_filled_the_store_words_still_arrive_and_a_receipt_makes_room_again() {
    let house = House::with(small(4)).await;
    let (sent, length, tree) = send(&house, 3_000_000).await;
    assert_eq!(sent.status, 201, "{}", sent.text());
    let (refused, _, _) = send(&house, 3_000_000).await;
    assert_eq!(refused.status, 507);
    assert!(
        refused.text().contains("without files still gets"),
        "{}",
        refused.text()
    );
    // The rest of the files' share, and what is kept for messages.
    for _ in 0..3 {
        assert_eq!(send(&house, 5).await.0.status, 201);
    }
    let (full, _, _) = send(&house, 5).await;
    assert_eq!(full.status, 507);
    assert!(
        full.text().contains("no room for anything"),
        "{}",
        full.text()
    );
    assert_eq!(house.intake.status().percent_full, 100);
    tick(&house, DAY + BATCH).await;
    let listing = house.collect("GET /listing", &[], b"").await;
    let listing = knothole_envelope::ListedDrop::decode_list(unframe(&listing.body).unwrap());
    let drop = listing
        .unwrap()
        .iter()
        .find(|listed| listed.tree == tree)
        .unwrap()
        .id;
    let receipt = house.receipt(Receipt::Opened { drop, tree, length });
    let taken = house.collect("POST /receipts", &[], &receipt).await;
    assert_eq!(taken.status, 204);
    for _ in 0..2 {
        let (sent, _, _) = send(&house, 5).await;
        assert_eq!(sent.status, 201, "{}", sent.text());
    }
}

#[tokio::test]
async fn what_a_store_holds_counts_after_a_restart_too() {
    let mut house = House::with(small(4)).await;
    assert_eq!(send(&house, 3_000_000).await.0.status, 201);
    let percent = house.intake.status().percent_full;
    while std::sync::Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
    house = house.restart();
    assert_eq!(house.intake.status().percent_full, percent);
    assert_eq!(send(&house, 3_000_000).await.0.status, 507);
}

#[tokio::test]
async fn what_cannot_fit_is_refused_before_its_first_byte_and_what_was_only_announced_holds_nothing()
 {
    let house = House::with(small(4)).await;
    let (sealed, _) = house.drop(3_000_000);
    for _ in 0..20 {
        assert_eq!(create(&house, sealed.len()).await.status, 201);
    }
    assert_eq!(create(&house, 5_000_000).await.status, 507);
    let incoming = house.folder.path().join("incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_whose_days_are_over_is_removed_with_its_bytes() {
    let house = House::new().await;
    let (sealed, _) = house.drop(3_000_000);
    let made = create(&house, sealed.len()).await;
    let path = made.header("location").unwrap();
    let mut wire = Wire::public(&house.intake);
    let sent = wire.patch(path, 0, &sealed[..1_000_000]).await;
    assert_eq!(sent.status, 204);
    assert_eq!(
        sent.header("upload-expires"),
        Some("Fri, 18 Oct 2024 00:00:00 GMT")
    );
    let head = format!("HEAD {path}");
    house.live_until(DAY + 14 * SECONDS_IN_DAY - 1).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 200);
    tick(&house, DAY + 14 * SECONDS_IN_DAY).await;
    let gone = wire.tus(&head, &[], b"").await;
    let unknown = format!("HEAD /drops/{}", "ab".repeat(32));
    assert_eq!(gone, wire.tus(&unknown, &[], b"").await);
    let incoming = house.folder.path().join("incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_that_has_stood_still_for_a_day_gives_way_when_space_is_short_and_not_before() {
    let house = House::with(small(4)).await;
    let (sealed, _) = house.drop(3_000_000);
    let made = create(&house, sealed.len()).await;
    let path = made.header("location").unwrap();
    let mut wire = Wire::public(&house.intake);
    wire.patch(path, 0, &sealed[..2_500_000]).await;
    let head = format!("HEAD {path}");
    tick(&house, DAY).await;
    assert_eq!(send(&house, 3_000_000).await.0.status, 507);
    tick(&house, DAY + SECONDS_IN_DAY - 1).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 200);
    // Nobody has asked for space since.
    tick(&house, DAY + SECONDS_IN_DAY).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 200);
    assert_eq!(send(&house, 3_000_000).await.0.status, 507);
    tick(&house, DAY + SECONDS_IN_DAY + 1).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 404);
    assert_eq!(send(&house, 3_000_000).await.0.status, 201);
}

#[tokio::test]
async fn a_connection_too_many_hears_so_and_couriers_have_seats_of_their_own() {
    let mut settings = newsroom::settings();
    settings.most_public_connections = 1;
    settings.place_patience = Duration::from_secs(3_600);
    let house = House::with(settings).await;
    let mut first = Wire::public(&house.intake);
    assert_eq!(first.ask("GET /charter", &[], b"").await.status, 200);
    let mut second = Wire::public(&house.intake);
    let answer = second.ask("POST /drops", &[], &[7; 100_000]).await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("try again"), "{}", answer.text());
    let listing = house.collect("GET /listing", &[], b"").await;
    assert_eq!(listing.status, 200);
    drop(first);
    while Wire::public(&house.intake)
        .ask("GET /charter", &[], b"")
        .await
        .status
        != 200
    {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn when_an_hours_worth_of_files_has_come_the_next_one_hears_when_to_go_on_and_words_arrive() {
    let mut settings = newsroom::settings();
    settings.most_bytes_per_hour = Some(3_900_000);
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(6_000_000);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let part = wire.patch(&path, 0, &sealed[..4_000_000]).await;
    assert_eq!(part.status, 204, "what was under way still comes in");
    for refused in [
        wire.patch(&path, 4_000_000, &sealed[4_000_000..]).await,
        send(&house, 3_000_000).await.0,
    ] {
        assert_eq!(refused.status, 503, "{}", refused.text());
        assert_eq!(refused.header("retry-after"), Some("900"));
        assert!(refused.text().contains("without files still gets"));
        assert!(refused.text().contains("in 15 minutes"));
    }
    let (words, _, _) = send(&house, 5).await;
    assert_eq!(words.status, 201, "{}", words.text());
    let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(head.header("upload-offset"), Some("4000000"));
}

#[tokio::test]
async fn an_upload_of_no_byte_gives_its_place_back_after_an_hour() {
    let house = House::new().await;
    let made = create(&house, 2_000_000).await;
    let head = format!("HEAD {}", made.header("location").unwrap());
    tick(&house, DAY).await;
    let mut wire = Wire::public(&house.intake);
    tick(&house, DAY + 3_599).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 200);
    tick(&house, DAY + 3_600).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 404);
}
