//! The courier's side over HTTP: what became visible, and its bytes.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on ends"
)]

#[path = "uploads/newsroom.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests of uploads"
)]
mod newsroom;
#[path = "uploads/wire.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "shared with the tests of uploads"
)]
mod wire;

use std::sync::Arc;

use knothole_envelope::{ListedDrop, TreeHash, unframe};
use knothole_intake::UnixSeconds;
use newsroom::{BATCH, DAY, House};
use wire::{PATCH, Wire};

async fn send(house: &House, size: usize) -> (Vec<u8>, TreeHash, String) {
    let (sealed, tree) = house.drop(size);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let made = Wire::public(&house.intake)
        .tus("POST /drops", &headers, &sealed)
        .await;
    assert_eq!(made.status, 201);
    let path = made.header("location").unwrap().to_owned();
    (sealed, tree, path)
}

async fn listing(house: &House) -> Vec<ListedDrop> {
    let answer = house.collect("GET /listing", &[], b"").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body.len(), 16_384);
    ListedDrop::decode_list(unframe(&answer.body).unwrap()).unwrap()
}

async fn batches_later(house: &House, batches: u64) {
    let now = UnixSeconds::new(DAY + batches * BATCH);
    house.intake.tick(now).await.unwrap();
}

/// The same store after a restart, once its connections are over.
async fn restarted(house: House, batches: u64) -> House {
    while Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
    house.restart_at(DAY + batches * BATCH)
}

#[tokio::test]
async fn a_drop_is_listed_from_the_end_of_its_batch_on_and_served_as_it_was_sent() {
    let house = House::new().await;
    let (sealed, tree, _) = send(&house, 3_000_000).await;
    house
        .intake
        .tick(UnixSeconds::new(DAY + BATCH - 1))
        .await
        .unwrap();
    assert_eq!(listing(&house).await, []);
    assert_eq!(house.intake.status().waiting, 1);
    batches_later(&house, 1).await;
    let drops = listing(&house).await;
    assert_eq!(drops.len(), 1);
    assert_eq!(drops[0].tree, tree);
    let status = house.intake.status();
    assert_eq!((status.visible, status.waiting, status.damaged), (1, 0, 0));
    let line = format!("GET /drops/{}", drops[0].id);
    let whole = house.collect(&line, &[], b"").await;
    assert_eq!(whole.status, 200);
    assert!(whole.body == sealed);
    let part = house
        .collect(&line, &[("Range", "bytes=12288-77823")], b"")
        .await;
    assert_eq!(part.status, 206);
    let range = format!("bytes 12288-77823/{}", sealed.len());
    assert_eq!(part.header("content-range"), Some(range.as_str()));
    assert!(part.body == sealed[12_288..77_824]);
    let head = house.collect(&line.replace("GET", "HEAD"), &[], b"").await;
    let length = sealed.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));
}

#[tokio::test]
async fn the_id_that_a_courier_sees_is_no_address_of_the_public_side() {
    let house = House::new().await;
    send(&house, 5).await;
    batches_later(&house, 1).await;
    let path = format!("HEAD /drops/{}", listing(&house).await[0].id);
    let found = Wire::public(&house.intake).tus(&path, &[], b"").await;
    assert_eq!(found.status, 404);
}

#[tokio::test]
async fn a_url_is_known_until_the_second_boundary_and_then_like_any_unknown_one() {
    let mut house = House::new().await;
    let (_, tree, path) = send(&house, 5).await;
    let line = format!("HEAD {path}");
    for restart in [false, true] {
        if restart {
            house = restarted(house, 1).await;
        } else {
            batches_later(&house, 1).await;
        }
        let head = Wire::public(&house.intake).tus(&line, &[], b"").await;
        let tree = tree.to_string();
        assert_eq!(head.header("knothole-tree"), Some(tree.as_str()));
    }
    batches_later(&house, 2).await;
    let gone = Wire::public(&house.intake).tus(&line, &[], b"").await;
    let other = format!("HEAD /drops/{}", "ab".repeat(32));
    let unknown = Wire::public(&house.intake).tus(&other, &[], b"").await;
    assert_eq!(gone, unknown);
    house = restarted(house, 2).await;
    assert_eq!(
        Wire::public(&house.intake).tus(&line, &[], b"").await,
        unknown
    );
    assert_eq!(listing(&house).await.len(), 1);
}
