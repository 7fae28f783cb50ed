//! Which newsroom a vault belongs to.

use knothole_envelope::Fingerprint;
use rand_core::CryptoRng;

use super::{Vault, VaultError};

impl Vault {
    /// The newsroom whose archive the vault believes; nothing before it has met one.
    #[must_use]
    pub const fn newsroom(&self) -> Option<&Fingerprint> {
        self.body.newsroom.as_ref()
    }

    /// Remembers the newsroom whose archive the vault is to believe from now on.
    ///
    /// # Errors
    /// [`VaultError`]; the file has its old bytes then, unless it is [`VaultError::Rest`].
    pub fn settle(
        &mut self,
        newsroom: Fingerprint,
        rng: &mut impl CryptoRng,
    ) -> Result<(), VaultError> {
        if self.body.newsroom == Some(newsroom) {
            return Ok(());
        }
        self.unchanged()?;
        let before = self.body.newsroom.replace(newsroom);
        let sealed = self.body.seal(&self.key, rng);
        let sealed = core::mem::replace(&mut self.sealed_body, sealed);
        let written = self.replace(&mut |_| Ok(()));
        if written.as_ref().is_err_and(VaultError::is_unwritten) {
            self.body.newsroom = before;
            self.sealed_body = sealed;
        }
        written
    }
}
