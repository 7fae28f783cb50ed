//! The page without scripts: a form that takes one sealed file, and says in words what came of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(
    dead_code,
    reason = "the tests of uploads use the rest of the two modules"
)]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use newsroom::House;
use wire::{Answer, Wire};

const TYPE: (&str, &str) = ("Content-Type", "multipart/form-data; boundary=xYz");

fn form(content: &[u8]) -> Vec<u8> {
    let mut body =
        b"--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"a\"\r\n\r\n"
            .to_vec();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--xYz--\r\n");
    body
}

async fn hand_in(house: &House, content: &[u8]) -> Answer {
    let body = form(content);
    Wire::public(&house.intake)
        .ask("POST /", &[TYPE], &body)
        .await
}

fn drops(house: &House) -> usize {
    std::fs::read_dir(house.folder.path().join("drops"))
        .unwrap()
        .count()
}

fn unfinished(house: &House) -> usize {
    std::fs::read_dir(house.folder.path().join("incoming"))
        .unwrap()
        .count()
}

#[tokio::test]
async fn a_sealed_file_in_the_form_becomes_a_drop() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5_000_000);
    let answer = hand_in(&house, &sealed).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/arrived"));
    assert_eq!((drops(&house), unfinished(&house)), (1, 0));
}

#[tokio::test]
async fn a_form_with_anything_else_keeps_nothing_and_says_why_in_words() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let mut longer = sealed.clone();
    longer.push(0);
    let mut other = sealed.clone();
    other[15] = 9;
    let whole = sealed.len();
    for (content, path, word) in [
        (
            &b"\x89PNG and more than eight bytes"[..],
            "/unsealed",
            "not sealed",
        ),
        (&[7; 400_000][..], "/unsealed", "not sealed"),
        (&b""[..], "/nothing", "no file"),
        (&sealed[..whole - 1], "/damaged", "not whole"),
        (&longer[..], "/damaged", "not whole"),
        (&other[..], "/other-keys", "other keys"),
    ] {
        let answer = hand_in(&house, content).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.header("location"), Some(path));
        assert!(answer.text().to_lowercase().contains(word), "{path}");
        let page = Wire::public(&house.intake)
            .ask(&format!("GET {path}"), &[], b"")
            .await;
        assert_eq!(page.status, 200);
        assert_eq!(page.body, answer.body);
        assert_eq!((drops(&house), unfinished(&house)), (0, 0), "{path}");
    }
}

#[tokio::test]
async fn a_form_that_is_cut_off_keeps_nothing() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5_000_000);
    let body = form(&sealed);
    let mut wire = Wire::public(&house.intake);
    wire.begin("POST /", &[TYPE], body.len(), &body[..2_000_000])
        .await;
    drop(wire);
    while std::sync::Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
    assert_eq!((drops(&house), unfinished(&house)), (0, 0));
}

#[tokio::test]
async fn the_front_page_shows_the_fingerprint_and_runs_no_script() {
    let house = House::new().await;
    let page = Wire::public(&house.intake).ask("GET /", &[], b"").await;
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let text = page.text();
    assert!(!text.contains("<script") && !text.contains("http:") && !text.contains("https:"));
    assert!(text.contains(&house.fingerprint().grouped()));
    assert!(text.contains("type=\"file\" name=\"sealed\""));
}
