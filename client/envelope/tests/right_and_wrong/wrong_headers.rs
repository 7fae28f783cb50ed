//! Envelopes whose header is wrong in one way and in all else right: bound, committed and sealed
//! to the wrong value, so that only the check that is meant can refuse them.

use crate::forge::{Forge, place_of};
use crate::set::Set;
use crate::text::Vector;

pub(crate) fn all(set: &mut Set) {
    heads(set);
    slots(set);
    unlike_slots(set);
    shares(set);
    commitments(set);
    points(set);
}

/// Adds a drop with this header over the words and files of `drop-2-of-3`.
fn forged(set: &mut Set, name: &str, what: &str, refuse: &str, openers: &str, forge: Forge) {
    let made = forge.build();
    let vector = Vector::new(format!("wrong/drop-{name}"), what)
        .say("as", "drop")
        .say("refuse", refuse)
        .say("base", "drop-2-of-3")
        .say("openers", openers)
        .bytes("K", &made.key);
    set.add_with_header(vector, made.header);
}

/// An honest header with the words and files of `drop-2-of-3`, to be spoiled.
fn honest(name: &str) -> Forge {
    Forge::drop(&format!("wrong/drop-{name}"), 1, 3, 2)
}

#[rustfmt::skip]
fn heads(set: &mut Set) {
    for (name, what, refuse, at, value) in [
        ("magic", "the magic is in lower case", "magic", 0, b"knothole".as_slice()),
        ("version-0", "version 0", "version", 8, &[0]),
        ("version-2", "version 2", "version", 8, &[2]),
        ("kind-0", "kind 0", "kind", 9, &[0]),
        ("kind-3", "kind 3", "kind", 9, &[3]),
        ("zero-10", "byte 10 is not zero", "reserved", 10, &[1]),
        ("zero-11", "byte 11 is not zero", "reserved", 11, &[1]),
        ("epoch-0", "a drop of epoch 0", "epoch", 12, &[0, 0, 0, 0]),
    ] {
        let mut forge = honest(name);
        forge.head[at..at + value.len()].copy_from_slice(value);
        forged(set, name, what, refuse, "11 12 13", forge);
    }
    for (name, what, chunks) in [
        ("n-0", "n = 0, with 16 chunks", 0),
        ("n-1", "n = 1 in a drop, with 16 chunks", 1),
        ("n-wraps", "n = 2^48 + 16, with 16 chunks: 65,536 · n wraps around to the right length", (1 << 48) + 16),
        ("n-above-scale", "n = 2^24 + 2^19, with 16 chunks: the next step above the longest drop", (1 << 24) + (1 << 19)),
        ("n-most", "n = 2^64 − 1, with 16 chunks", u64::MAX),
        ("n-little-endian", "n = 16 in little-endian order", 16_u64.swap_bytes()),
    ] {
        let forge = honest(name).chunks(chunks);
        forged(set, name, what, "chunks", "11 12 13", forge);
    }
    for (name, what, n) in [
        ("n-15", "15 chunks: a drop has 16", 15),
        ("n-17", "17 chunks: not on the scale", 17),
        ("n-33", "33 chunks: not on the scale", 33),
    ] {
        let made = honest(name).chunks(n).build();
        let vector = Vector::new(format!("wrong/drop-{name}"), what)
            .say("as", "drop")
            .say("refuse", "chunks")
            .say("base", "drop-2-of-3")
            .say("openers", "11 12 13")
            .say("n", n)
            .bytes("K", &made.key);
        set.add_with_header(vector, made.header);
    }
    for (name, what, tail) in [
        ("zeros-first", "the first byte behind the slots is not zero", 9_456),
        ("zeros-last", "the last byte of the header is not zero", 12_287),
    ] {
        let mut forge = honest(name);
        forge.tail = Some(tail);
        forged(set, name, what, "reserved", "11 12 13", forge);
    }
}

/// What stands in the slots beside the shares.
fn slots(set: &mut Set) {
    let mut all =
        |name: &str, what: &str, refuse: &str, openers: &str, spoil: &dyn Fn(&mut Forge)| {
            let mut forge = honest(name);
            spoil(&mut forge);
            forged(set, name, what, refuse, openers, forge);
        };
    for suite in [0, 3, 255] {
        all(
            &format!("suite-{suite}"),
            &format!("the slots say suite {suite}; the chunks are sealed in suite 1"),
            "suite",
            "11 12 13",
            &|forge| each(forge, 0, suite),
        );
    }
    for k in [0, 4, 9, 255] {
        all(
            &format!("k-{k}"),
            &format!("the slots and the commitment say k = {k}, for three editors"),
            "quorum",
            "11 12 13",
            &|forge| {
                each(forge, 1, k);
                forge.committed.1 = k;
            },
        );
    }
}

/// Slots that do not fit each other.
fn unlike_slots(set: &mut Set) {
    let mut all =
        |name: &str, what: &str, refuse: &str, openers: &str, spoil: &dyn Fn(&mut Forge)| {
            let mut forge = honest(name);
            spoil(&mut forge);
            forged(set, name, what, refuse, openers, forge);
        };
    all(
        "slots-differ-in-suite",
        "one slot says suite 2, the others suite 1",
        "disagree",
        "11 12",
        &|forge| forge.slot(1).text[0] = 2,
    );
    all(
        "slots-differ-in-k",
        "one slot says k = 1, the others k = 2",
        "disagree",
        "11 13",
        &|forge| forge.slot(2).text[1] = 1,
    );
    all(
        "two-slots",
        "one key opens two slots",
        "two slots",
        "11 12",
        &|forge| {
            let again = forge.slot(0).clone();
            forge.slots[0].clone_from(&again);
            forge.slots[2] = again;
        },
    );
    all(
        "two-slots-of-a-stranger",
        "a second slot for the first editor's key holds another share",
        "two slots",
        "11 13",
        &|forge| {
            let mut other = forge.slot(1).clone();
            other.seed = Some(0x11);
            forge.slots[4] = other;
        },
    );
    all(
        "sealed-for-another-place",
        "every slot is sealed for the place behind its own",
        "not for these keys",
        "11 12 13",
        &|forge| {
            for (place, slot) in (0..).zip(&mut forge.slots) {
                slot.aad = Some((place + 1) % 8);
            }
        },
    );
    all(
        "k-of-one-for-one",
        "the third editor's slot says k = 1 and holds M itself, all else is for k = 2",
        "commitment",
        "13",
        &|forge| {
            let secret = forge.secret;
            let text = &mut forge.slot(2).text;
            text[1] = 1;
            text[3..].copy_from_slice(&secret);
        },
    );
}

/// A field of the text of every editor's slot.
fn each(forge: &mut Forge, field: usize, value: u8) {
    for editor in 0..3 {
        forge.slot(editor).text[field] = value;
    }
}

/// x and y.
#[rustfmt::skip]
fn shares(set: &mut Set) {
    let mut all = |name: &str, what: &str, refuse: &str, xs: [u8; 3]| {
        let mut forge = honest(name);
        for (editor, x) in (0..).zip(xs) {
            forge.slot(editor).text[2] = x;
        }
        forged(set, name, what, refuse, "11 12 13", forge);
    };
    all(
        "x-0",
        "the first editor's share has x = 0",
        "share",
        [0, 2, 3],
    );
    all(
        "x-9",
        "the third editor's share has x = 9",
        "share",
        [1, 2, 9],
    );
    all(
        "x-255",
        "the third editor's share has x = 255",
        "share",
        [1, 2, 255],
    );
    all("x-doubled", "two shares have x = 1", "share", [1, 1, 3]);
    all(
        "x-swapped",
        "two editors have each other's x",
        "share",
        [2, 1, 3],
    );
    all(
        "x-from-0",
        "x is the editor's place, not one more",
        "share",
        [0, 1, 2],
    );
    let mut swapped = honest("shares-exchanged");
    let (one, two) = (swapped.slot(0).text.clone(), swapped.slot(1).text.clone());
    swapped.slot(0).text = two;
    swapped.slot(1).text = one;
    let what = "two editors have each other's share, x and y";
    forged(set, "shares-exchanged", what, "share", "11 12 13", swapped);
    for (name, what, openers, spoiled) in [
        ("y-wrong", "one of the two shares that are there is wrong", "11 12", [1].as_slice()),
        ("y-two-wrong", "two of three shares are wrong: no combination fits", "11 12 13", &[0, 2]),
    ] {
        let mut forge = honest(name);
        for editor in spoiled {
            forge.slot(*editor).text[20] ^= 1;
        }
        forged(set, name, what, "commitment", openers, forge);
    }
    let mut zero = honest("y-zero");
    for editor in 0..3 {
        zero.slot(editor).text[3..].fill(0);
    }
    let what = "all shares are zero, the commitment is to another secret";
    forged(set, "y-zero", what, "commitment", "11 12 13", zero);
}

#[rustfmt::skip]
fn commitments(set: &mut Set) {
    for (name, what, commitment) in [
        ("commitment-wrong", "the commitment is 32 bytes c0, and the slots are bound to it", [0xc0; 32]),
        ("commitment-zero", "the commitment is zero, and the slots are bound to it", [0; 32]),
    ] {
        let mut forge = honest(name);
        forge.commitment = Some(commitment);
        forged(set, name, what, "commitment", "11 12 13", forge);
    }
    for (name, what, committed) in [
        ("commitment-suite", "the commitment and the chunks are of suite 2, the slots say suite 1", (2, 2)),
        ("commitment-k", "the commitment is to k = 1, the slots say k = 2", (1, 1)),
    ] {
        let mut forge = honest(name);
        forge.committed = committed;
        let made = forge.build();
        let vector = Vector::new(format!("wrong/drop-{name}"), what)
            .say("as", "drop")
            .say("refuse", "commitment")
            .say("base", "drop-2-of-3")
            .say("openers", "11 12 13")
            .say("suite", made.suite)
            .bytes("K", &made.key);
        set.add_with_header(vector, made.header);
    }
}

/// X25519 shares of small order: whoever takes one knows the result, and the slot's tag fits.
#[rustfmt::skip]
fn points(set: &mut Set) {
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let mut prime = [0xff; 32];
    (prime[0], prime[31]) = (0xed, 0x7f);
    let mut one = [0; 32];
    one[0] = 1;
    let order_8 = [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ];
    for (name, what, point) in [
        ("point-0", "the X25519 share of the second slot is 0", [0; 32]),
        ("point-1", "the X25519 share of the second slot is 1", one),
        ("point-minus-1", "the X25519 share of the second slot is p − 1", minus_one),
        ("point-p", "the X25519 share of the second slot is p, another form of 0", prime),
        ("point-order-8", "the X25519 share of the second slot is a point of order 8", order_8),
    ] {
        let mut forge = honest(name);
        forge.slots[place_of(1)].point = Some(point);
        forged(set, name, what, "more needed", "11 12", forge);
    }
}
