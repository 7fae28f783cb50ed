//! Looking at opened files, by the program itself.

use std::path::Path;

use crate::program::Desk;
use crate::walls::traced;

fn desk_with_files() -> Desk {
    let desk = Desk::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
    std::fs::create_dir(desk.file("opened")).unwrap();
    for (name, from) in [
        ("1.jpg", "phone.jpg"),
        ("10.mov", "phone.mov"),
        ("2.png", "screen.png"),
    ] {
        std::fs::copy(samples.join(from), desk.file("opened").join(name)).unwrap();
    }
    desk
}

#[test]
fn opened_files_are_told_in_their_order_with_what_they_say_and_their_hashes() {
    let desk = desk_with_files();
    let ran = desk.knothole("inspect opened", "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let place = |words: &str| {
        ran.out
            .find(words)
            .unwrap_or_else(|| panic!("{words}: {}", ran.out))
    };
    assert!(place("1.jpg: a photograph") < place("2.png: a picture (PNG)"));
    assert!(place("2.png: a picture (PNG)") < place("10.mov: a video (QuickTime)"));
    place("where it was made: 48.85840 N, 2.29450 E");
    place("Apple iPhone 12");
    assert_eq!(ran.out.matches("SHA-256 ").count(), 3, "{}", ran.out);
}

#[test]
fn what_nobody_can_judge_is_said_to_be_unknown() {
    let desk = Desk::new();
    let path = desk.file("thing");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), b"\0\x01\x02").unwrap();
    let ran = desk.knothole("inspect thing", "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out
            .contains("This program cannot tell what this file carries"),
        "{}",
        ran.out
    );
    // SHA-256 of these three bytes.
    assert!(
        ran.out
            .contains("ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"),
        "{}",
        ran.out
    );
    let ran = desk.knothole("inspect thing --json", "");
    assert!(ran.out.starts_with("{\"event\":\"file\""), "{}", ran.out);
    assert_eq!(desk.knothole("inspect nowhere", "").code, 1);
    assert_eq!(desk.knothole("inspect", "").code, 2);
}

#[test]
fn looking_makes_no_network_call_and_starts_nothing_but_itself() {
    let desk = desk_with_files();
    let calls = "%network,io_uring_setup,ptrace,execve,execveat";
    let (ran, calls) = traced(&desk, calls, "inspect opened", "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        calls.len(),
        4,
        "the program, and a child for each file: {calls:?}"
    );
    for call in calls.iter().skip(1) {
        assert!(call.contains("execve(\"/proc/self/exe\""), "{call}");
        assert!(call.contains("--inspecting-child"), "{call}");
        assert!(call.contains("/* 0 vars */"), "no environment: {call}");
    }
}
