use std::fs;

use super::*;

fn passphrase() -> Passphrase {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words");
    std::io::Write::write_all(&mut File::create_new(&path).unwrap(), b"open sesame\n").unwrap();
    let file = File::open(&path).unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&file);
    Passphrase::ask(Some(descriptor), crate::passphrase::Whose::Old).unwrap()
}

fn beginning() -> Beginning {
    let address = format!(
        "knothole:{}#{}",
        knothole_envelope::OnionAddress::from_identity(&[7; 32]),
        "a".repeat(52)
    );
    Beginning {
        address: address.parse().unwrap(),
        header: Header::from_bytes(Box::new([5; HEADER_LEN])),
        sealing: None,
        files: vec![Stamp {
            path: "/tmp/a file".into(),
            size: 77,
            changed: (-5, 999),
            shape: Shape::Cleaned,
        }],
    }
}

/// A resume file with two units and an address.
fn kept_in(path: &Path) {
    let place = Place::new(path, passphrase());
    let mut journal = place.begin(&beginning()).unwrap();
    journal.url(&UploadUrl::from_bytes([8; 32])).unwrap();
    journal.unit(0, &[1; 32]).unwrap();
    journal.unit(1, &[2; 32]).unwrap();
}

fn opened(path: &Path) -> Kept {
    match Resume::open(path, passphrase()).unwrap() {
        Resume::Old(kept, ..) => *kept,
        Resume::New(_) => panic!("something was kept"),
    }
}

#[test]
fn what_was_kept_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    kept_in(&path);
    let kept = opened(&path);
    assert_eq!(kept.units, [[1; 32], [2; 32]]);
    assert_eq!(kept.url.unwrap().expose(), &[8; 32]);
    assert_eq!(kept.beginning.files, beginning().files);
    assert_eq!(kept.beginning.address, beginning().address);
    assert_eq!(kept.beginning.header, beginning().header);
}

#[test]
fn a_record_that_a_crash_cut_off_is_as_if_it_was_never_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    kept_in(&path);
    let whole = fs::metadata(&path).unwrap().len();
    for cut in [1, 40, 84] {
        fs::remove_file(&path).unwrap();
        kept_in(&path);
        fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(whole - cut)
            .unwrap();
        let Resume::Old(kept, mut journal, _) = Resume::open(&path, passphrase()).unwrap() else {
            panic!("something was kept");
        };
        assert_eq!(kept.units, [[1; 32]], "{cut}");
        journal.unit(1, &[9; 32]).unwrap();
        drop(journal);
        assert_eq!(opened(&path).units, [[1; 32], [9; 32]], "{cut}");
    }
}

#[test]
fn a_file_that_was_cut_off_while_it_was_made_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    for length in [0, 5, 24, 26, 4_000] {
        kept_in(&path);
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(length).unwrap();
        drop(file);
        let Resume::New(place) = Resume::open(&path, passphrase()).unwrap() else {
            panic!("nothing can be kept in {length} bytes");
        };
        drop(place.begin(&beginning()).unwrap());
        assert!(opened(&path).units.is_empty(), "{length}");
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_damaged_record_in_the_middle_refuses_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    kept_in(&path);
    let length = fs::metadata(&path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, b"x", length - 100).unwrap();
    drop(file);
    let refused = Resume::open(&path, passphrase());
    assert!(matches!(refused, Err(LogError::Damaged)), "{refused:?}");
}

#[test]
fn another_file_is_never_taken_for_a_resume_file_nor_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("thesis");
    std::io::Write::write_all(&mut File::create_new(&path).unwrap(), b"KNmy thesis").unwrap();
    let refused = Resume::open(&path, passphrase());
    assert!(matches!(refused, Err(LogError::Foreign)), "{refused:?}");
    assert_eq!(fs::read(&path).unwrap(), b"KNmy thesis");
}

#[test]
fn two_runs_never_share_a_resume_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    kept_in(&path);
    let held = Resume::open(&path, passphrase()).unwrap();
    let refused = Resume::open(&path, passphrase());
    assert!(matches!(refused, Err(LogError::InUse(_))), "{refused:?}");
    drop(held);
    assert_eq!(opened(&path).units.len(), 2);
}

#[test]
fn a_removed_resume_file_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    kept_in(&path);
    let Resume::Old(_, journal, _) = Resume::open(&path, passphrase()).unwrap() else {
        panic!("something was kept");
    };
    journal.remove().unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
