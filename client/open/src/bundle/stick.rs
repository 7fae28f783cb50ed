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
        for path in paths {
            let found = BundleFolder::all(path)?;
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

impl BundleFolder {
    fn all(path: &Path) -> Result<Vec<Self>, BundleFault> {
        let folder = Folder::open(path)?;
        let names = folder.names()?;
        let mut found = Vec::new();
        for name in &names {
            if is_bundle(name) {
                found.push(Self::open(folder.child(name)?)?);
            }
        }
        let itself = names.iter().any(|name| name.eq_ignore_ascii_case(INDEX));
        if found.is_empty() && itself {
            found.push(Self::open(folder)?);
        }
        Ok(found)
    }

    fn open(folder: Folder) -> Result<Self, BundleFault> {
        // Some sticks show names in upper case.
        let names: BTreeMap<_, _> = folder
            .names()?
            .into_iter()
            .map(|name| (name.to_ascii_lowercase(), name))
            .collect();
        let index = match names.get(INDEX) {
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
