//! The attacks of `knothole-attack` in their short form: meanwhile an honest source gets a message
//! and a file through, and what the server has stays bounded. `deploy/soak attacks` is the long form.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use knothole_tests::{Camp, Programs, Road, Siege};

/// The most memory that the server may have, in KiB.
const MOST_KIB: u64 = 262_144;
/// What the honest source sends, besides its message.
const FILE: usize = 1_000_000;

/// The newsroom that all tests share. One attack at a time: they would attack each other.
fn camp() -> (&'static Camp, MutexGuard<'static, ()>) {
    static CAMP: OnceLock<Camp> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let pitch = || Camp::pitch(&Programs::built().unwrap(), "attacks", Road::Sockets).unwrap();
    (CAMP.get_or_init(pitch), turn)
}

/// A server with these lines under this attack, while which the source sends both.
fn withstood(attack: &[&str], lines: &str) -> Siege {
    let (camp, _turn) = camp();
    let siege = camp.besiege(attack[0], lines).unwrap();
    let onslaught = siege.attack(attack).unwrap();
    for bytes in [0, FILE] {
        let sent = siege.send(bytes).unwrap();
        assert!(sent.arrived(), "{:?}", sent.said);
    }
    let counts = onslaught.end().unwrap();
    let peak = siege.peak_kib().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB; {counts}");
    siege
}

#[test]
fn four_hundred_slow_senders_keep_no_source_out() {
    withstood(&["slow", "--senders", "400"], "");
}

#[test]
fn announcements_without_end_keep_no_source_out_and_are_forgotten() {
    let siege = withstood(&["creations", "--senders", "50"], "");
    assert!(siege.figure("uploads_unfinished").unwrap() <= 16_384);
}

#[test]
fn uploads_that_are_begun_and_left_keep_no_source_out_and_have_so_many_places() {
    let siege = withstood(&["unfinished", "--senders", "40"], "uploads = 20");
    assert!(siege.begun().unwrap() <= 20 + 40);
}

#[test]
fn floods_of_heads_keep_no_source_out() {
    withstood(&["heads", "--senders", "80"], "");
}

#[test]
fn a_client_that_lies_in_every_header_keeps_no_source_out() {
    withstood(&["lies", "--senders", "20"], "");
}

#[test]
fn senders_that_take_over_from_themselves_keep_no_source_out() {
    withstood(&["restarts", "--senders", "20"], "");
}

#[test]
fn junk_behind_good_headers_keeps_no_source_out_while_there_is_room() {
    withstood(&["junk", "--senders", "2"], "");
}

#[test]
fn when_junk_has_filled_the_store_words_arrive_and_whoever_sends_a_file_is_told() {
    let (camp, _turn) = camp();
    // Room for one file of the attacker's, and two messages.
    let lines = "space = \"341MiB\"\nreplies = \"256MiB\"\nmessages = \"3MiB\"";
    let siege = camp.besiege("brim", lines).unwrap();
    let onslaught = siege.attack(&["brim", "--senders", "1"]).unwrap();
    // Whoever is told in the middle of a file waits for room for a day; here it is told before.
    while siege.figure("drops_waiting").unwrap() < 1 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    while siege.send(8_000_000).unwrap().arrived() {}
    let refused = siege.send(8_000_000).unwrap();
    assert!(refused.said.err.contains("full"), "{:?}", refused.said);
    let words = siege.send(0).unwrap();
    assert!(words.arrived(), "{:?}", words.said);
    onslaught.end().unwrap();
}
