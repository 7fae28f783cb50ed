//! Ed25519 by hand: signatures right and wrong.

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha512};

use crate::cast::sha256;
use crate::papers::paper;

/// What stands in place of a fingerprint where there is none yet.
pub(crate) const NONE: [u8; 32] = [0; 32];

/// The order of Ed25519's group, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The Ed25519 key whose seed is 32 times this byte.
fn secret(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> [u8; 32] {
    secret(seed).verifying_key().to_bytes()
}

/// A signature over these bytes as they are.
pub(crate) fn raw(seed: u8, message: &[u8]) -> [u8; 64] {
    secret(seed).sign(message).to_bytes()
}

/// A label and the newsroom that a signature is for.
#[derive(Clone, Copy)]
pub(crate) struct Domain {
    pub(crate) label: &'static str,
    pub(crate) newsroom: [u8; 32],
}

impl Domain {
    /// The bytes that are signed.
    pub(crate) fn message(&self, body: &[u8]) -> Vec<u8> {
        let label = [b"knothole/v1 ", self.label.as_bytes(), &[0]].concat();
        [label.as_slice(), &self.newsroom, &sha256(body)].concat()
    }

    /// A signature by the key of this seed.
    pub(crate) fn sign(&self, seed: u8, body: &[u8]) -> [u8; 64] {
        raw(seed, &self.message(body))
    }

    /// Key ‖ signature, as a paper holds it.
    pub(crate) fn entry(&self, seed: u8, body: &[u8]) -> Vec<u8> {
        [public(seed).as_slice(), &self.sign(seed, body)].concat()
    }

    /// The paper, signed by the keys of these seeds.
    pub(crate) fn signed(&self, body: &[u8], seeds: &[u8]) -> Vec<u8> {
        let entries = seeds.iter().map(|seed| self.entry(*seed, body)).collect();
        paper(body, entries)
    }
}

/// The same signature with S + L in place of S: without a check of S it verifies.
pub(crate) fn above_order(signature: &[u8; 64]) -> [u8; 64] {
    let mut above = *signature;
    let mut carry = 0;
    for (byte, order) in above[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    above
}

/// A signature whose R is the neutral point: S·B = R + h·A holds, and strict readers refuse it.
pub(crate) fn small_r(seed: u8, message: &[u8]) -> [u8; 64] {
    let mut r = [0; 32];
    r[0] = 1;
    answered(seed, &r, None, message)
}

/// A signature whose R has the point of order two added: it verifies with the cofactor only.
pub(crate) fn torsion_r(seed: u8, message: &[u8]) -> [u8; 64] {
    // (x, y) + (0, −1) = (−x, −y); p ends in ed, so that no byte of p − y but the first borrows.
    let nonce = seed ^ 0x80;
    let mut r = public(nonce);
    let sign = r[31] & 0x80;
    r[31] &= 0x7f;
    let mut prime = [0xff_u8; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    let mut borrow = 0;
    for (byte, prime) in r.iter_mut().zip(prime) {
        let difference = i16::from(prime) - i16::from(*byte) - borrow;
        *byte = difference.rem_euclid(256).to_le_bytes()[0];
        borrow = i16::from(difference < 0);
    }
    r[31] |= sign ^ 0x80;
    answered(seed, &r, Some(nonce), message)
}

/// The neutral point as a key, and a signature whose equation holds for whatever was signed.
pub(crate) fn neutral_signs() -> Vec<u8> {
    let mut key = [0; 32];
    key[0] = 1;
    let nonce = 0x80;
    let s = secret(nonce).to_scalar();
    [key.as_slice(), &public(nonce), s.as_bytes()].concat()
}

/// R and the S that answers it: S = r + h·a, r the secret of `nonce` or zero.
fn answered(seed: u8, r: &[u8; 32], nonce: Option<u8>, message: &[u8]) -> [u8; 64] {
    let mut hash = Sha512::new();
    hash.update(r);
    hash.update(public(seed));
    hash.update(message);
    let a = secret(seed).to_scalar();
    let h = modulo(&a, &hash.finalize());
    let s = match nonce {
        Some(nonce) => secret(nonce).to_scalar() + h * a,
        None => h * a,
    };
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(r);
    signature[32..].copy_from_slice(s.as_bytes());
    signature
}

/// A little-endian number modulo L, by the arithmetic of dalek's scalars.
fn modulo<T>(_like: &T, number: &[u8]) -> T
where
    T: From<u64> + core::ops::Mul<Output = T> + core::ops::Add<Output = T>,
{
    let digits = number.iter().rev();
    digits.fold(T::from(0), |sum, digit| {
        sum * T::from(256) + T::from(u64::from(*digit))
    })
}

#[test]
fn what_only_strict_readers_refuse_holds_for_others() {
    use ed25519_dalek::{Signature, Verifier, VerifyingKey};
    let (message, other) = (b"signed".as_slice(), b"another".as_slice());
    let signature = Signature::from_bytes(&small_r(1, message));
    let key = secret(1).verifying_key();
    assert!(key.verify(message, &signature).is_ok());
    assert!(key.verify_strict(message, &signature).is_err());
    let neutral = neutral_signs();
    let key = VerifyingKey::from_bytes(neutral[..32].try_into().unwrap()).unwrap();
    let signature = Signature::from_bytes(neutral[32..].try_into().unwrap());
    for message in [message, other] {
        assert!(key.verify(message, &signature).is_ok());
        assert!(key.verify_strict(message, &signature).is_err());
    }
    let torsion = Signature::from_bytes(&torsion_r(1, message));
    assert!(secret(1).verifying_key().verify(message, &torsion).is_err());
}
