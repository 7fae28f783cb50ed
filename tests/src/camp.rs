//! A newsroom with its courier, and servers that hold its keys, each of a data folder of its own.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use knothole_envelope::OnionAddress;

use crate::broom::Broom;
use crate::network::Network;
use crate::newsroom::{Courier, Newsroom};
use crate::programs::Programs;
use crate::server::Server;
use crate::shortcut::Shortcut;
use crate::siege::Siege;
use crate::tor_client::TorClient;

/// How everybody reaches the server.
#[derive(Debug)]
pub enum Road {
    /// Straight to its sockets.
    Sockets,
    /// To its onions, over this network.
    Tor(Arc<Network>),
    /// To the onions of a C tor on this network, which leads to its sockets.
    Front(Arc<Network>),
}

/// A newsroom and the data folder of a server that holds its keys.
#[derive(Debug)]
pub struct Camp {
    programs: Programs,
    road: Road,
    newsroom: Newsroom,
    courier: Courier,
    /// The onions of sources and of couriers.
    onions: [String; 2],
    front: Option<TorClient>,
    /// Goes last, with all that the others have in it.
    broom: Broom,
}

impl Camp {
    /// Founds the newsroom, in `folder` of the target folder or at a place of its own, and lets its courier bring the keys.
    ///
    /// # Errors
    /// What a program said, as an I/O error, when it refused.
    pub fn pitch(programs: &Programs, folder: impl AsRef<Path>, road: Road) -> io::Result<Self> {
        let broom = Broom::new_folder(&programs.target().join(folder), "run-")?;
        let path = broom.path();
        let first = path.join("first");
        let front = match &road {
            Road::Sockets | Road::Tor(_) => None,
            Road::Front(network) => Some(front(network, path)?),
        };
        let mut onions = match &front {
            None => [name(1), name(2)],
            Some(tor) => [tor.onion("public")?, tor.onion("collection")?],
        };
        let mut server = Server::new(programs, &first, &lines(&road, path, &onions))?;
        let own = server.ask(&["init"])?.done()?;
        if matches!(road, Road::Tor(_)) {
            onions = [own, String::new()];
        }
        let (way, _shortcut) = way(&road, &first, &onions)?;
        let newsroom = Newsroom::new(programs, &path.join("airgap"), 1, 2)?;
        let address = newsroom.found(1, &onions[0])?;
        File::create(path.join("address"))?.write_all(format!("{address}\n").as_bytes())?;
        let courier = Courier::new(programs, &path.join("courier"), &way)?;
        let fingerprint = address.split_once('#').map_or("", |(_, print)| print);
        let (card, stick) = (courier.card(), courier.stick());
        for command in [
            &["newsroom", "courier", text(&card)?][..],
            &["outbox", text(&stick)?],
        ] {
            newsroom.with_archive(command, &[0])?.done()?;
        }
        server.ask(&["trust", fingerprint])?.done()?;
        let collection = server.ask(&["courier", "add", text(&card)?])?.done()?;
        server.start()?;
        let pair = ["pair", &collection, fingerprint];
        courier.offline(&pair)?.done()?;
        courier.online("push")?.done()?;
        server.stop()?;
        Ok(Self {
            programs: programs.clone(),
            road,
            newsroom,
            courier,
            onions,
            front,
            broom,
        })
    }

    /// A running server with the newsroom's keys and these lines of configuration besides.
    ///
    /// # Errors
    /// When a program cannot be started, or what the server logged when it ended.
    pub fn besiege(&self, name: &str, lines: &str) -> io::Result<Siege> {
        let first = self.broom.path().join("first/data");
        self.with_data_of(&first, name, lines)
    }

    /// The same server elsewhere: this one ends, and another has a copy of its data folder.
    ///
    /// # Errors
    /// As [`Camp::besiege`].
    pub fn move_away(&self, siege: Siege, name: &str, lines: &str) -> io::Result<Siege> {
        let data = siege.end()?;
        self.with_data_of(&data, name, lines)
    }

    fn with_data_of(&self, data: &Path, name: &str, more: &str) -> io::Result<Siege> {
        let path = self.broom.path();
        let folder = path.join(name);
        let lines = format!("{}\n{more}", lines(&self.road, path, &self.onions));
        let mut server = Server::new(&self.programs, &folder, &lines)?;
        let copied = Command::new("cp")
            .arg("-a")
            .args([data, &folder.join("data")])
            .status()?;
        if !copied.success() {
            return Err(io::Error::other("the server's data cannot be copied"));
        }
        server.start()?;
        let (way, shortcut) = way(&self.road, &folder, &self.onions)?;
        let (target, tor) = match &self.road {
            Road::Sockets => {
                let socket = folder.join("sockets/public");
                (vec!["--socket".to_owned(), text(&socket)?.to_owned()], None)
            }
            Road::Tor(network) | Road::Front(network) => {
                let tor = TorClient::start(network, &folder.join("tor"), "")?;
                let socks = tor.socks().to_string();
                let words = ["--socks", &socks, "--onion", &self.onions[0]];
                (words.map(str::to_owned).to_vec(), Some(tor))
            }
        };
        Ok(Siege {
            server,
            programs: self.programs.clone(),
            folder,
            address: path.join("address"),
            way,
            target,
            _shortcut: shortcut,
            _tor: tor,
        })
    }

    /// The process of the C tor in front of the sockets, if there is one.
    #[must_use]
    pub fn front(&self) -> Option<u32> {
        self.front.as_ref().map(TorClient::id)
    }

    /// The onion of sources.
    #[must_use]
    pub fn onion(&self) -> &str {
        &self.onions[0]
    }

    /// The newsroom's air-gapped machine.
    #[must_use]
    pub const fn newsroom(&self) -> &Newsroom {
        &self.newsroom
    }

    /// The newsroom's courier, by the way to this server.
    #[must_use]
    pub fn courier_to(&self, siege: &Siege) -> Courier {
        self.courier.by(&siege.way)
    }
}

/// A C tor whose onions lead to the sockets in `folder`.
fn front(network: &Network, folder: &Path) -> io::Result<TorClient> {
    let tor = folder.join("front");
    let mut lines = String::new();
    for name in ["public", "collection"] {
        lines.push_str(&format!(
            "HiddenServiceDir {}\nHiddenServicePort 80 unix:{}\n",
            tor.join(name).display(),
            folder.join("sockets").join(name).display(),
        ));
    }
    TorClient::start(network, &tor, &lines)
}

/// The configuration that has a server listen at the end of this road.
fn lines(road: &Road, camp: &Path, onions: &[String; 2]) -> String {
    let sockets = match road {
        Road::Tor(network) => return format!("tor = {:?}", network.arti_settings()),
        Road::Sockets => Path::new("sockets").to_owned(),
        Road::Front(_) => camp.join("sockets"),
    };
    format!(
        "listen = \"unix:{}\"\npublic_onion = \"{}\"\ncollection_onion = \"{}\"",
        sockets.display(),
        onions[0],
        onions[1]
    )
}

/// The arguments that have a program go this way to the server in `folder`.
fn way(
    road: &Road,
    folder: &Path,
    onions: &[String; 2],
) -> io::Result<(Vec<String>, Option<Shortcut>)> {
    match road {
        Road::Sockets => {
            let sockets = folder.join("sockets");
            let shortcut = Shortcut::start(&sockets, &onions[0], &onions[1])?;
            Ok((shortcut.way(), Some(shortcut)))
        }
        Road::Tor(network) | Road::Front(network) => {
            let settings = text(&network.arti_settings())?.to_owned();
            Ok((vec!["--tor-config".to_owned(), settings], None))
        }
    }
}

/// A name that no network has: its key is made up here.
fn name(key: u8) -> String {
    OnionAddress::from_identity(&[key; 32]).to_string()
}

fn text(path: &Path) -> io::Result<&str> {
    path.to_str()
        .ok_or_else(|| io::Error::other("the target folder's name is no text"))
}
