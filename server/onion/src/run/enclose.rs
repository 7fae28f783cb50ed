//! What is done before there is a second thread: the server shuts itself in.

use std::path::{Path, PathBuf};

use tracing::{info, warn};

use super::{Addresses, RunError, probes};
use crate::config::{Config, Listen};
use crate::data::Data;
use crate::door::SocketDoor;
use crate::hush::{self, Memory, Swap};
use crate::walls::{self, Ground, Neighbours, Walls};

/// Keeps memory out of swap, and this process and its threads to come away from all that the server
/// does not need.
///
/// # Errors
/// [`RunError`]: then the server must not run.
pub(crate) fn enclose(
    file: &Path,
    config: &Config,
    data: &Data,
    addresses: Addresses,
) -> Result<(), RunError> {
    if hush::keep_memory(Swap::of_this_machine()) == Memory::MaySwap {
        warn!("there is swap, and the server may not lock its memory: see LimitMEMLOCK");
    }
    let sockets = match &config.listen {
        Listen::Tor => None,
        Listen::Unix { folder, .. } => {
            // Its parent is out of reach afterwards.
            SocketDoor::make_folder(folder).map_err(RunError::Door)?;
            Some(folder.as_path())
        }
    };
    let files = config.tor.iter().map(PathBuf::as_path);
    let configuration: Vec<&Path> = files.chain([file]).map(folder_of).collect();
    let ground = Ground {
        neighbours: neighbours(config, addresses)?,
        data: data.folder(),
        configuration: &configuration,
        sockets,
        readable: &config.danger_readable,
    };
    if let Neighbours::Transports(_) = ground.neighbours {
        warn!("the Tor settings start other programs: the walls around the server are lower");
    }
    match walls::raise(&ground).map_err(RunError::Walls)? {
        Walls::FilterOnly => warn!("{}", Walls::FilterOnly),
        walls => info!("{walls}"),
    }
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn neighbours(config: &Config, addresses: Addresses) -> Result<Neighbours, RunError> {
    if !probes(config, addresses) {
        return Ok(Neighbours::Tor);
    }
    let programs = walls::transports(&config.tor).map_err(RunError::Transports)?;
    Ok(if programs.is_empty() {
        Neighbours::Relays
    } else {
        Neighbours::Transports(programs)
    })
}
