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
    let pairing = Pairing { onion, fingerprint };
    if held.state.pairing.as_ref() != Some(&pairing) {
        // The service there has taken nothing from here.
        held.state.charter_pushed = None;
    }
    held.state.pairing = Some(pairing);
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

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a file of a test need not last")]
mod tests {
    use super::*;
    use crate::status::Status;

    fn onion() -> OnionAddress {
        OnionAddress::from_identity(&[7; 32])
    }

    #[test]
    fn a_card_is_never_written_over_a_file_and_no_courier_is_made_without_one() {
        let folder = tempfile::tempdir().unwrap();
        let (state, card) = (folder.path().join("state"), folder.path().join("card"));
        std::fs::write(&card, b"mine").unwrap();
        assert!(matches!(init(&state, &card), Err(SetUpError::Out(_))));
        assert_eq!(std::fs::read(&card).unwrap(), b"mine");
        assert!(matches!(Keys::load(&state), Err(KeysError::None)));
    }

    #[test]
    fn a_courier_is_made_once_and_keeps_its_keys() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        init(&state, &one).unwrap();
        let again = init(&state, &two).unwrap_err();
        assert!(matches!(again, SetUpError::Keys(KeysError::There)));
        assert!(!two.exists());
        let card = Keys::load(&state).unwrap().card().unwrap();
        assert_eq!(std::fs::read(&one).unwrap(), card.encode());
    }

    #[test]
    fn a_courier_moves_to_another_address_but_never_to_another_newsroom() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        init(&state, &folder.path().join("card")).unwrap();
        assert_eq!(Status::of(&state).unwrap().collection, None);
        let ours = Fingerprint::from_bytes([1; 32]);
        pair(&state, OnionAddress::from_identity(&[8; 32]), ours).unwrap();
        pair(&state, onion(), ours).unwrap();
        let other = pair(&state, onion(), Fingerprint::from_bytes([2; 32]));
        assert!(matches!(other, Err(SetUpError::OtherNewsroom)));
        let status = Status::of(&state).unwrap();
        assert_eq!(status.collection, Some(onion().to_string()));
        assert_eq!(status.fingerprint, Some(ours.to_string()));
    }

    #[test]
    fn the_key_for_another_tor_client_is_one_line_in_a_private_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        init(&state, &folder.path().join("card")).unwrap();
        pair(&state, onion(), Fingerprint::from_bytes([1; 32])).unwrap();
        let file = folder.path().join("k.auth_private");
        write_client_auth(&state, &file).unwrap();
        let line = std::fs::read_to_string(&file).unwrap();
        let (head, key) = line.trim_end().rsplit_once(':').unwrap();
        let onion = onion().to_string();
        let service = onion.strip_suffix(".onion").unwrap();
        assert_eq!(head, format!("{service}:descriptor:x25519"));
        let secret = BASE32_NOPAD.decode(key.as_bytes()).unwrap();
        assert_eq!(secret, Keys::load(&state).unwrap().discovery().expose());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
