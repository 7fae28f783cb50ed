//! A drop-box that its administrator has closed: nothing new begins, and all else goes on.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the two modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use knothole_envelope::{ListedDrop, Receipt, unframe};
use knothole_intake::{Desk, UnixSeconds};
use newsroom::{BATCH, DAY, House};
use wire::{Answer, PATCH, Wire};

const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");
const SENTENCE: &str = "takes nothing new at this drop-box at present";

fn desk(house: &House) -> Desk {
    Desk::open(house.folder.path()).unwrap()
}

/// The next tick, at which a running server hears of it.
async fn tick(house: &House) {
    house.intake.tick(UnixSeconds::new(DAY + 1)).await.unwrap();
}

async fn close(house: &House) {
    desk(house).close().unwrap();
    tick(house).await;
}

async fn create(house: &House, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut wire = Wire::public(&house.intake);
    wire.tus("POST /drops", headers, body).await
}

fn refused(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.text().contains(SENTENCE), "{}", answer.text());
}

#[tokio::test]
async fn a_closed_drop_box_refuses_what_is_new_in_a_sentence_whichever_way_it_comes() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    close(&house).await;
    refused(
        &create(&house, &[("Upload-Length", &length)], b"").await,
        403,
    );
    let with_bytes = [("Upload-Length", length.as_str()), PATCH];
    refused(&create(&house, &with_bytes, &sealed).await, 403);
    let lane = [PARTIAL, ("Upload-Length", "65536")];
    refused(&create(&house, &lane, b"").await, 403);
    let mut body = b"--x\r\nContent-Disposition: form-data; name=\"sealed\"\r\n\r\n".to_vec();
    body.extend_from_slice(&sealed);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let kind = ("Content-Type", "multipart/form-data; boundary=x");
    // A browser is sent to a page that says so, in the language of the form.
    for (home, told) in [("/", "/closed"), ("/fa/", "/fa/closed")] {
        let mut wire = Wire::public(&house.intake);
        let answer = wire.ask(&format!("POST {home}"), &[kind], &body).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), Some(told));
        let mut wire = Wire::public(&house.intake);
        let page = wire.ask(&format!("GET {told}"), &[], b"").await;
        assert_eq!(page.status, 200);
    }
    let status = house.intake.status();
    assert!(status.closed);
    assert_eq!((status.unfinished, status.waiting), (0, 0));
}

#[tokio::test]
async fn who_would_seal_for_a_closed_drop_box_hears_of_it_before_sealing() {
    let house = House::new().await;
    close(&house).await;
    let mut wire = Wire::public(&house.intake);
    refused(&wire.ask("GET /sheet", &[], b"").await, 404);
    let told = wire.ask("GET /newsroom.txt", &[], b"").await;
    assert_eq!(told.status, 200);
    assert!(told.text().contains(SENTENCE), "{}", told.text());
    // Who comes back with an upload verifies the newsroom first.
    assert_eq!(wire.ask("GET /charter", &[], b"").await.status, 200);
}

#[tokio::test]
async fn what_was_begun_before_the_closing_becomes_a_drop_and_so_do_its_lanes() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5_000_000);
    let length = sealed.len().to_string();
    let made = create(&house, &[("Upload-Length", &length)], b"").await;
    let whole = made.header("location").unwrap().to_owned();
    let (other, _) = house.drop(5_000_000);
    let (one, two) = other.split_at(4_194_304);
    let (first, second) = (one.len().to_string(), two.len().to_string());
    let made = create(&house, &[PARTIAL, ("Upload-Length", &first), PATCH], one).await;
    let lane = made.header("location").unwrap().to_owned();
    close(&house).await;

    let mut wire = Wire::public(&house.intake);
    let done = wire.patch(&whole, 0, &sealed).await;
    assert_eq!(
        done.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
    let parent = lane.trim_start_matches("/drops/");
    let headers = [
        PARTIAL,
        ("Upload-Length", second.as_str()),
        ("Knothole-Parent", parent),
        PATCH,
    ];
    let made = create(&house, &headers, two).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let lanes = format!("final;{lane} {}", made.header("location").unwrap());
    let joined = create(&house, &[("Upload-Concat", &lanes)], b"").await;
    assert_eq!(joined.status, 201, "{}", joined.text());
    assert!(joined.header("knothole-tree").is_some());
}

#[tokio::test]
async fn couriers_fetch_from_a_closed_drop_box_and_bring_what_is_signed() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5);
    let length = sealed.len().to_string();
    let made = create(&house, &[("Upload-Length", &length), PATCH], &sealed).await;
    assert_eq!(
        made.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
    desk(&house).close().unwrap();
    house
        .intake
        .tick(UnixSeconds::new(DAY + BATCH))
        .await
        .unwrap();
    assert_eq!(house.intake.status().visible, 1);
    let listing = house.collect("GET /listing", &[], b"").await;
    let listed = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    let drop = listed.first().unwrap();
    let line = format!("GET /drops/{}", drop.id);
    let fetched = house.collect(&line, &[], b"").await;
    assert_eq!((fetched.status, fetched.body), (200, sealed));
    let receipt = house.receipt(Receipt::Opened {
        drop: drop.id,
        tree,
        length: drop.chunks.envelope_len(),
    });
    let signed = house.collect("POST /receipts", &[], &receipt).await;
    assert_eq!(signed.status, 204, "{}", signed.text());
    let sheets = house.collect("PUT /sheets", &[], &house.sheets()).await;
    assert_eq!(sheets.status, 204);
}

#[tokio::test]
async fn a_drop_box_stays_closed_over_a_restart_until_it_is_opened_again() {
    let house = House::new().await;
    close(&house).await;
    let house = house.restarted(DAY + 2).await;
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    refused(
        &create(&house, &[("Upload-Length", &length)], b"").await,
        403,
    );
    desk(&house).reopen().unwrap();
    house.intake.tick(UnixSeconds::new(DAY + 3)).await.unwrap();
    let made = create(&house, &[("Upload-Length", &length), PATCH], &sealed).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let mut wire = Wire::public(&house.intake);
    assert_eq!(wire.ask("GET /sheet", &[], b"").await.status, 200);
}
