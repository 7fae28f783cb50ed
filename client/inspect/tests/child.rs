//! The child behind its walls, for real: another process, the kernel's filter, hostile children.

#![expect(
    clippy::disallowed_types,
    clippy::unwrap_used,
    reason = "these tests start the child, and children that have gone bad"
)]

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use knothole_inspect::{ARGUMENT, Cleaning, Hashing, InspectError, Inspector, Kind, Walls, What};

const PROGRAM: &str = env!("CARGO_BIN_EXE_looking-child");

fn inspector(deed: &str) -> Inspector {
    Inspector::by(Path::new(PROGRAM), &[deed])
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn sample(name: &str) -> File {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    File::open(folder.join(name)).unwrap()
}

/// How a deed behind the walls ends.
fn tried(deed: &str) -> ExitStatus {
    Command::new(PROGRAM).arg(deed).status().unwrap()
}

const SIGSYS: i32 = 31;

#[test]
fn a_photograph_is_looked_at_behind_the_walls() {
    let inspector = inspector(ARGUMENT);
    let report = inspector
        .inspect(&sample("phone.jpg"), Hashing::NotHashed)
        .unwrap();
    assert_eq!(report.kind, Kind::Jpeg);
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.what == What::Place)
    );
    assert!(matches!(report.cleaning, Cleaning::By(_)));
    assert_eq!(report.hash, None);
    // Landlock came with Linux 5.13, and a kernel may be built without it.
    let landlock = std::fs::read_to_string("/proc/kallsyms")
        .is_ok_and(|symbols| symbols.contains("landlock_restrict_self"));
    assert!(
        !landlock || report.walls == Walls::Both,
        "{:?}",
        report.walls
    );
}

#[test]
fn every_kind_is_looked_at_without_a_call_that_the_filter_ends() {
    for name in [
        "phone.jpg",
        "progressive.jpg",
        "screen.png",
        "phone.mov",
        "udta.mp4",
    ] {
        let report = inspector(ARGUMENT).inspect(&sample(name), Hashing::NotHashed);
        assert!(report.is_ok(), "{name}: {report:?}");
    }
    for head in [
        b"".as_slice(),
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"II*\0\x08\0\0\0",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"\x1a\x45\xdf\xa3",
        b"RIFF\0\0\0\0WAVE",
    ] {
        let report = inspector(ARGUMENT).inspect(&file(head), Hashing::NotHashed);
        assert!(report.is_ok(), "{head:?}: {report:?}");
    }
}

#[test]
fn the_hash_is_told_where_it_was_asked_for() {
    let report = inspector(ARGUMENT)
        .inspect(&file(b"abc"), Hashing::Hashed)
        .unwrap();
    let hash = report.hash.unwrap();
    assert_eq!(hash.first_chunk(), Some(&[0xba, 0x78, 0x16, 0xbf]));
}

#[test]
fn a_large_film_is_not_read_as_a_whole() {
    // Twenty gigabytes of nothing between the head and the end.
    let film = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/phone.mov"));
    let mut film = film.unwrap();
    film.extend([0, 0, 0, 1]);
    film.extend(b"free");
    film.extend((20_u64 << 30).to_be_bytes());
    let file = file(&film);
    let length = u64::try_from(film.len()).unwrap();
    file.set_len(length - 16 + (20 << 30)).unwrap();
    let began = Instant::now();
    let report = inspector(ARGUMENT)
        .inspect(&file, Hashing::NotHashed)
        .unwrap();
    assert!(matches!(report.cleaning, Cleaning::By(_)));
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn behind_the_walls_there_is_no_file_no_network_and_no_program() {
    assert!(tried("nothing").success());
    for deed in ["socket", "open", "create", "run", "thread", "signal"] {
        assert_eq!(tried(deed).signal(), Some(SIGSYS), "{deed}");
    }
}

#[test]
fn memory_has_a_bound_behind_the_walls() {
    assert!(!tried("memory").success());
}

#[test]
fn a_child_that_turns_in_circles_is_ended_by_the_kernel() {
    // SIGKILL, or SIGXCPU just before it.
    assert!(matches!(tried("spin").signal(), Some(9 | 24)));
}

#[test]
fn a_child_that_says_nothing_is_ended_by_whoever_asked() {
    let began = Instant::now();
    let silent = inspector("silence").within(Duration::from_millis(200));
    let refused = silent.inspect(&file(b"x"), Hashing::NotHashed);
    assert!(matches!(refused, Err(InspectError::Late)), "{refused:?}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_hostile_child_is_not_believed() {
    for deed in ["garbage", "flood"] {
        let refused = inspector(deed).inspect(&file(b"x"), Hashing::NotHashed);
        assert!(
            matches!(refused, Err(InspectError::Report(_))),
            "{deed}: {refused:?}"
        );
    }
    // It did nothing, and nothing is no report.
    let refused = inspector("nothing").inspect(&file(b"x"), Hashing::NotHashed);
    assert!(
        matches!(refused, Err(InspectError::Report(_))),
        "{refused:?}"
    );
    let refused = inspector("socket").inspect(&file(b"x"), Hashing::NotHashed);
    assert!(matches!(refused, Err(InspectError::Died)), "{refused:?}");
}

#[test]
fn the_child_gets_no_environment() {
    let refused = inspector("environment").inspect(&file(b"x"), Hashing::NotHashed);
    // It said nothing, and ended well: that is no report, but no death either.
    assert!(
        matches!(refused, Err(InspectError::Report(_))),
        "{refused:?}"
    );
    assert!(!tried("environment").success());
}

#[test]
fn the_child_keeps_no_descriptor_but_its_file_and_its_pipe() {
    let (listens, left_open) = nix::unistd::pipe().unwrap();
    let mut child = Command::new(PROGRAM)
        .arg("wait")
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    drop(left_open);
    // It ends only when the child has closed what it was left.
    let mut nothing = Vec::new();
    File::from(listens).read_to_end(&mut nothing).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
