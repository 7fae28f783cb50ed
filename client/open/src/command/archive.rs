//! What every command that works with an archive takes.

use std::path::PathBuf;

use clap::Args;
use rand_core::CryptoRng;

use crate::archive::{Archive, State};
use crate::desk::Desk;
use crate::failure::Failure;
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
        let vaults = desk.vaults(&self.vaults)?;
        let archive = Archive::open(&self.archive, &vaults)?;
        Ok(Opened { archive, vaults })
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
