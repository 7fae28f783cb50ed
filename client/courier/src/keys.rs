//! The courier's own secrets: what finds the server, what is admitted there, what signs bundles.

use std::fmt;
use std::io;
use std::path::Path;

use knothole_envelope::{
    CardError, CourierCard, CredentialHash, DiscoveryKey, Signed, SigningSecret,
};
use knothole_onion::{Credential, DiscoverySecret};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::durable;

/// The file in the state folder.
const FILE: &str = "keys";
const MAGIC: &[u8; 8] = b"KHCOURR1";
/// Magic, three secrets, and a check sum against damage.
const LEN: usize = 8 + 3 * 32 + 32;

/// The courier's own secrets. None of them opens or deletes anything.
#[derive(Debug)]
pub(crate) struct Keys {
    discovery: DiscoverySecret,
    credential: Credential,
    bundle: SigningSecret,
}

impl Keys {
    /// New random secrets.
    #[must_use]
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut discovery = Zeroizing::new([0; 32]);
        let mut credential = Zeroizing::new([0; 32]);
        rng.fill_bytes(discovery.as_mut_slice());
        rng.fill_bytes(credential.as_mut_slice());
        Self {
            discovery: DiscoverySecret::from_bytes(*discovery),
            credential: Credential::from_bytes(*credential),
            bundle: SigningSecret::generate(rng),
        }
    }

    /// Reads the secrets from the state folder.
    ///
    /// # Errors
    /// [`KeysError`].
    pub(crate) fn load(folder: &Path) -> Result<Self, KeysError> {
        let path = folder.join(FILE);
        let bytes = match durable::read(&path, u64::try_from(LEN).unwrap_or(u64::MAX)) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeysError::None);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Err(KeysError::Damaged);
            }
            Err(error) => return Err(KeysError::Disk(error)),
        };
        Self::decode(&bytes).ok_or(KeysError::Damaged)
    }

    /// Writes the secrets into the state folder, which must hold none yet.
    ///
    /// # Errors
    /// [`KeysError::There`] when there are some, [`KeysError::Disk`].
    pub(crate) fn save_new(&self, folder: &Path) -> Result<(), KeysError> {
        match durable::write_new(&folder.join(FILE), &self.encode()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(KeysError::There),
            Err(error) => Err(KeysError::Disk(error)),
        }
    }

    /// What server and newsroom must know of this courier.
    ///
    /// # Errors
    /// [`CardError`], which the courier's own key never gives.
    pub(crate) fn card(&self) -> Result<Signed<CourierCard>, CardError> {
        let credential = Sha256::digest(self.credential.expose());
        let card = CourierCard::new(
            DiscoveryKey::from_bytes(self.discovery.public_key()),
            CredentialHash::from_bytes(credential.into()),
            self.bundle.editor_key(),
        );
        card.sign(&self.bundle)
    }

    /// What finds the collection service.
    #[must_use]
    pub(crate) fn discovery(&self) -> &DiscoverySecret {
        &self.discovery
    }

    /// What is shown at the collection service, and what signs bundles.
    pub(crate) fn into_parts(self) -> (Credential, SigningSecret) {
        (self.credential, self.bundle)
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LEN));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(self.discovery.expose());
        bytes.extend_from_slice(self.credential.expose());
        bytes.extend_from_slice(self.bundle.expose());
        let sum: [u8; 32] = Sha256::digest(bytes.as_slice()).into();
        bytes.extend_from_slice(&sum);
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, sum) = bytes.split_last_chunk::<32>()?;
        let expected: [u8; 32] = Sha256::digest(content).into();
        if *sum != expected {
            return None;
        }
        let content = content.strip_prefix(MAGIC)?;
        let (discovery, content) = content.split_first_chunk::<32>()?;
        let (credential, content) = content.split_first_chunk::<32>()?;
        let bundle: &[u8; 32] = content.try_into().ok()?;
        Some(Self {
            discovery: DiscoverySecret::from_bytes(*discovery),
            credential: Credential::from_bytes(*credential),
            bundle: SigningSecret::from_bytes(*bundle),
        })
    }
}

/// Why the courier's secrets were not read or written.
#[derive(Debug)]
pub(crate) enum KeysError {
    /// The folder holds none.
    None,
    /// The folder holds some already.
    There,
    /// The file is not one of this program and version, or was altered.
    Damaged,
    /// The file cannot be read or written.
    Disk(io::Error),
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => {
                "there is no courier in this folder: make one with `knothole-courier init`, or \
                 name its folder with --state"
            }
            Self::There => {
                "there is a courier in this folder already, and it stays: name another folder"
            }
            Self::Damaged => {
                "the courier's file `keys` is damaged: make a new courier in a new folder, and \
                 have the old one revoked at the server"
            }
            Self::Disk(_) => "the courier's file `keys` cannot be read or written",
        })
    }
}

impl std::error::Error for KeysError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            Self::None | Self::There | Self::Damaged => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    #[test]
    fn what_was_saved_is_what_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::generate(&mut random::system());
        keys.save_new(folder.path()).unwrap();
        let loaded = Keys::load(folder.path()).unwrap();
        assert_eq!(loaded.card().unwrap(), keys.card().unwrap());
        assert_eq!(loaded.credential.expose(), keys.credential.expose());
    }

    #[test]
    fn a_courier_is_never_written_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::generate(&mut random::system());
        first.save_new(folder.path()).unwrap();
        let second = Keys::generate(&mut random::system()).save_new(folder.path());
        assert!(matches!(second, Err(KeysError::There)));
        let kept = Keys::load(folder.path()).unwrap();
        assert_eq!(kept.card().unwrap(), first.card().unwrap());
    }

    #[test]
    fn a_damaged_file_is_refused_wherever_it_is_damaged() {
        let bytes = Keys::generate(&mut random::system()).encode();
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(Keys::decode(&damaged).is_none(), "byte {place}");
            assert!(Keys::decode(&bytes[..place]).is_none(), "cut at {place}");
        }
    }

    #[test]
    fn the_card_carries_no_secret_and_verifies() {
        let keys = Keys::generate(&mut random::system());
        let card = keys.card().unwrap();
        card.verify().unwrap();
        let bytes = card.encode();
        let secrets = [
            keys.discovery.expose(),
            keys.credential.expose(),
            keys.bundle.expose(),
        ];
        for secret in secrets {
            assert!(!bytes.windows(32).any(|window| window == secret));
        }
    }

    #[test]
    fn secrets_never_show_in_debug_output() {
        let keys = Keys {
            discovery: DiscoverySecret::from_bytes([1; 32]),
            credential: Credential::from_bytes([2; 32]),
            bundle: SigningSecret::from_bytes([3; 32]),
        };
        assert_eq!(
            format!("{keys:?}"),
            "Keys { discovery: DiscoverySecret([secret]), \
             credential: Credential([secret]), bundle: SigningSecret(..) }"
        );
    }
}
