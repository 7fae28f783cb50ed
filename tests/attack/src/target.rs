//! What is attacked: nothing but what is on this machine.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use knothole_envelope::OnionAddress;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;
use tokio_socks::tcp::Socks5Stream;

/// A byte stream to the drop-box.
pub(crate) type Line = Box<dyn Stream>;

/// What goes both ways.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Where the drop-box is.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    /// At a unix socket.
    Socket(PathBuf),
    /// At an onion, behind a SOCKS port on loopback.
    Onion {
        /// The port.
        socks: SocketAddr,
        /// The name.
        onion: String,
    },
}

/// What is not attacked.
#[derive(Debug)]
pub(crate) struct Elsewhere;

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only an onion behind a SOCKS port on loopback is attacked")
    }
}

impl std::error::Error for Elsewhere {}

impl Target {
    /// An onion behind a port on loopback.
    pub(crate) fn onion(socks: SocketAddr, onion: String) -> Result<Self, Elsewhere> {
        if !socks.ip().is_loopback() || onion.parse::<OnionAddress>().is_err() {
            return Err(Elsewhere);
        }
        Ok(Self::Onion { socks, onion })
    }

    /// One more connection. Those to an onion share a circuit, as one client's do.
    pub(crate) async fn connect(&self) -> io::Result<Line> {
        match self {
            Self::Socket(path) => Ok(Box::new(UnixStream::connect(path).await?)),
            Self::Onion { socks, onion } => {
                let to = (onion.as_str(), 80);
                let stream = Socks5Stream::connect_with_password(*socks, to, "one", "circuit");
                let stream = stream.await.map_err(io::Error::other)?;
                Ok(Box::new(stream.into_inner()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_behind_a_port_on_loopback_is_attacked() {
        let onion = OnionAddress::from_identity(&[1; 32]).to_string();
        let port = |text: &str| text.parse().unwrap();
        assert!(Target::onion(port("127.0.0.1:9050"), onion.clone()).is_ok());
        assert!(Target::onion(port("192.0.2.1:9050"), onion).is_err());
        assert!(Target::onion(port("127.0.0.1:9050"), "example.org".to_owned()).is_err());
    }
}
