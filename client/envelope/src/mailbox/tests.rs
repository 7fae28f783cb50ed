use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use super::*;
use crate::reply::seal_decoy;

fn pushed(seed: u8) -> PushedReply {
    PushedReply {
        mailbox: MailboxAddress::from_bytes([seed; 32]),
        erase: EraseHash::from_bytes([seed ^ 0xff; 32]),
        envelope: seal_decoy(&mut ChaCha20Rng::from_seed([seed; 32])).unwrap(),
    }
}

#[test]
fn replies_are_read_as_they_were_written_up_to_the_limit() {
    let replies = [pushed(1), pushed(2), pushed(1)];
    let bytes = PushedReply::encode_list(&replies);
    assert_eq!(PushedReply::decode_list(&bytes, 3).unwrap(), replies);
    assert_eq!(
        PushedReply::decode_list(&bytes, 2),
        Err(DecodeError::TooMany)
    );
    let none = PushedReply::encode_list(&[]);
    assert_eq!(PushedReply::decode_list(&none, 0), Ok(vec![]));
}

#[test]
fn what_is_no_sealed_reply_of_the_exact_length_is_refused() {
    let refused = Err(DecodeError::Value("the sealed reply"));
    // Magic, version, kind, zeros, epoch and number of chunks, and the zeros after the slots.
    for at in (0..24).chain([9_456, HEADER_LEN - 1]) {
        let mut reply = pushed(1);
        reply.envelope[at] ^= 0x83;
        let bytes = PushedReply::encode_list(&[reply]);
        assert_eq!(PushedReply::decode_list(&bytes, 1), refused, "byte {at}");
    }
    for length in [0, 55, HEADER_LEN, REPLY_LEN - 1, REPLY_LEN + 1] {
        let mut envelope = pushed(1).envelope.to_vec();
        envelope.resize(length, 0);
        let mut out = Writer::with_capacity(0);
        out.array(1).map(3).unsigned(1).bytes(&[1; 32]);
        out.unsigned(2).bytes(&[2; 32]).unsigned(3).bytes(&envelope);
        assert_eq!(PushedReply::decode_list(&out.finish(), 1), refused);
    }
}

#[test]
fn the_name_of_a_reply_is_the_hash_of_the_whole_envelope() {
    let reply = pushed(1);
    assert_eq!(reply.hash(), ReplyHash::of(&reply.envelope[..]));
    let mut other = pushed(1);
    other.envelope[REPLY_LEN - 1] ^= 1;
    assert_ne!(other.hash(), reply.hash());
}

#[test]
fn what_is_printed_of_a_reply_names_no_mailbox() {
    assert_eq!(format!("{:?}", pushed(1)), "PushedReply(..)");
}

#[test]
fn the_lengths_on_the_wire_follow_from_the_envelope() {
    assert_eq!(MAILBOX_LEN, MAILBOX_ENVELOPES * REPLY_LEN);
    assert_eq!(ERASURE_LEN, 32 + MAILBOX_ENVELOPES * 32);
}
