//! A new courier, and whom it belongs to.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data_encoding::BASE32_NOPAD;
use knothole_envelope::{CardError, Fingerprint, OnionAddress};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::durable;
use crate::exit::Exit;
use crate::keys::{Keys, KeysError};
use crate::random;
use crate::state::{Held, Pairing, StateError};
use crate::stick::SteadyHand;

/// Makes a courier: its secrets and state in `folder`, its card in the file `out`.
///
/// # Errors
/// [`SetUpError`]; nothing that was there before is changed.
pub(crate) fn init(folder: &Path, out: &Path) -> Result<(), SetUpError> {
    durable::private_folder(folder).map_err(SetUpError::Folder)?;
    let keys = Keys::generate(&mut random::system());
    let card = keys.card().map_err(SetUpError::Card)?.encode();
    durable::write_new(out, &card).map_err(SetUpError::Out)?;
    // A card without its keys would be admitted for nothing.
    save(&keys, folder).inspect_err(|_| drop(std::fs::remove_file(out)))
}

fn save(keys: &Keys, folder: &Path) -> Result<(), SetUpError> {
    keys.save_new(folder)?;
    Ok(Held::create(folder).map(drop)?)
}

/// Tells a courier where the server is and whose it must be.
///
/// # Errors
/// [`SetUpError::OtherNewsroom`] when it belongs to another newsroom already.
pub(crate) fn pair(
    folder: &Path,
    onion: OnionAddress,
    fingerprint: Fingerprint,
) -> Result<(), SetUpError> {
    Keys::load(folder)?;
    let mut held = Held::open(folder, Arc::new(SteadyHand))?;
    if let Some(pairing) = &held.state.pairing
        && pairing.fingerprint != fingerprint
    {
        return Err(SetUpError::OtherNewsroom);
    }
    held.state.pairing = Some(Pairing { onion, fingerprint });
    Ok(held.save()?)
}

/// Writes the key that finds the collection service as C tor reads it (rend-spec-v3, client
/// authorization), for a Tor client whose SOCKS port is used.
pub(crate) fn write_client_auth(folder: &Path, file: &Path) -> Result<(), SetUpError> {
    let keys = Keys::load(folder)?;
    let held = Held::open(folder, Arc::new(SteadyHand))?;
    let onion = held.pairing()?.onion.to_string();
    let secret = Zeroizing::new(BASE32_NOPAD.encode(keys.discovery().expose()));
    let onion = onion.trim_end_matches(".onion");
    let line = Zeroizing::new(format!("{onion}:descriptor:x25519:{}\n", secret.as_str()));
    durable::write_new(file, line.as_bytes()).map_err(SetUpError::Out)
}

/// What is told after a courier was made.
#[derive(Debug, Serialize)]
pub(crate) struct Made {
    /// The file of its card.
    pub(crate) card: PathBuf,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a new courier. Its card is {}: give it to `knothole-server courier add` at the \
             server and to `knothole newsroom courier` on the offline machine",
            self.card.display()
        )
    }
}

/// What is told after a courier was paired.
#[derive(Debug, Serialize)]
pub(crate) struct Paired {
    /// The file with the key for another Tor client.
    pub(crate) client_auth: Option<PathBuf>,
}

impl fmt::Display for Paired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paired: `push`, `fetch` and `sync` can be used now")?;
        if let Some(file) = &self.client_auth {
            write!(
                f,
                "\n{} holds a secret. Put it into the folder that `ClientOnionAuthDir` names, \
                 under a name that ends in .auth_private",
                file.display()
            )?;
        }
        Ok(())
    }
}

/// Why a courier was not set up.
#[derive(Debug)]
pub(crate) enum SetUpError {
    /// The folder cannot be made.
    Folder(io::Error),
    /// A file cannot be written, or there is one of that name.
    Out(io::Error),
    /// The card cannot be made.
    Card(CardError),
    /// The courier belongs to another newsroom.
    OtherNewsroom,
    /// The secrets.
    Keys(KeysError),
    /// The state.
    State(StateError),
}

impl SetUpError {
    /// How the program ends after it.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::State(error) => error.exit(),
            _ => Exit::Refused,
        }
    }
}

impl fmt::Display for SetUpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(_) => f.write_str("the courier's folder cannot be made"),
            Self::Out(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                f.write_str("there is a file of that name already, and it stays: name another one")
            }
            Self::Out(_) => f.write_str("the file cannot be written there"),
            Self::Card(_) => f.write_str("the card cannot be made"),
            Self::OtherNewsroom => f.write_str(
                "this courier belongs to another newsroom: make one in another folder with \
                 `knothole-courier init`",
            ),
            Self::Keys(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SetUpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Folder(error) | Self::Out(error) => Some(error),
            Self::Card(error) => Some(error),
            Self::Keys(error) => error.source(),
            Self::State(error) => error.source(),
            Self::OtherNewsroom => None,
        }
    }
}

impl From<KeysError> for SetUpError {
    fn from(error: KeysError) -> Self {
        Self::Keys(error)
    }
}

impl From<StateError> for SetUpError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
