//! A door at an onion service of arti in this process.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arti_client::config::Reconfigure;
use futures_util::{Stream, StreamExt as _};
use knothole_intake::{Courier, Crowd, Intake, Settings};
use knothole_onion::Tor;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tor_hsservice::{RendRequest, RunningOnionService};
use tracing::info;

use super::circuit::serve_circuit;
use super::service::{ServiceError, service_config};
use crate::config::Config;
use crate::room::Room;

/// How long circuits with streams may finish after the order to stop; idle ones end at once.
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);

/// A door at an onion service that has started. Others may not have learned of it yet.
pub(crate) struct OnionDoor {
    service: Arc<RunningOnionService>,
    requests: Pin<Box<dyn Stream<Item = RendRequest> + Send>>,
    room: Room,
    config: Arc<Config>,
    intake: Arc<Intake>,
}

impl OnionDoor {
    /// Starts the service.
    ///
    /// # Errors
    /// [`DoorError::Service`], [`DoorError::Launch`].
    pub(crate) fn open(
        tor: &Tor,
        room: Room,
        config: Arc<Config>,
        intake: Arc<Intake>,
        couriers: &[Courier],
    ) -> Result<Self, DoorError> {
        let settings = service_config(room, &config, couriers).map_err(DoorError::Service)?;
        let (service, requests) = tor
            .arti()
            .launch_onion_service(settings)
            .map_err(|error| DoorError::Launch(Box::new(error)))?
            .ok_or(DoorError::Ended)?;
        info!(room = room.name(), "the onion service starts");
        Ok(Self {
            service,
            requests: Box::pin(requests),
            room,
            config,
            intake,
        })
    }

    /// Keeps the door open, for the couriers that it is told of, until nobody can tell it more.
    ///
    /// # Errors
    /// [`DoorError`]: then there is no service, and the process must not go on as if.
    pub(crate) async fn keep(
        mut self,
        mut couriers: mpsc::Receiver<Vec<Courier>>,
    ) -> Result<(), DoorError> {
        let mut circuits = JoinSet::new();
        let places = Crowd::new(self.config.circuits.get(), &Settings::default());
        let (open, closing) = watch::channel(());
        loop {
            tokio::select! {
                changed = couriers.recv() => match changed {
                    None => break,
                    Some(couriers) => self.change(&couriers)?,
                },
                request = self.requests.next() => {
                    let request = request.ok_or(DoorError::Ended)?;
                    self.admit(request, &places, &mut circuits, closing.clone());
                }
                Some(_) = circuits.join_next(), if !circuits.is_empty() => {}
            }
        }
        // No new circuits come in while the old ones finish.
        drop((self.service, self.requests, open));
        let finish = async { while circuits.join_next().await.is_some() {} };
        drop(tokio::time::timeout(CLOSING_PATIENCE, finish).await);
        Ok(())
    }

    /// Serves a circuit. Without a free place the circuit that moves least gives way; where all
    /// have come just now the request is dropped: the client tries again, and proof of work decides
    /// who comes first.
    fn admit(
        &self,
        request: RendRequest,
        places: &Arc<Crowd>,
        circuits: &mut JoinSet<()>,
        closing: watch::Receiver<()>,
    ) {
        let Some(place) = places.enter(None) else {
            return;
        };
        let (room, intake) = (self.room, Arc::clone(&self.intake));
        circuits.spawn(async move { serve_circuit(request, room, intake, &place, closing).await });
    }

    /// Publishes a descriptor for these couriers. One who is no longer among them may come by
    /// the old one for a while; the intake refuses its credential at once.
    fn change(&self, couriers: &[Courier]) -> Result<(), DoorError> {
        let settings =
            service_config(self.room, &self.config, couriers).map_err(DoorError::Service)?;
        self.service
            .reconfigure(settings, Reconfigure::AllOrNothing)
            .map_err(|error| DoorError::Launch(Box::new(error)))
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
    /// The service ended by itself.
    Ended,
    /// The socket cannot be made, or does not accept.
    Socket(std::io::Error),
    /// The folder of the sockets is not there and cannot be made.
    Folder(std::path::PathBuf, std::io::Error),
}

impl fmt::Display for DoorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder(folder, _) => {
                return write!(f, "the sockets' folder {} cannot be made", folder.display());
            }
            Self::Service(_) => "an onion service cannot be set up",
            Self::Launch(_) => "an onion service does not run",
            Self::Ended => "an onion service ended by itself",
            Self::Socket(_) => "a socket does not work",
        })
    }
}

impl std::error::Error for DoorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Service(error) => Some(error),
            Self::Launch(error) => Some(error.as_ref()),
            Self::Socket(error) | Self::Folder(_, error) => Some(error),
            Self::Ended => None,
        }
    }
}
