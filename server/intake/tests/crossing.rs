//! A page that was saved and opened from a file (origin `null`) reaches what it needs of the
//! drop-box, with no right that a browser adds, and nothing else answers it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use newsroom::House;
use wire::{Answer, PATCH, Wire};

const FILE: (&str, &str) = ("Origin", "null");

async fn ask(house: &House, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut all = vec![FILE];
    all.extend_from_slice(headers);
    Wire::public(&house.intake).ask(line, &all, body).await
}

/// What a page may read of an answer's headers, beside those that every page may read.
fn read(answer: &Answer) -> Vec<&str> {
    let listed = answer.header("access-control-expose-headers").unwrap();
    listed.split(", ").collect()
}

fn assert_open(answer: &Answer, line: &str) {
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some("*"),
        "{line}"
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        None,
        "{line}"
    );
    assert_eq!(answer.header("vary"), None, "{line}");
}

#[tokio::test]
async fn a_saved_page_may_ask_whether_it_may_wherever_it_has_to() {
    let house = House::new().await;
    let address = "ab".repeat(32);
    for (path, method) in [
        ("/charter".to_owned(), "GET"),
        ("/sheet".to_owned(), "GET"),
        ("/newsroom".to_owned(), "GET"),
        ("/drops".to_owned(), "POST"),
        (format!("/drops/{address}"), "PATCH"),
        (format!("/drops/{address}"), "DELETE"),
        (format!("/mailbox/{address}"), "POST"),
    ] {
        let line = format!("OPTIONS {path}");
        let wanted = "tus-resumable,upload-length,upload-offset,upload-concat,upload-checksum,\
                      knothole-parent,content-type";
        let asked = [
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", wanted),
        ];
        let answer = ask(&house, &line, &asked, b"").await;
        assert!((200..300).contains(&answer.status), "{line}");
        assert_open(&answer, &line);
        let listed = |name| answer.header(name).unwrap().split(", ").collect::<Vec<_>>();
        assert!(listed("access-control-allow-methods").contains(&method));
        let headers = listed("access-control-allow-headers");
        assert!(wanted.split(',').all(|name| headers.contains(&name)));
        assert_eq!(answer.header("access-control-max-age"), Some("86400"));
    }
}

#[tokio::test]
async fn a_preflight_does_not_tell_whether_an_upload_or_a_mailbox_is_there() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    let create = [
        ("Tus-Resumable", "1.0.0"),
        ("Upload-Length", length.as_str()),
    ];
    let created = ask(&house, "POST /drops", &create, b"").await;
    let there = created.header("location").unwrap();
    let there = ask(&house, &format!("OPTIONS {there}"), &[], b"").await;
    let absent = format!("OPTIONS /drops/{}", "ab".repeat(32));
    assert_eq!(there, ask(&house, &absent, &[], b"").await);
}

#[tokio::test]
async fn a_saved_page_sends_a_drop_and_reads_what_it_must_know_of_each_answer() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5);
    let tus = ("Tus-Resumable", "1.0.0");
    let length = sealed.len().to_string();
    let created = ask(
        &house,
        "POST /drops",
        &[tus, ("Upload-Length", &length)],
        b"",
    )
    .await;
    assert_eq!(created.status, 201);
    let path = created.header("location").unwrap().to_owned();
    let ahead = ask(&house, &format!("HEAD {path}"), &[tus], b"").await;
    let patch = [tus, PATCH, ("Upload-Offset", "0")];
    let sent = ask(&house, &format!("PATCH {path}"), &patch, &sealed).await;
    assert_eq!(
        sent.header("knothole-tree"),
        Some(tree.to_string().as_str())
    );
    let options = ask(&house, "POST /drops", &[], b"").await;
    assert_eq!(
        (options.status, options.header("tus-version")),
        (412, Some("1.0.0"))
    );
    for (line, answer) in [
        ("POST", created),
        ("HEAD", ahead),
        ("PATCH", sent),
        ("412", options),
    ] {
        assert_open(&answer, line);
        let own = |name: &str| {
            let named = |begin| name.starts_with(begin);
            named("upload-") || named("tus-") || named("knothole-") || name == "location"
        };
        for (name, _) in answer.headers.iter().filter(|(name, _)| own(name)) {
            assert!(read(&answer).contains(&name.as_str()), "{line}: {name}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_as_readable_to_a_saved_page_as_success() {
    let house = House::new().await;
    let address = "ab".repeat(32);
    for (line, status) in [
        ("GET /charter".to_owned(), 200),
        ("GET /sheet".to_owned(), 200),
        ("GET /newsroom".to_owned(), 200),
        ("PUT /sheet".to_owned(), 405),
        (format!("GET /mailbox/{address}"), 200),
        ("GET /mailbox/short".to_owned(), 404),
        (format!("POST /mailbox/{address}"), 400),
        (format!("PUT /mailbox/{address}"), 405),
        (format!("DELETE /drops/{address}"), 412),
    ] {
        let answer = ask(&house, &line, &[], b"").await;
        assert_eq!(answer.status, status, "{line}");
        assert_open(&answer, &line);
    }
}

#[tokio::test]
async fn nothing_else_is_open_to_another_origin() {
    let house = House::new().await;
    for line in [
        "GET /",
        "POST /",
        "GET /arrived",
        "GET /hashes",
        "GET /newsroom.txt",
        "GET /leave",
        "GET /charters",
        "OPTIONS /",
        "OPTIONS /nowhere",
    ] {
        let answer = ask(&house, line, &[], b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{line}");
    }
    for line in [
        "GET /listing",
        "GET /charter",
        "GET /drops/ab",
        "OPTIONS /charter",
    ] {
        let answer = house.collect(line, &[FILE], b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{line}");
    }
}
