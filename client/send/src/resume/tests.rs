use std::fs;
use std::sync::OnceLock;

use knothole_envelope::{
    ChunkCount, EpochNumber, EpochSecret, Quorum, Recipients, Suite, seal_header,
};

use super::*;

/// Bytes of the envelope that is kept.
fn length() -> u64 {
    EnvelopeHead::gate(header().as_bytes())
        .unwrap()
        .envelope_len()
}

fn passphrase() -> Passphrase {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("words");
    std::io::Write::write_all(&mut File::create_new(&path).unwrap(), b"open sesame\n").unwrap();
    let file = File::open(&path).unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&file);
    Passphrase::ask(Some(descriptor), crate::passphrase::Whose::Old).unwrap()
}

/// The header of an envelope of some forty units, the same each time.
fn header() -> Header {
    static HEADER: OnceLock<Header> = OnceLock::new();
    let seal = || {
        let mut rng = UnwrapErr(SysRng);
        let keys = vec![EpochSecret::generate(&mut rng).recipient_key()];
        let recipients = Recipients::new(keys, Quorum::ONE).unwrap();
        let epoch = EpochNumber::new(1).unwrap();
        let chunks = ChunkCount::for_content(40 * 64 * 65_520).unwrap();
        let suite = Suite::ChaCha20Poly1305;
        seal_header(&mut rng, suite, epoch, &recipients, chunks)
            .unwrap()
            .0
    };
    HEADER.get_or_init(seal).clone()
}

fn beginning() -> Beginning {
    let address = format!(
        "knothole:{}#{}",
        knothole_envelope::OnionAddress::from_identity(&[7; 32]),
        "a".repeat(52)
    );
    Beginning {
        address: address.parse().unwrap(),
        header: header(),
        sealing: None,
        files: vec![Stamp {
            path: "/tmp/a file".into(),
            size: 77,
            changed: (-5, 999),
            shape: Shape::Cleaned,
        }],
    }
}

/// The hashes of units, each of one byte that repeats.
fn units(units: &[(u64, u8)]) -> BTreeMap<u64, [u8; 32]> {
    units
        .iter()
        .map(|(unit, byte)| (*unit, [*byte; 32]))
        .collect()
}

/// A resume file with two units and an address.
fn kept_in(path: &Path) {
    let place = Place::new(path, passphrase());
    let mut journal = place.begin(&beginning()).unwrap();
    journal.url(0, &UploadUrl::from_bytes([8; 32])).unwrap();
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
    assert_eq!(kept.units, units(&[(0, 1), (1, 2)]));
    let [lane] = kept.lanes.as_slice() else {
        panic!("one lane was begun");
    };
    assert_eq!(lane.range, 0..length());
    assert_eq!(lane.url, Some(UploadUrl::from_bytes([8; 32])));
    assert_eq!(lane.sent(&kept.units), unit_range(1).end);
    assert!(!kept.is_all_sent());
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
        assert_eq!(kept.units, units(&[(0, 1)]), "{cut}");
        journal.unit(1, &[9; 32]).unwrap();
        drop(journal);
        assert_eq!(opened(&path).units, units(&[(0, 1), (1, 9)]), "{cut}");
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

#[test]
fn lanes_are_found_again_each_with_what_may_have_been_sent_of_it() {
    const MIB: u64 = 1 << 20;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    let mut journal = Place::new(&path, passphrase()).begin(&beginning()).unwrap();
    let ends = [16 * MIB, 32 * MIB, length()];
    journal.lanes(&ends).unwrap();
    journal.url(0, &UploadUrl::from_bytes([7; 32])).unwrap();
    journal.url(2, &UploadUrl::from_bytes([9; 32])).unwrap();
    // What the third lane begins with is the end of the unit before.
    for (unit, byte) in [(7, 1), (8, 2), (0, 3), (12, 4)] {
        journal.unit(unit, &[byte; 32]).unwrap();
    }
    drop(journal);
    let kept = opened(&path);
    let found: Vec<_> = kept
        .lanes
        .iter()
        .map(|lane| {
            (
                lane.range.clone(),
                lane.url.is_some(),
                lane.sent(&kept.units),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (0..ends[0], true, unit_range(0).end),
            // Its last unit was made for the lane behind it.
            (ends[0]..ends[1], false, ends[0]),
            (ends[1]..ends[2], true, unit_range(8).end),
        ]
    );
    assert!(!kept.is_all_sent());
}

#[test]
fn lanes_may_be_a_drop_from_when_they_were_to_be_put_together_also_when_they_begin_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resume");
    let mut journal = Place::new(&path, passphrase()).begin(&beginning()).unwrap();
    journal.lanes(&[1 << 24, length()]).unwrap();
    for lane in 0..2 {
        journal.url(lane, &UploadUrl::from_bytes([8; 32])).unwrap();
    }
    journal.joining().unwrap();
    drop(journal);
    let Resume::Old(kept, mut journal, _) = Resume::open(&path, passphrase()).unwrap() else {
        panic!("something was kept");
    };
    assert!(kept.joining && kept.is_all_sent());
    journal.url(0, &UploadUrl::from_bytes([9; 32])).unwrap();
    drop(journal);
    let kept = opened(&path);
    assert!(!kept.joining && kept.is_all_sent());
    assert!(kept.lanes[0].url.is_some() && kept.lanes[1].url.is_none());
}

#[test]
fn what_cannot_have_been_kept_is_damage() {
    type Write = fn(&mut Journal);
    let writes: [Write; 6] = [
        |journal| journal.lanes(&[1 << 24]).unwrap(),
        |journal| journal.lanes(&[1 << 24, 1 << 24, length()]).unwrap(),
        |journal| journal.lanes(&[0, length()]).unwrap(),
        |journal| journal.lanes(&[]).unwrap(),
        |journal| journal.url(1, &UploadUrl::from_bytes([8; 32])).unwrap(),
        |journal| {
            journal.unit(3, &[1; 32]).unwrap();
            journal.unit(3, &[2; 32]).unwrap();
        },
    ];
    for (number, write) in writes.iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resume");
        let mut journal = Place::new(&path, passphrase()).begin(&beginning()).unwrap();
        write(&mut journal);
        drop(journal);
        let refused = Resume::open(&path, passphrase());
        assert!(
            matches!(refused, Err(LogError::Damaged)),
            "{number}: {refused:?}"
        );
    }
}
