//! A person at a terminal who answers a source.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

use crate::newsroom::{ONE, TWO};
use crate::replying::{read, with_drops};

/// The program at a terminal of its own.
struct Terminal {
    child: Child,
    screen: File,
    seen: String,
}

impl Terminal {
    fn start(folder: &Path, line: &str) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_knothole")])
            .args(line.split(' '))
            .current_dir(folder)
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self {
            child,
            screen: pty.master.into(),
            seen: String::new(),
        }
    }

    /// Reads the screen until it shows this, and gives what it showed on the way.
    fn until(&mut self, sign: &str) -> String {
        let mut bytes = [0; 1024];
        loop {
            if let Some((before, after)) = self.seen.split_once(sign) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.seen = after;
                return before;
            }
            let count = self.screen.read(&mut bytes).unwrap_or(0);
            assert!(count > 0, "it ended without {sign:?}: {:?}", self.seen);
            let shown = String::from_utf8_lossy(&bytes[..count]);
            self.seen.push_str(&shown);
        }
    }

    /// Types both passphrases, each as soon as what is typed is no longer shown.
    fn opens_vaults(&mut self) {
        for (vault, passphrase) in [("v1", ONE), ("v2", TWO)] {
            self.until(&format!("Passphrase of {vault}: "));
            let shown = |screen| tcgetattr(screen).unwrap().local_flags;
            while shown(&self.screen).contains(LocalFlags::ECHO) {
                std::thread::yield_now();
            }
            self.types(&format!("{passphrase}\n"));
        }
    }

    fn types(&mut self, text: &str) {
        self.screen.write_all(text.as_bytes()).unwrap();
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

#[test]
fn words_that_are_typed_are_shown_again_and_sent_only_after_a_yes() {
    let newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    let line = "reply aa --archive archive --vault v1 --vault v2";
    for (answer, code) in [("y\n", 1), ("yes\n", 0)] {
        let mut terminal = Terminal::start(newsroom.folder.path(), line);
        terminal.opens_vaults();
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
