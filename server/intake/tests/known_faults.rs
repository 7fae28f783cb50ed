//! Faults that systems of this kind have had, tried here. SECURITY.md names the public cases.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on ends, helpers included"
)]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "uploads/wire.rs"]
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use knothole_envelope::{Codename, ListedDrop, Receipt, unframe};
use newsroom::{BATCH, DAY, House};
use wire::{Answer, PATCH, Wire};

/// What a disk shows of a store: every name with its times of change, and the bytes of files.
type Shown = BTreeMap<PathBuf, ([i64; 4], Vec<u8>)>;

fn shown(house: &House) -> Shown {
    let mut all = Shown::new();
    gather(house.folder.path(), &mut all);
    all
}

fn gather(path: &Path, all: &mut Shown) {
    let seen = std::fs::symlink_metadata(path).unwrap();
    let times = [
        seen.mtime(),
        seen.mtime_nsec(),
        seen.ctime(),
        seen.ctime_nsec(),
    ];
    let mut bytes = Vec::new();
    if seen.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            gather(&entry.unwrap().path(), all);
        }
    } else {
        bytes = std::fs::read(path).unwrap();
    }
    all.insert(path.to_owned(), (times, bytes));
}

/// Waits until the server has done with every connection.
async fn settled(house: &House) {
    while std::sync::Arc::strong_count(&house.intake) > 1 {
        tokio::task::yield_now().await;
    }
}

/// A file or folder that was made and removed again shows in its folder's times.
fn unchanged(before: &Shown, house: &House, what: &str) {
    let after = shown(house);
    for (path, seen) in &after {
        assert!(
            before.get(path) == Some(seen),
            "{what} left a trace at {}",
            path.display()
        );
    }
    assert_eq!(before.len(), after.len(), "{what} removed something");
}

async fn create(house: &House, length: usize, body: &[u8], more: &[(&str, &str)]) -> Answer {
    let length = length.to_string();
    let mut headers = vec![("Upload-Length", length.as_str()), PATCH];
    headers.extend_from_slice(more);
    Wire::public(&house.intake)
        .tus("POST /drops", &headers, body)
        .await
}

async fn form(house: &House, content: &[u8], headers: &[(&str, &str)]) -> Answer {
    let begin =
        "--xYz\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"planted\"\r\n\r\n";
    let body = [begin.as_bytes(), content, b"\r\n--xYz--\r\n"].concat();
    let mut all = vec![("Content-Type", "multipart/form-data; boundary=xYz")];
    all.extend_from_slice(headers);
    Wire::public(&house.intake).ask("POST /", &all, &body).await
}

#[tokio::test]
async fn what_is_refused_or_was_never_offered_leaves_no_byte_and_no_time_on_the_disk() {
    let house = House::new().await;
    let (sealed, _) = house.drop(100_000);
    let whole = sealed.len();
    let changed = |at: usize, byte: u8| {
        let mut other = sealed.clone();
        other[at] = byte;
        other
    };
    let plain: Vec<u8> = b"planted".iter().copied().cycle().take(whole).collect();
    let (reply, version, epoch) = (changed(9, 2), changed(8, 9), changed(15, 9));
    settled(&house).await;
    let before = shown(&house);
    for (what, body) in [
        ("an unsealed file", &plain),
        ("a reply", &reply),
        ("another version", &version),
        ("another epoch", &epoch),
    ] {
        let refused = create(&house, whole, body, &[]).await;
        assert_eq!(refused.status, 422, "{what}");
        settled(&house).await;
        unchanged(&before, &house, what);
        let refused = form(&house, body, &[]).await;
        assert_eq!(refused.status, 303, "{what}");
        assert_ne!(refused.header("location"), Some("/arrived"), "{what}");
        settled(&house).await;
        unchanged(&before, &house, what);
    }
    let longer = create(&house, whole + 65_536, &sealed, &[]).await;
    assert_eq!(longer.status, 422);
    let charter = house.chain().chain().encode();
    for (line, status) in [
        ("PUT /charter", 405),
        ("PUT /sheet", 405),
        ("POST /sheets", 404),
        ("POST /receipts", 404),
        ("POST /replies", 404),
        ("PUT /hashes", 405),
        ("PUT /planted", 404),
        ("PUT /drops", 405),
    ] {
        let mut wire = Wire::public(&house.intake);
        let refused = wire.tus(line, &[], &charter).await;
        assert_eq!(refused.status, status, "{line}");
        let stranger = Wire::collection(&house.intake)
            .ask(line, &[], &charter)
            .await;
        assert_eq!(stranger.status, 401, "{line}");
    }
    settled(&house).await;
    unchanged(&before, &house, "what was never offered");
}

#[tokio::test]
async fn what_a_source_calls_its_file_reaches_neither_the_disk_nor_an_answer() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let named = (
        "Upload-Metadata",
        "filename cGxhbnRlZA==,planted cGxhbnRlZA==",
    );
    let made = create(&house, sealed.len(), &sealed, &[named]).await;
    assert_eq!(made.status, 201);
    let path = made.header("location").unwrap();
    let head = Wire::public(&house.intake)
        .tus(&format!("HEAD {path}"), &[], b"")
        .await;
    let handed_in = form(&house, &sealed, &[]).await;
    assert_eq!(handed_in.header("location"), Some("/arrived"));
    for answer in [&made, &head, &handed_in] {
        let told = format!(
            "{:?}{}",
            answer.headers,
            String::from_utf8_lossy(&answer.body)
        );
        assert!(
            !told.contains("planted") && !told.contains("cGxhbnRlZA"),
            "{told}"
        );
    }
    settled(&house).await;
    for (path, (_, bytes)) in shown(&house) {
        let found = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        assert!(
            !found(b"planted") && !found(b"cGxhbnRlZA"),
            "{}",
            path.display()
        );
        assert!(!path.ends_with("planted"));
    }
}

#[tokio::test]
async fn addresses_of_uploads_have_256_bits_that_nothing_tells_beforehand() {
    const CREATED: usize = 600;
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let length = sealed.len().to_string();
    let mut wire = Wire::public(&house.intake);
    let mut addresses = BTreeSet::new();
    for _ in 0..CREATED {
        let made = wire
            .tus("POST /drops", &[("Upload-Length", &length)], b"")
            .await;
        let digits = made
            .header("location")
            .unwrap()
            .strip_prefix("/drops/")
            .unwrap();
        let address: [u8; 32] = HEXLOWER
            .decode(digits.as_bytes())
            .unwrap()
            .try_into()
            .unwrap();
        assert!(addresses.insert(address), "an address came twice");
    }
    // Of 600 fair bits 300 are set, give or take 12: nine times that does not happen by chance.
    for bit in 0..256 {
        let set = |address: &&[u8; 32]| address[bit / 8] >> (bit % 8) & 1 == 1;
        let ones = addresses.iter().filter(set).count();
        assert!(
            (190..=410).contains(&ones),
            "bit {bit} is set {ones} times of {CREATED}"
        );
    }
    // Neither does a name on the disk tell an address, nor the name under which it is collected.
    let mut told = Vec::new();
    for _ in 0..4 {
        let made = create(&house, sealed.len(), &sealed, &[]).await;
        told.push(made.header("location").unwrap().to_owned());
    }
    for path in shown(&house).keys() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let tells = |address: &String| name.len() >= 8 && address.contains(name);
        assert!(!told.iter().any(tells), "{name}");
    }
}

#[tokio::test]
async fn two_requests_that_append_the_same_bytes_at_once_make_one_drop_of_those_bytes() {
    let house = House::new().await;
    // How much of the first request is there when the second begins.
    let begun = [0, 5_000, 100_000, 300_000, 700_000, 1_000_000, usize::MAX];
    for (round, begun) in begun.into_iter().enumerate() {
        let (sealed, tree) = house.drop(300_000);
        let length = sealed.len().to_string();
        let made = Wire::public(&house.intake)
            .tus("POST /drops", &[("Upload-Length", &length)], b"")
            .await;
        let path = made.header("location").unwrap().to_owned();
        let (mut one, mut other) = (Wire::public(&house.intake), Wire::public(&house.intake));
        let headers = [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), PATCH];
        let part = &sealed[..begun.min(sealed.len())];
        one.begin(&format!("PATCH {path}"), &headers, sealed.len(), part)
            .await;
        let second = other.patch(&path, 0, &sealed).await;
        // It took over from the first, or comes too late and hears where the upload stands.
        assert!(
            [204, 409].contains(&second.status),
            "{begun}: {} {}",
            second.status,
            second.text()
        );
        let mut wire = Wire::public(&house.intake);
        let told = loop {
            let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
            if let Some(told) = head.header("knothole-tree") {
                break told.to_owned();
            }
            let at: usize = head.header("upload-offset").unwrap().parse().unwrap();
            wire.patch(&path, at, &sealed[at..]).await;
        };
        assert_eq!(told, tree.to_string());
        drop((one, other, wire));
        settled(&house).await;
        let drops = std::fs::read_dir(house.folder.path().join("drops"))
            .unwrap()
            .count();
        assert_eq!(drops, round + 1);
    }
    house.live_until(DAY + BATCH).await;
    let listing = house.collect("GET /listing", &[], b"").await;
    let all = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    assert_eq!(all.len(), begun.len());
    for listed in all {
        let fetched = house
            .collect(&format!("GET /drops/{}", listed.id), &[], b"")
            .await;
        assert_eq!(fetched.body.len(), house.drop(300_000).0.len());
    }
}

#[tokio::test]
async fn no_address_of_the_collection_side_does_or_tells_anything_to_a_stranger() {
    let house = House::new().await;
    let (sealed, tree) = house.drop(5);
    create(&house, sealed.len(), &sealed, &[]).await;
    house.live_until(DAY + BATCH).await;
    let listing = house.collect("GET /listing", &[], b"").await;
    let listed = ListedDrop::decode_list(unframe(&listing.body).unwrap()).unwrap();
    let length = u64::try_from(sealed.len()).unwrap();
    let receipt = house.receipt(Receipt::Opened {
        drop: listed[0].id,
        tree,
        length,
    });
    let (charter, sheets) = (house.chain().chain().encode(), house.sheets());
    let sealed_at = format!("/drops/{}", listed[0].id);
    settled(&house).await;
    let before = shown(&house);
    let right = "ab".repeat(32);
    let wrong = [
        format!("Bearer {}", "ac".repeat(32)),
        format!("Bearer {}", right.to_uppercase()),
        format!("Bearer  {right}"),
        format!("Basic {right}"),
        format!("bearer {right}"),
        format!("Bearer {right}00"),
        "Bearer".to_owned(),
        right.clone(),
    ];
    let truly = format!("Bearer {right}");
    let mut shows: Vec<Vec<(&str, &str)>> = vec![Vec::new(), vec![("Cookie", &truly)]];
    for credential in &wrong {
        shows.push(vec![("Authorization", credential)]);
        // The first of two counts.
        shows.push(vec![
            ("Authorization", credential),
            ("Authorization", &truly),
        ]);
    }
    let refused = Wire::collection(&house.intake)
        .ask("GET /listing", &[], b"")
        .await;
    assert_eq!(refused.status, 401);
    for (path, body) in [
        ("/listing", &b""[..]),
        ("/charter", &charter),
        ("/sheets", &sheets),
        ("/receipts", &receipt),
        ("/replies", b"\x80"),
        (&sealed_at, b""),
        ("/", b""),
        ("/nothing", b""),
    ] {
        for method in ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"] {
            let line = format!("{method} {path}");
            for headers in &shows {
                let answer = Wire::collection(&house.intake)
                    .ask(&line, headers, body)
                    .await;
                assert_eq!(answer.status, 401, "{line} {headers:?}");
                assert_eq!(answer.headers, refused.headers, "{line}");
                assert!(method == "HEAD" || answer.body == refused.body, "{line}");
            }
        }
    }
    settled(&house).await;
    unchanged(&before, &house, "a stranger");
}

#[tokio::test]
async fn whoever_comes_by_a_gateway_is_sent_to_tor_browser_and_gets_nothing_else() {
    let house = House::new().await;
    let (sealed, _) = house.drop(5);
    let mailbox = Codename::from_bytes([1; 16]).way_back(&house.fingerprint());
    settled(&house).await;
    let before = shown(&house);
    let gateways = [
        ("X-Tor2web", "encrypted"),
        ("Via", "1.1 gateway.example"),
        ("Forwarded", "for=192.0.2.1"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Host", "gateway.example"),
        ("X-Forwarded-Proto", "https"),
        ("X-Real-IP", "192.0.2.1"),
    ];
    for gateway in gateways {
        for line in [
            "GET /".to_owned(),
            "GET /ar/".to_owned(),
            "GET /saved".to_owned(),
            "GET /charter".to_owned(),
            "GET /newsroom.txt".to_owned(),
            "GET /leave".to_owned(),
            "OPTIONS /drops".to_owned(),
            format!("GET /mailbox/{}", mailbox.mailbox()),
            "GET /nothing".to_owned(),
        ] {
            let answer = Wire::public(&house.intake)
                .ask(&line, &[gateway], b"")
                .await;
            assert_eq!(answer.status, 403, "{line}");
            assert!(answer.text().contains("in Tor Browser."), "{line}");
        }
        assert_eq!(
            create(&house, sealed.len(), &sealed, &[gateway])
                .await
                .status,
            403
        );
        assert_eq!(form(&house, &sealed, &[gateway]).await.status, 403);
    }
    settled(&house).await;
    unchanged(&before, &house, "a gateway");
    let answer = Wire::public(&house.intake).ask("GET /", &[], b"").await;
    assert_eq!(answer.status, 200);
}
