//! A person at a terminal.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use nix::pty::openpty;
use nix::sys::termios::{SpecialCharacterIndices, tcgetattr};

use crate::run::Desk;

/// Begins what never scrolls into what a terminal keeps.
pub const ENTER: &str = "\u{1b}[?1049h";
/// Ends it.
pub const LEAVE: &str = "\u{1b}[?1049l";

/// The program, at a terminal of its own.
pub struct Terminal {
    child: Child,
    screen: File,
    /// What it showed since it was last looked at.
    seen: String,
    /// All that it ever showed.
    pub all: String,
}

impl Terminal {
    pub fn start(desk: &Desk, command: &str, arguments: &[&str]) -> Self {
        let pty = openpty(None, None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let (folder, needed) = desk.terminal_arguments();
        let child = Command::new("setsid")
            .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_knothole-send")])
            .arg(command)
            .args(needed)
            .args(arguments)
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
            all: String::new(),
        }
    }

    /// Reads the screen until it shows this, and gives what it showed on the way.
    pub fn until(&mut self, sign: &str) -> String {
        loop {
            if let Some((before, after)) = self.seen.split_once(sign) {
                let (before, after) = (before.to_owned(), after.to_owned());
                self.seen = after;
                return before;
            }
            assert!(self.read(), "it ended without {sign:?}: {:?}", self.seen);
        }
    }

    pub fn types(&mut self, line: &str) {
        self.screen.write_all(line.as_bytes()).unwrap();
        self.screen.write_all(b"\n").unwrap();
    }

    /// What Ctrl-C gives.
    pub fn interrupts(&mut self) {
        self.screen.write_all(b"\x03").unwrap();
    }

    /// What Ctrl-\ gives.
    pub fn quits(&mut self) {
        self.screen.write_all(b"\x1c").unwrap();
    }

    /// What Ctrl-D gives.
    pub fn ends_the_input(&mut self) {
        self.screen.write_all(b"\x04").unwrap();
    }

    /// Whether Ctrl-Z would take the program away and leave its screen.
    pub fn can_be_suspended(&self) -> bool {
        let how = tcgetattr(&self.screen).unwrap();
        how.control_chars[SpecialCharacterIndices::VSUSP as usize] != 0
    }

    /// Reads to the end, and tells how it ended.
    pub fn code(&mut self) -> Option<i32> {
        while self.read() {}
        self.child.wait().unwrap().code()
    }

    /// What stands outside of the screens that are cleared.
    pub fn kept(&self) -> String {
        let mut kept = String::new();
        for (number, part) in self.all.split(ENTER).enumerate() {
            match part.split_once(LEAVE) {
                Some((_, after)) => kept.push_str(after),
                None if number == 0 => kept.push_str(part),
                None => panic!("a screen was entered and not left"),
            }
        }
        kept
    }

    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let count = self.screen.read(&mut bytes).unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..count]);
        self.seen.push_str(&text);
        self.all.push_str(&text);
        count > 0
    }
}
