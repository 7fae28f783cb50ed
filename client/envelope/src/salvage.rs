//! What can be said of a drop that was given up.

use core::fmt;

use crate::manifest::Manifest;

/// The account of a drop that did not open to its end.
///
/// What was given out was verified, chunk by chunk; that it is all of what was sent, was not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    manifest: Manifest,
    whole: usize,
    cut: Option<CutFile>,
    verified: u64,
    chunks: u64,
}

/// A file of which only the beginning was given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutFile {
    /// Its place in the manifest, from 0.
    pub place: usize,
    /// How many of its bytes were given out.
    pub bytes: u64,
}

impl Salvage {
    pub(crate) fn new(manifest: Manifest, whole: usize, left: u64, chunks: (u64, u64)) -> Self {
        let size = manifest.files().get(whole).map(|entry| entry.size);
        let cut = size.filter(|_| left > 0).map(|size| CutFile {
            place: whole,
            bytes: size.saturating_sub(left),
        });
        let (verified, chunks) = chunks;
        Self {
            manifest,
            whole,
            cut,
            verified,
            chunks,
        }
    }

    /// What the drop says it holds.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// So many files, from the first one on, were given out to their last byte.
    #[must_use]
    pub const fn whole_files(&self) -> usize {
        self.whole
    }

    /// The file that was cut off in the middle.
    #[must_use]
    pub const fn cut_file(&self) -> Option<CutFile> {
        self.cut
    }
}

/// The label that belongs to whatever is saved.
impl fmt::Display for Salvage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "salvaged from an incomplete drop: {} of {} chunks, {} of {} files whole",
            self.verified,
            self.chunks,
            self.whole,
            self.manifest.files().len()
        )?;
        match self.cut {
            Some(cut) => write!(f, ", file {} cut off", cut.place.saturating_add(1)),
            None => Ok(()),
        }
    }
}
