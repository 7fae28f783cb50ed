//! The private network itself.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use knothole_tests::Process;

use super::stage::Stage;

/// How long nodes may take to be gone after their launcher.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn a_relay_that_was_killed_comes_back_into_its_network() {
    let stage = Stage::get();
    let mut launcher = Launcher::start(stage, "restart");
    assert_eq!(launcher.say("kill relay3"), "killed relay3");
    assert!(!launcher.say("list").contains("relay3"));
    assert_eq!(launcher.say("restart relay3"), "restarted relay3");
    assert!(launcher.say("list").contains("relay3"));
    assert!(launcher.say("kill nobody").starts_with("error: "));
}

#[test]
fn no_node_outlives_a_launcher_whose_input_ends() {
    let mut launcher = Launcher::start(Stage::get(), "input");
    drop(launcher.process.child().stdin.take());
    assert!(launcher.process.wait(PATIENCE).unwrap().success());
    launcher.assert_gone();
}

#[test]
fn no_node_outlives_a_launcher_that_was_killed() {
    let mut launcher = Launcher::start(Stage::get(), "killed-network");
    launcher.process.kill().unwrap();
    launcher.assert_gone();
}

struct Launcher {
    process: Process,
    out: BufReader<std::process::ChildStdout>,
    nodes: Vec<u32>,
}

impl Launcher {
    fn start(stage: &Stage, test: &str) -> Self {
        let folder = stage.folder(test);
        let mut command = stage.programs.command("knothole-testnet");
        command
            .arg("--dir")
            .arg(&folder)
            .arg("--keys")
            .arg(stage.programs.target().join("testnet-keys"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = Process::start(command).unwrap();
        let out = BufReader::new(process.child().stdout.take().unwrap());
        let mut launcher = Self {
            process,
            out,
            nodes: Vec::new(),
        };
        assert_eq!(launcher.line(), "ready");
        let nodes = std::fs::read_dir(folder.join("nodes")).unwrap();
        launcher.nodes = nodes
            .map(|node| {
                let pid = std::fs::read_to_string(node.unwrap().path().join("pid")).unwrap();
                pid.trim().parse().unwrap()
            })
            .collect();
        assert_eq!(launcher.nodes.len(), 10);
        launcher
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn say(&mut self, command: &str) -> String {
        let stdin = self.process.child().stdin.as_mut().unwrap();
        writeln!(stdin, "{command}").unwrap();
        self.line()
    }

    /// Waits until none of the nodes is there.
    fn assert_gone(&self) {
        let start = Instant::now();
        while self.nodes.iter().any(|pid| is_tor(*pid)) {
            assert!(start.elapsed() < PATIENCE, "nodes are left");
            std::thread::yield_now();
        }
    }
}

/// Whether a process with this number is a tor: numbers are given again.
fn is_tor(pid: u32) -> bool {
    let name = Path::new("/proc").join(pid.to_string()).join("comm");
    std::fs::read_to_string(name).is_ok_and(|name| name.trim() == "tor")
}
