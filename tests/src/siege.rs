//! A drop-box under attack, or measured, and an honest source that sends meanwhile.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::child::Process;
use crate::onslaught::Onslaught;
use crate::programs::{Programs, Said, finish_within};
use crate::server::Server;
use crate::shortcut::Shortcut;
use crate::tor_client::TorClient;

/// An attack ends by itself after so many seconds, which is longer than any source waits.
const LONGEST: &str = "900";
/// How long the source may take before it is ended, whatever it still hopes for.
const PATIENCE: Duration = Duration::from_secs(600);

/// A server of its own for one attack.
#[derive(Debug)]
pub struct Siege {
    pub(crate) server: Server,
    pub(crate) programs: Programs,
    pub(crate) folder: PathBuf,
    /// The file with the drop-box's address.
    pub(crate) address: PathBuf,
    pub(crate) way: Vec<String>,
    pub(crate) target: Vec<String>,
    pub(crate) _shortcut: Option<Shortcut>,
    pub(crate) _tor: Option<TorClient>,
}

/// How the honest source fared.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What its program said.
    pub said: Said,
    /// How long it took.
    pub took: Duration,
}

impl Siege {
    /// Begins an attack with these arguments of `knothole-attack`, at the lowest priority: it comes
    /// from elsewhere, and does not take the processor that the server has. It is under way when
    /// this gives it.
    ///
    /// # Errors
    /// When the program cannot be started, or ends at once.
    pub fn attack(&self, arguments: &[&str]) -> io::Result<Onslaught> {
        let mut command = self
            .programs
            .command_in_shell("exec nice -n 19 \"$@\"", "knothole-attack");
        command
            .args(arguments)
            .args(["--seconds", LONGEST])
            .args(&self.target);
        Onslaught::begin(command)
    }

    /// The honest source sends a message, and a file of so many bytes if there are any.
    ///
    /// # Errors
    /// When its program cannot be started, or does not end.
    pub fn send(&self, bytes: usize) -> io::Result<Sent> {
        let command = self.source(bytes)?;
        let begun = Instant::now();
        let said = finish_within(command, PATIENCE)?;
        Ok(Sent {
            said,
            took: begun.elapsed(),
        })
    }

    /// The honest source sends as [`Siege::send`] does, until it hears that there is no room, and
    /// then gives up. Whether it hears that within this time.
    ///
    /// # Errors
    /// When its program cannot be started.
    pub fn hears_that_it_is_full(&self, bytes: usize, within: Duration) -> io::Result<bool> {
        let mut command = self.source(bytes)?;
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut source = Process::start(command)?;
        let said = source.child().stderr.take();
        let said = BufReader::new(said.ok_or(io::ErrorKind::BrokenPipe)?);
        let (heard, hears) = mpsc::channel();
        // It ends with the source, which ends with this.
        thread::spawn(move || {
            let mut lines = said.lines().map_while(Result::ok);
            let told = lines.any(|line| line.contains("is full") || line.contains("has no room"));
            // When that took too long nobody listens any more.
            let _taken = heard.send(told);
        });
        Ok(hears.recv_timeout(within).unwrap_or(false))
    }

    /// The command of a source that sends a message, and a file of so many bytes if there are any.
    fn source(&self, bytes: usize) -> io::Result<Command> {
        let (file, message) = (self.folder.join("film"), self.folder.join("message"));
        File::create(&message)?.write_all(b"look into this")?;
        let mut command = self.programs.command("knothole-send");
        command.arg("send");
        if bytes > 0 {
            let mut film = File::create(&file)?;
            film.write_all(&vec![7; bytes])?;
            command.arg(&file);
        }
        command
            .args(["--no-reply", "--message-file"])
            .arg(&message)
            .args(self.to_here());
        Ok(command)
    }

    /// A source's command of `knothole-send` that goes to this server: `seal` or `send`, and what
    /// follows it.
    pub fn sending(&self, words: &[impl AsRef<OsStr>]) -> Command {
        self.sending_by(&self.way, words)
    }

    /// The same by another Tor: these arguments say which.
    pub fn sending_by(&self, way: &[String], words: &[impl AsRef<OsStr>]) -> Command {
        let mut command = self.programs.command("knothole-send");
        command.args(words).args(way);
        command.arg("--address-file").arg(&self.address);
        command
    }

    /// The arguments that lead a source to this server.
    fn to_here(&self) -> impl Iterator<Item = &OsStr> {
        let way = self.way.iter().map(OsStr::new);
        way.chain(["--address-file".as_ref(), self.address.as_os_str()])
    }

    /// Tells the server to end.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when it does not.
    pub fn close(&mut self) -> io::Result<()> {
        self.server.stop().map(drop)
    }

    /// Starts the server again, and waits until it is ready.
    ///
    /// # Errors
    /// What it logged when it ended instead.
    pub fn open_again(&mut self) -> io::Result<()> {
        self.server.start().map(drop)
    }

    /// Tells the server to end, and says where its data are.
    pub(crate) fn end(mut self) -> io::Result<PathBuf> {
        self.close()?;
        Ok(self.folder.join("data"))
    }

    /// The server's process.
    #[must_use]
    pub fn server(&self) -> Option<u32> {
        self.server.id()
    }

    /// A folder of its own for this server and who sends to it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The socket at which the server speaks with sources.
    #[must_use]
    pub fn public_socket(&self) -> PathBuf {
        self.folder.join("sockets/public")
    }

    /// What `knothole-server check` says of the server, as JSON.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn check(&self) -> io::Result<Said> {
        self.server.ask(&["--json", "check"])
    }

    /// The honest source seals a file of so many bytes, and keeps it.
    ///
    /// # Errors
    /// What its program said when it failed.
    pub fn seal(&self, bytes: usize) -> io::Result<Vec<u8>> {
        let (file, sealed) = (self.folder.join("film"), self.folder.join("sealed"));
        File::create(&file)?.write_all(&vec![7; bytes])?;
        let mut command = self.programs.command("knothole-send");
        command.arg("seal").arg(&file).arg("--out").arg(&sealed);
        command.arg("--no-reply").args(self.to_here());
        finish_within(command, PATIENCE)?.done()?;
        std::fs::read(&sealed)
    }

    /// The most memory that the server has had so far, in KiB.
    ///
    /// # Errors
    /// When it does not run.
    pub fn peak_kib(&self) -> io::Result<u64> {
        self.server.peak_kib()
    }

    /// A figure of the server's `status --json`.
    ///
    /// # Errors
    /// When it does not answer, or has no such figure.
    pub fn figure(&self, name: &str) -> io::Result<u64> {
        let status = self.server.ask(&["--json", "status"])?.done()?;
        let (_, after) = status
            .split_once(&format!("\"{name}\":"))
            .ok_or(io::ErrorKind::NotFound)?;
        let end = after.find([',', '}']).unwrap_or(after.len());
        let digits = after.get(..end).unwrap_or_default().trim();
        digits.parse().map_err(io::Error::other)
    }

    /// Waits until its courier may see so many drops: at the next boundary of a batch.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when it does not, for ten seconds.
    pub fn shows(&self, drops: u64) -> io::Result<()> {
        for _ in 0..100 {
            if self.figure("drops_visible")? == drops {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// How many unfinished uploads lie on the server's disk.
    ///
    /// # Errors
    /// When its store cannot be listed.
    pub fn begun(&self) -> io::Result<usize> {
        let incoming = self.folder.join("data/store/incoming");
        Ok(std::fs::read_dir(incoming)?.count())
    }
}

impl Sent {
    /// Whether it arrived.
    #[must_use]
    pub fn arrived(&self) -> bool {
        self.said.code == Some(0)
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.took.as_millis();
        let how = if self.arrived() { "" } else { " and failed" };
        write!(f, "{millis} ms{how}")
    }
}
