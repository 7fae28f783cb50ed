//! A part of a drop: announced, written, read again, and named.

use knothole_envelope::{ListedDrop, PartName};
use rand_core::Rng as _;

use super::{Desk, FetchError, blocking};
use crate::bundle::partial_name;
use crate::random;
use crate::state::{Draft, KeptDrop, KeptPart, OpenPart};
use crate::stick::{Folder, Written};

/// What was written is made to last, and remembered, every so many bytes.
const CHECKPOINT: u64 = 16 << 20;

/// A stretch of a drop that becomes a part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) drop: ListedDrop,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl Stretch {
    /// The byte after its last one.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

/// A part that is being written.
#[derive(Debug)]
pub(crate) struct Part {
    open: OpenPart,
    file: Written,
    saved: u64,
}

impl Part {
    /// Where in the drop the next byte belongs.
    pub(crate) fn reached(&self) -> u64 {
        self.open.offset.saturating_add(self.file.length())
    }
}

impl Desk<'_> {
    /// Begins a part, or goes on with it where it was broken off.
    pub(crate) fn begin(&mut self, stretch: Stretch) -> Result<Part, FetchError> {
        blocking(|| self.begin_now(stretch))
    }

    fn begin_now(&mut self, stretch: Stretch) -> Result<Part, FetchError> {
        let left_over = self
            .held
            .state
            .draft
            .as_mut()
            .and_then(|draft| draft.writing.take());
        if let (Some(open), Some(folder)) = (left_over, &self.folder) {
            let same = open.drop == stretch.drop.id
                && open.offset == stretch.offset
                && open.length == stretch.length;
            let name = partial_name(&open.name);
            if same {
                let file = folder.go_on(&name, &open.segments);
                if let Some(file) = file.map_err(FetchError::stick)? {
                    let saved = file.length();
                    let part = Part { open, file, saved };
                    self.remember(&part)?;
                    return Ok(part);
                }
            } else {
                folder.remove(&name).map_err(FetchError::stick)?;
            }
        }
        let mut name = [0; 16];
        random::system().fill_bytes(&mut name);
        let open = OpenPart {
            name: PartName::from_bytes(name),
            drop: stretch.drop.id,
            offset: stretch.offset,
            length: stretch.length,
            segments: Vec::new(),
        };
        // Announced before it is made: what lies on the stick is known here.
        self.folder_of_draft()?;
        if let Some(draft) = &mut self.held.state.draft {
            let drop = KeptDrop::of(&stretch.drop);
            if !draft.drops.contains(&drop) {
                draft.drops.push(drop);
            }
            draft.writing = Some(open.clone());
        }
        self.held.save()?;
        let folder = self.folder_of_draft()?;
        let file = folder.create(&partial_name(&open.name));
        let file = file.map_err(FetchError::stick)?;
        Ok(Part {
            open,
            file,
            saved: 0,
        })
    }

    /// The folder of the draft; both are made when they are wanted first.
    pub(super) fn folder_of_draft(&mut self) -> Result<&Folder, FetchError> {
        if let Some(ref folder) = self.folder {
            return Ok(folder);
        }
        let sequence = match &self.held.state.last {
            Some(last) => last.sequence.checked_add(1).ok_or(FetchError::NoNumber)?,
            None => 1,
        };
        let draft = Draft {
            sequence,
            mark: random::system().next_u32(),
            drops: Vec::new(),
            parts: Vec::new(),
            writing: None,
            signed: Vec::new(),
        };
        let name = draft.name();
        self.held.state.draft = Some(draft);
        self.held.save()?;
        let folder = self.stick.make_folder(name).map_err(FetchError::stick)?;
        Ok(self.folder.insert(folder))
    }

    /// Writes the next segment of the part.
    pub(crate) fn write(&mut self, part: &mut Part, segment: &[u8]) -> Result<(), FetchError> {
        blocking(|| {
            part.file.append(segment).map_err(FetchError::stick)?;
            let length = part.file.length();
            if length.saturating_sub(part.saved) >= CHECKPOINT {
                part.file.sync().map_err(FetchError::stick)?;
                part.saved = length;
                self.remember(part)?;
            }
            Ok(())
        })
    }

    /// Remembers how far the part has come; what is remembered has been synced.
    fn remember(&mut self, part: &Part) -> Result<(), FetchError> {
        if let Some(draft) = &mut self.held.state.draft {
            let mut open = part.open.clone();
            open.segments = part.file.segments().to_vec();
            draft.writing = Some(open);
        }
        Ok(self.held.save()?)
    }

    /// Makes the part last, reads it again, compares, and gives it its name.
    pub(crate) fn end(&mut self, part: Part) -> Result<(), FetchError> {
        blocking(|| self.end_now(part))
    }

    fn end_now(&mut self, part: Part) -> Result<(), FetchError> {
        let folder = self.folder_of_draft()?;
        let name = partial_name(&part.open.name);
        let Some(finished) = part.file.finish().map_err(FetchError::stick)? else {
            folder.remove(&name).map_err(FetchError::stick)?;
            return Err(FetchError::BadStick);
        };
        folder
            .rename(&name, &part.open.name.to_string())
            .map_err(FetchError::stick)?;
        if let Some(draft) = &mut self.held.state.draft {
            draft.writing = None;
            draft.parts.push(KeptPart {
                name: part.open.name,
                drop: part.open.drop,
                offset: part.open.offset,
                length: finished.length,
                hash: finished.hash,
                segments: finished.segments,
            });
        }
        Ok(self.held.save()?)
    }

    /// Removes a part for which there was no room.
    pub(crate) fn give_up(&mut self, part: Part) -> Result<(), FetchError> {
        if let Some(draft) = &mut self.held.state.draft {
            draft.writing = None;
        }
        let name = partial_name(&part.open.name);
        drop(part);
        let folder = self.folder_of_draft()?;
        folder.remove(&name).map_err(FetchError::stick)?;
        Ok(self.held.save()?)
    }

    /// Makes a part of what was written of the one that was broken off.
    pub(crate) fn keep_what_was_written(&mut self) -> Result<(), FetchError> {
        blocking(|| {
            let draft = self.held.state.draft.as_mut();
            let open = draft.and_then(|draft| draft.writing.clone());
            let (Some(open), Some(folder)) = (open, &self.folder) else {
                return Ok(());
            };
            let file = folder.go_on(&partial_name(&open.name), &open.segments);
            let Some(file) = file.map_err(FetchError::stick)? else {
                return Ok(());
            };
            let saved = file.length();
            let part = Part { open, file, saved };
            if saved == 0 {
                self.give_up(part)
            } else {
                self.end_now(part)
            }
        })
    }
}
