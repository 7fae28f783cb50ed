//! A person at a terminal who answers a source.

use crate::newsroom::{ONE, TWO};
use crate::replying::{read, with_drops};
use crate::screen::Terminal;

/// Types both passphrases.
fn open_vaults(terminal: &mut Terminal) {
    for (vault, passphrase) in [("v1", ONE), ("v2", TWO)] {
        terminal.until(&format!("Passphrase of {vault}: "));
        terminal.types_unseen(passphrase);
    }
}

#[test]
fn words_that_are_typed_are_shown_again_and_sent_only_after_a_yes() {
    let newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    let line = "reply aa --archive archive --vault v1 --vault v2";
    for (answer, code) in [("y\n", 1), ("yes\n", 0)] {
        let mut terminal = Terminal::start(newsroom.folder.path(), line);
        open_vaults(&mut terminal);
        terminal.until("To conversation 1: 2 drops, 0 replies.");
        terminal.until("then Ctrl-D.");
        terminal.types("first line\nsecond line\n\u{4}");
        terminal.until("  | first line\r\n  | second line");
        terminal.until("Type yes: ");
        terminal.types(answer);
        terminal.until(if code == 0 {
            "is sealed"
        } else {
            "did not say yes"
        });
        assert_eq!(terminal.code(), Some(code));
    }
    newsroom.run("outbox .").ends_with(0).says("and 1 reply");
    let replies = read(&newsroom, 1);
    assert_eq!(replies[0].message().as_str(), "first line\nsecond line");
    assert_eq!(replies[0].number(), 1);
}
