//! A SOCKS5 port of a Tor client that runs already: Tor Browser's, Tails', a system's tor.

use std::net::SocketAddr;

use knothole_envelope::OnionAddress;
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;

use crate::dial::{DialError, SERVICE_PORT};
use crate::{Isolation, Stream};

/// A SOCKS5 port of a Tor client.
///
/// Circuits are separated by user name and password, which C tor and arti both honour.
#[derive(Clone, Debug)]
pub struct Socks {
    port: SocketAddr,
}

impl Socks {
    /// The client that listens on `port`.
    #[must_use]
    pub fn new(port: SocketAddr) -> Self {
        Self { port }
    }

    pub(crate) async fn dial(
        &self,
        onion: &OnionAddress,
        isolation: &Isolation,
    ) -> Result<Stream, DialError> {
        let port = TcpStream::connect(self.port)
            .await
            .map_err(DialError::NoSocks)?;
        let host = onion.to_string();
        let stream = Socks5Stream::connect_with_password_and_socket(
            port,
            (host.as_str(), SERVICE_PORT),
            isolation.user(),
            // The user name separates circuits; the password only has to be there.
            "0",
        )
        .await
        .map_err(|error| DialError::Unreachable(Box::new(error)))?;
        Ok(Stream::tcp(stream.into_inner()))
    }
}
