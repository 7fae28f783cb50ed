#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use data_encoding::HEXLOWER;

use super::*;
use crate::forge::seal_with;

const KEY: [u8; 32] = [0x42; 32];

fn chunks(count: u64) -> ChunkCount {
    ChunkCount::for_drop(count).unwrap()
}

fn sealer(suite: Suite) -> ChunkSealer {
    ChunkSealer::new(suite, Zeroizing::new(KEY), chunks(16))
}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

#[test]
fn the_ciphers_are_those_of_their_standards() {
    // RFC 8439 §2.8.2.
    let key: Vec<u8> = (0x80..0xa0).collect();
    let cipher = ChaCha20Poly1305::new_from_slice(&key).unwrap();
    let nonce: [u8; 12] = hex("070000004041424344454647").try_into().unwrap();
    let text = b"Ladies and Gentlemen of the class of '99: If I could offer you \
                 only one tip for the future, sunscreen would be it.";
    let aad = hex("50515253c0c1c2c3c4c5c6c7");
    let sealed = seal_with(&cipher, nonce, &aad, text);
    assert!(sealed.starts_with(&hex("d31a8d34648e60db7b86afbc53ef7ec2")));
    assert!(sealed.ends_with(&hex("1ae10b594f09e26a7e902ecbd0600691")));
    // Test case 14 of the proposal that SP 800-38D took up.
    let cipher = Aes256Gcm::new(&[0; 32].into());
    let sealed = seal_with(&cipher, [0; 12], &[], &[0; 16]);
    let expected = "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919";
    assert_eq!(sealed, hex(expected));
}

#[test]
fn a_chunk_is_sealed_with_its_number_and_the_last_flag() {
    let text = [0x61; CHUNK_TEXT];
    for index in [0_u64, 3, 15] {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&index.to_be_bytes());
        nonce[11] = u8::from(index == 15);
        let cha = seal_with(&ChaCha20Poly1305::new(&KEY.into()), nonce, &[], &text);
        let aes = seal_with(&Aes256Gcm::new(&KEY.into()), nonce, &[], &text);
        for (suite, expected) in [(Suite::ChaCha20Poly1305, cha), (Suite::Aes256Gcm, aes)] {
            let mut chunk = [0; CHUNK_LEN];
            sealer(suite).seal_chunk(index, &text, &mut chunk).unwrap();
            assert!(chunk.as_slice() == expected, "chunk {index}");
        }
    }
}

#[test]
fn sealing_in_place_gives_the_same_bytes() {
    let text = [0x61; CHUNK_TEXT];
    for suite in [Suite::ChaCha20Poly1305, Suite::Aes256Gcm] {
        let (mut one, mut other) = ([0; CHUNK_LEN], [0; CHUNK_LEN]);
        sealer(suite).seal_chunk(2, &text, &mut one).unwrap();
        other[..CHUNK_TEXT].copy_from_slice(&text);
        sealer(suite).seal_in_place(2, &mut other).unwrap();
        assert!(one == other);
    }
}

#[test]
fn there_is_no_chunk_beyond_the_last() {
    let mut chunk = [0; CHUNK_LEN];
    for index in [16, 17, u64::MAX] {
        let refused = sealer(Suite::Aes256Gcm).seal_in_place(index, &mut chunk);
        assert!(matches!(refused, Err(SealError::Index)));
        let refused = sealer(Suite::Aes256Gcm).seal_chunk(index, &[0; CHUNK_TEXT], &mut chunk);
        assert!(matches!(refused, Err(SealError::Index)));
        assert!(
            sealer(Suite::Aes256Gcm)
                .payload
                .open(index, &mut chunk)
                .is_err()
        );
    }
}

#[test]
fn the_last_chunk_is_not_taken_for_one_in_the_middle() {
    // The same key over 16 and over 18 chunks: chunk 15 is the last of one, not of the other.
    for suite in [Suite::ChaCha20Poly1305, Suite::Aes256Gcm] {
        let mut chunk = [0; CHUNK_LEN];
        sealer(suite).seal_in_place(15, &mut chunk).unwrap();
        let longer = Payload::new(suite, &KEY, chunks(18));
        assert!(longer.open(15, &mut chunk.clone()).is_err());
        let same = Payload::new(suite, &KEY, chunks(16));
        assert!(same.open(14, &mut chunk.clone()).is_err());
        assert!(same.open(15, &mut chunk).is_ok());
    }
}

#[test]
fn a_chunk_does_not_open_in_the_other_suite() {
    let mut chunk = [0; CHUNK_LEN];
    sealer(Suite::Aes256Gcm)
        .seal_in_place(0, &mut chunk)
        .unwrap();
    let other = Payload::new(Suite::ChaCha20Poly1305, &KEY, chunks(16));
    assert!(other.open(0, &mut chunk).is_err());
}

#[test]
fn sealing_goes_on_from_a_resume_secret() {
    for suite in [Suite::ChaCha20Poly1305, Suite::Aes256Gcm] {
        let first = sealer(suite);
        let kept = ResumeSecret::from_bytes(*first.resume_secret().expose());
        let second = ChunkSealer::from_resume_secret(&kept).unwrap();
        assert_eq!(second.chunks(), first.chunks());
        let (mut one, mut other) = ([1; CHUNK_LEN], [1; CHUNK_LEN]);
        first.seal_in_place(15, &mut one).unwrap();
        second.seal_in_place(15, &mut other).unwrap();
        assert!(one == other);
    }
}

#[test]
fn a_resume_secret_that_is_none_is_refused() {
    let good = *sealer(Suite::Aes256Gcm).resume_secret().expose();
    for (offset, value) in [(0, 0), (0, 3), (8, 17), (8, 1), (1, 1)] {
        let mut wrong = good;
        wrong[offset] = value;
        let refused = ChunkSealer::from_resume_secret(&ResumeSecret::from_bytes(wrong));
        assert!(matches!(refused, Err(SealError::Resume)), "byte {offset}");
    }
}

#[test]
fn secrets_never_show_in_debug_output() {
    let sealer = sealer(Suite::Aes256Gcm);
    assert_eq!(format!("{sealer:?}"), "ChunkSealer(..)");
    assert_eq!(format!("{:?}", sealer.resume_secret()), "ResumeSecret(..)");
}
