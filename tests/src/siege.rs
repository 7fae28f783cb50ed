//! A drop-box under attack, and an honest source that sends meanwhile.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use knothole_envelope::OnionAddress;

use crate::broom::Broom;
use crate::child::Process;
use crate::network::Network;
use crate::newsroom::{Courier, Newsroom};
use crate::onslaught::Onslaught;
use crate::programs::{Programs, Said, finish_within};
use crate::server::Server;
use crate::shortcut::Shortcut;
use crate::tor_client::TorClient;

/// An attack ends by itself after so many seconds, which is longer than any source waits.
const LONGEST: &str = "900";
/// How long the source may take before it is ended, whatever it still hopes for.
const PATIENCE: Duration = Duration::from_secs(600);

/// How everybody reaches the server.
#[derive(Debug)]
pub enum Road {
    /// Straight to its sockets.
    Sockets,
    /// To its onions, over this network.
    Tor(Network),
}

/// A newsroom and the data folder of a server that holds its keys: what every siege begins with.
#[derive(Debug)]
pub struct Camp {
    programs: Programs,
    broom: Broom,
    road: Road,
}

/// A server of its own for one attack.
#[derive(Debug)]
pub struct Siege {
    server: Server,
    programs: Programs,
    folder: PathBuf,
    way: Vec<String>,
    target: Vec<String>,
    _shortcut: Option<Shortcut>,
    _tor: Option<TorClient>,
}

/// How the honest source fared.
#[derive(Debug, Clone)]
pub struct Sent {
    /// What its program said.
    pub said: Said,
    /// How long it took.
    pub took: Duration,
}

impl Camp {
    /// Founds the newsroom, in `folder` of the target folder, and lets its courier bring the keys.
    ///
    /// # Errors
    /// What a program said, as an I/O error, when it refused.
    pub fn pitch(programs: &Programs, folder: &str, road: Road) -> io::Result<Self> {
        let camp = Self {
            programs: programs.clone(),
            broom: Broom::new_folder(&programs.target().join(folder), "run-")?,
            road,
        };
        let path = camp.broom.path();
        let folder = path.join("first");
        let mut server = camp.server(&folder, "")?;
        let onion = server.ask(&["init"])?.done()?;
        let (way, _shortcut) = camp.way(&folder)?;
        let newsroom = Newsroom::new(programs, &path.join("airgap"), 1, 2)?;
        let onion = if onion.is_empty() { name(1) } else { onion };
        File::create(path.join("onion"))?.write_all(onion.as_bytes())?;
        let address = newsroom.found(1, &onion)?;
        File::create(path.join("address"))?.write_all(format!("{address}\n").as_bytes())?;
        let courier = Courier::new(programs, &path.join("courier"), &way)?;
        let fingerprint = address.split_once('#').map_or("", |(_, print)| print);
        let (card, stick) = (courier.card(), courier.stick());
        let (card, stick) = (text(&card)?, text(&stick)?);
        for command in [&["newsroom", "courier", card][..], &["outbox", stick]] {
            newsroom.with_archive(command, &[0])?.done()?;
        }
        server.ask(&["trust", fingerprint])?.done()?;
        let collection = server.ask(&["courier", "add", card])?.done()?;
        server.start()?;
        let pair = ["pair", &collection, fingerprint];
        courier.offline(&pair)?.done()?;
        courier.online("push")?.done()?;
        server.stop()?;
        Ok(camp)
    }

    /// A running server with the newsroom's keys and these lines of configuration besides.
    ///
    /// # Errors
    /// When a program cannot be started, or what the server logged when it ended.
    pub fn besiege(&self, name: &str, lines: &str) -> io::Result<Siege> {
        let first = self.broom.path().join("first/data");
        self.with_data_of(&first, name, lines)
    }

    /// The same server elsewhere: this one ends, and another has a copy of its data folder.
    ///
    /// # Errors
    /// As [`Camp::besiege`].
    pub fn move_away(&self, mut siege: Siege, name: &str, lines: &str) -> io::Result<Siege> {
        siege.server.stop()?;
        self.with_data_of(&siege.folder.join("data"), name, lines)
    }

    fn with_data_of(&self, data: &Path, name: &str, lines: &str) -> io::Result<Siege> {
        let path = self.broom.path();
        let folder = path.join(name);
        let mut server = self.server(&folder, lines)?;
        let copied = Command::new("cp")
            .arg("-a")
            .args([data, &folder.join("data")])
            .status()?;
        if !copied.success() {
            return Err(io::Error::other("the server's data cannot be copied"));
        }
        server.start()?;
        let (mut way, shortcut) = self.way(&folder)?;
        way.push("--address-file".to_owned());
        way.push(text(&path.join("address"))?.to_owned());
        let (target, tor) = match &self.road {
            Road::Sockets => {
                let socket = folder.join("sockets/public");
                (vec!["--socket".to_owned(), text(&socket)?.to_owned()], None)
            }
            Road::Tor(network) => {
                let tor = TorClient::start(network, &folder.join("tor"), "")?;
                let onion = std::fs::read_to_string(path.join("onion"))?;
                let socks = tor.socks().to_string();
                let words = ["--socks", &socks, "--onion", &onion];
                (words.map(str::to_owned).to_vec(), Some(tor))
            }
        };
        Ok(Siege {
            server,
            programs: self.programs.clone(),
            folder,
            way,
            target,
            _shortcut: shortcut,
            _tor: tor,
        })
    }

    fn server(&self, folder: &Path, lines: &str) -> io::Result<Server> {
        let road = match &self.road {
            Road::Sockets => format!(
                "listen = \"unix:sockets\"\npublic_onion = \"{}\"\ncollection_onion = \"{}\"",
                name(1),
                name(2)
            ),
            Road::Tor(network) => format!("tor = {:?}", network.arti_settings()),
        };
        Server::new(&self.programs, folder, &format!("{road}\n{lines}"))
    }

    /// The arguments that have a program go this way to the server in `folder`.
    fn way(&self, folder: &Path) -> io::Result<(Vec<String>, Option<Shortcut>)> {
        match &self.road {
            Road::Sockets => {
                let sockets = folder.join("sockets");
                let shortcut = Shortcut::start(&sockets, &name(1), &name(2))?;
                Ok((shortcut.way(), Some(shortcut)))
            }
            Road::Tor(network) => {
                let settings = text(&network.arti_settings())?.to_owned();
                Ok((vec!["--tor-config".to_owned(), settings], None))
            }
        }
    }
}

/// A name that no network has: its key is made up here.
fn name(key: u8) -> String {
    OnionAddress::from_identity(&[key; 32]).to_string()
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
            .args(&self.way);
        Ok(command)
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
        command.arg("--no-reply").args(&self.way);
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

fn text(path: &Path) -> io::Result<&str> {
    path.to_str()
        .ok_or_else(|| io::Error::other("the target folder's name is no text"))
}
