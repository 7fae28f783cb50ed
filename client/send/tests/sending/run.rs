//! The program, run as a source runs it, in a folder of its own.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::house::Newsroom;
use crate::road::Road;

/// A source's desk: the files it has, and the address it was given.
pub struct Desk {
    folder: TempDir,
    programs: TempDir,
    socks: String,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ended {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It arrived.
    pub fn arrived(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.out, "Arrived, and matches.\n");
        self
    }

    /// It ended with this code, and said this.
    pub fn said(self, code: i32, sentence: &str) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.says(sentence), "{self:?}");
        self
    }

    /// Whether it said this.
    pub fn says(&self, sentence: &str) -> bool {
        self.err.to_lowercase().contains(&sentence.to_lowercase())
    }
}

impl Desk {
    pub fn new(newsroom: &Newsroom, road: &Road) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may have to run what is in there.
        let programs = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()
            .unwrap();
        let desk = Self {
            folder,
            programs,
            socks: format!("127.0.0.1:{}", road.port),
        };
        let address = newsroom.address().to_string();
        desk.file("address", address.as_bytes());
        desk
    }

    /// Where a file of this name is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Lays down a file.
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        let mut file = std::fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        path
    }

    /// The program under another name, beside this desk's folder.
    pub fn program(&self, name: &str) -> PathBuf {
        let path = self.programs.path().join(name);
        // A fresh copy may be busy: another test's child can hold it open until its own start.
        let original = env!("CARGO_BIN_EXE_knothole-send");
        if std::fs::hard_link(original, &path).is_err() {
            std::fs::copy(original, &path).unwrap();
        }
        path
    }

    /// The program with this command and what every command needs.
    pub fn command(&self, name: &str) -> Command {
        self.with_address(Command::new(env!("CARGO_BIN_EXE_knothole-send")), name)
    }

    /// The program with this command and no address.
    pub fn bare_command(&self, name: &str) -> Command {
        self.at_the_desk(Command::new(env!("CARGO_BIN_EXE_knothole-send")), name)
    }

    /// Any program with this command and what every command needs.
    pub fn with_address(&self, command: Command, name: &str) -> Command {
        let mut command = self.at_the_desk(command, name);
        command.args(["--address-file", "address"]);
        if matches!(name, "send" | "seal") {
            command.arg("--no-reply");
        }
        command
    }

    /// The program with this command and its address, and nothing said about a way back.
    pub fn open_command(&self, name: &str) -> Command {
        let program = Command::new(env!("CARGO_BIN_EXE_knothole-send"));
        let mut command = self.at_the_desk(program, name);
        command.args(["--address-file", "address"]);
        command
    }

    /// Runs this command with these words on a descriptor of their own.
    pub async fn run_with_words(&self, words: &str, command: &str, arguments: &[&str]) -> Ended {
        let mut command = self.open_command(command);
        command.args(arguments).args(["--words-fd", "0"]);
        self.with_words(command, words).await
    }

    /// Runs a program that reads these words on its standard input.
    pub async fn with_words(&self, mut command: Command, words: &str) -> Ended {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(words.as_bytes()).await.unwrap();
        drop(input);
        finished(child).await
    }

    /// Where this desk stands, and what every command needs there, for a person at a terminal.
    pub fn terminal_arguments(&self) -> (PathBuf, Vec<String>) {
        let line = format!("--socks {} --address-file address", self.socks);
        let arguments = line.split(' ').map(str::to_owned).collect();
        (self.folder.path().to_owned(), arguments)
    }

    fn at_the_desk(&self, mut command: Command, name: &str) -> Command {
        command
            .arg(name)
            .args(["--socks", &self.socks])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Begins to send these files.
    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command("send").args(arguments).spawn().unwrap()
    }

    /// Runs this command.
    pub async fn run(&self, command: &str, arguments: &[&str]) -> Ended {
        finished(self.command(command).args(arguments).spawn().unwrap()).await
    }

    /// The names of everything in the folder.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Sends these files.
    pub async fn send(&self, arguments: &[&str]) -> Ended {
        finished(self.start(arguments)).await
    }
}

/// Asks a run to end.
pub fn terminate(child: &Child) {
    let id = i32::try_from(child.id().unwrap()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
}

pub async fn finished(child: Child) -> Ended {
    Ended::of(child.wait_with_output().await.unwrap())
}

/// Bytes that repeat nowhere near.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            u8::try_from(state >> 56).unwrap()
        })
        .collect()
}
