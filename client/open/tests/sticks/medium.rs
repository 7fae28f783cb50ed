//! Commands that are cut nowhere else: what they say is there has been put on the medium.

use std::fs;
use std::path::Path;

use knothole_envelope::{CharterChain, Fingerprint, OnionAddress};

use crate::cut::Case;
use crate::newsroom::{Newsroom, ONE, TWO, monday, onion, run};
use crate::{BODY, THREE, make_vault, newsroom, with_keys};

/// A newsroom with an opened drop, one that waits, and an empty stick.
fn with_drops() -> Newsroom {
    let mut newsroom = newsroom();
    let drop = newsroom.seal(0xaa, BODY);
    newsroom.carry("first", &[drop]);
    newsroom.run("open first --files files").ends_with(0);
    let drop = newsroom.seal(0xbb, BODY);
    newsroom.carry("second", &[drop]);
    newsroom.run("open second").ends_with(0);
    fs::create_dir(newsroom.path("carry")).unwrap();
    newsroom
}

#[test]
fn what_work_with_the_archive_says_is_there_has_been_synced() {
    let newsroom = with_drops();
    newsroom.run("outbox .").ends_with(0);
    let other = OnionAddress::from_identity(&[6; 32]);
    for line in [
        "export aa --to files",
        "export bb --to new",
        "refuse bb",
        "newsroom poster --out poster.svg",
        "newsroom courier courier.card --remove",
        "newsroom acknowledge --on",
        &format!("newsroom move {other}"),
        "newsroom quorum 1 --out carry",
        "epochs extend --epochs 1",
        "outbox carry",
        // All sheets are over, and those of before are taken away.
        "outbox . --today 2040-01-02",
    ] {
        with_keys(newsroom.folder.path(), line).is_on_the_medium();
    }
}

#[test]
fn what_work_with_a_vault_says_is_there_has_been_synced() {
    let newsroom = newsroom();
    let other = Fingerprint::from_bytes([7; 32]);
    for line in [
        "vault card v1 --out card",
        "vault copy v1 --out carry",
        &format!("vault trust v1 {other}"),
        "vault passphrase v1",
        "epochs extend --vault v1 --epochs 1 --card new.card --slips slips",
        &format!(
            "vault new new --epochs 2 --slips slips --first-day {}",
            monday()
        ),
    ] {
        let mut passphrases = vec![ONE];
        if line == "vault passphrase v1" {
            passphrases.push(THREE);
        }
        Case::new(newsroom.folder.path(), line, &passphrases).is_on_the_medium();
    }
}

/// The words of a recovery paper.
fn words(paper: &Path) -> String {
    let page = fs::read_to_string(paper).unwrap();
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let rows = page
        .lines()
        .filter(|row| row.split_whitespace().next().is_some_and(is_number));
    let words = rows.flat_map(|row| row.split_whitespace().filter(|word| !is_number(word)));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn recovery_papers_and_what_they_recover_have_been_synced() {
    let base = tempfile::tempdir_in("/dev/shm").unwrap();
    let at = base.path();
    for (name, passphrase) in [("v1", ONE), ("v2", TWO), ("v3", THREE)] {
        make_vault(at, name, passphrase);
    }
    fs::create_dir(at.join("carry")).unwrap();
    let found = format!(
        "newsroom found v1.card v2.card --quorum 2 --onion {} --recovery 1 --papers papers \
         --archive archive --out carry --vault v1 --vault v2",
        onion()
    );
    Case::new(at, &found, &[ONE, TWO]).is_on_the_medium();
    run(at, &[ONE, TWO], &found).ends_with(0);
    let chain = fs::read(at.join("carry/knothole-outbox/charter")).unwrap();
    let chain = CharterChain::decode(&chain).unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    let words = words(&at.join("papers/recovery-paper-1.txt"));
    let recover = format!(
        "newsroom recover v3.card --quorum 1 --charter carry/knothole-outbox/charter --address \
         knothole:{}#{fingerprint} --archive recovered --out carry --vault v3",
        onion()
    );
    Case::new(at, &recover, &[THREE, &words]).is_on_the_medium();
}
