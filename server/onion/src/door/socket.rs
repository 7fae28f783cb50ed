//! A door at a Unix socket, behind another tor.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use knothole_intake::{Crowd, Settings};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::DoorError;
use super::proxy::{Circuits, circuit_of};
use crate::config::Config;
use crate::data::SocketPlace;
use crate::room::{Inside, Room};

/// Only the user and the group of the folder may connect: tor's user is put into that group.
const SOCKET_MODE: u32 = 0o660;

/// Its group, in which the tor in front is, may enter.
const FOLDER_MODE: u32 = 0o750;

/// How long to wait where the system has no descriptor or no memory for one more connection.
const PAUSE: Duration = Duration::from_millis(100);

/// A door at a Unix socket.
#[derive(Debug)]
pub(crate) struct SocketDoor {
    listener: UnixListener,
    room: Room,
    /// Where the tor in front says by which circuit a connection came.
    circuits: Option<Arc<Circuits>>,
    inside: Inside,
}

impl SocketDoor {
    /// Makes the folder for sockets, where it is missing.
    ///
    /// # Errors
    /// [`DoorError::Folder`], [`DoorError::Socket`].
    pub(crate) fn make_folder(folder: &Path) -> Result<(), DoorError> {
        // /run is empty after a start of the machine.
        let made = DirBuilder::new().mode(FOLDER_MODE).create(folder);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(DoorError::Folder(folder.to_owned(), error))
            }
            Err(_) => Ok(()),
            // The process's own mask keeps the group out.
            Ok(()) => {
                std::fs::set_permissions(folder, std::fs::Permissions::from_mode(FOLDER_MODE))
                    .map_err(DoorError::Socket)
            }
        }
    }

    /// Makes the socket in `folder`; a socket that an earlier process left is replaced.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn bind(
        folder: &Path,
        room: Room,
        config: &Config,
        inside: Inside,
    ) -> Result<Self, DoorError> {
        let place = SocketPlace::new(folder, room.name()).map_err(DoorError::Socket)?;
        let path = place.path();
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(DoorError::Socket(error)),
        }
        let listener = UnixListener::bind(&path).map_err(DoorError::Socket)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(SOCKET_MODE))
            .map_err(DoorError::Socket)?;
        Ok(Self {
            listener,
            room,
            circuits: config.circuit_ids.then(|| {
                let crowd = Crowd::new(config.circuits.get(), &Settings::default());
                Arc::new(Circuits::new(crowd))
            }),
            inside,
        })
    }

    /// Serves connections until `stop`.
    ///
    /// # Errors
    /// [`DoorError::Socket`] when the socket accepts no more.
    pub(crate) async fn keep(self, mut stop: oneshot::Receiver<()>) -> Result<(), DoorError> {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = &mut stop => return Ok(()),
                accepted = self.listener.accept() => {
                    let stream = match accepted {
                        Ok((stream, _)) => stream,
                        Err(error) if passes(&error) => {
                            tokio::time::sleep(PAUSE).await;
                            continue;
                        }
                        Err(error) => return Err(DoorError::Socket(error)),
                    };
                    // How many there are at once the intake bounds.
                    let (inside, circuits) = (self.inside.clone(), self.circuits.clone());
                    connections.spawn(serve(self.room, inside, circuits, stream));
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    }
}

async fn serve(
    room: Room,
    inside: Inside,
    circuits: Option<Arc<Circuits>>,
    mut stream: UnixStream,
) {
    let Some(circuits) = circuits else {
        return room.serve(inside, stream).await;
    };
    let Ok(circuit) = circuit_of(&mut stream).await else {
        return;
    };
    if let Some(place) = circuits.place_of(circuit) {
        room.serve_on(inside, place.circuit(), stream).await;
    }
}

/// Whether the next connection may be accepted where this one was not: a crowd that has taken all
/// descriptors must not end the server.
fn passes(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| {
        [
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOBUFS,
            Errno::NOMEM,
            Errno::CONNABORTED,
        ]
        .contains(&errno)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_descriptors_or_memory_does_not_end_the_door_and_a_broken_socket_does() {
        use rustix::io::Errno;
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::CONNABORTED] {
            assert!(passes(&io::Error::from(errno)), "{errno:?}");
        }
        assert!(!passes(&io::Error::from(Errno::BADF)));
        assert!(!passes(&io::Error::from(Errno::INVAL)));
    }
}
