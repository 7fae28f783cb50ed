//! The newsroom's own weekly test.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{Said, Server, finish, guarded};

use super::house::{House, LOOK, WORDS};
use super::stage::Stage;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/test-drop/send");
/// How long the server may take to notice that it is to close, or to open.
const PATIENCE: Duration = Duration::from_secs(120);
/// What every test drop says first.
const BEGINNING: &str = "Test drop of week ";

/// Has the script send with the address and the words in this folder.
fn send(stage: &Stage, folder: &Path) -> Said {
    let program = stage.programs.command("knothole-send");
    let program = program.get_args().last().unwrap();
    let mut command: Command = guarded(SCRIPT);
    command
        .arg(folder)
        .args(stage.arti_way())
        .env("KNOTHOLE_SEND", program);
    finish(&mut command).unwrap()
}

#[test]
fn test_drops_arrive_in_one_conversation_that_nobody_else_can_write_into() {
    let stage = Stage::get();
    let house = House::open(stage, "test-drop", 1, 1);
    let words = house.folder("words");
    std::fs::write(&words, format!("{WORDS}\n")).unwrap();
    for _ in 0..2 {
        let said = send(stage, &house.folder(""));
        assert_eq!(said.code, Some(0), "{said:?}");
    }
    // Somebody else says the same, with words of their own.
    let other = house.folder("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(house.folder("address"), other.join("address")).unwrap();
    std::fs::write(other.join("words"), format!("{OTHER_WORDS}\n")).unwrap();
    let said = send(stage, &other);
    assert_eq!(said.code, Some(0), "{said:?}");
    house.wait_for_drops(3);
    house.fetch_and_open(&[0]);
    let list = house.newsroom.with_archive(&["list"], &[0]).unwrap();
    let list = list.done().unwrap();
    assert!(list.contains("2 drops, 0 replies"), "{list}");
    assert!(list.contains("1 drop, 0 replies"), "{list}");
    let messages = super::house::opened(house.opened.path());
    let told = messages
        .iter()
        .filter(|message| message.starts_with(BEGINNING.as_bytes()));
    assert_eq!(told.count(), 3);
}

#[test]
fn a_test_drop_that_does_not_arrive_ends_in_another_way_than_one_that_does() {
    let stage = Stage::get();
    let house = House::open(stage, "test-drop-closed", 1, 1);
    std::fs::write(house.folder("words"), format!("{WORDS}\n")).unwrap();
    house.server.ask(&["close"]).unwrap().done().unwrap();
    wait(&house.server, true);
    let said = send(stage, &house.folder(""));
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(said.err.contains("takes nothing new there"), "{said:?}");
    house.server.ask(&["reopen"]).unwrap().done().unwrap();
    wait(&house.server, false);
    assert_eq!(send(stage, &house.folder("")).code, Some(0));
}

/// Waits until the server says that it refuses new drops, or that it does not.
fn wait(server: &Server, refused: bool) {
    let start = Instant::now();
    loop {
        let status = server.ask(&["status"]).unwrap();
        if status.out.contains("new drops: refused") == refused {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{status:?}");
        thread::sleep(LOOK);
    }
}

/// The words of sixteen bytes of which every bit is set, which nobody draws either.
const OTHER_WORDS: &str = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong myself";
