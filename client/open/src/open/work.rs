//! Opening the drops of an archive, and keeping account of it.

use std::io::Read;

use knothole_envelope::DropId;

use super::{OpenDropError, Opened, Unsealed, unseal, write};
use crate::archive::{Archive, KeptDrop, SealedDrop, Status};
use crate::editor::Editor;
use crate::folder::Folder;

impl Archive {
    /// Opens a drop of this archive into a folder of its own beneath `into`.
    ///
    /// The state says afterwards how it went; it is not saved yet.
    ///
    /// # Errors
    /// [`OpenDropError`].
    pub fn open_drop(
        &mut self,
        id: &DropId,
        editors: &[impl Editor],
        into: &Folder,
    ) -> Result<Opened, OpenDropError> {
        let name = self.state.short(id);
        let mut way_back = None;
        let mut opened = self.unseal(id, editors).and_then(|unsealed| {
            way_back = unsealed.reader.manifest().reply().cloned();
            self.write(id, unsealed, into, &name)
                .map_err(|error| self.blame(id, error))
        });
        // The keys of the drop will be burned: whoever sent it can still be answered then.
        match (&mut opened, &way_back) {
            (Ok(opened), Some(block)) => {
                opened.conversation = self.state.conversations.note(*id, block);
            }
            (Ok(_), None) => self.state.conversations.part_from(id, None),
            (Err(_), _) => {}
        }
        if let Some(kept) = self.state.drops.get_mut(id)
            && matches!(kept.status, Status::Waiting | Status::Stuck)
        {
            kept.status = match &opened {
                Ok(_) => Status::Opened,
                Err(error) if error.may_pass() => kept.status,
                Err(_) => Status::Stuck,
            };
        }
        opened
    }

    /// Opens the header and the manifest of a drop, or of the beginning of one.
    ///
    /// # Errors
    /// [`OpenDropError`].
    pub fn unseal(
        &self,
        id: &DropId,
        editors: &[impl Editor],
    ) -> Result<Unsealed<SealedDrop>, OpenDropError> {
        let kept = self.state.drops.get(id).ok_or(OpenDropError::OtherDrop)?;
        unseal(self.sealed(id)?, &kept.listed, &self.state, editors)
            .map_err(|error| self.blame(id, error))
    }

    /// Whether all of a drop is here, and is what the server listed, whether or not it opens.
    #[must_use]
    pub fn is_as_listed(&self, kept: &KeptDrop) -> bool {
        let (id, listed) = (&kept.listed.id, &kept.listed);
        self.reached(id) == listed.length() && self.tree(id).is_ok_and(|tree| tree == listed.tree)
    }

    /// Why a whole drop does not open. Whether it was so at the server is asked first of all: a
    /// courier that spoils a drop must not make the newsroom refuse the true one.
    fn blame(&self, id: &DropId, error: OpenDropError) -> OpenDropError {
        let whole = |kept: &&KeptDrop| matches!(kept.status, Status::Waiting | Status::Stuck);
        // Of an altered header nobody can tell for whom it was.
        let asked = !error.may_pass() || error.is_for_other_editors();
        match self.state.drops.get(id).filter(whole) {
            Some(kept) if asked && !self.is_as_listed(kept) => OpenDropError::Spoiled,
            _ => error,
        }
    }

    fn write<R: Read>(
        &self,
        id: &DropId,
        unsealed: Unsealed<R>,
        into: &Folder,
        name: &str,
    ) -> Result<Opened, OpenDropError> {
        let kept = self.state.drops.get(id).ok_or(OpenDropError::OtherDrop)?;
        write(unsealed, &kept.listed, into, name)
    }
}
