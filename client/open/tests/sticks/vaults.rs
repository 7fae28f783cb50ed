//! Vaults, on a stick of their own.

use std::fs;
use std::path::Path;

use crate::cut::Case;
use crate::newsroom::{ONE, monday, run, run_with};
use crate::{holders, record};

const NEW: &str = "three correct horse battery staple";

/// A folder with a vault of three epochs on the stick.
fn with_vault() -> tempfile::TempDir {
    let base = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::create_dir(base.path().join("stick")).unwrap();
    let line = format!("vault new stick/v1 --epochs 3 --first-day {}", monday());
    run(base.path(), &[ONE], &line).ends_with(0);
    base
}

/// What lies on the stick.
fn on_stick(at: &Path) -> Vec<String> {
    let entries = fs::read_dir(at.join("stick")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn new_vault_is_whole(at: &Path, line: &str) {
    // The vault is there, or the same command makes it.
    if !at.join("stick/v1").exists() {
        run(at, &[ONE], line).ends_with(0);
    }
    run(at, &[ONE], "vault show stick/v1").ends_with(0);
    run(at, &[ONE], "vault card stick/v1 --out card").ends_with(0);
}

#[test]
fn a_new_vault_is_whole_or_is_made_by_the_same_command_wherever_it_was_cut_off() {
    let base = tempfile::tempdir_in("/dev/shm").unwrap();
    fs::create_dir(base.path().join("stick")).unwrap();
    let line = format!("vault new stick/v1 --epochs 2 --first-day {}", monday());
    let case = Case::new(base.path(), &line, &[ONE]);
    case.kill_everywhere(|at, step| {
        new_vault_is_whole(at, &line);
        let left = on_stick(at);
        assert!(left == ["v1"], "{step}: {left:?}");
    });
    case.pull_everywhere("stick", |at, _, said| {
        assert!(!said || at.join("stick/v1").exists());
        new_vault_is_whole(at, &line);
    });
}

fn one_passphrase_opens(at: &Path) {
    let old = run(at, &[ONE], "vault show stick/v1").code == 0;
    let new = run(at, &[NEW], "vault show stick/v1").code == 0;
    assert!(old != new, "{old} {new}");
    if old {
        run_with(at, &[ONE, NEW], 2, "vault passphrase stick/v1").ends_with(0);
    } else {
        run_with(at, &[NEW, NEW], 2, "vault passphrase stick/v1").ends_with(0);
    }
    run(at, &[NEW], "vault show stick/v1").ends_with(0);
}

#[test]
fn a_vault_has_one_passphrase_wherever_its_change_was_cut_off() {
    let base = with_vault();
    let case = Case::new(base.path(), "vault passphrase stick/v1", &[ONE, NEW]);
    case.kill_everywhere(|at, step| {
        let secret = record(&at.join("stick/v1"));
        one_passphrase_opens(at);
        // What was cut off has left the keys in no other file.
        assert_eq!(holders(at, &secret), ["v1"], "{step}");
        assert_eq!(on_stick(at), ["v1"], "{step}");
    });
    case.pull_everywhere("stick", |at, step, said| {
        let secret = record(&at.join("stick/v1"));
        assert!(
            !said || run(at, &[NEW], "vault show stick/v1").code == 0,
            "{step}"
        );
        one_passphrase_opens(at);
        assert_eq!(holders(at, &secret), ["v1"], "{step}");
    });
}

/// Whether the vault has every key that it had, and `epochs extend` goes on.
fn extends_again(at: &Path, secret: &[u8]) {
    let line = "epochs extend --vault stick/v1 --epochs 1";
    run(at, &[ONE], "vault show stick/v1").ends_with(0);
    run(at, &[ONE], line).ends_with(0);
    assert_eq!(record(&at.join("stick/v1")), secret);
    assert_eq!(holders(at, secret), ["v1"]);
}

#[test]
fn an_extended_vault_keeps_all_its_keys_wherever_that_was_cut_off() {
    let base = with_vault();
    let secret = record(&base.path().join("stick/v1"));
    let line = "epochs extend --vault stick/v1 --epochs 1";
    let case = Case::new(base.path(), line, &[ONE]);
    case.kill_everywhere(|at, _| extends_again(at, &secret));
    case.pull_everywhere("stick", |at, step, said| {
        let shown = run(at, &[ONE], "vault show stick/v1");
        assert!(!said || shown.has("1 to 4"), "{step}");
        extends_again(at, &secret);
    });
}
