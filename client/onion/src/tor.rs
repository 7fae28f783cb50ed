//! Tor in this process, by arti.

mod discovery;
mod folder;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arti_client::config::BoolOrAuto;
use arti_client::{StreamPrefs, TorClient};
use knothole_envelope::OnionAddress;
use tor_hscrypto::pk::HsId;
use tor_keymgr::KeystoreSelector;
use tor_rtcompat::PreferredRuntime;

pub use discovery::{DiscoverySecret, discovery_key_text};
pub use folder::StateFolder;
pub use settings::{KeyKeeping, TorSettings};

use crate::dial::{DialError, SERVICE_PORT, system_time};
use crate::{Isolation, Stream};
use folder::OpenFolder;

/// How long arti may take to know enough of the network.
pub const BOOTSTRAP_PATIENCE: Duration = Duration::from_secs(300);

/// A clock that is off by less does no harm; consensuses come hourly.
const CLOCK_SLACK: Duration = Duration::from_secs(3600);

/// A running Tor client. Copies share it; the last one that goes removes a temporary state.
#[derive(Clone)]
pub struct Tor(Arc<Running>);

struct Running {
    client: Arc<TorClient<PreferredRuntime>>,
    // Held for its `Drop`: fields are dropped in order, so the client lets go of it first.
    _folder: OpenFolder,
}

impl Tor {
    /// Starts arti and waits, at most [`BOOTSTRAP_PATIENCE`], until it knows the network.
    ///
    /// # Errors
    /// [`TorError::Settings`] and [`TorError::Folder`] will fail again; the others may not.
    pub async fn bootstrap(settings: TorSettings) -> Result<Self, TorError> {
        let tor = Self::start(settings)?;
        tor.wait().await?;
        Ok(tor)
    }

    /// Makes the client without going online; [`Tor::wait`] goes online.
    ///
    /// # Errors
    /// [`TorError::Settings`], [`TorError::Folder`], [`TorError::Start`].
    pub fn start(settings: TorSettings) -> Result<Self, TorError> {
        // Another part of the process may have installed one; any will do.
        drop(rustls::crypto::ring::default_provider().install_default());
        let folder = settings.open_folder()?;
        let config = settings.config_in(&folder)?;
        let client = TorClient::builder()
            .config(config)
            .create_unbootstrapped()
            .map_err(|error| TorError::Start(Box::new(error)))?;
        Ok(Self(Arc::new(Running {
            client,
            _folder: folder,
        })))
    }

    /// Waits, at most [`BOOTSTRAP_PATIENCE`], until the client knows the network.
    ///
    /// # Errors
    /// [`TorError::OutOfTime`], [`TorError::Bootstrap`].
    pub async fn wait(&self) -> Result<(), TorError> {
        tokio::time::timeout(BOOTSTRAP_PATIENCE, self.0.client.bootstrap())
            .await
            .map_err(|_| TorError::OutOfTime)?
            .map_err(|error| TorError::Bootstrap(Box::new(error)))
    }

    /// Lets the client find the restricted service at `onion`. Call it before the first dial.
    ///
    /// # Errors
    /// [`TorError::Key`] when arti keeps no keys or has another one for this service.
    pub fn insert_discovery_key(
        &self,
        onion: &OnionAddress,
        secret: &DiscoverySecret,
    ) -> Result<(), TorError> {
        let service = service_id(onion)?;
        self.0
            .client
            .insert_service_discovery_key(KeystoreSelector::Primary, service, secret.for_arti())
            .map(drop)
            .map_err(|error| TorError::Key(Box::new(error)))
    }

    /// The arti client itself, for the program that runs services in it.
    #[must_use]
    pub fn arti(&self) -> &Arc<TorClient<PreferredRuntime>> {
        &self.0.client
    }

    /// The system's clock, held within the lifetime of the consensus that the client has.
    ///
    /// A clock that is a year off thus shows the right day all the same. Before there is a
    /// consensus it is the system's clock.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        let system = system_time();
        let Ok(directory) = self.0.client.dirmgr() else {
            return system;
        };
        let Ok(network) = directory.timely_netdir() else {
            return system;
        };
        let lifetime = network.lifetime();
        held_within(system, lifetime.valid_after(), lifetime.valid_until())
    }

    /// How the system's clock stands to the consensus that the client has.
    #[must_use]
    pub fn judge_clock(&self) -> ByConsensus {
        let directory = self.0.client.dirmgr();
        let Some(network) = directory.ok().and_then(|held| held.timely_netdir().ok()) else {
            return ByConsensus::Untold;
        };
        let lifetime = network.lifetime();
        judged(
            system_time(),
            lifetime.valid_after(),
            lifetime.valid_until(),
        )
    }

    pub(crate) async fn dial(
        &self,
        onion: &OnionAddress,
        isolation: &Isolation,
    ) -> Result<Stream, DialError> {
        let mut prefs = StreamPrefs::new();
        prefs
            .connect_to_onion_services(BoolOrAuto::Explicit(true))
            .set_isolation(isolation.token());
        let host = onion.to_string();
        let stream = self
            .0
            .client
            .connect_with_prefs((host.as_str(), SERVICE_PORT), &prefs)
            .await
            .map_err(DialError::from_arti)?;
        Ok(Stream::tor(stream))
    }
}

fn service_id(onion: &OnionAddress) -> Result<HsId, TorError> {
    onion
        .to_string()
        .parse()
        .map_err(|error| TorError::Key(Box::new(error)))
}

/// What the Tor network's consensus says of the system's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByConsensus {
    /// There is no consensus, or it is far from the clock.
    Untold,
    /// The clock lies within the consensus' lifetime, or an hour beside it.
    Agrees,
    /// It lies elsewhere: it is wrong, or the network was not reached for hours.
    Differs,
}

fn judged(time: SystemTime, from: SystemTime, until: SystemTime) -> ByConsensus {
    let held = held_within(time, from, until);
    let off = time
        .duration_since(held)
        .or_else(|_| held.duration_since(time));
    match off {
        Ok(off) if off <= CLOCK_SLACK => ByConsensus::Agrees,
        _ => ByConsensus::Differs,
    }
}

fn held_within(time: SystemTime, from: SystemTime, until: SystemTime) -> SystemTime {
    time.max(from).min(until)
}

impl fmt::Debug for Tor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tor")
    }
}

/// Why there is no Tor client.
#[derive(Debug)]
#[non_exhaustive]
pub enum TorError {
    /// A settings file of arti cannot be read, or says what arti does not understand.
    Settings(Box<dyn std::error::Error + Send + Sync>),
    /// The folder for Tor's state cannot be made.
    Folder(std::io::Error),
    /// arti does not start.
    Start(Box<dyn std::error::Error + Send + Sync>),
    /// The Tor network was not reached.
    Bootstrap(Box<dyn std::error::Error + Send + Sync>),
    /// The Tor network was not reached within [`BOOTSTRAP_PATIENCE`].
    OutOfTime,
    /// A discovery key cannot be kept.
    Key(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for TorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Settings(_) => "the Tor settings cannot be used",
            Self::Folder(_) => "the folder for Tor's state cannot be made",
            Self::Start(_) => "Tor does not start",
            Self::Bootstrap(_) => "the Tor network could not be reached",
            Self::OutOfTime => "the Tor network was not reached in time",
            Self::Key(_) => "the discovery key cannot be used",
        })
    }
}

impl std::error::Error for TorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Settings(error)
            | Self::Start(error)
            | Self::Bootstrap(error)
            | Self::Key(error) => Some(error.as_ref()),
            Self::Folder(error) => Some(error),
            Self::OutOfTime => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "times near the epoch")]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_clock_that_is_wrong_is_held_within_the_consensus() {
        assert_eq!(held_within(at(5), at(10), at(20)), at(10));
        assert_eq!(held_within(at(15), at(10), at(20)), at(15));
        assert_eq!(held_within(at(25), at(10), at(20)), at(20));
    }

    #[test]
    fn a_clock_an_hour_beside_the_consensus_agrees_and_one_further_off_differs() {
        let judge = |seconds| judged(at(seconds), at(10_000), at(20_000));
        for agrees in [6_400, 10_000, 15_000, 20_000, 23_600] {
            assert_eq!(judge(agrees), ByConsensus::Agrees, "{agrees}");
        }
        for differs in [0, 6_399, 23_601] {
            assert_eq!(judge(differs), ByConsensus::Differs, "{differs}");
        }
    }
}
