//! Signed papers by hand: bodies, signatures right and wrong, and what every paper can do wrong.

use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha512};

use crate::cast::sha256;
use crate::cbor::{Fields, and, array, bytes, map, uint, wide, with, without};
use crate::set::Set;
use crate::text::Vector;

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
        secret(seed).sign(&self.message(body)).to_bytes()
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

/// A paper with these entries in ascending order.
pub(crate) fn paper(body: &[u8], mut entries: Vec<Vec<u8>>) -> Vec<u8> {
    entries.sort();
    in_this_order(body, &entries)
}

fn in_this_order(body: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let entries: Vec<_> = entries.iter().map(|entry| bytes(entry)).collect();
    map(&[(1, bytes(body)), (2, array(&entries))])
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

/// What is needed to make a kind of paper wrong in the ways that all papers have in common.
pub(crate) struct Kind {
    /// The word in file names and in `as`.
    pub(crate) name: &'static str,
    pub(crate) fields: Fields,
    pub(crate) domain: Domain,
    /// Enough signers, by their seeds, and one who may not sign.
    pub(crate) signers: Vec<u8>,
    pub(crate) stranger: u8,
    /// What the reader must know: names and values of lines.
    pub(crate) context: Vec<(&'static str, String)>,
    /// Whether the paper is looked at alone or as the only item of an array.
    pub(crate) listed: bool,
    /// The reasons for a bad signature and for a foreign one; cards know one only.
    pub(crate) reasons: [&'static str; 3],
}

impl Kind {
    pub(crate) fn vector(&self, part: &str, name: &str, what: &str, paper: &[u8]) -> Vector {
        let mut vector = Vector::new(format!("{part}/{}-{name}", self.name), what);
        vector = vector.say("as", self.name);
        for (name, value) in &self.context {
            vector = vector.say(name, value);
        }
        let list = if self.listed {
            array(&[paper.to_vec()])
        } else {
            paper.to_vec()
        };
        vector.bytes("bytes", &list)
    }

    pub(crate) fn right(&self, name: &str, what: &str) -> Vector {
        let body = map(&self.fields);
        let paper = self.domain.signed(&body, &self.signers);
        self.vector("right", name, what, &paper)
    }

    pub(crate) fn wrong(&self, set: &mut Set, name: &str, what: &str, refuse: &str, paper: &[u8]) {
        set.add(
            self.vector("wrong", name, what, paper)
                .say("refuse", refuse),
        );
    }

    /// A paper with another body, rightly signed.
    pub(crate) fn body(&self, set: &mut Set, name: &str, what: &str, refuse: &str, body: &[u8]) {
        let paper = self.domain.signed(body, &self.signers);
        self.wrong(set, name, what, refuse, &paper);
    }

    /// The fields with some in other values, rightly signed.
    pub(crate) fn field(
        &self,
        set: &mut Set,
        key: u64,
        name: &str,
        what: &str,
        refuse: &str,
        value: Vec<u8>,
    ) {
        self.body(
            set,
            name,
            what,
            refuse,
            &map(&with(&self.fields, key, value)),
        );
    }

    /// What every paper can do wrong.
    pub(crate) fn common(&self, set: &mut Set) {
        self.encodings(set);
        self.signatures(set);
    }

    fn encodings(&self, set: &mut Set) {
        let body = map(&self.fields);
        let entries: Vec<_> = self
            .signers
            .iter()
            .map(|seed| self.domain.entry(*seed, &body))
            .collect();
        let right = paper(&body, entries.clone());
        for (key, _) in &self.fields {
            let name = format!("without-{key}");
            let what = format!("the body lacks field {key}");
            self.body(
                set,
                &name,
                &what,
                "missing field",
                &map(&without(&self.fields, *key)),
            );
        }
        let more = map(&and(&self.fields, 23, uint(1)));
        self.body(
            set,
            "with-23",
            "the body has a field 23",
            "unknown field",
            &more,
        );
        let two = map(&with(&self.fields, 1, uint(2)));
        self.body(set, "version-2", "version 2 of the body", "value", &two);
        let mut long = body.clone();
        long.splice(2..3, wide(0, 1, 1));
        let what = "the body's version takes a byte of its own";
        self.body(set, "int-in-1", what, "not canonical", &long);
        let behind = [body.as_slice(), &[0]].concat();
        self.body(
            set,
            "byte-in-body",
            "a byte follows the map in the body",
            "not canonical",
            &behind,
        );
        let items: Vec<_> = entries.iter().map(|entry| bytes(entry)).collect();
        for (name, what, refuse, paper) in [
            (
                "byte-behind",
                "a byte follows the paper",
                "not canonical",
                [right.as_slice(), &[0]].concat(),
            ),
            (
                "with-3",
                "the paper has a field 3",
                "unknown field",
                map(&[(1, bytes(&body)), (2, array(&items)), (3, uint(1))]),
            ),
            (
                "body-not-wrapped",
                "the body is no byte string",
                "malformed",
                map(&[(1, body.clone()), (2, array(&items))]),
            ),
            (
                "without-signatures",
                "the paper has no field 2",
                "missing field",
                map(&[(1, bytes(&body))]),
            ),
            (
                "cut",
                "the paper lacks its last byte",
                "malformed",
                right[..right.len() - 1].to_vec(),
            ),
        ] {
            // A byte behind one paper of several stands where the next item would begin.
            if name == "byte-behind" && self.listed {
                let list = [array(&[right.clone()]), vec![0]].concat();
                let mut vector =
                    Vector::new(format!("wrong/{}-{name}", self.name), what).say("as", self.name);
                for (name, value) in &self.context {
                    vector = vector.say(name, value);
                }
                set.add(vector.bytes("bytes", &list).say("refuse", refuse));
                continue;
            }
            self.wrong(set, name, what, refuse, &paper);
        }
    }

    fn signatures(&self, set: &mut Set) {
        let body = map(&self.fields);
        let [bad, foreign, few] = self.reasons;
        let message = self.domain.message(&body);
        let entries: Vec<_> = self
            .signers
            .iter()
            .map(|seed| self.domain.entry(*seed, &body))
            .collect();
        let seed = self.signers[0];
        let others = &entries[1..];
        let first = |signature: &[u8; 64]| {
            let entry = [public(seed).as_slice(), signature].concat();
            paper(&body, [vec![entry], others.to_vec()].concat())
        };
        let right = self.domain.sign(seed, &body);
        let mut flipped = right;
        flipped[63] ^= 1;
        let mut r = right;
        r[0] ^= 1;
        let elsewhere = Domain {
            newsroom: [0x99; 32],
            ..self.domain
        };
        let label = if self.domain.label == "bundle" {
            "card"
        } else {
            "bundle"
        };
        let unlike = Domain {
            label,
            ..self.domain
        };
        for (name, what, signature) in [
            ("signature-s", "a bit of a signature's S", flipped),
            ("signature-r", "a bit of a signature's R", r),
            ("signature-zero", "a signature of zeros", [0; 64]),
            (
                "signature-above-order",
                "a signature with S + L in place of S",
                above_order(&right),
            ),
            (
                "signature-small-r",
                "a signature whose R is the neutral point and whose equation holds",
                small_r(seed, &message),
            ),
            (
                "signature-torsion",
                "a signature that holds with the cofactor only: to R the point of order 2 was added",
                torsion_r(seed, &message),
            ),
            (
                "signature-of-other-newsroom",
                "a signature for another newsroom",
                elsewhere.sign(seed, &body),
            ),
            (
                "signature-under-other-label",
                "a signature under another label",
                unlike.sign(seed, &body),
            ),
            (
                "signature-of-other-key",
                "a stranger's signature beside a signer's key",
                self.domain.sign(self.stranger, &body),
            ),
        ] {
            self.wrong(set, name, what, bad, &first(&signature));
        }
        let raw = secret(seed).sign(&body).to_bytes();
        self.wrong(
            set,
            "signature-of-body",
            "the body itself was signed, without label and hash",
            bad,
            &first(&raw),
        );
        let mut weak = entries.clone();
        weak.push([vec![1], vec![0; 31], right.to_vec()].concat());
        self.wrong(
            set,
            "signer-small-order",
            "one more signature, by the neutral point",
            "value",
            &paper(&body, weak),
        );
        let mut with_stranger = entries.clone();
        with_stranger.push(self.domain.entry(self.stranger, &body));
        self.wrong(
            set,
            "foreign-signer",
            "enough have signed, and a stranger as well",
            foreign,
            &paper(&body, with_stranger),
        );
        let mut stranger_alone = others.to_vec();
        stranger_alone.push(self.domain.entry(self.stranger, &body));
        self.wrong(
            set,
            "stranger-instead",
            "a stranger has signed in place of one who may",
            foreign,
            &paper(&body, stranger_alone),
        );
        self.wrong(
            set,
            "unsigned",
            "nobody has signed",
            few,
            &paper(&body, Vec::new()),
        );
        let mut doubled = entries.clone();
        doubled.push(entries[0].clone());
        self.wrong(
            set,
            "signed-twice",
            "one signature stands there twice",
            "value",
            &paper(&body, doubled),
        );
        let mut short = entries.clone();
        short[0].pop();
        self.wrong(
            set,
            "signature-short",
            "a signature lacks a byte",
            "malformed",
            &paper(&body, short),
        );
        let mut long = entries.clone();
        long[0].push(0);
        self.wrong(
            set,
            "signature-long",
            "a signature has a byte too many",
            "malformed",
            &paper(&body, long),
        );
        if entries.len() > 1 {
            self.wrong(
                set,
                "too-few-signers",
                "one signature too few",
                few,
                &paper(&body, others.to_vec()),
            );
            let mut descending = entries.clone();
            descending.sort();
            descending.reverse();
            self.wrong(
                set,
                "signatures-descending",
                "the signatures are in descending order of their keys",
                "value",
                &in_this_order(&body, &descending),
            );
        }
        let nine = (0x40..0x40 + 9 - u8::try_from(entries.len()).unwrap())
            .map(|seed| self.domain.entry(seed, &body));
        let nine: Vec<_> = entries.iter().cloned().chain(nine).collect();
        self.wrong(
            set,
            "nine-signatures",
            "nine signatures",
            "too many",
            &paper(&body, nine),
        );
    }
}
