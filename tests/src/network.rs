//! A private Tor network: three authorities and seven relays on loopback, without exits.

mod control;
mod delay;
mod keys;
mod rise;
mod settings;
mod slot;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::child::{Process, guarded};
use delay::Delay;
use settings::Site;
use slot::Slot;

/// How many nodes the network has.
pub(crate) const NODES: usize = 10;
/// How many of them, the first ones, are directory authorities.
pub(crate) const AUTHORITIES: usize = 3;
/// How often a network is started before it is given up. The second is for what nobody foresaw.
const ATTEMPTS: usize = 2;
/// How long between two looks at a network that comes up.
const LOOK: Duration = Duration::from_millis(100);
/// How long a node may take to learn what it needs, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where a network keeps its files.
#[derive(Clone, Debug)]
pub struct NetworkFolders {
    /// Of this run: settings, logs and states. Made where it is missing.
    pub run: PathBuf,
    /// Of all runs: the nodes' keys, which are costly to make.
    pub keys: PathBuf,
}

/// The name of one node: `auth0` to `auth2`, `relay0` to `relay6`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelayName(String);

impl RelayName {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RelayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for RelayName {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// How many bytes each running node has read and written so far.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Vec<(RelayName, u64)>);

impl Traffic {
    /// Name and bytes of each node, in the network's order.
    #[must_use]
    pub fn per_relay(&self) -> &[(RelayName, u64)] {
        &self.0
    }

    /// What was carried since `earlier`, the busiest node first.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut carried: Vec<(RelayName, u64)> = self
            .0
            .iter()
            .map(|(name, bytes)| {
                let before = earlier.0.iter().find(|(other, _)| other == name);
                (
                    name.clone(),
                    bytes.saturating_sub(before.map_or(0, |(_, bytes)| *bytes)),
                )
            })
            .collect();
        carried.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        Self(carried)
    }

    /// The relays, not the authorities, that carried at least so many bytes.
    pub fn relays_above(&self, bytes: u64) -> impl Iterator<Item = &RelayName> {
        self.0
            .iter()
            .filter(move |(name, carried)| *carried >= bytes && name.0.starts_with("relay"))
            .map(|(name, _)| name)
    }
}

/// Why there is no network.
#[derive(Debug)]
#[non_exhaustive]
pub enum NetworkError {
    /// A file or a program could not be used.
    System(&'static str, io::Error),
    /// `tor` or `tor-gencert` did not make the keys of a node.
    Keys(String),
    /// Every range of addresses is in use by other networks.
    NoAddresses,
    /// A node ended or the consensus never came; the text says what the logs say.
    NotReady(String),
    /// There is no node of this name, or it is not running.
    NoSuchRelay(RelayName),
    /// A node's control port gave no answer that could be read.
    Control(RelayName),
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(what, _) => write!(f, "cannot {what}"),
            Self::Keys(why) => write!(f, "the keys of a node could not be made: {why}"),
            Self::NoAddresses => f.write_str("all ranges of loopback addresses are in use"),
            Self::NotReady(why) => write!(f, "the network did not come up: {why}"),
            Self::NoSuchRelay(name) => write!(f, "no running node is called {name}"),
            Self::Control(name) => write!(f, "the control port of {name} gave no usable answer"),
        }
    }
}

impl std::error::Error for NetworkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Gives an I/O error the words that say what was tried.
pub(crate) fn cannot(what: &'static str) -> impl FnOnce(io::Error) -> NetworkError {
    move |error| NetworkError::System(what, error)
}

/// A network that runs. Dropping it ends every node.
#[derive(Debug)]
pub struct Network {
    site: Site,
    nodes: Mutex<Vec<Node>>,
    /// Keeps other networks off these addresses.
    _slot: Slot,
    _delay: Option<Delay>,
}

#[derive(Debug)]
struct Node {
    name: RelayName,
    process: Option<Process>,
}

impl Network {
    /// Starts the network and waits until every node has a consensus that lists all ten as
    /// running: about 12 seconds, more on a busy machine.
    ///
    /// # Errors
    /// When `tor` is missing, or the network does not come up in two attempts.
    pub fn start(folders: &NetworkFolders) -> Result<Self, NetworkError> {
        Self::with_delay(folders, Duration::ZERO)
    }

    /// The same, but what is sent to a node by another, or by a client, comes so much later, and so does
    /// what it answers.
    ///
    /// # Errors
    /// As [`Network::start`].
    pub fn with_delay(folders: &NetworkFolders, delay: Duration) -> Result<Self, NetworkError> {
        std::fs::create_dir_all(&folders.run).map_err(cannot("make the network's folder"))?;
        let folder = std::fs::canonicalize(&folders.run).map_err(cannot("find the folder"))?;
        let identities = keys::ready(&folders.keys)?;
        let slot = Slot::claim()?;
        let delay = match delay {
            Duration::ZERO => None,
            some => Some(Delay::start(&slot, some).map_err(cannot("slow the links"))?),
        };
        let mut last = NetworkError::NoAddresses;
        for _ in 0..ATTEMPTS {
            match rise::bring_up(&folder, &slot, &identities, delay.is_some()) {
                Ok((site, nodes)) => {
                    site.write_client_settings()?;
                    return Ok(Self {
                        site,
                        nodes: Mutex::new(nodes),
                        _slot: slot,
                        _delay: delay,
                    });
                }
                Err(error @ NetworkError::NotReady(_)) => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// The folder of this run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.site.folder
    }

    /// Settings for arti's clients and services on this network: everything but where they keep
    /// their state.
    #[must_use]
    pub fn arti_settings(&self) -> PathBuf {
        self.site.arti_settings()
    }

    /// Settings for C tor's clients and services: everything but ports and DataDirectory.
    #[must_use]
    pub fn tor_settings(&self) -> PathBuf {
        self.site.tor_settings()
    }

    /// The nodes that run, authorities first.
    pub fn relays(&self) -> Vec<RelayName> {
        self.nodes()
            .iter()
            .filter(|node| node.process.is_some())
            .map(|node| node.name.clone())
            .collect()
    }

    /// How much each running node has carried so far.
    ///
    /// # Errors
    /// When a node's control port does not answer.
    pub fn traffic(&self) -> Result<Traffic, NetworkError> {
        self.relays()
            .into_iter()
            .map(|name| {
                let bytes = control::carried(&self.site, &name)?;
                Ok((name, bytes))
            })
            .collect::<Result<_, _>>()
            .map(Traffic)
    }

    /// Waits until a relay has carried so many bytes since `before`, and names the busiest; nothing
    /// when `over` says that nobody sends any more.
    ///
    /// # Errors
    /// When a node's control port does not answer.
    pub fn busy_relay(
        &self,
        before: &Traffic,
        bytes: u64,
        mut over: impl FnMut() -> bool,
    ) -> Result<Option<RelayName>, NetworkError> {
        loop {
            let carried = self.traffic()?.since(before);
            if let Some(relay) = carried.relays_above(bytes).next() {
                return Ok(Some(relay.clone()));
            }
            if over() {
                return Ok(None);
            }
            thread::sleep(LOOK);
        }
    }

    /// Kills a node, as a crash would.
    ///
    /// # Errors
    /// When no running node has this name.
    pub fn kill(&self, name: &RelayName) -> Result<(), NetworkError> {
        let mut process = self
            .nodes()
            .iter_mut()
            .find(|node| node.name == *name)
            .and_then(|node| node.process.take())
            .ok_or_else(|| NetworkError::NoSuchRelay(name.clone()))?;
        process.kill().map_err(cannot("kill a node"))
    }

    /// Starts a node that was killed, with its keys and its place in the consensus, and waits
    /// until it knows the network again.
    ///
    /// # Errors
    /// When no node has this name, or it does not come up.
    pub fn restart(&self, name: &RelayName) -> Result<(), NetworkError> {
        let place = (0..NODES)
            .find(|place| settings::name(*place) == *name)
            .ok_or_else(|| NetworkError::NoSuchRelay(name.clone()))?;
        let process = launch(&self.site, place)?;
        if let Some(node) = self.nodes().iter_mut().find(|node| node.name == *name) {
            node.process = Some(process);
        }
        let start = Instant::now();
        while !control::knows_network(&self.site, name) {
            if start.elapsed() > PATIENCE {
                return Err(NetworkError::NotReady(self.site.last_words(name)));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn launch(site: &Site, place: usize) -> Result<Process, NetworkError> {
    let name = settings::name(place);
    let mut command = guarded("tor");
    command
        .arg("--ignore-missing-torrc")
        .arg("--defaults-torrc")
        .arg("/dev/null")
        .arg("-f")
        .arg(site.node_folder(&name).join("torrc"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let process = Process::start(command).map_err(cannot("start tor"))?;
    settings::write(
        &site.node_folder(&name).join("pid"),
        &format!("{}\n", process.id()),
    )?;
    Ok(process)
}

/// The time: authorities vote by the clock, and keys grow old by it.
fn now() -> SystemTime {
    SystemTime::now()
}
