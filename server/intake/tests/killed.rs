//! A server that is killed at each step on its disk while an upload ends, and started again.
//!
//! It is the example `test_newsroom`, a process of its own, and strace kills it with SIGKILL where it
//! makes its nth call of a kind that changes the disk or waits for it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/program.rs"]
mod program;
#[path = "uploads/wire.rs"]
mod wire;

use std::path::Path;

use newsroom::House;
use program::{Said, Server, copy, entries};
use tempfile::TempDir;
use wire::{PATCH, Wire};

const PARTIAL: (&str, &str) = ("Upload-Concat", "partial");
/// The calls of which each is a step; strace counts each kind for itself.
const CALLS: [&str; 6] = [
    "mkdirat",
    "pwrite64",
    "fsync",
    "fdatasync",
    "renameat2",
    "unlinkat",
];

/// The store of a newsroom that nobody serves any more.
async fn left(house: House) -> TempDir {
    while std::sync::Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
    let House { folder, intake, .. } = house;
    drop(intake);
    folder
}

/// Makes the last request of an upload to a server that is killed at its first call of a kind, at its
/// second and so on, until it answers before it comes to that call. After each a server is started
/// that nobody kills: the upload ends well with it, and there is one drop. Gives how many of those
/// found the drop at their start, and how many did not.
fn kill_everywhere(
    store: &Path,
    last: impl Fn(&Server) -> Option<Said>,
    end: impl Fn(&Server) -> bool,
) -> (usize, usize) {
    let (mut found, mut not_yet) = (Vec::new(), Vec::new());
    for call in CALLS {
        for nth in 1.. {
            let folder = tempfile::tempdir().unwrap();
            copy(store, &folder.path().join("store"));
            let killing = [
                "-o",
                "/dev/null",
                "-e",
                &format!("trace={call}"),
                "-e",
                &format!("inject={call}:signal=KILL:when={nth}"),
            ];
            let server = Server::start_traced(folder.path(), &killing, &[]);
            let said = last(&server);
            let answered = said.is_some_and(|said| said.header("knothole-tree").is_some());
            let survived = server.ask("OPTIONS /drops", &[], b"").is_some();
            drop(server);
            let there = end(&Server::start(folder.path()));
            assert!(there || !answered, "{call} {nth}: it was said to be there");
            let places = ["drops", "incoming"].map(|room| entries(folder.path(), room));
            assert_eq!(places, [1, 0], "{call} {nth}");
            if survived {
                assert!(answered && nth > 1, "{call} is never made");
                break;
            }
            if there {
                found.push((call, nth));
            } else {
                not_yet.push((call, nth));
            }
        }
    }
    (found.len(), not_yet.len())
}

#[tokio::test]
async fn lanes_are_a_drop_at_the_first_ones_address_wherever_the_server_is_killed() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5_000_000);
    let (one, two) = sealed.split_at(4_194_304);
    let mut wire = Wire::public(&house.intake);
    let lengths = [one, two].map(|lane| lane.len().to_string());
    let headers = [PARTIAL, ("Upload-Length", lengths[0].as_str()), PATCH];
    let made = wire.tus("POST /drops", &headers, one).await;
    let first = made.header("location").unwrap().to_owned();
    let parent = ("Knothole-Parent", first.strip_prefix("/drops/").unwrap());
    let headers = [
        PARTIAL,
        ("Upload-Length", lengths[1].as_str()),
        parent,
        PATCH,
    ];
    let made = wire.tus("POST /drops", &headers, two).await;
    let later = made.header("location").unwrap().to_owned();
    drop(wire);
    let store = left(house).await;
    let (tree, length) = (tree.to_string(), sealed.len().to_string());
    let lanes = format!("final;{first} {later}");
    let join = |server: &Server| server.ask("POST /drops", &[("Upload-Concat", &lanes)], b"");
    let end = |server: &Server| {
        let head = server.ask(&format!("HEAD {first}"), &[], b"").unwrap();
        assert_eq!(head.status, 200, "its address is known: {head:?}");
        let there = head.header("knothole-tree").is_some();
        if there {
            assert_eq!(head.header("knothole-tree"), Some(tree.as_str()));
            assert_eq!(head.header("upload-length"), Some(length.as_str()));
        } else {
            // They are lanes as before, and nothing of them is lost.
            assert_eq!(head.header("upload-concat"), Some("partial"));
            assert_eq!(head.header("upload-offset"), Some(lengths[0].as_str()));
        }
        let said = join(server).unwrap();
        assert_eq!(said.status, 201, "{said:?}");
        assert_eq!(said.header("location"), Some(first.as_str()));
        assert_eq!(said.header("knothole-tree"), Some(tree.as_str()));
        there
    };
    let (found, not_yet) = kill_everywhere(store.path(), join, end);
    assert!(found > 9 && not_yet > 9, "{found} and {not_yet}");
}

#[tokio::test]
async fn a_start_commits_what_was_whole_wherever_the_server_was_killed() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(2_000_000);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let made = wire
        .tus("POST /drops", &[("Upload-Length", &length)], b"")
        .await;
    let path = made.header("location").unwrap().to_owned();
    let (last, before) = sealed.split_last().unwrap();
    assert_eq!(wire.patch(&path, 0, before).await.status, 204);
    drop(wire);
    let store = left(house).await;
    let (tree, before) = (tree.to_string(), before.len().to_string());
    let send = |server: &Server| {
        let headers = [("Upload-Offset", before.as_str()), PATCH];
        server.ask(&format!("PATCH {path}"), &headers, &[*last])
    };
    let end = |server: &Server| {
        let head = server.ask(&format!("HEAD {path}"), &[], b"").unwrap();
        let whole = head.header("upload-offset") == Some(length.as_str());
        // Nobody has to ask for the commit.
        assert_eq!(head.header("knothole-tree").is_some(), whole, "{head:?}");
        let said = if whole { head } else { send(server).unwrap() };
        assert_eq!(said.header("knothole-tree"), Some(tree.as_str()));
        whole
    };
    let (found, not_yet) = kill_everywhere(store.path(), send, end);
    assert!(found > 9 && not_yet > 9, "{found} and {not_yet}");
}
