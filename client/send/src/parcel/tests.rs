use std::fs;
use std::path::PathBuf;

use getrandom::SysRng;
use knothole_envelope::{
    Charter, CharterChain, Day, EpochNumber, EpochSecret, Message, Opener, Quorum, Sheet, Signed,
    SigningSecret, TreeHasher, VerifiedSheet, unlock,
};
use rand_core::UnwrapErr;
use tempfile::TempDir;

use super::*;
use crate::files::FileSet;

struct Made {
    parcel: Parcel,
    secret: EpochSecret,
    _folder: TempDir,
    paths: Vec<PathBuf>,
}

fn sheet(secret: &EpochSecret) -> VerifiedSheet {
    let mut rng = UnwrapErr(SysRng);
    let editor = SigningSecret::generate(&mut rng);
    let charter = Charter::founding(vec![editor.editor_key()], Quorum::ONE, None).unwrap();
    let chain = CharterChain::found(charter, &[&editor]).unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    let chain = chain.verify(&fingerprint).unwrap();
    let mut sheet = Signed::new(
        Sheet::new(
            EpochNumber::new(1).unwrap(),
            Day::new(20_000).unwrap(),
            Day::new(20_006).unwrap(),
            vec![secret.recipient_key()],
            chain.current_hash(),
        )
        .unwrap(),
    );
    sheet.sign(&fingerprint, &editor);
    sheet.verify(&chain).unwrap()
}

fn made(bodies: &[Vec<u8>]) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| {
            let path = folder.path().join(format!("file {number}"));
            std::io::Write::write_all(&mut fs::File::create_new(&path).unwrap(), body).unwrap();
            path
        })
        .collect();
    let files = FileSet::look_at(&paths).unwrap().open().unwrap();
    let mut rng = UnwrapErr(SysRng);
    let secret = EpochSecret::generate(&mut rng);
    let message = Message::new("words").unwrap();
    let fresh = Fresh::seal(&mut rng, &sheet(&secret), None, files, message).unwrap();
    Made {
        parcel: Parcel::fresh(fresh),
        secret,
        _folder: folder,
        paths,
    }
}

fn poured(parcel: &Parcel, range: Range<u64>) -> Vec<u8> {
    let mut all = Vec::new();
    parcel
        .pour(&mut Last::default(), range, |piece| {
            all.extend_from_slice(&piece);
            Some(())
        })
        .unwrap();
    all
}

fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    (0..length)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            u8::try_from(state >> 56).unwrap()
        })
        .collect()
}

#[test]
fn what_is_poured_opens_to_the_files_and_the_words() {
    let bodies = [bytes(5_000_000, 1), Vec::new(), bytes(70_000, 2)];
    let made = made(&bodies);
    let length = made.parcel.length();
    let all = poured(&made.parcel, 0..length);
    assert_eq!(u64::try_from(all.len()).unwrap(), length);
    let header = all.first_chunk().unwrap();
    let opener = Opener::new(&made.secret, 0);
    let mut reader = unlock(header, 1, &[opener])
        .unwrap()
        .into_drop(&all[HEADER_LEN..])
        .unwrap();
    assert_eq!(reader.manifest().message().as_str(), "words");
    for body in &bodies {
        let mut file = reader.next_file().unwrap().unwrap();
        let mut found = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut found).unwrap();
        assert_eq!(&found, body);
    }
    assert_eq!(reader.finish().unwrap(), made.parcel.tree().unwrap());
}

#[test]
fn the_tree_hash_is_that_of_the_bytes_whatever_order_they_went_in() {
    // 64 chunks exactly, so that the last unit is full: its end is a segment of its own.
    for size in [
        1_usize,
        62 * 65_520,
        64 * 65_520 - 4_000,
        9_000_000,
        130 * 65_520,
    ] {
        let made = made(&[bytes(size, 3)]);
        let length = made.parcel.length();
        let middle = length / 2;
        let second = poured(&made.parcel, middle..length);
        let mut all = poured(&made.parcel, 0..middle);
        all.extend(second);
        let mut hasher = TreeHasher::new();
        hasher.update(&all);
        assert_eq!(made.parcel.tree().unwrap(), hasher.finish(), "{size}");
    }
}

#[test]
fn the_same_range_is_the_same_bytes_again() {
    let made = made(&[bytes(9_000_000, 4)]);
    let length = made.parcel.length();
    let all = poured(&made.parcel, 0..length);
    for (from, to) in [
        (0, 1),
        (12_287, 12_289),
        (4_206_591, 4_206_593),
        (5, 9_000_000),
    ] {
        let again = poured(&made.parcel, from..to);
        let expected = &all[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
        assert!(again == expected, "{from}..{to}");
    }
}

#[test]
fn a_file_that_shrinks_is_refused_by_name() {
    let made = made(&[bytes(9_000_000, 5)]);
    fs::OpenOptions::new()
        .write(true)
        .open(&made.paths[0])
        .unwrap()
        .set_len(100)
        .unwrap();
    let length = made.parcel.length();
    let error = made
        .parcel
        .pour(&mut Last::default(), 0..length, |_| Some(()))
        .unwrap_err();
    assert!(
        matches!(error, ParcelError::File(FileError::Changed(_))),
        "{error:?}"
    );
    assert!(error.to_string().contains("file 0"));
}

#[test]
fn a_unit_that_changed_is_never_sealed_again_even_when_its_file_looks_the_same() {
    let made = made(&[bytes(9_000_000, 6)]);
    drop(poured(&made.parcel, 0..5_000_000));
    let before = fs::metadata(&made.paths[0]).unwrap();
    let mut other = bytes(9_000_000, 6);
    other[100] ^= 1;
    let file = fs::OpenOptions::new()
        .write(true)
        .open(&made.paths[0])
        .unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &other, 0).unwrap();
    file.set_modified(before.modified().unwrap()).unwrap();
    let error = made
        .parcel
        .pour(&mut Last::default(), 0..100_000, |_| Some(()))
        .unwrap_err();
    assert!(matches!(error, ParcelError::Other(_)), "{error:?}");
}
