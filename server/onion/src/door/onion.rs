//! A door at an onion service of arti in this process.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arti_client::config::Reconfigure;
use futures_util::{Stream, StreamExt as _};
use knothole_intake::{Courier, Crowd, Settings};
use knothole_onion::Tor;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tor_hsservice::{RendRequest, RunningOnionService};
use tracing::info;

use super::circuit::{meet, serve_circuit};
use super::meetings::{Meetings, with_a_place};
use super::service::{ServiceError, queue, service_config};
use crate::config::{Config, Queue};
use crate::room::{Inside, Room};

/// How long circuits with streams may finish after the order to stop; idle ones end at once.
const CLOSING_PATIENCE: Duration = Duration::from_secs(10);

/// How many clients the service goes to meet at once: each meeting costs a circuit.
const MEETINGS: usize = 32;

/// A door at an onion service that has started. Others may not have learned of it yet.
pub(crate) struct OnionDoor {
    service: Arc<RunningOnionService>,
    requests: Pin<Box<dyn Stream<Item = RendRequest> + Send>>,
    room: Room,
    config: Arc<Config>,
    inside: Inside,
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
        inside: Inside,
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
            inside,
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
        let mut meetings = Meetings::new(match self.queues() {
            true => MEETINGS,
            false => self.config.circuits.get(),
        });
        let (open, closing) = watch::channel(());
        loop {
            let now = Instant::now();
            let room_from = meetings.room_from(now);
            let may_begin = room_from <= now;
            tokio::select! {
                // A request that comes when there is time for it must find it.
                biased;
                changed = couriers.recv() => match changed {
                    None => break,
                    Some(couriers) => self.change(&couriers)?,
                },
                Some(_) = circuits.join_next(), if !circuits.is_empty() => {}
                met = meetings.next(), if !meetings.is_empty() => {
                    if let Some((requests, place)) = met {
                        let (room, inside, closing) =
                            (self.room, self.inside.clone(), closing.clone());
                        circuits.spawn(serve_circuit(requests, room, inside, place, closing));
                    }
                }
                () = tokio::time::sleep_until(room_from), if !may_begin => {}
                request = self.requests.next(), if may_begin || !self.queues() => {
                    let request = request.ok_or(DoorError::Ended)?;
                    let meeting = with_a_place(meet(request), Arc::clone(&places));
                    meetings.begin(Instant::now(), meeting);
                }
            }
        }
        // No new circuits come in while the old ones finish.
        drop((self.service, self.requests, meetings, open));
        let finish = async { while circuits.join_next().await.is_some() {} };
        drop(tokio::time::timeout(CLOSING_PATIENCE, finish).await);
        Ok(())
    }

    /// Whether requests wait at arti while as many clients are met as may be. It hands out first what
    /// cost the most work, so a request must not be taken out early and thrown away: that would
    /// make the work worthless. Without proof of work arti's queue has neither an order nor an end;
    /// then what comes too soon is dropped, and the client tries again.
    fn queues(&self) -> bool {
        queue(self.room, &self.config) == Queue::ByWork
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
