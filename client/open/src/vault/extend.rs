//! More epochs for a vault.

use core::mem::replace;
use std::io;

use knothole_envelope::{EpochNumber, EpochSecret, RecipientKey};
use rand_core::CryptoRng;

use super::head::Head;
use super::keys::Keys;
use super::record::Record;
use super::slip::Slips;
use super::stretch::Stretch;
use super::wrap::Key;
use super::{Vault, VaultError};
use crate::folder::Step;
use crate::passphrase::Passphrase;

impl Vault {
    /// Makes keys for so many more epochs, under the passphrase that the vault has. The new epochs for
    /// which there is a slip are under it as well.
    ///
    /// # Errors
    /// [`VaultError`]; the file has its old bytes then, unless it is [`VaultError::Rest`].
    pub fn extend(
        &mut self,
        more: u32,
        passphrase: &Passphrase,
        slips: Slips,
        rng: &mut impl CryptoRng,
    ) -> Result<(), VaultError> {
        let stretch = Stretch::new(rng);
        self.extend_with(more, passphrase, slips, stretch, rng, &mut |_| Ok(()))
    }

    pub(super) fn extend_with(
        &mut self,
        more: u32,
        passphrase: &Passphrase,
        slips: Slips,
        stretch: Stretch,
        rng: &mut impl CryptoRng,
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), VaultError> {
        self.unchanged()?;
        let plan = self
            .body
            .plan
            .extended(more)
            .map_err(|error| VaultError::Plan(self.path.clone(), error))?;
        let before = self.records.len();
        let (records, new_keys) = epochs(plan.numbers().skip(before), &self.key, &slips, rng);
        let damaged = || VaultError::Damaged(self.path.clone());
        let mut keys = self.keys.open(&self.key).ok_or_else(damaged)?;
        keys.extend(new_keys);
        let head = Head::new(&self.key, passphrase, plan.epochs(), stretch)
            .map_err(|_| VaultError::Memory)?;
        let keys = Keys::seal(&keys, &self.key, rng);
        let old_plan = replace(&mut self.body.plan, plan);
        let sealed_body = self.body.seal(&self.key, rng);
        let old = (
            replace(&mut self.head, head),
            replace(&mut self.keys, keys),
            replace(&mut self.sealed_body, sealed_body),
        );
        self.records.extend(records);
        let written = self.replace(watch);
        if written.as_ref().is_err_and(VaultError::is_unwritten) {
            (self.head, self.keys, self.sealed_body) = old;
            self.body.plan = old_plan;
            self.records.truncate(before);
        } else {
            self.slips.join(slips);
        }
        written
    }
}

/// New secrets for these epochs as records, and their public sides.
pub(super) fn epochs(
    numbers: impl Iterator<Item = EpochNumber>,
    key: &Key,
    slips: &Slips,
    rng: &mut impl CryptoRng,
) -> (Vec<Record>, Vec<RecipientKey>) {
    numbers
        .map(|epoch| {
            let secret = EpochSecret::generate(rng);
            let record = Record::seal(&secret, epoch, key, slips.get(epoch), rng);
            (record, secret.recipient_key())
        })
        .unzip()
}
