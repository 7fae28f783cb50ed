use std::fs;
use std::path::{Path, PathBuf};

use knothole_envelope::{BundleIndex, SheetHash};
use knothole_envelope::{
    BundlePart, Day, DropId, EpochNumber, FileEntry, FileName, IndexHash, ListedDrop, Manifest,
    Message, PartHash, PartName, Signed, Suite, TreeHash, seal_drop,
};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::archive::tests::{FIRST_DAY, Known, newsroom, rng};
use crate::archive::{Archive, Courier, State, Status};
use crate::editor::Editor as _;

/// A sealed drop as the server holds it.
#[derive(Clone)]
pub(crate) struct Sealed {
    pub(crate) listed: ListedDrop,
    pub(crate) bytes: Vec<u8>,
}

/// Seals files and a message to the sheet of epoch 3; the manifest may name another sheet.
pub(crate) fn seal(
    state: &State,
    number: u8,
    files: &[(&str, &[u8])],
    message: &str,
    sheet: Option<SheetHash>,
) -> Sealed {
    let epoch = EpochNumber::new(3).unwrap();
    let real = state.sheets_of(epoch).next().unwrap();
    let entries = files.iter().map(|(name, body)| FileEntry {
        name: FileName::new(name).unwrap(),
        size: u64::try_from(body.len()).unwrap(),
    });
    let manifest = Manifest::new(
        sheet.unwrap_or(real.hash()),
        real.recipients().quorum(),
        None,
        entries.collect(),
        Message::new(message).unwrap(),
    )
    .unwrap();
    let mut bytes = Vec::new();
    let tree = seal_drop(
        &mut rng(),
        Suite::ChaCha20Poly1305,
        epoch,
        real.recipients(),
        &manifest,
        |place| Ok(files[place].1),
        &mut bytes,
    )
    .unwrap();
    Sealed {
        listed: ListedDrop {
            id: DropId::from_bytes([number; 32]),
            tree,
            chunks: manifest.chunks(),
            epoch,
        },
        bytes,
    }
}

/// A courier, and where it is in its sequence.
pub(crate) struct Carrier {
    key: Known,
    sequence: u64,
    previous: Option<IndexHash>,
}

/// A stretch of a drop that lies in a bundle, or in an earlier one.
pub(crate) struct Stretch<'d> {
    drop: &'d Sealed,
    from: usize,
    to: usize,
    here: bool,
}

pub(crate) fn whole(drop: &Sealed) -> Stretch<'_> {
    stretch(drop, 0, drop.bytes.len(), true)
}

fn stretch(drop: &Sealed, from: usize, to: usize, here: bool) -> Stretch<'_> {
    Stretch {
        drop,
        from,
        to,
        here,
    }
}

impl Carrier {
    pub(crate) fn new() -> Self {
        Self {
            key: Known::new(60),
            sequence: 0,
            previous: None,
        }
    }

    /// Lays the next bundle on a stick.
    pub(crate) fn carry(&mut self, state: &State, stick: &Path, stretches: &[Stretch<'_>]) {
        self.sequence += 1;
        let folder = stick.join(format!("bundle-{:016x}-0a0b0c0d", self.sequence));
        fs::create_dir(&folder).unwrap();
        let mut parts = Vec::new();
        let mut drops: Vec<ListedDrop> = Vec::new();
        for stretch in stretches {
            let bytes = &stretch.drop.bytes[stretch.from..stretch.to];
            let part = part(stretch, bytes);
            if stretch.here {
                fs::File::create_new(folder.join(part.name.to_string()))
                    .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
                    .unwrap();
            }
            parts.push(part);
            if !drops.contains(&stretch.drop.listed) {
                drops.push(stretch.drop.listed);
            }
        }
        let index = self.index(state, parts, drops);
        self.previous = Some(index.hash());
        fs::File::create_new(folder.join("index"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &index.encode()))
            .unwrap();
    }

    fn index(
        &self,
        state: &State,
        parts: Vec<BundlePart>,
        drops: Vec<ListedDrop>,
    ) -> Signed<BundleIndex> {
        let date = Day::new(FIRST_DAY + u32::try_from(self.sequence).unwrap()).unwrap();
        let charter = state.chain().current_hash();
        let index =
            BundleIndex::new(self.sequence, self.previous, date, parts, drops, charter).unwrap();
        let mut signed = Signed::new(index);
        signed.sign(state.chain().fingerprint(), self.key.signing());
        signed
    }
}

fn part(stretch: &Stretch<'_>, bytes: &[u8]) -> BundlePart {
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    let mut name = [0; 16];
    name.copy_from_slice(&hash[..16]);
    BundlePart {
        name: PartName::from_bytes(name),
        length: u64::try_from(bytes.len()).unwrap(),
        hash: PartHash::from_bytes(hash),
        drop: stretch.drop.listed.id,
        offset: u64::try_from(stretch.from).unwrap(),
    }
}

/// A newsroom with an archive, a courier, and sticks.
pub(crate) struct Rig {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) editors: Vec<Known>,
    pub(crate) archive: Archive,
    pub(crate) carrier: Carrier,
    sticks: usize,
}

impl Rig {
    pub(crate) fn new(editors: u8, quorum: u8) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").unwrap();
        let (editors, mut state) = newsroom(editors, quorum);
        let carrier = Carrier::new();
        state.couriers.push(Courier::new(carrier.key.key()));
        let path = folder.path().join("archive");
        let archive = Archive::create(&path, state, &editors, &mut rng()).unwrap();
        Self {
            folder,
            editors,
            archive,
            carrier,
            sticks: 0,
        }
    }

    pub(crate) fn stick(&mut self) -> PathBuf {
        self.sticks += 1;
        let stick = self.folder.path().join(format!("stick-{}", self.sticks));
        fs::create_dir(&stick).unwrap();
        stick
    }

    pub(crate) fn drop(&self, number: u8) -> Sealed {
        let body = vec![number; 300_000];
        seal(
            &self.archive.state,
            number,
            &[("a.bin", &body)],
            "words",
            None,
        )
    }

    /// A stick with one bundle.
    pub(crate) fn carried(&mut self, stretches: &[Stretch<'_>]) -> PathBuf {
        let stick = self.stick();
        self.carrier.carry(&self.archive.state, &stick, stretches);
        stick
    }

    pub(crate) fn take(&mut self, sticks: &[&PathBuf]) -> Result<Taken, BundleFault> {
        self.take_with(sticks, Lost::Refuse)
    }

    fn take_with(&mut self, sticks: &[&PathBuf], lost: Lost) -> Result<Taken, BundleFault> {
        let paths: Vec<_> = sticks.iter().map(|path| (*path).clone()).collect();
        let sticks = Sticks::find(&paths)?;
        let checked = sticks.check(&self.archive.state, lost)?;
        Ok(self.archive.take(&sticks, &checked).unwrap())
    }

    fn news(&self, stick: &Path) -> Result<Vec<News>, BundleFault> {
        let sticks = Sticks::find(&[stick.to_owned()])?;
        let checked = sticks.check(&self.archive.state, Lost::Refuse)?;
        Ok(checked.iter().map(|bundle| bundle.news).collect())
    }

    fn status(&self, drop: &Sealed) -> Option<Status> {
        let kept = self.archive.state.drops.get(&drop.listed.id)?;
        Some(kept.status)
    }

    fn kept(&self, drop: &Sealed) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sealed = self.archive.sealed(&drop.listed.id).unwrap();
        std::io::Read::read_to_end(&mut sealed, &mut bytes).unwrap();
        bytes
    }
}

fn alter(stick: &Path, name: &str) {
    let folder = fs::read_dir(stick).unwrap().next().unwrap().unwrap();
    let path = folder.path().join(name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&path).unwrap();
    fs::File::create_new(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))
        .unwrap();
}

fn only_part(stick: &Path) -> String {
    let folder = fs::read_dir(stick).unwrap().next().unwrap().unwrap();
    fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name != "index")
        .unwrap()
}

#[test]
fn a_drop_that_a_bundle_brings_is_copied_into_the_archive_as_it_is() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    let taken = rig.take(&[&stick]).unwrap();
    assert_eq!(taken.whole, [drop.listed.id]);
    assert!(taken.problems.is_empty() && taken.parts.is_empty());
    fs::remove_dir_all(&stick).unwrap();
    assert_eq!(rig.kept(&drop), drop.bytes);
    assert_eq!(rig.status(&drop), Some(Status::Waiting));
    assert_eq!(rig.archive.state.latest, Day::new(FIRST_DAY + 1));
}

#[test]
fn a_bundle_folder_may_be_named_itself_and_names_may_be_in_upper_case() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    let folder = fs::read_dir(&stick)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_uppercase();
        fs::rename(&path, folder.join(name)).unwrap();
    }
    assert_eq!(rig.take(&[&folder]).unwrap().whole, [drop.listed.id]);
}

#[test]
fn a_drop_over_two_sticks_is_whole_when_both_came_in_either_way() {
    for together in [true, false] {
        let mut rig = Rig::new(1, 1);
        let drop = rig.drop(1);
        let (cut, end) = (700_000, drop.bytes.len());
        let first = rig.carried(&[stretch(&drop, 0, cut, true)]);
        let both = [
            stretch(&drop, 0, cut, false),
            stretch(&drop, cut, end, true),
        ];
        let second = rig.carried(&both);
        if together {
            let taken = rig.take(&[&second, &first]).unwrap();
            assert!(taken.parts.is_empty() && taken.problems.is_empty());
        } else {
            let taken = rig.take(&[&first]).unwrap();
            assert_eq!(taken.parts, [drop.listed.id]);
            assert_eq!(rig.status(&drop), Some(Status::Incomplete));
            fs::remove_dir_all(&first).unwrap();
            rig.take(&[&second]).unwrap();
        }
        assert_eq!(rig.status(&drop), Some(Status::Waiting));
        assert_eq!(rig.kept(&drop), drop.bytes);
    }
}

#[test]
fn the_head_of_a_large_drop_gives_way_to_the_whole() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let head = rig.carried(&[stretch(&drop, 0, 77_824, true)]);
    assert_eq!(rig.take(&[&head]).unwrap().parts, [drop.listed.id]);
    let all = rig.carried(&[whole(&drop)]);
    assert_eq!(rig.take(&[&all]).unwrap().whole, [drop.listed.id]);
    assert_eq!(rig.kept(&drop), drop.bytes);
}

#[test]
fn a_lost_bundle_is_named_and_nothing_is_taken_unless_it_is_given_up() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let one = rig.carried(&[]);
    let two = rig.carried(&[]);
    let four = {
        rig.carried(&[]);
        rig.carried(&[whole(&drop)])
    };
    let error = rig.take(&[&four]).unwrap_err();
    assert!(matches!(error, BundleFault::Lost { from: 1, to: 3, .. }));
    rig.take(&[&one]).unwrap();
    let error = rig.take(&[&four]).unwrap_err();
    assert!(matches!(error, BundleFault::Lost { from: 2, to: 3, .. }));
    assert!(error.to_string().contains("bundles 2 to 3 are missing"));
    assert_eq!(rig.status(&drop), None);
    let taken = rig.take_with(&[&four], Lost::Accept).unwrap();
    assert_eq!(taken.whole, [drop.listed.id]);
    // Found again after all.
    assert_eq!(rig.news(&two).unwrap(), [News::Late]);
    rig.take(&[&two]).unwrap();
}

#[test]
fn a_bundle_that_comes_twice_is_told_and_takes_nothing_twice() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    rig.take(&[&stick]).unwrap();
    rig.archive
        .state
        .drops
        .get_mut(&drop.listed.id)
        .unwrap()
        .status = Status::Opened;
    assert_eq!(rig.news(&stick).unwrap(), [News::Again]);
    let taken = rig.take(&[&stick]).unwrap();
    assert!(taken.whole.is_empty() && taken.problems.is_empty());
    assert_eq!(rig.status(&drop), Some(Status::Opened));
    assert!(rig.take(&[&stick, &stick]).is_ok());
}

#[test]
fn a_bundle_in_the_place_of_another_is_named_as_swapped() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let first = rig.carried(&[whole(&drop)]);
    rig.carrier = Carrier::new();
    let other = rig.carried(&[]);
    rig.take(&[&first]).unwrap();
    let error = rig.take(&[&other]).unwrap_err();
    assert!(matches!(error, BundleFault::Swapped(_, 1)));
    let error = rig.take_with(&[&other], Lost::Accept).unwrap_err();
    assert!(matches!(error, BundleFault::Swapped(_, 1)));
    // Two of one number at once, neither seen before.
    let mut fresh = Rig::new(1, 1);
    let error = fresh.take(&[&first, &other]).unwrap_err();
    assert!(matches!(error, BundleFault::Swapped(_, 1)));
}

#[test]
fn a_bundle_that_does_not_follow_the_one_before_it_is_refused() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let first = rig.carried(&[whole(&drop)]);
    // The courier's machine goes back to an older state, and makes bundle 1 once more.
    rig.carrier = Carrier::new();
    rig.carried(&[]);
    let second = rig.carried(&[]);
    rig.take(&[&first]).unwrap();
    let error = rig.take(&[&second]).unwrap_err();
    assert!(matches!(error, BundleFault::Unlinked(_, 2)));
    assert!(rig.take_with(&[&second], Lost::Accept).is_ok());
}

#[test]
fn an_altered_part_is_named_and_the_other_drops_come_in() {
    let mut rig = Rig::new(1, 1);
    let (bad, good) = (rig.drop(1), rig.drop(2));
    let stick = rig.carried(&[whole(&bad)]);
    alter(&stick, &only_part(&stick));
    let second = rig.carried(&[whole(&good)]);
    let taken = rig.take(&[&stick, &second]).unwrap();
    assert_eq!(taken.whole, [good.listed.id]);
    let [Problem::Altered { drop, path }] = taken.problems.as_slice() else {
        panic!("{:?}", taken.problems);
    };
    assert_eq!(*drop, bad.listed.id);
    assert!(path.starts_with(&stick));
    assert_eq!(rig.status(&bad), None);
    assert!(rig.kept(&bad).is_empty());
}

#[test]
fn a_missing_part_is_named_and_the_same_bundle_from_a_better_stick_mends_it() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    let copy = rig.stick();
    let folder = fs::read_dir(&stick).unwrap().next().unwrap().unwrap();
    let other = copy.join(folder.file_name());
    fs::create_dir(&other).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, other.join(path.file_name().unwrap())).unwrap();
    }
    fs::remove_file(folder.path().join(only_part(&stick))).unwrap();
    let taken = rig.take(&[&stick]).unwrap();
    assert!(matches!(
        taken.problems.as_slice(),
        [Problem::Missing { .. }]
    ));
    assert_eq!(rig.take(&[&copy]).unwrap().whole, [drop.listed.id]);
}

#[test]
fn an_index_that_was_altered_or_signed_by_another_courier_is_refused() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    let strange = Known::new(61);
    rig.archive.state.couriers = vec![Courier::new(strange.key())];
    let error = rig.take(&[&stick]).unwrap_err();
    assert!(matches!(error, BundleFault::Signature(..)));
    rig.archive.state.couriers = vec![
        Courier::new(strange.key()),
        Courier::new(rig.carrier.key.key()),
    ];
    alter(&stick, "index");
    assert!(matches!(
        rig.take(&[&stick]).unwrap_err(),
        BundleFault::Signature(..) | BundleFault::Unreadable(..)
    ));
    assert!(rig.archive.state.drops.is_empty());
}

#[test]
fn a_stick_without_a_bundle_and_a_bundle_without_an_index_are_named() {
    let mut rig = Rig::new(1, 1);
    let empty = rig.stick();
    assert!(matches!(
        rig.take(&[&empty]).unwrap_err(),
        BundleFault::None(path) if path == empty
    ));
    fs::create_dir(empty.join("bundle-0000000000000001-00000000")).unwrap();
    assert!(matches!(
        rig.take(&[&empty]).unwrap_err(),
        BundleFault::Unfinished(_)
    ));
    let missing = rig.folder.path().join("nowhere");
    let error = rig.take(&[&missing]).unwrap_err();
    assert!(error.to_string().contains("nowhere: cannot open"));
}

#[test]
fn a_link_in_a_bundle_is_not_followed() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    let folder = fs::read_dir(&stick).unwrap().next().unwrap().unwrap();
    let path = folder.path().join(only_part(&stick));
    let elsewhere = rig.folder.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let taken = rig.take(&[&stick]).unwrap();
    assert!(matches!(
        taken.problems.as_slice(),
        [Problem::Unreadable { .. }]
    ));
    assert_eq!(rig.status(&drop), None);
}

#[test]
fn another_drop_under_a_known_name_does_not_replace_the_first() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let mut other = rig.drop(1);
    other.listed.tree = TreeHash::from_bytes([0; 32]);
    let one = rig.carried(&[whole(&drop)]);
    let two = rig.carried(&[whole(&other)]);
    rig.take(&[&one]).unwrap();
    let taken = rig.take(&[&two]).unwrap();
    assert!(matches!(taken.problems.as_slice(), [Problem::Other { .. }]));
    assert_eq!(rig.kept(&drop), drop.bytes);
}

#[test]
fn what_an_interrupted_copy_left_is_found_again_or_replaced() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    let folder = rig
        .folder
        .path()
        .join("archive/drops")
        .join(drop.listed.id.to_string());
    fs::create_dir_all(&folder).unwrap();
    for name in [
        "0000000000000000.new",
        "0000000000000000",
        "00000000000f0000",
    ] {
        fs::File::create_new(folder.join(name)).unwrap();
    }
    assert_eq!(rig.take(&[&stick]).unwrap().whole, [drop.listed.id]);
    assert_eq!(rig.kept(&drop), drop.bytes);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}
