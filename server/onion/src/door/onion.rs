//! A door at an onion service of arti in this process.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arti_client::config::Reconfigure;
use futures_util::{Stream, StreamExt as _};
use knothole_intake::{Courier, Intake};
use knothole_onion::Tor;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tor_hsservice::config::OnionServiceConfig;
use tor_hsservice::{RendRequest, RunningOnionService};
use tracing::{info, warn};

use super::circuit::serve_circuit;
use super::service::{ServiceError, service_config};
use crate::config::Config;
use crate::room::Room;

/// How often a service that does not start is tried again, and how long in between: arti lets go
/// of the old one's state only when its tasks have ended.
const LAUNCH_TRIES: u32 = 20;
const LAUNCH_PAUSE: Duration = Duration::from_millis(500);

/// How long circuits may finish after the order to stop.
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);

/// What a door is told.
#[derive(Debug)]
pub(crate) enum Order {
    /// Start the service anew: it cannot be reached.
    Restart,
    /// These are the couriers from now on.
    Couriers(Vec<Courier>),
}

/// A door at an onion service.
pub(crate) struct OnionDoor {
    tor: Tor,
    room: Room,
    config: Arc<Config>,
    intake: Arc<Intake>,
    couriers: Vec<Courier>,
}

/// A service that runs, and what comes in at it.
struct Open {
    service: Arc<RunningOnionService>,
    requests: Pin<Box<dyn Stream<Item = RendRequest> + Send>>,
}

impl OnionDoor {
    pub(crate) fn new(
        tor: Tor,
        room: Room,
        config: Arc<Config>,
        intake: Arc<Intake>,
        couriers: Vec<Courier>,
    ) -> Self {
        Self {
            tor,
            room,
            config,
            intake,
            couriers,
        }
    }

    /// Keeps the service open until `orders` ends.
    ///
    /// # Errors
    /// [`DoorError`]: then there is no service, and the process should not go on as if.
    pub(crate) async fn keep(mut self, mut orders: mpsc::Receiver<Order>) -> Result<(), DoorError> {
        let mut open = self.open().await?;
        let mut circuits = JoinSet::new();
        let places = Arc::new(Semaphore::new(self.config.circuits.get()));
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    None => break,
                    Some(order) => self.obey(order, &mut open).await?,
                },
                request = next(&mut open) => match request {
                    Some(request) => self.admit(request, &places, &mut circuits),
                    None => {
                        warn!(room = self.room.name(), "the onion service ended; it starts anew");
                        self.reopen(&mut open).await?;
                    }
                },
                Some(_) = circuits.join_next(), if !circuits.is_empty() => {}
            }
        }
        drop(open);
        let finish = async { while circuits.join_next().await.is_some() {} };
        drop(tokio::time::timeout(CLOSING_PATIENCE, finish).await);
        Ok(())
    }

    /// Serves a circuit if there is a place for it. Without one the request is dropped: the
    /// client tries again, and proof of work decides who comes first.
    fn admit(&self, request: RendRequest, places: &Arc<Semaphore>, circuits: &mut JoinSet<()>) {
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            return;
        };
        let (room, intake) = (self.room, Arc::clone(&self.intake));
        circuits.spawn(async move {
            serve_circuit(request, room, intake).await;
            drop(place);
        });
    }

    async fn obey(&mut self, order: Order, open: &mut Option<Open>) -> Result<(), DoorError> {
        match order {
            Order::Restart => self.reopen(open).await,
            Order::Couriers(couriers) => {
                self.couriers = couriers;
                let config = self.service_config()?;
                // The service is taken out of the pair first: what waits below must not hold it.
                let service = open.as_ref().map(|open| Arc::clone(&open.service));
                match (service, config) {
                    (Some(service), Some(config)) => service
                        .reconfigure(config, Reconfigure::AllOrNothing)
                        .map_err(|error| DoorError::Launch(Box::new(error))),
                    _ => self.reopen(open).await,
                }
            }
        }
    }

    async fn reopen(&self, open: &mut Option<Open>) -> Result<(), DoorError> {
        // The old one must be gone before the new one may have its state.
        drop(open.take());
        *open = self.open().await?;
        Ok(())
    }

    async fn open(&self) -> Result<Option<Open>, DoorError> {
        let Some(config) = self.service_config()? else {
            return Ok(None);
        };
        for _ in 1..LAUNCH_TRIES {
            if let Ok(open) = self.launch(config.clone()) {
                return Ok(open);
            }
            tokio::time::sleep(LAUNCH_PAUSE).await;
        }
        self.launch(config)
    }

    fn launch(&self, config: OnionServiceConfig) -> Result<Option<Open>, DoorError> {
        let launched = self
            .tor
            .arti()
            .launch_onion_service(config)
            .map_err(|error| DoorError::Launch(Box::new(error)))?;
        Ok(launched.map(|(service, requests)| {
            info!(room = self.room.name(), "the onion service starts");
            Open {
                service,
                requests: Box::pin(requests),
            }
        }))
    }

    fn service_config(&self) -> Result<Option<OnionServiceConfig>, DoorError> {
        service_config(self.room, &self.config, &self.couriers).map_err(DoorError::Service)
    }
}

/// The next request; never, while the service is closed.
async fn next(open: &mut Option<Open>) -> Option<RendRequest> {
    match open {
        Some(open) => open.requests.next().await,
        None => std::future::pending().await,
    }
}

/// Why a door could not be kept open.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum DoorError {
    /// The service has no keys or no configuration.
    Service(ServiceError),
    /// arti does not run the service.
    Launch(Box<dyn std::error::Error + Send + Sync>),
    /// The socket cannot be made, or does not accept.
    Socket(std::io::Error),
}

impl fmt::Display for DoorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service(_) => "an onion service cannot be set up",
            Self::Launch(_) => "an onion service does not run",
            Self::Socket(_) => "a socket does not work",
        })
    }
}

impl std::error::Error for DoorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Service(error) => Some(error),
            Self::Launch(error) => Some(error.as_ref()),
            Self::Socket(error) => Some(error),
        }
    }
}
