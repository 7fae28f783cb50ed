//! The program at a terminal of its own.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::pty::openpty;
use nix::sys::termios::{LocalFlags, tcgetattr};

pub(crate) struct Terminal {
    child: Child,
    screen: File,
    seen: String,
}

impl Terminal {
    /// Starts the program in a folder; the words of the command line have no blanks in them.
    pub(crate) fn start(folder: &Path, line: &str) -> Self {
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
    pub(crate) fn until(&mut self, sign: &str) -> String {
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

    /// Types a line as soon as what is typed is no longer shown.
    pub(crate) fn types_unseen(&mut self, line: &str) {
        let flags = |screen| tcgetattr(screen).unwrap().local_flags;
        while flags(&self.screen).contains(LocalFlags::ECHO) {
            std::thread::yield_now();
        }
        self.types(&format!("{line}\n"));
    }

    /// Types this, and no more than this.
    pub(crate) fn types(&mut self, text: &str) {
        self.screen.write_all(text.as_bytes()).unwrap();
    }

    /// The number of the program's process.
    #[allow(
        dead_code,
        reason = "one of the tests that use a terminal looks into its memory"
    )]
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end, and gives the exit code.
    pub(crate) fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}
