//! Others that receive: OnionShare, and the sink.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use knothole_tests::{Process, guarded};

use crate::report::said;

/// How long one may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something that listens at a port of this machine, and writes into a folder.
#[derive(Debug)]
pub(crate) struct Service {
    process: Process,
    port: u16,
    folder: PathBuf,
}

impl Service {
    /// Starts it, and takes its port from the first line in which `port_in` finds one.
    fn start(
        mut command: Command,
        folder: &Path,
        port_in: fn(&str) -> Option<u16>,
    ) -> Result<Self, Box<dyn Error>> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(File::create(folder.with_extension("log"))?);
        let mut process = Process::start(command)?;
        let out = process.child().stdout.take();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            for line in out.into_iter().flat_map(|out| BufReader::new(out).lines()) {
                if let Some(port) = line.ok().and_then(|line| port_in(&line)) {
                    // Nobody listens after the first; the pipe must be emptied all the same.
                    let _taken = tell.send(port);
                }
            }
        });
        let port = told.recv_timeout(PATIENCE);
        Ok(Self {
            process,
            port: port.map_err(|_| "a service did not come up")?,
            folder: folder.to_owned(),
        })
    }
}

impl Service {
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// OnionShare's receive mode, without its own Tor.
#[derive(Debug)]
pub(crate) struct OnionShare(pub(crate) Service);

impl OnionShare {
    /// Runs it with its files beside and in this folder.
    pub(crate) fn start(folder: &Path) -> Result<Self, Box<dyn Error>> {
        fs::create_dir(folder)?;
        let home = folder.with_extension("home");
        fs::create_dir(&home)?;
        let mut command = guarded("onionshare-cli");
        command.env("HOME", &home).env("PYTHONUNBUFFERED", "1");
        command.args(["--receive", "--local-only", "--disable-text", "--data-dir"]);
        command.arg(folder);
        let port_in = |line: &str| {
            let (_, rest) = line.split_once("http://127.0.0.1:")?;
            let end = rest.find(|letter: char| !letter.is_ascii_digit());
            rest.get(..end.unwrap_or(rest.len()))?.parse().ok()
        };
        Service::start(command, folder, port_in).map(Self)
    }

    pub(crate) fn version() -> Result<String, Box<dyn Error>> {
        let package = ["-W", "-f", "${Version}", "onionshare-cli"];
        said("dpkg-query", &package)
    }

    /// Who sends it a file, by a form. Whoever has another word for `apart` has another circuit.
    pub(crate) fn sender(file: &Path, socks: &str, name: &str, apart: &str) -> Command {
        let mut form = std::ffi::OsString::from("file[]=@");
        form.push(file);
        let mut command = guarded("curl");
        command.args([
            "--silent",
            "--show-error",
            "--fail",
            "--output",
            "/dev/null",
        ]);
        command.args(["--socks5-hostname", socks]);
        command.args(["--proxy-user", &format!("{apart}:x")]);
        command.arg("--form").arg(form);
        command.arg(format!("http://{name}/upload"));
        command
    }
}

/// What only receives, writes and syncs.
#[derive(Debug)]
pub(crate) struct Sink(pub(crate) Service);

impl Sink {
    /// Runs it, writing into this folder.
    pub(crate) fn start(folder: &Path) -> Result<Self, Box<dyn Error>> {
        fs::create_dir(folder)?;
        let mut command = guarded(std::env::current_exe()?);
        command.args(["wire", "sink"]).arg(folder);
        let port_in = |line: &str| line.strip_prefix("ready ")?.parse().ok();
        Service::start(command, folder, port_in).map(Self)
    }

    /// Who pours a file into it, in so many parts at once, each by a circuit of its own.
    pub(crate) fn sender(
        file: &Path,
        socks: &str,
        name: &str,
        apart: &str,
        parts: u8,
    ) -> io::Result<Command> {
        let mut command = guarded(std::env::current_exe()?);
        command.args(["wire", "pour"]).arg(file);
        command.args(["--socks", socks, "--name", name, "--apart", apart]);
        command.args(["--parts", &parts.to_string()]);
        Ok(command)
    }
}
