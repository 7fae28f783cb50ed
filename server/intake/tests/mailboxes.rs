//! Mailboxes over HTTP, and what may not be told apart: a hit and a miss, and uploads that are
//! unknown, expired, foreign or forgotten.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::time::{Duration, Instant};

use knothole_envelope::{
    Codename, ListedDrop, MAILBOX_LEN, Message, PushedReply, REPLY_LEN, Suite, WayBack, open_reply,
    seal_decoy, seal_reply, unframe,
};
use newsroom::{BATCH, DAY, House, rng};
use wire::{Answer, PATCH, Wire};

fn source(house: &House, byte: u8) -> WayBack {
    Codename::from_bytes([byte; 16]).way_back(&house.fingerprint())
}

/// The reply of this number, sealed to a source.
fn reply(house: &House, source: &WayBack, number: u64) -> PushedReply {
    let words = Message::new(&format!("reply {number}")).unwrap();
    let envelope = seal_reply(
        &mut rng(),
        Suite::ChaCha20Poly1305,
        &source.key().recipient_key(),
        &house.fingerprint(),
        house.signing(),
        number,
        &words,
    );
    let block = source.block();
    PushedReply {
        mailbox: block.mailbox,
        erase: block.erase,
        envelope: envelope.unwrap(),
    }
}

async fn push(house: &House, replies: &[PushedReply]) -> Answer {
    let bytes = PushedReply::encode_list(replies);
    house.collect("POST /replies", &[], &bytes).await
}

async fn poll(house: &House, source: &WayBack) -> Answer {
    let line = format!("GET /mailbox/{}", source.mailbox());
    Wire::public(&house.intake).ask(&line, &[], b"").await
}

async fn erase(house: &House, source: &WayBack, replies: &[PushedReply]) -> Answer {
    let mut body = source.erase().expose().to_vec();
    for reply in replies {
        body.extend_from_slice(reply.hash().as_bytes());
    }
    body.resize(160, 0xee);
    let line = format!("POST /mailbox/{}", source.mailbox());
    Wire::public(&house.intake).ask(&line, &[], &body).await
}

/// The numbers of the replies that a source can open.
async fn read(house: &House, source: &WayBack) -> Vec<u64> {
    let answer = poll(house, source).await;
    assert_eq!((answer.status, answer.body.len()), (200, MAILBOX_LEN));
    let opened = answer
        .body
        .chunks(REPLY_LEN)
        .filter_map(|sealed| open_reply(sealed, source.key(), &house.chain()).ok());
    let mut numbers: Vec<_> = opened.map(|reply| reply.number()).collect();
    numbers.sort_unstable();
    numbers
}

#[tokio::test]
async fn whoever_asks_a_mailbox_and_hangs_up_has_used_up_a_turn_all_the_same() {
    let mut settings = newsroom::settings();
    settings.mailbox_time = TIME;
    settings.most_polls = 1;
    let house = House::with(settings).await;
    let one = source(&house, 1);
    let begun = Instant::now();
    let hung_up = tokio::time::timeout(TIME / 3, poll(&house, &one)).await;
    assert!(hung_up.is_err());
    assert_eq!(poll(&house, &one).await.status, 200);
    assert!(begun.elapsed() >= 2 * TIME, "{:?}", begun.elapsed());
}

/// Less than what a server takes its time for by default.
const TIME: Duration = Duration::from_millis(300);

#[tokio::test]
async fn no_answer_about_a_mailbox_comes_before_the_fixed_time_is_over() {
    let mut settings = newsroom::settings();
    settings.mailbox_time = TIME;
    let house = House::with(settings).await;
    let (written_to, other) = (source(&house, 1), source(&house, 2));
    let replies = [reply(&house, &written_to, 1)];
    assert_eq!(push(&house, &replies).await.status, 204);
    for source in [&written_to, &other] {
        let begun = Instant::now();
        assert_eq!(poll(&house, source).await.status, 200);
        assert!(begun.elapsed() >= TIME);
        let begun = Instant::now();
        assert_eq!(erase(&house, source, &replies).await.status, 204);
        assert!(begun.elapsed() >= TIME);
    }
}

/// The same but for the bytes of the envelopes.
fn alike(one: &Answer, other: &Answer) {
    assert_eq!(one.status, other.status);
    assert_eq!(one.headers, other.headers);
    assert_eq!(one.body.len(), other.body.len());
}

#[tokio::test]
async fn a_source_reads_its_replies_and_erases_them_and_others_see_only_decoys() {
    let house = House::new().await;
    let (one, other) = (source(&house, 1), source(&house, 2));
    let replies: Vec<_> = (1..=5).map(|number| reply(&house, &one, number)).collect();
    assert_eq!(push(&house, &replies).await.status, 204);
    assert_eq!(read(&house, &one).await, [1, 2, 3, 4]);
    assert_eq!(read(&house, &other).await, [0_u64; 0]);
    // With the words of another source nothing goes.
    let block = other.block();
    assert_ne!(block.mailbox, one.block().mailbox);
    assert_eq!(erase(&house, &other, &replies[..4]).await.status, 204);
    assert_eq!(read(&house, &one).await, [1, 2, 3, 4]);
    assert_eq!(erase(&house, &one, &replies[..3]).await.status, 204);
    assert_eq!(read(&house, &one).await, [4, 5]);
    let house = house.restarted(DAY).await;
    assert_eq!(read(&house, &one).await, [4, 5]);
    house.live_until(DAY + 91 * 86_400).await;
    assert_eq!(read(&house, &one).await, [0_u64; 0]);
    assert_eq!(house.intake.status().replies, 0);
}

#[tokio::test]
async fn a_mailbox_with_replies_and_one_without_are_answered_alike() {
    let house = House::new().await;
    let (one, other) = (source(&house, 1), source(&house, 2));
    let empty = poll(&house, &one).await;
    let replies = [reply(&house, &one, 1), reply(&house, &one, 2)];
    push(&house, &replies).await;
    let hit = poll(&house, &one).await;
    let miss = poll(&house, &other).await;
    alike(&hit, &miss);
    alike(&hit, &empty);
    assert_ne!(hit.body, empty.body);
    assert_eq!(hit, poll(&house, &one).await);
    assert_eq!(miss, poll(&house, &other).await);
    let erased = erase(&house, &one, &replies).await;
    assert_eq!(erased, erase(&house, &one, &replies).await);
    assert_eq!(erased, erase(&house, &other, &replies).await);
    assert_eq!(poll(&house, &one).await, empty);
}

#[tokio::test]
async fn only_a_whole_address_is_a_mailbox_and_only_two_methods_are_taken() {
    let house = House::new().await;
    let digits = source(&house, 1).mailbox().to_string();
    let unknown = Wire::public(&house.intake)
        .ask("GET /mailbox/x", &[], b"")
        .await;
    let elsewhere = Wire::public(&house.intake).ask("GET /x", &[], b"").await;
    assert_eq!((unknown.status, &unknown.body), (404, &elsewhere.body));
    for name in [
        "",
        digits.get(1..).unwrap(),
        &digits.to_uppercase(),
        "../charter",
    ] {
        let line = format!("GET /mailbox/{name}");
        let answer = Wire::public(&house.intake).ask(&line, &[], b"").await;
        assert_eq!(answer, unknown, "{name}");
    }
    let line = format!("DELETE /mailbox/{digits}");
    let answer = Wire::public(&house.intake).ask(&line, &[], b"").await;
    assert_eq!(answer.status, 405);
    for length in [0, 159, 161, 4_096] {
        let line = format!("POST /mailbox/{digits}");
        let body = vec![7; length];
        let answer = Wire::public(&house.intake).ask(&line, &[], &body).await;
        assert_eq!(answer.status, 400, "{length}");
    }
    // The courier's side knows no mailboxes, and the public side takes no replies.
    let line = format!("GET /mailbox/{digits}");
    assert_eq!(house.collect(&line, &[], b"").await.status, 404);
    let pushed = Wire::public(&house.intake)
        .ask("POST /replies", &[], b"")
        .await;
    assert_eq!(pushed.status, 404);
}

#[tokio::test]
async fn a_courier_pushes_sixteen_replies_at_most_and_only_sealed_ones() {
    let house = House::new().await;
    let one = source(&house, 1);
    let block = one.block();
    let decoy = |_| PushedReply {
        mailbox: block.mailbox,
        erase: block.erase,
        envelope: seal_decoy(&mut rng()).unwrap(),
    };
    let mut replies: Vec<_> = (0..17).map(decoy).collect();
    assert_eq!(push(&house, &replies).await.status, 403);
    replies.pop();
    assert_eq!(push(&house, &replies).await.status, 204);
    replies[3].envelope[8] = 2;
    assert_eq!(push(&house, &replies).await.status, 403);
    let long = vec![0; (2 << 20) + 1];
    let refused = house.collect("POST /replies", &[], &long).await;
    assert_eq!(refused.status, 400);
    assert_eq!(house.intake.status().replies, 16);
}

#[tokio::test]
async fn what_is_beyond_the_room_for_replies_is_refused_with_its_own_status() {
    let mut settings = newsroom::settings();
    settings.replies_reserve = 81_920;
    let house = House::with(settings).await;
    let one = source(&house, 1);
    let (first, second) = (reply(&house, &one, 1), reply(&house, &one, 2));
    assert_eq!(push(&house, &[first]).await.status, 204);
    assert_eq!(push(&house, &[second]).await.status, 507);
    assert_eq!(read(&house, &one).await, [1]);
}

async fn send(house: &House, whole: bool) -> String {
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    let mut headers = vec![("Upload-Length", length.as_str())];
    if whole {
        headers.push(PATCH);
    }
    let body = if whole { &sealed[..] } else { b"" };
    let made = Wire::public(&house.intake)
        .tus("POST /drops", &headers, body)
        .await;
    assert_eq!(made.status, 201);
    made.header("location").unwrap().to_owned()
}

#[tokio::test]
async fn unknown_expired_foreign_and_forgotten_uploads_are_answered_with_the_same_bytes() {
    let house = House::new().await;
    let forgotten = send(&house, true).await;
    let expired = send(&house, false).await;
    let head = [("Upload-Offset", "0"), PATCH];
    let sealed = house.drop(5).0;
    Wire::public(&house.intake)
        .tus(&format!("PATCH {expired}"), &head, &sealed[..100_000])
        .await;
    house.live_until(DAY + 16 * 86_400 + 2 * BATCH).await;
    let listing = house.collect("GET /listing", &[], b"").await;
    let listed = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    let foreign = format!("/drops/{}", listed[0].id);
    let unknown = format!("/drops/{}", "ab".repeat(32));
    for (method, headers, body) in [
        ("HEAD", &[][..], &b""[..]),
        ("PATCH", &head[..], &sealed[..]),
        ("DELETE", &[][..], &b""[..]),
    ] {
        let mut answers = Vec::new();
        for path in [&unknown, &expired, &foreign, &forgotten] {
            let line = format!("{method} {path}");
            let answer = Wire::public(&house.intake).tus(&line, headers, body).await;
            assert_eq!(answer.status, 404, "{line}");
            answers.push(answer);
        }
        assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
