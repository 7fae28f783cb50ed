#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use super::*;
use crate::forge::{Forge, newsroom, public, seeded, signed, signers};
use crate::head::EnvelopeHead;

fn source() -> EpochSecret {
    EpochSecret::from_bytes([77; 32])
}

fn reply(chain: &VerifiedChain, editor: &SigningSecret, suite: Suite) -> Box<[u8; REPLY_LEN]> {
    let message = Message::new("Where can we meet? 在哪里").unwrap();
    let key = source().recipient_key();
    seal_reply(
        &mut seeded(3),
        suite,
        &key,
        chain.fingerprint(),
        editor,
        5,
        &message,
    )
    .unwrap()
}

/// A reply with this plaintext, sealed to the source.
fn forged(text: &[u8]) -> Vec<u8> {
    let mut forge = Forge::drop(&[source()], 1);
    forge.head[9] = 2;
    forge.head[15] = 0;
    forge.head[23] = 1;
    let header = forge.header();
    let chunk = forge.chunks(&header, 1, text);
    [header.as_slice(), &chunk].concat()
}

/// The plaintext of a reply whose text was changed after, or before, it was signed.
fn text_of(chain: &VerifiedChain, editor: &SigningSecret, change: fn(&mut ReplyText)) -> Vec<u8> {
    let mut text = ReplyText {
        key_hash: sha256(&[source().recipient_key().as_bytes()]),
        number: 1,
        message: Message::new("words").unwrap(),
        editor: editor.editor_key(),
        signature: None,
    };
    let message = Domain::Reply.message(chain.fingerprint(), &text.unsigned());
    text.signature = Some(editor.sign(&message));
    change(&mut text);
    framed(&text.encode())
}

fn framed(encoded: &[u8]) -> Vec<u8> {
    let length = u32::try_from(encoded.len()).unwrap().to_be_bytes();
    [length.as_slice(), encoded].concat()
}

#[test]
fn a_reply_opens_in_both_suites_and_says_who_wrote_it() {
    let editors = signers(2);
    let chain = newsroom(&editors, 1);
    for suite in [Suite::ChaCha20Poly1305, Suite::Aes256Gcm] {
        let sealed = reply(&chain, &editors[1], suite);
        let head = EnvelopeHead::parse(sealed.as_slice()).unwrap();
        assert_eq!(
            (head.kind(), head.epoch(), head.chunks().get()),
            (Kind::Reply, None, 1)
        );
        let opened = open_reply(sealed.as_slice(), &source(), &chain).unwrap();
        assert_eq!(opened.number(), 5);
        assert_eq!(opened.message().as_str(), "Where can we meet? 在哪里");
        assert_eq!(opened.editor(), &editors[1].editor_key());
        assert!(opened.by_current_editor());
    }
}

#[test]
fn the_longest_message_fits_into_a_reply() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    let message = Message::new(&"w".repeat(32_768)).unwrap();
    let key = source().recipient_key();
    let suite = Suite::ChaCha20Poly1305;
    let sealed = seal_reply(
        &mut seeded(3),
        suite,
        &key,
        chain.fingerprint(),
        &editors[0],
        1,
        &message,
    );
    let opened = open_reply(sealed.unwrap().as_slice(), &source(), &chain).unwrap();
    assert_eq!(opened.message(), &message);
}

#[test]
fn a_decoy_is_for_nobody_and_the_same_each_time() {
    let chain = newsroom(&signers(1), 1);
    let decoy = seal_decoy(&mut seeded(1)).unwrap();
    assert!(decoy == seal_decoy(&mut seeded(1)).unwrap());
    assert!(decoy != seal_decoy(&mut seeded(2)).unwrap());
    let refused = open_reply(decoy.as_slice(), &source(), &chain);
    assert_eq!(
        refused,
        Err(ReplyError::Unlock(UnlockError::NotForTheseKeys))
    );
    assert!(EnvelopeHead::gate(decoy.first_chunk().unwrap()).is_ok());
}

#[test]
fn an_editor_who_left_is_shown_as_such() {
    let editors = signers(2);
    let chain = newsroom(&editors, 1);
    let charter = chain
        .current()
        .next(public(&editors[..1]), Quorum::ONE, None)
        .unwrap();
    let later = chain
        .append(signed(charter, chain.fingerprint(), &[&editors[0]]))
        .unwrap();
    let sealed = reply(&chain, &editors[1], Suite::Aes256Gcm);
    assert!(
        !open_reply(sealed.as_slice(), &source(), &later)
            .unwrap()
            .by_current_editor()
    );
}

#[test]
fn nobody_outside_the_newsroom_can_answer_under_its_name() {
    let editors = signers(3);
    let chain = newsroom(&editors[..2], 1);
    let stranger = reply(&chain, &editors[2], Suite::Aes256Gcm);
    let refused = open_reply(stranger.as_slice(), &source(), &chain);
    assert_eq!(refused, Err(ReplyError::ForeignEditor));
    // An editor's name without the editor's signature.
    let posed = text_of(&chain, &editors[2], |text| {
        text.editor = signers(1)[0].editor_key()
    });
    let refused = open_reply(&forged(&posed), &source(), &chain);
    assert_eq!(refused, Err(ReplyError::BadSignature));
}

#[test]
fn words_or_number_changed_after_signing_are_refused() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    let good = forged(&text_of(&chain, &editors[0], |_| ()));
    assert!(open_reply(&good, &source(), &chain).is_ok());
    let changes: [fn(&mut ReplyText); 2] = [
        |text| text.number = 2,
        |text| text.message = Message::new("other").unwrap(),
    ];
    for change in changes {
        let spoiled = forged(&text_of(&chain, &editors[0], change));
        assert_eq!(
            open_reply(&spoiled, &source(), &chain),
            Err(ReplyError::BadSignature)
        );
    }
}

#[test]
fn a_reply_to_one_source_cannot_be_sealed_again_to_another() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    let text = text_of(&chain, &editors[0], |text| text.key_hash = [1; 32]);
    assert_eq!(
        open_reply(&forged(&text), &source(), &chain),
        Err(ReplyError::OtherSource)
    );
}

#[test]
fn a_reply_of_another_newsroom_is_refused() {
    let editors = signers(2);
    let chain = newsroom(&editors, 1);
    let other = newsroom(&editors, 2);
    let sealed = reply(&other, &editors[0], Suite::Aes256Gcm);
    assert_eq!(
        open_reply(sealed.as_slice(), &source(), &chain),
        Err(ReplyError::BadSignature)
    );
}

#[test]
fn a_reply_of_another_length_is_refused() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    let sealed = reply(&chain, &editors[0], Suite::Aes256Gcm);
    for length in [0, 1, HEADER_LEN, REPLY_LEN - 1] {
        let refused = open_reply(&sealed[..length], &source(), &chain);
        assert_eq!(refused, Err(ReplyError::Length), "{length} bytes");
    }
    let longer = [sealed.as_slice(), &[0]].concat();
    assert_eq!(
        open_reply(&longer, &source(), &chain),
        Err(ReplyError::Length)
    );
}

#[test]
fn a_flipped_bit_in_the_chunk_is_refused() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    let mut sealed = reply(&chain, &editors[0], Suite::Aes256Gcm);
    sealed[REPLY_LEN - 1] ^= 1;
    assert_eq!(
        open_reply(sealed.as_slice(), &source(), &chain),
        Err(ReplyError::Damaged)
    );
}

#[test]
fn impossible_lengths_and_hidden_bytes_are_refused() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    for length in [0_u32, 65_517, u32::MAX] {
        let refused = open_reply(&forged(&length.to_be_bytes()), &source(), &chain);
        assert_eq!(
            refused,
            Err(ReplyError::Manifest(DecodeError::Malformed)),
            "{length}"
        );
    }
    let mut hidden = text_of(&chain, &editors[0], |_| ());
    hidden.resize(65_520, 0);
    hidden[65_519] = 1;
    assert_eq!(
        open_reply(&forged(&hidden), &source(), &chain),
        Err(ReplyError::Trailing)
    );
}

#[test]
fn missing_and_unknown_fields_are_refused() {
    let editors = signers(1);
    let chain = newsroom(&editors, 1);
    let unsigned = text_of(&chain, &editors[0], |text| text.signature = None);
    let refused = open_reply(&forged(&unsigned), &source(), &chain);
    assert_eq!(refused, Err(ReplyError::Manifest(DecodeError::Missing(8))));
    let mut more = text_of(&chain, &editors[0], |_| ())[4..].to_vec();
    more[0] = 0xa7;
    more.extend_from_slice(b"\x09\x00");
    let refused = open_reply(&forged(&framed(&more)), &source(), &chain);
    assert_eq!(refused, Err(ReplyError::Manifest(DecodeError::Unknown(9))));
}

#[test]
fn a_drop_is_no_reply() {
    let chain = newsroom(&signers(1), 1);
    let header = Forge::drop(&[source()], 1).header();
    let sealed = [header.as_slice(), &[0; CHUNK_LEN]].concat();
    let refused = open_reply(&sealed, &source(), &chain);
    assert_eq!(refused, Err(ReplyError::Unlock(UnlockError::Kind)));
}
