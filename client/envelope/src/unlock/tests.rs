#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use super::*;
use crate::forge::{Forge, editors, epoch};
use crate::pad::CHUNK_LEN;

fn openers<'a>(secrets: &'a [EpochSecret], places: &[u8]) -> Vec<Opener<'a>> {
    places
        .iter()
        .map(|place| Opener::new(&secrets[usize::from(*place)], *place))
        .collect()
}

/// What unlocking says to these places of the editors.
fn refused(header: &[u8; HEADER_LEN], secrets: &[EpochSecret], places: &[u8]) -> UnlockError {
    unlock(header, secrets.len(), &openers(secrets, places)).unwrap_err()
}

#[test]
fn an_honest_header_unlocks_and_says_what_it_is() {
    let secrets = editors(3);
    let header = Forge::drop(&secrets, 2).header();
    let unlocked = unlock(&header, 3, &openers(&secrets, &[2, 0])).unwrap();
    assert_eq!(unlocked.quorum().get(), 2);
    assert_eq!(unlocked.suite(), Suite::ChaCha20Poly1305);
    assert_eq!(unlocked.epoch(), Some(epoch()));
    assert_eq!(unlocked.places(), [0, 2]);
    assert!(unlocked.wrong_shares().is_empty());
    assert_eq!(format!("{unlocked:?}"), "Unlocked(..)");
}

#[test]
fn a_stranger_is_told_that_it_is_not_for_these_keys() {
    let secrets = editors(2);
    let header = Forge::drop(&secrets, 1).header();
    let stranger = [EpochSecret::from_bytes([99; 32])];
    let error = refused(&header, &stranger, &[0]);
    assert_eq!(error, UnlockError::NotForTheseKeys);
    assert!(!error.is_damage());
    assert_eq!(
        unlock(&header, 2, &[]).unwrap_err(),
        UnlockError::NotForTheseKeys
    );
}

#[test]
fn too_few_editors_are_told_how_many_are_missing() {
    let secrets = editors(5);
    let header = Forge::drop(&secrets, 3).header();
    let error = refused(&header, &secrets, &[4, 1]);
    let quorum = Quorum::new(3).unwrap();
    assert_eq!(error, UnlockError::MoreNeeded { quorum, have: 2 });
    assert!(!error.is_damage());
    assert!(error.to_string().contains("1 more needed"));
}

#[test]
fn a_copied_vault_counts_once() {
    let secrets = editors(3);
    let header = Forge::drop(&secrets, 2).header();
    let copy = EpochSecret::from_bytes(*secrets[1].expose());
    let twice = [Opener::new(&secrets[1], 1), Opener::new(&copy, 1)];
    let quorum = Quorum::new(2).unwrap();
    let error = unlock(&header, 3, &twice).unwrap_err();
    assert_eq!(error, UnlockError::MoreNeeded { quorum, have: 1 });
}

#[test]
fn any_subset_of_the_quorum_unlocks() {
    let secrets = editors(4);
    let header = Forge::drop(&secrets, 3).header();
    for missing in 0..4 {
        let places: Vec<u8> = (0..4).filter(|place| *place != missing).collect();
        assert!(unlock(&header, 4, &openers(&secrets, &places)).is_ok());
    }
}

#[test]
fn a_wrong_share_is_named_and_another_subset_opens() {
    let secrets = editors(4);
    for quorum in [1, 2, 3] {
        let mut forge = Forge::drop(&secrets, quorum);
        forge.slots[0].1.3[31] ^= 1;
        let header = forge.header();
        let unlocked = unlock(&header, 4, &openers(&secrets, &[0, 1, 2, 3])).unwrap();
        assert_eq!(unlocked.wrong_shares(), [0]);
        let all: Vec<u8> = (0..quorum).collect();
        assert_eq!(refused(&header, &secrets, &all), UnlockError::Commitment);
    }
}

#[test]
fn a_wrong_commitment_is_refused_before_any_chunk() {
    let secrets = editors(2);
    let mut forge = Forge::drop(&secrets, 1);
    let header = forge.header_with([5; 32]);
    let error = refused(&header, &secrets, &[0, 1]);
    assert_eq!(error, UnlockError::Commitment);
    assert!(error.is_damage());
}

#[test]
fn a_commitment_to_another_suite_or_quorum_is_refused() {
    let secrets = editors(2);
    let mut forge = Forge::drop(&secrets, 1);
    forge.committed.0 = Suite::Aes256Gcm;
    assert_eq!(
        refused(&forge.header(), &secrets, &[0]),
        UnlockError::Commitment
    );
    let mut forge = Forge::drop(&secrets, 1);
    forge.committed.1 = 2;
    assert_eq!(
        refused(&forge.header(), &secrets, &[0]),
        UnlockError::Commitment
    );
}

#[test]
fn a_flipped_bit_anywhere_before_the_slots_end_is_refused() {
    let secrets = editors(1);
    let header = Forge::drop(&secrets, 1).header();
    // The salt, the commitment, the recipient's encapsulation, its ciphertext and its tag.
    for offset in [
        24,
        55,
        56,
        87,
        88,
        88 + 1087,
        88 + 1119,
        88 + 1120,
        88 + 1170,
    ] {
        let mut spoiled = header;
        spoiled[offset] ^= 1;
        assert!(
            unlock(&spoiled, 1, &openers(&secrets, &[0])).is_err(),
            "offset {offset}"
        );
    }
}

#[test]
fn a_flipped_bit_in_another_slot_spoils_the_chunks() {
    let secrets = editors(1);
    let mut forge = Forge::drop(&secrets, 1);
    let header = forge.header();
    let chunks = forge.chunks(&header, 16, &[]);
    let mut spoiled = header;
    spoiled[88 + 1171 * 7 + 3] ^= 1;
    for (header, opens) in [(header, true), (spoiled, false)] {
        let payload = unlock(&header, 1, &openers(&secrets, &[0]))
            .unwrap()
            .into_payload();
        let mut chunk: [u8; CHUNK_LEN] = chunks[..CHUNK_LEN].try_into().unwrap();
        assert_eq!(payload.open(0, &mut chunk).is_ok(), opens);
    }
}

#[test]
fn slots_in_other_places_are_refused() {
    let secrets = editors(2);
    let header = Forge::drop(&secrets, 2).header();
    let mut swapped = header;
    swapped[88..88 + 1171].copy_from_slice(&header[88 + 1171..88 + 2342]);
    swapped[88 + 1171..88 + 2342].copy_from_slice(&header[88..88 + 1171]);
    assert_eq!(
        refused(&swapped, &secrets, &[0, 1]),
        UnlockError::NotForTheseKeys
    );
}

#[test]
fn a_share_with_another_x_than_its_editors_place_is_refused() {
    let secrets = editors(3);
    for x in [0, 2, 9, 255] {
        let mut forge = Forge::drop(&secrets, 1);
        forge.slots[0].1.2 = x;
        assert_eq!(
            refused(&forge.header(), &secrets, &[0]),
            UnlockError::Share,
            "x = {x}"
        );
    }
    // An x of 9 stays refused even for a caller who claims a ninth place.
    let mut forge = Forge::drop(&secrets, 1);
    forge.slots[0].1.2 = 9;
    let ninth = [Opener::new(&secrets[0], 8)];
    assert_eq!(
        unlock(&forge.header(), 8, &ninth).unwrap_err(),
        UnlockError::Share
    );
}

#[test]
fn a_doubled_x_is_refused() {
    let secrets = editors(2);
    let mut forge = Forge::drop(&secrets, 1);
    forge.slots[1].1.2 = 1;
    let both = [Opener::new(&secrets[0], 0), Opener::new(&secrets[1], 0)];
    assert_eq!(
        unlock(&forge.header(), 2, &both).unwrap_err(),
        UnlockError::Share
    );
}

#[test]
fn a_key_that_opens_two_slots_is_refused() {
    let secrets = editors(2);
    let mut forge = Forge::drop(&secrets, 1);
    forge.slots[1] = forge.slots[0].clone();
    assert_eq!(
        refused(&forge.header(), &secrets, &[0]),
        UnlockError::TwoSlots
    );
}

#[test]
fn an_unknown_suite_is_refused() {
    let secrets = editors(1);
    for suite in [0, 3, 255] {
        let mut forge = Forge::drop(&secrets, 1);
        forge.slots[0].1.0 = suite;
        assert_eq!(refused(&forge.header(), &secrets, &[0]), UnlockError::Suite);
    }
}

#[test]
fn a_quorum_of_zero_or_above_the_sheets_keys_is_refused() {
    let secrets = editors(2);
    for quorum in [0, 3, 9] {
        let mut forge = Forge::drop(&secrets, 1);
        for slot in &mut forge.slots {
            slot.1.1 = quorum;
        }
        assert_eq!(
            refused(&forge.header(), &secrets, &[0, 1]),
            UnlockError::Quorum
        );
    }
}

#[test]
fn slots_that_disagree_are_refused() {
    let secrets = editors(3);
    let mut suites = Forge::drop(&secrets, 2);
    suites.slots[1].1.0 = 2;
    assert_eq!(
        refused(&suites.header(), &secrets, &[0, 1]),
        UnlockError::Disagree
    );
    let mut quorums = Forge::drop(&secrets, 2);
    quorums.slots[2].1.1 = 1;
    assert_eq!(
        refused(&quorums.header(), &secrets, &[0, 1, 2]),
        UnlockError::Disagree
    );
}

#[test]
fn a_slot_whose_x25519_share_has_small_order_opens_for_nobody() {
    let secrets = editors(1);
    let mut header = Forge::drop(&secrets, 1).header();
    header[88 + 1088..88 + 1120].fill(0);
    assert_eq!(
        refused(&header, &secrets, &[0]),
        UnlockError::NotForTheseKeys
    );
}

#[test]
fn a_reply_is_no_drop() {
    let secrets = editors(1);
    let mut forge = Forge::drop(&secrets, 1);
    forge.head[9] = 2;
    forge.head[15] = 0;
    forge.head[23] = 1;
    assert_eq!(refused(&forge.header(), &secrets, &[0]), UnlockError::Kind);
}

#[test]
fn a_reply_with_a_quorum_of_two_is_refused() {
    let secrets = editors(2);
    let mut forge = Forge::drop(&secrets, 2);
    forge.head[9] = 2;
    forge.head[15] = 0;
    forge.head[23] = 1;
    let opener = [Opener::new(&secrets[0], 0)];
    let error = unlock_kind(Kind::Reply, &forge.header(), 1, &opener).unwrap_err();
    assert_eq!(error, UnlockError::Quorum);
}

#[test]
fn there_are_at_most_seventy_subsets_and_they_come_in_order() {
    let shares: Vec<Share> = (1..=8)
        .map(|x| Share {
            x,
            y: Zeroizing::new([x; 32]),
        })
        .collect();
    let found = subsets(&shares, 4);
    assert_eq!(found.len(), 70);
    let names: Vec<Vec<u8>> = found
        .iter()
        .map(|subset| subset.iter().map(|share| share.x).collect())
        .collect();
    assert!(names.is_sorted());
    assert_eq!(subsets(&shares, 8).len(), 1);
    assert!(subsets(&shares, 9).is_empty());
}
