//! Reads bundles as the offline side does.

use std::path::{Path, PathBuf};

use knothole_envelope::{BundleIndex, EditorKey, Fingerprint, Signed};
use sha2::{Digest as _, Sha256};

use super::{Place, Sent};
use crate::bundle::{BundleName, INDEX_NAME};
use crate::keys::Keys;

/// Bundles that lie on sticks, in the order of their numbers.
pub(super) struct Bundles {
    folders: Vec<PathBuf>,
    pub(super) indexes: Vec<Signed<BundleIndex>>,
}

impl Bundles {
    /// Reads what lies on these sticks, and verifies signatures and the chain of indexes.
    pub(super) fn read(place: &Place, sticks: &[&Path]) -> Self {
        let card = Keys::load(&place.state()).unwrap().card().unwrap();
        let key = *card.verify().unwrap().bundle_key();
        let bundles = Self::read_as(&place.newsroom.fingerprint(), &key, sticks);
        for (place, signed) in bundles.indexes.iter().enumerate() {
            let before = place
                .checked_sub(1)
                .map(|before| bundles.indexes[before].hash());
            assert_eq!(signed.unverified().previous(), before.as_ref());
        }
        bundles
    }

    fn read_as(newsroom: &Fingerprint, key: &EditorKey, sticks: &[&Path]) -> Self {
        let mut folders = Vec::new();
        let mut indexes = Vec::new();
        for stick in sticks {
            for entry in std::fs::read_dir(stick).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                let Some(name) = BundleName::parse(&name) else {
                    continue;
                };
                folders.push(entry.path());
                if let Ok(bytes) = std::fs::read(entry.path().join(INDEX_NAME)) {
                    let signed = Signed::<BundleIndex>::decode(&bytes).unwrap();
                    let index = signed.verify(newsroom, key).unwrap();
                    assert_eq!(index.sequence(), name.sequence());
                    indexes.push(signed);
                }
            }
        }
        indexes.sort_by_key(|signed| signed.unverified().sequence());
        Self { folders, indexes }
    }

    pub(super) fn last(&self) -> &BundleIndex {
        self.indexes.last().unwrap().unverified()
    }

    /// The bytes of a drop that one index lists as a whole, part by part.
    pub(super) fn whole(&self, sent: &Sent) -> Option<Vec<u8>> {
        let mut indexes = self.indexes.iter().rev().map(Signed::unverified);
        let parts = indexes.find_map(|index| index.whole_drop(&sent.listed.id))?;
        let mut bytes = Vec::new();
        for part in parts {
            let name = part.name.to_string();
            let mut found = self.folders.iter().map(|folder| folder.join(&name));
            let part_bytes = std::fs::read(found.find(|path| path.is_file())?).unwrap();
            let hash: [u8; 32] = Sha256::digest(&part_bytes).into();
            assert_eq!(hash, *part.hash.as_bytes());
            assert_eq!(part_bytes.len(), usize::try_from(part.length).unwrap());
            bytes.extend(part_bytes);
        }
        Some(bytes)
    }
}
