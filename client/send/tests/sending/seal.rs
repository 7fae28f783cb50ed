//! Sealing into a file, to be sent later.

use std::os::unix::fs::PermissionsExt as _;

use crate::house::House;
use crate::road::{Fate, Road};
use crate::run::{Desk, noise};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sealed_into_a_file_arrives_later_as_it_is() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    let film = noise(5_000_000, 1);
    desk.file("film.mov", &film);
    desk.file("words", b"from the desk");
    let arguments = ["film.mov", "--out", "later", "--message-file", "words"];
    let ended = desk.run("seal", &arguments).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(desk.names(), ["address", "film.mov", "later", "words"]);
    let mode = std::fs::metadata(desk.path("later")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let sealed = std::fs::read(desk.path("later")).unwrap();
    assert_eq!(house.newsroom.open(&sealed).message, "from the desk");
    desk.send(&["later"]).await.arrived();
    let drop = house.the_drop();
    assert_eq!(drop, house.newsroom.open(&sealed));
    assert!(drop.files[0].1 == film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_there_is_never_written_over() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("film.mov", b"film");
    desk.file("later", b"my only copy");
    let ended = desk.run("seal", &["film.mov", "--out", "later"]).await;
    ended.said(2, "nothing is ever written over");
    assert_eq!(std::fs::read(desk.path("later")).unwrap(), b"my only copy");
    assert!(road.users().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_fails_leaves_nothing_half_written() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("film.mov", b"film");
    for (out, sentence) in [
        ("nowhere/later", "there is no such folder"),
        ("film.mov/later", "no folder"),
    ] {
        let ended = desk.run("seal", &["film.mov", "--out", out]).await;
        ended.said(3, sentence);
    }
    assert_eq!(desk.names(), ["address", "film.mov"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_that_was_cut_or_altered_in_its_header_is_not_sent() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    let sealed = house.newsroom.sealed(1, b"news");
    desk.file("cut", &sealed[..sealed.len() - 1]);
    let ended = desk.send(&["cut"]).await;
    ended.said(1, "cut off or has bytes added");
    let mut altered = sealed.clone();
    altered[10_000] = 1;
    desk.file("altered", &altered);
    let ended = desk.send(&["altered"]).await;
    ended.said(1, "Seal the files again");
    desk.file("good", &sealed);
    desk.file("words", b"too late");
    let ended = desk.send(&["good", "--message-file", "words"]).await;
    ended.said(2, "cannot take a message any more");
    assert!(house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_seal_leaves_nothing_and_says_so() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    road.usually(Fate::Mute);
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("film.mov", b"film");
    let child = desk
        .command("seal")
        .args(["film.mov", "--out", "later"])
        .spawn();
    let child = child.unwrap();
    road.dialed(1).await;
    crate::run::terminate(&child);
    let ended = crate::run::finished(child).await;
    ended.said(3, "stopped");
    assert_eq!(desk.names(), ["address", "film.mov"]);
}
