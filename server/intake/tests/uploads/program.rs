//! The example `test_newsroom` as a process of its own, with strace around it or without.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "several tests share it, and a test that cannot go on ends"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What a server said.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    head: String,
}

impl Said {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.to_lowercase().starts_with(&format!("{name}: "));
        let line = self.head.lines().find(named)?;
        line.split_once(": ").map(|(_, value)| value)
    }
}

/// A running server.
pub struct Server {
    child: Child,
    /// Nothing when it ended before it listened.
    pub port: Option<u16>,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it says to whoever runs it. A fault ends it with a panic, as it should: only a test that
    /// fails shows that.
    complaints: PathBuf,
}

impl Server {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    /// With arguments that follow folder and address.
    pub fn start_with(folder: &Path, own: &[&str]) -> Self {
        let server = Self::of(Command::new(program()), folder, own);
        assert!(server.port.is_some(), "a server that nobody kills starts");
        server
    }

    /// What strace does to it goes by these arguments.
    pub fn start_traced(folder: &Path, arguments: &[&str], own: &[&str]) -> Self {
        let mut strace = Command::new("strace");
        // The server is the child, not what follows it.
        strace.args(["-D", "-f", "-qq"]).args(arguments);
        strace.arg(program());
        Self::of(strace, folder, own)
    }

    fn of(mut command: Command, folder: &Path, own: &[&str]) -> Self {
        let complaints = folder.join("complaints");
        let kept = File::options().create(true).append(true).open(&complaints);
        command
            .arg(folder)
            .arg("127.0.0.1:0")
            .args(own)
            // What it makes for the occasion lies there too.
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(kept.unwrap());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let orders = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        answers.read_line(&mut line).unwrap();
        let port = line.trim().rsplit_once(':').map(|(_, port)| port);
        let port = port.map(|port| port.parse().unwrap());
        Self {
            child,
            port,
            orders,
            answers,
            complaints,
        }
    }

    /// Tells the newsroom behind it to do something; whether it says that this is done.
    pub fn order(&mut self, order: &str) -> bool {
        if writeln!(self.orders, "{order}").is_err() {
            return false;
        }
        let mut refused = false;
        loop {
            let mut line = String::new();
            match self.answers.read_line(&mut line) {
                Ok(0) | Err(_) => return false,
                Ok(_) if line == "done\n" => return !refused,
                Ok(_) => refused |= line == "refused\n",
            }
        }
    }

    /// Nothing when it was killed before it had answered.
    pub fn ask(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Said> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port?)).ok()?;
        let mut request = format!("{line} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n");
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = body.len();
        request.push_str(&format!(
            "Connection: close\r\nContent-Length: {length}\r\n\r\n"
        ));
        let request = [request.as_bytes(), body].concat();
        stream.write_all(&request).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(answer.get(..end)?.to_vec()).unwrap();
        let status = head.split(' ').nth(1)?.parse().unwrap();
        Some(Said { status, head })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(&self.complaints).unwrap());
        }
    }
}

pub fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(Path::parent).unwrap();
    let program = built.join("examples/test_newsroom");
    assert!(
        program.exists(),
        "cargo builds examples with all tests of a crate"
    );
    program
}

pub fn entries(folder: &Path, room: &str) -> usize {
    std::fs::read_dir(folder.join("store").join(room))
        .unwrap()
        .count()
}

pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copied = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &copied);
        } else {
            std::fs::copy(entry.path(), copied).unwrap();
        }
    }
}
