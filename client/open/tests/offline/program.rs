//! Runs the program, with passphrases on its standard input.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_knothole");

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A folder to run it in.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder on a memory disk, which is where opened files may go.
    pub(crate) fn in_memory() -> Self {
        Self(tempfile::tempdir_in("/dev/shm").unwrap())
    }

    /// A folder with a small vault "a.vault", whose passphrase is "right".
    pub(crate) fn with_vault() -> Self {
        let desk = Self::new();
        let made = desk.knothole("vault new a.vault --epochs 2 --passphrase-fd 0", "right\n");
        assert_eq!(made.code, 0, "{}", made.err);
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        names
    }

    /// Runs the program in the folder; the words of the command line have no blanks in them.
    pub(crate) fn knothole(&self, line: &str, input: &str) -> Ran {
        self.run(Command::new(PROGRAM).args(line.split(' ')), input)
    }

    /// Runs another program in the folder.
    pub(crate) fn run(&self, command: &mut Command, input: &str) -> Ran {
        let mut child = self.start(command);
        // A program that refuses early reads nothing, and the pipe is closed before it is written.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        finish(child)
    }

    pub(crate) fn start(&self, command: &mut Command) -> Child {
        command
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

pub(crate) fn finish(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
