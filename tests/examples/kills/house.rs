//! A server, a newsroom with its courier, and the line to them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use knothole_envelope::OnionAddress;
use knothole_tests::{
    Broom, Courier, Network, NetworkFolders, Newsroom, Programs, Server, TorClient,
};
use serde_json::Value;

use crate::line::{self, Far};
use crate::moment::Alarm;
use crate::source::Desk;

/// How long a batch and what follows it may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What lies between sources and server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Between {
    /// Nothing but sockets.
    Sockets,
    /// A private Tor network.
    Tor,
}

/// All of it, with its files.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) onion: String,
    pub(crate) address: String,
    /// The SOCKS port of the line.
    pub(crate) line: SocketAddr,
    folder: Broom,
    opened: Broom,
    programs: Programs,
    /// How programs get to the server that have a Tor of their own.
    arti: Option<Vec<String>>,
    _tor: Option<(TorClient, Network)>,
}

impl House {
    /// A newsroom of one editor, whose server is ready and has its keys.
    pub(crate) fn found(between: Between, alarm: &Arc<Alarm>) -> (Self, Newsroom, Courier) {
        let programs = Programs::built().unwrap();
        let folder = Broom::new_folder(&programs.target().join("kills"), "run-").unwrap();
        let at = folder.path().to_owned();
        let (tor, lines) = match between {
            Between::Sockets => (None, socket_lines(&at)),
            Between::Tor => {
                let (tor, network) = tor(&at, &programs);
                let lines = format!(
                    "tor = {:?}\ndanger_batch = \"15s\"",
                    network.arti_settings()
                );
                (Some((tor, network)), lines)
            }
        };
        let lines = format!("{lines}\ngrace = \"0d\"");
        let mut server = Server::new(&programs, &at.join("server"), &lines).unwrap();
        let init = server.ask(&["init"]).unwrap().done().unwrap();
        let onion = match between {
            Between::Sockets => onions()[0].clone(),
            Between::Tor => init,
        };
        let far = match &tor {
            None => Far::Sockets(sockets(&at)),
            Some((tor, _)) => Far::Tor(tor.socks()),
        };
        let line = line::open(far, alarm).unwrap();
        let arti = tor.as_ref().map(|(_, network)| {
            let settings = network.arti_settings();
            vec![
                "--tor-config".to_owned(),
                settings.to_str().unwrap().to_owned(),
            ]
        });
        let way = arti.clone().unwrap_or_else(|| by_socks(line));
        let newsroom = Newsroom::new(&programs, &at.join("airgap"), 1, 4).unwrap();
        let address = newsroom.found(1, &onion).unwrap();
        let courier = Courier::new(&programs, &at.join("courier"), &way).unwrap();
        std::fs::write(at.join("address"), format!("{address}\n")).unwrap();
        let (card, stick) = (courier.card(), courier.stick());
        let (card, stick) = (card.to_str().unwrap(), stick.to_str().unwrap());
        for command in [&["newsroom", "courier", card][..], &["outbox", stick]] {
            newsroom
                .with_archive(command, &[0])
                .unwrap()
                .done()
                .unwrap();
        }
        let (_, fingerprint) = address.split_once('#').unwrap();
        server.ask(&["trust", fingerprint]).unwrap().done().unwrap();
        let collection = server
            .ask(&["courier", "add", card])
            .unwrap()
            .done()
            .unwrap();
        server.start().unwrap();
        let pair = ["pair", &collection, fingerprint];
        courier.offline(&pair).unwrap().done().unwrap();
        courier.online("push").unwrap().done().unwrap();
        let opened = Broom::new_folder(Path::new("/dev/shm"), "knothole-kills-").unwrap();
        let house = Self {
            server,
            onion,
            address,
            line,
            folder,
            opened,
            programs,
            arti,
            _tor: tor,
        };
        (house, newsroom, courier)
    }

    /// The desk of a source who comes by the line, or by a Tor of its own where there is one.
    pub(crate) fn desk(&self, name: &str, by_the_line: bool) -> Desk {
        let arti = self.arti.clone().filter(|_| !by_the_line);
        Desk {
            programs: self.programs.clone(),
            address: self.folder.path().join("address"),
            folder: self.folder.path().join(name),
            way: arti.unwrap_or_else(|| by_socks(self.line)),
        }
    }

    /// Where opened files go: into memory only, as on the real machine.
    pub(crate) fn opened(&self) -> &Path {
        self.opened.path()
    }

    /// The server's store.
    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("server/data/store")
    }

    /// Waits until a figure of the server's status is zero. What it is when that takes too long.
    pub(crate) fn wait_for_no(&self, figure: &str) -> u64 {
        let begun = Instant::now();
        loop {
            let said = self.server.ask(&["--json", "status"]).unwrap();
            let status: Value = serde_json::from_str(&said.out).unwrap_or_default();
            let count = status[figure].as_u64().unwrap_or(u64::MAX);
            if count == 0 || begun.elapsed() > PATIENCE {
                return count;
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}

fn by_socks(line: SocketAddr) -> Vec<String> {
    vec!["--socks".to_owned(), line.to_string()]
}

/// Names that no network has: the public service, and that for couriers.
fn onions() -> [String; 2] {
    [1, 2].map(|key| OnionAddress::from_identity(&[key; 32]).to_string())
}

fn sockets(folder: &Path) -> Vec<(String, PathBuf)> {
    let rooms = ["public", "collection"].map(|room| folder.join("sockets").join(room));
    onions().into_iter().zip(rooms).collect()
}

fn socket_lines(folder: &Path) -> String {
    let [public, collection] = onions();
    format!(
        "listen = \"unix:{}\"\npublic_onion = \"{public}\"\ncollection_onion = \"{collection}\"\n\
         danger_batch = \"4s\"",
        folder.join("sockets").display()
    )
}

fn tor(folder: &Path, programs: &Programs) -> (TorClient, Network) {
    let network = Network::start(&NetworkFolders {
        run: folder.join("network"),
        keys: programs.target().join("testnet-keys"),
    })
    .unwrap();
    let client = TorClient::start(&network, &folder.join("tor-client"), "").unwrap();
    (client, network)
}
