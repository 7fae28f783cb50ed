use super::*;
use crate::forge::{Forge, editors};

fn head() -> [u8; HEADER_LEN] {
    Forge::drop(&editors(1), 1).header()
}

fn refused(change: impl FnOnce(&mut [u8; HEADER_LEN])) -> HeadError {
    let mut header = head();
    change(&mut header);
    EnvelopeHead::gate(&header).unwrap_err()
}

#[test]
fn an_honest_header_passes_the_gate() {
    let head = EnvelopeHead::gate(&head()).unwrap();
    assert_eq!(head.kind(), Kind::Drop);
    assert_eq!(head.epoch().unwrap().get(), 9);
    assert_eq!(head.envelope_len(), 12_288 + 16 * 65_536);
}

#[test]
fn what_does_not_begin_as_an_envelope_is_refused() {
    assert_eq!(refused(|header| header[0] = b'k'), HeadError::Magic);
    assert_eq!(refused(|header| header[7] = 0), HeadError::Magic);
    assert_eq!(EnvelopeHead::parse(b"PK\x03\x04"), Err(HeadError::Short));
    assert_eq!(EnvelopeHead::parse(&[0; 56]), Err(HeadError::Magic));
}

#[test]
fn other_versions_and_kinds_are_refused() {
    for version in [0, 2, 255] {
        assert_eq!(refused(|header| header[8] = version), HeadError::Version);
    }
    for kind in [0, 3, 255] {
        assert_eq!(refused(|header| header[9] = kind), HeadError::Kind);
    }
}

#[test]
fn reserved_bytes_that_are_not_zero_are_refused() {
    for offset in [10, 11, 9_456, 10_000, 12_287] {
        assert_eq!(
            refused(|header| header[offset] = 1),
            HeadError::Reserved,
            "{offset}"
        );
    }
}

#[test]
fn a_drop_needs_an_epoch_and_a_reply_has_none() {
    assert_eq!(refused(|header| header[15] = 0), HeadError::Epoch);
    assert_eq!(refused(|header| header[9] = 2), HeadError::Epoch);
}

#[test]
fn numbers_of_chunks_off_the_scale_are_refused() {
    for chunks in [0, 1, 15, 17, 16_777_217, (1 << 48) + 16, u64::MAX] {
        let error = refused(|header| header[16..24].copy_from_slice(&chunks.to_be_bytes()));
        assert_eq!(error, HeadError::Chunks, "{chunks}");
    }
    let two = refused(|header| {
        header[9] = 2;
        header[15] = 0;
        header[23] = 2;
    });
    assert_eq!(two, HeadError::Chunks);
}

#[test]
fn a_head_cut_off_anywhere_is_refused() {
    let header = head();
    for length in 0..HEAD_LEN {
        let cut = EnvelopeHead::parse(&header[..length]);
        assert_eq!(cut, Err(HeadError::Short));
    }
    assert!(EnvelopeHead::parse(&header[..HEAD_LEN]).is_ok());
}
