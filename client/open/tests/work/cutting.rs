//! Work on a vault that is cut off by a kill, and vaults that are named by links.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use knothole_envelope::Day;

use crate::newsroom::{Newsroom, ONE, TWO, monday, run, run_cut_at, run_with};

/// What is secret of the record of the second epoch, as FORMAT.md places it.
fn record(vault: &Path) -> Vec<u8> {
    fs::read(vault).unwrap()[268 + 64 + 4..268 + 64 + 64].to_vec()
}

/// The files of the folder in which these bytes stand.
fn holders(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let bytes = fs::read(entry.path()).unwrap_or_default();
        if bytes.windows(wanted.len()).any(|window| window == wanted) {
            names.push(entry.file_name().into_string().unwrap());
        }
    }
    names.sort_unstable();
    names
}

#[test]
fn after_a_burn_nothing_is_left_of_a_change_that_was_killed() {
    let mut newsroom = Newsroom::new();
    let at = newsroom.folder.path().to_owned();
    let records = ["v1", "v2"].map(|vault| record(&newsroom.path(vault)));
    // Before the new file has its name, and when it has, before the old one is overwritten.
    for (call, vault, passphrase) in [("renameat2", "v1", ONE), ("pwrite64", "v2", TWO)] {
        let line = format!("epochs extend --vault {vault} --epochs 1");
        run_cut_at(call, &at, passphrase, &line);
    }
    for (record, vault) in records.iter().zip(["v1", "v2"]) {
        let both = [format!(".{vault}.new"), vault.to_owned()];
        assert_eq!(holders(&at, record), both);
    }
    run(&at, &[ONE], "vault show v1")
        .ends_with(0)
        .says(".v1.new: this was left when a change of the vault was cut off");
    newsroom.date = Day::new(monday().get() + 36).unwrap();
    newsroom.carry("later", &[]);
    newsroom.run("open later").ends_with(0);
    newsroom.run("epochs burn 2 --yes").ends_with(0);
    for (record, vault) in records.iter().zip(["v1", "v2"]) {
        assert_eq!(holders(&at, record), [""; 0]);
        assert!(!newsroom.path(&format!(".{vault}.new")).exists());
    }
    let shown = run(&at, &[TWO], "vault show v2");
    assert!(!shown.ends_with(0).has("cut off"));
}

#[test]
fn what_a_change_that_was_killed_has_left_is_wiped_by_the_next_change() {
    let newsroom = Newsroom::new();
    let at = newsroom.folder.path().to_owned();
    let secret = record(&newsroom.path("v1"));
    run_cut_at("renameat2", &at, ONE, "epochs extend --vault v1 --epochs 1");
    assert_eq!(holders(&at, &secret), [".v1.new", "v1"]);
    let line = "vault passphrase v1";
    let new = "three correct horse battery staple";
    run_with(&at, &[ONE, new], 2, line).ends_with(0);
    assert_eq!(holders(&at, &secret), ["v1"]);
    run_cut_at(
        "unlink,unlinkat",
        &at,
        new,
        "epochs extend --vault v1 --epochs 1",
    );
    // Overwritten already, it has its name alone.
    assert_eq!(holders(&at, &secret), ["v1"]);
    assert!(newsroom.path(".v1.new").exists());
}

#[test]
fn a_new_passphrase_for_a_vault_behind_a_link_is_the_vaults_own() {
    let newsroom = Newsroom::new();
    let at = newsroom.folder.path().to_owned();
    fs::create_dir(at.join("stick")).unwrap();
    fs::rename(at.join("v1"), at.join("stick/v1")).unwrap();
    symlink("stick/v1", at.join("v1")).unwrap();
    let new = "three correct horse battery staple";
    run_with(&at, &[ONE, new], 2, "vault passphrase v1").ends_with(0);
    assert!(at.join("v1").is_symlink());
    run(&at, &[ONE], "vault card stick/v1 --out x.card").ends_with(1);
    run(&at, &[new], "vault card stick/v1 --out x.card").ends_with(0);
    fs::hard_link(at.join("stick/v1"), at.join("second")).unwrap();
    run_with(&at, &[new, ONE], 2, "vault passphrase second").says("it has a second name");
}
