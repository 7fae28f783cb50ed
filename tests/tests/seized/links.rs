//! What two sealed drops have in common.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

/// The shortest stretch of bytes that is no accident.
const WINDOW: usize = 16;
const BLOCK: usize = 8;

/// A drop as it lies at the server: its folder, and its sealed bytes.
#[derive(Debug)]
pub(crate) struct SealedDrop {
    pub(crate) id: String,
    pub(crate) envelope: Vec<u8>,
    /// Everything else in its folder, one after the other.
    pub(crate) beside: Vec<u8>,
}

/// The drops of a store, the shortest first.
pub(crate) fn drops(store: &Path) -> Vec<SealedDrop> {
    let rooms = ["drops", "shelf"].map(|room| std::fs::read_dir(store.join(room)).unwrap());
    let folders = rooms
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    let mut drops: Vec<_> = folders.map(|folder| SealedDrop::read(&folder)).collect();
    drops.sort_by_key(|drop| drop.envelope.len());
    drops
}

impl SealedDrop {
    fn read(folder: &Path) -> Self {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        let of_the_envelope = |path: &&PathBuf| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.len() == 9 && name.starts_with('s')
        };
        let (segments, others): (Vec<&PathBuf>, Vec<&PathBuf>) =
            files.iter().partition(of_the_envelope);
        let read = |paths: Vec<&PathBuf>| {
            let bytes = paths.into_iter().map(|path| std::fs::read(path).unwrap());
            bytes.collect::<Vec<_>>().concat()
        };
        Self {
            id: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            envelope: read(segments),
            beside: read(others),
        }
    }
}

/// Every stretch of 16 bytes that stands in both.
pub(crate) fn common(one: &[u8], other: &[u8]) -> BTreeSet<[u8; WINDOW]> {
    // Wherever such a stretch stands in `one`, it holds a whole block of it.
    let blocks: HashSet<[u8; BLOCK]> = one.as_chunks().0.iter().copied().collect();
    let mut first = vec![false; 1 << 16];
    for [a, b, ..] in &blocks {
        first[usize::from(u16::from_le_bytes([*a, *b]))] = true;
    }
    let mut candidates = BTreeSet::new();
    for (at, block) in other.windows(BLOCK).enumerate() {
        let block: &[u8; BLOCK] = block.try_into().unwrap();
        if first[usize::from(u16::from_le_bytes([block[0], block[1]]))] && blocks.contains(block) {
            // It may stand anywhere in a stretch that holds this block whole.
            let from = at.saturating_sub(WINDOW - BLOCK);
            let to = other.len().min(at + WINDOW);
            candidates.extend(other[from..to].array_windows().copied());
        }
    }
    candidates.retain(|stretch| one.array_windows().any(|window| window == stretch));
    candidates
}

#[test]
fn what_two_have_in_common_is_found_wherever_it_stands() {
    let one: Vec<u8> = (0..=255).collect();
    let strange = [0xff; 3];
    for at in 0..9 {
        let stretch = &one[at..at + WINDOW];
        let other = [&strange, stretch, &strange].concat();
        let found = common(&one, &other);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [stretch]);
        let broken = [&strange, &stretch[..9], &strange, &stretch[9..]].concat();
        assert!(common(&one, &broken).is_empty());
    }
}
