//! What an administrator does with a server that sources use, without Tor: looking after it, and moving it.

#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "clippy.toml allows it in tests, but does not see that this is one"
)]

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use knothole_tests::{Camp, Programs, Road};

/// What the machine has that the tests run on is not the server's fault.
const LINES: &str = "accepted = [\"swap\", \"hibernation\", \"disk-encryption\", \"snapshots\"]";

fn camp(name: &str) -> Camp {
    Camp::pitch(&Programs::built().unwrap(), name, Road::Sockets).unwrap()
}

/// The head of the answer to one request.
fn ask(socket: &Path, line: &str, headers: &str, body: &[u8]) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n{headers}\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn header<'a>(answer: &'a str, name: &str) -> &'a str {
    let mut lines = answer.lines().filter_map(|line| line.split_once(": "));
    let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
    assert!(found.is_some(), "no {name}: {answer}");
    found.unwrap().1
}

#[test]
fn check_ends_with_0_where_a_newsroom_has_its_keys_at_a_server_that_runs() {
    let camp = camp("check");
    let siege = camp.besiege("server", LINES).unwrap();
    let said = siege.check().unwrap();
    let found: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let findings = found["found"].as_array().unwrap();
    let must: Vec<_> = findings
        .iter()
        .filter(|finding| finding["verdict"] == "must")
        .map(|finding| finding["subject"].as_str().unwrap())
        .collect();
    // The disk of the tests may be nearly full.
    assert!(must.iter().all(|subject| *subject == "space"), "{must:?}");
    assert_eq!(said.code, Some(i32::from(!must.is_empty())), "{said:?}");
}

#[test]
fn an_upload_goes_on_at_a_server_that_was_moved_with_its_folder() {
    const PATCH: &str = "Content-Type: application/offset+octet-stream\r\n";
    let camp = camp("move");
    let siege = camp.besiege("here", LINES).unwrap();
    let sealed = siege.seal(3_000_000).unwrap();
    let (first, rest) = sealed.split_at(sealed.len() / 2);
    let length = format!("Upload-Length: {}\r\n", sealed.len());
    let made = ask(&siege.public_socket(), "POST /drops", &length, b"");
    let line = format!("PATCH {}", header(&made, "location"));
    let headers = format!("{PATCH}Upload-Offset: 0\r\n");
    let sent = ask(&siege.public_socket(), &line, &headers, first);
    let offset = header(&sent, "upload-offset").to_owned();
    assert_eq!(offset, first.len().to_string());
    let before = siege.figure("uploads_unfinished").unwrap();

    let siege = camp.move_away(siege, "there", LINES).unwrap();
    assert_eq!(siege.figure("uploads_unfinished").unwrap(), before);
    let headers = format!("{PATCH}Upload-Offset: {offset}\r\n");
    let sent = ask(&siege.public_socket(), &line, &headers, rest);
    assert!(!header(&sent, "knothole-tree").is_empty());
    assert_eq!(siege.figure("drops_waiting").unwrap(), 1);
}
