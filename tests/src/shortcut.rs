//! A SOCKS port that leads straight to a server's sockets, where Tor is left out.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::child::{Process, guarded};

/// A running `soak/shortcut.py`. It ends with this value.
#[derive(Debug)]
pub struct Shortcut {
    port: u16,
    _process: Process,
}

impl Shortcut {
    /// Leads these two onion names to the sockets `public` and `collection` in `sockets`.
    ///
    /// # Errors
    /// When python3 cannot be started, or says something else than its port.
    pub fn start(sockets: &Path, public: &str, collection: &str) -> io::Result<Self> {
        let socket = |name: &str| sockets.join(name).display().to_string();
        Self::to(&[
            (public, socket("public")),
            (collection, socket("collection")),
        ])
    }

    /// Leads each of these names to a socket, or to a port as in `127.0.0.1:80`.
    ///
    /// # Errors
    /// As [`Shortcut::start`].
    pub fn to(ways: &[(&str, String)]) -> io::Result<Self> {
        let mut command = guarded("python3");
        command
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/soak/shortcut.py"))
            .arg("0")
            .args(ways.iter().map(|(name, way)| format!("{name}={way}")))
            .stdout(Stdio::piped());
        let mut process = Process::start(command)?;
        let mut line = String::new();
        if let Some(out) = process.child().stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let port = line.trim().strip_prefix("ready ");
        let port = port.and_then(|port| port.parse().ok());
        Ok(Self {
            port: port.ok_or_else(|| io::Error::other("the shortcut did not come up"))?,
            _process: process,
        })
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Arguments that send a program this way.
    #[must_use]
    pub fn way(&self) -> Vec<String> {
        vec!["--socks".to_owned(), format!("127.0.0.1:{}", self.port)]
    }
}
