//! A newsroom that is founded, and whose editors change.

use std::fs;
use std::path::Path;

use knothole_envelope::CharterChain;

use crate::newsroom::{Newsroom, ONE, TWO, onion, run};
use crate::{BODY, KEYS, THREE, make_vault, newsroom, with_both, with_keys};

#[test]
fn a_newsroom_is_founded_once_wherever_that_was_cut_off() {
    let base = tempfile::tempdir_in("/dev/shm").unwrap();
    let at = base.path();
    make_vault(at, "v1", ONE);
    make_vault(at, "v2", TWO);
    let line = format!(
        "newsroom found v1.card v2.card --quorum 2 --onion {} --out .",
        onion()
    );
    let case = with_keys(at, &line);
    let then = |at: &Path| {
        // It is there and says so, or the same command founds it.
        let again = run(at, &[ONE, TWO], &format!("{line} {KEYS}"));
        if again.code != 0 {
            again
                .ends_with(1)
                .says("there is an archive in this folder already");
        }
        with_both(at, "newsroom poster --out poster.txt").ends_with(0);
        with_both(at, "outbox .").ends_with(0);
        let chain = fs::read(at.join("knothole-outbox/charter")).unwrap();
        let chain = CharterChain::decode(&chain).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        chain.verify(&fingerprint).unwrap();
        let poster = fs::read_to_string(at.join("poster.txt")).unwrap();
        assert!(poster.contains(&fingerprint.to_string()));
    };
    case.kill_everywhere(|at, _| then(at));
    case.pull_everywhere("archive", |at, _, _| then(at));
}

/// The drop that was sealed before opens with the vaults of before.
fn drop_opens(at: &Path, vaults: [(&str, &str); 2]) {
    let [(one, first), (two, second)] = vaults;
    let keys = format!("--archive archive --vault {one} --vault {two}");
    let open = format!("open stick --files files {keys}");
    run(at, &[first, second], &open).ends_with(0);
    let body = fs::read(at.join("files/aaaaaaaa/1.mov")).unwrap();
    assert_eq!(body, BODY);
}

/// A newsroom with a drop on the stick.
fn with_drop() -> Newsroom {
    let mut newsroom = newsroom();
    let drop = newsroom.seal(0xaa, BODY);
    newsroom.carry("stick", &[drop]);
    newsroom
}

#[test]
fn an_editor_has_joined_or_not_wherever_that_was_cut_off() {
    let newsroom = with_drop();
    let line = "newsroom add v3.card";
    let case = with_keys(newsroom.folder.path(), line);
    let then = |at: &Path| {
        let again = with_both(at, line);
        if again.code != 0 {
            again.ends_with(1).says("one already");
        }
        let show = "newsroom show --archive archive --vault v3 --vault v1";
        run(at, &[THREE, ONE], show).ends_with(0).says("2 of 3");
        drop_opens(at, [("v1", ONE), ("v2", TWO)]);
    };
    case.kill_everywhere(|at, _| then(at));
    case.pull_everywhere("archive", |at, _, said| {
        assert!(!said || with_both(at, "newsroom show").has("2 of 3"));
        then(at);
    });
}

#[test]
fn an_editor_has_left_or_not_wherever_that_was_cut_off() {
    let newsroom = with_drop();
    newsroom.run("newsroom add v3.card").ends_with(0);
    let line = "newsroom remove 3";
    let case = with_keys(newsroom.folder.path(), line);
    let then = |at: &Path| {
        let again = with_both(at, line);
        if again.code != 0 {
            again.ends_with(1);
        }
        with_both(at, "newsroom show").ends_with(0).says("2 of 2");
        drop_opens(at, [("v1", ONE), ("v2", TWO)]);
        let keys = "list --archive archive --vault v3 --vault v1";
        run(at, &[THREE, ONE], keys)
            .ends_with(1)
            .says("v3 is not a vault of this newsroom");
    };
    case.kill_everywhere(|at, _| then(at));
    case.pull_everywhere("archive", |at, _, said| {
        assert!(!said || with_both(at, "newsroom show").has("2 of 2"));
        then(at);
    });
}
