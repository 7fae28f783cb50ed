use chacha20poly1305::aead::KeyInit;
use core::convert::Infallible;
use data_encoding::HEXLOWER;
use hkdf::Hkdf;
use rand_core::{TryCryptoRng, TryRng};
use sha2::Sha256;

use super::*;
use crate::forge::{seal_with, seeded};

/// Hands out exactly these bytes.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        panic!("an encapsulation draws bytes only")
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        panic!("an encapsulation draws bytes only")
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.copy_from_slice(&self.0.drain(..bytes.len()).collect::<Vec<_>>());
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

/// The first test vector of draft-connolly-cfrg-xwing-kem: seed, randomness, shared secret, and
/// the SHA-256 of its ciphertext.
const SEED: &str = "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26";
const RANDOMNESS: &str = concat!(
    "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2",
    "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2",
);
const SHARED: &str = "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384";
const CIPHERTEXT: &str = "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33";

/// LabeledExtract of RFC 9180 §4, for the suite 647a 0001 0003.
fn extract(salt: &[u8], label: &[u8], ikm: &[u8]) -> Hkdf<Sha256> {
    let suite = b"HPKE\x64\x7a\x00\x01\x00\x03";
    let labeled = [b"HPKE-v1".as_slice(), suite, label, ikm].concat();
    Hkdf::new(Some(salt), &labeled)
}

/// LabeledExpand of RFC 9180 §4.
fn expand(secret: &Hkdf<Sha256>, label: &[u8], context: &[u8], len: u16) -> Vec<u8> {
    let suite = b"HPKE\x64\x7a\x00\x01\x00\x03";
    let info = [
        &len.to_be_bytes(),
        b"HPKE-v1".as_slice(),
        suite,
        label,
        context,
    ]
    .concat();
    let mut output = vec![0; usize::from(len)];
    secret.expand(&info, &mut output).unwrap();
    output
}

/// The sealed share, by the key schedule of RFC 9180 §5.1 in base mode, done by hand.
fn by_hand(shared: &[u8], info: &[u8], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let (psk_id, _) = Hkdf::<Sha256>::extract(Some(b""), &labeled(b"psk_id_hash", b""));
    let (info, _) = Hkdf::<Sha256>::extract(Some(b""), &labeled(b"info_hash", info));
    let context = [&[0], psk_id.as_slice(), info.as_slice()].concat();
    let secret = extract(shared, b"secret", b"");
    let key = expand(&secret, b"key", &context, 32);
    let nonce = expand(&secret, b"base_nonce", &context, 12);
    let cipher = chacha20poly1305::ChaCha20Poly1305::new_from_slice(&key).unwrap();
    seal_with(&cipher, nonce.try_into().unwrap(), aad, text)
}

fn labeled(label: &[u8], ikm: &[u8]) -> Vec<u8> {
    [
        b"HPKE-v1HPKE\x64\x7a\x00\x01\x00\x03".as_slice(),
        label,
        ikm,
    ]
    .concat()
}

/// Suite 1, quorum 2, x = 3, and y from 0x40 up.
fn text() -> SlotText {
    let mut text = SlotText::new([0; 35]);
    text[..3].copy_from_slice(&[1, 2, 3]);
    for (byte, value) in text[3..].iter_mut().zip(0x40..) {
        *byte = value;
    }
    text
}

/// The slot of the vector, for place 4.
fn vector() -> ([u8; 48], [u8; SLOT_LEN]) {
    let mut head = [0x11; HEAD_LEN];
    head[..8].copy_from_slice(b"KNOTHOLE");
    let info = slot_info(&head, &[0x22; 32]);
    let secret = EpochSecret::from_bytes(hex(SEED).try_into().unwrap());
    let mut rng = Fixed(hex(RANDOMNESS));
    let slot = seal_slot(&mut rng, &secret.recipient_key(), &info, 4, &text()).unwrap();
    assert!(rng.0.is_empty(), "all 64 bytes were drawn");
    (info, slot)
}

#[test]
fn a_whole_slot_is_that_of_the_draft_and_of_rfc_9180() {
    let (info, slot) = vector();
    let (enc, sealed) = slot.split_first_chunk::<ENC_LEN>().unwrap();
    assert_eq!(HEXLOWER.encode(&sha256(&[enc])), CIPHERTEXT);
    assert_eq!(
        sealed,
        by_hand(&hex(SHARED), &info, &[4], text().as_slice())
    );
    // Written down, so that no change of a library goes unseen.
    assert_eq!(
        HEXLOWER.encode(sealed),
        "d4120142ce8dab65202e027ab18218c8836c4fd92e86cc57eacce0225907267f868f0aab79e1dcfc876bf5e7b682b42e897b72"
    );
}

#[test]
fn the_info_names_the_slot_and_hashes_head_and_commitment() {
    let (info, _) = vector();
    let mut head = [0x11; HEAD_LEN];
    head[..8].copy_from_slice(b"KNOTHOLE");
    let hash = sha256(&[&head, &[0x22; 32]]);
    assert_eq!(info, *[b"knothole/v1 slot".as_slice(), &hash].concat());
}

#[test]
fn a_slot_opens_only_for_its_key_info_and_place() {
    let (info, slot) = vector();
    let secret = EpochSecret::from_bytes(hex(SEED).try_into().unwrap()).hpke();
    assert_eq!(open_slot(&secret, &info, 4, &slot).unwrap(), text());
    assert!(open_slot(&secret, &info, 5, &slot).is_none());
    assert!(open_slot(&secret, &[0; 48], 4, &slot).is_none());
    let other = EpochSecret::from_bytes([1; 32]).hpke();
    assert!(open_slot(&other, &info, 4, &slot).is_none());
}

#[test]
fn a_share_of_small_order_is_refused_even_with_a_tag_that_fits() {
    // An attacker who picks the zero point knows what X25519 gives and can seal to it: only the
    // check of the point stands in the way. hpke alone would open this slot.
    let seed: [u8; 32] = hex(SEED).try_into().unwrap();
    let secret = EpochSecret::from_bytes(seed).hpke();
    let (info, slot) = vector();
    let mut enc: [u8; ENC_LEN] = slot[..ENC_LEN].try_into().unwrap();
    enc[ENC_X25519..].fill(0);
    let parsed = <XWing as Kem>::EncappedKey::from_bytes(&enc).unwrap();
    let context = hpke::setup_receiver::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &secret,
        &parsed,
        &info,
    );
    assert!(context.is_ok(), "hpke has no check of its own");
    let shared = x_wing::DecapsulationKey::from(seed);
    let shared = x_wing::Decapsulate::decapsulate(&shared, &enc.into());
    let sealed = by_hand(&shared, &info, &[4], text().as_slice());
    let forged: [u8; SLOT_LEN] = [enc.as_slice(), &sealed].concat().try_into().unwrap();
    let opened = hpke::single_shot_open::<ChaCha20Poly1305, HkdfSha256, XWing>(
        &OpModeR::Base,
        &secret,
        &parsed,
        &info,
        &sealed,
        &[4],
    );
    assert_eq!(opened.unwrap(), text().as_slice());
    assert!(open_slot(&secret, &info, 4, &forged).is_none());
}

#[test]
fn two_slots_with_one_content_have_nothing_in_common() {
    let key = EpochSecret::from_bytes([1; 32]).recipient_key();
    let mut rng = seeded(1);
    let one = seal_slot(&mut rng, &key, &[0; 48], 0, &text()).unwrap();
    let other = seal_slot(&mut rng, &key, &[0; 48], 0, &text()).unwrap();
    let alike = one
        .iter()
        .zip(&other)
        .filter(|(one, other)| one == other)
        .count();
    assert!(alike < 40, "{alike} of 1171 bytes are alike");
}
