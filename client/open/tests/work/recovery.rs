//! Too many vaults are lost: papers, by the program itself.

use std::fs;

use knothole_envelope::{CharterChain, Fingerprint};

use crate::editors::THREE;
use crate::newsroom::{ONE, TWO, onion, run};

/// The words of a paper, as a person would type them off.
fn typed(page: &str) -> String {
    let rows = page.lines().filter(|line| {
        let first = line.split_whitespace().next();
        first.is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let words = rows.flat_map(|row| row.split_whitespace().filter(|word| !is_number(word)));
    words.collect::<Vec<_>>().join(" ")
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn after_all_vaults_are_lost_the_papers_put_new_editors_in_charge() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let at = folder.path();
    let read = |name: &str| fs::read(at.join(name)).unwrap();
    for (vault, passphrase) in [("v1", ONE), ("v2", TWO), ("v3", THREE)] {
        run(at, &[passphrase], &format!("vault new {vault} --epochs 3")).ends_with(0);
        let card = format!("vault card {vault} --out {vault}.card");
        run(at, &[passphrase], &card).ends_with(0);
    }
    let found = format!(
        "newsroom found v1.card v2.card --quorum 2 --onion {} --archive archive --recovery 2",
        onion()
    );
    // Where nobody sees them, papers need a folder.
    run(at, &[ONE], &format!("{found} --vault v1"))
        .ends_with(2)
        .says("--papers");
    // The editors sign in turn: the papers are made once.
    run(at, &[ONE], &format!("{found} --papers papers --vault v1"))
        .ends_with(4)
        .says("recovery papers lie in papers");
    let papers = ["1", "2"].map(|number| {
        let page = read(&format!("papers/recovery-paper-{number}.txt"));
        String::from_utf8(page).unwrap()
    });
    fs::remove_dir_all(at.join("papers")).unwrap();
    fs::create_dir(at.join("carry")).unwrap();
    let last = format!("{found} --papers papers --out carry --vault v1 --vault v2");
    run(at, &[ONE, TWO], &last).ends_with(0);
    assert!(!at.join("papers").exists());
    let chain = CharterChain::decode(&read("carry/knothole-outbox/charter")).unwrap();
    let fingerprint: Fingerprint = chain.unverified_fingerprint().unwrap();
    assert!(papers[0].contains(&fingerprint.grouped()));
    // Now vaults and archive are gone, and the courier's stick is left.
    for lost in ["v1", "v2"] {
        fs::remove_file(at.join(lost)).unwrap();
    }
    fs::remove_dir_all(at.join("archive")).unwrap();
    let words = papers.each_ref().map(|page| typed(page));
    let recover = format!(
        "newsroom recover v3.card --quorum 1 --charter carry/knothole-outbox/charter --address \
         knothole:{}#{fingerprint} --archive new --out carry --vault v3",
        onion()
    );
    run(at, &[THREE, &words[0]], &recover)
        .ends_with(1)
        .says("it takes every one of them");
    run(at, &[THREE, &words[0], "some words"], &recover)
        .ends_with(2)
        .says("has 24 words");
    assert!(!at.join("new/state").exists());
    run(at, &[THREE, &words[1], &words[0]], &recover)
        .ends_with(0)
        .says("goes on with 1 editor under")
        .says("what was sealed to the lost vaults is lost");
    let longer = CharterChain::decode(&read("carry/knothole-outbox/charter")).unwrap();
    let longer = longer.verify(&fingerprint).unwrap();
    assert!(longer.continues(&chain.verify(&fingerprint).unwrap()));
    assert!(longer.recovered().is_some());
    // The new editor's vault knows the newsroom, and everybody is told how it came about.
    run(at, &[THREE], "newsroom show --archive new --vault v3")
        .ends_with(0)
        .says("charter 2 was made by the recovery papers")
        .says(&fingerprint.grouped());
}

#[test]
fn the_newsroom_moves_to_another_address_under_its_fingerprint() {
    let newsroom = crate::newsroom::Newsroom::new();
    let other = knothole_envelope::OnionAddress::from_identity(&[6; 32]);
    newsroom
        .run(&format!("newsroom move {other}"))
        .ends_with(0)
        .says(&other.to_string());
    newsroom
        .run("newsroom show")
        .says(&other.to_string())
        .says(&newsroom.chain.fingerprint().grouped());
}
