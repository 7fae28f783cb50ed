//! What every unit was when it was first made.

use std::collections::BTreeMap;

use knothole_envelope::SealError;

use super::ParcelError;
use crate::files::Named;
use crate::resume::Journal;

/// The hash of every unit that may have been sent.
///
/// The same place of an envelope must never get two different texts: under one key that would show
/// both. So a unit's hash is recorded before its first byte is handed out, and a unit that is made
/// again must have that hash.
#[derive(Debug)]
pub(crate) struct Ledger {
    hashes: Vec<Option<[u8; 32]>>,
    journal: Option<Journal>,
}

impl Ledger {
    /// A ledger for so many units, none of which was made.
    pub(crate) fn new(units: u64) -> Self {
        Self {
            hashes: vec![None; usize::try_from(units).unwrap_or(0)],
            journal: None,
        }
    }

    /// Takes over what was recorded before.
    pub(crate) fn recall(&mut self, units: &BTreeMap<u64, [u8; 32]>) -> Result<(), ParcelError> {
        for (unit, hash) in units {
            let place = usize::try_from(*unit)
                .ok()
                .and_then(|unit| self.hashes.get_mut(unit));
            *place.ok_or(ParcelError::Seal(SealError::Resume))? = Some(*hash);
        }
        Ok(())
    }

    /// Where units are recorded beside memory.
    pub(crate) fn journal(&mut self) -> &mut Option<Journal> {
        &mut self.journal
    }

    /// Records a unit's hash, or compares it with the one recorded.
    ///
    /// `named` names a file that the unit is made of.
    pub(crate) fn record(
        &mut self,
        unit: u64,
        hash: [u8; 32],
        named: impl FnOnce() -> Named,
    ) -> Result<(), ParcelError> {
        let place = usize::try_from(unit)
            .ok()
            .and_then(|unit| self.hashes.get_mut(unit));
        let place = place.ok_or(ParcelError::Seal(SealError::Index))?;
        match place {
            Some(held) if *held == hash => Ok(()),
            Some(_) => Err(ParcelError::Other(named())),
            None => {
                if let Some(journal) = &mut self.journal {
                    journal.unit(unit, &hash).map_err(ParcelError::Resume)?;
                }
                *place = Some(hash);
                Ok(())
            }
        }
    }
}
