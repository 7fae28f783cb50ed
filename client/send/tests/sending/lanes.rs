//! A large file over several circuits at once.

use std::process::Stdio;

use knothole_intake::Settings;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Child;

use crate::house::{House, Newsroom};
use crate::road::{Fate, Road};
use crate::run::{Desk, finished, noise, terminate};

/// More lanes than circuits.
const LENGTH: usize = 48_000_000;
/// So many go at once unless a source says otherwise.
const CIRCUITS: usize = 4;

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
    let film = noise(LENGTH, 11);
    desk.file("film.mov", &film);
    Scene {
        house,
        road,
        desk,
        film,
    }
}

impl Scene {
    fn arrived_once(&self) {
        assert!(self.house.the_drop().files[0].1 == self.film);
    }

    /// The program, keeping what it takes to go on.
    async fn begin(&self) -> Child {
        let arguments = ["film.mov", "--resume", "kept", "--passphrase-fd", "0"];
        let mut command = self.desk.command("send");
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"open sesame\n").await.unwrap();
        child
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_large_goes_over_circuits_of_their_own_and_arrives_as_one_drop() {
    let scene = scene(&[]).await;
    scene.desk.send(&["film.mov"]).await.arrived();
    scene.arrived_once();
    // The first one meets the newsroom, too. A circuit that has brought its lane takes the next, and one of
    // them asks for the lanes to be put together.
    let users = scene.road.users();
    assert_eq!(users.len(), CIRCUITS);
    for (number, user) in users.iter().enumerate() {
        assert!(!users[..number].contains(user), "an isolation came twice");
    }
    // Between two lanes nothing goes twice.
    assert!(scene.road.bytes() < 49_000_000, "{}", scene.road.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_ends_when_the_next_lane_has_it_is_replaced() {
    // The first lane has 8.4 MB; of the next one a few KB go by the same line.
    let fates = [Fate::Greets, Fate::CutAfter(8_401_000)];
    let scene = scene(&fates).await;
    let ended = scene.desk.send(&["film.mov", "--circuits", "2"]).await;
    ended.arrived();
    scene.arrived_once();
    // The drop-box may hold the upload for the old line a moment longer, so there may be one more.
    assert!(scene.road.users().len() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_circuit_means_one_line() {
    let scene = scene(&[]).await;
    let arguments = ["film.mov", "--circuits", "1"];
    scene.desk.send(&arguments).await.arrived();
    scene.arrived_once();
    assert_eq!(scene.road.users().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn circuits_are_made_while_the_newsroom_is_met_where_nobody_is_asked() {
    let scene = scene(&[]).await;
    scene.road.usually(Fate::Mute);
    for (arguments, circuits) in [
        (["film.mov", "--json"].as_slice(), CIRCUITS),
        (&["film.mov", "--json", "--circuits", "1"], 1),
        // Somebody may be asked yet.
        (&["film.mov"], 1),
    ] {
        let before = scene.road.users().len();
        let child = scene.desk.start(arguments);
        scene.road.dialed(before + circuits).await;
        // Nothing answers, so that nothing more is asked for.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(scene.road.users().len(), before + circuits, "{arguments:?}");
        terminate(&child);
        assert_eq!(finished(child).await.code, Some(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn circuits_are_made_while_the_first_lane_is_at_the_gate() {
    // The line on which the newsroom was met, and by which the first lane goes, comes to the gate and no further.
    let scene = scene(&[Fate::Unanswered(20_000)]).await;
    scene.desk.send(&["film.mov"]).await.arrived();
    scene.arrived_once();
    assert_eq!(scene.road.ended_at()[..CIRCUITS], [0; CIRCUITS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_circuits_that_no_drop_box_takes_is_refused() {
    let scene = scene(&[]).await;
    for number in ["0", "8", "many"] {
        let arguments = ["film.mov", "--circuits", number];
        let ended = scene.desk.send(&arguments).await;
        ended.said(2, "from 1 to 7");
    }
    assert!(scene.road.users().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_get_through_lines_that_break() {
    let mut fates = vec![Fate::Greets];
    fates.extend([500_000, 9_000, 3_000_000, 7_000_000].map(Fate::CutAfter));
    fates.extend([Fate::Unreachable, Fate::Unanswered(0)]);
    fates.extend([1_000_000, 2_000_000, 4_194_304].map(Fate::CutAfter));
    let scene = scene(&fates).await;
    scene.desk.send(&["film.mov"]).await.arrived();
    scene.arrived_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_survive_a_server_that_is_killed_and_comes_back() {
    let scene = scene(&[]).await;
    let child = scene.desk.start(&["film.mov"]);
    for carried in [5_000_000, 20_000_000, 40_000_000] {
        scene.road.carried(carried).await;
        scene.house.restart().await;
    }
    finished(child).await.arrived();
    scene.arrived_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_begin_anew_when_the_drop_box_has_lost_them() {
    let scene = scene(&[]).await;
    let child = scene.desk.start(&["film.mov"]);
    scene.road.carried(20_000_000).await;
    scene.house.lose_everything().await;
    let ended = finished(child).await.arrived();
    assert!(ended.says("Beginning again"), "{ended:?}");
    scene.arrived_once();
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_whose_putting_together_was_never_answered_are_one_drop() {
    let mut fates = vec![Fate::Unjoined; CIRCUITS];
    fates.extend([Fate::Unanswered(0), Fate::Unanswered(0)]);
    let scene = scene(&fates).await;
    scene.desk.send(&["film.mov"]).await.arrived();
    scene.arrived_once();
    assert_eq!(scene.road.users().len(), CIRCUITS + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_go_on_after_their_program_was_killed() {
    let scene = scene(&[]).await;
    for carried in [9_000_000, 25_000_000] {
        let mut child = scene.begin().await;
        scene.road.carried(carried).await;
        child.kill().await.unwrap();
    }
    let ended = finished(scene.begin().await).await.arrived();
    assert!(ended.says("Going on"), "{ended:?}");
    scene.arrived_once();
    // What was acknowledged did not go again; what was in the lines at a kill may have.
    assert!(scene.road.bytes() < 70_000_000, "{}", scene.road.bytes());
    assert_eq!(scene.desk.names(), ["address", "film.mov"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_that_were_put_together_when_the_program_was_killed_are_not_sent_again() {
    let scene = scene(&vec![Fate::Unjoined; CIRCUITS]).await;
    scene.road.usually(Fate::Mute);
    let mut child = scene.begin().await;
    let connections = u64::try_from(CIRCUITS).unwrap();
    scene.road.ended(connections).await;
    child.kill().await.unwrap();
    let before = scene.road.bytes();
    scene.road.usually(Fate::Whole);
    finished(scene.begin().await).await.arrived();
    scene.arrived_once();
    let again = scene.road.bytes() - before;
    assert!(again < 100_000, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lanes_for_which_there_is_no_room_together_are_told_so_at_once() {
    let mut settings = Settings::default();
    settings.system_reserve = 1 << 20;
    settings.replies_reserve = 0;
    settings.messages_reserve = 1 << 22;
    settings.most_bytes = Some(40_000_000);
    let house = House::of(Newsroom::new(-1, 5), settings).await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("film.mov", &noise(LENGTH, 11));
    let ended = desk.send(&["film.mov"]).await;
    ended.said(3, "the drop-box is full");
    // The first piece at most.
    assert!(road.bytes() < 2_000_000, "{}", road.bytes());
}
