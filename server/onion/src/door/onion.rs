//! A door at an onion service of arti in this process.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arti_client::config::Reconfigure;
use futures_util::{Stream, StreamExt as _};
use knothole_intake::{Courier, Crowd, Intake, Place, Settings};
use knothole_onion::Tor;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tor_hsservice::{RendRequest, RunningOnionService};
use tracing::info;

use super::circuit::{meet, serve_circuit};
use super::service::{ServiceError, proves_work, service_config};
use crate::config::Config;
use crate::room::Room;

/// How long circuits with streams may finish after the order to stop; idle ones end at once.
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);

/// How many clients the service goes to meet at once. Each meeting costs a circuit, and one with a
/// client that never comes lasts until arti gives up.
const MEETINGS: usize = 32;

/// How long until the next look for a place, when all who have one came just now.
const NEXT_LOOK: Duration = Duration::from_millis(500);

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
        // What is dropped without a queue must not be dropped sooner than there are circuits: clients
        // that never come would keep all others out with a few meetings.
        let meetings = match self.queues() {
            true => MEETINGS,
            false => self.config.circuits.get(),
        };
        let meetings = Arc::new(Semaphore::new(meetings));
        let (open, closing) = watch::channel(());
        let mut free: Option<OwnedSemaphorePermit> = None;
        loop {
            tokio::select! {
                // A request that comes when there is time for it must find it.
                biased;
                changed = couriers.recv() => match changed {
                    None => break,
                    Some(couriers) => self.change(&couriers)?,
                },
                Some(_) = circuits.join_next(), if !circuits.is_empty() => {}
                meeting = Arc::clone(&meetings).acquire_owned(), if free.is_none() => {
                    free = meeting.ok();
                }
                request = self.requests.next(), if free.is_some() || !self.queues() => {
                    let request = request.ok_or(DoorError::Ended)?;
                    if let Some(meeting) = free.take() {
                        self.admit(request, meeting, &places, &mut circuits, closing.clone());
                    }
                }
            }
        }
        // No new circuits come in while the old ones finish.
        drop((self.service, self.requests, open));
        let finish = async { while circuits.join_next().await.is_some() {} };
        drop(tokio::time::timeout(CLOSING_PATIENCE, finish).await);
        Ok(())
    }

    /// Whether requests wait at arti while as many clients are met as may be. It hands out first what
    /// cost the most work, so a request must not be taken out early and thrown away: that would
    /// make the work worthless. Without proof of work arti's queue has neither an order nor an end;
    /// then what comes too soon is dropped, and the client tries again.
    fn queues(&self) -> bool {
        proves_work(self.room, &self.config)
    }

    /// Meets a client and serves its circuit. Without a free place the circuit that moves least gives
    /// way; where all have come just now, this one waits.
    fn admit(
        &self,
        request: RendRequest,
        meeting: OwnedSemaphorePermit,
        places: &Arc<Crowd>,
        circuits: &mut JoinSet<()>,
        closing: watch::Receiver<()>,
    ) {
        let (room, intake) = (self.room, Arc::clone(&self.intake));
        let places = Arc::clone(places);
        circuits.spawn(async move {
            let place = place_in(&places).await;
            let met = tokio::select! {
                met = meet(request) => met,
                () = place.wanted() => None,
            };
            drop(meeting);
            if let Some(requests) = met {
                serve_circuit(requests, room, intake, &place, closing).await;
            }
        });
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

/// A place, as soon as somebody gives way. Whoever waits for it keeps others from being asked in.
async fn place_in(places: &Arc<Crowd>) -> Place {
    loop {
        if let Some(place) = places.enter(None) {
            return place;
        }
        tokio::time::sleep(NEXT_LOOK).await;
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
