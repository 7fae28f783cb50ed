//! The programs under test, as they were built.

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::child::{Process, guarded};
use crate::clock::Clock;

/// The folder in which cargo puts programs: that of the tests' own program, or the one above it.
#[derive(Clone, Debug)]
pub struct Programs {
    folder: PathBuf,
    /// What they take for the time, if it is not the machine's.
    clock: Option<Clock>,
}

impl Programs {
    /// Finds the folder of the built programs.
    ///
    /// # Errors
    /// When `knothole-server` is not there: the whole workspace must be built first.
    pub fn built() -> Result<Self, Missing> {
        let here = std::env::current_exe().map_err(|_unknown| Missing)?;
        here.ancestors()
            .skip(1)
            .take(2)
            .find(|folder| folder.join("knothole-server").is_file())
            .map(|folder| Self {
                folder: folder.to_owned(),
                clock: None,
            })
            .ok_or(Missing)
    }

    /// The same programs, living by another clock.
    #[must_use]
    pub fn living_by(&self, clock: &Clock) -> Self {
        Self {
            clock: Some(clock.clone()),
            ..self.clone()
        }
    }

    /// Where one of them lies.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The clock that they live by, if it is not the machine's.
    pub(crate) fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }

    /// A command for one of them, which ends when this process ends.
    pub fn command(&self, name: &str) -> Command {
        let mut words = self.words(name).into_iter();
        let mut command = guarded(words.next().unwrap_or_default());
        command.args(words).stdin(Stdio::null());
        command
    }

    /// The same, started by a shell that `script` tells what to do first: `exec "$@"` at its end
    /// becomes the program.
    pub fn command_in_shell(&self, script: &str, name: &str) -> Command {
        let mut command = guarded("sh");
        command.args(["-c", script, "sh"]).args(self.words(name));
        command.stdin(Stdio::null());
        command
    }

    /// The words that start a program.
    fn words(&self, name: &str) -> Vec<OsString> {
        let mut words = self.clock.as_ref().map(Clock::words).unwrap_or_default();
        words.push(self.folder.join(name).into());
        words
    }

    /// Where things that outlast a run are kept, as the keys of a network.
    #[must_use]
    pub fn target(&self) -> &Path {
        self.folder.parent().unwrap_or(&self.folder)
    }
}

/// Runs a command to its end.
///
/// # Errors
/// Whatever the system says when it cannot start the program.
pub fn finish(command: &mut Command) -> io::Result<Said> {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output()?;
    Ok(Said {
        code: status.code(),
        out: String::from_utf8_lossy(&stdout).into_owned(),
        err: String::from_utf8_lossy(&stderr).into_owned(),
    })
}

/// Runs a command to its end, but not longer than this: then it is killed.
///
/// # Errors
/// [`io::ErrorKind::TimedOut`], or whatever the system says when it cannot start the program.
pub fn finish_within(mut command: Command, patience: Duration) -> io::Result<Said> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = Process::start(command)?;
    let (out, err) = {
        let child = process.child();
        (heard(child.stdout.take()), heard(child.stderr.take()))
    };
    let status = process.wait(patience)?;
    let said = |hearing: JoinHandle<io::Result<String>>| {
        let lost = |_panic| io::Error::other("what it said is lost");
        hearing.join().map_err(lost)?
    };
    Ok(Said {
        code: status.code(),
        out: said(out)?,
        err: said(err)?,
    })
}

/// Empties a pipe, so that who writes into it never waits.
fn heard(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<io::Result<String>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes)?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

/// What a program said, and how it ended.
#[derive(Clone, Debug)]
pub struct Said {
    /// The exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Standard output without its last line's end, of a program that succeeded.
    ///
    /// # Errors
    /// All that was said, when the program did not succeed.
    pub fn done(self) -> io::Result<String> {
        match self.code {
            Some(0) => Ok(self.out.trim_end().to_owned()),
            _ => Err(io::Error::other(format!("it was refused: {self:?}"))),
        }
    }
}

/// The programs are not built.
#[derive(Debug)]
pub struct Missing;

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the programs are not built; run cargo build --workspace --all-targets")
    }
}

impl std::error::Error for Missing {}
