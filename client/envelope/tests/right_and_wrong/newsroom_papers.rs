//! What editors sign beside charters: epoch sheets, receipts, the seal of an archive.

use crate::cast::{day, keys, openers, sha256};
use crate::cbor::{Fields, and, array, bytes, map, uint, with};
use crate::charters::{CHANGED, Chain, FOUNDING, changed, founding};
use crate::papers::Kind;
use crate::set::Set;
use crate::signatures::Domain;

const REASONS: [&str; 3] = ["bad signature", "foreign signature", "too few signatures"];

pub(crate) fn all(set: &mut Set) {
    right_sheets(set);
    wrong_sheets(set);
    right_receipts(set);
    wrong_receipts(set);
    archive(set);
}

/// A paper of this newsroom.
fn kind(
    name: &'static str,
    label: &'static str,
    chain: &'static str,
    fields: Fields,
    signers: &[u8],
) -> Kind {
    let held: Chain = if chain == CHANGED {
        changed()
    } else {
        founding()
    };
    Kind {
        name,
        fields,
        domain: Domain {
            label,
            newsroom: held.fingerprint(),
        },
        signers: signers.to_vec(),
        // In the newsroom that has changed this is an editor who left.
        stranger: if chain == CHANGED { 3 } else { 9 },
        context: vec![("chain", chain.to_owned())],
        reasons: REASONS,
    }
}

fn sheet(editors: u8, first: u32, last: u32, charter: &[u8]) -> Fields {
    let keys: Vec<_> = keys(&openers(editors))
        .iter()
        .map(|key| bytes(key.as_bytes()))
        .collect();
    vec![
        (1, uint(1)),
        (2, uint(9)),
        (3, uint(u64::from(first))),
        (4, uint(u64::from(last))),
        (5, array(&keys)),
        (6, bytes(&sha256(charter))),
    ]
}

/// 2026-11-23.
fn monday() -> u32 {
    day("2026-11-23").get()
}

#[rustfmt::skip]
fn right_sheets(set: &mut Set) {
    let (monday, last) = (monday(), 2_932_896);
    let changed = changed();
    let (first, third) = (&changed.bodies[0], &changed.bodies[2]);
    let founding = &founding().bodies[0];
    for (name, what, chain, fields, signers, current) in [
        ("2-of-3", "the sheet of FORMAT.md, signed by two of three", FOUNDING, sheet(3, monday, monday + 6, founding), [1, 2].as_slice(), "yes"),
        ("3-of-3", "the same sheet, signed by all three", FOUNDING, sheet(3, monday, monday + 6, founding), &[1, 2, 3], "yes"),
        ("one-day", "a sheet of one day", FOUNDING, sheet(3, monday, monday, founding), &[2, 3], "yes"),
        ("92-days", "a sheet of 92 days, up to the last day there is", FOUNDING, sheet(3, last - 91, last, founding), &[1, 3], "yes"),
        ("day-0", "a sheet that begins on 1970-01-01, with the last number an epoch can have", FOUNDING, with(&sheet(3, 0, 6, founding), 2, uint(0xffff_ffff)), &[1, 3], "yes"),
        ("newest-charter", "a sheet for four editors of the newest of three charters", CHANGED, sheet(4, monday, monday + 6, third), &[1, 4, 5], "yes"),
        ("older-charter", "a sheet of the first of three charters, signed by an editor who left: it is good, and not to be sealed to", CHANGED, sheet(3, monday, monday + 6, first), &[3], "no"),
    ] {
        let number = |key: u64| {
            let value = &fields.iter().find(|field| field.0 == key).unwrap().1;
            minicbor::Decoder::new(value).u64().unwrap()
        };
        let (epoch, first, last) = (number(2), number(3), number(4));
        let charter = if current == "no" {
            first_of(CHANGED)
        } else if chain == CHANGED {
            sha256(third)
        } else {
            sha256(founding)
        };
        let hash = sha256(&map(&fields));
        let kind = kind("sheet", "sheet", chain, fields, signers);
        set.add(
            kind.right(name, what)
                .bytes("hash", &hash)
                .bytes("charter", &charter)
                .say("current charter", current)
                .say("epoch", epoch)
                .say("first", first)
                .say("last", last),
        );
    }
}

/// The hash of a newsroom's first charter.
fn first_of(chain: &str) -> [u8; 32] {
    crate::charters::fingerprint(chain)
}

#[rustfmt::skip]
fn wrong_sheets(set: &mut Set) {
    let monday = monday();
    let right = sheet(3, monday, monday + 6, &founding().bodies[0]);
    let sheets = kind("sheet", "sheet", FOUNDING, right.clone(), &[1, 2]);
    sheets.common(set);
    let of = |editors: u8| -> Vec<Vec<u8>> {
        let keys = keys(&openers(editors));
        keys.iter().map(|key| bytes(key.as_bytes())).collect()
    };
    let three = of(3);
    let other = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut key = keys(&openers(1))[0].as_bytes().to_vec();
        change(&mut key);
        array(&[bytes(&key), three[1].clone(), three[2].clone()])
    };
    let day = |number: u32| uint(u64::from(number));
    for (name, what, refuse, key, value) in [
        ("epoch-0", "epoch 0", "value", 2, uint(0)),
        ("epoch-above-most", "epoch 2^32", "value", 2, uint(1 << 32)),
        ("epoch-text", "the epoch is a text", "malformed", 2, crate::cbor::text("9")),
        ("last-before-first", "the last day lies before the first", "value", 4, day(monday - 1)),
        ("93-days", "a sheet of 93 days", "value", 4, day(monday + 92)),
        ("first-after-9999", "the first day lies behind the year 9999", "value", 3, day(2_932_897)),
        ("last-after-9999", "the last day lies behind the year 9999", "value", 4, day(2_932_897)),
        ("last-huge", "the last day is 2^64 − 1", "value", 4, uint(u64::MAX)),
        ("no-keys", "a sheet without keys", "value", 5, array(&[])),
        ("two-keys", "a key less than there are editors", "wrong editors", 5, array(&of(2))),
        ("four-keys", "a key more than there are editors", "wrong editors", 5, array(&of(4))),
        ("nine-keys", "nine keys", "too many", 5, array(&of(9))),
        ("key-twice", "a key stands there twice", "value", 5, array(&[three[0].clone(), three[1].clone(), three[0].clone()])),
        ("key-short", "a key lacks its last byte", "value", 5, other(&|key| key.truncate(1_215))),
        ("key-long", "a key has a byte too many", "value", 5, other(&|key| key.push(0))),
        ("key-modulus", "a key's first coefficient is 4095: it fails the check of FIPS 203 §7.2", "value", 5, other(&|key| key[..2].fill(0xff))),
        ("key-modulus-3329", "a key's first coefficient is 3329, the modulus itself", "value", 5, other(&|key| { key[0] = 0x01; key[1] = key[1] & 0xf0 | 0x0d; })),
        ("key-point-0", "the X25519 part of a key is 0", "value", 5, other(&|key| key[1_184..].fill(0))),
        ("key-point-p", "the X25519 part of a key is p, another form of 0", "value", 5, other(&|key| { key[1_184..].fill(0xff); (key[1_184], key[1_215]) = (0xed, 0x7f); })),
        ("key-point-1", "the X25519 part of a key is 1", "value", 5, other(&|key| { key[1_184..].fill(0); key[1_184] = 1; })),
        ("charter-unknown", "a charter that is not in the chain", "unknown charter", 6, bytes(&[0xc4; 32])),
        ("charter-short", "the charter's hash lacks a byte", "malformed", 6, bytes(&[0xc4; 31])),
    ] {
        sheets.field(set, key, name, what, refuse, value);
    }
    let first = sheet(3, monday, monday + 6, &changed().bodies[0]);
    let older = kind("sheet", "sheet", CHANGED, first, &[4]);
    let what = "a sheet of the first charter, signed by an editor who came later";
    older.body(
        set,
        "signed-by-later",
        what,
        "foreign signature",
        &map(&older.fields),
    );
    let third = sheet(4, monday, monday + 6, &changed().bodies[2]);
    let newest = kind("sheet", "sheet", CHANGED, third, &[1, 2]);
    let what = "two have signed, as was enough before: the sheet's own charter asks for three";
    newest.body(
        set,
        "quorum-of-older",
        what,
        "too few signatures",
        &map(&newest.fields),
    );
}

fn of_a_drop(what: u64) -> Fields {
    vec![
        (1, uint(1)),
        (2, uint(what)),
        (3, bytes(&[0xd1; 32])),
        (4, bytes(&[0x7e; 32])),
        (5, uint(1_060_864)),
    ]
}

fn burned(epoch: u64) -> Fields {
    vec![(1, uint(1)), (2, uint(3)), (6, uint(epoch))]
}

#[rustfmt::skip]
fn right_receipts(set: &mut Set) {
    for (name, what, label, fields, signers) in [
        ("opened", "a drop was opened", "opened", of_a_drop(1), [1, 2, 4].as_slice()),
        ("refused", "a drop is not wanted; all four editors have signed", "refused", of_a_drop(2), &[1, 2, 4, 5]),
        ("burned", "an epoch was burned", "burned", burned(9), &[2, 4, 5]),
        ("last-epoch", "the last epoch was burned", "burned", burned(0xffff_ffff), &[1, 4, 5]),
        ("longest", "a length of 2^64 − 1: a server compares it with what it holds", "opened", with(&of_a_drop(1), 5, uint(u64::MAX)), &[1, 2, 5]),
    ] {
        let kind = kind("receipt", label, CHANGED, fields.clone(), signers);
        let number = |key: u64| {
            let value = &fields.iter().find(|field| field.0 == key).unwrap().1;
            minicbor::Decoder::new(value).u64().unwrap()
        };
        let vector = kind.right(name, what).say("says", label);
        set.add(if label == "burned" {
            vector.say("epoch", number(6))
        } else {
            let vector = vector
                .bytes("id", &[0xd1; 32])
                .bytes("tree hash", &[0x7e; 32]);
            vector.say("length", number(5))
        });
    }
}

#[rustfmt::skip]
fn wrong_receipts(set: &mut Set) {
    let receipts = kind("receipt", "opened", CHANGED, of_a_drop(1), &[1, 2, 4]);
    receipts.common(set);
    let right = of_a_drop(1);
    for (name, what, refuse, fields) in [
        ("says-0", "field 2 is 0", "value", with(&right, 2, uint(0))),
        ("says-4", "field 2 is 4", "value", with(&right, 2, uint(4))),
        ("id-short", "the id lacks a byte", "malformed", with(&right, 3, bytes(&[0xd1; 31]))),
        ("length-bytes", "the length is a byte string", "malformed", with(&right, 5, bytes(&[7]))),
        ("with-6", "a receipt for a drop names an epoch as well", "unknown field", and(&right, 6, uint(9))),
        ("burned-a-drop", "field 2 says burned, the others name a drop", "missing field", with(&right, 2, uint(3))),
        ("opened-an-epoch", "field 2 says opened, field 6 names an epoch", "missing field", with(&burned(9), 2, uint(1))),
        ("burned-with-length", "a burned epoch with a length", "missing field", and(&burned(9), 5, uint(7))),
        ("burned-epoch-0", "epoch 0 was burned", "value", burned(0)),
        ("burned-epoch-above-most", "epoch 2^32 was burned", "value", burned(1 << 32)),
    ] {
        receipts.body(set, name, what, refuse, &map(&fields));
    }
    // The label follows field 2: no signature under one of them is good for another.
    for (name, what, label, fields) in [
        ("opened-as-refused", "it says opened, and is signed as refused", "refused", of_a_drop(1)),
        ("refused-as-opened", "it says refused, and is signed as opened", "opened", of_a_drop(2)),
        ("burned-as-opened", "it says burned, and is signed as opened", "opened", burned(9)),
    ] {
        let kind = kind("receipt", label, CHANGED, fields, &[1, 2, 4]);
        kind.body(set, name, what, "bad signature", &map(&kind.fields));
    }
    let former = kind("receipt", "opened", CHANGED, of_a_drop(1), &[1, 2, 3]);
    let what = "two editors and one who has left have signed";
    former.body(
        set,
        "signed-by-former",
        what,
        "foreign signature",
        &map(&former.fields),
    );
}

fn archive(set: &mut Set) {
    let fields = vec![(1, uint(1)), (2, bytes(&[0x5a; 32]))];
    let seals = kind(
        "archive-seal",
        "archive",
        CHANGED,
        fields.clone(),
        &[1, 4, 5],
    );
    let right = seals.right("3-of-4", "three of four editors have sealed an archive");
    set.add(right.bytes("state", &[0x5a; 32]));
    seals.common(set);
    let short = with(&fields, 2, bytes(&[0x5a; 31]));
    let what = "the hash of the state lacks a byte";
    seals.body(set, "state-short", what, "malformed", &map(&short));
}
