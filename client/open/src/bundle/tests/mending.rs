//! What is bad in one place is taken from another.

use std::fs;
use std::path::Path;

use super::only_part;
use crate::archive::Status;
use crate::bundle::BundleFault;
use crate::bundle::rig::{Rig, Sealed, stretch, whole};
use crate::folder::Folder;

/// The one folder of a drop in the archive.
fn kept_folder(rig: &Rig, drop: &Sealed) -> std::path::PathBuf {
    let drops = rig.folder.path().join("archive/drops");
    drops.join(drop.listed.id.to_string())
}

fn open(rig: &mut Rig, drop: &Sealed) -> bool {
    let into = Folder::open(rig.folder.path()).unwrap();
    let (id, editors) = (drop.listed.id, &rig.editors);
    rig.archive.open_drop(&id, editors, &into).is_ok()
}

#[test]
fn a_part_that_is_bad_on_one_stick_is_taken_from_another() {
    for bad in ["cut", "altered", "link"] {
        let mut rig = Rig::new(1, 1);
        let drop = rig.drop(1);
        let good = rig.carried(&[whole(&drop)]);
        let name = only_part(&good);
        // The rest of a bundle that was never finished.
        let rest = good.join("bundle-0000000000000000-00000000");
        fs::create_dir(&rest).unwrap();
        match bad {
            "link" => std::os::unix::fs::symlink("/etc/passwd", rest.join(&name)).unwrap(),
            "cut" => drop_file(&rest.join(&name), &drop.bytes[..100_000]),
            _ => drop_file(&rest.join(&name), &vec![7; drop.bytes.len()]),
        }
        let taken = rig.take(&[&good]).unwrap();
        assert_eq!(taken.whole, [drop.listed.id], "{bad}");
        assert!(taken.problems.is_empty());
        assert_eq!(rig.kept(&drop), drop.bytes);
    }
}

fn drop_file(path: &Path, bytes: &[u8]) {
    fs::File::create_new(path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
        .unwrap();
}

#[test]
fn what_the_archives_disk_lost_or_altered_is_taken_anew_from_the_stick() {
    for lost in [true, false] {
        let mut rig = Rig::new(1, 1);
        let drop = rig.drop(1);
        let stick = rig.carried(&[whole(&drop)]);
        rig.take(&[&stick]).unwrap();
        let part = kept_folder(&rig, &drop).join("0000000000000000");
        if lost {
            fs::remove_file(&part).unwrap();
        } else {
            let mut bytes = drop.bytes.clone();
            bytes[100_000] ^= 1;
            fs::remove_file(&part).unwrap();
            drop_file(&part, &bytes);
            assert!(!open(&mut rig, &drop));
            assert_eq!(rig.status(&drop), Some(Status::Stuck));
        }
        assert_eq!(rig.take(&[&stick]).unwrap().whole, [drop.listed.id]);
        assert_eq!(rig.status(&drop), Some(Status::Waiting));
        assert!(open(&mut rig, &drop));
        assert_eq!(rig.status(&drop), Some(Status::Opened));
    }
}

#[test]
fn a_drop_that_is_bad_in_itself_stays_stuck_however_often_it_comes() {
    let mut rig = Rig::new(1, 1);
    let mut drop = rig.drop(1);
    let last = drop.bytes.len() - 1;
    drop.bytes[last] ^= 1;
    drop.relist();
    let stick = rig.carried(&[whole(&drop)]);
    rig.take(&[&stick]).unwrap();
    assert!(!open(&mut rig, &drop));
    assert!(rig.take(&[&stick]).unwrap().whole.is_empty());
    assert_eq!(rig.status(&drop), Some(Status::Stuck));
}

#[test]
fn what_the_courier_brought_altered_stays_stuck_until_it_brings_something_else() {
    let mut rig = Rig::new(1, 1);
    let good = rig.drop(1);
    let mut bad = good.clone();
    bad.bytes[100_000] ^= 1;
    let stick = rig.carried(&[whole(&bad)]);
    rig.take(&[&stick]).unwrap();
    assert!(!open(&mut rig, &bad));
    assert!(rig.take(&[&stick]).unwrap().whole.is_empty());
    assert_eq!(rig.status(&bad), Some(Status::Stuck));
    let stick = rig.carried(&[whole(&good)]);
    assert_eq!(rig.take(&[&stick]).unwrap().whole, [good.listed.id]);
    assert!(open(&mut rig, &good));
}

#[test]
fn a_drop_that_waits_altered_is_taken_anew_from_a_later_bundle_and_a_good_one_never() {
    let mut rig = Rig::new(1, 1);
    let good = rig.drop(1);
    let mut bad = good.clone();
    bad.bytes[100_000] ^= 1;
    let stick = rig.carried(&[whole(&bad)]);
    rig.take(&[&stick]).unwrap();
    assert_eq!(rig.status(&bad), Some(Status::Waiting));
    let (cut, end) = (700_000, good.bytes.len());
    let first = rig.carried(&[stretch(&good, 0, cut, true)]);
    assert_eq!(rig.take(&[&first]).unwrap().parts, [good.listed.id]);
    let second = rig.carried(&[
        stretch(&good, 0, cut, false),
        stretch(&good, cut, end, true),
    ]);
    assert_eq!(rig.take(&[&second]).unwrap().whole, [good.listed.id]);
    assert_eq!(rig.kept(&good), good.bytes);
    let stick = rig.carried(&[whole(&bad)]);
    assert!(rig.take(&[&stick]).unwrap().whole.is_empty());
    assert_eq!(rig.kept(&good), good.bytes);
    assert!(open(&mut rig, &good));
}

#[test]
fn parts_that_are_on_no_stick_ask_for_no_room() {
    let mut rig = Rig::new(1, 1);
    let mut huge = rig.drop(2);
    huge.listed.chunks = knothole_envelope::ChunkCount::for_content(1 << 39).unwrap();
    let drop = rig.drop(1);
    let stick = rig.carried_with(&[whole(&drop)], &huge.listed);
    let taken = rig.take(&[&stick]).unwrap();
    assert_eq!(taken.whole, [drop.listed.id]);
    assert!(taken.problems.len() >= 500);
}

#[test]
fn more_bundles_than_are_taken_at_once_are_named_and_fewer_come_in() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.carried(&[whole(&drop)]);
    for number in 0..512 {
        fs::create_dir(stick.join(format!("bundle-{number:016x}-ffffffff"))).unwrap();
    }
    let error = rig.take(&[&stick]).unwrap_err();
    assert!(matches!(error, BundleFault::Many(_)));
    fs::remove_dir(stick.join("bundle-0000000000000000-ffffffff")).unwrap();
    assert_eq!(rig.take(&[&stick]).unwrap().whole, [drop.listed.id]);
}
