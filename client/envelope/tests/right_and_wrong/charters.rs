//! Chains of charters, right and wrong.

use crate::cast::{hex, sha256};
use crate::cbor::{Fields, and, array, bytes, map, uint, with};
use crate::papers::paper;
use crate::set::Set;
use crate::signatures::{Domain, NONE, above_order, neutral_signs, public, torsion_r};
use crate::text::Vector;

/// The newsroom of FORMAT.md: three editors, two of whom must agree.
pub(crate) const FOUNDING: &str = "right/chain-founding";
/// A newsroom whose third editor left and whose fourth and fifth came.
pub(crate) const CHANGED: &str = "right/chain-editors-change";

pub(crate) fn all(set: &mut Set) {
    right(set);
    continued(set);
    foundings(set);
    editors(set);
    around(set);
}

/// A charter's fields: editors by their seeds.
pub(crate) fn charter(sequence: u64, editors: &[u8], k: u64, previous: Option<&[u8]>) -> Fields {
    let keys: Vec<_> = editors.iter().map(|seed| bytes(&public(*seed))).collect();
    let mut fields = vec![
        (1, uint(1)),
        (2, uint(sequence)),
        (3, array(&keys)),
        (4, uint(k)),
    ];
    fields.extend(previous.map(|body| (5, bytes(&sha256(body)))));
    fields
}

pub(crate) fn domain(newsroom: [u8; 32]) -> Domain {
    Domain {
        label: "charter",
        newsroom,
    }
}

/// Charters that follow each other, each with those who signed it.
pub(crate) struct Chain {
    /// Bodies.
    pub(crate) bodies: Vec<Vec<u8>>,
    /// The same bodies, signed.
    pub(crate) papers: Vec<Vec<u8>>,
}

impl Chain {
    /// A founding charter, signed by these.
    pub(crate) fn found(body: Vec<u8>, signers: &[u8]) -> Self {
        let papers = vec![domain(NONE).signed(&body, signers)];
        Self {
            bodies: vec![body],
            papers,
        }
    }

    /// One more charter, signed by these.
    pub(crate) fn then(mut self, body: Vec<u8>, signers: &[u8]) -> Self {
        let paper = domain(self.fingerprint()).signed(&body, signers);
        self.bodies.push(body);
        self.papers.push(paper);
        self
    }

    pub(crate) fn last(&self) -> &[u8] {
        self.bodies.last().unwrap()
    }

    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.bodies[0])
    }

    pub(crate) fn encoded(&self) -> Vec<u8> {
        array(&self.papers)
    }

    pub(crate) fn wrong(&self, set: &mut Set, name: &str, what: &str, refuse: &str) {
        given(
            set,
            name,
            what,
            refuse,
            &self.fingerprint(),
            &self.encoded(),
        );
    }
}

/// A wrong chain as it is.
pub(crate) fn given(
    set: &mut Set,
    name: &str,
    what: &str,
    refuse: &str,
    fingerprint: &[u8],
    chain: &[u8],
) {
    set.add(
        Vector::new(format!("wrong/chain-{name}"), what)
            .say("as", "chain")
            .bytes("fingerprint", fingerprint)
            .bytes("bytes", chain)
            .say("refuse", refuse),
    );
}

pub(crate) fn founding() -> Chain {
    Chain::found(map(&charter(1, &[1, 2, 3], 2, None)), &[1, 2, 3])
}

pub(crate) fn changed() -> Chain {
    let first = Chain::found(map(&charter(1, &[1, 2, 3], 1, None)), &[1, 2, 3]);
    let body = map(&charter(2, &[1, 2, 4], 2, Some(first.last())));
    let second = first.then(body, &[2]);
    let recovery = bytes(&sha256(&papers_of(&[0x61, 0x62])));
    let third = charter(3, &[1, 2, 4, 5], 3, Some(second.last()));
    second.then(map(&and(&third, 6, recovery)), &[2, 4])
}

/// The fingerprint of one of the two newsrooms.
pub(crate) fn fingerprint(chain: &str) -> [u8; 32] {
    if chain == CHANGED {
        changed().fingerprint()
    } else {
        founding().fingerprint()
    }
}

/// The keys of recovery papers with these seeds, as field 7 holds them.
pub(crate) fn papers_of(seeds: &[u8]) -> Vec<u8> {
    let mut keys: Vec<_> = seeds.iter().map(|seed| public(*seed)).collect();
    keys.sort_unstable();
    array(&keys.iter().map(|key| bytes(key)).collect::<Vec<_>>())
}

/// A newsroom with two recovery papers, and the charter that they made.
pub(crate) fn recovered() -> (Chain, Fields) {
    let hash = bytes(&sha256(&papers_of(&[0x61, 0x62])));
    let first = and(&charter(1, &[1, 2, 3], 2, None), 6, hash.clone());
    let first = Chain::found(map(&first), &[1, 2, 3]);
    let next = charter(2, &[3, 4], 2, Some(first.last()));
    let next = and(&and(&next, 6, hash), 7, papers_of(&[0x61, 0x62]));
    (first, next)
}

#[rustfmt::skip]
fn right(set: &mut Set) {
    let one = Chain::found(map(&charter(1, &[1], 1, None)), &[1]);
    let eight: Vec<u8> = (1..=8).collect();
    let eight = Chain::found(map(&charter(1, &eight, 8, None)), &eight);
    let (first, next) = recovered();
    let recovered = first.then(map(&next), &[0x61, 0x62]);
    let mut longest = Chain::found(map(&charter(1, &[1], 1, None)), &[1]);
    for sequence in 2..=256 {
        let body = map(&charter(sequence, &[1], 1, Some(longest.last())));
        longest = longest.then(body, &[1]);
    }
    let says = |sequence: &str, editors: &[u8], k: &str, recovered: &str| {
        let keys = editors.iter().map(|seed| hex(&public(*seed)));
        [
            ("sequence", sequence.to_owned()),
            ("editors", keys.collect::<Vec<_>>().join(" ")),
            ("k", k.to_owned()),
            ("recovered", recovered.to_owned()),
        ]
    };
    for (name, what, chain, said) in [
        ("right/chain-one-editor", "one editor", one, says("1", &[1], "1", "no")),
        (
            FOUNDING,
            "the newsroom of FORMAT.md: three editors, two of whom must agree",
            founding(),
            says("1", &[1, 2, 3], "2", "no"),
        ),
        ("right/chain-eight-editors", "eight editors who must all agree", eight, says("1", &[1, 2, 3, 4, 5, 6, 7, 8], "8", "no")),
        (
            CHANGED,
            "three charters: the third editor leaves, k rises, the fifth comes",
            changed(),
            says("3", &[1, 2, 4, 5], "3", "no"),
        ),
        ("right/chain-recovered", "recovery papers with the seeds 32 bytes 61 and 62 made the second charter", recovered, says("2", &[3, 4], "2", "yes")),
        ("right/chain-longest", "256 charters", longest, says("256", &[1], "1", "no")),
    ] {
        let mut vector = Vector::new(name, what)
            .say("as", "chain")
            .bytes("fingerprint", &chain.fingerprint())
            .bytes("bytes", &chain.encoded())
            .bytes("hash", &sha256(chain.last()));
        for (name, value) in said {
            vector = vector.say(name, value);
        }
        set.add(vector);
    }
}

/// Chains that a reader meets who has verified another one of the same newsroom before.
fn continued(set: &mut Set) {
    let whole = changed();
    let fingerprint = whole.fingerprint();
    let (first, third) = (&whole.bodies[0], &whole.bodies[2]);
    let one = array(&whole.papers[..1]);
    let two = array(&whole.papers[..2]);
    let other = map(&charter(2, &[1, 2, 9], 1, Some(first)));
    let fork = Chain::found(first.clone(), &[1, 2, 3]).then(other, &[1]);
    let name = "right/chain-grown";
    let what = "three charters, where the reader knows the first of them";
    set.add(
        Vector::new(name, what)
            .say("as", "chain")
            .bytes("fingerprint", &fingerprint)
            .say("held", "right/chain-first-of-three")
            .bytes("bytes", &whole.encoded())
            .bytes("hash", &sha256(third))
            .say("sequence", 3)
            .say("k", 3),
    );
    let what = "the first of the three charters of chain-editors-change";
    set.add(
        Vector::new("right/chain-first-of-three", what)
            .say("as", "chain")
            .bytes("fingerprint", &fingerprint)
            .bytes("bytes", &one)
            .bytes("hash", &sha256(first)),
    );
    for (name, what, bytes) in [
        (
            "rolled-back",
            "two charters, where the reader knows three",
            &two,
        ),
        (
            "forked",
            "another second charter than the one that the reader knows",
            &fork.encoded(),
        ),
    ] {
        set.add(
            Vector::new(format!("wrong/chain-{name}"), what)
                .say("as", "chain")
                .bytes("fingerprint", &fingerprint)
                .say("held", CHANGED)
                .bytes("bytes", bytes)
                .say("refuse", "not a continuation"),
        );
    }
}

/// What may be wrong with the first charter.
#[rustfmt::skip]
fn foundings(set: &mut Set) {
    let fields = charter(1, &[1, 2, 3], 2, None);
    let keys = |editors: &[u8]| charter(1, editors, 1, None);
    let nine: Vec<u8> = (1..=9).collect();
    for (name, what, refuse, fields, signers) in [
        ("no-editors", "a charter without editors", "value", keys(&[]), [].as_slice()),
        ("nine-editors", "nine editors", "too many", keys(&nine), &nine[..8]),
        ("editor-twice", "an editor stands there twice", "value", keys(&[1, 2, 1]), &[1, 2]),
        ("k-0", "k = 0", "value", with(&fields, 4, uint(0)), &[1, 2, 3]),
        ("k-4", "k = 4 of three editors", "value", with(&fields, 4, uint(4)), &[1, 2, 3]),
        ("k-9", "k = 9", "value", with(&fields, 4, uint(9)), &[1, 2, 3]),
        ("sequence-0", "the founding charter has the sequence 0", "value", with(&fields, 2, uint(0)), &[1, 2, 3]),
        ("sequence-above-most", "the sequence is 2^32", "value", charter(1 << 32, &[1], 1, Some(b"")), &[1]),
        ("founding-with-previous", "the founding charter names one before it", "value", charter(1, &[1, 2, 3], 2, Some(b"")), &[1, 2, 3]),
        ("founding-recovered", "the founding charter has recovery keys in field 7", "value", and(&fields, 7, papers_of(&[0x61])), &[1, 2, 3]),
        ("starts-at-2", "the first charter of the chain has the sequence 2", "order", charter(2, &[1, 2, 3], 2, Some(b"")), &[1, 2, 3]),
        ("version-2", "version 2 of a charter", "value", with(&fields, 1, uint(2)), &[1, 2, 3]),
        ("with-8", "a charter with a field 8", "unknown field", and(&fields, 8, uint(1)), &[1, 2, 3]),
        ("recovery-short", "the hash of the recovery keys lacks a byte", "malformed", and(&fields, 6, bytes(&[7; 31])), &[1, 2, 3]),
        ("recovery-null", "null in place of the recovery keys", "malformed", and(&fields, 6, vec![0xf6]), &[1, 2, 3]),
        ("founder-missing", "one of the founding editors has not signed", "too few signatures", fields.clone(), &[1, 2]),
        ("founded-by-stranger", "a stranger has signed the founding charter as well", "foreign signature", fields.clone(), &[1, 2, 3, 9]),
    ] {
        Chain::found(map(&fields), signers).wrong(set, name, what, refuse);
    }
}

/// Editors' keys that are none.
#[rustfmt::skip]
fn editors(set: &mut Set) {
    let fields = charter(1, &[1, 2, 3], 2, None);
    for (name, what, refuse, key) in [
        ("editor-neutral", "an editor's key is the neutral point", "value", one().to_vec()),
        ("editor-minus-one", "an editor's key is the point of order 2", "value", minus_one().to_vec()),
        ("editor-zero", "an editor's key is a point of order 4", "value", vec![0; 32]),
        ("editor-above-p", "an editor's key is p + 3, another form of 3", "value", above_p().to_vec()),
        ("editor-no-point", "an editor's key is no point", "value", two().to_vec()),
        ("editor-short", "an editor's key lacks a byte", "malformed", public(3)[1..].to_vec()),
    ] {
        let key = bytes(&key);
        let keys = array(&[bytes(&public(1)), bytes(&public(2)), key]);
        let chain = Chain::found(map(&with(&fields, 3, keys)), &[1, 2]);
        chain.wrong(set, name, what, refuse);
    }
    // Whoever is appointed need not sign: only a look at the key itself can refuse these.
    for (name, what, key) in [
        ("neutral", "the neutral point is appointed", one().to_vec()),
        ("order-2", "the point of order 2 is appointed", minus_one().to_vec()),
        ("order-4", "a point of order 4 is appointed", vec![0; 32]),
        ("above-p", "an editor is appointed whose key is p + 3, another form of 3", above_p().to_vec()),
        ("no-point", "an editor is appointed whose key is no point", two().to_vec()),
    ] {
        let chain = founding();
        let next = charter(2, &[1, 2], 2, Some(chain.last()));
        let keys = array(&[bytes(&public(1)), bytes(&public(2)), bytes(&key)]);
        let chain = chain.then(map(&with(&next, 3, keys)), &[1, 2]);
        chain.wrong(set, &format!("appointed-{name}"), what, "value");
    }
    // The neutral point can sign, for a reader who lets it be an editor.
    let keys = array(&[bytes(&public(1)), bytes(&public(2)), bytes(&one())]);
    let body = map(&with(&fields, 3, keys));
    let mut entries = [1, 2].map(|seed| domain(NONE).entry(seed, &body)).to_vec();
    entries.push(neutral_signs());
    let chain = array(&[paper(&body, entries)]);
    let what = "an editor's key is the neutral point, and the equation of its signature holds";
    given(set, "editor-neutral-signs", what, "value", &sha256(&body), &chain);
}

/// What may be wrong around the first charter and with its signatures.
#[rustfmt::skip]
fn around(set: &mut Set) {
    let right = founding();
    let body = right.bodies[0].clone();
    let print = right.fingerprint();
    let what = "the newsroom's fingerprint is another one";
    given(set, "other-fingerprint", what, "fingerprint", &[0xf1; 32], &right.encoded());
    // A founding charter is signed with 32 zero bytes in place of a fingerprint.
    let itself = [1, 2, 3].map(|seed| domain(print).entry(seed, &body));
    let second = |signature: &[u8; 64]| {
        let mut entries = [1, 2, 3].map(|seed| domain(NONE).entry(seed, &body));
        entries[1] = [public(2).as_slice(), signature].concat();
        array(&[paper(&body, entries.to_vec())])
    };
    let above = above_order(&domain(NONE).sign(2, &body));
    let torsion = torsion_r(2, &domain(NONE).message(&body));
    for (name, what, refuse, chain) in [
        ("empty", "no charter", "chain length", array(&[])),
        ("founded-for-itself", "the founding charter is signed for its own fingerprint", "bad signature", array(&[paper(&body, itself.to_vec())])),
        ("signature-above-order", "a founder's signature has S + L in place of S", "bad signature", second(&above)),
        ("signature-torsion", "a founder's signature holds with the cofactor only", "bad signature", second(&torsion)),
        ("byte-behind", "a byte follows the chain", "not canonical", [right.encoded(), vec![0]].concat()),
        ("no-array", "a charter alone, in no array", "malformed", right.papers[0].clone()),
    ] {
        given(set, name, what, refuse, &print, &chain);
    }
}

fn one() -> [u8; 32] {
    let mut key = [0; 32];
    key[0] = 1;
    key
}

fn two() -> [u8; 32] {
    let mut key = [0; 32];
    key[0] = 2;
    key
}

fn minus_one() -> [u8; 32] {
    let mut key = [0xff; 32];
    (key[0], key[31]) = (0xec, 0x7f);
    key
}

fn above_p() -> [u8; 32] {
    let mut key = [0xff; 32];
    (key[0], key[31]) = (0xf0, 0x7f);
    key
}
