//! From the source's machine to the air-gapped one.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use knothole_tests::{Process, TorClient, finish};

use super::house::{House, MESSAGE, noise, open, opened};
use super::stage::Stage;

const MIB: usize = 1 << 20;
/// How `knothole` ends when other vaults are needed too.
const MORE_VAULTS_NEEDED: i32 = 6;
/// How long a small upload may take.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn files_and_words_go_from_the_source_to_the_air_gapped_machine() {
    let stage = Stage::get();
    let house = House::open(stage, "journey", 1, 1);
    let file = house.file("recording.mov", 5 * MIB);
    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    assert!(said.out.contains("Arrived, and matches"), "{said:?}");
    said.done().unwrap();
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(5 * MIB)));
    assert!(house.has_opened(MESSAGE.as_bytes()));
}

#[test]
fn a_source_with_a_tor_client_sends_through_its_socks_port() {
    let stage = Stage::get();
    let house = House::open(stage, "socks", 1, 1);
    let tor = TorClient::start(&stage.network, &stage.folder("socks").join("tor"), "").unwrap();
    let file = house.file("recording.mov", MIB);
    let way = ["--socks".to_owned(), tor.socks().to_string()];
    let said = finish(&mut house.sending(&file, &way)).unwrap();
    said.done().unwrap();
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(MIB)));
}

#[test]
fn two_of_three_editors_open_what_one_cannot() {
    let stage = Stage::get();
    let house = House::open(stage, "quorum", 3, 2);
    let file = house.file("recording.mov", MIB);
    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    said.done().unwrap();
    house.wait_for_drops(1);
    house.courier.online("fetch").unwrap().done().unwrap();
    let alone = open(&house.newsroom, &house.bundles(), house.opened.path(), &[1]);
    assert_eq!(alone.code, Some(MORE_VAULTS_NEEDED), "{alone:?}");
    assert!(opened(house.opened.path()).is_empty());
    house.open_bundles(&[0, 2]);
    assert!(house.has_opened(&noise(MIB)));
}

#[test]
fn two_sources_at_once_are_both_heard() {
    let stage = Stage::get();
    let house = House::open(stage, "two", 1, 1);
    let files = [house.file("one.mov", 3 * MIB), house.file("two.mov", MIB)];
    let mut senders: Vec<Process> = files
        .iter()
        .map(|file| {
            let mut command = house.sending(file, &stage.arti_way());
            command.stdout(Stdio::null()).stderr(Stdio::null());
            Process::start(command).unwrap()
        })
        .collect();
    for sender in &mut senders {
        assert!(sender.wait(PATIENCE).unwrap().success());
    }
    house.wait_for_drops(2);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(3 * MIB)));
    assert!(house.has_opened(&noise(MIB)));
}

#[test]
fn receipts_remove_a_drop_from_the_server_and_nothing_else_does() {
    let stage = Stage::get();
    let mut house = House::open(stage, "receipts", 1, 1);
    let file = house.file("recording.mov", MIB);
    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    said.done().unwrap();
    house.wait_for_drops(1);
    house.courier.online("fetch").unwrap().done().unwrap();
    // Neither being fetched nor another push nor a new start.
    house.carry_back(&[0]);
    assert_eq!(house.drops(), "1");
    assert_eq!(house.server.stop().unwrap().code(), Some(0));
    house.server.start().unwrap();
    assert_eq!(house.drops(), "1");
    house.open_bundles(&[0]);
    assert_eq!(house.drops(), "1");
    house.carry_back(&[0]);
    assert_eq!(house.drops(), "0");
    let store = house.folder("server").join("data/store");
    assert!(largest_file(&store) < 1_000_000, "the drop is still there");
}

/// The length of the largest file beneath a folder.
fn largest_file(folder: &Path) -> u64 {
    let lengths = std::fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            largest_file(&entry.path())
        } else {
            entry.metadata().unwrap().len()
        }
    });
    lengths.max().unwrap_or(0)
}
