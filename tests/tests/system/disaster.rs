//! What breaks on the way, and must not be noticed at its end.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use knothole_tests::{Process, RelayName, Traffic};

use super::house::{House, noise};
use super::stage::Stage;

const MIB: usize = 1 << 20;
/// How much a relay has carried when the upload is surely under way.
const UNDER_WAY: u64 = 4 << 20;
/// One lane.
const LENGTH: usize = 16 * MIB;
/// Six lanes, four at once.
const LARGE: usize = 48 * MIB;
/// How long an upload may take, with all that happens to it.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn an_upload_survives_the_death_of_a_relay_on_its_way() {
    let (stage, _turn) = Stage::for_disasters();
    let house = House::open(stage, "relay", 1, 1);
    let mut upload = Upload::start(stage, &house, LENGTH);
    let relay = upload.busy_relay();
    stage.network.kill(&relay).unwrap();
    upload.arrive();
    stage.network.restart(&relay).unwrap();
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(LENGTH)));
}

#[test]
fn an_upload_survives_the_death_of_the_server() {
    survives_the_death_of_the_server("server", LENGTH);
}

#[test]
fn lanes_over_several_circuits_survive_the_death_of_the_server() {
    survives_the_death_of_the_server("lanes", LARGE);
}

fn survives_the_death_of_the_server(test: &str, length: usize) {
    let (stage, _turn) = Stage::for_disasters();
    let mut house = House::open(stage, test, 1, 1);
    let mut upload = Upload::start(stage, &house, length);
    upload.busy_relay();
    house.server.kill().unwrap();
    house.server.start().unwrap();
    upload.arrive();
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(length)));
}

#[test]
fn a_sender_that_was_killed_goes_on_where_it_was() {
    let (stage, _turn) = Stage::for_disasters();
    let house = House::open(stage, "sender", 1, 1);
    let mut upload = Upload::start_with(stage, &house, "kept");
    upload.busy_relay();
    upload.sender.kill().unwrap();
    let before = upload.said();
    Upload::start_with(stage, &house, "kept").arrive();
    assert!(!before.contains("Arrived"));
    assert!(!house.folder("kept").exists(), "the resume file stays");
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(LENGTH)));
}

/// What the source sends. It is not written again where it is there: a sender that goes on wants
/// the same file.
fn file(house: &House, length: usize) -> PathBuf {
    let path = house.folder("recording.mov");
    if path.exists() {
        return path;
    }
    house.file("recording.mov", length)
}

/// A sender at work.
struct Upload {
    stage: &'static Stage,
    sender: Process,
    before: Traffic,
    said: PathBuf,
}

impl Upload {
    fn start(stage: &'static Stage, house: &House, length: usize) -> Self {
        let command = house.sending(&file(house, length), &stage.arti_way());
        Self::run(stage, house, command)
    }

    /// A sender that keeps what it needs to go on, or goes on.
    fn start_with(stage: &'static Stage, house: &House, kept: &str) -> Self {
        let mut command = house.sending(&file(house, LENGTH), &stage.arti_way());
        command.arg("--resume").arg(house.folder(kept));
        command.args(["--passphrase-fd", "0"]);
        let passphrase = house.folder("passphrase");
        std::fs::write(
            &passphrase,
            "nine words that nobody else would ever put together\n",
        )
        .unwrap();
        command.stdin(File::open(passphrase).unwrap());
        Self::run(stage, house, command)
    }

    fn run(stage: &'static Stage, house: &House, mut command: Command) -> Self {
        let before = stage.network.traffic().unwrap();
        let said = house.folder("said");
        let log = File::create(&said).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Self {
            stage,
            sender: Process::start(command).unwrap(),
            before,
            said,
        }
    }

    /// The first relay that carries the upload; it is not over yet.
    fn busy_relay(&mut self) -> RelayName {
        let start = Instant::now();
        let sender = &mut self.sender;
        let over = || sender.ended().unwrap().is_some() || start.elapsed() > PATIENCE;
        let network = &self.stage.network;
        let relay = network.busy_relay(&self.before, UNDER_WAY, over).unwrap();
        assert!(relay.is_some(), "no upload: {}", self.said());
        relay.unwrap()
    }

    /// Waits until the sender says that the drop is there.
    fn arrive(mut self) {
        let ended = self.sender.wait(PATIENCE).unwrap();
        assert!(ended.success(), "{}", self.said());
        assert!(self.said().contains("Arrived, and matches"));
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.said).unwrap()
    }
}
