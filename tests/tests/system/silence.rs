//! What those who hold sealed drops must not know.

use std::io;
use std::process::Stdio;

use knothole_tests::{Process, Traces, finish};

use super::house::{House, MESSAGE, noise};
use super::stage::Stage;

/// Linux's number for "no such process".
const ESRCH: i32 = 3;
const LENGTH: usize = 5 << 20;
const NAME: &str = "recording-of-the-ministry.mov";

#[test]
fn neither_server_nor_courier_hold_a_name_a_word_or_a_piece_of_a_drop() {
    let stage = Stage::get();
    let house = House::open(stage, "silence", 1, 1);
    let file = house.file(NAME, LENGTH);
    let mut traces = Traces::default();
    traces.word(NAME);
    traces.word(MESSAGE);
    traces.content(&noise(LENGTH));
    // The source's own file has them, so that looking is known to find them.
    assert!(traces.stand_in(&std::fs::read(&file).unwrap()));

    let said = finish(&mut house.sending(&file, &stage.arti_way())).unwrap();
    said.done().unwrap();
    let server = look(&traces, house.server.id().unwrap());
    house.wait_for_drops(1);
    let mut fetching = house.courier.fetching();
    fetching.stdout(Stdio::null()).stderr(Stdio::null());
    let mut courier = Process::start(fetching).unwrap();
    let mut at_work = Seen::Nothing;
    while courier.ended().unwrap().is_none() {
        if look(&traces, courier.id()) == Seen::Memory {
            at_work = Seen::Memory;
        }
    }
    let after = look(&traces, house.server.id().unwrap());
    // Only root may look into these processes; where it may, it must have looked.
    if rustix::process::geteuid().is_root() {
        assert_eq!([server, at_work, after], [Seen::Memory; 3]);
    }
    // Server, its log and Tor's state; courier, its state and its stick.
    for folder in ["server", "courier"] {
        assert_eq!(traces.beneath(&house.folder(folder)).unwrap(), None);
    }
    house.open_bundles(&[0]);
    assert!(house.has_opened(&noise(LENGTH)));
}

/// What there was to be seen of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Its memory, and no trace in it.
    Memory,
    /// Nothing: who is not root may not look, and a process that has just ended has nothing left.
    Nothing,
}

/// Looks through the memory of a process, in which there must be no trace.
fn look(traces: &Traces, process: u32) -> Seen {
    match traces.in_memory(process) {
        Ok(found) => {
            assert!(!found, "a trace stands in the memory of a process");
            Seen::Memory
        }
        Err(error) => {
            let kept_out = [io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound];
            let gone = error.raw_os_error() == Some(ESRCH);
            assert!(gone || kept_out.contains(&error.kind()), "{error}");
            Seen::Nothing
        }
    }
}
