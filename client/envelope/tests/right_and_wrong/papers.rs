//! Signed papers by hand, and what every kind of them can do wrong.

use crate::cbor::{Fields, and, array, bytes, map, uint, wide, with, without};
use crate::set::Set;
use crate::signatures::{Domain, above_order, public, raw, small_r, torsion_r};
use crate::text::Vector;

/// A paper with these entries in ascending order.
pub(crate) fn paper(body: &[u8], mut entries: Vec<Vec<u8>>) -> Vec<u8> {
    entries.sort();
    in_this_order(body, &entries)
}

fn in_this_order(body: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let entries: Vec<_> = entries.iter().map(|entry| bytes(entry)).collect();
    map(&[(1, bytes(body)), (2, array(&entries))])
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
        vector.bytes("bytes", paper)
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

    #[rustfmt::skip]
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
            ("byte-behind", "a byte follows the paper", "not canonical", [right.as_slice(), &[0]].concat()),
            ("with-3", "the paper has a field 3", "unknown field", map(&[(1, bytes(&body)), (2, array(&items)), (3, uint(1))])),
            ("body-not-wrapped", "the body is no byte string", "malformed", map(&[(1, body.clone()), (2, array(&items))])),
            ("without-signatures", "the paper has no field 2", "missing field", map(&[(1, bytes(&body))])),
            ("cut", "the paper lacks its last byte", "malformed", right[..right.len() - 1].to_vec()),
        ] {
            self.wrong(set, name, what, refuse, &paper);
        }
    }

    #[rustfmt::skip]
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
            ("signature-above-order", "a signature with S + L in place of S", above_order(&right)),
            ("signature-small-r", "a signature whose R is the neutral point and whose equation holds", small_r(seed, &message)),
            ("signature-torsion", "a signature that holds with the cofactor only: to R the point of order 2 was added", torsion_r(seed, &message)),
            ("signature-of-other-newsroom", "a signature for another newsroom", elsewhere.sign(seed, &body)),
            ("signature-under-other-label", "a signature under another label", unlike.sign(seed, &body)),
            ("signature-of-other-key", "a stranger's signature beside a signer's key", self.domain.sign(self.stranger, &body)),
        ] {
            self.wrong(set, name, what, bad, &first(&signature));
        }
        let raw = raw(seed, &body);
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
