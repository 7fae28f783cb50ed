//! Editors who join and leave, by the program itself.

use std::fs;

use knothole_envelope::{CharterChain, Sheet, Signed};

use crate::newsroom::{Newsroom, ONE, Run, TWO, run};

pub(crate) const THREE: &str = "three correct horse battery staple";

impl Newsroom {
    /// Makes the vault that the program asks for, and its card.
    pub(crate) fn newcomer(&self, vault: &str, passphrase: &str) {
        let shown = self.run("newsroom show");
        let line = shown.line("knothole vault new VAULT");
        let (_, command) = line.split_once("`knothole ").unwrap();
        let (command, _) = command.split_once('`').unwrap();
        let command = command.replace("VAULT", vault);
        self.with(&[passphrase], &command).ends_with(0);
        let card = format!("vault card {vault} --out {vault}.card");
        self.with(&[passphrase], &card).ends_with(0);
    }

    pub(crate) fn with(&self, passphrases: &[&str], arguments: &str) -> Run {
        run(self.folder.path(), passphrases, arguments)
    }
}

#[test]
fn an_editor_joins_and_works_with_the_others_and_another_leaves() {
    let mut newsroom = Newsroom::new();
    let before = newsroom.seal(0xaa, b"sealed before");
    newsroom
        .run("newsroom show")
        .ends_with(0)
        .says("quorum       2 of 2: no vault may be lost")
        .says("when one vault is lost");
    newsroom.newcomer("v3", THREE);
    fs::create_dir(newsroom.path("carry")).unwrap();
    newsroom
        .run("newsroom add v3.card --out carry")
        .ends_with(0)
        .says("Editor 3 has joined")
        .says("quorum       2 of 3: 1 vault may be lost");
    newsroom
        .run("newsroom add v3.card")
        .ends_with(1)
        .says("one already");
    // The new editor's vault alone cannot know whose archive this is.
    let keys = "--archive archive --vault v3 --vault v1";
    newsroom
        .with(&[THREE, ONE], &format!("list {keys}"))
        .ends_with(0);
    newsroom
        .with(&[THREE], "vault show v3")
        .ends_with(0)
        .says(&newsroom.chain.fingerprint().grouped());
    // The server gets the chain, and sheets that a sender can verify.
    let outbox = newsroom.path("carry/knothole-outbox");
    let chain = CharterChain::decode(&fs::read(outbox.join("charter")).unwrap()).unwrap();
    let chain = chain.verify(newsroom.chain.fingerprint()).unwrap();
    assert!(chain.continues(&newsroom.chain));
    assert_eq!(chain.sequence(), 2);
    for epoch in ["1", "2", "3"] {
        let sheet = fs::read(outbox.join("sheets").join(epoch)).unwrap();
        let sheet = Signed::<Sheet>::decode(&sheet).unwrap();
        let sheet = sheet.verify(&chain).unwrap();
        assert!(sheet.under_current_charter());
        assert_eq!(sheet.recipients().keys().len(), 3);
    }
    // Editor 2 leaves, and is not asked.
    let remove = format!("newsroom remove 2 {keys}");
    newsroom
        .with(&[THREE, ONE], &remove)
        .ends_with(0)
        .says("place 2 has left")
        .says("quorum       2 of 2");
    newsroom
        .run("list")
        .ends_with(1)
        .says("v2 is not a vault of this newsroom");
    newsroom.carry("stick", &[before]);
    newsroom
        .with(&[THREE, ONE], &format!("open stick {keys}"))
        .ends_with(0);
    // Only editors 1 and 2 have shares of what was sealed before.
    let open = format!("open --files files {keys}");
    newsroom.with(&[THREE, ONE], &open).ends_with(6);
}

#[test]
fn a_drop_that_was_sealed_before_the_change_opens_with_a_word_about_it() {
    let mut newsroom = Newsroom::new();
    let before = newsroom.seal(0xaa, b"sealed before");
    newsroom.newcomer("v3", THREE);
    newsroom.run("newsroom add v3.card").ends_with(0);
    newsroom.carry("stick", &[before]);
    newsroom
        .run("open stick --files files")
        .ends_with(0)
        .says("sealed to the editors of charter 1, and charter 2 has followed");
}

#[test]
fn a_drop_that_a_newcomer_has_no_keys_for_waits_for_those_who_have_them() {
    let mut newsroom = Newsroom::new();
    let before = newsroom.seal(0xaa, b"sealed before");
    newsroom.run("newsroom quorum 1").ends_with(0);
    newsroom.newcomer("v3", THREE);
    newsroom.run("newsroom add v3.card").ends_with(0);
    let keys = "--archive archive --vault v3";
    newsroom
        .with(&[THREE, ONE], &format!("list {keys} --vault v1"))
        .ends_with(0);
    newsroom.carry("stick", &[before]);
    let newcomer = |line: &str| newsroom.with(&[THREE], &format!("{line} {keys}"));
    newcomer("open stick --files files")
        .ends_with(5)
        .says("It waits in the archive for editors who have the keys");
    newcomer("list").ends_with(0).says("aaaaaaaa  waiting");
    // Nobody has looked into it: it is not refused like one that was seen.
    newcomer("refuse aa")
        .ends_with(1)
        .says("nothing was refused")
        .says("--unseen");
    newcomer("export aa --to files").ends_with(5);
    newsroom
        .run("open --files files")
        .ends_with(0)
        .says("aaaaaaaa is open in");
    newcomer("refuse aa")
        .ends_with(0)
        .says("was opened already");
}

#[test]
fn a_drop_that_nobody_here_could_look_into_is_refused_by_who_says_so() {
    let mut newsroom = Newsroom::new();
    let before = [newsroom.seal(0xaa, b"one"), newsroom.seal(0xbb, b"two")];
    newsroom.run("newsroom quorum 1").ends_with(0);
    newsroom.carry("stick", &before);
    newsroom.run("open stick").ends_with(0);
    // It still takes two to open what was sealed before.
    let one = |line: &str| {
        newsroom.with(
            &[ONE],
            &format!("refuse {line} --archive archive --vault v1"),
        )
    };
    one("aa").ends_with(1).says("--unseen");
    one("aa --unseen")
        .ends_with(0)
        .says("nobody here has seen it")
        .says("is refused");
    // Both together could have looked.
    newsroom.run("refuse bb").ends_with(0).says("is refused");
}

#[test]
fn the_quorum_and_the_editors_change_only_as_they_can() {
    let newsroom = Newsroom::new();
    newsroom
        .run("newsroom quorum 2")
        .ends_with(1)
        .says("already");
    newsroom.run("newsroom quorum 3").ends_with(1);
    newsroom
        .run("newsroom remove 1")
        .ends_with(1)
        .says("--quorum");
    newsroom
        .run("newsroom remove 3")
        .ends_with(1)
        .says("no such editor");
    newsroom.run("newsroom remove 0123abcd").ends_with(1);
    newsroom
        .run("newsroom add v2.card")
        .ends_with(1)
        .says("one already");
    let misfit = "vault new v3 --epochs 1 --first-day 2020-01-06";
    newsroom.with(&[THREE], misfit).ends_with(0);
    newsroom
        .with(&[THREE], "vault card v3 --out v3.card")
        .ends_with(0);
    newsroom
        .run("newsroom add v3.card")
        .ends_with(1)
        .says("knothole vault new VAULT --first-epoch 1 --first-day");
    let state = fs::read(newsroom.path("archive/state")).unwrap();
    // One of the two cannot do it.
    let alone = "newsroom quorum 1 --archive archive --vault v1";
    newsroom.with(&[ONE], alone).ends_with(6);
    assert_eq!(fs::read(newsroom.path("archive/state")).unwrap(), state);
    newsroom
        .run("newsroom quorum 1")
        .ends_with(0)
        .says("with a quorum of 1 each editor alone");
    newsroom
        .run("newsroom remove v1.card")
        .ends_with(0)
        .says("place 1 has left");
    let alone = "list --archive archive --vault v2";
    newsroom.with(&[TWO], alone).ends_with(0);
}

#[test]
fn a_vault_that_was_told_of_another_newsroom_opens_no_archive_but_that_ones() {
    let newsroom = Newsroom::new();
    let other = knothole_envelope::Fingerprint::from_bytes([7; 32]);
    newsroom
        .with(&[ONE], &format!("vault trust v1 {other}"))
        .ends_with(0)
        .says("belonged to another newsroom");
    newsroom
        .run("list")
        .ends_with(1)
        .says("another newsroom than the one that v1 belongs to");
    let short: String = other.to_string().chars().skip(1).collect();
    newsroom
        .with(&[ONE], &format!("vault trust v1 {short}"))
        .ends_with(2);
    // In groups, as the poster has it.
    let own = newsroom.chain.fingerprint().grouped();
    newsroom
        .with(&[ONE], &format!("vault trust v1 {own}"))
        .ends_with(0);
    newsroom.run("list").ends_with(0);
}
