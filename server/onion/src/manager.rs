//! Tells the service manager how the server is (sd_notify(3)).
//!
//! The libraries for this connect at each word. Behind its walls the server connects to nobody, so it
//! does that once, before.

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;

/// Where the manager says at which socket it listens: a path, or, after `@`, a name that is none.
const PLACE: &str = "NOTIFY_SOCKET";

/// The service manager, if there is one that listens.
#[derive(Debug, Clone)]
pub(crate) struct Manager(Option<Arc<UnixDatagram>>);

/// What it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The server runs.
    Started,
    /// Its own probe was answered, or there is none and the sockets are open.
    Reached,
    /// It ends.
    Ending,
}

impl State {
    const fn line(self) -> &'static str {
        match self {
            Self::Started => "READY=1\n",
            Self::Reached => "STATUS=reached\n",
            Self::Ending => "STOPPING=1\n",
        }
    }
}

impl Manager {
    /// Connects to the one that started this process. That none listens is no failure.
    pub(crate) fn connect() -> Self {
        let place = std::env::var_os(PLACE);
        let connected = place.and_then(|place| connect(&place).ok());
        Self(connected.map(Arc::new))
    }

    /// Tells it. Whoever does not listen is not worth an error.
    pub(crate) fn tell(&self, state: State) {
        if let Some(socket) = &self.0 {
            drop(socket.send(state.line().as_bytes()));
        }
    }
}

fn connect(place: &OsStr) -> io::Result<UnixDatagram> {
    let address = match place.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(place)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    Ok(socket)
}
