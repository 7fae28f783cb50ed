//! The attacks of `knothole-attack` in their short form: meanwhile an honest source gets a message
//! and a file through, and what the server has stays bounded. `deploy/soak attacks` is the long form.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use knothole_tests::{Camp, Counts, Programs, Road, Sent, Siege};

/// The most memory that the server may have, in KiB.
const MOST_KIB: u64 = 262_144;
/// What the honest source sends, besides its message.
const FILE: usize = 1_000_000;
/// How long the honest source may take. An attack delays it by seconds; one that shuts it out lasts
/// longer than this.
const MOST_TIME: Duration = Duration::from_secs(120);
/// Announced uploads that the server remembers.
const MOST_ANNOUNCED: u64 = 16_384;

/// The newsroom that all tests share. One attack at a time: they would attack each other.
fn camp() -> (&'static Camp, MutexGuard<'static, ()>) {
    static CAMP: OnceLock<Camp> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let pitch = || Camp::pitch(&Programs::built().unwrap(), "attacks", Road::Sockets).unwrap();
    (CAMP.get_or_init(pitch), turn)
}

/// A server with these lines under this attack. Once the attack has done enough the source sends
/// both, and meanwhile it goes on.
fn withstood(attack: &[&str], lines: &str, enough: impl Fn(&Counts) -> bool) -> Siege {
    let (camp, _turn) = camp();
    let siege = camp.besiege(attack[0], lines).unwrap();
    let mut onslaught = siege.attack(attack).unwrap();
    let before = onslaught.until(enough).unwrap();
    for bytes in [0, FILE] {
        let sent = in_time(&siege, bytes);
        assert!(sent.arrived(), "{:?}", sent.said);
    }
    // It still goes on.
    onslaught.until(|counts| *counts != before).unwrap();
    let counts = onslaught.end().unwrap();
    let peak = siege.peak_kib().unwrap();
    assert!(peak < MOST_KIB, "{peak} KiB; {counts}");
    siege
}

/// The source sends, and is not kept waiting.
fn in_time(siege: &Siege, bytes: usize) -> Sent {
    let sent = siege.send(bytes).unwrap();
    assert!(sent.took < MOST_TIME, "{sent}: {:?}", sent.said);
    sent
}

#[test]
fn four_hundred_slow_senders_keep_no_source_out() {
    // Who comes again had to leave: all of them are more than there are places.
    let enough = |counts: &Counts| counts.done > 50 && counts.connections > 500;
    withstood(&["storm", "--senders", "400"], "", enough);
}

#[test]
fn announcements_without_end_keep_no_source_out_and_are_forgotten() {
    let enough = |counts: &Counts| counts.done > MOST_ANNOUNCED + 1_000;
    let siege = withstood(&["creations", "--senders", "50"], "", enough);
    // Each sender may be in the middle of one.
    let known = siege.figure("uploads_unfinished").unwrap();
    assert!(known <= MOST_ANNOUNCED + 50, "{known}");
}

#[test]
fn uploads_that_are_begun_and_left_keep_no_source_out_and_have_so_many_places() {
    let enough = |counts: &Counts| counts.done > 200;
    let siege = withstood(&["unfinished", "--senders", "40"], "uploads = 20", enough);
    let begun = siege.begun().unwrap();
    assert!((1..=20 + 40).contains(&begun), "{begun}");
}

#[test]
fn floods_of_heads_keep_no_source_out() {
    let enough = |counts: &Counts| counts.refused > 40 && counts.done > 400;
    withstood(&["heads", "--senders", "80"], "", enough);
}

#[test]
fn a_client_that_lies_in_every_header_keeps_no_source_out() {
    let enough = |counts: &Counts| counts.refused > 400;
    withstood(&["lies", "--senders", "20"], "", enough);
}

#[test]
fn senders_that_take_over_from_themselves_keep_no_source_out() {
    let enough = |counts: &Counts| counts.done > 200;
    withstood(&["restarts", "--senders", "20"], "", enough);
}

#[test]
fn mailboxes_that_are_asked_by_whoever_hangs_up_keep_no_source_out() {
    let enough = |counts: &Counts| counts.connections > 1_000;
    withstood(&["polls", "--senders", "50"], "", enough);
}

#[test]
fn junk_behind_good_headers_keeps_no_source_out_while_there_is_room() {
    // Of two answers for each, the second says that it is a drop.
    let enough = |counts: &Counts| counts.done > 4;
    withstood(&["junk", "--senders", "2"], "", enough);
}

#[test]
fn when_junk_has_filled_the_store_words_arrive_and_whoever_sends_a_file_is_told() {
    let (camp, _turn) = camp();
    // Room for two files of the attacker's, and two messages.
    let lines = "space = \"341MiB\"\nreplies = \"256MiB\"\nmessages = \"3MiB\"";
    let siege = camp.besiege("brim", lines).unwrap();
    let mut onslaught = siege.attack(&["brim", "--senders", "1"]).unwrap();
    // It has filled the store alone: a source that came meanwhile might find room for all.
    onslaught.until(|counts| counts.busy_or_full > 10).unwrap();
    assert!(siege.hears_that_it_is_full(8_000_000, MOST_TIME).unwrap());
    let words = in_time(&siege, 0);
    assert!(words.arrived(), "{:?}", words.said);
    onslaught.end().unwrap();
}
