//! What may happen to bundles between the courier and the air-gapped machine.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use knothole_tests::{Broom, Newsroom, Said, finish};

use super::house::{House, noise, open, opened};
use super::stage::Stage;

const FIRST: usize = 1 << 20;
const SECOND: usize = 2 << 20;

#[test]
fn both_bundles_open_one_after_the_other() {
    let table = Table::lay("whole");
    let said = table.open(&[0, 1]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(table.has(FIRST) && table.has(SECOND));
}

#[test]
fn a_lost_bundle_is_missed_before_a_later_one_opens() {
    let table = Table::lay("lost");
    let said = table.open(&[1]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("bundle 1 is missing"), "{said:?}");
    assert!(table.is_empty());
    // Found again, it opens, and so does the later one.
    assert_eq!(table.open(&[0]).code, Some(0));
    assert_eq!(table.open(&[1]).code, Some(0));
    assert!(table.has(FIRST) && table.has(SECOND));
}

#[test]
fn a_bundle_that_comes_twice_opens_once() {
    let table = Table::lay("twice");
    assert_eq!(table.open(&[0]).code, Some(0));
    let before = opened(table.files.path()).len();
    let said = table.open(&[0]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("taken before"), "{said:?}");
    assert_eq!(opened(table.files.path()).len(), before);
}

#[test]
fn an_altered_part_is_refused_by_name() {
    let table = Table::lay("altered");
    let part = table.part(0);
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let said = table.open(&[0]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("not what the courier wrote"), "{said:?}");
    assert!(table.is_empty());
}

#[test]
fn parts_that_were_swapped_are_refused() {
    let table = Table::lay("parts");
    let (one, two) = (table.part(0), table.part(1));
    let kept = std::fs::read(&one).unwrap();
    std::fs::copy(&two, &one).unwrap();
    std::fs::write(&two, kept).unwrap();
    let said = table.open(&[0, 1]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(table.is_empty());
}

#[test]
fn an_index_that_was_swapped_for_another_bundles_is_refused() {
    let table = Table::lay("index");
    let (one, two) = (
        table.bundles[0].join("index"),
        table.bundles[1].join("index"),
    );
    let kept = std::fs::read(&one).unwrap();
    std::fs::copy(&two, &one).unwrap();
    std::fs::write(&two, kept).unwrap();
    let said = table.open(&[0]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(table.is_empty());
}

#[test]
fn a_bundle_without_its_part_is_not_taken() {
    let table = Table::lay("part");
    std::fs::remove_file(table.part(0)).unwrap();
    let said = table.open(&[0]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("is missing"), "{said:?}");
    assert!(table.is_empty());
}

/// An air-gapped machine that has opened nothing yet, and two bundles of one drop each.
struct Table {
    newsroom: Newsroom,
    bundles: Vec<PathBuf>,
    files: Broom,
}

impl Table {
    fn lay(test: &str) -> Self {
        static HOUSE: OnceLock<House> = OnceLock::new();
        let house = HOUSE.get_or_init(|| {
            let house = House::open(Stage::get(), "bundles", 1, 1);
            for (count, length) in [(1, FIRST), (2, SECOND)] {
                let file = house.file(&format!("{count}.mov"), length);
                let way = Stage::get().arti_way();
                let said = finish(&mut house.sending(&file, &way)).unwrap();
                said.done().unwrap();
                house.wait_for_drops(count);
                house.courier.online("fetch").unwrap().done().unwrap();
            }
            house
        });
        let folder = Stage::get().folder("bundles").join(test);
        std::fs::create_dir_all(&folder).unwrap();
        let copy = |path: &PathBuf| {
            let to = folder.join(path.file_name().unwrap());
            let copied = Command::new("cp").arg("-a").arg(path).arg(&to).status();
            assert!(copied.unwrap().success());
            to
        };
        let bundles: Vec<PathBuf> = house.bundles().iter().map(copy).collect();
        assert_eq!(bundles.len(), 2);
        Self {
            newsroom: house.newsroom.copied_to(&folder.join("airgap")).unwrap(),
            bundles,
            files: Broom::new_folder(Path::new("/dev/shm"), "knothole-test-").unwrap(),
        }
    }

    /// The only part of a bundle.
    fn part(&self, bundle: usize) -> PathBuf {
        let entries = std::fs::read_dir(&self.bundles[bundle]).unwrap();
        let mut parts: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().len() == 32)
            .collect();
        assert_eq!(parts.len(), 1);
        parts.remove(0)
    }

    fn open(&self, bundles: &[usize]) -> Said {
        let bundles: Vec<PathBuf> = bundles
            .iter()
            .map(|bundle| self.bundles[*bundle].clone())
            .collect();
        open(&self.newsroom, &bundles, self.files.path(), &[0])
    }

    fn has(&self, length: usize) -> bool {
        opened(self.files.path()).contains(&noise(length))
    }

    fn is_empty(&self) -> bool {
        opened(self.files.path()).is_empty()
    }
}
