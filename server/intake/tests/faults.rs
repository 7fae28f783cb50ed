//! A real server on a real file system, where one call that waits for the disk or renames fails: what
//! it acknowledged is there when it is started again.
//!
//! It is the example `test_newsroom`, and strace makes its nth fsync, fdatasync or renameat2 fail.
//! `KNOTHOLE_FAULTS=all` takes every nth; otherwise some are taken.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends, helpers included"
)]

#[path = "uploads/program.rs"]
mod program;

use std::path::Path;

use program::{Said, Server, entries};

const CALLS: [&str; 3] = ["fdatasync", "fsync", "renameat2"];
const ERRORS: [&str; 2] = ["EIO", "ENOSPC"];
const PATCH: (&str, &str) = ("Content-Type", "application/offset+octet-stream");
/// The size of the file that is sealed, and the day after the one on which a story begins.
const LATER: [&str; 2] = ["5", "20001"];
/// Of so many faults one is taken, unless all are.
const STEP: usize = 9;

/// What the server has said of one upload.
#[derive(Debug, Default)]
struct Sent {
    path: Option<String>,
    /// Bytes that it has acknowledged.
    offset: usize,
    /// Bytes that it may have.
    sent: usize,
    tree: Option<String>,
}

impl Sent {
    /// Sends an envelope in two halves, and again what gets no answer, as a sender does.
    fn send(&mut self, server: &Server, sealed: &[u8]) {
        for _ in 0..4 {
            if self.tree.is_none() {
                self.send_on(server, sealed);
            }
        }
    }

    fn send_on(&mut self, server: &Server, sealed: &[u8]) {
        let Some(path) = self.path.clone() else {
            let length = sealed.len().to_string();
            let made = server.ask("POST /drops", &[("Upload-Length", &length)], b"");
            let made = made.filter(|made| made.status == 201);
            self.path = made.and_then(|made| made.header("location").map(ToOwned::to_owned));
            return;
        };
        let Some(head) = server.ask(&format!("HEAD {path}"), &[], b"") else {
            return;
        };
        if head.status != 200 {
            return;
        }
        self.hear(&head);
        let half = sealed.len() / 2;
        let end = if self.offset < half {
            half
        } else {
            sealed.len()
        };
        self.sent = self.sent.max(end);
        let offset = self.offset.to_string();
        let headers = [("Upload-Offset", offset.as_str()), PATCH];
        let part = &sealed[self.offset..end];
        if let Some(said) = server.ask(&format!("PATCH {path}"), &headers, part)
            && said.status == 204
        {
            self.hear(&said);
        }
    }

    fn hear(&mut self, said: &Said) {
        let offset = said.header("upload-offset").unwrap().parse().unwrap();
        assert!(offset >= self.offset, "it has forgotten {self:?}: {said:?}");
        self.offset = offset;
        if let Some(tree) = said.header("knothole-tree") {
            self.tree = Some(tree.to_owned());
        }
    }

    /// The next server knows what this one has acknowledged, and the upload ends well there.
    fn end(&mut self, server: &Server, sealed: &[u8]) {
        let before = self.offset;
        if let Some(path) = &self.path {
            let head = server.ask(&format!("HEAD {path}"), &[], b"").unwrap();
            let known = head.status == 200;
            assert!(
                known || (before == 0 && self.tree.is_none()),
                "{self:?}: {head:?}"
            );
            if known {
                let tree = head.header("knothole-tree").map(ToOwned::to_owned);
                assert!(
                    tree == self.tree || self.tree.is_none(),
                    "{self:?}: {head:?}"
                );
                self.hear(&head);
            } else {
                *self = Self::default();
            }
        }
        self.send(server, sealed);
        assert!(self.tree.is_some(), "it does not end: {self:?}");
    }
}

/// How a story went.
struct Told {
    /// It made so many calls that one failed.
    injected: bool,
    /// The server came up.
    started: bool,
    /// It has said of the first upload that it is there.
    acknowledged: bool,
}

/// Goes through a story in which the nth call of this kind fails.
fn story(call: &str, error: &str, nth: usize) -> Told {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let seen = folder.join("seen");
    let arguments = [
        "-o",
        seen.to_str().unwrap(),
        "-e",
        &format!("trace={call}"),
        "-e",
        &format!("inject={call}:error={error}:when={nth}"),
    ];
    let mut server = Server::start_traced(folder, &arguments, &LATER[..1]);
    let started = server.port.is_some();
    let (mut early, mut late) = (Sent::default(), Sent::default());
    let (mut turned, mut signed) = (false, false);
    let mut sealed = Vec::new();
    if started {
        sealed = std::fs::read(folder.join("sealed")).unwrap();
        early.send(&server, &sealed);
        turned = server.order("day 1");
        signed = server.order("receipts");
        late.send(&server, &sealed);
    }
    drop(server);
    let injected = std::fs::read_to_string(&seen).unwrap().contains("INJECTED");
    // A newsroom that could not set its drop-box up has nothing there that was acknowledged.
    if started {
        again(folder, &sealed, [&mut early, &mut late], turned && signed);
    }
    Told {
        injected,
        started,
        acknowledged: early.tree.is_some(),
    }
}

fn again(folder: &Path, sealed: &[u8], [early, late]: [&mut Sent; 2], signed: bool) {
    let server = Server::start_with(folder, &LATER);
    let early = match (&early.tree, &early.path) {
        // A day later its address is unknown.
        (Some(_), _) if signed => 0..=0,
        (Some(_), _) if !has_receipts(folder) => 1..=1,
        // Nobody has heard that it was signed off.
        (Some(_), _) => 0..=1,
        // As its sender says then: it may have arrived.
        (None, Some(path)) if early.sent == sealed.len() && is_unknown(&server, path) => 0..=1,
        (None, _) => {
            early.end(&server, sealed);
            1..=1
        }
    };
    late.end(&server, sealed);
    drop(server);
    drop(Server::start_with(folder, &LATER));
    let rooms = ["drops", "shelf", "incoming", "trash"].map(|room| entries(folder, room));
    let [drops, shelf, incoming, trash] = rooms;
    assert_eq!(incoming + trash, 0, "{rooms:?}");
    let there = (drops + shelf).checked_sub(1);
    assert!(
        there.is_some_and(|there| early.contains(&there)),
        "{rooms:?}, {early:?}"
    );
}

fn has_receipts(folder: &Path) -> bool {
    folder.join("store/receipts").exists() && entries(folder, "receipts") > 0
}

fn is_unknown(server: &Server, path: &str) -> bool {
    let head = server.ask(&format!("HEAD {path}"), &[], b"").unwrap();
    head.status == 404
}

#[test]
fn what_was_acknowledged_is_there_whichever_call_to_the_disk_has_failed() {
    let all = std::env::var("KNOTHOLE_FAULTS").is_ok_and(|which| which == "all");
    let mut met = Vec::new();
    for (at, call) in CALLS.into_iter().enumerate() {
        for (shift, error) in ERRORS.into_iter().enumerate() {
            let first = if all {
                1
            } else {
                1 + (3 * at + 5 * shift) % STEP
            };
            let step = if all { 1 } else { STEP };
            let stories = (first..).step_by(step);
            let stories = stories.map(|nth| story(call, error, nth));
            let stories: Vec<_> = stories.take_while(|told| told.injected).collect();
            let started = stories.iter().filter(|told| told.started).count();
            let acknowledged = stories.iter().filter(|told| told.acknowledged).count();
            assert!(acknowledged > 0, "{call} failed before anything was said");
            met.push((call, error, stories.len(), started, acknowledged));
        }
    }
    eprintln!("faults: {met:?}");
}
