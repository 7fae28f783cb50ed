//! Envelopes that were changed, cut, or put together anew after they had been sealed, and other people's keys.

use crate::set::Set;
use crate::text::Vector;

/// Where the chunks begin.
const HEADER: usize = 12_288;
const CHUNK: usize = 65_536;
/// Where slot j begins: 88 + 1171·j.
const SLOT: usize = 1_171;

pub(crate) fn all(set: &mut Set) {
    cuts(set);
    flips(set);
    chunks(set);
    foreign(set);
}

fn on(base: &str, name: &str, what: &str, refuse: &str) -> Vector {
    Vector::new(format!("wrong/drop-{name}"), what)
        .say("as", "drop")
        .say("refuse", refuse)
        .say("base", base)
}

fn wrong(name: &str, what: &str, refuse: &str) -> Vector {
    on("drop-2-of-3", name, what, refuse)
}

fn edited(set: &mut Set, name: &str, what: &str, refuse: &str, edits: &[String]) {
    let mut vector = wrong(name, what, refuse).say("openers", "11 12 13");
    for edit in edits {
        vector = vector.say("edit", edit);
    }
    set.add(vector);
}

/// Cut at every boundary, a byte before it, and in the middle of every field.
#[rustfmt::skip]
fn cuts(set: &mut Set) {
    let whole = HEADER + 16 * CHUNK;
    for (name, what, refuse, length) in [
        ("empty", "nothing at all", "short", 0),
        ("cut-in-magic", "cut inside the magic", "short", 5),
        ("cut-after-magic", "cut behind the magic", "short", 8),
        ("cut-in-epoch", "cut inside the epoch", "short", 14),
        ("cut-in-n", "cut inside n", "short", 20),
        ("cut-in-salt", "cut inside the salt", "short", 40),
        ("cut-after-salt", "cut behind H0", "short", 56),
        ("cut-in-commitment", "cut inside the commitment", "short", 70),
        ("cut-before-slots", "cut before the first slot", "short", 88),
        ("cut-in-slot", "cut inside a slot", "short", 88 + 3 * SLOT + 1_120),
        ("cut-after-slots", "cut behind the last slot", "short", 9_456),
        ("cut-in-zeros", "a byte of the header is missing", "short", HEADER - 1),
        ("cut-after-header", "no chunk at all", "damaged", HEADER),
        ("cut-in-first-chunk", "cut inside the first chunk", "damaged", HEADER + 1),
        ("cut-before-tag", "the first chunk ends before its tag", "damaged", HEADER + 65_520),
        ("cut-in-tag", "the first chunk's tag lacks a byte", "damaged", HEADER + CHUNK - 1),
        ("cut-after-first-chunk", "the first chunk alone", "damaged", HEADER + CHUNK),
        ("cut-in-second-chunk", "cut inside the second chunk", "damaged", HEADER + CHUNK + 99),
        ("cut-before-last-chunk", "the last chunk is missing", "damaged", whole - CHUNK),
        ("cut-in-last-chunk", "the last chunk ends early", "damaged", whole - 17),
        ("cut-last-byte", "the last byte is missing", "damaged", whole - 1),
    ] {
        edited(set, name, what, refuse, &[format!("cut {length}")]);
    }
    edited(
        set,
        "byte-behind",
        "a byte follows the last chunk",
        "damaged",
        &["append 00".to_owned()],
    );
    edited(
        set,
        "chunk-behind",
        "the last chunk stands there twice: the envelope is a chunk too long",
        "damaged",
        &[format!("double {} {CHUNK}", HEADER + 15 * CHUNK)],
    );
    edited(
        set,
        "header-twice",
        "the header stands there twice",
        "damaged",
        &[format!("double 0 {HEADER}")],
    );
}

/// A bit changed in every field. What is bound to the field no longer fits.
#[rustfmt::skip]
fn flips(set: &mut Set) {
    // The editors' slots of this vector are those at 1, 3 and 5; with all three there, two suffice.
    let slot = 88 + SLOT;
    for (name, what, refuse, edit) in [
        ("flip-magic", "a bit of the magic", "magic", "xor 0 01".to_owned()),
        ("flip-version", "version 2", "version", "set 8 02".to_owned()),
        ("flip-version-0", "version 0", "version", "set 8 00".to_owned()),
        ("flip-kind", "kind 3", "kind", "set 9 03".to_owned()),
        ("flip-zero-10", "byte 10 is not zero", "reserved", "set 10 01".to_owned()),
        ("flip-zero-11", "byte 11 is not zero", "reserved", "set 11 80".to_owned()),
        ("flip-epoch", "another epoch", "not for these keys", "set 15 0a".to_owned()),
        ("flip-n", "n = 18 with 16 chunks", "not for these keys", "set 23 12".to_owned()),
        ("flip-salt", "a bit of the salt", "not for these keys", "xor 24 80".to_owned()),
        ("flip-salt-end", "the last bit of the salt", "not for these keys", "xor 55 01".to_owned()),
        ("flip-commitment", "a bit of the commitment", "not for these keys", "xor 56 01".to_owned()),
        ("flip-nobodys-slot", "a bit of a slot that is nobody's", "damaged", "xor 100 01".to_owned()),
        ("flip-zeros", "the first byte behind the slots", "reserved", "set 9456 01".to_owned()),
        ("flip-zeros-end", "the last byte of the header", "reserved", "set 12287 01".to_owned()),
        ("flip-lattice", "a bit of an editor's ML-KEM ciphertext", "damaged", format!("xor {} 01", slot + 7)),
        ("flip-curve", "a bit of an editor's X25519 share", "damaged", format!("xor {} 01", slot + 1_088)),
        ("flip-curve-top", "the top bit of an editor's X25519 share, which X25519 itself does not look at", "damaged", format!("xor {} 80", slot + 1_119)),
        ("flip-share", "a bit of an editor's sealed share", "damaged", format!("xor {} 01", slot + 1_123)),
        ("flip-share-tag", "a bit of the tag of a sealed share", "damaged", format!("xor {} 01", slot + 1_170)),
    ] {
        edited(set, name, what, refuse, &[edit]);
    }
    let part = 35 + 16;
    edited(
        set,
        "slots-swapped",
        "two editors' slots have changed places",
        "not for these keys",
        &[
            format!("swap {} {} {SLOT}", slot, 88 + 3 * SLOT),
            format!("xor {} 01", 88 + 5 * SLOT),
        ],
    );
    edited(
        set,
        "shares-swapped",
        "two editors' sealed shares have changed places, their encapsulations have not",
        "more needed",
        &[format!(
            "swap {} {} {part}",
            slot + 1_120,
            88 + 3 * SLOT + 1_120
        )],
    );
    edited(
        set,
        "slot-doubled",
        "an editor's slot stands in place of one that is nobody's as well",
        "damaged",
        &[format!("copy {slot} 88 {SLOT}")],
    );
    for (name, what, place) in [
        ("first", "the first byte of the first chunk", HEADER),
        ("padding", "a byte of the padding", HEADER + 5 * CHUNK + 100),
        ("tag", "the last byte of the last tag", HEADER + 16 * CHUNK - 1),
        ("last", "the first byte of the last chunk", HEADER + 15 * CHUNK),
    ] {
        let name = format!("flip-chunk-{name}");
        edited(set, &name, what, "damaged", &[format!("xor {place} 01")]);
    }
}

/// Chunks in another order, doubled, left out, or sealed for another place.
#[rustfmt::skip]
fn chunks(set: &mut Set) {
    let at = |index: usize| HEADER + index * CHUNK;
    for (name, what, edits) in [
        ("chunks-swapped", "two chunks have changed places", vec![format!("swap {} {} {CHUNK}", at(3), at(4))]),
        ("chunks-swapped-with-last", "the last chunk and the one before it have changed places", vec![format!("swap {} {} {CHUNK}", at(14), at(15))]),
        ("chunk-copied", "a chunk stands in place of the next one as well", vec![format!("copy {} {} {CHUNK}", at(7), at(8))]),
        ("chunk-doubled", "a chunk stands there twice, and the last one is gone: the length is right", vec![format!("double {} {CHUNK}", at(2)), format!("cut {}", at(16))]),
        ("chunk-left-out", "a chunk is gone", vec![format!("remove {} {CHUNK}", at(9))]),
        ("first-chunk-left-out", "the first chunk is gone, and the last one stands there twice: the length is right", vec![format!("double {} {CHUNK}", at(15)), format!("remove {} {CHUNK}", at(0))]),
        ("last-not-flagged", "the last chunk is sealed without its flag", vec!["reseal 15 15 0".to_owned()]),
        ("first-flagged", "the first chunk is sealed as the last one", vec!["reseal 0 0 1".to_owned()]),
        ("flagged-and-cut", "chunk 7 is sealed as the last one, and the envelope ends there", vec!["reseal 7 7 1".to_owned(), format!("cut {}", at(8))]),
        ("flag-2", "the last chunk is sealed with the flag 2", vec!["reseal 15 15 2".to_owned()]),
        ("counters-from-1", "the second chunk is sealed with the counter 2", vec!["reseal 1 2 0".to_owned()]),
        ("counter-little-endian", "the second chunk is sealed with a little-endian counter", vec!["reseal 1 72057594037927936 0".to_owned()]),
    ] {
        edited(set, name, what, "damaged", &edits);
    }
    let other = wrong(
        "other-cipher",
        "the slots say suite 1, the chunks are sealed in suite 2",
        "damaged",
    );
    set.add(other.say("openers", "11 12").say("suite", 2));
}

/// Nothing is wrong with the envelope: somebody else, or not enough of them, try to open it.
#[rustfmt::skip]
fn foreign(set: &mut Set) {
    for (name, what, refuse, openers) in [
        ("foreign-key", "a key that no slot is for", "not for these keys", "19"),
        ("one-of-two", "one editor alone, where two are needed", "more needed", "12"),
        ("one-and-a-stranger", "an editor and a stranger", "more needed", "13 19"),
        ("one-twice", "one editor twice, where two are needed", "more needed", "11 11"),
    ] {
        set.add(wrong(name, what, refuse).say("openers", openers));
    }
    for (base, name, what, refuse, openers) in [
        ("drop-8-of-8-aes", "seven-of-eight", "seven editors, where eight are needed", "more needed", "11 12 13 14 15 16 17"),
        ("right/reply-aes", "is-a-reply", "a reply where a drop is wanted", "other kind", "77"),
    ] {
        let vector = on(base, name, what, refuse).say("openers", openers);
        // What the reply says does not matter, and its manifest is not that of a drop.
        let reply = base.starts_with("right/reply");
        set.add(if reply {
            vector.say("editors", 1).say("plaintext", "00")
        } else {
            vector
        });
    }
}
