//! Tor clients that introduce themselves to a service over and over.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::network::Network;
use crate::tor_client::TorClient;

/// Between two tries of the same attacker: who is refused at once must not take the processor that
/// is measured.
const BREATH: Duration = Duration::from_millis(100);
/// How long a flood may take to have done enough.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long between two questions.
const LOOK: Duration = Duration::from_millis(50);
/// Settings of the tor clients: many circuits at once, none of them for long.
const LINES: &str = "MaxClientCircuitsPending 1024\nMaxCircuitDirtiness 10 seconds";

/// A flood of introductions, each by a circuit of its own. It ends with this value, as soon as the
/// tries that are under way have ended.
#[derive(Debug)]
pub struct Flood {
    end: Arc<AtomicBool>,
    met: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
    clients: Vec<TorClient>,
}

/// Who floods.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    /// Tor clients.
    pub clients: usize,
    /// Introductions that each of them has under way.
    pub at_once: usize,
    /// How long each waits for its circuit before it hangs up and comes anew. Who waits long comes
    /// only as fast as the service lets it in.
    pub patience: Duration,
}

/// What a flood has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Knocks {
    /// Tries that led to a circuit.
    pub met: u64,
    /// Those that did not.
    pub failed: u64,
}

impl Knocks {
    /// All tries that have ended.
    #[must_use]
    pub const fn all(&self) -> u64 {
        self.met.saturating_add(self.failed)
    }
}

impl Flood {
    /// Has this crowd introduce itself to `onion`, with the files of its tor clients in `folder`.
    ///
    /// # Errors
    /// When a tor does not come up.
    pub fn start(network: &Network, folder: &Path, onion: &str, crowd: Crowd) -> io::Result<Self> {
        let clients = (0..crowd.clients)
            .map(|client| TorClient::start(network, &folder.join(format!("flood-{client}")), LINES))
            .collect::<io::Result<Vec<_>>>()?;
        let mut flood = Self {
            end: Arc::default(),
            met: Arc::default(),
            failed: Arc::default(),
            threads: Vec::new(),
            clients,
        };
        let next = Arc::new(AtomicU64::new(0));
        for client in &flood.clients {
            for _ in 0..crowd.at_once {
                let (end, next) = (Arc::clone(&flood.end), Arc::clone(&next));
                let (met, failed) = (Arc::clone(&flood.met), Arc::clone(&flood.failed));
                let (socks, onion) = (client.socks(), onion.to_owned());
                flood.threads.push(thread::spawn(move || {
                    while !end.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let knock = knock(socks, &onion, number, crowd.patience);
                        let count = if knock.is_ok() { &met } else { &failed };
                        count.fetch_add(1, Ordering::Relaxed);
                        thread::sleep(BREATH);
                    }
                }));
            }
        }
        Ok(flood)
    }

    /// What it has done so far.
    #[must_use]
    pub fn knocks(&self) -> Knocks {
        Knocks {
            met: self.met.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Waits until it has done enough.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when it has not for two minutes.
    pub fn until(&self, enough: impl Fn(&Knocks) -> bool) -> io::Result<Knocks> {
        let start = Instant::now();
        loop {
            let knocks = self.knocks();
            if enough(&knocks) {
                return Ok(knocks);
            }
            if start.elapsed() > PATIENCE {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("{knocks:?}"),
                ));
            }
            thread::sleep(LOOK);
        }
    }

    /// Ends it, and gives what it had done until now.
    #[must_use]
    pub fn end(self) -> Knocks {
        self.knocks()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        // Their clients end here, so that none of them waits on.
        self.clients.clear();
        for thread in self.threads.drain(..) {
            // One that has panicked has ended as well.
            drop(thread.join());
        }
    }
}

/// Asks for a stream by a circuit that nobody else has: a name of its own isolates it (RFC 1929,
/// and `IsolateSOCKSAuth` of tor). Lets go of it as soon as it is there.
fn knock(socks: SocketAddr, onion: &str, number: u64, patience: Duration) -> io::Result<()> {
    let mut stream = TcpStream::connect(socks)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(&[5, 1, 2])?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen)?;
    let name = format!("{number:020}");
    let mut login = vec![1, length(&name)?];
    login.extend_from_slice(name.as_bytes());
    login.extend_from_slice(&[1, b'x']);
    stream.write_all(&login)?;
    stream.read_exact(&mut chosen)?;
    let mut connect = vec![5, 1, 0, 3, length(onion)?];
    connect.extend_from_slice(onion.as_bytes());
    connect.extend_from_slice(&80_u16.to_be_bytes());
    stream.write_all(&connect)?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply)?;
    match reply {
        [_, 0, ..] => Ok(()),
        _ => Err(io::ErrorKind::HostUnreachable.into()),
    }
}

fn length(text: &str) -> io::Result<u8> {
    u8::try_from(text.len()).map_err(io::Error::other)
}
