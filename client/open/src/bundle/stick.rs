//! Finding bundles and their parts.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use knothole_envelope::{BundleIndex, PartName, Signed};

use super::BundleFault;
use crate::folder::{FileError, Folder};

const INDEX: &str = "index";
/// An index of the most parts and drops is well below this.
const MOST_INDEX_BYTES: u64 = 1 << 24;
/// Whoever finds a stick can fill it: of what is looked at before a passphrase and a signature, no more
/// is held than this, which is that of many years.
const MOST_FOLDERS: usize = 512;
/// Of all folders together.
const MOST_NAMES: usize = 1 << 18;
/// Of all folders together: several of the longest.
const MOST_INDEXES_BYTES: u64 = 1 << 25;

/// All bundle folders on the sticks that were given.
#[derive(Debug)]
pub struct Sticks {
    pub(super) folders: Vec<BundleFolder>,
}

/// One folder of a bundle.
#[derive(Debug)]
pub(super) struct BundleFolder {
    folder: Folder,
    /// Names as they are on the medium, by what they are in lower case.
    names: BTreeMap<String, String>,
    /// A bundle that was never finished has none.
    pub(super) index: Option<Signed<BundleIndex>>,
}

impl Sticks {
    /// Looks for bundles: each path is a stick with bundles on it, or a bundle.
    ///
    /// # Errors
    /// [`BundleFault`] when a path has no finished bundle, or an index cannot be read.
    pub fn find(paths: &[PathBuf]) -> Result<Self, BundleFault> {
        let mut folders = Vec::new();
        let mut room = Room::default();
        for path in paths {
            let found = BundleFolder::all(path, &mut room)?;
            if found.is_empty() {
                return Err(BundleFault::None(path.clone()));
            }
            if found.iter().all(|folder| folder.index.is_none()) {
                return Err(BundleFault::Unfinished(path.clone()));
            }
            folders.extend(found);
        }
        Ok(Self { folders })
    }

    /// The folders that are no finished bundles.
    pub fn unfinished(&self) -> impl Iterator<Item = &Path> {
        self.folders
            .iter()
            .filter(|folder| folder.index.is_none())
            .map(|folder| folder.folder.path())
    }

    /// Whether a file has the name of this part, in whichever folder.
    pub(super) fn has(&self, part: &PartName) -> bool {
        let name = part.to_string();
        let mut folders = self.folders.iter();
        folders.any(|folder| folder.names.contains_key(&name))
    }

    /// The files that have the name of this part. One may be the rest of a bundle that was never
    /// finished, so all of them are tried.
    pub(super) fn files(
        &self,
        part: &PartName,
    ) -> impl Iterator<Item = Result<(File, PathBuf), FileError>> {
        let name = part.to_string();
        self.folders.iter().filter_map(move |folder| {
            let real = folder.names.get(&name)?;
            let found = folder.folder.file(real);
            Some(found.map(|(file, _)| (file, folder.folder.path().join(real))))
        })
    }
}

/// How much was looked at by now.
#[derive(Debug, Default)]
struct Room {
    folders: usize,
    names: usize,
    bytes: u64,
}

impl Room {
    /// Whether this still fits, together with all that came before.
    fn takes(&mut self, names: usize, bytes: u64) -> bool {
        self.folders = self.folders.saturating_add(1);
        self.names = self.names.saturating_add(names);
        self.bytes = self.bytes.saturating_add(bytes);
        self.folders <= MOST_FOLDERS && self.names <= MOST_NAMES && self.bytes <= MOST_INDEXES_BYTES
    }
}

impl BundleFolder {
    fn all(path: &Path, room: &mut Room) -> Result<Vec<Self>, BundleFault> {
        let folder = Folder::open(path)?;
        let names = folder.names()?;
        let mut found = Vec::new();
        for name in &names {
            if is_bundle(name) {
                found.push(Self::open(folder.child(name)?, room)?);
            }
        }
        let itself = names.iter().any(|name| name.eq_ignore_ascii_case(INDEX));
        if found.is_empty() && itself {
            found.push(Self::open(folder, room)?);
        }
        Ok(found)
    }

    fn open(folder: Folder, room: &mut Room) -> Result<Self, BundleFault> {
        // Some sticks show names in upper case.
        let names: BTreeMap<_, _> = folder
            .names()?
            .into_iter()
            .map(|name| (name.to_ascii_lowercase(), name))
            .collect();
        let index = names.get(INDEX);
        let length = index.map_or(Ok(0), |name| folder.file(name).map(|(_, length)| length))?;
        if !room.takes(names.len(), length.min(MOST_INDEX_BYTES)) {
            return Err(BundleFault::Many(folder.path().to_owned()));
        }
        let index = match index {
            Some(name) => {
                let bytes = folder.read(name, MOST_INDEX_BYTES)?;
                let index = Signed::decode(&bytes)
                    .map_err(|error| BundleFault::Unreadable(folder.path().to_owned(), error))?;
                Some(index)
            }
            None => None,
        };
        Ok(Self {
            folder,
            names,
            index,
        })
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

/// `bundle-`, 16 digits, `-`, 8 digits.
fn is_bundle(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let Some((sequence, mark)) = name
        .strip_prefix("bundle-")
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    let digits = |text: &str, count| {
        text.len() == count && text.bytes().all(|digit| digit.is_ascii_hexdigit())
    };
    digits(sequence, 16) && digits(mark, 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_before_a_passphrase_has_a_bound_at_which_it_still_fits() {
        let takes = |folders: usize, names, bytes| {
            let mut room = Room::default();
            (0..folders).all(|_| room.takes(names, bytes))
        };
        assert!(takes(MOST_FOLDERS, MOST_NAMES / MOST_FOLDERS, 65_536));
        assert!(!takes(MOST_FOLDERS.saturating_add(1), 0, 0));
        assert!(takes(1, MOST_NAMES, 0) && !takes(1, MOST_NAMES.saturating_add(1), 0));
        assert!(takes(2, 0, MOST_INDEXES_BYTES / 2));
        assert!(!takes(1, 0, MOST_INDEXES_BYTES.saturating_add(1)));
    }
}
