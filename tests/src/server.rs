//! A `knothole-server` on a private network.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::child::Process;
use crate::programs::{Programs, Said, finish};

/// How long a server may take to become ready, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server with a data folder and a configuration of its own. It ends with this value.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    config: PathBuf,
    log: PathBuf,
    /// Where its service manager listens.
    manager: Option<String>,
    process: Option<Process>,
}

impl Server {
    /// Writes a configuration with these lines into `folder`, and does not run anything yet. Its
    /// data go into `folder` as well.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub fn new(programs: &Programs, folder: &Path, lines: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let server = Self {
            programs: programs.clone(),
            config: folder.join("server.toml"),
            log: folder.join("server.log"),
            manager: None,
            process: None,
        };
        // Behind its walls it would not see the clock.
        let clock = programs.clock().map_or_else(String::new, |clock| {
            format!("danger_readable = [{:?}]\n", clock.folder())
        });
        let text = format!("data = \"data\"\n{clock}{lines}\n");
        File::create(&server.config)?.write_all(text.as_bytes())?;
        Ok(server)
    }

    /// Has it tell a service manager how it is, at this place (`NOTIFY_SOCKET` of sd_notify(3)).
    #[must_use]
    pub fn managed_at(mut self, place: String) -> Self {
        self.manager = Some(place);
        self
    }

    /// Runs another command of the program with this configuration.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn ask(&self, arguments: &[&str]) -> io::Result<Said> {
        let mut command = self.programs.command("knothole-server");
        command.args(arguments).arg("--config").arg(&self.config);
        finish(&mut command)
    }

    /// The same, with this as its standard input.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn ask_with(&self, arguments: &[&str], input: File) -> io::Result<Said> {
        let mut command = self.programs.command("knothole-server");
        command.args(arguments).arg("--config").arg(&self.config);
        finish(command.stdin(input))
    }

    /// Runs the server, and gives its line when it is ready.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`], or what it logged when it ended instead.
    pub fn start(&mut self) -> io::Result<String> {
        let mut process = self.begin()?;
        let (said, hear) = mpsc::channel();
        let out = process.child().stdout.take();
        thread::spawn(move || {
            for line in out.into_iter().flat_map(|out| BufReader::new(out).lines()) {
                // Nobody listens after the first line; the pipe must be emptied all the same.
                drop(said.send(line));
            }
        });
        match hear.recv_timeout(PATIENCE) {
            Ok(line) => {
                self.process = Some(process);
                line
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Err(io::ErrorKind::TimedOut.into()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::Error::other(self.log()?)),
        }
    }

    /// Runs the server, and kills it after so long, ready or not.
    ///
    /// # Errors
    /// Whatever the system says when it cannot be started or killed.
    pub fn start_and_kill(&self, after: Duration) -> io::Result<()> {
        let mut process = self.begin()?;
        thread::sleep(after);
        process.kill()
    }

    fn begin(&self) -> io::Result<Process> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.programs.command("knothole-server");
        command
            .args(["run", "--config"])
            .arg(&self.config)
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(place) = &self.manager {
            command.env("NOTIFY_SOCKET", place);
        }
        Process::start(command)
    }

    /// Whether it has ended by itself since it was started.
    ///
    /// # Errors
    /// Whatever the system says when it cannot be asked.
    pub fn has_ended(&mut self) -> io::Result<bool> {
        match &mut self.process {
            Some(process) => Ok(process.ended()?.is_some()),
            None => Ok(false),
        }
    }

    /// The process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// The most memory that it has had so far, in KiB.
    ///
    /// # Errors
    /// When it does not run.
    pub fn peak_kib(&self) -> io::Result<u64> {
        let id = self.id().ok_or(io::ErrorKind::NotFound)?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let figure = line.and_then(|line| line.split_whitespace().next());
        figure
            .and_then(|figure| figure.parse().ok())
            .ok_or_else(|| io::Error::other("the system does not tell a process's memory"))
    }

    /// What it has logged so far.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn log(&self) -> io::Result<String> {
        std::fs::read_to_string(&self.log)
    }

    /// Tells the server to end, and waits until it has.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when it does not.
    pub fn stop(&mut self) -> io::Result<ExitStatus> {
        let mut process = self.process.take().ok_or(io::ErrorKind::NotFound)?;
        process.stop(PATIENCE)
    }

    /// Kills the server, as a power cut would.
    ///
    /// # Errors
    /// Whatever the system says when it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        let mut process = self.process.take().ok_or(io::ErrorKind::NotFound)?;
        process.kill()
    }
}
