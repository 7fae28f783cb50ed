use std::fs;
use std::path::Path;

use knothole_envelope::{Day, TreeHash};

use super::rig::{Carrier, Rig, stretch, whole};
use super::*;
use crate::archive::tests::{FIRST_DAY, Known};
use crate::archive::{Courier, Status};
use crate::editor::Editor as _;

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
    assert_eq!(rig.archive.state.latest(), Day::new(FIRST_DAY + 1));
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
    assert_eq!(rig.status(&bad), Some(Status::Listed));
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
    assert_eq!(rig.status(&drop), Some(Status::Listed));
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

#[test]
fn what_does_not_fit_is_told_before_the_first_byte() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let error = rig.archive.fits(u64::MAX).unwrap_err();
    assert!(matches!(error, crate::archive::ArchiveError::Room(..)));
    assert!(error.to_string().contains("nothing was copied"));
    let stick = rig.carried(&[whole(&drop)]);
    rig.take(&[&stick]).unwrap();
}

mod mending;
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod turned;

#[test]
fn a_drop_that_is_only_listed_is_remembered_so_that_its_epoch_is_not_burned() {
    let mut rig = Rig::new(1, 1);
    let (here, absent) = (rig.drop(1), rig.drop(2));
    let stick = rig.carried_with(&[whole(&here)], &absent.listed);
    rig.take(&[&stick]).unwrap();
    assert_eq!(rig.status(&absent), Some(Status::Listed));
    let waiting = rig.archive.state.undelivered(absent.listed.epoch);
    assert_eq!(waiting.len(), 2);
}

#[test]
fn a_drop_of_a_burned_epoch_is_not_taken_and_that_is_told() {
    let mut rig = Rig::new(1, 1);
    let (before, after) = (rig.drop(1), rig.drop(2));
    let stick = rig.carried(&[whole(&before)]);
    rig.take(&[&stick]).unwrap();
    let epoch = before.listed.epoch;
    rig.archive
        .state
        .burned
        .add(epoch, Day::new(FIRST_DAY + 60).unwrap(), []);
    assert_eq!(rig.archive.discard_burned().unwrap(), 1);
    assert_eq!(rig.archive.discard_burned().unwrap(), 0);
    assert_eq!(rig.archive.reached(&before.listed.id), 0);
    assert!(
        rig.status(&before).is_some(),
        "its entry stays, for receipts"
    );
    let stick = rig.carried(&[whole(&before), whole(&after)]);
    let taken = rig.take(&[&stick]).unwrap();
    assert!(matches!(
        taken.problems.as_slice(),
        [Problem::Burned { drop, .. }] if *drop == after.listed.id
    ));
    assert_eq!(rig.status(&after), None);
    assert_eq!(rig.archive.reached(&before.listed.id), 0);
}
