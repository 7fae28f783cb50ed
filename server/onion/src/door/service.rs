//! The onion services as arti knows them: keys and configuration.

use std::fmt;

use arti_client::config::onion_service::{OnionServiceConfig, OnionServiceConfigBuilder};
use arti_client::{TorClient, TorClientConfig};
use knothole_envelope::OnionAddress;
use knothole_intake::Courier;
use knothole_onion::{DiscoverySecret, discovery_key_text};
use tor_hsservice::HsId;
use tor_hsservice::OnionService;
use tor_hsservice::config::TokenBucketConfig;
use tor_keymgr::KeystoreSelector;
use tor_rtcompat::PreferredRuntime;

use crate::config::{Config, Queue};
use crate::room::Room;

/// The configuration of a service.
///
/// The collection always has somebody who could find it: without couriers that is a key which
/// nobody has. arti cannot stop a service for a while (a part of it would keep its state
/// locked), and whether there are couriers is nobody's business.
///
/// # Errors
/// [`ServiceError::Config`].
pub(super) fn service_config(
    room: Room,
    config: &Config,
    couriers: &[Courier],
) -> Result<OnionServiceConfig, ServiceError> {
    let mut builder = named(room)?;
    let queue = queue(room, config);
    let let_through = config.introductions(queue);
    builder
        .max_concurrent_streams_per_circuit(config.streams_per_circuit.get())
        .rate_limit_at_intro(Some(TokenBucketConfig::new(
            let_through.per_second.get(),
            let_through.at_once.get(),
        )));
    match room {
        Room::Public => {
            builder.enable_pow(queue == Queue::ByWork);
        }
        Room::Collection => {
            builder.restricted_discovery().enabled(true);
            for courier in couriers {
                // The name begins with a letter, as arti wants it; it stays in this process.
                let name = format!("c{}", courier.name);
                admit(
                    &mut builder,
                    &name,
                    *courier.card.discovery_key().as_bytes(),
                )?;
            }
            if couriers.is_empty() {
                admit(&mut builder, "nobody", nobodys_key()?)?;
            }
        }
    }
    builder.build().map_err(ServiceError::config)
}

/// Whether the clients of a service compute for their place when there is a rush. Couriers do not:
/// nobody else finds their service.
pub(super) fn queue(room: Room, config: &Config) -> Queue {
    match room {
        Room::Public if config.proof_of_work => Queue::ByWork,
        Room::Public | Room::Collection => Queue::ByChance,
    }
}

fn admit(
    builder: &mut OnionServiceConfigBuilder,
    name: &str,
    discovery_key: [u8; 32],
) -> Result<(), ServiceError> {
    let name = name.parse().map_err(ServiceError::config)?;
    let key = discovery_key_text(discovery_key)
        .parse()
        .map_err(ServiceError::config)?;
    builder
        .restricted_discovery()
        .static_keys()
        .access()
        .push((name, key));
    Ok(())
}

/// The public half of a key that is thrown away at once.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that makes this key; nobody keeps it"
)]
fn nobodys_key() -> Result<[u8; 32], ServiceError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(ServiceError::config)?;
    Ok(DiscoverySecret::from_bytes(bytes).public_key())
}

/// Makes a service's identity, unless it has one, and gives its address.
///
/// # Errors
/// [`ServiceError`].
pub(crate) fn make_identity(
    tor: &TorClientConfig,
    room: Room,
) -> Result<OnionAddress, ServiceError> {
    let id = bare(tor, room)?
        .generate_identity_key(KeystoreSelector::Primary)
        .map_err(|error| ServiceError::Keys(Box::new(error)))?;
    Ok(address(id))
}

/// The address of a service, if it has an identity.
///
/// # Errors
/// [`ServiceError`].
pub(crate) fn identity(
    tor: &TorClientConfig,
    room: Room,
) -> Result<Option<OnionAddress>, ServiceError> {
    Ok(bare(tor, room)?.onion_address().map(address))
}

/// The service with nothing but its name: enough to reach its keys.
fn bare(tor: &TorClientConfig, room: Room) -> Result<OnionService, ServiceError> {
    let config = named(room)?.build().map_err(ServiceError::config)?;
    TorClient::<PreferredRuntime>::create_onion_service(tor, config)
        .map_err(|error| ServiceError::Keys(Box::new(error)))
}

fn named(room: Room) -> Result<OnionServiceConfigBuilder, ServiceError> {
    let mut builder = OnionServiceConfigBuilder::default();
    builder.nickname(room.name().parse().map_err(ServiceError::config)?);
    Ok(builder)
}

fn address(id: HsId) -> OnionAddress {
    OnionAddress::from_identity(id.as_ref())
}

/// Why a service has no keys or no configuration.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum ServiceError {
    /// arti refuses the configuration.
    Config(Box<dyn std::error::Error + Send + Sync>),
    /// arti cannot reach or make the service's keys.
    Keys(Box<dyn std::error::Error + Send + Sync>),
}

impl ServiceError {
    fn config(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Config(error.into())
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Config(_) => "the onion service cannot be configured",
            Self::Keys(_) => "the onion service's keys cannot be read or made",
        })
    }
}

impl std::error::Error for ServiceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) | Self::Keys(error) => Some(error.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What arti is told of the bucket at each introduction point.
    fn bucket(room: Room, lines: &str) -> String {
        let text = format!("data = \"data\"\n{lines}");
        let config = Config::parse(&text, Path::new("/etc/knothole")).unwrap();
        let told = format!("{:?}", service_config(room, &config, &[]).unwrap());
        let (_, bucket) = told.split_once("rate_limit_at_intro: Some(").unwrap();
        bucket.split_once(')').unwrap().0.to_owned()
    }

    #[test]
    fn introduction_points_of_a_service_with_proof_of_work_let_through_what_it_can_check() {
        let of = |rate, burst| format!("TokenBucketConfig {{ rate: {rate}, burst: {burst} }}");
        assert_eq!(bucket(Room::Public, ""), of(250, 2_500));
        assert_eq!(bucket(Room::Public, "proof_of_work = false"), of(25, 200));
        assert_eq!(bucket(Room::Collection, ""), of(25, 200));
        let lines = "introductions_per_second = 7\nintroductions_at_once = 9";
        assert_eq!(bucket(Room::Public, lines), of(7, 9));
    }
}
