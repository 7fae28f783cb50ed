//! Which circuit a connection from another tor came by: a tor that is set to
//! `HiddenServiceExportCircuitID haproxy` says it in a line before the connection's own bytes
//! (tor's manual; the PROXY protocol, version 1).

use std::collections::HashMap;
use std::io;
use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use knothole_intake::{Crowd, Place};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest line that the protocol has.
const LONGEST: usize = 107;
/// How long the line may take: it comes from a tor on this machine, at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first half of the addresses that tor makes of circuits.
const PREFIX: [u16; 4] = [0xfc00, 0xdead, 0xbeef, 0x4dad];

/// The circuits that have connections now.
#[derive(Debug)]
pub(super) struct Circuits {
    crowd: Arc<Crowd>,
    known: Mutex<HashMap<u32, Weak<Place>>>,
}

impl Circuits {
    pub(super) fn new(crowd: Arc<Crowd>) -> Self {
        Self {
            crowd,
            known: Mutex::default(),
        }
    }

    /// The place of a circuit, which all of its connections hold together. There is none where all
    /// have come just now.
    pub(super) fn place_of(&self, circuit: u32) -> Option<Arc<Place>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.get(&circuit).and_then(Weak::upgrade) {
            return Some(place);
        }
        known.retain(|_, place| place.strong_count() > 0);
        let place = Arc::new(self.crowd.enter(None)?);
        known.insert(circuit, Arc::downgrade(&place));
        Some(place)
    }
}

/// Reads the line, and no byte beyond it.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] when it is none of tor's, [`io::ErrorKind::TimedOut`] when it does
/// not come.
pub(super) async fn circuit_of(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<u32> {
    let reading = async {
        let mut line = Vec::with_capacity(LONGEST);
        while !line.ends_with(b"\r\n") {
            if line.len() == LONGEST {
                return Err(io::ErrorKind::InvalidData.into());
            }
            line.push(stream.read_u8().await?);
        }
        parse(&line).ok_or_else(|| io::ErrorKind::InvalidData.into())
    };
    tokio::time::timeout(PATIENCE, reading).await?
}

fn parse(line: &[u8]) -> Option<u32> {
    let line = core::str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    let from = line.strip_prefix("PROXY TCP6 ")?.split(' ').next()?;
    let from: Ipv6Addr = from.parse().ok()?;
    let [a, b, c, d, 0, 0, high, low] = from.segments() else {
        return None;
    };
    ([a, b, c, d] == PREFIX).then_some((u32::from(high) << 16) | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_tor_names_the_circuit_and_nothing_else_does() {
        let from =
            |address: &str| parse(format!("PROXY TCP6 {address} ::1 65535 80\r\n").as_bytes());
        assert_eq!(from("fc00:dead:beef:4dad::1:2"), Some(0x0001_0002));
        assert_eq!(from("fc00:dead:beef:4dad::ffff:ffff"), Some(u32::MAX));
        assert_eq!(from("fc00:dead:beef:4dad::0:7"), Some(7));
        assert_eq!(from("fc00:dead:beef:4dad:1::1:2"), None);
        assert_eq!(from("2001:db8::1:2"), None);
        assert_eq!(from("127.0.0.1"), None);
        for wrong in [
            "",
            "\r\n",
            "GET / HTTP/1.1\r\n",
            "PROXY UNKNOWN\r\n",
            "PROXY TCP6 \r\n",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn what_follows_the_line_is_left_and_a_line_without_end_is_given_up() {
        let mut bytes: &[u8] = b"PROXY TCP6 fc00:dead:beef:4dad::0:9 ::1 9 80\r\nGET /";
        assert_eq!(circuit_of(&mut bytes).await.unwrap(), 9);
        assert_eq!(bytes, b"GET /");
        let long = [b'x'; 200];
        let mut bytes = long.as_slice();
        let error = circuit_of(&mut bytes).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(bytes.len(), 200 - LONGEST);
    }

    #[test]
    fn connections_of_one_circuit_hold_one_place_together() {
        let mut settings = knothole_intake::Settings::default();
        settings.place_patience = Duration::from_secs(3_600);
        let circuits = Circuits::new(Crowd::new(1, &settings));
        let first = circuits.place_of(7).unwrap();
        let second = circuits.place_of(7).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        // It has come just now, so it keeps its place against another.
        assert!(circuits.place_of(8).is_none());
        drop((first, second));
        assert!(circuits.place_of(8).is_some());
    }
}
