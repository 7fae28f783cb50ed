#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use proptest::prelude::*;

use super::*;

#[test]
fn bodies_of_like_size_have_one_length() {
    for (content, framed) in [(0, 16_384), (1, 16_384), (16_380, 16_384), (16_381, 32_768)] {
        assert_eq!(frame(&vec![1; content]).unwrap().len(), framed);
    }
}

#[test]
fn a_content_beyond_the_bound_is_refused() {
    let longest = frame(&vec![0; MOST_FRAME_BYTES]).unwrap();
    assert_eq!(unframe(&longest).unwrap().len(), MOST_FRAME_BYTES);
    assert_eq!(
        frame(&vec![0; MOST_FRAME_BYTES + 1]),
        Err(FrameError::TooLong)
    );
    assert_eq!(unframe(&[0xff; 16_384]), Err(FrameError::TooLong));
}

#[test]
fn a_body_cut_off_or_too_long_is_refused() {
    let body = frame(b"content").unwrap();
    for length in [0, 3, 4, 11, 16_383] {
        assert_eq!(unframe(&body[..length]), Err(FrameError::Length));
    }
    let longer = [body.as_slice(), &[0; 16_384]].concat();
    assert_eq!(unframe(&longer), Err(FrameError::Length));
}

#[test]
fn padding_that_is_not_zero_is_refused() {
    let mut body = frame(b"content").unwrap();
    body[16_383] = 1;
    assert_eq!(unframe(&body), Err(FrameError::Padding));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_was_framed_comes_back(content in proptest::collection::vec(any::<u8>(), 0..40_000)) {
        let body = frame(&content).unwrap();
        prop_assert_eq!(body.len() % FRAME_UNIT, 0);
        prop_assert_eq!(unframe(&body).unwrap(), content.as_slice());
    }
}
