//! Dialing an onion service.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use arti_client::{ErrorKind, HasKind as _};
use knothole_envelope::OnionAddress;
use tokio::net::TcpStream;

use crate::{Isolation, Socks, Stream, Tor};

/// The port at which both services of a drop-box answer.
pub(crate) const SERVICE_PORT: u16 = 80;

/// How long one attempt may take. arti's own limits let an attempt hang for a minute and more.
pub const DIAL_PATIENCE: Duration = Duration::from_secs(45);

/// A way to reach an onion service.
#[derive(Clone, Debug)]
pub enum Dialer {
    /// Through arti in this process.
    Tor(Tor),
    /// Through a SOCKS port.
    Socks(Socks),
    /// Straight to a loopback address, whatever onion is asked for. For tests of programs; no
    /// program offers it.
    Direct(Direct),
}

impl Dialer {
    /// Opens a stream to port 80 of `onion`, within [`DIAL_PATIENCE`].
    ///
    /// # Errors
    /// See [`DialError`]; [`DialError::is_lasting`] says whether another attempt makes sense.
    pub async fn dial(
        &self,
        onion: &OnionAddress,
        isolation: &Isolation,
    ) -> Result<Stream, DialError> {
        let attempt = async {
            match self {
                Self::Tor(tor) => tor.dial(onion, isolation).await,
                Self::Socks(socks) => socks.dial(onion, isolation).await,
                Self::Direct(direct) => direct.dial().await,
            }
        };
        tokio::time::timeout(DIAL_PATIENCE, attempt)
            .await
            .unwrap_or(Err(DialError::OutOfTime))
    }

    /// What time it is: by Tor's consensus where there is one, else by the system's clock.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        match self {
            Self::Tor(tor) => tor.time(),
            Self::Socks(_) | Self::Direct(_) => system_time(),
        }
    }
}

/// The system's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where this library reads the clock"
)]
pub(crate) fn system_time() -> SystemTime {
    SystemTime::now()
}

/// Straight to a loopback address, for tests.
#[derive(Clone, Debug)]
pub struct Direct {
    address: SocketAddr,
}

impl Direct {
    /// Reaches `address`, or nothing when it is not a loopback address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Option<Self> {
        address.ip().is_loopback().then_some(Self { address })
    }

    async fn dial(&self) -> Result<Stream, DialError> {
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(|error| DialError::Unreachable(Box::new(error)))?;
        Ok(Stream::tcp(stream))
    }
}

/// Why no stream was opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum DialError {
    /// The attempt took longer than [`DIAL_PATIENCE`].
    OutOfTime,
    /// The service wants a discovery key, and none was given.
    KeyMissing,
    /// The discovery key is not one that the service knows.
    KeyWrong,
    /// The Tor network or the service was not reached; another attempt may reach it.
    Unreachable(Box<dyn std::error::Error + Send + Sync>),
    /// The SOCKS port itself does not answer.
    NoSocks(std::io::Error),
}

impl DialError {
    /// Whether another attempt will fail in the same way.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::KeyMissing | Self::KeyWrong)
    }

    pub(crate) fn from_arti(error: arti_client::Error) -> Self {
        match error.kind() {
            ErrorKind::OnionServiceMissingClientAuth => Self::KeyMissing,
            ErrorKind::OnionServiceWrongClientAuth => Self::KeyWrong,
            _ => Self::Unreachable(Box::new(error)),
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfTime => "the onion service did not answer in time",
            Self::KeyMissing => "the onion service asks for a discovery key that is not here",
            Self::KeyWrong => "the onion service does not know this discovery key",
            Self::Unreachable(_) => "the onion service could not be reached",
            Self::NoSocks(_) => "the SOCKS port does not answer",
        })
    }
}

impl std::error::Error for DialError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreachable(error) => Some(error.as_ref()),
            Self::NoSocks(error) => Some(error),
            Self::OutOfTime | Self::KeyMissing | Self::KeyWrong => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_direct_way_leads_to_this_machine_only() {
        assert!(Direct::new(([127, 0, 0, 1], 80).into()).is_some());
        assert!(Direct::new(([192, 0, 2, 1], 80).into()).is_none());
    }

    #[test]
    fn only_a_missing_or_wrong_key_is_lasting() {
        assert!(DialError::KeyMissing.is_lasting());
        assert!(DialError::KeyWrong.is_lasting());
        assert!(!DialError::OutOfTime.is_lasting());
        assert!(!DialError::Unreachable("gone".into()).is_lasting());
    }
}
