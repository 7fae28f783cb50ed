//! Erasing epochs where they lie, as far as the medium allows.
//!
//! The record is overwritten in its place: a new file beside the old one would only be one more copy.
//! A stick may still write elsewhere what it is told to write here, and keep the old page.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use knothole_envelope::EpochNumber;

use super::body::Body;
use super::head::Head;
use super::record::{Record, State};
use super::{Vault, VaultError, read};
use crate::folder::{FileError, Step};

const RECORDS: usize = Head::LEN + Body::LEN;

impl Vault {
    /// Erases these epochs from the file and from memory. An epoch that the vault does not have, or
    /// that is erased already, is passed over, so that what was cut off can be done again.
    ///
    /// # Errors
    /// [`VaultError`]; then some of them may be erased.
    pub fn erase(&mut self, epochs: &[EpochNumber]) -> Result<(), VaultError> {
        self.erase_watched(epochs, &mut |_| Ok(()))
    }

    pub(super) fn erase_watched(
        &mut self,
        epochs: &[EpochNumber],
        watch: &mut dyn FnMut(Step) -> io::Result<()>,
    ) -> Result<(), VaultError> {
        self.unchanged()?;
        // Before anything else, and even if the epochs are erased here already: what a write that was
        // cut off has left beside the vault may have their keys.
        let (folder, name) = self.place()?;
        folder.wipe_rests(&name).map_err(VaultError::File)?;
        let places: Vec<_> = epochs
            .iter()
            .filter_map(|epoch| self.body.plan.place(*epoch))
            .filter(|place| {
                let record = self.records.get(*place);
                record.is_some_and(|record| record.state() != State::Erased)
            })
            .collect();
        if places.is_empty() {
            return Ok(());
        }
        let file = folder.file_to_write(&name).map_err(VaultError::File)?;
        let failed =
            |source| VaultError::File(FileError::new("erase in this file", &self.path, source));
        for place in &places {
            blank(&file, *place, watch).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        watch(Step::Synced).map_err(failed)?;
        for place in places {
            if let Some(record) = self.records.get_mut(place) {
                *record = Record::ERASED;
            }
        }
        // What the stick gives back matters more than what it was told.
        folder.forget_cached(&name).map_err(VaultError::File)?;
        if read(&self.file)? == self.encode() {
            Ok(())
        } else {
            Err(VaultError::Changed(self.path.clone()))
        }
    }
}

fn blank(
    file: &File,
    place: usize,
    watch: &mut dyn FnMut(Step) -> io::Result<()>,
) -> io::Result<()> {
    let at = place.saturating_mul(Record::LEN).saturating_add(RECORDS);
    let at = u64::try_from(at).map_err(io::Error::other)?;
    watch(Step::Created)?;
    // In two halves, so that tests can cut between them.
    let (first, second) = Record::ERASED.as_bytes().split_at(Record::LEN / 2);
    file.write_all_at(first, at)?;
    watch(Step::HalfWritten)?;
    let half = u64::try_from(first.len()).map_err(io::Error::other)?;
    file.write_all_at(second, at.saturating_add(half))?;
    watch(Step::Written)
}
