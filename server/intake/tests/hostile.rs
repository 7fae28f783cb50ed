//! What a hostile sender tries, and what it must not get.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(
    dead_code,
    reason = "the tests of uploads use the rest of the two modules"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::time::Duration;

use knothole_envelope::{EpochNumber, ListedDrop, Receipt, unframe};
use knothole_intake::UnixSeconds;
use newsroom::{BATCH, DAY, House};
use wire::{PATCH, Wire};

const FORM: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=xYz");
const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");

fn entries(house: &House, room: &str) -> usize {
    std::fs::read_dir(house.folder.path().join(room))
        .unwrap()
        .count()
}

/// Waits until the server has done with every connection.
async fn settled(house: &House) {
    while std::sync::Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
}

async fn tick(house: &House, now: u64) {
    house.intake.tick(UnixSeconds::new(now)).await.unwrap();
}

#[tokio::test]
async fn a_form_whose_part_never_ends_its_own_header_is_answered_instead_of_kept_in_memory() {
    let house = House::new().await;
    for begin in [
        "--xYz\r\nX: ",
        "",
        "--xYz\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
    ] {
        let mut wire = Wire::public(&house.intake);
        let mut body = begin.as_bytes().to_vec();
        body.resize(2_000_000, b'y');
        wire.begin("POST /", &[FORM], 1 << 40, &body).await;
        let answer = wire.answer(false).await;
        assert_eq!(answer.header("location"), Some("/try-again"), "{begin}");
    }
}

#[tokio::test]
async fn a_form_whose_connection_is_over_before_its_file_leaves_nothing_behind() {
    let mut settings = newsroom::settings();
    settings.connection_life = Duration::from_secs(1);
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(3_000_000);
    let mut body = b"--xYz\r\nContent-Disposition: form-data; name=\"sealed\"\r\n\r\n".to_vec();
    body.extend_from_slice(&sealed[..2_000_000]);
    let mut wire = Wire::public(&house.intake);
    wire.begin("POST /", &[FORM], 4_000_000, &body).await;
    wire.closed().await;
    settled(&house).await;
    tick(&house, DAY + 1).await;
    assert_eq!(entries(&house, "incoming"), 0);
    assert_eq!(entries(&house, "drops"), 0);
}

#[tokio::test]
async fn a_creation_that_is_cut_off_before_its_address_was_told_holds_no_place() {
    let house = House::new().await;
    let (sealed, _) = house.drop(3_000_000);
    let length = sealed.len().to_string();
    let headers = [
        ("Tus-Resumable", "1.0.0"),
        ("Upload-Length", &length),
        PATCH,
    ];
    let mut wire = Wire::public(&house.intake);
    wire.begin("POST /drops", &headers, sealed.len(), &sealed[..1_500_000])
        .await;
    drop(wire);
    settled(&house).await;
    tick(&house, DAY + 1).await;
    assert_eq!(house.intake.status().unfinished, 0);
    assert_eq!(entries(&house, "incoming"), 0);
}

/// A store that serves one connection at once, which keeps its place against nobody.
fn one_place() -> knothole_intake::Settings {
    let mut settings = newsroom::settings();
    settings.most_public_connections = 1;
    settings.place_patience = Duration::ZERO;
    settings.header_patience = Duration::from_secs(3_600);
    settings
}

#[tokio::test]
async fn a_silent_peer_cannot_keep_the_last_seat_from_others() {
    let house = House::with(one_place()).await;
    let mut silent = Wire::public(&house.intake);
    assert_eq!(silent.ask("GET /charter", &[], b"").await.status, 200);
    let served = Wire::public(&house.intake)
        .ask("GET /charter", &[], b"")
        .await;
    assert_eq!(served.status, 200);
    silent.closed().await;
}

#[tokio::test]
async fn whoever_gives_its_place_away_in_the_middle_of_an_upload_keeps_what_it_has_sent() {
    let house = House::with(one_place()).await;
    let (sealed, _) = house.drop(3_000_000);
    let length = sealed.len().to_string();
    let mut slow = Wire::public(&house.intake);
    let made = slow
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
    let part = &sealed[..100_000];
    slow.begin(&format!("PATCH {path}"), &headers, sealed.len(), part)
        .await;
    // The folder tells that they have passed the gate, and that some were written.
    while entries(&house, "incoming") == 0 {
        tokio::task::yield_now().await;
    }
    let mut other = Wire::public(&house.intake);
    assert_eq!(other.ask("GET /charter", &[], b"").await.status, 200);
    let told = slow.answer(false).await;
    assert_eq!(told.status, 503, "{}", told.text());
    assert!(told.text().contains("try again"), "{}", told.text());
    slow.closed().await;
    let mut again = Wire::public(&house.intake);
    let head = again.tus(&format!("HEAD {path}"), &[], b"").await;
    let kept: usize = head.header("upload-offset").unwrap().parse().unwrap();
    assert!(
        kept >= 65_536,
        "{kept} bytes of what had been written are left"
    );
    let rest = again.patch(&path, kept, &sealed[kept..]).await;
    assert_eq!(rest.status, 204, "{}", rest.text());
}

#[tokio::test]
async fn announcements_without_end_push_out_the_oldest_announcement_and_no_upload_that_has_begun() {
    let mut settings = newsroom::settings();
    settings.most_announced = 3;
    settings.most_uploads = 1;
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(3_000_000);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str())];
    let mut wire = Wire::public(&house.intake);
    let begun = [("Upload-Length", length.as_str()), PATCH];
    let made = wire.tus("POST /drops", &begun, &sealed[..1_000_000]).await;
    let begun = made.header("location").unwrap().to_owned();
    let mut announced = Vec::new();
    for _ in 0..5 {
        let made = wire.tus("POST /drops", &headers, b"").await;
        assert_eq!(made.status, 201);
        announced.push(made.header("location").unwrap().to_owned());
    }
    let mut there = Vec::new();
    for path in &announced {
        there.push(wire.tus(&format!("HEAD {path}"), &[], b"").await.status);
    }
    assert_eq!(there, [404, 404, 200, 200, 200]);
    let head = wire.tus(&format!("HEAD {begun}"), &[], b"").await;
    assert_eq!(head.header("upload-offset"), Some("1000000"));
}

#[tokio::test]
async fn announcements_that_are_written_to_at_each_look_and_come_to_nothing_are_bounded_too() {
    let mut settings = newsroom::settings();
    settings.most_announced = 3;
    let house = House::with(settings).await;
    for _ in 0..7 {
        let mut wire = Wire::public(&house.intake);
        let headers = [("Upload-Length", "2000000")];
        let made = wire.tus("POST /drops", &headers, b"").await;
        let path = made.header("location").unwrap().to_owned();
        let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
        wire.begin(&format!("PATCH {path}"), &headers, 1, b"").await;
        // Until the request is at work.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        house.intake.tick(UnixSeconds::new(DAY + 1)).await.unwrap();
        assert!(wire.send(b"x").await);
        assert_eq!(wire.answer(false).await.status, 422);
    }
    assert_eq!(house.intake.status().unfinished, 3);
}

#[tokio::test]
async fn an_upload_of_no_bytes_is_refused_at_its_creation() {
    let house = House::new().await;
    let mut wire = Wire::public(&house.intake);
    for headers in [
        &[("Upload-Length", "0")][..],
        &[("Upload-Length", "0"), PARTIAL],
    ] {
        let refused = wire.tus("POST /drops", headers, b"").await;
        assert_eq!(refused.status, 422, "{}", refused.text());
    }
}

#[tokio::test]
async fn what_the_gate_read_first_does_not_stand_for_the_header_that_follows() {
    let house = House::new().await;
    let (small, _) = house.drop(5);
    let (large, _) = house.drop(9_000_000);
    let mut wire = Wire::public(&house.intake);
    let length = small.len().to_string();
    let made = wire
        .tus("POST /drops", &[PARTIAL, ("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    // The header of a larger drop passes, and its bytes are not kept.
    let wrong = "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let headers = [("Upload-Offset", "0"), PATCH, ("Upload-Checksum", wrong)];
    let altered = wire
        .tus(&format!("PATCH {path}"), &headers, &large[..small.len()])
        .await;
    assert_eq!(altered.status, 460);
    let first = wire.patch(&path, 0, &small).await;
    assert_eq!(first.status, 204, "{}", first.text());
    drop(wire);
    settled(&house).await;
    let house = house.restart();
    let mut wire = Wire::public(&house.intake);
    // By its own header it is whole: no lane may follow it.
    let parent = path.strip_prefix("/drops/").unwrap();
    let headers = [
        PARTIAL,
        ("Upload-Length", "65536"),
        ("Knothole-Parent", parent),
    ];
    let later = wire.tus("POST /drops", &headers, b"").await;
    assert_eq!(later.status, 400, "{}", later.text());
    let last = format!("final;{path}");
    let joined = wire
        .tus("POST /drops", &[("Upload-Concat", &last)], b"")
        .await;
    assert_eq!(joined.status, 201, "{}", joined.text());
}

#[tokio::test]
async fn the_url_of_a_drop_is_forgotten_in_time_even_when_the_drop_went_before() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let mut wire = Wire::public(&house.intake);
    let made = wire.tus("POST /drops", &headers, &sealed).await;
    let head = format!("HEAD {}", made.header("location").unwrap());
    tick(&house, DAY + BATCH).await;
    let listing = house.collect("GET /listing", &[], b"").await;
    let listing = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    let receipt = Receipt::Opened {
        drop: listing[0].id,
        tree,
        length: u64::try_from(sealed.len()).unwrap(),
    };
    let receipt = house.receipt(receipt);
    let taken = house.collect("POST /receipts", &[], &receipt).await;
    assert_eq!(taken.status, 204);
    let known = wire.tus(&head, &[], b"").await;
    assert_eq!(
        known.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
    tick(&house, DAY + 2 * BATCH).await;
    assert_eq!(wire.tus(&head, &[], b"").await.status, 404);
}

#[tokio::test]
async fn what_was_begun_before_its_epoch_was_burned_does_not_arrive_after_it() {
    let house = House::new().await;
    let (sealed, _) = house.drop(3_000_000);
    let (one, two) = sealed.split_at(2_000_000);
    let mut wire = Wire::public(&house.intake);
    let lengths = [&sealed, one, two].map(|bytes| bytes.len().to_string());
    let [whole, first, second] = lengths.each_ref().map(String::as_str);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", whole)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(wire.patch(&path, 0, one).await.status, 204);
    let headers = [PARTIAL, ("Upload-Length", first), PATCH];
    let made = wire.tus("POST /drops", &headers, one).await;
    let lane = made.header("location").unwrap().to_owned();
    let parent = ("Knothole-Parent", lane.strip_prefix("/drops/").unwrap());
    let headers = [PARTIAL, ("Upload-Length", second), parent, PATCH];
    let made = wire.tus("POST /drops", &headers, two).await;
    let last = format!("final;{lane} {}", made.header("location").unwrap());
    let epoch = EpochNumber::new(1).unwrap();
    let burned = house.receipt(Receipt::Burned { epoch });
    let taken = house.collect("POST /receipts", &[], &burned).await;
    assert_eq!(taken.status, 204);
    let refused = [
        wire.patch(&path, one.len(), two).await,
        wire.tus("POST /drops", &[("Upload-Concat", &last)], b"")
            .await,
    ];
    for refused in refused {
        assert_eq!(refused.status, 422, "{}", refused.text());
        assert!(refused.text().contains("seal it again"));
    }
    assert_eq!(
        (entries(&house, "incoming"), entries(&house, "drops")),
        (0, 0)
    );
}
