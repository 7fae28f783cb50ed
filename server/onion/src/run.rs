//! The running server: its tasks, and what ends it.

mod enclose;
mod error;
mod watch;

use std::io::Write as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use knothole_envelope::OnionAddress;
use knothole_intake::{Courier, Desk, Intake, Settings, UnixSeconds};
use knothole_onion::{ByConsensus, Dialer, StateFolder, Tor, TorSettings};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch as channel};
use tokio::task::JoinSet;
use tracing::{info, warn};

pub(crate) use enclose::enclose;
pub(crate) use error::RunError;

use crate::config::{Config, Listen};
use crate::control;
use crate::data::Data;
use crate::door::{OnionDoor, SocketDoor, identity};
use crate::manager::{Manager, State};
use crate::probe::{Pace, Probe};
use crate::restarts::Restarts;
use crate::room::{Inside, Room};
use crate::status::{Clock, Reach, Status, Taking};
use crate::traffic::Traffic;

/// The pause before Tor is tried again when the network cannot be reached.
const TOR_PAUSE: Duration = Duration::from_secs(10);
/// The changes of couriers that a door may have waiting.
const CHANGES_WAITING: usize = 4;

/// The addresses of the two services, as far as they are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) public: Option<OnionAddress>,
    pub(crate) collection: Option<OnionAddress>,
}

/// What arti would take from /proc/meminfo, which is out of reach behind the walls: how much may wait
/// on circuits. It is the least that arti takes by itself (`tor-memquota` 0.47).
const TOR_DEFAULTS: &str = "[system.memory]\nmax = \"256 MiB\"\n";

/// How arti is to run for this configuration, with its keys in the data folder.
pub(crate) fn tor_settings(config: &Config, folder: std::path::PathBuf) -> TorSettings {
    config.tor.iter().fold(
        TorSettings::new(StateFolder::Given(folder)).with_defaults(TOR_DEFAULTS),
        |settings, file| settings.with_file(file),
    )
}

/// The server while it runs.
struct Server {
    config: Arc<Config>,
    data: Data,
    intake: Arc<Intake>,
    traffic: Traffic,
    manager: Manager,
    addresses: Addresses,
    /// The client by whose consensus the clock is judged.
    tor: Arc<OnceLock<Tor>>,
    /// Tasks without which there is no server.
    core: JoinSet<RunError>,
    /// The doors, which end in order when they are told to.
    doors: JoinSet<Result<(), RunError>>,
    /// Dropping these tells the doors to end.
    changes: Vec<mpsc::Sender<Vec<Courier>>>,
    stops: Vec<oneshot::Sender<()>>,
}

/// Runs the server until it is told to end.
///
/// # Errors
/// [`RunError`] when a part ended by itself: the server must be started anew.
pub(crate) async fn serve(
    config: Config,
    data: Data,
    addresses: Addresses,
    manager: Manager,
) -> Result<(), RunError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(RunError::Signals)?;
    let intake = open_intake(&config, &data).await?;
    let mut server = Server {
        config: Arc::new(config),
        data,
        intake,
        traffic: Traffic::default(),
        manager,
        addresses,
        tor: Arc::default(),
        core: JoinSet::new(),
        doors: JoinSet::new(),
        changes: Vec::new(),
        stops: Vec::new(),
    };
    let ended = tokio::select! {
        ended = server.run() => ended,
        _ = told(&mut terminate, &mut interrupt) => Ok(()),
    };
    // A manager that hears of an end kills whatever goes on under this process number.
    if !matches!(ended, Err(RunError::Unreachable(_))) {
        server.manager.tell(State::Ending);
    }
    server.close().await;
    ended
}

async fn told(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn open_intake(config: &Config, data: &Data) -> Result<Arc<Intake>, RunError> {
    let mut settings = Settings::default();
    settings.masthead = config.masthead.clone();
    settings.batch = config.batch;
    settings.most_bytes = config.space;
    settings.replies_reserve = config.replies;
    settings.messages_reserve = config.messages;
    settings.most_bytes_per_hour = config.ingest_per_hour;
    settings.most_public_connections = config.connections.get();
    settings.most_uploads = config.uploads.get();
    settings.grace = config.grace;
    let store = data.store();
    tokio::task::spawn_blocking(move || Intake::open(&store, settings, UnixSeconds::from_system()))
        .await
        .map_err(|_| RunError::Ended("opening the store"))?
        .map_err(RunError::Intake)
}

impl Server {
    async fn run(&mut self) -> Result<(), RunError> {
        let desk = Arc::new(Desk::open(&self.data.store()).map_err(RunError::Desk)?);
        let couriers = desk.couriers().map_err(RunError::Desk)?;
        let intake = Arc::clone(&self.intake);
        self.core.spawn(async move {
            match intake.run().await {
                Ok(()) => RunError::Ended("the intake"),
                Err(error) => RunError::Store(error),
            }
        });
        let watched = watch::disk(
            self.data.clone(),
            Arc::clone(&self.intake),
            self.config.batch,
        );
        self.core.spawn(watched);
        let (reach, reached) = channel::channel(Reach::Starting);
        self.spawn_control(Arc::clone(&desk), reached.clone());
        match self.config.listen.clone() {
            Listen::Tor => {
                // Before the network is reached: Tor may be out of reach for long, and an upgrade
                // would hang as long.
                self.manager.tell(State::Started);
                self.open_onions(desk, couriers, reach).await?;
            }
            Listen::Unix { folder, .. } => {
                self.open_sockets(&folder, reach)?;
                self.manager.tell(State::Started);
            }
        }
        self.core
            .spawn(report_ready(reached, self.addresses, self.manager.clone()));
        tokio::select! {
            Some(ended) = self.core.join_next() => {
                Err(ended.unwrap_or(RunError::Ended("a core task")))
            }
            Some(ended) = self.doors.join_next() => {
                ended.unwrap_or(Err(RunError::Ended("a door")))
                    .and(Err(RunError::Ended("a door")))
            }
        }
    }

    async fn open_onions(
        &mut self,
        desk: Arc<Desk>,
        couriers: Vec<Courier>,
        reach: channel::Sender<Reach>,
    ) -> Result<(), RunError> {
        let settings = tor_settings(&self.config, self.data.tor())
            .with_keys_in(knothole_onion::KeyKeeping::Folder);
        let tor = Tor::start(settings).map_err(RunError::Tor)?;
        bootstrap(&tor).await;
        for room in [Room::Public, Room::Collection] {
            let door = OnionDoor::open(
                &tor,
                room,
                Arc::clone(&self.config),
                self.inside(),
                &couriers,
            )
            .map_err(RunError::Door)?;
            let (changes, changed) = mpsc::channel(CHANGES_WAITING);
            self.doors
                .spawn(async move { door.keep(changed).await.map_err(RunError::Door) });
            if room == Room::Collection {
                let (desk, couriers) = (Arc::clone(&desk), couriers.clone());
                self.core
                    .spawn(watch::couriers(desk, couriers, changes.clone()));
            }
            self.changes.push(changes);
        }
        self.spawn_probe(reach)
    }

    fn open_sockets(
        &mut self,
        folder: &std::path::Path,
        reach: channel::Sender<Reach>,
    ) -> Result<(), RunError> {
        for room in [Room::Public, Room::Collection] {
            let door = SocketDoor::bind(folder, room, &self.config, self.inside())
                .map_err(RunError::Door)?;
            let (stop, stopped) = oneshot::channel();
            self.stops.push(stop);
            self.doors
                .spawn(async move { door.keep(stopped).await.map_err(RunError::Door) });
        }
        info!("the sockets are open");
        if probes(&self.config, self.addresses) {
            self.spawn_probe(reach)
        } else {
            reach.send_replace(Reach::Ready);
            Ok(())
        }
    }

    fn inside(&self) -> Inside {
        Inside {
            intake: Arc::clone(&self.intake),
            traffic: self.traffic.clone(),
        }
    }

    fn spawn_probe(&mut self, reach: channel::Sender<Reach>) -> Result<(), RunError> {
        let Some(public) = self.addresses.public else {
            return Ok(());
        };
        let tor =
            Tor::start(tor_settings(&self.config, self.data.probe())).map_err(RunError::Tor)?;
        drop(self.tor.set(tor.clone()));
        let collection = self.addresses.collection;
        let pace = Pace {
            every: self.config.probe_every,
            danger_patience: self.config.danger_probe_patience,
        };
        let traffic = self.traffic.clone();
        self.core.spawn(async move {
            bootstrap(&tor).await;
            let probe = Probe::new(Dialer::Tor(tor), public, collection, pace);
            RunError::Unreachable(probe.watch(reach, traffic).await)
        });
        Ok(())
    }

    fn spawn_control(&mut self, desk: Arc<Desk>, reach: channel::Receiver<Reach>) {
        let data = self.data.clone();
        let intake = Arc::clone(&self.intake);
        let addresses = self.addresses;
        let probed = probes(&self.config, self.addresses);
        let folder = self.data.clone();
        let tor = Arc::clone(&self.tor);
        let status = move || {
            let store = intake.status();
            Status {
                reach: *reach.borrow(),
                probed,
                restarts: Restarts::read(&folder.restarts()),
                taking: if store.closed {
                    Taking::Closed
                } else {
                    Taking::Open
                },
                clock: match tor.get().map(Tor::judge_clock) {
                    Some(ByConsensus::Differs) => Clock::Wrong,
                    _ if store.clock_jumped => Clock::Jumped,
                    Some(ByConsensus::Agrees) => Clock::Right,
                    Some(ByConsensus::Untold) | None => Clock::Untold,
                },
                public: addresses.public,
                collection: addresses.collection,
                newsroom: desk.trusted().ok().flatten(),
                charter_held: store.charter_held,
                sheets: store.sheets,
                couriers: desk.couriers().map_or(0, |couriers| couriers.len()),
                drops_visible: store.visible,
                drops_waiting: store.waiting,
                uploads_unfinished: store.unfinished,
                replies_waiting: store.replies,
                drops_damaged: store.damaged,
                percent_full: store.percent_full,
                percent_of_disk: folder.room().map_or(0, |room| room.percent_used),
            }
        };
        self.core.spawn(async move {
            match control::answer(&data, status).await {
                Ok(()) => RunError::Ended("the control socket"),
                Err(error) => RunError::Control(error),
            }
        });
    }

    /// Ends the doors in order, then everything else.
    async fn close(mut self) {
        info!("the server ends");
        self.core.shutdown().await;
        self.changes.clear();
        self.stops.clear();
        while self.doors.join_next().await.is_some() {}
    }
}

/// Whether a second client asks through Tor: always at onions of our own, and behind another tor
/// where settings for a client and the address are given.
fn probes(config: &Config, addresses: Addresses) -> bool {
    match config.listen {
        Listen::Tor => true,
        Listen::Unix { .. } => addresses.public.is_some() && !config.tor.is_empty(),
    }
}

/// Waits until the client knows the network, however long that takes.
async fn bootstrap(tor: &Tor) {
    while let Err(error) = tor.wait().await {
        warn!("{error}; trying again");
        tokio::time::sleep(TOR_PAUSE).await;
    }
}

/// Says once that the drop-box is ready, then sleeps: whoever waits for the line has it.
async fn report_ready(
    mut reach: channel::Receiver<Reach>,
    addresses: Addresses,
    manager: Manager,
) -> RunError {
    if reach
        .wait_for(|reach| *reach == Reach::Ready)
        .await
        .is_err()
    {
        return RunError::Ended("the probe");
    }
    let line = match addresses.public {
        Some(onion) => format!("ready http://{onion}\n"),
        None => "ready\n".to_owned(),
    };
    let mut out = std::io::stdout();
    // A closed output is no reason to end.
    drop(out.write_all(line.as_bytes()).and_then(|()| out.flush()));
    manager.tell(State::Reached);
    std::future::pending().await
}

/// The addresses that this configuration has; `None` where `init` has not been run.
///
/// # Errors
/// [`RunError`] when arti's keys cannot be read.
pub(crate) fn addresses(config: &Config, data: &Data) -> Result<Addresses, RunError> {
    match &config.listen {
        Listen::Tor => {
            let tor = tor_settings(config, data.tor())
                .with_keys_in(knothole_onion::KeyKeeping::Folder)
                .arti_config()
                .map_err(RunError::Tor)?;
            Ok(Addresses {
                public: identity(&tor, Room::Public).map_err(RunError::Service)?,
                collection: identity(&tor, Room::Collection).map_err(RunError::Service)?,
            })
        }
        Listen::Unix {
            public, collection, ..
        } => Ok(Addresses {
            public: *public,
            collection: *collection,
        }),
    }
}
