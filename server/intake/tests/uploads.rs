//! The drop-box over HTTP, from a sealed drop's first byte to the courier's listing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use knothole_intake::{Desk, DeskError};
use newsroom::House;
use wire::{PATCH, Wire};

async fn create(wire: &mut Wire, length: usize) -> String {
    let length = length.to_string();
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.header("location").unwrap().to_owned()
}

#[tokio::test]
async fn a_drop_arrives_and_the_last_answer_is_its_tree_hash() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(3_000_000);
    let mut wire = Wire::public(&house.intake);
    let path = create(&mut wire, sealed.len()).await;
    let (one, two) = sealed.split_at(1_000_000);
    let first = wire.patch(&path, 0, one).await;
    assert_eq!(first.status, 204);
    assert_eq!(first.header("upload-offset"), Some("1000000"));
    assert_eq!(first.header("knothole-tree"), None);
    let last = wire.patch(&path, one.len(), two).await;
    let tree = tree.to_string();
    assert_eq!(last.header("knothole-tree"), Some(tree.as_str()));
    let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(head.header("knothole-tree"), Some(tree.as_str()));
    assert_eq!(head.header("upload-offset"), head.header("upload-length"));
}

#[tokio::test]
async fn a_creation_takes_the_whole_drop_along() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5);
    let length = sealed.len().to_string();
    let headers = [("Upload-Length", length.as_str()), PATCH];
    let made = Wire::public(&house.intake)
        .tus("POST /drops", &headers, &sealed)
        .await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("upload-offset"), Some(length.as_str()));
    assert_eq!(
        made.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
}

#[tokio::test]
async fn an_unsealed_file_is_refused_at_its_first_bytes_while_the_rest_is_still_to_come() {
    let house = House::new().await;
    let mut wire = Wire::public(&house.intake);
    let path = create(&mut wire, 50_000_000).await;
    let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
    wire.begin(
        &format!("PATCH {path}"),
        &headers,
        50_000_000,
        &[b'x'; 20_000],
    )
    .await;
    let answer = wire.answer(false).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("not sealed"), "{}", answer.text());
    let incoming = house.folder.path().join("incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
}

#[tokio::test]
async fn an_upload_goes_on_after_a_cut_connection_and_a_restarted_server() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(9_000_000);
    let mut wire = Wire::public(&house.intake);
    let path = create(&mut wire, sealed.len()).await;
    let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
    wire.begin(
        &format!("PATCH {path}"),
        &headers,
        sealed.len(),
        &sealed[..6_000_000],
    )
    .await;
    drop(wire);
    // What was on its way when the connection went still arrives; a request that took over before
    // that would let it go.
    let mut wire = Wire::public(&house.intake);
    let head = format!("HEAD {path}");
    while wire.tus(&head, &[], b"").await.header("upload-offset") != Some("6000000") {}
    drop(wire);
    let house = settled(house).await.restart();
    let mut wire = Wire::public(&house.intake);
    let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(head.header("upload-offset"), Some("6000000"));
    let last = wire.patch(&path, 6_000_000, &sealed[6_000_000..]).await;
    assert_eq!(
        last.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
}

/// Waits until no connection holds the store any more.
async fn settled(house: House) -> House {
    while std::sync::Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
    house
}

#[tokio::test]
async fn unknown_malformed_and_given_up_uploads_get_the_same_bytes() {
    let house = House::new().await;
    let mut wire = Wire::public(&house.intake);
    let path = create(&mut wire, 2_000_000).await;
    let gone = wire.tus(&format!("DELETE {path}"), &[], b"").await;
    assert_eq!(gone.status, 204);
    let answers = [
        wire.tus(&format!("HEAD {path}"), &[], b"").await,
        wire.tus(&format!("HEAD /drops/{}", "0".repeat(64)), &[], b"")
            .await,
        wire.tus("HEAD /drops/no", &[], b"").await,
    ];
    assert_eq!(answers[0].status, 404);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[tokio::test]
async fn altered_bytes_are_refused_and_none_of_them_kept() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let mut wire = Wire::public(&house.intake);
    let path = create(&mut wire, sealed.len()).await;
    let wrong = "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let headers = [("Upload-Offset", "0"), PATCH, ("Upload-Checksum", wrong)];
    let answer = wire.tus(&format!("PATCH {path}"), &headers, &sealed).await;
    assert_eq!(answer.status, 460);
    let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
    assert_eq!(head.header("upload-offset"), Some("0"));
}

/// The bytes of all files that unfinished uploads have.
fn incoming(house: &House) -> u64 {
    let inside = |folder: &std::path::Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap())
    };
    let uploads = inside(&house.folder.path().join("incoming"));
    let files = uploads.flat_map(|upload| inside(&upload.path()));
    files.map(|file| file.metadata().unwrap().len()).sum()
}

#[tokio::test]
async fn what_a_wrong_checksum_names_is_gone_from_the_disk_and_is_4_mib_at_most() {
    let house = House::new().await;
    let (sealed, _) = house.drop(9_000_000);
    let mut wire = Wire::public(&house.intake);
    let path = create(&mut wire, sealed.len()).await;
    let line = format!("PATCH {path}");
    let wrong = ("Upload-Checksum", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let (part, rest) = sealed.split_at(4 << 20);
    let begin = [("Upload-Offset", "0"), PATCH, wrong];
    assert_eq!(wire.tus(&line, &begin, part).await.status, 460);
    assert_eq!(incoming(&house), 0);
    let mut wire = Wire::public(&house.intake);
    let answer = wire.tus(&line, &begin, &sealed[..(4 << 20) + 1]).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(incoming(&house), 0);
    // Behind what is durable already, too.
    let mut wire = Wire::public(&house.intake);
    assert_eq!(wire.patch(&path, 0, part).await.status, 204);
    let before = incoming(&house);
    let offset = part.len().to_string();
    let headers = [("Upload-Offset", offset.as_str()), PATCH, wrong];
    let answer = wire.tus(&line, &headers, &rest[..3_000_000]).await;
    assert_eq!(answer.status, 460);
    assert_eq!(incoming(&house), before);
    let answer = wire.patch(&path, part.len(), rest).await;
    assert!(answer.header("knothole-tree").is_some(), "{answer:?}");
}

#[tokio::test]
async fn lanes_are_put_together_into_one_drop() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(9_000_000);
    let (one, two) = sealed.split_at(4_194_304);
    let mut wire = Wire::public(&house.intake);
    let lane = |length: usize| length.to_string();
    let (first_length, second_length) = (lane(one.len()), lane(two.len()));
    let partial = ("Upload-Concat", "partial");
    let headers = [partial, ("Upload-Length", first_length.as_str()), PATCH];
    let first = wire.tus("POST /drops", &headers, one).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let first = first.header("location").unwrap().to_owned();
    let headers = [partial, ("Upload-Length", second_length.as_str()), PATCH];
    let untied = wire.tus("POST /drops", &headers, two).await;
    assert_eq!(
        untied.status, 422,
        "a lane without its parent must pass the gate"
    );
    let parent = first.strip_prefix("/drops/").unwrap();
    let headers = [
        partial,
        ("Upload-Length", second_length.as_str()),
        ("Knothole-Parent", parent),
        PATCH,
    ];
    let second = wire.tus("POST /drops", &headers, two).await;
    assert_eq!(second.status, 201, "{}", second.text());
    let second = second.header("location").unwrap().to_owned();
    let last = format!("final;{first} {second}");
    let joined = wire
        .tus("POST /drops", &[("Upload-Concat", &last)], b"")
        .await;
    assert_eq!(joined.status, 201, "{}", joined.text());
    assert_eq!(
        joined.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
    let joined = joined.header("location").unwrap();
    let head = wire.tus(&format!("HEAD {joined}"), &[], b"").await;
    assert_eq!(head.header("upload-concat"), Some("final;"));
    let more = wire.patch(joined, sealed.len(), b"").await;
    assert_eq!(more.status, 403, "what is put together takes no bytes");
}

#[tokio::test]
async fn a_client_of_another_version_is_told_which_one_is_spoken() {
    let house = House::new().await;
    let mut wire = Wire::public(&house.intake);
    let answer = wire.ask("POST /drops", &[], b"").await;
    assert_eq!(answer.status, 412);
    assert_eq!(answer.header("tus-version"), Some("1.0.0"));
}

#[tokio::test]
async fn answers_tell_neither_hour_nor_server() {
    let house = House::new().await;
    let mut wire = Wire::public(&house.intake);
    for line in [
        "GET /charter",
        "GET /sheet",
        "GET /nothing",
        "OPTIONS /drops",
    ] {
        let answer = wire.ask(line, &[], b"").await;
        for name in ["date", "server", "etag", "last-modified", "set-cookie"] {
            assert_eq!(answer.header(name), None, "{line}");
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_newsroom_whose_charter_is_held_is_never_forgotten() {
    let house = House::new().await;
    let desk = Desk::open(house.folder.path()).unwrap();
    assert!(matches!(
        desk.forget_newsroom(),
        Err(DeskError::CharterHeld)
    ));
    assert_eq!(desk.trusted().unwrap(), Some(house.fingerprint()));
}
