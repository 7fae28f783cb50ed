//! Cards, and what a courier carries: bundle indexes, listings, replies to push.

use crate::cast::{day, keys, openers, sha256};
use crate::cbor::{Fields, and, array, bytes, map, uint, with, without};
use crate::charters::founding;
use crate::papers::Kind;
use crate::set::Set;
use crate::signatures::{Domain, NONE, public};
use crate::text::{Vector, pieces};

/// The courier's seed.
const COURIER: u8 = 0x31;

pub(crate) fn all(set: &mut Set) {
    right_bundles(set);
    wrong_bundles(set);
    listings(set);
    editor_cards(set);
    courier_cards(set);
    pushed_replies(set);
}

/// A listed drop of 16 chunks.
fn listed(id: u8) -> Fields {
    vec![
        (1, bytes(&[id; 32])),
        (2, bytes(&[0x7e; 32])),
        (3, uint(1_060_864)),
        (4, uint(9)),
    ]
}

fn part(name: u8, length: u64, drop: u8, offset: u64) -> Fields {
    vec![
        (1, bytes(&[name; 16])),
        (2, uint(length)),
        (3, bytes(&[0xb0; 32])),
        (4, bytes(&[drop; 32])),
        (5, uint(offset)),
    ]
}

fn maps(items: &[Fields]) -> Vec<u8> {
    array(&items.iter().map(|fields| map(fields)).collect::<Vec<_>>())
}

/// The first bundle of a courier: one drop in one part.
fn index() -> Fields {
    vec![
        (1, uint(1)),
        (2, uint(1)),
        (4, uint(u64::from(day("2026-11-24").get()))),
        (5, maps(&[part(0xa0, 1_060_864, 0xd1, 0)])),
        (6, maps(&[listed(0xd1)])),
        (7, bytes(&founding().fingerprint())),
    ]
}

/// The seventh one.
fn chained_index() -> Fields {
    and(&with(&index(), 2, uint(7)), 3, bytes(&[0x1d; 32]))
}

fn hashes(of: &[u8]) -> Vec<u8> {
    array(
        &of.iter()
            .map(|byte| bytes(&[*byte; 32]))
            .collect::<Vec<_>>(),
    )
}

/// So many different hashes, ascending.
fn many(count: u16) -> Vec<Vec<u8>> {
    let hash = |number: u16| [number.to_be_bytes().as_slice(), &[0x4e; 30]].concat();
    (0..count).map(|number| bytes(&hash(number))).collect()
}

fn bundle(fields: Fields) -> Kind {
    let newsroom = founding().fingerprint();
    Kind {
        name: "bundle",
        fields,
        domain: Domain {
            label: "bundle",
            newsroom,
        },
        signers: vec![COURIER],
        stranger: 1,
        context: vec![
            ("newsroom", pieces(&newsroom)),
            ("courier", pieces(&public(COURIER))),
        ],
        reasons: ["bad signature", "foreign signature", "bad signature"],
    }
}

#[rustfmt::skip]
fn right_bundles(set: &mut Set) {
    let two = [part(1, 600_000, 0xd1, 0), part(2, 460_864, 0xd1, 600_000)];
    let chained = chained_index();
    for (name, what, fields, counts) in [
        ("first", "the example of FORMAT.md: one drop in one part", index(), [1, 1, 1]),
        ("later", "the seventh bundle, which names the one before it", chained, [7, 1, 1]),
        ("two-parts", "a drop in two parts", with(&index(), 5, maps(&two)), [1, 2, 1]),
        ("parts-reversed", "the later part of a drop stands first", with(&index(), 5, maps(&[two[1].clone(), two[0].clone()])), [1, 2, 1]),
        ("no-parts", "a drop was listed and not fetched", with(&index(), 5, array(&[])), [1, 0, 1]),
        ("some-parts", "of a drop one part in the middle", with(&index(), 5, maps(&[part(9, 1, 0xd1, 77)])), [1, 1, 1]),
        ("empty", "nothing was listed", with(&with(&index(), 5, array(&[])), 6, array(&[])), [1, 0, 0]),
        ("replies", "two replies were taken", and(&index(), 8, hashes(&[0x3e, 0x4e])), [1, 1, 1]),
        ("replies-most", "4,096 replies were taken", and(&index(), 8, array(&many(4096))), [1, 1, 1]),
        ("replies-later", "a later bundle, and one reply was taken", and(&chained_index(), 8, hashes(&[0x3e])), [7, 1, 1]),
    ] {
        let [sequence, parts, drops] = counts;
        let hash = sha256(&map(&fields));
        let right = bundle(fields).right(name, what).bytes("hash", &hash);
        set.add(
            right
                .say("sequence", sequence)
                .say("parts", parts)
                .say("drops", drops),
        );
    }
}

#[rustfmt::skip]
fn wrong_bundles(set: &mut Set) {
    let right = index();
    let bundles = bundle(right.clone());
    bundles.common(set);
    let parts = |items: &[Fields]| with(&right, 5, maps(items));
    let whole = part(1, 1_060_864, 0xd1, 0);
    let huge = 12_288 + 65_536 * 16_384;
    let large = with(&right, 6, maps(&[with(&listed(0xd1), 3, uint(huge))]));
    let large = with(&large, 5, maps(&[part(1, (1 << 30) + 1, 0xd1, 0)]));
    for (name, what, refuse, fields) in [
        ("sequence-0", "sequence 0", "value", with(&right, 2, uint(0))),
        ("first-with-previous", "the first bundle names one before it", "value", and(&right, 3, bytes(&[7; 32]))),
        ("later-without-previous", "the second bundle names none before it", "value", with(&right, 2, uint(2))),
        ("previous-short", "the hash of the bundle before lacks a byte", "malformed", and(&with(&right, 2, uint(2)), 3, bytes(&[7; 31]))),
        ("day-after-9999", "a day behind the year 9999", "value", with(&right, 4, uint(2_932_897))),
        ("drop-twice", "a drop is listed twice", "value", with(&right, 6, maps(&[listed(0xd1), listed(0xd1)]))),
        ("drop-off-scale", "a listed drop has 17 chunks", "value", with(&right, 6, maps(&[with(&listed(0xd1), 3, uint(12_288 + 65_536 * 17))]))),
        ("drop-length-odd", "a listed drop is a byte longer than a drop", "value", with(&right, 6, maps(&[with(&listed(0xd1), 3, uint(1_060_865))]))),
        ("drop-epoch-0", "a listed drop is of epoch 0", "value", with(&right, 6, maps(&[with(&listed(0xd1), 4, uint(0))]))),
        ("drop-with-5", "a listed drop has a field 5", "unknown field", with(&right, 6, maps(&[and(&listed(0xd1), 5, uint(1))]))),
        ("part-name-twice", "two parts have one name", "value", parts(&[part(1, 9, 0xd1, 0), part(1, 9, 0xd1, 9)])),
        ("parts-overlap", "two parts have a byte of the drop in common", "value", parts(&[part(1, 10, 0xd1, 0), part(2, 9, 0xd1, 9)])),
        ("parts-nested", "a part lies inside another", "value", parts(&[whole.clone(), part(2, 1, 0xd1, 500)])),
        ("part-empty", "a part of length 0", "value", parts(&[part(1, 0, 0xd1, 0)])),
        ("part-beyond", "a part ends a byte behind its drop", "value", parts(&[part(1, 1_060_864, 0xd1, 1)])),
        ("part-wraps", "a part's end is 2^64 + 9", "value", parts(&[part(1, 10, 0xd1, u64::MAX)])),
        ("part-too-long", "a part of 2^30 + 1 bytes", "value", large),
        ("part-of-unlisted", "a part of a drop that is not listed", "value", parts(&[part(1, 9, 0xd2, 0)])),
        ("part-name-short", "a part's name has 15 bytes", "malformed", parts(&[with(&whole, 1, bytes(&[1; 15]))])),
        ("part-without-hash", "a part has no hash", "missing field", parts(&[without(&whole, 3)])),
        ("part-with-6", "a part has a field 6", "unknown field", parts(&[and(&whole, 6, uint(1))])),
        ("replies-none", "the list of replies is there and empty", "value", and(&right, 8, array(&[]))),
        ("replies-twice", "a reply is named twice", "value", and(&right, 8, hashes(&[0x3e, 0x3e]))),
        ("replies-descending", "the replies do not ascend", "value", and(&right, 8, hashes(&[0x4e, 0x3e]))),
        ("replies-4097", "4,097 replies", "too many", and(&right, 8, array(&many(4097)))),
        ("reply-short", "the hash of a reply lacks a byte", "malformed", and(&right, 8, array(&[bytes(&[0x3e; 31])]))),
        ("with-9", "a field 9", "unknown field", and(&right, 9, uint(1))),
    ] {
        bundles.body(set, name, what, refuse, &map(&fields));
    }
}

#[rustfmt::skip]
fn listings(set: &mut Set) {
    let add = |set: &mut Set, name: &str, what: &str, listing: &str, says: (&str, &str)| {
        let vector = Vector::new(name, what).say("as", "listing");
        set.add(vector.say("bytes", listing).say(says.0, says.1));
    };
    let item = map(&listed(0xd1));
    let longest = with(&listed(0xd1), 3, uint(12_288 + (65_536 << 24)));
    for (name, what, items, drops) in [
        ("empty", "nothing", vec![], "0"),
        ("one", "the example of FORMAT.md", vec![listed(0xd1)], "1"),
        ("longest-drop", "a drop of 2^24 chunks", vec![longest], "1"),
        ("twice", "one drop twice: a listing says nothing of that, an index does", vec![listed(1), listed(1)], "2"),
    ] {
        let name = format!("right/listing-{name}");
        add(set, &name, what, &pieces(&maps(&items)), ("drops", drops));
    }
    let digits = crate::cast::hex(&item);
    let most = format!("9a00010000 {digits}*65536");
    add(
        set,
        "right/listing-most",
        "65,536 drops",
        &most,
        ("drops", "65536"),
    );
    let beyond = format!("9a00010001 {digits}*65537");
    add(
        set,
        "wrong/listing-65537",
        "65,537 drops",
        &beyond,
        ("refuse", "too many"),
    );
    let one = |fields: Fields| maps(&[fields]);
    for (name, what, refuse, listing) in [
        ("no-array", "a drop alone, in no array", "malformed", item.clone()),
        ("byte-behind", "a byte follows the array", "not canonical", [maps(&[listed(1)]), vec![0]].concat()),
        ("cut", "the last byte is missing", "malformed", array(&[item[..item.len() - 1].to_vec()])),
        ("announces-more", "the array announces two drops and has one", "malformed", [vec![0x82], item.clone()].concat()),
        ("huge", "the array announces 2^64 − 1 drops", "too many", [crate::cbor::head(4, u64::MAX), item.clone()].concat()),
        ("indefinite", "the array is of indefinite length", "malformed", [vec![0x9f], item.clone(), vec![0xff]].concat()),
        ("length-in-1", "the array's length takes a byte of its own", "not canonical", [vec![0x98, 1], item.clone()].concat()),
        ("without-1", "a drop has no id", "missing field", one(without(&listed(1), 1))),
        ("without-2", "a drop has no tree hash", "missing field", one(without(&listed(1), 2))),
        ("without-3", "a drop has no length", "missing field", one(without(&listed(1), 3))),
        ("without-4", "a drop has no epoch", "missing field", one(without(&listed(1), 4))),
        ("with-5", "a drop has a field 5", "unknown field", one(and(&listed(1), 5, uint(1)))),
        ("id-short", "an id lacks a byte", "malformed", one(with(&listed(1), 1, bytes(&[1; 31])))),
        ("tree-long", "a tree hash has a byte too many", "malformed", one(with(&listed(1), 2, bytes(&[1; 33])))),
        ("epoch-0", "a drop of epoch 0", "value", one(with(&listed(1), 4, uint(0)))),
        ("15-chunks", "a drop of 15 chunks", "value", one(with(&listed(1), 3, uint(12_288 + 15 * 65_536)))),
        ("17-chunks", "a drop of 17 chunks", "value", one(with(&listed(1), 3, uint(12_288 + 17 * 65_536)))),
        ("reply-length", "a drop of a reply's length", "value", one(with(&listed(1), 3, uint(77_824)))),
        ("length-0", "a drop of length 0", "value", one(with(&listed(1), 3, uint(0)))),
        ("length-wraps", "a drop of 2^64 − 1 bytes", "value", one(with(&listed(1), 3, uint(u64::MAX)))),
        ("longer-than-longest", "a drop of 2^24 + 2^19 chunks", "value", one(with(&listed(1), 3, uint(12_288 + 65_536 * ((1 << 24) + (1 << 19)))))),
    ] {
        let name = format!("wrong/listing-{name}");
        add(set, &name, what, &pieces(&listing), ("refuse", refuse));
    }
}

fn editor_card(epochs: u8) -> Fields {
    let keys: Vec<_> = keys(&openers(epochs))
        .iter()
        .map(|key| bytes(key.as_bytes()))
        .collect();
    let archive = knothole_envelope::EpochSecret::from_bytes([0x21; 32]).recipient_key();
    vec![
        (1, uint(1)),
        (2, uint(1)),
        (3, bytes(&public(1))),
        (4, uint(9)),
        (5, uint(u64::from(day("2026-11-23").get()))),
        (6, uint(7)),
        (7, array(&keys)),
        (8, bytes(archive.as_bytes())),
    ]
}

fn card(name: &'static str, fields: Fields, signer: u8) -> Kind {
    Kind {
        name,
        fields,
        domain: Domain {
            label: "card",
            newsroom: NONE,
        },
        signers: vec![signer],
        stranger: 9,
        context: Vec::new(),
        reasons: ["bad signature"; 3],
    }
}

#[rustfmt::skip]
fn editor_cards(set: &mut Set) {
    let longest = with(
        &with(&editor_card(2), 5, uint(2_932_896 - 183)),
        6,
        uint(92),
    );
    for (name, what, fields, says) in [
        ("two-epochs", "the example of FORMAT.md: two epochs of a week", editor_card(2), ["9", "20780", "7", "2"]),
        ("one-epoch", "one epoch", editor_card(1), ["9", "20780", "7", "1"]),
        ("last-days", "two epochs of 92 days, up to the last day there is", longest, ["9", "2932713", "92", "2"]),
    ] {
        let [epoch, day, days, epochs] = says;
        let right = card("editor-card", fields, 1).right(name, what);
        set.add(
            right
                .bytes("key", &public(1))
                .say("first epoch", epoch)
                .say("first day", day)
                .say("days", days)
                .say("epochs", epochs),
        );
    }
    let right = editor_card(1);
    let cards = card("editor-card", right.clone(), 1);
    cards.common(set);
    let key = bytes(keys(&openers(1))[0].as_bytes());
    let mut modulus = keys(&openers(1))[0].as_bytes().to_vec();
    modulus[..3].fill(0xff);
    for (name, what, refuse, field, value) in [
        ("kind-0", "a card of the kind 0", "value", 2, uint(0)),
        ("kind-2", "an editor's fields, and the kind of a courier's card", "value", 2, uint(2)),
        ("of-another", "the card names another key than the one that signed it", "bad signature", 3, bytes(&public(2))),
        ("signing-key-small-order", "the signing key is the neutral point", "value", 3, bytes(&[&[1], [0; 31].as_slice()].concat())),
        ("epoch-0", "the first epoch is 0", "value", 4, uint(0)),
        ("epoch-above-most", "the first epoch is 2^32", "value", 4, uint(1 << 32)),
        ("days-0", "epochs of 0 days", "value", 6, uint(0)),
        ("days-93", "epochs of 93 days", "value", 6, uint(93)),
        ("days-huge", "epochs of 2^32 + 7 days", "value", 6, uint((1 << 32) + 7)),
        ("day-after-9999", "the first day lies behind the year 9999", "value", 5, uint(2_932_897)),
        ("ends-after-9999", "the epoch ends behind the year 9999", "value", 5, uint(2_932_891)),
        ("no-epochs", "no epoch", "value", 7, array(&[])),
        ("key-twice", "a key stands there twice", "value", 7, array(&[key.clone(), key.clone()])),
        ("key-modulus", "a key fails the check of FIPS 203 §7.2", "value", 7, array(&[bytes(&modulus)])),
        ("archive-key-of-epoch", "the key for papers is that of an epoch", "value", 8, key),
        ("archive-key-short", "the key for papers lacks a byte", "value", 8, bytes(&modulus[1..])),
    ] {
        cards.field(set, field, name, what, refuse, value);
    }
    let last = with(&editor_card(2), 4, uint(0xffff_ffff));
    let what = "the second epoch would have the number 2^32";
    cards.body(set, "epochs-beyond-most", what, "value", &map(&last));
}

#[rustfmt::skip]
fn courier_cards(set: &mut Set) {
    let fields = vec![
        (1, uint(1)),
        (2, uint(2)),
        (3, bytes(&[0x41; 32])),
        (4, bytes(&sha256(&[0x51; 32]))),
        (5, bytes(&public(COURIER))),
    ];
    let cards = card("courier-card", fields.clone(), COURIER);
    set.add(
        cards
            .right("example", "the example of FORMAT.md")
            .bytes("discovery", &[0x41; 32])
            .bytes("credential", &sha256(&[0x51; 32]))
            .bytes("key", &public(COURIER)),
    );
    cards.common(set);
    for (name, what, refuse, key, value) in [
        ("kind-1", "a courier's fields, and the kind of an editor's card", "value", 2, uint(1)),
        ("kind-3", "a card of the kind 3", "value", 2, uint(3)),
        ("discovery-short", "the discovery key lacks a byte", "malformed", 3, bytes(&[0x41; 31])),
        ("credential-long", "the hash of the credential has a byte too many", "malformed", 4, bytes(&[0x51; 33])),
        ("of-another", "the card names another key than the one that signed it", "bad signature", 5, bytes(&public(1))),
        ("key-small-order", "the bundle key is the neutral point", "value", 5, bytes(&[&[1], [0; 31].as_slice()].concat())),
    ] {
        cards.field(set, key, name, what, refuse, value);
    }
}

/// What a server can check of a reply: the head, the zeros and the length.
fn envelope(kind: u8, epoch: u8, n: u8, length: usize) -> Vec<u8> {
    let mut envelope = vec![0; length];
    envelope[..10].copy_from_slice(&[b"KNOTHOLE\x01".as_slice(), &[kind]].concat());
    (envelope[15], envelope[23]) = (epoch, n);
    envelope
}

#[rustfmt::skip]
fn pushed_replies(set: &mut Set) {
    let push = |envelope: Vec<u8>| -> Fields {
        vec![
            (1, bytes(&[0x07; 32])),
            (2, bytes(&[0x0e; 32])),
            (3, bytes(&envelope)),
        ]
    };
    let right = push(envelope(2, 0, 1, 77_824));
    let hash = sha256(&envelope(2, 0, 1, 77_824));
    let add = |set: &mut Set, name: &str, what: &str, replies: &[u8], says: (&str, &str)| {
        let vector = Vector::new(name, what).say("as", "pushed-replies");
        set.add(vector.bytes("bytes", replies).say(says.0, says.1));
    };
    let hashes = |count: usize| vec![crate::cast::hex(&hash); count].join(" ");
    for (name, what, count) in [("one", "one reply", 1), ("sixteen", "sixteen replies", 16)] {
        let replies = maps(&vec![right.clone(); count]);
        let name = format!("right/pushed-replies-{name}");
        add(set, &name, what, &replies, ("hashes", &hashes(count)));
    }
    let of = |kind, epoch, n, length| push(envelope(kind, epoch, n, length));
    let mut spoiled = envelope(2, 0, 1, 77_824);
    spoiled[9_456] = 1;
    for (name, what, refuse, replies) in [
        ("seventeen", "seventeen replies", "too many", vec![right.clone(); 17]),
        ("a-drop", "a drop's head", "value", vec![of(1, 9, 16, 77_824)]),
        ("with-epoch", "a reply with an epoch", "value", vec![of(2, 9, 1, 77_824)]),
        ("n-2", "a reply of two chunks", "value", vec![of(2, 0, 2, 77_824)]),
        ("n-0", "a reply of no chunk", "value", vec![of(2, 0, 0, 77_824)]),
        ("short", "a reply lacks its last byte", "value", vec![of(2, 0, 1, 77_823)]),
        ("long", "a reply has a byte too many", "value", vec![of(2, 0, 1, 77_825)]),
        ("header-alone", "a reply is its header alone", "value", vec![of(2, 0, 1, 12_288)]),
        ("not-zero", "a byte of the header that must be zero is not", "value", vec![push(spoiled)]),
        ("without-1", "no mailbox", "missing field", vec![without(&right, 1)]),
        ("without-2", "no hash to erase by", "missing field", vec![without(&right, 2)]),
        ("without-3", "no envelope", "missing field", vec![without(&right, 3)]),
        ("with-4", "a field 4", "unknown field", vec![and(&right, 4, uint(1))]),
        ("mailbox-short", "a mailbox of 31 bytes", "malformed", vec![with(&right, 1, bytes(&[7; 31]))]),
    ] {
        let name = format!("wrong/pushed-replies-{name}");
        add(set, &name, what, &maps(&replies), ("refuse", refuse));
    }
}
