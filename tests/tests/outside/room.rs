//! Where outside programs meet the drop-box: the built examples, and what the outside ones need.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use knothole_tests::{Broom, Process, Said, finish, guarded};

/// One test's folder, and the way to programs.
pub(crate) struct Room {
    target: PathBuf,
    examples: PathBuf,
    broom: Broom,
}

impl Room {
    /// A room of its own for a test.
    pub(crate) fn new() -> Self {
        let here = std::env::current_exe().unwrap();
        let profile = here.ancestors().nth(2).unwrap();
        let target = profile.parent().unwrap().to_owned();
        Self {
            examples: profile.join("examples"),
            broom: Broom::new_folder(&target.join("outside"), "run-").unwrap(),
            target,
        }
    }

    /// A folder that is gone after the test.
    pub(crate) fn folder(&self) -> &Path {
        self.broom.path()
    }

    /// Starts a server that is an example of knothole-intake, and gives the address that it prints.
    pub(crate) fn serve(&self, example: &str, arguments: &[&Path]) -> (Process, SocketAddr) {
        let program = self.examples.join(example);
        assert!(
            program.is_file(),
            "{example} is not built; run cargo build --workspace --all-targets"
        );
        let mut command = guarded(program);
        command
            .args(arguments)
            .arg("127.0.0.1:0")
            .env("TMPDIR", self.folder())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut server = Process::start(command).unwrap();
        let mut said = String::new();
        BufReader::new(server.child().stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        let address = said.trim().parse().unwrap();
        (server, address)
    }

    /// Runs an outside program to its end. It is installed into the target folder when it is not there.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Said {
        let mut command = self.command(program);
        finish(command.args(arguments)).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = guarded(concat!(env!("CARGO_MANIFEST_DIR"), "/outside/run"));
        command
            .arg(self.target.join("outside"))
            .arg(program)
            // A browser's profile is gone with the room, also where the browser was killed.
            .env("TMPDIR", self.folder())
            .stdin(Stdio::null());
        command
    }
}
