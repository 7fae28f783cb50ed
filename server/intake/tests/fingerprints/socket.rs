//! A real socket in front of the drop-box, and an answer as bytes.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use knothole_intake::Intake;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// No answer takes as long as this, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Public,
    Collection,
}

/// A port of the loopback, behind which one side of a drop-box serves until this goes.
pub struct Socket {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Socket {
    pub async fn of(intake: &Arc<Intake>, side: Side) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let intake = Arc::clone(intake);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let intake = Arc::clone(&intake);
                connections.spawn(async move {
                    match side {
                        Side::Public => intake.serve_public(stream).await,
                        Side::Collection => intake.serve_collection(stream).await,
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self {
            address,
            _serving: serving,
        }
    }

    /// Says this on a new connection, and gives all that comes back until the other side closes it.
    pub async fn say(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let (mut read, mut write) = stream.split();
        let mut answer = Vec::new();
        let both = async {
            // The other side may have heard enough, and have closed with bytes unread.
            let (_said, _heard) =
                tokio::join!(write.write_all(bytes), read.read_to_end(&mut answer));
        };
        tokio::time::timeout(PATIENCE, both).await.unwrap();
        answer
    }
}

/// The head of an answer.
#[derive(Debug)]
pub struct Head {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Head {
    /// Splits an answer into head and body, if it is one.
    pub fn of(answer: &[u8]) -> Option<(Self, &[u8])> {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, body) = answer.split_at_checked(end)?;
        let text = core::str::from_utf8(head).ok()?.to_owned();
        let mut lines = text.split("\r\n");
        let mut first = lines.next()?.splitn(3, ' ');
        if !matches!(first.next()?, "HTTP/1.1" | "HTTP/1.0") {
            return None;
        }
        let status = first.next()?.parse().ok()?;
        let headers = lines
            .map(|line| line.split_once(": "))
            .map(|pair| pair.map(|(name, value)| (name.to_lowercase(), value.to_owned())))
            .collect::<Option<Vec<_>>>()?;
        let head = Self {
            status,
            headers,
            text,
        };
        Some((head, body.get(4..)?))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}
