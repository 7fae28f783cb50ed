//! Replies, right and wrong.

use knothole_envelope::HEADER_LEN;

use crate::cast::{hex, sha256, source};
use crate::cbor::{Fields, and, array, bytes, map, raw_text, text, uint, wide, with, without};
use crate::charters::{CHANGED, FOUNDING, fingerprint};
use crate::envelopes;
use crate::forge::{Forge, Forged};
use crate::set::Set;
use crate::signatures::{Domain, above_order, public, small_r, torsion_r};
use crate::text::{Vector, pieces};

pub(crate) fn all(set: &mut Set) {
    right(set);
    headers(set);
    edits(set);
    manifests(set);
    signatures(set);
    lengths(set);
}

/// The fields of a reply's manifest but the signature.
fn unsigned(editor: u8, number: u64, words: &str) -> Fields {
    vec![
        (1, uint(1)),
        (2, bytes(&sha256(source().recipient_key().as_bytes()))),
        (3, uint(number)),
        (6, text(words)),
        (7, bytes(&public(editor))),
    ]
}

fn domain(chain: &str) -> Domain {
    Domain {
        label: "reply",
        newsroom: fingerprint(chain),
    }
}

/// The manifest with a right signature under these fields.
fn signed(chain: &str, editor: u8, fields: &Fields) -> Vec<u8> {
    let signature = domain(chain).sign(editor, &map(fields));
    map(&and(fields, 8, bytes(&signature)))
}

#[rustfmt::skip]
fn right(set: &mut Set) {
    let longest = "w".repeat(32_768);
    for (name, what, suite, chain, editor, number, words) in [
        ("aes", "suite 2, words in Chinese", 2, FOUNDING, 2, 2, "在哪里？"),
        ("longest", "words of 32,768 bytes", 1, FOUNDING, 3, 3, longest.as_str()),
        ("empty", "no words, and the number 0", 1, FOUNDING, 1, 0, ""),
        ("last-number", "the largest number", 1, FOUNDING, 1, u64::MAX, "the end"),
        ("former-editor", "from an editor who stands in an older charter only: it opens, and the reader says so", 1, CHANGED, 3, 7, "still here"),
        ("newer-editor", "from an editor who came with a later charter", 2, CHANGED, 4, 8, "new here"),
    ] {
        let name = format!("right/reply-{name}");
        let forged = Forge::reply(&name, suite).build();
        let manifest = signed(chain, editor, &unsigned(editor, number, words));
        let current = !(chain == CHANGED && editor == 3);
        let vector = Vector::new(name, what)
            .say("as", "reply")
            .say("suite", suite)
            .say("openers", "77")
            .say("chain", chain)
            .say("n", 1)
            .say("length", 77_824)
            .say("K", hex(&forged.key))
            .bytes("manifest", &manifest)
            .say("number", number)
            .bytes("editor", &public(editor))
            .say("current editor", if current { "yes" } else { "no" });
        let sealed = envelopes::sealed(&vector, &forged.header);
        let vector = vector
            .say("SHA-256(header)", hex(&sha256(&sealed[..HEADER_LEN])))
            .say("SHA-256(envelope)", hex(&sha256(&sealed)));
        set.add_with_header(vector, forged.header);
    }
}

fn wrong(name: &str, what: &str, refuse: &str) -> Vector {
    Vector::new(format!("wrong/reply-{name}"), what)
        .say("as", "reply")
        .say("refuse", refuse)
        .say("base", "right/reply-aes")
}

/// Another header, in all else right, over the words of `reply-aes`.
#[rustfmt::skip]
fn headers(set: &mut Set) {
    type Spoil = fn(&mut Forge);
    let cases: [(&str, &str, &str, Spoil); 12] = [
        ("epoch-9", "a reply with an epoch", "epoch", |forge| {
            forge.head[15] = 9
        }),
        ("n-0", "n = 0", "chunks", |forge| forge.head[23] = 0),
        ("n-2", "n = 2", "chunks", |forge| forge.head[23] = 2),
        ("n-16", "n = 16", "chunks", |forge| forge.head[23] = 16),
        ("kind-1", "a drop's kind and epoch, and one chunk", "chunks", |forge| { forge.head[9] = 1; forge.head[15] = 9; }),
        ("k-0", "k = 0", "quorum", |forge| {
            forge.slot(0).text[1] = 0;
            forge.committed.1 = 0;
        }),
        ("k-2", "k = 2", "quorum", |forge| {
            forge.slot(0).text[1] = 2;
            forge.committed.1 = 2;
        }),
        ("x-0", "x = 0", "share", |forge| forge.slot(0).text[2] = 0),
        ("x-2", "x = 2", "share", |forge| forge.slot(0).text[2] = 2),
        ("suite-3", "suite 3", "suite", |forge| {
            forge.slot(0).text[0] = 3
        }),
        ("two-slots", "the source's key opens two slots", "two slots", |forge| { forge.slots[5] = forge.slots[0].clone(); }),
        ("commitment", "the commitment is 32 bytes c0, and the slots are bound to it", "commitment", |forge| { forge.commitment = Some([0xc0; 32]); }),
    ];
    for (name, what, refuse, spoil) in cases {
        let mut forge = Forge::reply(&format!("wrong/reply-{name}"), 2);
        spoil(&mut forge);
        add(
            set,
            wrong(name, what, refuse).say("openers", "77"),
            forge.build(),
        );
    }
    let mut decoy = Forge::reply("wrong/reply-decoy", 1);
    decoy.slot(0).seed = None;
    let what = "a mailbox's decoy: zeros, sealed to nobody";
    let vector = wrong("decoy", what, "not for these keys").say("openers", "77");
    add(
        set,
        vector.say("suite", 1).say("plaintext", "00"),
        decoy.build(),
    );
    let what = "a reply to another source";
    set.add(wrong("to-another", what, "not for these keys").say("openers", "78"));
}

fn add(set: &mut Set, vector: Vector, made: Forged) {
    set.add_with_header(vector.bytes("K", &made.key), made.header);
}

#[rustfmt::skip]
fn edits(set: &mut Set) {
    for (name, what, refuse, edit) in [
        ("cut", "the last byte is missing", "reply length", "cut 77823"),
        ("header-alone", "no chunk at all", "reply length", "cut 12288"),
        ("cut-in-header", "cut inside the header", "reply length", "cut 9456"),
        ("byte-behind", "a byte follows the chunk", "reply length", "append 00"),
        ("two-chunks", "the chunk stands there twice", "reply length", "double 12288 65536"),
        ("flip-chunk", "a bit of the chunk", "damaged", "xor 12300 01"),
        ("flip-tag", "a bit of the chunk's tag", "damaged", "xor 77823 01"),
        ("flip-nobodys-slot", "a bit of a slot that is nobody's", "damaged", "xor 5000 01"),
        ("not-flagged", "the chunk is sealed without the flag of the last one", "damaged", "reseal 0 0 0"),
        ("counter-1", "the chunk is sealed with the counter 1", "damaged", "reseal 0 1 1"),
        ("zeros", "the last byte of the header is not zero", "reserved", "set 12287 01"),
    ] {
        set.add(
            wrong(name, what, refuse)
                .say("openers", "77")
                .say("edit", edit),
        );
    }
    let what = "the slot says suite 2, the chunk is sealed in suite 1";
    set.add(
        wrong("other-cipher", what, "damaged")
            .say("openers", "77")
            .say("suite", 1),
    );
    let drop = Vector::new("wrong/reply-is-a-drop", "a drop where a reply is wanted");
    set.add(
        drop.say("as", "reply")
            .say("refuse", "reply length")
            .say("base", "drop-1-of-1")
            .say("chain", FOUNDING)
            .say("openers", "11"),
    );
}

/// A reply with this manifest under a right header.
fn manifest(set: &mut Set, name: &str, what: &str, refuse: &str, encoded: &[u8]) {
    let vector = wrong(name, what, refuse).say("openers", "77");
    set.add(vector.bytes("manifest", encoded));
}

#[rustfmt::skip]
fn manifests(set: &mut Set) {
    let fields = unsigned(2, 2, "words");
    let right = signed(FOUNDING, 2, &fields);
    let all = and(&fields, 8, bytes(&domain(FOUNDING).sign(2, &map(&fields))));
    for key in [1, 2, 3, 6, 7] {
        let name = format!("without-{key}");
        let what = format!("the manifest lacks field {key}");
        manifest(
            set,
            &name,
            &what,
            "missing field",
            &signed(FOUNDING, 2, &without(&fields, key)),
        );
    }
    manifest(
        set,
        "without-8",
        "there is no signature",
        "missing field",
        &map(&fields),
    );
    for (key, refuse) in [
        (4, "missing field"),
        (5, "missing field"),
        (9, "unknown field"),
    ] {
        let name = format!("with-{key}");
        let what = format!("the manifest has a field {key}");
        let more = map(&and(&all, key, uint(1)));
        manifest(set, &name, &what, refuse, &more);
    }
    let stranger = sha256(&[1]);
    for (name, what, refuse, key, value) in [
        ("version-2", "version 2 of the manifest", "value", 1, uint(2)),
        ("other-source", "it was written to another source: field 2 is the hash of another key", "other source", 2, bytes(&stranger)),
        ("source-short", "field 2 lacks a byte", "malformed", 2, bytes(&stranger[1..])),
        ("number-text", "the number is a text", "malformed", 3, text("2")),
        ("number-negative", "the number is -1", "malformed", 3, vec![0x20]),
        ("number-long", "the number takes a byte of its own", "not canonical", 3, wide(0, 2, 1)),
        ("words-not-utf8", "the words are not UTF-8", "malformed", 6, raw_text(b"\xff")),
        ("words-too-long", "words of 32,769 bytes", "value", 6, text(&"w".repeat(32_769))),
        ("editor-small-order", "the editor's key is the neutral point", "value", 7, bytes(&[&[1], [0; 31].as_slice()].concat())),
        ("editor-no-point", "the editor's key is no point", "value", 7, bytes(&[&[2], [0; 31].as_slice()].concat())),
    ] {
        manifest(
            set,
            name,
            what,
            refuse,
            &signed(FOUNDING, 2, &with(&fields, key, value)),
        );
    }
    let behind = [right.as_slice(), &[0]].concat();
    manifest(
        set,
        "byte-in-manifest",
        "a byte follows the map inside its length",
        "not canonical",
        &behind,
    );
    manifest(
        set,
        "array",
        "the manifest is an array",
        "malformed",
        &array(&[uint(1)]),
    );
}

#[rustfmt::skip]
fn signatures(set: &mut Set) {
    let fields = unsigned(2, 2, "words");
    let body = map(&fields);
    let domain = domain(FOUNDING);
    let right = domain.sign(2, &body);
    let message = domain.message(&body);
    let mut flipped = right;
    flipped[40] ^= 1;
    let unlike = Domain {
        label: "card",
        ..domain
    };
    let elsewhere = Domain {
        newsroom: fingerprint(CHANGED),
        ..domain
    };
    let other_words = domain.sign(2, &map(&unsigned(2, 2, "other words")));
    for (name, what, signature) in [
        ("signature", "a bit of the signature", flipped),
        ("signature-of-other-words", "the signature is under other words", other_words),
        ("signature-of-other-editor", "the signature is another editor's", domain.sign(1, &body)),
        ("signature-under-other-label", "the signature is under another label", unlike.sign(2, &body)),
        ("signature-of-other-newsroom", "the signature is for another newsroom", elsewhere.sign(2, &body)),
        ("signature-above-order", "the signature has S + L in place of S", above_order(&right)),
        ("signature-small-r", "the signature's R is the neutral point, and its equation holds", small_r(2, &message)),
        ("signature-torsion", "the signature holds with the cofactor only", torsion_r(2, &message)),
    ] {
        manifest(
            set,
            name,
            what,
            "bad signature",
            &map(&and(&fields, 8, bytes(&signature))),
        );
    }
    manifest(
        set,
        "signature-short",
        "the signature lacks a byte",
        "malformed",
        &map(&and(&fields, 8, bytes(&right[1..]))),
    );
    let stranger = unsigned(0x3e, 2, "words");
    let what = "a stranger has signed it, rightly";
    manifest(
        set,
        "stranger",
        what,
        "foreign editor",
        &signed(FOUNDING, 0x3e, &stranger),
    );
    let later = unsigned(4, 2, "words");
    let what = "signed by an editor of another newsroom";
    manifest(
        set,
        "editor-of-other-newsroom",
        what,
        "foreign editor",
        &signed(FOUNDING, 4, &later),
    );
}

/// The number before the manifest, and what follows it.
#[rustfmt::skip]
fn lengths(set: &mut Set) {
    let right = signed(FOUNDING, 2, &unsigned(2, 2, "words"));
    let length = u32::try_from(right.len()).unwrap();
    for (name, what, refuse, said) in [
        ("length-0", "the manifest's length is 0", "malformed", 0),
        ("length-less", "the manifest's length is one less than it is", "trailing", length - 1),
        ("length-more", "the manifest's length is one more than it is", "not canonical", length + 1),
        ("length-above-most", "the manifest's length is 65,517", "malformed", 65_517),
        ("length-huge", "the manifest's length is 2^32 − 1", "malformed", u32::MAX),
    ] {
        let text = pieces(&[said.to_be_bytes().as_slice(), &right].concat());
        set.add(
            wrong(name, what, refuse)
                .say("openers", "77")
                .say("plaintext", text),
        );
    }
    let mut text = [length.to_be_bytes().as_slice(), &right].concat();
    for (name, what, len) in [
        ("trailing", "something is hidden behind the manifest", text.len()),
        ("trailing-last", "the last byte of the chunk is not zero", 65_519),
    ] {
        text.resize(len, 0);
        let hidden = pieces(&[text.as_slice(), &[1]].concat());
        set.add(
            wrong(name, what, "trailing")
                .say("openers", "77")
                .say("plaintext", hidden),
        );
    }
}
