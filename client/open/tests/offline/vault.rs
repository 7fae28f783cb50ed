//! `knothole vault …`

use std::fs;
use std::process::Command;

use knothole_envelope::{EditorCard, Signed};

use crate::program::{Desk, PROGRAM};

#[test]
fn a_new_vault_is_shown_with_its_editor_and_its_days() {
    let desk = Desk::new();
    let line = "vault new a.vault --epochs 3 --first-day 2026-11-23 --passphrase-fd 0";
    let made = desk.knothole(line, "right\n");
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(made.out.contains("1 to 3, a week each"), "{}", made.out);
    assert!(made.out.contains("2026-11-23 to 2026-12-13"));
    let shown = desk.knothole("vault show a.vault --passphrase-fd 0 --quiet", "right\n");
    assert_eq!(
        (shown.code, shown.out, shown.err.as_str()),
        (0, made.out, "")
    );
    let json = desk.knothole("vault show a.vault --passphrase-fd 0 --json", "right\n");
    assert!(
        json.out
            .starts_with("{\"event\":\"vault\",\"vault\":\"a.vault\",\"editor\":\"")
    );
    assert!(json.out.contains("\"last_day\":\"2026-12-13\""));
}

#[test]
fn what_a_new_vault_says_comes_next_can_be_typed_as_it_stands() {
    let desk = Desk::new();
    fs::create_dir(desk.file("STICK")).unwrap();
    let made = desk.knothole("vault new a.vault --epochs 1 --passphrase-fd 0", "right\n");
    let said = made.err.replace('\n', " ");
    let commands: Vec<_> = said.split('"').skip(1).step_by(2).collect();
    assert_eq!(commands.len(), 2, "{said}");
    for command in commands {
        let line = command.strip_prefix("knothole ").unwrap();
        let ran = desk.knothole(&format!("{line} --passphrase-fd 0"), "right\n");
        assert_eq!(ran.code, 0, "{command}: {}", ran.err);
    }
    assert!(desk.file("CARD").exists() && desk.file("STICK/a.vault").exists());
}

#[test]
fn a_wrong_passphrase_is_exit_1_and_says_which_vault_and_what_to_do() {
    let desk = Desk::with_vault();
    for command in [
        "show a.vault",
        "card a.vault --out c",
        "copy a.vault --out c",
    ] {
        let refused = desk.knothole(&format!("vault {command} --passphrase-fd 0"), "wrong-one\n");
        assert_eq!((refused.code, refused.out.as_str()), (1, ""));
        assert!(
            refused
                .err
                .contains("a.vault: this is not the passphrase of this vault")
        );
        assert!(refused.err.contains("Type the passphrase again"));
        assert!(!refused.err.contains("wrong-one"));
    }
    assert_eq!(desk.names(), ["a.vault"]);
}

#[test]
fn what_exists_is_never_written_over() {
    let desk = Desk::with_vault();
    let before = fs::read(desk.file("a.vault")).unwrap();
    for command in [
        "new a.vault",
        "copy a.vault --out a.vault",
        "copy a.vault --out .",
        "card a.vault --out a.vault",
    ] {
        let refused = desk.knothole(&format!("vault {command} --passphrase-fd 0"), "right\n");
        assert_eq!(refused.code, 1, "{command}");
        assert!(refused.err.contains("a.vault"), "{}", refused.err);
    }
    assert_eq!(fs::read(desk.file("a.vault")).unwrap(), before);
    assert_eq!(desk.names(), ["a.vault"]);
}

#[test]
fn a_vault_is_copied_into_a_folder_under_its_own_name() {
    let desk = Desk::with_vault();
    fs::create_dir(desk.file("stick")).unwrap();
    let copied = desk.knothole(
        "vault copy a.vault --out stick --passphrase-fd 0",
        "right\n",
    );
    assert_eq!(copied.code, 0, "{}", copied.err);
    assert!(copied.out.contains("stick/a.vault is a copy"));
    let shown = desk.knothole("vault show stick/a.vault --passphrase-fd 0", "right\n");
    assert_eq!(shown.code, 0);
}

#[test]
fn after_a_change_of_the_passphrase_only_the_new_one_opens() {
    let desk = Desk::with_vault();
    let line = "vault passphrase a.vault --passphrase-fd 0 --passphrase-fd 0";
    let changed = desk.knothole(line, "right\nnew\n");
    assert_eq!(changed.code, 0, "{}", changed.err);
    let show = "vault show a.vault --passphrase-fd 0";
    assert_eq!(desk.knothole(show, "right\n").code, 1);
    assert_eq!(desk.knothole(show, "new\n").code, 0);
    let short = desk.knothole(&line.replace(" --passphrase-fd 0 ", " "), "new\nother\n");
    assert_eq!(short.code, 2);
    assert!(short.err.contains("fewer --passphrase-fd"), "{}", short.err);
    assert_eq!(desk.knothole(show, "new\n").code, 0);
}

#[test]
fn a_card_is_signed_by_its_vault() {
    let desk = Desk::with_vault();
    let made = desk.knothole("vault card a.vault --out c --passphrase-fd 0", "right\n");
    assert_eq!(made.code, 0, "{}", made.err);
    let card = Signed::<EditorCard>::decode(&fs::read(desk.file("c")).unwrap()).unwrap();
    assert_eq!(card.verify().unwrap().epochs().count(), 2);
}

#[test]
fn what_cannot_be_asked_for_is_exit_2() {
    let desk = Desk::new();
    for line in [
        "vault",
        "vault new",
        "vault new a --epochs 0 --passphrase-fd 0",
        "vault new a --epochs 521 --passphrase-fd 0",
        "vault new a --days 93 --passphrase-fd 0",
        "vault new a --first-epoch 0 --passphrase-fd 0",
        "vault new a --first-day 2026-02-30 --passphrase-fd 0",
        "vault new a --passphrase-fd -1",
        "vault show a --json --quiet",
    ] {
        let refused = desk.knothole(line, "right\n");
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{line}");
        assert!(!refused.err.is_empty());
    }
    for input in ["", "\n", "\r\n", &"x".repeat(1025)] {
        let refused = desk.knothole("vault new a --passphrase-fd 0", input);
        assert_eq!(refused.code, 2, "{}", refused.err);
    }
    assert!(desk.names().is_empty());
}

#[test]
fn a_file_that_is_no_vault_or_is_not_there_is_named() {
    let desk = Desk::new();
    fs::File::create(desk.file("notes")).unwrap();
    let refused = desk.knothole("vault show notes --passphrase-fd 0", "right\n");
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("notes: this is not a vault"));
    let refused = desk.knothole("vault show none --passphrase-fd 0", "right\n");
    assert_eq!(refused.code, 1);
    assert!(
        refused
            .err
            .contains("none: cannot read this file: No such file"),
        "{}",
        refused.err
    );
    let refused = desk.knothole("vault new far/a --passphrase-fd 0", "right\n");
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("far: cannot open this folder"),
        "{}",
        refused.err
    );
}

#[test]
fn a_refusal_is_an_event_for_other_programs() {
    let desk = Desk::with_vault();
    let refused = desk.knothole("vault show a.vault --passphrase-fd 0 --json", "wrong\n");
    assert_eq!((refused.code, refused.err.as_str()), (1, ""));
    assert!(
        refused
            .out
            .starts_with("{\"event\":\"failed\",\"code\":1,\"text\":\"a.vault: ")
    );
}

#[test]
fn without_a_terminal_and_without_a_descriptor_it_says_what_to_do() {
    let desk = Desk::with_vault();
    let line = ["--wait", PROGRAM, "vault", "show", "a.vault"];
    let refused = desk.run(Command::new("setsid").args(line), "");
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("--passphrase-fd"), "{}", refused.err);
    let line = [
        "--wait",
        PROGRAM,
        "vault",
        "show",
        "a.vault",
        "--passphrase-fd",
        "77",
    ];
    let refused = desk.run(Command::new("setsid").args(line), "");
    assert_eq!(refused.code, 2, "{}", refused.err);
}

#[test]
fn a_day_that_is_named_takes_the_place_of_the_machines_clock() {
    let desk = Desk::new();
    let line = "vault new a.vault --epochs 1 --today 2031-06-04 --passphrase-fd 0";
    let made = desk.knothole(line, "right\n");
    assert_eq!(made.code, 0, "{}", made.err);
    assert!(
        made.out.contains("2031-06-02 to 2031-06-08"),
        "{}",
        made.out
    );
    let refused = desk.knothole("vault show a.vault --today 2031-06-31", "");
    assert_eq!(refused.code, 2);
}
