//! Both sides over a byte stream, as Tor hands it over.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;

use knothole_intake::{Intake, Settings, UnixSeconds};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn ask(intake: &Arc<Intake>, collection: bool, request: &str) -> String {
    let (mut near, far) = tokio::io::duplex(65_536);
    let inside = Arc::clone(intake);
    let serving = tokio::spawn(async move {
        if collection {
            inside.serve_collection(far).await;
        } else {
            inside.serve_public(far).await;
        }
    });
    let request = format!("{request}\r\nHost: x.onion\r\nConnection: close\r\n\r\n");
    near.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    near.read_to_string(&mut answer).await.unwrap();
    serving.await.unwrap();
    answer
}

#[tokio::test]
async fn an_answer_tells_neither_time_nor_server_and_unknown_addresses_look_alike() {
    let folder = tempfile::tempdir().unwrap();
    let now = UnixSeconds::new(1_790_000_000);
    let intake = Intake::open(folder.path(), Settings::default(), now).unwrap();
    let first = ask(
        &intake,
        false,
        "DELETE /drops/../../etc/passwd HTTP/1.1\r\nTus-Resumable: 1.0.0",
    )
    .await;
    let second = ask(
        &intake,
        false,
        &format!(
            "DELETE /drops/{} HTTP/1.1\r\nTus-Resumable: 1.0.0",
            "ab".repeat(32)
        ),
    )
    .await;
    assert!(first.starts_with("HTTP/1.1 404 "));
    assert_eq!(first, second);
    for name in ["date:", "server:", "etag:", "last-modified:", "set-cookie:"] {
        assert!(!first.to_lowercase().contains(name), "{name}");
    }
    assert!(first.to_lowercase().contains("cache-control: no-store"));
    let none = ask(&intake, false, "GET /charter HTTP/1.1").await;
    assert!(none.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn the_collection_side_answers_no_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let now = UnixSeconds::new(1_790_000_000);
    let intake = Intake::open(folder.path(), Settings::default(), now).unwrap();
    let bearer = format!("Authorization: Bearer {}", "ab".repeat(32));
    let request = format!("GET /listing HTTP/1.1\r\n{bearer}");
    assert!(
        ask(&intake, true, &request)
            .await
            .starts_with("HTTP/1.1 401 ")
    );
    assert!(
        ask(&intake, true, "PUT /charter HTTP/1.1")
            .await
            .starts_with("HTTP/1.1 401 ")
    );
}
