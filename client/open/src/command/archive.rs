//! What every command that works with an archive takes.

use std::path::PathBuf;

use clap::Args;
use knothole_envelope::Fingerprint;
use rand_core::CryptoRng;

use crate::archive::{Archive, State};
use crate::desk::Desk;
use crate::failure::{Failure, told};
use crate::vault::Vault;

#[derive(Debug, Args)]
pub(crate) struct ArchiveArgs {
    /// The folder with the newsroom's archive.
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: PathBuf,
    /// The vault of an editor; repeat it for each editor whom it takes.
    #[arg(long = "vault", value_name = "VAULT", required = true)]
    pub(crate) vaults: Vec<PathBuf>,
}

impl ArchiveArgs {
    pub(crate) fn open(&self, desk: &mut Desk) -> Result<Opened, Failure> {
        let mut vaults = desk.vaults(&self.vaults)?;
        let archive = Archive::open(&self.archive, &vaults)?;
        settle(&mut vaults, archive.state.chain().fingerprint(), desk);
        Ok(Opened { archive, vaults })
    }
}

/// Lets vaults remember the newsroom that they have met now, so that they believe no other archive.
pub(super) fn settle(vaults: &mut [Vault], newsroom: &Fingerprint, desk: &mut Desk) {
    for vault in vaults {
        if let Err(error) = vault.settle(*newsroom, &mut desk.rng) {
            // The work goes on: the vault is as good as it was before.
            desk.screen.warn(&format!(
                "{}. The vault could not be told which newsroom it belongs to",
                told(&error)
            ));
        }
    }
}

/// An archive, and the vaults that opened it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) archive: Archive,
    pub(crate) vaults: Vec<Vault>,
}

impl Opened {
    pub(crate) const fn state(&mut self) -> &mut State {
        &mut self.archive.state
    }

    pub(crate) fn save(&self, rng: &mut impl CryptoRng) -> Result<(), Failure> {
        Ok(self.archive.save(&self.vaults, rng)?)
    }
}
