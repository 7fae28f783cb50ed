//! A person at a terminal.

use crate::program::Desk;
use crate::screen::Terminal;

const WIPED: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

#[test]
fn a_passphrase_is_made_typed_again_and_wiped_from_the_screen() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.path(), "vault new a.vault --epochs 1");
    terminal.until("shown only once:\r\n\r\n    ");
    let made = terminal.until("\r\n");
    assert_eq!(made.split(' ').count(), 7);
    terminal.until("Type it (or press Enter");
    terminal.types_unseen("something else");
    let answer = terminal.until("Type it (or press Enter");
    assert!(answer.contains("That is not what is shown above"));
    assert!(!answer.contains("something else"));
    terminal.types_unseen(&made);
    let typed = terminal.until(WIPED);
    assert!(!typed.contains(&made));
    terminal.until("1 to 1, a week each");
    assert_eq!(terminal.code(), Some(0));
    let shown = desk.knothole("vault show a.vault --passphrase-fd 0", &format!("{made}\n"));
    assert_eq!(shown.code, 0, "{}", shown.err);
}

#[test]
fn whoever_wants_a_passphrase_of_their_own_is_warned_and_types_it_twice() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.path(), "vault new a.vault --epochs 1");
    terminal.until("Type it (or press Enter");
    terminal.types_unseen("");
    terminal.until("Your passphrase: ");
    terminal.types_unseen("my own");
    let answer = terminal.until("The same again: ");
    assert!(answer.contains("Warning: this passphrase is short"));
    assert!(!answer.contains("my own"));
    terminal.types_unseen("my owl");
    terminal.until("That is not the same.");
    terminal.until("The same again: ");
    terminal.types_unseen("my own");
    terminal.until("1 to 1, a week each");
    assert_eq!(terminal.code(), Some(0));
    let shown = desk.knothole("vault show a.vault --passphrase-fd 0", "my own\n");
    assert_eq!(shown.code, 0, "{}", shown.err);
}

#[test]
fn whoever_presses_enter_too_often_is_asked_again() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.path(), "vault new a.vault --epochs 1");
    terminal.until("Type it (or press Enter");
    terminal.types_unseen("");
    terminal.until("Your passphrase: ");
    terminal.types_unseen("");
    terminal.until("Nothing was typed");
    terminal.until("Your passphrase: ");
    terminal.types_unseen("my own");
    terminal.until("The same again: ");
    terminal.types_unseen("");
    terminal.until("That is not the same.");
    terminal.until("The same again: ");
    terminal.types_unseen("my own");
    terminal.until("1 to 1, a week each");
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn whoever_never_types_anything_gets_no_vault() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.path(), "vault new a.vault --epochs 1");
    terminal.until("Type it (or press Enter");
    terminal.types_unseen("");
    for _ in 0..3 {
        terminal.until("Your passphrase: ");
        terminal.types_unseen("");
    }
    terminal.until("the passphrase is empty");
    assert_eq!(terminal.code(), Some(2));
    assert!(desk.names().is_empty());
}

#[test]
fn whoever_cannot_repeat_the_passphrase_gets_no_vault() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.path(), "vault new a.vault --epochs 1");
    for wrong in ["one", "two", "three"] {
        terminal.until("Type it (or press Enter");
        terminal.types_unseen(wrong);
    }
    terminal.until("nothing was written, begin again");
    assert_eq!(terminal.code(), Some(2));
    assert!(desk.names().is_empty());
}

#[test]
fn slips_are_shown_one_by_one_and_each_is_typed_back_and_wiped() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.path(), "vault new a.vault --epochs 2 --slips -");
    terminal.until("shown only once:\r\n\r\n    ");
    let made = terminal.until("\r\n");
    terminal.until("Type it (or press Enter");
    terminal.types_unseen(&made);
    terminal.until(WIPED);
    for epoch in 1..=2 {
        terminal.until(&format!("Slip of epoch {epoch} "));
        terminal.until("\r\n\r\n");
        let words = terminal.until("\r\n\r\nBurn this paper");
        let words: Vec<_> = words.split_whitespace().collect();
        assert_eq!(words.len(), 12);
        terminal.until("type its words here: ");
        if epoch == 1 {
            terminal.types_unseen("something else");
            terminal.until("That is not what is shown above");
            terminal.until("type its words here: ");
        }
        terminal.types_unseen(&words.join(" ").to_uppercase());
        terminal.until(WIPED);
    }
    terminal.until("2 epochs need their slips");
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn nothing_is_burned_unless_a_person_types_yes() {
    const ONION: &str = "lbtgmztgmztgmztgmztgmztgmztgmztgmztgmztgmztgmztgmztmn5ad.onion";
    let desk = Desk::in_memory();
    let at = "--archive archive --vault a.vault";
    for line in [
        "vault new a.vault --epochs 1".to_owned(),
        "vault card a.vault --out a.card".to_owned(),
        format!("newsroom found a.card --quorum 1 --onion {ONION} {at}"),
    ] {
        let ran = desk.knothole(&format!("{line} --passphrase-fd 0"), "right\n");
        assert_eq!(ran.code, 0, "{}", ran.err);
    }
    for (answer, code) in [("no", 1), ("yes", 0)] {
        let line = format!("epochs burn 1 --lose-undelivered {at}");
        let mut terminal = Terminal::start(desk.path(), &line);
        terminal.until("Passphrase of a.vault: ");
        terminal.types_unseen("right");
        terminal.until("whatever of it is still on the way is lost");
        terminal.until("Burn? Type yes: ");
        terminal.types(&format!("{answer}\n"));
        terminal.until(if code == 0 {
            "Burned: epoch 1"
        } else {
            "nobody said yes: nothing was burned"
        });
        assert_eq!(terminal.code(), Some(code));
    }
}
