//! Finding bundles and their parts.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use knothole_envelope::{BundleIndex, PartName, Signed};

use super::BundleFault;
use crate::folder::{FileError, Folder};

const INDEX: &str = "index";
/// The name of a part: 16 bytes in hexadecimal.
const PART_DIGITS: usize = 32;
/// An index of the most parts and drops is well below this.
const MOST_INDEX_BYTES: u64 = 1 << 24;
/// Whoever finds a stick can fill it: of what is looked at before a passphrase and a signature, no more
/// is held than this, which is that of many years.
const MOST_FOLDERS: usize = 512;
/// Of all folders together, the sticks' own among them.
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

/// How much may still be looked at.
#[derive(Debug)]
struct Room {
    folders: usize,
    names: usize,
    bytes: u64,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            folders: MOST_FOLDERS,
            names: MOST_NAMES,
            bytes: MOST_INDEXES_BYTES,
        }
    }
}

impl Room {
    /// The names in a folder that a bundle or a stick may have. Of no other is a copy kept.
    fn names(&mut self, folder: &Folder) -> Result<Vec<String>, BundleFault> {
        let names = folder.names_within(&mut self.names, is_known)?;
        names.ok_or_else(|| BundleFault::Many(folder.path().to_owned()))
    }

    /// Whether a folder with an index of this length still fits, together with all that came before.
    fn takes(&mut self, bytes: u64) -> bool {
        let (folders, bytes) = (self.folders.checked_sub(1), self.bytes.checked_sub(bytes));
        let (Some(folders), Some(bytes)) = (folders, bytes) else {
            return false;
        };
        (self.folders, self.bytes) = (folders, bytes);
        true
    }
}

impl BundleFolder {
    fn all(path: &Path, room: &mut Room) -> Result<Vec<Self>, BundleFault> {
        let folder = Folder::open(path)?;
        let names = room.names(&folder)?;
        let mut found = Vec::new();
        for name in &names {
            if is_bundle(name) {
                let bundle = folder.child(name)?;
                let names = room.names(&bundle)?;
                found.push(Self::open(bundle, names, room)?);
            }
        }
        let itself = names.iter().any(|name| name.eq_ignore_ascii_case(INDEX));
        if found.is_empty() && itself {
            found.push(Self::open(folder, names, room)?);
        }
        Ok(found)
    }

    fn open(folder: Folder, names: Vec<String>, room: &mut Room) -> Result<Self, BundleFault> {
        // Some sticks show names in upper case.
        let names: BTreeMap<_, _> = names
            .into_iter()
            .map(|name| (name.to_ascii_lowercase(), name))
            .collect();
        let index = names.get(INDEX);
        let length = index.map_or(Ok(0), |name| folder.file(name).map(|(_, length)| length))?;
        if !room.takes(length.min(MOST_INDEX_BYTES)) {
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

/// Whether something of ours may have this name: an index, a part or a bundle.
fn is_known(name: &str) -> bool {
    let is_part =
        || name.len() == PART_DIGITS && name.bytes().all(|digit| digit.is_ascii_hexdigit());
    name.eq_ignore_ascii_case(INDEX) || is_part() || is_bundle(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(names: usize) -> Room {
        Room {
            names,
            ..Room::default()
        }
    }

    /// A stick with three files of somebody else and two bundles that were never finished, each with
    /// a part and a stranger's file.
    fn stick() -> tempfile::TempDir {
        let stick = tempfile::tempdir().unwrap();
        let make = |name: &str| drop(File::create_new(stick.path().join(name)).unwrap());
        for name in ["a", "b", "c"] {
            make(name);
        }
        for number in 1..3 {
            let bundle = format!("bundle-{number:016x}-0a0b0c0d");
            std::fs::create_dir(stick.path().join(&bundle)).unwrap();
            for name in ["d".to_owned(), format!("{number:032X}")] {
                make(&format!("{bundle}/{name}"));
            }
        }
        stick
    }

    #[test]
    fn what_is_looked_at_before_a_passphrase_has_a_bound_at_which_it_still_fits() {
        let takes = |folders: usize, bytes| {
            let mut room = Room::default();
            (0..folders).all(|_| room.takes(bytes))
        };
        assert!(takes(MOST_FOLDERS, 65_536));
        assert!(!takes(MOST_FOLDERS.saturating_add(1), 0));
        assert!(takes(2, MOST_INDEXES_BYTES / 2));
        assert!(!takes(1, MOST_INDEXES_BYTES.saturating_add(1)));
    }

    #[test]
    fn no_more_names_are_read_than_fit_those_beside_the_bundles_among_them() {
        let stick = stick();
        // Five lie on the stick, and two in each bundle.
        let mut fits = room(9);
        let found = BundleFolder::all(stick.path(), &mut fits).unwrap();
        assert_eq!((found.len(), fits.names), (2, 0));
        for names in 0..9 {
            let mut room = room(names);
            let error = BundleFolder::all(stick.path(), &mut room).unwrap_err();
            assert!(matches!(error, BundleFault::Many(_)), "{names}: {error}");
        }
    }

    #[test]
    fn of_names_that_are_not_ours_no_copy_is_kept() {
        let stick = stick();
        let folder = Folder::open(stick.path()).unwrap();
        let names = Room::default().names(&folder).unwrap();
        assert!(names.len() == 2 && names.iter().all(|name| is_bundle(name)));
        let found = BundleFolder::all(stick.path(), &mut Room::default()).unwrap();
        let part = format!("{:032x}", 1);
        assert!(found[0].names.len() == 1 && found[0].names.contains_key(&part));
    }

    #[test]
    fn the_names_in_a_bundle_that_is_named_itself_count_once() {
        let stick = tempfile::tempdir().unwrap();
        for name in ["index", "0123456789abcdef0123456789abcdef"] {
            drop(File::create_new(stick.path().join(name)).unwrap());
        }
        // An index of no bytes is none: that is said, and not that there is too much.
        let error = BundleFolder::all(stick.path(), &mut room(2)).unwrap_err();
        assert!(matches!(error, BundleFault::Unreadable(..)), "{error}");
    }
}
