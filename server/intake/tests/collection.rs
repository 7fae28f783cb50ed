//! The courier's side over HTTP: what became visible, and its bytes.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot go on ends"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use knothole_envelope::{ListedDrop, Receipt, TreeHash, unframe};
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
    house.restarted(DAY + batches * BATCH).await
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

async fn post(house: &House, receipt: Receipt) -> u16 {
    let body = house.receipt(receipt);
    house.collect("POST /receipts", &[], &body).await.status
}

#[tokio::test]
async fn a_drop_goes_on_a_receipt_and_stays_gone_after_a_restart() {
    let mut house = House::new().await;
    let (sealed, tree, _) = send(&house, 5).await;
    send(&house, 5).await;
    batches_later(&house, 1).await;
    let drop = listing(&house)
        .await
        .iter()
        .find(|drop| drop.tree == tree)
        .unwrap()
        .id;
    let length = u64::try_from(sealed.len()).unwrap();
    let receipt = Receipt::Opened { drop, tree, length };
    // Sent twice, as after a lost answer.
    for _ in 0..2 {
        assert_eq!(post(&house, receipt).await, 204);
        assert_eq!(listing(&house).await.len(), 1);
    }
    let line = format!("GET /drops/{drop}");
    assert_eq!(house.collect(&line, &[], b"").await.status, 404);
    house = restarted(house, 1).await;
    assert_eq!(listing(&house).await.len(), 1);
    let trash = house.folder.path().join("trash");
    assert_eq!(std::fs::read_dir(trash).unwrap().count(), 0);
}

#[tokio::test]
async fn a_receipt_that_does_not_verify_is_refused_with_a_sentence() {
    let house = House::new().await;
    send(&house, 5).await;
    batches_later(&house, 1).await;
    let other = House::new().await;
    let listed = listing(&house).await[0];
    let receipt = Receipt::Refused {
        drop: listed.id,
        tree: listed.tree,
        length: listed.length(),
    };
    let forged = other.receipt(receipt);
    let answer = house.collect("POST /receipts", &[], &forged).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("no editor"), "{}", answer.text());
    let wrong = house.collect("PUT /receipts", &[], &forged).await;
    assert_eq!((wrong.status, wrong.header("allow")), (405, Some("POST")));
    assert_eq!(listing(&house).await.len(), 1);
}

#[tokio::test]
async fn a_burned_epoch_leaves_nothing_and_lets_nothing_in_any_more() {
    let mut house = House::new().await;
    send(&house, 5).await;
    batches_later(&house, 1).await;
    send(&house, 5).await;
    let epoch = listing(&house).await[0].epoch;
    assert_eq!(post(&house, Receipt::Burned { epoch }).await, 204);
    for restart in [false, true] {
        if restart {
            house = restarted(house, 1).await;
        }
        assert_eq!(listing(&house).await, []);
        let status = house.intake.status();
        assert_eq!((status.waiting, status.sheets), (0, 0));
        let (sealed, _) = house.drop(5);
        let length = sealed.len().to_string();
        let headers = [("Upload-Length", length.as_str()), PATCH];
        let refused = Wire::public(&house.intake)
            .tus("POST /drops", &headers, &sealed)
            .await;
        assert_eq!(refused.status, 422);
        let again = house.collect("PUT /sheets", &[], &house.sheets()).await;
        assert_eq!(again.status, 403);
        assert!(again.text().contains("burned"), "{}", again.text());
    }
}
