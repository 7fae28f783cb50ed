//! Questions to a node's control port (control-spec).

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use super::settings::Site;
use super::{NetworkError, RelayName};

/// How long a node may take to answer; a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(10);

/// The bytes that a node has read and written since it started.
pub(super) fn carried(site: &Site, name: &RelayName) -> Result<u64, NetworkError> {
    let unusable = || NetworkError::Control(name.clone());
    let answers = ask(site, name, &["traffic/read", "traffic/written"]).ok_or_else(unusable)?;
    answers.iter().try_fold(0_u64, |sum, answer| {
        let bytes: u64 = answer.parse().map_err(|_not_a_number| unusable())?;
        Ok(sum.saturating_add(bytes))
    })
}

/// Whether a node knows enough of the network to build circuits.
pub(super) fn knows_network(site: &Site, name: &RelayName) -> bool {
    ask(site, name, &["status/enough-dir-info"]).is_some_and(|answers| answers == ["1"])
}

/// Changes settings of a node that runs.
pub(super) fn change(site: &Site, name: &RelayName, changes: &str) -> Result<(), NetworkError> {
    open(site, name)
        .and_then(|mut port| port.say(&format!("SETCONF {changes}"), None))
        .map(drop)
        .ok_or_else(|| NetworkError::Control(name.clone()))
}

fn ask(site: &Site, name: &RelayName, questions: &[&str]) -> Option<Vec<String>> {
    let mut port = open(site, name)?;
    questions
        .iter()
        .map(|question| port.say(&format!("GETINFO {question}"), Some(question)))
        .collect()
}

fn open(site: &Site, name: &RelayName) -> Option<Port> {
    let (address, cookie) = site.control(name)?;
    let mut hex = String::new();
    for byte in std::fs::read(cookie).ok()? {
        write!(hex, "{byte:02X}").ok()?;
    }
    let stream = TcpStream::connect_timeout(&address.into(), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut port = Port(BufReader::new(stream));
    port.say(&format!("AUTHENTICATE {hex}"), None)?;
    Some(port)
}

struct Port(BufReader<TcpStream>);

impl Port {
    /// Sends a line and gives the value of `key` in the answer (empty without a key).
    fn say(&mut self, line: &str, key: Option<&str>) -> Option<String> {
        self.send(line).ok()?;
        let mut value = String::new();
        loop {
            let mut answer = String::new();
            if self.0.read_line(&mut answer).ok()? == 0 {
                return None;
            }
            let answer = answer.trim_end();
            if answer == "250 OK" {
                return Some(value);
            }
            let (found, text) = answer.strip_prefix("250-")?.split_once('=')?;
            if Some(found) == key {
                text.clone_into(&mut value);
            }
        }
    }

    fn send(&mut self, line: &str) -> io::Result<()> {
        let stream = self.0.get_mut();
        stream.write_all(line.as_bytes())?;
        stream.write_all(b"\r\n")
    }
}
