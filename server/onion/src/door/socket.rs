//! A door at a Unix socket, behind another tor.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use knothole_intake::Intake;
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::DoorError;
use crate::config::Config;
use crate::data::SocketPlace;
use crate::room::Room;

/// Only the user and the group of the folder may connect: tor's user is put into that group.
const SOCKET_MODE: u32 = 0o660;

/// Its group, in which the tor in front is, may enter.
const FOLDER_MODE: u32 = 0o750;

/// A door at a Unix socket.
#[derive(Debug)]
pub(crate) struct SocketDoor {
    listener: UnixListener,
    room: Room,
    places: Arc<Semaphore>,
    intake: Arc<Intake>,
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
        intake: Arc<Intake>,
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
            places: Arc::new(Semaphore::new(config.circuits.get())),
            intake,
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
                    let (stream, _) = accepted.map_err(DoorError::Socket)?;
                    let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                        continue;
                    };
                    let (room, intake) = (self.room, Arc::clone(&self.intake));
                    connections.spawn(async move {
                        room.serve(intake, stream).await;
                        drop(place);
                    });
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
    }
}
