#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use proptest::prelude::*;

use super::*;
use crate::forge::plaintext;

/// The bytes that the pieces stand for, when body number n consists of bytes n + 1.
fn bytes(layout: &Layout, pieces: &[Piece]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Manifest(range) => bytes.extend_from_slice(&layout.prefix()[range.clone()]),
            Piece::Body { file, len, .. } => {
                let value = u8::try_from(file + 1).unwrap();
                bytes.resize(bytes.len() + usize::try_from(*len).unwrap(), value);
            }
            Piece::Zeros(len) => bytes.resize(bytes.len() + usize::try_from(*len).unwrap(), 0),
        }
    }
    bytes
}

#[test]
fn what_lies_beyond_the_padding_is_left_out() {
    let (manifest, _) = plaintext(1, &[5]);
    let layout = Layout::new(&manifest);
    let end = layout.chunks().text_len();
    assert_eq!(layout.pieces(end - 3..end + 9), [Piece::Zeros(3)]);
    assert!(layout.pieces(end..end + 9).is_empty());
    assert!(layout.chunk(16).is_empty());
    assert!(layout.chunk(u64::MAX).is_empty());
    assert!(layout.pieces(9..9).is_empty());
}

#[test]
fn empty_files_have_no_pieces() {
    let (manifest, _) = plaintext(1, &[0, 0, 4, 0]);
    let pieces = Layout::new(&manifest).chunk(0);
    let bodies: Vec<_> = pieces
        .iter()
        .filter_map(|piece| match piece {
            Piece::Body { file, offset, len } => Some((*file, *offset, *len)),
            _ => None,
        })
        .collect();
    assert_eq!(bodies, [(2, 0, 4)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_stretch_alone_is_what_the_whole_has_there(
        sizes in proptest::collection::vec(0_u64..90_000, 0..6),
        start in 0_u64..700_000,
        len in 0_u64..200_000,
    ) {
        let (manifest, mut text) = plaintext(1, &sizes);
        let layout = Layout::new(&manifest);
        let padded = usize::try_from(layout.chunks().text_len()).unwrap();
        text.resize(padded, 0);
        let whole = bytes(&layout, &layout.pieces(0..u64::MAX));
        prop_assert!(whole == *text);
        let from = usize::try_from(start).unwrap().min(padded);
        let to = usize::try_from(start + len).unwrap().min(padded);
        prop_assert!(bytes(&layout, &layout.pieces(start..start + len)) == text[from..to]);
    }

    #[test]
    fn the_offsets_of_a_body_follow_one_another(
        sizes in proptest::collection::vec(0_u64..400_000, 1..4),
    ) {
        let (manifest, _) = plaintext(1, &sizes);
        let layout = Layout::new(&manifest);
        let mut next = vec![0; sizes.len()];
        for index in 0..layout.chunks().get() {
            for piece in layout.chunk(index) {
                if let Piece::Body { file, offset, len } = piece {
                    prop_assert_eq!(offset, next[file]);
                    next[file] += len;
                }
            }
        }
        prop_assert_eq!(next, sizes);
    }
}
