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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Plays the part of a SOCKS port once; gives the user name and the host it was asked for.
    async fn socks_port(listener: TcpListener) -> (Vec<u8>, Vec<u8>) {
        let (mut peer, _) = listener.accept().await.unwrap();
        let mut greeting = vec![0; 2];
        peer.read_exact(&mut greeting).await.unwrap();
        let mut methods = vec![0; usize::from(greeting[1])];
        peer.read_exact(&mut methods).await.unwrap();
        assert!(methods.contains(&2));
        peer.write_all(&[5, 2]).await.unwrap();
        assert_eq!(peer.read_u8().await.unwrap(), 1);
        let user = field(&mut peer).await;
        field(&mut peer).await;
        peer.write_all(&[1, 0]).await.unwrap();
        let mut request = [0; 4];
        peer.read_exact(&mut request).await.unwrap();
        // CONNECT to a name: the port never looks an onion up.
        assert_eq!(request, [5, 1, 0, 3]);
        let host = field(&mut peer).await;
        assert_eq!(peer.read_u16().await.unwrap(), SERVICE_PORT);
        peer.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .await
            .unwrap();
        (user, host)
    }

    async fn field(peer: &mut TcpStream) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(peer.read_u8().await.unwrap())];
        peer.read_exact(&mut bytes).await.unwrap();
        bytes
    }

    #[tokio::test]
    async fn the_port_is_asked_for_the_onion_under_a_user_name_of_the_isolation() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socks = Socks::new(listener.local_addr().unwrap());
        let onion = OnionAddress::from_identity(&[7; 32]);
        let isolation = Isolation::fresh();
        let (stream, (user, host)) =
            tokio::join!(socks.dial(&onion, &isolation), socks_port(listener));
        stream.unwrap();
        assert_eq!(user, isolation.user().as_bytes());
        assert_eq!(host, onion.to_string().as_bytes());
    }

    #[tokio::test]
    async fn a_port_that_does_not_listen_is_told_from_an_onion_that_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socks = Socks::new(listener.local_addr().unwrap());
        drop(listener);
        let onion = OnionAddress::from_identity(&[7; 32]);
        let failed = socks.dial(&onion, &Isolation::fresh()).await;
        assert!(matches!(failed, Err(DialError::NoSocks(_))));
    }
}
