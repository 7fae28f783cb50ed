//! Lanes, which belong to one upload and take the places of many.

#![expect(
    clippy::arithmetic_side_effects,
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

use newsroom::House;
use wire::{Answer, PATCH, Wire};

const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");

#[tokio::test]
async fn a_later_lane_may_be_made_while_the_first_one_is_still_sending() {
    let house = House::new().await;
    let (sealed, _) = house.drop(9_000_000);
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[PARTIAL, ("Upload-Length", "8388608")], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
    wire.begin(
        &format!("PATCH {path}"),
        &headers,
        8_388_608,
        &sealed[..5_000_000],
    )
    .await;
    let mut other = Wire::public(&house.intake);
    let head = format!("HEAD {path}");
    while other.tus(&head, &[], b"").await.header("upload-offset") == Some("0") {}
    let parent = path.strip_prefix("/drops/").unwrap();
    let headers = [
        PARTIAL,
        ("Upload-Length", "65536"),
        ("Knothole-Parent", parent),
    ];
    let later = other.tus("POST /drops", &headers, b"").await;
    assert_eq!(later.status, 201, "{}", later.text());
}

#[tokio::test]
async fn a_small_first_lane_does_not_give_way_before_an_upload_that_is_less_far_in_all() {
    let mut settings = newsroom::settings();
    settings.most_uploads = 3;
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(9_000_000);
    let mut wire = Wire::public(&house.intake);
    let length = |bytes: &[u8]| bytes.len().to_string();
    let (one, two) = sealed.split_at(65_536);
    let (first, second) = (length(one), length(two));
    let made = wire
        .tus(
            "POST /drops",
            &[PARTIAL, ("Upload-Length", &first), PATCH],
            one,
        )
        .await;
    let lane = made.header("location").unwrap().to_owned();
    let parent = lane.strip_prefix("/drops/").unwrap();
    let headers = [
        PARTIAL,
        ("Upload-Length", second.as_str()),
        ("Knothole-Parent", parent),
        PATCH,
    ];
    assert_eq!(wire.tus("POST /drops", &headers, two).await.status, 201);
    let (other, _) = house.drop(3_000_000);
    let whole = length(&other);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &whole)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let half = wire.patch(&path, 0, &other[..1_500_000]).await;
    assert_eq!(half.status, 204, "{}", half.text());
    let headers = [("Upload-Length", whole.as_str()), PATCH];
    let made = wire.tus("POST /drops", &headers, &other[..20_000]).await;
    assert_eq!(made.status, 201);
    let head = wire.tus(&format!("HEAD {lane}"), &[], b"").await;
    assert_eq!(head.status, 200, "the lane with the header is still there");
    let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(head.status, 404, "the least progressed one gave way");
}

/// Makes empty lanes of one byte until it is refused, and gives that answer and the number of all.
async fn lanes_without_end(wire: &mut Wire, parent: &str) -> (usize, Answer) {
    let headers = [PARTIAL, ("Upload-Length", "1"), ("Knothole-Parent", parent)];
    let mut made = 1;
    loop {
        let lane = wire.tus("POST /drops", &headers, b"").await;
        if lane.status != 201 {
            return (made, lane);
        }
        made += 1;
        assert!(made < 100, "lanes have no end");
    }
}

/// The address of an upload's first lane, which holds all of these bytes.
async fn first_lane(wire: &mut Wire, bytes: &[u8]) -> String {
    let length = bytes.len().to_string();
    let headers = [PARTIAL, ("Upload-Length", &length), PATCH];
    let made = wire.tus("POST /drops", &headers, bytes).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let path = made.header("location").unwrap_or_default();
    path.trim_start_matches("/drops/").to_owned()
}

#[tokio::test]
async fn an_upload_has_eight_lanes_and_empty_ones_take_no_place_of_an_upload_that_has_bytes() {
    let mut settings = newsroom::settings();
    settings.most_uploads = 5;
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(3_000_000);
    let mut wire = Wire::public(&house.intake);
    let parent = first_lane(&mut wire, &sealed[..2_000_000]).await;
    let parent = parent.as_str();
    let (lanes, refused) = lanes_without_end(&mut wire, parent).await;
    assert_eq!((lanes, refused.status), (8, 403), "{}", refused.text());
    assert!(refused.text().contains("8 lanes"), "{}", refused.text());
    // Sources between two circuits, with less than the stranger has sent in all.
    let (film, _) = house.drop(5_000_000);
    let length = film.len().to_string();
    let mut paths = Vec::new();
    for number in 1..=4 {
        let made = wire
            .tus("POST /drops", &[("Upload-Length", &length)], b"")
            .await;
        let path = made.header("location").unwrap().to_owned();
        assert_eq!(wire.patch(&path, 0, &film[..100_000]).await.status, 204);
        paths.push(path);
        assert_eq!(house.intake.status().unfinished, 8 + number);
    }
    // All places are taken, and a lane that is refused makes nobody give way.
    let (_, refused) = lanes_without_end(&mut wire, parent).await;
    assert_eq!(refused.status, 403);
    for path in &paths {
        let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
        assert_eq!(head.status, 200);
    }
}

#[tokio::test]
async fn lanes_of_a_byte_each_share_the_bytes_of_their_upload_when_places_are_short() {
    let mut settings = newsroom::settings();
    settings.most_uploads = 9;
    let house = House::with(settings).await;
    let (sealed, _) = house.drop(3_000_000);
    let mut wire = Wire::public(&house.intake);
    let parent = first_lane(&mut wire, &sealed[..2_000_000]).await;
    let parent = parent.as_str();
    let tied = ("Knothole-Parent", parent);
    let headers = [PARTIAL, ("Upload-Length", "1"), tied, PATCH];
    for _ in 1..8 {
        let lane = wire.tus("POST /drops", &headers, b"x").await;
        assert_eq!(lane.status, 201);
    }
    let (film, _) = house.drop(5_000_000);
    let length = film.len().to_string();
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(wire.patch(&path, 0, &film[..300_000]).await.status, 204);
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let made = wire.tus("POST /drops", &headers, &film[..20_000]).await;
    assert_eq!(made.status, 201);
    let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(
        head.status, 200,
        "a lane gave way, whose place has cost less"
    );
}
