//! Every store that was ever released, opened by the program of today.
//!
//! `fixtures/VERSION` holds a store and a ledger of what is in it, made by `examples/store_fixture` of
//! the program that had this version. A fixture never changes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![allow(dead_code, reason = "other tests use the rest of the modules")]

#[path = "uploads/newsroom.rs"]
mod newsroom;
#[path = "upgrade/story.rs"]
mod story;
#[path = "uploads/wire.rs"]
mod wire;

use std::fs;
use std::path::{Path, PathBuf};

use knothole_envelope::{HEADER_LEN, ListedDrop, Opener, unframe, unlock};
use knothole_intake::{Desk, DeskError, Intake, OpenError, UnixSeconds};
use newsroom::House;
use story::{ACKNOWLEDGED, BEGAN, LEFT, Ledger, WORDS};
use tempfile::TempDir;
use wire::Wire;

/// Some seconds after it was left: the same batch.
const NOW: u64 = LEFT + 10;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The versions of which there are fixtures, the oldest first.
fn versions() -> Vec<u32> {
    let entries = fs::read_dir(fixtures()).unwrap();
    let mut versions: Vec<u32> = entries
        .map(|entry| {
            entry
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    versions.sort_unstable();
    assert_eq!(versions.first(), Some(&1));
    versions
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A copy of the store of this version, and its ledger.
fn left(version: u32) -> (TempDir, Ledger) {
    let fixture = fixtures().join(version.to_string());
    let folder = tempfile::tempdir().unwrap();
    copy(&fixture.join("store"), folder.path());
    let ledger = fs::read_to_string(fixture.join("ledger")).unwrap();
    (folder, Ledger::read(&ledger))
}

fn open(version: u32) -> (House, Ledger) {
    let (folder, ledger) = left(version);
    let house = House::in_folder(folder, story::keys(), story::rules(), (BEGAN, NOW));
    (house, ledger)
}

async fn listing(house: &House) -> Vec<ListedDrop> {
    let answer = house.collect("GET /listing", &[], b"").await;
    assert_eq!(answer.status, 200);
    ListedDrop::decode_list(unframe(&answer.body).unwrap()).unwrap()
}

#[tokio::test]
async fn every_released_store_opens_with_all_that_was_in_it() {
    for version in versions() {
        let (house, ledger) = open(version);
        let status = house.intake.status();
        assert!(status.charter_held && !status.closed, "{version}");
        assert_eq!((status.sheets, status.replies), (1, 2), "{version}");
        let drops = (status.visible, status.waiting, status.unfinished);
        assert_eq!(drops, (2, 1, 1), "{version}");
        assert_eq!(status.damaged, 0, "{version}");

        let listed = listing(&house).await;
        let mut trees: Vec<String> = listed.iter().map(|drop| drop.tree.to_string()).collect();
        trees.sort();
        let mut wanted = [ledger.one("earnest"), ledger.one("signed-off")];
        wanted.sort_unstable();
        assert_eq!(trees, wanted, "{version}");
        let earnest = listed
            .iter()
            .find(|drop| drop.tree.to_string() == ledger.one("earnest"))
            .unwrap();
        let line = format!("GET /drops/{}", earnest.id);
        let sealed = house.collect(&line, &[], b"").await.body;
        let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().unwrap();
        let opener = Opener::new(house.epoch_secret(), 0);
        let unlocked = unlock(header, 1, &[opener]).unwrap();
        let reader = unlocked.into_drop(chunks).unwrap();
        assert_eq!(reader.manifest().message().as_str(), WORDS, "{version}");
    }
}

#[tokio::test]
async fn uploads_go_on_in_every_released_store_and_replies_are_still_there() {
    for version in versions() {
        let (house, ledger) = open(version);
        let path = ledger.one("unfinished");
        let mut wire = Wire::public(&house.intake);
        let head = wire.tus(&format!("HEAD {path}"), &[], b"").await;
        let offset = ACKNOWLEDGED.to_string();
        assert_eq!(head.header("upload-offset"), Some(offset.as_str()));
        let length: usize = head.header("upload-length").unwrap().parse().unwrap();
        let rest = vec![0; length - ACKNOWLEDGED];
        let done = wire.patch(path, ACKNOWLEDGED, &rest).await;
        // It was hollow, as the one that came in lanes.
        assert!(done.header("knothole-tree").is_some(), "{version}");
        assert_eq!(house.intake.status().waiting, 2, "{version}");

        let mailbox = *story::source(&house).mailbox();
        let answer = wire.ask(&format!("GET /mailbox/{mailbox}"), &[], b"").await;
        let shown: Vec<String> = answer
            .body
            .chunks(answer.body.len() / 4)
            .map(|envelope| {
                use sha2::{Digest as _, Sha256};
                data_encoding::HEXLOWER.encode(&Sha256::digest(envelope))
            })
            .collect();
        let replies = ledger.all("reply");
        assert_eq!(replies.len(), 2);
        assert!(
            replies
                .iter()
                .all(|reply| shown.iter().any(|one| one == reply))
        );
    }
}

#[tokio::test]
async fn the_days_go_on_in_every_released_store() {
    for version in versions() {
        let (house, ledger) = open(version);
        let tomorrow = UnixSeconds::new(LEFT + 86_400);
        house.intake.tick(tomorrow).await.unwrap();
        let trees: Vec<String> = listing(&house)
            .await
            .iter()
            .map(|drop| drop.tree.to_string())
            .collect();
        assert_eq!(trees.len(), 3, "{version}");
        assert!(trees.iter().any(|tree| tree == ledger.one("waiting")));
        for day in 2..=4 {
            let then = UnixSeconds::new(LEFT + day * 86_400);
            house.intake.tick(then).await.unwrap();
        }
        let trees: Vec<String> = listing(&house)
            .await
            .iter()
            .map(|drop| drop.tree.to_string())
            .collect();
        assert_eq!(trees.len(), 2, "{version}");
        assert!(trees.iter().all(|tree| tree != ledger.one("signed-off")));
    }
}

#[test]
fn a_store_is_marked_with_the_newest_version_of_which_there_is_a_fixture() {
    let newest = *versions().last().unwrap();
    for version in versions() {
        let (folder, _) = left(version);
        if version == 1 {
            // The first stores had no mark.
            fs::remove_file(folder.path().join("version")).unwrap();
        }
        let now = UnixSeconds::new(NOW);
        Intake::open(folder.path(), story::rules(), now).unwrap();
        let mark = fs::read_to_string(folder.path().join("version")).unwrap();
        assert_eq!(mark, format!("{newest}\n"), "{version}");
    }
}

/// Every file with its content, and every folder.
fn everything(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything(&path));
            found.push((path, Vec::new()));
        } else {
            let bytes = fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn a_store_of_a_newer_program_is_refused_with_a_sentence_and_left_as_it_is() {
    let newest = *versions().last().unwrap();
    let (folder, _) = left(newest);
    let path = folder.path();
    fs::File::create(path.join("version")).unwrap();
    let now = UnixSeconds::new(NOW);
    let damaged = Intake::open(path, story::rules(), now).unwrap_err();
    assert!(matches!(damaged, OpenError::Version), "{damaged}");
    #[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
    fs::write(path.join("version"), format!("{}\n", newest + 1)).unwrap();
    let before = everything(path);
    let error = Intake::open(path, story::rules(), now).unwrap_err();
    assert!(matches!(error, OpenError::Newer), "{error}");
    assert!(error.to_string().contains("start the newer one again"));
    assert!(matches!(Desk::open(path), Err(DeskError::Newer)));
    assert!(everything(path) == before);
}
