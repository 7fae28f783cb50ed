//! What arrives, whatever happens on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::house::House;
use crate::road::{Afterwards, Fate, Road};
use crate::run::{Desk, finished, noise, terminate};

struct Scene {
    house: House,
    road: Road,
    desk: Desk,
}

async fn scene(fates: &[Fate]) -> Scene {
    let house = House::new().await;
    let road = Road::to(house.port().await, fates).await;
    let desk = Desk::new(&house.newsroom, &road);
    Scene { house, road, desk }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_words_arrive_and_match() {
    let scene = scene(&[]).await;
    let film = noise(5_000_000, 1);
    scene.desk.file("film.mov", &film);
    scene.desk.file("leer.txt", b"");
    scene.desk.file("words", "听我说\n".as_bytes());
    let arguments = ["film.mov", "leer.txt", "--message-file", "words"];
    scene.desk.send(&arguments).await.arrived();
    let drop = scene.house.the_drop();
    assert_eq!(drop.message, "听我说");
    let names: Vec<&str> = drop.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["film.mov", "leer.txt"]);
    assert!(drop.files[0].1 == film && drop.files[1].1.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_alone_is_a_drop() {
    let scene = scene(&[]).await;
    scene.desk.file("words", b"meet me");
    scene
        .desk
        .send(&["--message-file", "words"])
        .await
        .arrived();
    assert_eq!(scene.house.the_drop().message, "meet me");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_gets_through_a_line_that_breaks_every_few_megabytes() {
    let cuts = [
        1_000_000, 3_700_000, 4_999_999, 1_234_567, 2_500_000, 4_000_000,
    ];
    let mut fates = vec![Fate::Greets];
    fates.extend(cuts.map(Fate::CutAfter));
    let scene = scene(&fates).await;
    let film = noise(16_000_000, 2);
    scene.desk.file("film.mov", &film);
    scene.desk.send(&["film.mov"]).await.arrived();
    assert!(scene.house.the_drop().files[0].1 == film);
    let users = scene.road.users();
    assert!(users.len() >= cuts.len());
    for (number, user) in users.iter().enumerate() {
        assert!(!users[..number].contains(user), "an isolation came twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_survives_a_server_that_is_killed_and_comes_back() {
    let scene = scene(&[]).await;
    let film = noise(24_000_000, 3);
    scene.desk.file("film.mov", &film);
    let child = scene.desk.start(&["film.mov"]);
    scene.road.carried(6_000_000).await;
    scene.house.restart().await;
    scene.road.carried(14_000_000).await;
    scene.house.restart().await;
    finished(child).await.arrived();
    assert!(scene.house.the_drop().files[0].1 == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_answer_that_is_lost_is_asked_for_again() {
    let scene = scene(&[Fate::Greets, Fate::Unanswered(1_060_864)]).await;
    scene.desk.file("note.txt", b"small");
    scene.desk.send(&["note.txt"]).await.arrived();
    assert_eq!(scene.house.the_drop().files[0].1, b"small");
    assert_eq!(scene.road.users().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_the_creation_that_is_lost_costs_nothing() {
    let scene = scene(&[Fate::Greets, Fate::Unanswered(1)]).await;
    scene.desk.file("note.txt", b"small");
    scene.desk.send(&["note.txt"]).await.arrived();
    assert_eq!(scene.house.opened().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_all_sent_and_is_known_no_more_may_have_arrived() {
    let scene = scene(&[Fate::Greets, Fate::Unanswered(1_060_864), Fate::Unreachable]).await;
    scene.desk.file("note.txt", b"small");
    let child = scene.desk.start(&["note.txt"]);
    scene.road.ended(2).await;
    scene.house.lose_everything().await;
    finished(child).await.said(4, "It may have arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_it_when_all_was_sent_hears_that_it_may_have_arrived() {
    let scene = scene(&[Fate::Greets, Fate::Unanswered(1_060_864)]).await;
    scene.road.usually(Fate::Mute);
    scene.desk.file("note.txt", b"small");
    let child = scene.desk.start(&["note.txt"]);
    scene.road.ended(2).await;
    terminate(&child);
    finished(child).await.said(4, "It may have arrived");
    assert_eq!(scene.house.opened().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_it_half_way_hears_that_nobody_can_read_what_was_sent() {
    let scene = scene(&[Fate::Greets, Fate::CutAfter(3_000_000)]).await;
    scene.road.usually(Fate::Mute);
    scene.desk.file("film.mov", &noise(9_000_000, 4));
    let child = scene.desk.start(&["film.mov"]);
    scene.road.ended(2).await;
    terminate(&child);
    finished(child).await.said(3, "can be read by nobody");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_drop_box_forgot_half_way_is_sent_from_the_beginning() {
    let scene = scene(&[Fate::Greets, Fate::CutAfter(3_000_000), Fate::Unreachable]).await;
    let film = noise(9_000_000, 4);
    scene.desk.file("film.mov", &film);
    let child = scene.desk.start(&["film.mov"]);
    scene.road.ended(2).await;
    scene.house.lose_everything().await;
    let ended = finished(child).await.arrived();
    assert!(ended.err.contains("Beginning again"), "{ended:?}");
    assert!(scene.house.the_drop().files[0].1 == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_without_room_says_so_at_once() {
    let full = "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 2\r\n\r\nno";
    let scene = scene(&[Fate::Greets, Fate::Says(full)]).await;
    scene.desk.file("film.mov", &noise(2_000_000, 5));
    let ended = scene.desk.send(&["film.mov"]).await;
    ended.said(3, "the drop-box is full");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_fills_up_half_way_is_waited_for() {
    let full = "HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 2\r\n\r\nno";
    let fates = [Fate::Greets, Fate::CutAfter(3_000_000), Fate::Says(full)];
    let scene = scene(&fates).await;
    let film = noise(5_000_000, 6);
    scene.desk.file("film.mov", &film);
    let ended = scene.desk.send(&["film.mov"]).await.arrived();
    assert!(ended.says("has no room at the moment"), "{ended:?}");
    assert!(scene.house.the_drop().files[0].1 == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_takes_nothing_of_a_piece_is_not_given_it_again_at_once() {
    let pieces = Arc::new(AtomicU64::new(0));
    let scene = scene(&[Fate::Greets, Fate::TakesNothing(Arc::clone(&pieces))]).await;
    let film = noise(3_000_000, 7);
    scene.desk.file("film.mov", &film);
    let ended = scene.desk.send(&["film.mov"]).await.arrived();
    assert!(ended.says("Trying again"), "{ended:?}");
    assert_eq!(pieces.load(Ordering::Relaxed), 1);
    assert!(scene.house.the_drop().files[0].1 == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_has_all_bytes_and_no_drop_is_not_asked_for_ever() {
    let fate = Fate::Forgetful(Afterwards::WhenGivenNothing);
    let scene = scene(&[Fate::Greets, fate]).await;
    scene.desk.file("note.txt", b"small");
    let ended = scene.desk.send(&["note.txt"]).await;
    // It made a drop of what it was given, and says of it what is not so.
    ended.said(1, "is not what was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_never_makes_a_drop_of_what_it_has_keeps_no_line_for_ever() {
    // The next line leads to one that does not know the upload.
    let scene = scene(&[Fate::Greets, Fate::Forgetful(Afterwards::Never)]).await;
    scene.desk.file("note.txt", b"small");
    let ended = scene.desk.send(&["note.txt"]).await;
    assert!(
        ended.says("has everything, and says no more yet"),
        "{ended:?}"
    );
    ended.said(4, "It may have arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_gives_back_what_it_had_is_sent_nothing_more_on_that_line() {
    let scene = scene(&[Fate::Greets, Fate::Forgetful(Afterwards::HasNothing)]).await;
    scene.desk.file("note.txt", b"small");
    let ended = scene.desk.send(&["note.txt"]).await;
    ended.said(4, "It may have arrived");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_drop_box_is_asked_again() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
    let scene = scene(&[Fate::Greets, Fate::Says(busy)]).await;
    scene.desk.file("note.txt", b"small");
    let ended = scene.desk.send(&["note.txt"]).await.arrived();
    assert!(ended.err.contains("The drop-box is busy"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_whose_keys_the_drop_box_does_not_know_is_refused_with_a_reason() {
    let other = House::new().await;
    let scene = scene(&[]).await;
    let sealed = other.newsroom.sealed(9, b"old news");
    scene.desk.file("old.sealed", &sealed);
    let ended = scene.desk.send(&["old.sealed"]).await;
    ended.said(1, "its keys may have run out");
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_is_sent_as_it_is() {
    let scene = scene(&[]).await;
    let sealed = scene.house.newsroom.sealed(1, b"sealed long ago");
    scene.desk.file("ready", &sealed);
    scene.desk.send(&["ready"]).await.arrived();
    assert_eq!(scene.house.the_drop().files[0].1, b"sealed long ago");
}
