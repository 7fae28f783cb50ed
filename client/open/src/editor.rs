//! What an open vault lends to the work: nothing else in this crate asks for secrets.

use data_encoding::HEXLOWER;
use knothole_envelope::{EditorKey, EpochNumber, EpochSecret, Fingerprint, SigningSecret};

use crate::escape;
use crate::vault::{Vault, VaultError};

/// The secrets of one editor.
pub trait Editor {
    /// What signs charters, sheets, receipts and the archive.
    fn signing(&self) -> &SigningSecret;

    /// What opens the archive.
    fn archive_secret(&self) -> &EpochSecret;

    /// What opens the drops of an epoch; nothing when the vault never had it or has erased it.
    ///
    /// # Errors
    /// [`VaultError`] when the vault is damaged in this place.
    fn epoch_secret(&self, epoch: EpochNumber) -> Result<Option<EpochSecret>, VaultError>;

    /// The newsroom that the editor knows to be the own one; nothing before the first meeting.
    fn newsroom(&self) -> Option<Fingerprint> {
        None
    }

    /// The public side of what signs.
    fn key(&self) -> EditorKey {
        self.signing().editor_key()
    }

    /// What a person calls the vault.
    fn called(&self) -> String {
        let key = HEXLOWER.encode(self.key().as_bytes());
        format!("the vault of editor {}", key.get(..16).unwrap_or(&key))
    }
}

impl Editor for Vault {
    fn signing(&self) -> &SigningSecret {
        self.signing()
    }

    fn archive_secret(&self) -> &EpochSecret {
        self.archive_secret()
    }

    fn epoch_secret(&self, epoch: EpochNumber) -> Result<Option<EpochSecret>, VaultError> {
        self.epoch_secret(epoch)
    }

    fn newsroom(&self) -> Option<Fingerprint> {
        self.newsroom().copied()
    }

    fn called(&self) -> String {
        escape::path(self.path())
    }
}

impl<E: Editor + ?Sized> Editor for Box<E> {
    fn signing(&self) -> &SigningSecret {
        (**self).signing()
    }

    fn archive_secret(&self) -> &EpochSecret {
        (**self).archive_secret()
    }

    fn epoch_secret(&self, epoch: EpochNumber) -> Result<Option<EpochSecret>, VaultError> {
        (**self).epoch_secret(epoch)
    }

    fn newsroom(&self) -> Option<Fingerprint> {
        (**self).newsroom()
    }

    fn called(&self) -> String {
        (**self).called()
    }
}
