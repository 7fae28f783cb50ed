//! The way to the Tor network: a client that runs already, or one of our own.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use knothole_onion::{Dialer, Socks, StateFolder, Tor, TorSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::SendError;
use crate::voice::Voice;

/// Tor Browser's SOCKS port, then that of Tails and of a system's tor.
const USUAL_PORTS: [(u16, &str); 2] = [(9_150, "Tor Browser"), (9_050, "a Tor that runs here")];
/// How long a port of this machine may take to answer.
const PORT_PATIENCE: Duration = Duration::from_secs(2);

/// What the source said about the way.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// A SOCKS port to use, whatever else there is.
    pub(crate) socks: Option<SocketAddr>,
    /// Settings for a Tor of our own.
    pub(crate) tor_config: Vec<PathBuf>,
}

impl Way {
    /// Finds a way to the network.
    pub(crate) async fn open(&self, voice: &Voice) -> Result<Dialer, SendError> {
        if let Some(port) = self.socks {
            return Ok(Dialer::Socks(Socks::new(port)));
        }
        if self.tor_config.is_empty() {
            for (port, whose) in USUAL_PORTS {
                let port = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                if speaks_socks(port).await {
                    voice.say(&format!(
                        "Using {whose}: this program starts no Tor of its own."
                    ));
                    return Ok(Dialer::Socks(Socks::new(port)));
                }
            }
        }
        let mut settings = TorSettings::new(StateFolder::Temporary);
        for file in &self.tor_config {
            settings = settings.with_file(file);
        }
        voice.say(
            "Starting Tor in this program; this can take some minutes. What Tor needs to remember \
             is kept in a folder in memory, which goes when the program ends.",
        );
        Ok(Dialer::Tor(Tor::bootstrap(settings).await?))
    }
}

/// Whether a SOCKS5 server answers at this port (RFC 1928 §3).
async fn speaks_socks(port: SocketAddr) -> bool {
    let greeting = async {
        let mut stream = TcpStream::connect(port).await.ok()?;
        stream.write_all(&[5, 2, 0, 2]).await.ok()?;
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).await.ok()?;
        matches!(answer, [5, 0 | 2]).then_some(())
    };
    matches!(
        tokio::time::timeout(PORT_PATIENCE, greeting).await,
        Ok(Some(()))
    )
}
