#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::day::Quorum;
use crate::forge::{editors, epoch, plaintext, seeded};
use crate::key::EpochSecret;
use crate::unlock::{Opener, unlock};

fn recipients(secrets: &[EpochSecret], quorum: u8) -> Recipients {
    let keys = secrets.iter().map(EpochSecret::recipient_key).collect();
    Recipients::new(keys, Quorum::new(quorum).unwrap()).unwrap()
}

/// The bodies as the plaintext of the forge has them.
fn body(place: usize, size: u64) -> Vec<u8> {
    vec![u8::try_from(place + 1).unwrap(); usize::try_from(size).unwrap()]
}

fn sealed(
    suite: Suite,
    to: &Recipients,
    sizes: &[u64],
    seed: u64,
) -> Result<(TreeHash, Vec<u8>), SealError> {
    let (manifest, _) = plaintext(to.quorum().get(), sizes);
    let mut out = Vec::new();
    let bodies = |place: usize| Ok(Cursor::new(body(place, sizes[place])));
    let tree = seal_drop(
        &mut seeded(seed),
        suite,
        epoch(),
        to,
        &manifest,
        bodies,
        &mut out,
    )?;
    Ok((tree, out))
}

/// Opens a sealed drop with these editors and gives back its files.
fn opened(sealed: &[u8], secrets: &[EpochSecret], places: &[u8]) -> (TreeHash, Vec<Vec<u8>>) {
    let (header, chunks) = sealed.split_first_chunk::<HEADER_LEN>().unwrap();
    let openers: Vec<_> = places
        .iter()
        .map(|place| Opener::new(&secrets[usize::from(*place)], *place))
        .collect();
    let unlocked = unlock(header, secrets.len(), &openers).unwrap();
    let mut drop = unlocked.into_drop(chunks).unwrap();
    let mut files = Vec::new();
    while let Some(mut file) = drop.next_file().unwrap() {
        let mut bytes = Vec::new();
        file.copy_to(&mut bytes).unwrap();
        files.push(bytes);
    }
    (drop.finish().unwrap(), files)
}

#[test]
fn what_was_sealed_opens_for_every_quorum_and_suite() {
    let secrets = editors(8);
    for suite in [Suite::ChaCha20Poly1305, Suite::Aes256Gcm] {
        for quorum in 1..=8 {
            let to = recipients(&secrets, quorum);
            let (tree, out) = sealed(suite, &to, &[0, 100_000, 1], 1).unwrap();
            let last: Vec<u8> = (8 - quorum..8).collect();
            let (again, files) = opened(&out, &secrets, &last);
            assert_eq!(again, tree);
            let mut hasher = TreeHasher::new();
            hasher.update(&out);
            assert_eq!(hasher.finish(), tree);
            let expected = [body(0, 0), body(1, 100_000), body(2, 1)];
            assert!(files == expected);
        }
    }
}

#[test]
fn from_the_outside_every_drop_looks_alike() {
    let secrets = editors(8);
    let (_, small) = sealed(
        Suite::ChaCha20Poly1305,
        &recipients(&secrets[..1], 1),
        &[],
        1,
    )
    .unwrap();
    let (_, large) = sealed(Suite::Aes256Gcm, &recipients(&secrets, 8), &[1, 2], 2).unwrap();
    assert_eq!(small.len(), large.len());
    assert_eq!(small[..24], large[..24]);
    let alike = small[24..9_456]
        .iter()
        .zip(&large[24..9_456])
        .filter(|(a, b)| a == b)
        .count();
    assert!(alike < 120, "{alike} of 9432 bytes are alike");
    assert!(
        small[9_456..HEADER_LEN]
            .iter()
            .chain(&large[9_456..HEADER_LEN])
            .all(|b| *b == 0)
    );
}

#[test]
fn every_drop_has_its_own_secret_salt_and_slots() {
    let to = recipients(&editors(1), 1);
    let (_, one) = sealed(Suite::Aes256Gcm, &to, &[5], 1).unwrap();
    let (_, other) = sealed(Suite::Aes256Gcm, &to, &[5], 2).unwrap();
    assert_ne!(one[24..56], other[24..56]);
    assert_ne!(
        one[HEADER_LEN..HEADER_LEN + 64],
        other[HEADER_LEN..HEADER_LEN + 64]
    );
}

#[test]
fn a_recipients_slot_may_stand_in_every_place() {
    let secrets = editors(1);
    let to = recipients(&secrets, 1);
    let chunks = ChunkCount::for_content(1).unwrap();
    let mut rng = seeded(5);
    let mut seen = [false; SLOTS];
    for _ in 0..60 {
        let suite = Suite::ChaCha20Poly1305;
        let (header, _) = seal_header(&mut rng, suite, epoch(), &to, chunks).unwrap();
        // Without its slot the recipient finds nothing: so the place shows.
        for (place, seen) in seen.iter_mut().enumerate() {
            let mut spoiled = *header.as_bytes();
            spoiled[88 + 1171 * place] ^= 1;
            *seen |= unlock(&spoiled, 1, &[Opener::new(&secrets[0], 0)]).is_err();
        }
        if seen.iter().all(|seen| *seen) {
            return;
        }
    }
    panic!("some places were never used: {seen:?}");
}

#[test]
fn shuffling_is_uniform_enough() {
    let mut rng = seeded(3);
    let mut counts = [[0_u32; 5]; 5];
    for _ in 0..5_000 {
        let mut items = [0, 1, 2, 3, 4];
        shuffle(&mut rng, &mut items);
        for (place, item) in items.iter().enumerate() {
            counts[place][*item] += 1;
        }
    }
    assert!(
        counts
            .iter()
            .flatten()
            .all(|count| (850..1_150).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_file_that_shrinks_or_grows_is_noticed() {
    let to = recipients(&editors(1), 1);
    let (manifest, _) = plaintext(1, &[10, 70_000]);
    for (first, second) in [
        (10, 69_999),
        (10, 70_001),
        (9, 70_000),
        (11, 70_000),
        (10, 0),
    ] {
        let bodies = |place: usize| {
            Ok(Cursor::new(vec![
                1;
                if place == 0 { first } else { second }
            ]))
        };
        let suite = Suite::ChaCha20Poly1305;
        let result = seal_drop(
            &mut seeded(1),
            suite,
            epoch(),
            &to,
            &manifest,
            bodies,
            io::sink(),
        );
        let file = usize::from(first == 10);
        assert!(
            matches!(result, Err(SealError::Changed { file: found }) if found == file),
            "{first} and {second}"
        );
    }
}

#[test]
fn a_file_that_says_it_is_empty_and_is_not_is_noticed() {
    // Some file systems give 0 as the size of files that have content.
    let to = recipients(&editors(1), 1);
    let (manifest, _) = plaintext(1, &[10, 0, 3]);
    let bodies = |place: usize| Ok(Cursor::new(vec![1; [10, 1, 3][place]]));
    let suite = Suite::ChaCha20Poly1305;
    let result = seal_drop(
        &mut seeded(1),
        suite,
        epoch(),
        &to,
        &manifest,
        bodies,
        io::sink(),
    );
    assert!(matches!(result, Err(SealError::Changed { file: 1 })));
}

#[test]
fn a_file_that_vanishes_is_named() {
    let to = recipients(&editors(1), 1);
    let (manifest, _) = plaintext(1, &[10, 10]);
    let bodies = |place: usize| match place {
        0 => Ok(Cursor::new(vec![1; 10])),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let suite = Suite::ChaCha20Poly1305;
    let result = seal_drop(
        &mut seeded(1),
        suite,
        epoch(),
        &to,
        &manifest,
        bodies,
        io::sink(),
    );
    let error = result.unwrap_err();
    assert!(matches!(error, SealError::Read { file: 1, .. }));
    assert_eq!(error.to_string(), "file 2 cannot be read");
}

#[test]
fn a_full_disk_is_told_as_such() {
    let to = recipients(&editors(1), 1);
    let (manifest, _) = plaintext(1, &[]);
    let mut small = [0; 20_000];
    let bodies = |_: usize| Ok(io::empty());
    let suite = Suite::ChaCha20Poly1305;
    let result = seal_drop(
        &mut seeded(1),
        suite,
        epoch(),
        &to,
        &manifest,
        bodies,
        small.as_mut_slice(),
    );
    assert!(matches!(result, Err(SealError::Write(_))));
}

#[test]
fn a_manifest_with_another_quorum_than_the_sheet_is_not_sealed() {
    let to = recipients(&editors(2), 2);
    let (manifest, _) = plaintext(1, &[]);
    let bodies = |_: usize| Ok(io::empty());
    let suite = Suite::ChaCha20Poly1305;
    let result = seal_drop(
        &mut seeded(1),
        suite,
        epoch(),
        &to,
        &manifest,
        bodies,
        io::sink(),
    );
    assert!(matches!(result, Err(SealError::Quorum)));
}

#[test]
fn a_drop_never_has_the_one_chunk_of_a_reply() {
    let to = recipients(&editors(1), 1);
    let suite = Suite::ChaCha20Poly1305;
    let result = seal_header(&mut seeded(1), suite, epoch(), &to, ChunkCount::REPLY);
    assert!(matches!(result, Err(SealError::Chunks)));
}

#[test]
fn recipients_are_one_to_eight_different_keys_and_at_least_the_quorum() {
    use crate::recipients::RecipientsError;
    let keys: Vec<_> = editors(9).iter().map(EpochSecret::recipient_key).collect();
    let make = |keys: &[_], quorum| Recipients::new(keys.to_vec(), Quorum::new(quorum).unwrap());
    assert!(make(&keys[..8], 8).is_ok());
    assert_eq!(make(&keys, 1), Err(RecipientsError::TooMany));
    assert_eq!(make(&[], 1), Err(RecipientsError::None));
    assert_eq!(make(&keys[..2], 3), Err(RecipientsError::Quorum));
    let doubled = [keys[0].clone(), keys[1].clone(), keys[0].clone()];
    assert_eq!(make(&doubled, 1), Err(RecipientsError::Doubled));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_files_come_back_as_they_were(
        sizes in proptest::collection::vec(0_u64..300_000, 0..6),
        aes: bool,
        seed: u64,
    ) {
        let secrets = editors(2);
        let to = recipients(&secrets, 2);
        let suite = if aes { Suite::Aes256Gcm } else { Suite::ChaCha20Poly1305 };
        let (tree, out) = sealed(suite, &to, &sizes, seed).unwrap();
        let (again, files) = opened(&out, &secrets, &[0, 1]);
        prop_assert_eq!(tree, again);
        prop_assert_eq!(files.len(), sizes.len());
        for (place, file) in files.iter().enumerate() {
            prop_assert!(*file == body(place, sizes[place]));
        }
    }

    #[test]
    fn chunks_made_alone_are_those_of_the_whole(seed: u64, size in 0_u64..500_000) {
        let to = recipients(&editors(1), 1);
        let (manifest, mut text) = plaintext(1, &[size]);
        let suite = Suite::ChaCha20Poly1305;
        let chunks = manifest.chunks();
        let (header, sealer) =
            seal_header(&mut seeded(seed), suite, epoch(), &to, chunks).unwrap();
        let (_, whole) = sealed(suite, &to, &[size], seed).unwrap();
        prop_assert!(whole.starts_with(header.as_bytes()));
        text.resize(usize::try_from(chunks.text_len()).unwrap(), 0);
        let kept = sealer.resume_secret();
        let later = ChunkSealer::from_resume_secret(&kept).unwrap();
        for (place, text) in text.chunks_exact(CHUNK_TEXT).enumerate().rev() {
            let mut chunk = [0; CHUNK_LEN];
            let index = u64::try_from(place).unwrap();
            later.seal_chunk(index, text.try_into().unwrap(), &mut chunk).unwrap();
            let start = HEADER_LEN + place * CHUNK_LEN;
            prop_assert!(whole[start..start + CHUNK_LEN] == chunk);
        }
    }
}
