//! A C tor of one's own on a private network: a SOCKS port, and onion services if it is told so.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::child::{Process, guarded};
use crate::network::Network;

/// How long it may take to know the network.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an answer may take, with the making of its circuits.
const ANSWER_PATIENCE: Duration = Duration::from_secs(60);
/// How long between two looks at its log.
const LOOK: Duration = Duration::from_millis(50);

/// What a SOCKS port says of an onion for clients with a key, to one without.
const MISSING_CLIENT_AUTHORIZATION: u8 = 0xf4;
/// And to one with another.
const WRONG_CLIENT_AUTHORIZATION: u8 = 0xf5;

/// A running C tor. It ends with this value.
#[derive(Debug)]
pub struct TorClient {
    socks: SocketAddr,
    folder: PathBuf,
    process: Process,
}

impl TorClient {
    /// Starts tor with these lines of settings besides the network's, its files in `folder`, and
    /// waits until it knows the network.
    ///
    /// # Errors
    /// When it cannot be started, or its log when it does not come up.
    pub fn start(network: &Network, folder: &Path, lines: &str) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let log = folder.join("log");
        // What an earlier one logged here says nothing of this one.
        File::create(&log)?;
        let settings = folder.join("torrc");
        let text = format!(
            "{}\nDataDirectory {}\nLog notice file {}\nSocksPort 127.0.0.1:auto ExtendedErrors\n\
             __OwningControllerProcess {}\n{lines}\n",
            std::fs::read_to_string(network.tor_settings())?,
            folder.join("data").display(),
            log.display(),
            std::process::id(),
        );
        File::create(&settings)?.write_all(text.as_bytes())?;
        let mut command = guarded("tor");
        command
            .args([
                "--ignore-missing-torrc",
                "--defaults-torrc",
                "/dev/null",
                "-f",
            ])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Process::start(command)?;
        let start = Instant::now();
        loop {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            if said.contains("Bootstrapped 100%")
                && let Some(socks) = socks_port(&said)
            {
                return Ok(Self {
                    socks,
                    folder: folder.to_owned(),
                    process,
                });
            }
            if process.ended()?.is_some() || start.elapsed() > PATIENCE {
                return Err(io::Error::other(format!("tor did not come up:\n{said}")));
            }
            thread::sleep(LOOK);
        }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its SOCKS port.
    #[must_use]
    pub fn socks(&self) -> SocketAddr {
        self.socks
    }

    /// The address of the onion service whose `HiddenServiceDir` is called `name` in this tor's
    /// folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn onion(&self, name: &str) -> io::Result<String> {
        let text = std::fs::read_to_string(self.folder.join(name).join("hostname"))?;
        Ok(text.trim().to_owned())
    }

    /// Sends `request`, a whole HTTP/1.1 request with `Connection: close`, to port 80 of `onion`,
    /// and gives all that comes back.
    ///
    /// # Errors
    /// [`io::ErrorKind::PermissionDenied`] when tor says that the onion is for clients with a key and
    /// this one has none, or another; [`io::ErrorKind::HostUnreachable`] when it got no stream there
    /// for another reason; what the connection says when it breaks.
    pub fn exchange(&self, onion: &str, request: &str) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.socks)?;
        stream.set_read_timeout(Some(ANSWER_PATIENCE))?;
        // RFC 1928: version 5, one method, none; then CONNECT to a name.
        stream.write_all(&[5, 1, 0])?;
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen)?;
        let length = u8::try_from(onion.len()).map_err(io::Error::other)?;
        let mut connect = vec![5, 1, 0, 3, length];
        connect.extend_from_slice(onion.as_bytes());
        connect.extend_from_slice(&80_u16.to_be_bytes());
        stream.write_all(&connect)?;
        let mut reply = [0; 10];
        stream.read_exact(&mut reply)?;
        let [_, code, ..] = reply;
        // Beyond RFC 1928: tor's manual, "ExtendedErrors".
        let kind = match code {
            0 => None,
            MISSING_CLIENT_AUTHORIZATION | WRONG_CLIENT_AUTHORIZATION => {
                Some(io::ErrorKind::PermissionDenied)
            }
            _ => Some(io::ErrorKind::HostUnreachable),
        };
        if let Some(kind) = kind {
            return Err(io::Error::new(kind, format!("tor says {code:#x}")));
        }
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// Asks `onion` for a page.
    ///
    /// # Errors
    /// As [`TorClient::exchange`].
    pub fn get(&self, onion: &str, path: &str) -> io::Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {onion}\r\nConnection: close\r\n\r\n");
        self.exchange(onion, &request)
    }
}

/// The port that tor chose, from what it logged.
fn socks_port(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("Opened Socks listener connection (ready) on ")?;
    rest.lines().next()?.trim().parse().ok()
}
