//! Signed papers by hand, and what every kind of them can do wrong.

use crate::cbor::{Fields, and, array, bytes, map, uint, wide, with, without};
use crate::set::Set;
use crate::signatures::{Domain, above_order, neutral_signs, public, raw, small_r, torsion_r};
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
        self.bad_signatures(set);
        self.signers(set);
    }

    #[rustfmt::skip]
    fn encodings(&self, set: &mut Set) {
        let body = map(&self.fields);
        let entries = self.entries(&body);
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

    /// The first signer's signature in all the ways that are not valid.
    #[rustfmt::skip]
    fn bad_signatures(&self, set: &mut Set) {
        let body = map(&self.fields);
        let message = self.domain.message(&body);
        let seed = self.signers[0];
        let others = &self.entries(&body)[1..];
        let right = self.domain.sign(seed, &body);
        let (mut s, mut r) = (right, right);
        s[63] ^= 1;
        r[0] ^= 1;
        let elsewhere = Domain { newsroom: [0x99; 32], ..self.domain };
        let label = if self.domain.label == "bundle" { "card" } else { "bundle" };
        let unlike = Domain { label, ..self.domain };
        for (name, what, signature) in [
            ("s", "a bit of a signature's S", s),
            ("r", "a bit of a signature's R", r),
            ("zero", "a signature of zeros", [0; 64]),
            ("above-order", "a signature with S + L in place of S", above_order(&right)),
            ("small-r", "a signature whose R is the neutral point and whose equation holds", small_r(seed, &message)),
            ("torsion", "a signature that holds with the cofactor only: to R the point of order 2 was added", torsion_r(seed, &message)),
            ("of-other-newsroom", "a signature for another newsroom", elsewhere.sign(seed, &body)),
            ("under-other-label", "a signature under another label", unlike.sign(seed, &body)),
            ("of-other-key", "a stranger's signature beside a signer's key", self.domain.sign(self.stranger, &body)),
            ("of-body", "the body itself was signed, without label and hash", raw(seed, &body)),
        ] {
            let entry = [public(seed).as_slice(), &signature].concat();
            let paper = paper(&body, [vec![entry], others.to_vec()].concat());
            self.wrong(set, &format!("signature-{name}"), what, self.reasons[0], &paper);
        }
    }

    /// Valid signatures by the wrong keys, too few of them, and entries that are none.
    #[rustfmt::skip]
    fn signers(&self, set: &mut Set) {
        let body = map(&self.fields);
        let [_, foreign, few] = self.reasons;
        let entries = self.entries(&body);
        let others = entries[1..].to_vec();
        let stranger = self.domain.entry(self.stranger, &body);
        let neutral = [vec![1], vec![0; 31], self.domain.sign(self.signers[0], &body).to_vec()].concat();
        let (mut short, mut long) = (entries.clone(), entries.clone());
        short[0].pop();
        long[0].push(0);
        let more = (0x40..).take(9 - entries.len()).map(|seed| self.domain.entry(seed, &body));
        let nine = entries.iter().cloned().chain(more).collect();
        let with = |one: &Vec<u8>| [entries.clone(), vec![one.clone()]].concat();
        for (name, what, refuse, held) in [
            ("signer-small-order", "one more signature, by the neutral point", "value", with(&neutral)),
            ("signer-small-order-holds", "one more signature, by the neutral point, and its equation holds", "value", with(&neutral_signs())),
            ("foreign-signer", "enough have signed, and a stranger as well", foreign, with(&stranger)),
            ("stranger-instead", "a stranger has signed in place of one who may", foreign, [others.clone(), vec![stranger]].concat()),
            ("unsigned", "nobody has signed", few, Vec::new()),
            ("signed-twice", "one signature stands there twice", "value", with(&entries[0])),
            ("signature-short", "a signature lacks a byte", "malformed", short),
            ("signature-long", "a signature has a byte too many", "malformed", long),
            ("nine-signatures", "nine signatures", "too many", nine),
        ] {
            self.wrong(set, name, what, refuse, &paper(&body, held));
        }
        if entries.len() > 1 {
            self.wrong(set, "too-few-signers", "one signature too few", few, &paper(&body, others));
            let mut descending = entries;
            descending.sort();
            descending.reverse();
            let what = "the signatures are in descending order of their keys";
            let paper = in_this_order(&body, &descending);
            self.wrong(set, "signatures-descending", what, "value", &paper);
        }
    }

    /// What enough signers have put under a body.
    fn entries(&self, body: &[u8]) -> Vec<Vec<u8>> {
        let signers = self.signers.iter();
        signers.map(|seed| self.domain.entry(*seed, body)).collect()
    }
}
