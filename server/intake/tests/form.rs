//! The page without scripts: a form that takes one sealed file, and says in words what came of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "pages/dist.rs"]
mod dist;
#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use knothole_intake::{Intake, UnixSeconds};
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
async fn a_form_before_the_newsroom_has_set_up_the_drop_box_is_told_so() {
    let (sealed, _) = House::new().await.drop(5);
    let folder = tempfile::tempdir().unwrap();
    let now = UnixSeconds::new(newsroom::DAY);
    let intake = Intake::open(folder.path(), newsroom::settings(), now).unwrap();
    let answer = Wire::public(&intake)
        .ask("POST /", &[TYPE], &form(&sealed))
        .await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/other-keys"));
    assert!(answer.text().contains("has not set up this drop-box yet"));
    let incoming = folder.path().join("incoming");
    assert_eq!(std::fs::read_dir(incoming).unwrap().count(), 0);
}

#[tokio::test]
async fn a_form_is_answered_in_the_language_of_its_page() {
    let house = House::new().await;
    for home in dist::homes() {
        let ask = format!("POST {home}");
        let answer = Wire::public(&house.intake)
            .ask(&ask, &[TYPE], &form(b"not sealed at all"))
            .await;
        assert_eq!(answer.status, 303);
        let to = format!("{home}unsealed");
        assert_eq!(answer.header("location"), Some(to.as_str()));
        let page =
            std::fs::read(dist::folder().join(format!("{}.html", to.trim_start_matches('/'))))
                .unwrap();
        assert_eq!(answer.body, page);
    }
}

#[tokio::test]
async fn a_form_whose_commit_failed_may_have_arrived_and_handed_in_again_it_is_there_twice() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let [drops_folder, aside] = ["drops", "aside"].map(|name| house.folder.path().join(name));
    std::fs::rename(&drops_folder, &aside).unwrap();
    let answer = hand_in(&house, &sealed).await;
    assert_eq!(answer.status, 303);
    assert_eq!(answer.header("location"), Some("/may-have-arrived"));
    assert!(answer.text().contains("may then see it twice"));
    std::fs::rename(&aside, &drops_folder).unwrap();
    let house = house.restarted(newsroom::DAY).await;
    house.live_until(newsroom::DAY + newsroom::BATCH).await;
    assert_eq!((house.intake.status().visible, unfinished(&house)), (1, 0));
    let again = hand_in(&house, &sealed).await;
    assert_eq!(again.header("location"), Some("/arrived"));
    house.live_until(newsroom::DAY + 2 * newsroom::BATCH).await;
    assert_eq!((house.intake.status().visible, unfinished(&house)), (2, 0));
}
