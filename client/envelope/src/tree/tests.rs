#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use proptest::prelude::*;

use super::*;
use crate::digest::sha256;

fn tree(bytes: &[u8], steps: usize) -> TreeHash {
    let mut hasher = TreeHasher::new();
    for step in bytes.chunks(steps) {
        hasher.update(step);
    }
    hasher.finish()
}

#[test]
fn the_hash_is_over_length_and_segments() {
    for len in [
        1,
        SEGMENT_LEN - 1,
        SEGMENT_LEN,
        SEGMENT_LEN + 1,
        2 * SEGMENT_LEN,
    ] {
        let bytes = vec![7; len];
        let segments: Vec<[u8; 32]> = bytes
            .chunks(SEGMENT_LEN)
            .map(|segment| sha256(&[segment]))
            .collect();
        let number = u64::try_from(len).unwrap();
        let by_hand = sha256(&[
            b"knothole/v1 tree",
            &number.to_be_bytes(),
            &segments.concat(),
        ]);
        assert_eq!(tree(&bytes, len), TreeHash::from_bytes(by_hand));
        assert_eq!(
            TreeHash::from_segments(number, &segments),
            Some(tree(&bytes, 65_536))
        );
    }
}

#[test]
fn segments_that_do_not_fit_the_length_give_no_hash() {
    assert_eq!(TreeHash::from_segments(1, &[]), None);
    assert_eq!(TreeHash::from_segments(0, &[[0; 32]]), None);
    assert_eq!(TreeHash::from_segments(4_194_305, &[[0; 32]]), None);
    assert_eq!(TreeHash::from_segments(u64::MAX, &[[0; 32]]), None);
    assert_eq!(
        TreeHash::from_segments(0, &[]),
        Some(TreeHasher::new().finish())
    );
}

#[test]
fn the_hasher_counts() {
    let mut hasher = TreeHasher::new();
    assert!(hasher.is_empty());
    hasher.update(&[0; 10]);
    assert_eq!(hasher.len(), 10);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_hash_does_not_depend_on_the_steps(
        len in 1..9_000_000_usize,
        steps in 1..9_000_000_usize,
    ) {
        let bytes: Vec<u8> = (0..len).map(|place| u8::try_from(place % 251).unwrap()).collect();
        prop_assert_eq!(tree(&bytes, steps.max(1_000)), tree(&bytes, len));
    }
}
