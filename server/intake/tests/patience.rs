//! Every wait on a peer ends: heads, bodies, idle connections, on both sides.
//!
//! Some of hyper's own timers do nothing unless they are given a clock, and there is none for bodies
//! at all: so each is tried.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(
    dead_code,
    reason = "the tests of uploads use the rest of the two modules"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::sync::Arc;
use std::time::Duration;

use knothole_envelope::{ListedDrop, unframe};
use knothole_intake::{Intake, UnixSeconds};
use newsroom::House;
use tokio::time::{Instant, interval, timeout};
use wire::{PATCH, Wire};

/// How patient the servers of these tests are.
const SHORT: Duration = Duration::from_millis(200);
/// What none of them is.
const LONG: Duration = Duration::from_secs(3_600);
/// How long a test waits for an end that must come, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

async fn impatient_with_heads() -> House {
    let mut settings = newsroom::settings();
    settings.header_patience = SHORT;
    settings.body_patience = LONG;
    House::with(settings).await
}

async fn impatient_with_bodies() -> House {
    let mut settings = newsroom::settings();
    settings.header_patience = LONG;
    settings.body_patience = SHORT;
    settings.drain_patience = SHORT;
    House::with(settings).await
}

/// What opens a connection on each side of a store.
const SIDES: [fn(&Arc<Intake>) -> Wire; 2] = [Wire::public, Wire::collection];

async fn closes(wire: &mut Wire) {
    timeout(PATIENCE, wire.closed()).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let house = impatient_with_heads().await;
    for connect in SIDES {
        let mut wire = connect(&house.intake);
        closes(&mut wire).await;
    }
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_has_no_longer_than_one_that_comes_at_once() {
    let house = impatient_with_heads().await;
    for connect in SIDES {
        let mut wire = connect(&house.intake);
        let begun = Instant::now();
        let mut now_and_then = interval(SHORT / 8);
        wire.send(b"GET / HTTP/1.1\r\nX: ").await;
        while wire.send(b"y").await {
            now_and_then.tick().await;
            assert!(begun.elapsed() < PATIENCE, "it goes on for ever");
        }
    }
}

#[tokio::test]
async fn a_connection_that_lies_idle_after_an_answer_is_closed() {
    let house = impatient_with_heads().await;
    for connect in SIDES {
        let mut wire = connect(&house.intake);
        wire.ask("GET /charter", &[], b"").await;
        closes(&mut wire).await;
    }
}

#[tokio::test]
async fn a_peer_that_takes_nothing_of_its_answer_is_left() {
    let mut settings = newsroom::settings();
    settings.read_patience = SHORT;
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(5);
    assert!(sealed.len() > 3 * 65_536, "the pipe would hold it");
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    wire.tus("POST /drops", &[("Upload-Length", &length), PATCH], &sealed)
        .await;
    let next = UnixSeconds::new(newsroom::DAY + newsroom::BATCH);
    house.intake.tick(next).await.unwrap();
    let listing = house.collect("GET /listing", &[], b"").await;
    let listed = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    let mut wire = Wire::collection(&house.intake);
    let line = format!("GET /drops/{}", listed.first().unwrap().id);
    wire.begin(&line, &[("Authorization", &newsroom::bearer())], 0, b"")
        .await;
    let begun = Instant::now();
    let mut now_and_then = interval(SHORT / 8);
    while wire.send(b"x").await {
        now_and_then.tick().await;
        assert!(begun.elapsed() < PATIENCE, "it is waited for for ever");
    }
    // What the pipe holds is the beginning of the answer.
    assert_eq!(wire.answer(true).await.status, 200);
}

#[tokio::test]
async fn a_head_with_too_many_lines_or_without_end_is_refused_and_not_kept() {
    let house = House::new().await;
    for connect in SIDES {
        let mut wire = connect(&house.intake);
        let lines = "X: y\r\n".repeat(65);
        let head = format!("GET /charter HTTP/1.1\r\n{lines}\r\n");
        wire.send(head.as_bytes()).await;
        assert_eq!(wire.answer(false).await.status, 400);
        closes(&mut wire).await;
    }
    for connect in SIDES {
        let mut wire = connect(&house.intake);
        wire.send(b"GET / HTTP/1.1\r\nX: ").await;
        // More than a connection may have read ahead.
        for _ in 0..256 {
            wire.send(&[b'y'; 1_024]).await;
        }
        assert_eq!(wire.answer(false).await.status, 400);
        closes(&mut wire).await;
    }
}

#[tokio::test]
async fn a_body_that_falls_silent_is_answered_and_what_came_of_it_is_kept() {
    let house = impatient_with_bodies().await;
    let (sealed, _) = house.drop(3_000_000);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
    let part = &sealed[..1_000_000];
    let line = format!("PATCH {path}");
    wire.begin(&line, &headers, sealed.len(), part).await;
    let answer = timeout(PATIENCE, wire.answer(false)).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    closes(&mut wire).await;
    let mut again = Wire::public(&house.intake);
    let head = again.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(head.header("upload-offset"), Some("1000000"));
}

#[tokio::test]
async fn a_header_of_an_envelope_that_falls_silent_is_answered_and_nothing_of_it_is_kept() {
    let house = impatient_with_bodies().await;
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    let headers = [
        ("Tus-Resumable", "1.0.0"),
        ("Upload-Length", length.as_str()),
        PATCH,
    ];
    let mut wire = Wire::public(&house.intake);
    wire.begin("POST /drops", &headers, sealed.len(), &sealed[..12_000])
        .await;
    let answer = timeout(PATIENCE, wire.answer(false)).await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(house.intake.status().unfinished, 0);
}

#[tokio::test]
async fn a_form_that_falls_silent_anywhere_is_answered() {
    let house = impatient_with_bodies().await;
    let (sealed, _) = house.drop(3_000_000);
    let part = b"--xYz\r\nContent-Disposition: form-data; name=\"sealed\"\r\n\r\n";
    let form = [("Content-Type", "multipart/form-data; boundary=xYz")];
    for sent in [
        0,
        10,
        part.len(),
        part.len() + 5_000,
        part.len() + 1_000_000,
    ] {
        let mut body = part.to_vec();
        body.extend_from_slice(&sealed);
        let mut wire = Wire::public(&house.intake);
        wire.begin("POST /", &form, 4_000_000, &body[..sent]).await;
        let answer = timeout(PATIENCE, wire.answer(false)).await.unwrap();
        assert_eq!(answer.header("location"), Some("/try-again"), "{sent}");
        closes(&mut wire).await;
    }
}

#[tokio::test]
async fn a_body_that_nobody_wants_is_read_for_a_while_and_then_closed() {
    let house = impatient_with_bodies().await;
    let mut wire = Wire::public(&house.intake);
    wire.begin("POST /charter", &[], 1_000_000, b"x").await;
    assert_eq!(wire.answer(false).await.status, 405);
    closes(&mut wire).await;
}

#[tokio::test]
async fn a_request_to_erase_and_a_couriers_push_that_fall_silent_are_answered() {
    let house = impatient_with_bodies().await;
    let mailbox = format!("POST /mailbox/{}", "ab".repeat(32));
    let mut wire = Wire::public(&house.intake);
    wire.begin(&mailbox, &[], 160, b"x").await;
    let answer = timeout(PATIENCE, wire.answer(false)).await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
    let bearer = format!("Bearer {}", "ab".repeat(32));
    let mut wire = Wire::collection(&house.intake);
    wire.begin("PUT /sheets", &[("Authorization", &bearer)], 1_000, b"x")
        .await;
    let answer = timeout(PATIENCE, wire.answer(false)).await.unwrap();
    assert_eq!(answer.status, 400, "{}", answer.text());
}
