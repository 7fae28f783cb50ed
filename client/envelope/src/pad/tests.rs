#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use proptest::prelude::*;

use super::*;

#[test]
fn padme_rounds_as_its_paper_says() {
    let table = [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (8, 8),
        (9, 10),
        (10, 10),
        (17, 18),
        (31, 32),
        (33, 36),
        (65, 72),
        (129, 144),
        (255, 256),
        (257, 272),
        (1_000, 1_024),
        (65_537, 67_584),
        (16_777_215, 16_777_216),
    ];
    for (count, padded) in table {
        assert_eq!(padme(count), Some(padded), "{count}");
    }
    assert_eq!(padme(u64::MAX), None);
}

#[test]
fn the_smallest_drop_has_sixteen_chunks() {
    for bytes in [0, 1, 16 * TEXT_BYTES] {
        assert_eq!(ChunkCount::for_content(bytes).map(ChunkCount::get), Ok(16));
    }
    assert_eq!(
        ChunkCount::for_content(16 * TEXT_BYTES + 1).map(ChunkCount::get),
        Ok(18)
    );
}

#[test]
fn the_largest_drop_is_a_tebibyte_and_no_more() {
    let most = MOST_CHUNKS * TEXT_BYTES;
    assert_eq!(
        ChunkCount::for_content(most).map(ChunkCount::get),
        Ok(MOST_CHUNKS)
    );
    assert_eq!(ChunkCount::for_content(most + 1), Err(TooLarge));
    assert_eq!(ChunkCount::for_content(u64::MAX), Err(TooLarge));
    let longest = ChunkCount::for_drop(MOST_CHUNKS).unwrap();
    assert_eq!(longest.envelope_len(), 12_288 + (1 << 40));
}

#[test]
fn numbers_off_the_scale_are_refused() {
    for chunks in [
        0,
        1,
        15,
        17,
        19,
        129,
        MOST_CHUNKS - 1,
        MOST_CHUNKS + 1,
        1 << 25,
        (1 << 48) + 16,
        u64::MAX,
    ] {
        assert_eq!(ChunkCount::for_drop(chunks), None, "{chunks}");
    }
}

#[test]
fn lengths_that_no_drop_has_are_refused() {
    let drop = 12_288 + 16 * 65_536;
    assert_eq!(
        ChunkCount::from_envelope_len(drop).map(ChunkCount::get),
        Some(16)
    );
    for length in [0, 12_288, 12_287, drop - 1, drop + 1, 77_824, u64::MAX] {
        assert_eq!(ChunkCount::from_envelope_len(length), None, "{length}");
    }
}

#[test]
fn a_reply_has_its_own_length() {
    assert_eq!(
        ChunkCount::REPLY.envelope_len(),
        u64::try_from(REPLY_LEN).unwrap()
    );
}

proptest! {
    #[test]
    fn padding_is_stable_monotone_and_costs_at_most_an_eighth(
        bytes in 0..=MOST_CHUNKS * TEXT_BYTES,
        more in 0..1_u64 << 30,
    ) {
        let chunks = ChunkCount::for_content(bytes).unwrap();
        let content = bytes.div_ceil(TEXT_BYTES);
        prop_assert!(chunks.get() >= content);
        prop_assert!(chunks.get() <= FEWEST_CHUNKS.max(content + content / 8 + 1));
        prop_assert_eq!(ChunkCount::for_content(chunks.text_len()), Ok(chunks));
        prop_assert_eq!(ChunkCount::from_envelope_len(chunks.envelope_len()), Some(chunks));
        if let Ok(larger) = ChunkCount::for_content(bytes + more) {
            prop_assert!(larger >= chunks);
        }
    }
}
