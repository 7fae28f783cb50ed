//! An attack that goes on until it is ended, and what it has done.

use std::fmt;
use std::io::{self, BufRead as _, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::child::Process;

/// How long an attack may take to have done enough, or to end.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long between two questions.
const LOOK: Duration = Duration::from_millis(50);

/// An attack that goes on until it is ended.
#[derive(Debug)]
pub struct Onslaught {
    process: Process,
    out: BufReader<ChildStdout>,
}

/// What an attack has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Connections that came about.
    pub connections: u64,
    /// Those that did not.
    pub not_connected: u64,
    /// Answers of 2xx.
    pub done: u64,
    /// Answers of 4xx.
    pub refused: u64,
    /// Answers of 5xx.
    pub busy_or_full: u64,
}

impl Onslaught {
    /// Starts a command of `knothole-attack` and waits until all of it is at work.
    ///
    /// # Errors
    /// When it cannot be started, or ends at once.
    pub fn begin(mut command: Command) -> io::Result<Self> {
        command.stdout(Stdio::piped());
        let mut process = Process::start(command)?;
        let out = process
            .child()
            .stdout
            .take()
            .ok_or(io::ErrorKind::BrokenPipe)?;
        let mut out = BufReader::new(out);
        let mut line = String::new();
        // Its own time is bounded, so this ends.
        out.read_line(&mut line)?;
        if line.trim() != "ready" {
            return Err(io::Error::other("the attack did not come up"));
        }
        Ok(Self { process, out })
    }

    /// Waits until it has done enough, and gives what that is.
    ///
    /// # Errors
    /// What it has done, when it was not enough in two minutes; or it has ended.
    pub fn until(&mut self, enough: impl Fn(&Counts) -> bool) -> io::Result<Counts> {
        let begun = Instant::now();
        loop {
            self.process.inquire()?;
            let counts = self.read()?;
            if enough(&counts) {
                return Ok(counts);
            }
            if begun.elapsed() > PATIENCE {
                let so_far = format!("the attack came no further than this: {counts}");
                return Err(io::Error::other(so_far));
            }
            thread::sleep(LOOK);
        }
    }

    /// Ends it, and gives what it counted.
    ///
    /// # Errors
    /// When it has ended before, so that what came after it met no attack, or cannot be told to end.
    pub fn end(mut self) -> io::Result<Counts> {
        if let Some(status) = self.process.ended()? {
            let early = format!("the attack was over before it was ended: {status}");
            return Err(io::Error::other(early));
        }
        let status = self.process.stop(PATIENCE)?;
        if !status.success() {
            return Err(io::Error::other(format!("the attack failed: {status}")));
        }
        self.read()
    }

    fn read(&mut self) -> io::Result<Counts> {
        let mut line = String::new();
        self.out.read_line(&mut line)?;
        let none = || io::Error::other(format!("the attack counts nothing: {line:?}"));
        Counts::read(&line).ok_or_else(none)
    }
}

impl Counts {
    /// What a line of `knothole-attack` says: names with their figures, in this order.
    fn read(line: &str) -> Option<Self> {
        let figure = |part: &str| part.rsplit_once(' ')?.1.parse().ok();
        let figures: Option<Vec<u64>> = line.trim().split(", ").map(figure).collect();
        let [connections, not_connected, done, refused, busy_or_full] = figures?.try_into().ok()?;
        Some(Self {
            connections,
            not_connected,
            done,
            refused,
            busy_or_full,
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "connections {}, not connected {}, done {}, refused {}, busy or full {}",
            self.connections, self.not_connected, self.done, self.refused, self.busy_or_full
        )
    }
}
