//! What an answer gives away beside what it says: over real sockets, byte for byte.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "fingerprints/junk.rs"]
mod junk;
#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "fingerprints/socket.rs"]
mod socket;
#[path = "uploads/wire.rs"]
mod wire;

use std::collections::BTreeSet;
use std::time::Duration;

use junk::{Heard, JUNK};
use newsroom::{DAY, House, settings};
use socket::{Head, Side, Socket};

/// Nothing else stands in the head of any answer: no time, no server, no version, no tag, no cookie.
const HEADERS: [&str; 29] = [
    "accept-ranges",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "allow",
    "cache-control",
    "connection",
    "content-disposition",
    "content-length",
    "content-range",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "knothole-tree",
    "location",
    "referrer-policy",
    "tus-checksum-algorithm",
    "tus-extension",
    "tus-max-size",
    "tus-resumable",
    "tus-version",
    "upload-concat",
    "upload-expires",
    "upload-length",
    "upload-offset",
    "x-content-type-options",
];

const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW",
];

/// Addresses that are there, that are not, and that scanners ask for.
fn paths() -> Vec<String> {
    let digits = "ab".repeat(32);
    let mut paths: Vec<String> = [
        "/",
        "/en/",
        "/ar/",
        "/ar",
        "/style.css",
        "/hashes",
        "/saved",
        "/arrived",
        "/charter",
        "/sheet",
        "/newsroom",
        "/newsroom.txt",
        "/leave",
        "/drops",
        "/drops/",
        "/listing",
        "/sheets",
        "/receipts",
        "/replies",
        "/robots.txt",
        "/favicon.ico",
        "/.git/HEAD",
        "/.env",
        "/server-status",
        "/server-info",
        "/status",
        "/metrics",
        "/debug",
        "/phpinfo.php",
        "/cgi-bin/",
        "/.well-known/security.txt",
        "/../x",
        "//",
        "/%00",
        "/%2e%2e/",
        "/?a=b",
        "*",
        "http://other.example/",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    paths.extend(["/drops/", "/mailbox/"].map(|room| format!("{room}{digits}")));
    paths.push("/mailbox/short".to_owned());
    paths.push(format!("/{}", "a".repeat(8_000)));
    paths
}

fn request(method: &str, path: &str, more: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n").into_bytes()
}

/// What must hold of every head and every sentence.
fn inspect(asked: &str, head: &Head, body: &[u8]) {
    assert!((200..600).contains(&head.status), "{asked}: {head:?}");
    let told = head.text.to_lowercase();
    for word in [
        "hyper",
        "tokio",
        "rust",
        "nginx",
        "apache",
        "debian",
        "linux",
        "knothole/",
    ] {
        assert!(!told.contains(word), "{asked} names {word}: {told}");
    }
    let mut seen = BTreeSet::new();
    for (name, value) in &head.headers {
        assert!(HEADERS.contains(&name.as_str()), "{asked} has {name}");
        assert!(seen.insert(name), "{asked} has {name} twice");
        // The one date that there is tells a day.
        if name == "upload-expires" {
            assert!(value.ends_with(" 00:00:00 GMT"), "{asked}: {value}");
        } else {
            assert!(!value.contains("GMT"), "{asked}: {name}: {value}");
        }
    }
    assert_eq!(head.header("cache-control"), Some("no-store"), "{asked}");
    if head.status >= 400 {
        let kind = head.header("content-type");
        assert_eq!(kind, Some("text/plain; charset=utf-8"), "{asked}");
        assert_eq!(head.header("content-length"), Some("1024"), "{asked}");
        if !body.is_empty() {
            let text = core::str::from_utf8(body).unwrap();
            assert!(text.trim_end().ends_with('.'), "{asked}: {text}");
            assert!(
                !text.contains('<') && !text.contains("HTTP/"),
                "{asked}: {text}"
            );
        }
    }
}

#[tokio::test]
async fn no_answer_of_either_side_names_a_time_a_server_a_version_or_a_tag() {
    let house = House::new().await;
    let bearer = format!("Authorization: Bearer {}\r\n", "ab".repeat(32));
    let mut answers = 0;
    for (side, more) in [
        (Side::Public, ""),
        (Side::Public, "Tus-Resumable: 1.0.0\r\nUpload-Length: 5\r\n"),
        (
            Side::Public,
            "Origin: null\r\nRange: bytes=0-1\r\nIf-None-Match: *\r\nTE: trailers\r\n",
        ),
        (Side::Collection, ""),
        (Side::Collection, bearer.as_str()),
    ] {
        let socket = Socket::of(&house.intake, side).await;
        for path in paths() {
            for method in METHODS {
                let asked = format!("{side:?} {method} {path}");
                let said = socket.say(&request(method, &path, more)).await;
                let (head, body) =
                    Head::of(&said).unwrap_or_else(|| panic!("{asked} is not answered"));
                inspect(&asked, &head, body);
                let short: String = asked.chars().take(60).collect();
                if method == "HEAD" {
                    assert!(body.is_empty(), "{short}");
                } else if let Some(length) = head.header("content-length") {
                    assert_eq!(length, body.len().to_string(), "{short}");
                }
                answers += 1;
            }
        }
    }
    assert!(answers > 1_500);
}

#[tokio::test]
async fn what_is_no_request_is_told_so_in_one_sentence_or_not_answered_at_all() {
    let house = House::new().await;
    for side in [Side::Public, Side::Collection] {
        let socket = Socket::of(&house.intake, side).await;
        let mut sentence: Option<Vec<u8>> = None;
        for (name, bytes, heard) in JUNK {
            let said = socket.say(&bytes()).await;
            match heard {
                Heard::Nothing => assert!(
                    said.is_empty(),
                    "{name}: {}",
                    String::from_utf8_lossy(&said)
                ),
                Heard::Sentence => {
                    let (head, body) =
                        Head::of(&said).unwrap_or_else(|| panic!("{name}: no answer"));
                    assert_eq!(head.status, 400, "{name}");
                    inspect(name, &head, body);
                    assert!(body.starts_with(b"this request cannot be read. "), "{name}");
                    let first = sentence.get_or_insert_with(|| said.clone());
                    assert!(
                        *first == said,
                        "{name} is answered otherwise than the first"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_answered_with_the_head_of_every_other_refusal() {
    let house = House::new().await;
    let socket = Socket::of(&house.intake, Side::Public).await;
    let names = |said: &[u8]| -> Vec<String> {
        let (head, _) = Head::of(said).unwrap();
        head.headers.into_iter().map(|(name, _)| name).collect()
    };
    let unreadable = names(&socket.say(b"\r\n\x00\r\n\r\n").await);
    let mut settings = settings();
    settings.most_public_connections = 0;
    let full = House::with(settings).await;
    let socket = Socket::of(&full.intake, Side::Public).await;
    // The other refusal that closes the connection.
    let turned_away = names(&socket.say(&request("GET", "/", "")).await);
    assert_eq!(unreadable, turned_away);
}

#[tokio::test]
async fn after_a_good_request_what_is_none_is_answered_in_the_same_words() {
    let house = House::new().await;
    let socket = Socket::of(&house.intake, Side::Public).await;
    let alone = socket.say(b"\x00\r\n\r\n").await;
    let (_, sentence) = Head::of(&alone).unwrap();
    assert!(sentence.starts_with(b"this request cannot be read. "));
    for path in ["/", "/charter", "/nothing"] {
        let good = request("GET", path, "");
        let answer = socket.say(&good).await;
        let open = String::from_utf8(good)
            .unwrap()
            .replace("Connection: close\r\n", "");
        let both = socket.say(format!("{open}\x00\r\n\r\n").as_bytes()).await;
        let (_, body) = Head::of(&answer).unwrap();
        let at = both.len().checked_sub(alone.len()).unwrap();
        let (first, second) = both.split_at(at);
        assert!(first.ends_with(body), "{path}: the answer before is whole");
        assert!(
            second == alone,
            "{path}: {}",
            String::from_utf8_lossy(second)
        );
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed_without_a_word() {
    let mut settings = settings();
    settings.header_patience = Duration::from_millis(50);
    let house = House::with(settings).await;
    let socket = Socket::of(&house.intake, Side::Public).await;
    for begun in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n"] {
        assert!(socket.say(begun.as_bytes()).await.is_empty(), "{begun}");
    }
}

#[tokio::test]
async fn a_server_at_another_hour_of_the_day_gives_the_same_bytes() {
    let (one, other) = (
        House::at(settings(), DAY + 1).await,
        House::at(settings(), DAY + 61_234).await,
    );
    let first = Socket::of(&one.intake, Side::Public).await;
    let second = Socket::of(&other.intake, Side::Public).await;
    let mut same = 0;
    for path in paths() {
        // What the newsroom signed differs by its keys, and mailboxes by the server's secret.
        let signed = ["/charter", "/sheet", "/newsroom.txt"].contains(&path.as_str());
        if signed || path.len() == "/mailbox/".len() + 64 {
            continue;
        }
        for method in METHODS {
            let asked = request(method, &path, "Tus-Resumable: 1.0.0\r\n");
            let (one, other) = (first.say(&asked).await, second.say(&asked).await);
            assert!(one == other, "{method} {path}");
            same += 1;
        }
    }
    assert!(same > 300);
    // A creation has an address of its own, and tells the same day.
    let create = "Tus-Resumable: 1.0.0\r\nUpload-Length: 1060864\r\n";
    let create = request("POST", "/drops", create);
    let told = [first.say(&create).await, second.say(&create).await].map(|said| {
        let (head, _) = Head::of(&said).unwrap();
        assert_eq!(head.status, 201);
        head.header("upload-expires").unwrap().to_owned()
    });
    assert_eq!(told[0], told[1]);
}
