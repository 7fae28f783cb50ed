//! A server that is made anew of its backup, and one that gives its address up.

use std::fs::File;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{Server, TorClient, finish};

use super::house::{House, LOOK, noise};
use super::stage::Stage;

/// How long a descriptor may take to be found after another one of the same onion.
const PATIENCE: Duration = Duration::from_secs(180);
const LENGTH: usize = 1 << 20;

#[test]
fn a_restored_server_answers_sources_and_couriers_at_its_onions_and_a_new_address_ends_them() {
    let stage = Stage::get();
    let test = "moving";
    let mut house = House::open(stage, test, 1, 1);
    let backup = house.folder("backup");
    let backup = backup.to_str().unwrap();
    let words = house.server.ask(&["backup", backup]).unwrap();
    let words_file = house.folder("backup-words");
    std::fs::write(&words_file, format!("{}\n", words.done().unwrap())).unwrap();
    assert_eq!(house.server.stop().unwrap().code(), Some(0));

    // As on another machine: nothing is there but the configuration.
    let folder = house.folder("elsewhere");
    let restored = Server::new(&stage.programs, &folder, &stage.server_lines()).unwrap();
    let restore = ["restore", backup, "--passphrase-fd", "0"];
    let said = restored.ask_with(&restore, File::open(&words_file).unwrap());
    said.unwrap().done().unwrap();
    house.server = restored;
    assert!(house.server.start().unwrap().ends_with(&house.onion));
    let file = house.file("recording.mov", LENGTH);
    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    said.done().unwrap();
    house.wait_for_drops(1);
    house.fetch_and_open(&[0]);
    assert!(house.has_opened(&noise(LENGTH)));

    assert_eq!(house.server.stop().unwrap().code(), Some(0));
    let yes = ["new-address", "--burn-the-old-keys"];
    let new = house.server.ask(&yes).unwrap().done().unwrap();
    assert_ne!(new, house.onion);
    assert!(house.server.start().unwrap().ends_with(&new));
    let client = TorClient::start(&stage.network, &house.folder("tor"), "").unwrap();
    let start = Instant::now();
    let answer = loop {
        match client.get(&new, "/charter") {
            Ok(answer) => break answer,
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
        }
        thread::sleep(LOOK);
    };
    // The charter still names the old address, until the newsroom signs another.
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // What the directories still know of the old one leads nowhere: tor says so, or is still looking
    // after a minute.
    let error = client.get(&house.onion, "/charter").unwrap_err();
    let nowhere = [io::ErrorKind::HostUnreachable, io::ErrorKind::WouldBlock];
    assert!(nowhere.contains(&error.kind()), "{error}");
}
