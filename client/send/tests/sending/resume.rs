//! Going on after the program itself was killed.

use std::fs;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;

use crate::house::House;
use crate::road::{Fate, Road};
use crate::run::{Desk, Ended, finished, noise};

struct Scene {
    house: House,
    road: Road,
    desk: Desk,
    film: Vec<u8>,
}

async fn scene(fates: &[Fate]) -> Scene {
    let house = House::new().await;
    let road = Road::to(house.port().await, fates).await;
    let desk = Desk::new(&house.newsroom, &road);
    let film = noise(24_000_000, 9);
    desk.file("film.mov", &film);
    desk.file("words", b"planted words");
    Scene {
        house,
        road,
        desk,
        film,
    }
}

const ARGUMENTS: [&str; 5] = ["film.mov", "--message-file", "words", "--resume", "kept"];

impl Scene {
    async fn begin(&self, arguments: &[&str], passphrase: &str) -> Child {
        let mut child = self
            .desk
            .command("send")
            .args(arguments)
            .args(["--passphrase-fd", "0"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(passphrase.as_bytes()).await.unwrap();
        child
    }

    async fn go(&self, arguments: &[&str]) -> Ended {
        finished(self.begin(arguments, "open sesame\n").await).await
    }

    /// Begins to send or goes on, and is killed when so many more bytes have gone.
    async fn killed_after(&self, bytes: u64, arguments: &[&str]) {
        // One connection to meet the newsroom. By the other a run that goes on asks first how far it is.
        let fates = [Fate::Greets, Fate::CutAfter(bytes)];
        self.road.next(&fates);
        // However late the kill comes, nothing more gets through.
        self.road.usually(Fate::Mute);
        let ended = self.road.endings() + 2;
        let mut child = self.begin(arguments, "open sesame\n").await;
        self.road.ended(ended).await;
        child.kill().await.unwrap();
        self.road.usually(Fate::Whole);
    }

    fn arrived_whole(&self) {
        let drop = self.house.the_drop();
        assert!(drop.files[0].1 == self.film);
        assert_eq!(drop.message, "planted words");
        assert_eq!(self.desk.names(), ["address", "film.mov", "words"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_after_its_program_was_killed() {
    let scene = scene(&[]).await;
    for bytes in [1_000_000, 8_000_000, 8_000_000] {
        scene.killed_after(bytes, &ARGUMENTS).await;
        assert!(scene.desk.names().contains(&"kept".to_owned()));
    }
    let ended = scene.go(&ARGUMENTS).await.arrived();
    assert!(ended.says("Going on"), "{ended:?}");
    assert!(ended.says("resume file is removed"), "{ended:?}");
    scene.arrived_whole();
    // What was acknowledged did not go again.
    assert!(scene.road.bytes() < 36_000_000, "{}", scene.road.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_resume_file_alone_is_enough_to_go_on() {
    let scene = scene(&[]).await;
    scene.killed_after(6_000_000, &ARGUMENTS).await;
    scene.house.restart().await;
    let mut command = scene.desk.bare_command("send");
    let mut child = command
        .args(["--resume", "kept", "--passphrase-fd", "0"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"open sesame").await.unwrap();
    drop(input);
    finished(child).await.arrived();
    scene.arrived_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_file_shows_nothing_of_what_it_keeps() {
    let scene = scene(&[]).await;
    scene.killed_after(6_000_000, &ARGUMENTS).await;
    let kept = fs::read(scene.desk.path("kept")).unwrap();
    let onion = scene.house.newsroom.address().to_string();
    for planted in [
        b"film.mov".as_slice(),
        b"planted words",
        &onion.as_bytes()[..40],
    ] {
        assert!(!kept.windows(planted.len()).any(|piece| piece == planted));
    }
    assert!(!kept.windows(64).any(|piece| piece == &scene.film[..64]));
    let ended = finished(scene.begin(&ARGUMENTS, "open says me\n").await).await;
    ended.said(1, "not the passphrase");
    assert_eq!(fs::read(scene.desk.path("kept")).unwrap(), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_meanwhile_is_sent_in_a_new_envelope() {
    let mut scene = scene(&[]).await;
    scene.killed_after(9_000_000, &ARGUMENTS).await;
    // Same size, same date: only its bytes tell.
    let path = scene.desk.path("film.mov");
    let date = fs::metadata(&path).unwrap().modified().unwrap();
    scene.film[5_000_000] ^= 1;
    scene.desk.file("film.mov", &scene.film);
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(date).unwrap();
    let ended = scene.go(&ARGUMENTS).await.arrived();
    assert!(ended.says("Beginning anew, with new keys"), "{ended:?}");
    scene.arrived_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grew_meanwhile_is_sent_in_a_new_envelope() {
    let mut scene = scene(&[]).await;
    scene.killed_after(9_000_000, &ARGUMENTS).await;
    scene.film.push(1);
    scene.desk.file("film.mov", &scene.film);
    let ended = scene.go(&ARGUMENTS).await.arrived();
    assert!(ended.says("film.mov\" has changed"), "{ended:?}");
    scene.arrived_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_when_all_of_it_had_been_sent_is_not_sent_a_second_time_unasked() {
    let mut scene = scene(&[Fate::Greets, Fate::Unanswered(24_000_000)]).await;
    scene.road.usually(Fate::Mute);
    let mut child = scene.begin(&ARGUMENTS, "open sesame\n").await;
    scene.road.ended(2).await;
    child.kill().await.unwrap();
    scene.road.usually(Fate::Whole);
    scene.film.push(1);
    scene.desk.file("film.mov", &scene.film);
    let ended = scene.go(&ARGUMENTS).await;
    assert!(
        ended.says("the newsroom may have it as it was"),
        "{ended:?}"
    );
    ended.said(4, "It may have arrived");
    assert_eq!(scene.house.opened().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drop_box_that_has_more_than_was_recorded_gets_a_new_envelope() {
    let scene = scene(&[]).await;
    scene.killed_after(9_000_000, &ARGUMENTS).await;
    // As after a disk that lost what it had promised to keep.
    let file = fs::OpenOptions::new()
        .write(true)
        .open(scene.desk.path("kept"));
    let file = file.unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - 3 * 85).unwrap();
    let ended = scene.go(&ARGUMENTS).await.arrived();
    assert!(ended.says("Beginning anew, with new keys"), "{ended:?}");
    scene.arrived_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_arrived_when_the_program_was_killed_is_not_sent_again() {
    let scene = scene(&[Fate::Greets, Fate::Unanswered(24_000_000)]).await;
    scene.road.usually(Fate::Mute);
    let mut child = scene.begin(&ARGUMENTS, "open sesame\n").await;
    scene.road.ended(2).await;
    child.kill().await.unwrap();
    scene.road.usually(Fate::Whole);
    let before = scene.road.bytes();
    scene.go(&ARGUMENTS).await.arrived();
    assert!(scene.road.bytes() - before < 20_000);
    scene.arrived_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_file_is_never_used_for_another_drop() {
    let scene = scene(&[]).await;
    scene.killed_after(6_000_000, &ARGUMENTS).await;
    scene.desk.file("other.mov", b"other");
    scene.desk.file("others", b"other words");
    for arguments in [
        ["other.mov", "--message-file", "words", "--resume", "kept"],
        ["film.mov", "--message-file", "others", "--resume", "kept"],
    ] {
        scene.go(&arguments).await.said(2, "that of another drop");
    }
    scene.go(&ARGUMENTS).await.arrived();
    assert!(scene.house.the_drop().files[0].1 == scene.film);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_file_goes_on_too() {
    let scene = scene(&[]).await;
    let sealed = scene.house.newsroom.sealed(1, &scene.film);
    scene.desk.file("ready", &sealed);
    let arguments = ["ready", "--resume", "kept"];
    scene.killed_after(9_000_000, &arguments).await;
    let ended = scene.go(&arguments).await.arrived();
    assert!(ended.says("Going on"), "{ended:?}");
    assert_eq!(scene.house.the_drop(), scene.house.newsroom.open(&sealed));
    assert!(scene.road.bytes() < 36_000_000, "{}", scene.road.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_file_that_cannot_be_removed_does_not_hide_that_it_arrived() {
    let scene = scene(&[]).await;
    let child = scene.begin(&ARGUMENTS, "open sesame\n").await;
    scene.road.carried(3_000_000).await;
    // Pulled out from under it, as a stick is.
    fs::remove_file(scene.desk.path("kept")).unwrap();
    let ended = finished(child).await.arrived();
    assert!(ended.says("The resume file cannot be removed"), "{ended:?}");
    scene.arrived_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_on_with_an_older_resume_file_hears_that_it_may_have_arrived() {
    let scene = scene(&[]).await;
    scene.killed_after(6_000_000, &ARGUMENTS).await;
    let older = fs::read(scene.desk.path("kept")).unwrap();
    scene.go(&ARGUMENTS).await.arrived();
    scene.desk.file("kept", &older);
    let ended = scene.go(&ARGUMENTS).await;
    let ended = ended.said(4, "It may have arrived");
    assert!(
        ended.says("has more than the resume file tells of. It says that it has all"),
        "{ended:?}"
    );
    // Not twice.
    assert_eq!(scene.house.opened().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_says_how_to_go_on() {
    let scene = scene(&[]).await;
    scene.road.next(&[Fate::Greets, Fate::CutAfter(6_000_000)]);
    scene.road.usually(Fate::Mute);
    let child = scene.begin(&ARGUMENTS, "open sesame\n").await;
    scene.road.ended(2).await;
    crate::run::terminate(&child);
    let ended = finished(child).await.said(3, "stopped");
    assert!(ended.says("Run the same command again"), "{ended:?}");
    scene.road.usually(Fate::Whole);
    scene.go(&ARGUMENTS).await.arrived();
    scene.arrived_whole();
}
