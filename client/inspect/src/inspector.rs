//! Whoever asks: starts the child, waits no longer than said, and believes it no more than needed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
#[expect(
    clippy::disallowed_types,
    reason = "the one place that starts a process: this program again, behind stricter walls"
)]
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::child::{self, ARGUMENT, WITH_HASH};
use crate::report::{MOST_REPORT_BYTES, Report, ReportError};

/// A disk may be slower than the processor by so much.
const PATIENCE: u64 = 3;

/// Whether a file's SHA-256 is asked for: that reads all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hashing {
    /// Its hash too.
    Hashed,
    /// Only what it says.
    NotHashed,
}

/// Looks at files, each by a child of its own.
#[derive(Clone, Debug)]
pub struct Inspector {
    program: PathBuf,
    arguments: Vec<String>,
    time: Option<Duration>,
}

impl Inspector {
    /// By this program itself, run again. Its `main` calls [`crate::child_if_asked`] first.
    #[must_use]
    pub fn itself() -> Self {
        // By this name it is found even when its file has been removed.
        Self::by(Path::new("/proc/self/exe"), &[ARGUMENT])
    }

    /// By this program with these arguments.
    #[must_use]
    pub fn by(program: &Path, arguments: &[&str]) -> Self {
        Self {
            program: program.to_owned(),
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            time: None,
        }
    }

    /// Waits so long at most, instead of by the file's length.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// What this file is and says.
    ///
    /// # Errors
    /// [`InspectError`] when the child did not say it: the file is then as good as unknown.
    pub fn inspect(&self, file: &File, hashing: Hashing) -> Result<Report, InspectError> {
        let length = file.metadata().map_err(InspectError::Start)?.len();
        let hashed = hashing == Hashing::Hashed;
        let time = self.time.unwrap_or_else(|| {
            Duration::from_secs(child::seconds(length, hashed).saturating_mul(PATIENCE))
        });
        let input = file.try_clone().map_err(InspectError::Start)?;
        let mut child = self.start(input, hashed).map_err(InspectError::Start)?;
        let said = child.said(time)?;
        let report = Report::decode(&said, length).map_err(InspectError::Report)?;
        if report.hash.is_some() == hashed {
            Ok(report)
        } else {
            Err(InspectError::Report(ReportError::Form))
        }
    }

    #[expect(clippy::disallowed_types, reason = "see where it is imported")]
    fn start(&self, input: File, hashed: bool) -> io::Result<Running> {
        Command::new(&self.program)
            .args(&self.arguments)
            .args(hashed.then_some(WITH_HASH))
            .env_clear()
            .current_dir("/")
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map(Running)
    }
}

/// A child that ends with whoever waits for it.
#[derive(Debug)]
struct Running(Child);

impl Running {
    /// All that it said, if it said it in time and ended well.
    fn said(&mut self, time: Duration) -> Result<Vec<u8>, InspectError> {
        let pipe = self.0.stdout.take().ok_or(InspectError::Died)?;
        let (tell, told) = mpsc::channel();
        // The reader ends with the pipe, and the pipe with the child: nothing is left running.
        let most = u64::try_from(MOST_REPORT_BYTES)
            .unwrap_or(0)
            .saturating_add(1);
        let reader = std::thread::spawn(move || {
            let mut said = Vec::new();
            let read = pipe.take(most).read_to_end(&mut said);
            drop(tell.send(read.map(|_| said)));
        });
        let said = told.recv_timeout(time);
        if said.is_err() {
            self.end();
        }
        drop(reader.join());
        let said = said
            .map_err(|_| InspectError::Late)?
            .map_err(|_| InspectError::Died)?;
        if said.len() > MOST_REPORT_BYTES {
            return Err(InspectError::Report(ReportError::Length));
        }
        // It has closed its pipe, so it ends now or not at all.
        match self.0.wait() {
            Ok(status) if status.success() => Ok(said),
            _ => Err(InspectError::Died),
        }
    }

    fn end(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Why nothing is known of a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum InspectError {
    /// The child cannot be started.
    Start(io::Error),
    /// It took too long, and was ended.
    Late,
    /// It ended without a word: the file, or a fault, brought it down.
    Died,
    /// What it said is not taken.
    Report(ReportError),
}

impl fmt::Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start(_) => "the part of this program that looks at files cannot be started",
            Self::Late => "looking at it took too long and was ended",
            Self::Died => "looking at it brought the looking part down",
            Self::Report(_) => "the part that looked at it did not answer as it must",
        })
    }
}

impl std::error::Error for InspectError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Start(error) => Some(error),
            Self::Report(error) => Some(error),
            Self::Late | Self::Died => None,
        }
    }
}
