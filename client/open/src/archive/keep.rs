//! The sealed drops beside the state, part by part as they came.

use core::fmt;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write as _};

use knothole_envelope::{BundlePart, DropId, ListedDrop, PartHash, TreeHash, TreeHasher};
use sha2::{Digest as _, Sha256};

use super::{Archive, ArchiveError};
use crate::folder::{Existing, FileError, Folder};
use crate::room::Room;

pub(super) const DROPS: &str = "drops";
const BLOCK: usize = 1 << 20;

/// A part did not come into the archive.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeepError {
    /// The archive cannot be written.
    Archive(FileError),
    /// The stick cannot be read.
    Stick(io::Error),
    /// The part is not as the index says.
    Altered,
}

impl From<FileError> for KeepError {
    fn from(error: FileError) -> Self {
        Self::Archive(error)
    }
}

impl fmt::Display for KeepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(error) => error.fmt(f),
            Self::Stick(_) => f.write_str("the stick cannot be read"),
            Self::Altered => f.write_str("it is not as the bundle's index says"),
        }
    }
}

impl core::error::Error for KeepError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Archive(error) => error.source(),
            Self::Stick(error) => Some(error),
            Self::Altered => None,
        }
    }
}

impl Archive {
    pub(super) fn drops(&self) -> Result<Folder, FileError> {
        self.folder.child_or_make(DROPS)
    }

    fn drop_folder(&self, id: &DropId) -> Result<Folder, FileError> {
        self.drops()?.child_or_make(&id.to_string())
    }

    /// Refuses what there is no room for.
    ///
    /// # Errors
    /// [`ArchiveError::Room`], or [`ArchiveError::File`].
    pub fn fits(&self, needed: u64) -> Result<(), ArchiveError> {
        match Room::missing(&self.folder, needed)? {
            Some(room) => Err(ArchiveError::Room(self.folder.path().to_owned(), room)),
            None => Ok(()),
        }
    }

    /// Whether a part of this length is in its place, whatever is in it.
    #[must_use]
    pub fn seems_here(&self, part: &BundlePart) -> bool {
        let folder = self
            .folder
            .child(DROPS)
            .and_then(|drops| drops.child(&part.drop.to_string()));
        folder
            .and_then(|folder| folder.file(&name_of(part.offset)))
            .is_ok_and(|(_, length)| length == part.length)
    }

    /// How much of a drop is here from its first byte on, whatever is in it.
    #[must_use]
    pub fn reached(&self, id: &DropId) -> u64 {
        let folder = self
            .folder
            .child(DROPS)
            .and_then(|drops| drops.child(&id.to_string()));
        let Ok(folder) = folder else {
            return 0;
        };
        let mut end: u64 = 0;
        while let Ok((_, length @ 1..)) = folder.file(&name_of(end)) {
            end = end.saturating_add(length);
        }
        end
    }

    /// The tree hash of what is here of a drop.
    ///
    /// # Errors
    /// [`FileError`] when it cannot be read.
    pub fn tree(&self, id: &DropId) -> Result<TreeHash, FileError> {
        let mut sealed = self.sealed(id)?;
        let mut hasher = TreeHasher::new();
        let mut block = vec![0; BLOCK];
        loop {
            let read = sealed.read(&mut block).map_err(|source| {
                FileError::new("read this folder", sealed.folder.path(), source)
            })?;
            match block.get(..read) {
                Some(piece @ [_, ..]) => hasher.update(piece),
                _ => return Ok(hasher.finish()),
            }
        }
    }

    /// Whether this very part is here already.
    ///
    /// # Errors
    /// [`KeepError::Archive`].
    pub fn has_part(&self, part: &BundlePart) -> Result<bool, KeepError> {
        let folder = self.drop_folder(&part.drop)?;
        let name = name_of(part.offset);
        if !folder.has(&name)? {
            return Ok(false);
        }
        let (file, length) = folder.file(&name)?;
        if length != part.length {
            return Ok(false);
        }
        match pour(file, part, |_| Ok(())) {
            Ok(()) => Ok(true),
            Err(KeepError::Altered) => Ok(false),
            Err(KeepError::Stick(source)) => {
                let path = folder.path().join(&name);
                Err(FileError::new("read this file", &path, source).into())
            }
            Err(error) => Err(error),
        }
    }

    /// Copies a part from a stick, and keeps it only if it is what the index says.
    ///
    /// # Errors
    /// [`KeepError`]; then the archive is as before.
    pub fn keep_part(&self, part: &BundlePart, stick: impl Read) -> Result<(), KeepError> {
        let folder = self.drop_folder(&part.drop)?;
        let name = name_of(part.offset);
        let new = format!("{name}.new");
        // Left over from an attempt that was cut off.
        folder.remove(&new)?;
        let mut file = folder.create(&new)?;
        let failed = |source| {
            let path = folder.path().join(&name);
            KeepError::Archive(FileError::new("write this file", &path, source))
        };
        let copied = pour(stick, part, |block| file.write_all(block).map_err(failed))
            .and_then(|()| file.sync_all().map_err(failed));
        if let Err(error) = copied {
            // What matters is the first error.
            drop(folder.remove(&new));
            return Err(error);
        }
        folder.rename(&new, &name, Existing::Replace)?;
        Ok(folder.sync()?)
    }

    /// Puts the names of a drop's parts on the medium, and removes what is none of them.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn settle(&self, id: &DropId, parts: &[&BundlePart]) -> Result<(), FileError> {
        let folder = self.drop_folder(id)?;
        let names: Vec<_> = parts.iter().map(|part| name_of(part.offset)).collect();
        for stray in folder.names()? {
            if !names.contains(&stray) {
                folder.remove(&stray)?;
            }
        }
        folder.sync()?;
        self.drops()?.sync()?;
        self.folder.sync()
    }

    /// Puts a drop aside that lies under a name which another drop is to have.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn set_aside(&self, listed: &ListedDrop) -> Result<(), FileError> {
        let drops = self.drops()?;
        let name = listed.id.to_string();
        let aside = format!("{name}.{}", listed.tree);
        if !drops.has(&name)? || drops.has(&aside)? {
            return Ok(());
        }
        drops.rename(&name, &aside, Existing::Keep)?;
        drops.sync()
    }

    /// The sealed drop, as far as it is here, from its first byte on.
    ///
    /// # Errors
    /// [`FileError`] when nothing of it is here.
    pub fn sealed(&self, id: &DropId) -> Result<SealedDrop, FileError> {
        let folder = self.drops()?.child(&id.to_string())?;
        let mut parts: VecDeque<_> = folder.names()?.into();
        parts.retain(|name| u64::from_str_radix(name, 16).is_ok_and(|at| name_of(at) == *name));
        Ok(SealedDrop {
            folder,
            parts,
            open: None,
            at: 0,
        })
    }
}

/// Whether a folder of this name is a drop that was put aside.
pub(super) fn is_aside(name: &str) -> bool {
    name.split_once('.')
        .is_some_and(|(id, tree)| id.parse::<DropId>().is_ok() && tree.parse::<TreeHash>().is_ok())
}

pub(super) fn name_of(offset: u64) -> String {
    format!("{offset:016x}")
}

/// Gives out all of a part, and says at the end whether it was the one.
fn pour(
    mut from: impl Read,
    part: &BundlePart,
    mut to: impl FnMut(&[u8]) -> Result<(), KeepError>,
) -> Result<(), KeepError> {
    let mut block = vec![0; BLOCK];
    let mut hasher = Sha256::new();
    let mut left = part.length;
    loop {
        let read = match from.read(&mut block) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(KeepError::Stick(error)),
        };
        let piece = block.get(..read).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        left = u64::try_from(read)
            .ok()
            .and_then(|read| left.checked_sub(read))
            .ok_or(KeepError::Altered)?;
        hasher.update(piece);
        to(piece)?;
    }
    let hash = PartHash::from_bytes(hasher.finalize().into());
    if left == 0 && hash == part.hash {
        Ok(())
    } else {
        Err(KeepError::Altered)
    }
}

/// A sealed drop, read part after part as one stream.
#[derive(Debug)]
pub struct SealedDrop {
    folder: Folder,
    parts: VecDeque<String>,
    open: Option<File>,
    at: u64,
}

impl Read for SealedDrop {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(file) = &mut self.open else {
                // A gap ends the stream: what follows it is not what comes next.
                let next = self
                    .parts
                    .pop_front()
                    .filter(|name| *name == name_of(self.at));
                let Some(name) = next else {
                    self.parts.clear();
                    return Ok(0);
                };
                self.open = Some(self.folder.file(&name).map_err(io::Error::other)?.0);
                continue;
            };
            let read = file.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                let read_bytes = u64::try_from(read).map_err(io::Error::other)?;
                self.at = self.at.saturating_add(read_bytes);
                return Ok(read);
            }
            self.open = None;
        }
    }
}
