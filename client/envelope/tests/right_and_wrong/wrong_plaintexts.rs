//! Drops whose header and chunks are right and whose content is not: manifests, lengths, padding.

use crate::cast::{sha256, sheet, source};
use crate::cbor::{
    Fields, and, array, bytes, head, map, raw_text, replaced, text, uint, wide, with, without,
};
use crate::set::Set;
use crate::text::Vector;

pub(crate) fn all(set: &mut Set) {
    fields(set);
    encodings(set);
    names(set);
    bounds(set);
    reply_blocks(set);
    lengths(set);
    padding(set);
}

/// The manifest of `drop-2-of-3`: one file of five bytes.
fn honest() -> Fields {
    vec![
        (1, uint(1)),
        (2, bytes(sheet(3, 2).1.hash().as_bytes())),
        (3, uint(2)),
        (5, array(&[file("a.txt", 5)])),
        (6, text("hello")),
    ]
}

fn file(name: &str, size: u64) -> Vec<u8> {
    map(&[(1, text(name)), (2, uint(size))])
}

/// Adds a drop with this plaintext under a right header.
fn content(set: &mut Set, base: &str, name: &str, what: &str, refuse: &str, plaintext: &str) {
    set.add(
        Vector::new(format!("wrong/drop-{name}"), what)
            .say("as", "drop")
            .say("refuse", refuse)
            .say("base", base)
            .say("openers", "11 12")
            .say("plaintext", plaintext),
    );
}

/// Adds a drop with this manifest and the five bytes of its file.
fn manifest(set: &mut Set, name: &str, what: &str, refuse: &str, encoded: &[u8]) {
    let length = u32::try_from(encoded.len()).unwrap().to_be_bytes();
    let text = [length.as_slice(), encoded, &[0, 1, 2, 3, 4]].concat();
    let text = crate::text::pieces(&text);
    content(set, "drop-2-of-3", name, what, refuse, &text);
}

#[rustfmt::skip]
fn fields(set: &mut Set) {
    let honest = honest();
    for key in [1, 2, 3, 5, 6] {
        let name = format!("manifest-without-{key}");
        let what = format!("the manifest lacks field {key}");
        manifest(
            set,
            &name,
            &what,
            "missing field",
            &map(&without(&honest, key)),
        );
    }
    for (key, value) in [(0, 0), (7, 0), (23, 1), (24, 1), (u64::MAX, 0)] {
        let name = format!("manifest-with-{key}");
        let what = format!("the manifest has a field {key}, which nobody knows");
        let refuse = if key == 0 {
            "missing field"
        } else {
            "unknown field"
        };
        manifest(
            set,
            &name,
            &what,
            refuse,
            &map(&and(&honest, key, uint(value))),
        );
    }
    for (name, what, refuse, key, value) in [
        ("version-0", "version 0 of the manifest", "value", 1, uint(0)),
        ("version-2", "version 2 of the manifest", "value", 1, uint(2)),
        ("k-0", "the manifest says k = 0", "value", 3, uint(0)),
        ("k-9", "the manifest says k = 9", "value", 3, uint(9)),
        ("k-1", "the manifest says k = 1, the slots say k = 2", "two quorums", 3, uint(1)),
        ("k-3", "the manifest says k = 3, the slots say k = 2", "two quorums", 3, uint(3)),
        ("sheet-short", "the sheet's hash lacks a byte", "malformed", 2, bytes(&[7; 31])),
        ("sheet-long", "the sheet's hash has a byte too many", "malformed", 2, bytes(&[7; 33])),
        ("sheet-text", "the sheet's hash is a text", "malformed", 2, raw_text(&[0x41; 32])),
        ("files-map", "the files are a map", "malformed", 5, map(&[(0, uint(1))])),
        ("message-bytes", "the message is a byte string", "malformed", 6, bytes(b"hello")),
        ("k-text", "k is a text", "malformed", 3, text("2")),
        ("message-not-utf8", "the message is not UTF-8", "malformed", 6, raw_text(b"hel\xfflo")),
        ("reply-null", "no reply block, but a null in its place", "malformed", 4, vec![0xf6]),
        ("reply-empty", "the reply block is an empty map", "missing field", 4, map(&[])),
    ] {
        let fields = if key == 4 {
            and(&honest, 4, value)
        } else {
            with(&honest, key, value)
        };
        manifest(
            set,
            &format!("manifest-{name}"),
            what,
            refuse,
            &map(&fields),
        );
    }
    let mut extra = without(&honest, 5);
    let entry = map(&[(1, text("a.txt")), (2, uint(5)), (3, uint(1_700_000_000))]);
    extra = and(&extra, 5, array(&[entry]));
    let what = "a file has a field 3, as if it had a time";
    manifest(set, "file-with-3", what, "unknown field", &map(&extra));
    for (name, what, entry) in [
        ("file-without-name", "a file has no name", map(&[(2, uint(5))])),
        ("file-without-size", "a file has no size", map(&[(1, text("a.txt"))])),
    ] {
        let fields = with(&honest, 5, array(&[entry]));
        manifest(set, name, what, "missing field", &map(&fields));
    }
}

/// Every way to write the same thing otherwise, and every type that the format does not use.
#[rustfmt::skip]
fn encodings(set: &mut Set) {
    let right = map(&honest());
    let entry = file("a.txt", 5);
    let swap = |from: &[u8], to: &[u8]| replaced(&right, from, to);
    let message = text("hello");
    let sheet = bytes(sheet(3, 2).1.hash().as_bytes());
    let chunked = |major: u8, inner: &[u8]| [&[major << 5 | 31], inner, &[0xff]].concat();
    let mut reversed = honest();
    reversed.reverse();
    let mut doubled = honest();
    doubled.insert(3, (3, uint(2)));
    for (name, what, refuse, encoded) in [
        ("int-in-1", "k takes a byte of its own: 1802", "not canonical", swap(&[3, 2, 5], &[3, 0x18, 2, 5])),
        ("int-in-2", "k takes two bytes", "not canonical", swap(&[3, 2, 5], &[&[3], wide(0, 2, 2).as_slice(), &[5]].concat())),
        ("int-in-4", "k takes four bytes", "not canonical", swap(&[3, 2, 5], &[&[3], wide(0, 2, 4).as_slice(), &[5]].concat())),
        ("int-in-8", "k takes eight bytes", "not canonical", swap(&[3, 2, 5], &[&[3], wide(0, 2, 8).as_slice(), &[5]].concat())),
        ("key-in-1", "the key 3 takes a byte of its own", "not canonical", swap(&[3, 2, 5], &[0x18, 3, 2, 5])),
        ("size-in-2", "a file's size takes two bytes", "not canonical", swap(&entry, &[&entry[..entry.len() - 1], &wide(0, 5, 2)].concat())),
        ("map-in-1", "the map's length takes a byte of its own", "not canonical", [&wide(5, 5, 1), &right[1..]].concat()),
        ("array-in-1", "the array's length takes a byte of its own", "not canonical", swap(&[5, 0x81], &[5, 0x98, 1])),
        ("text-in-1", "the message's length takes a byte of its own", "not canonical", swap(&message, &[&wide(3, 5, 1), b"hello".as_slice()].concat())),
        ("bytes-in-2", "the hash's length takes two bytes", "not canonical", swap(&sheet, &[&wide(2, 32, 2), &sheet[2..]].concat())),
        ("map-indefinite", "the map is of indefinite length", "malformed", chunked(5, &right[1..])),
        ("array-indefinite", "the array is of indefinite length", "malformed", swap(&array(core::slice::from_ref(&entry)), &chunked(4, &entry))),
        ("text-indefinite", "the message is of indefinite length", "malformed", swap(&message, &chunked(3, &message))),
        ("bytes-indefinite", "the hash is of indefinite length", "malformed", swap(&sheet, &chunked(2, &sheet))),
        ("keys-descending", "the keys descend", "missing field", map(&reversed)),
        ("keys-swapped", "the keys of a file are swapped", "missing field", swap(&entry, &map(&[(2, uint(5)), (1, text("a.txt"))]))),
        ("key-twice", "field 3 stands there twice", "missing field", map(&doubled)),
        ("key-negative", "a key is -1", "malformed", swap(&[3, 2, 5], &[0x20, 2, 5])),
        ("key-text", "a key is the text 3", "malformed", swap(&[3, 2, 5], &[0x61, 0x33, 2, 5])),
        ("negative", "k is -3", "malformed", swap(&[3, 2, 5], &[3, 0x22, 5])),
        ("float", "k is the float 2.0", "malformed", swap(&[3, 2, 5], &[3, 0xf9, 0x40, 0, 5])),
        ("true", "k is true", "malformed", swap(&[3, 2, 5], &[3, 0xf5, 5])),
        ("undefined", "k is undefined", "malformed", swap(&[3, 2, 5], &[3, 0xf7, 5])),
        ("simple", "k is a simple value", "malformed", swap(&[3, 2, 5], &[3, 0xe2, 5])),
        ("tag", "the message has a tag", "malformed", swap(&message, &[&[0xc1], message.as_slice()].concat())),
        ("tag-bignum", "k is a big number", "malformed", swap(&[3, 2, 5], &[3, 0xc2, 0x41, 2, 5])),
        ("reserved-28", "k has the additional information 28", "malformed", swap(&[3, 2, 5], &[3, 0x1c, 5])),
        ("map-too-long", "the map announces a field that is not there", "malformed", [&[0xa6], &right[1..]].concat()),
        ("map-too-short", "the map announces a field less than there are", "missing field", [&[0xa4], &right[1..]].concat()),
        ("map-huge", "the map announces 2^64 − 1 fields", "malformed", [&head(5, u64::MAX), &right[1..]].concat()),
        ("text-huge", "the message announces 2^64 − 1 bytes", "malformed", swap(&message, &[&head(3, u64::MAX), b"hello".as_slice()].concat())),
        ("byte-behind", "a zero follows the map inside the manifest's length", "not canonical", [right.as_slice(), &[0]].concat()),
        ("item-behind", "a second map follows the map", "not canonical", [right.as_slice(), &right].concat()),
        ("cut", "the message lacks its last letter", "malformed", right[..right.len() - 1].to_vec()),
        ("array", "the manifest is an array", "malformed", array(&honest().into_iter().map(|field| field.1).collect::<Vec<_>>())),
        ("tagged", "the manifest is tagged as CBOR", "malformed", [&[0xd9, 0xd9, 0xf7], right.as_slice()].concat()),
    ] {
        manifest(set, &format!("cbor-{name}"), what, refuse, &encoded);
    }
    let deep = [vec![0x81; 64], vec![0x80]].concat();
    let fields = with(&honest(), 5, deep);
    let what = "64 arrays in each other in place of the files";
    manifest(set, "cbor-deep", what, "malformed", &map(&fields));
}

#[rustfmt::skip]
fn names(set: &mut Set) {
    for (name, what, refuse, hostile) in [
        ("dot", "a file is called .", "value", b".".as_slice()),
        ("dots", "a file is called ..", "value", b".."),
        ("slash", "a name is /", "value", b"/"),
        ("path", "a name leads elsewhere", "value", b"../../etc/passwd"),
        ("absolute", "a name is an absolute path", "value", b"/tmp/a"),
        ("slash-end", "a name ends in a slash", "value", b"a/"),
        ("zero", "a name has a zero byte", "value", b"a.txt\0.exe"),
        ("empty", "a name is empty", "value", b""),
        ("256", "a name has 256 bytes", "value", &[b'n'; 256]),
        ("not-utf8", "a name is not UTF-8", "malformed", b"a\xff.txt"),
        ("overlong-slash", "a name has a slash in an overlong form", "malformed", b"a\xc0\xafb"),
        ("surrogate", "a name has half a surrogate pair", "malformed", b"a\xed\xa0\x80b"),
        ("above-unicode", "a name has a code point above U+10FFFF", "malformed", b"a\xf4\x90\x80\x80"),
        ("cut-utf8", "a name ends inside a letter", "malformed", b"a\xe8\xa7"),
    ] {
        let entry = map(&[(1, raw_text(hostile)), (2, uint(5))]);
        let fields = with(&honest(), 5, array(&[entry]));
        manifest(set, &format!("name-{name}"), what, refuse, &map(&fields));
    }
}

#[rustfmt::skip]
fn bounds(set: &mut Set) {
    let mut files = vec![file("f", 0); 500];
    files.push(file("g", 5));
    let fields = with(&honest(), 5, array(&files));
    manifest(set, "501-files", "501 files", "too many", &map(&fields));
    let fields = with(&honest(), 5, head(4, u64::MAX));
    let what = "the list of files announces 2^64 − 1 of them";
    manifest(set, "files-huge", what, "too many", &map(&fields));
    let fields = with(&honest(), 6, text(&"w".repeat(32_769)));
    let what = "the message has 32,769 bytes";
    manifest(set, "message-too-long", what, "value", &map(&fields));
    for (name, what, sizes) in [
        ("sizes-overflow", "the sizes add up to 2^64 + 5", [5, u64::MAX - 4, 5]),
        ("sizes-wrap", "the sizes add up to 2^65: in 64 bits to zero", [1 << 63, 1 << 63, 0]),
        ("sizes-above-most", "the content would fill 2^24 chunks and a byte", [5, 1_099_243_192_320, 0]),
    ] {
        let files: Vec<_> = sizes.iter().map(|size| file("f", *size)).collect();
        let fields = with(&honest(), 5, array(&files));
        manifest(set, name, what, "value", &map(&fields));
    }
}

#[rustfmt::skip]
fn reply_blocks(set: &mut Set) {
    let key = source().recipient_key();
    let block: Fields = vec![
        (1, bytes(key.as_bytes())),
        (2, bytes(&[0xb0; 32])),
        (3, bytes(&sha256(&[0xe0; 32]))),
    ];
    let mut modulus = *key.as_bytes();
    modulus[..3].fill(0xff);
    let mut point = *key.as_bytes();
    point[1_184..].fill(0);
    for (name, what, refuse, fields) in [
        ("without-key", "the reply block has no key", "missing field", without(&block, 1)),
        ("without-mailbox", "the reply block has no mailbox", "missing field", without(&block, 2)),
        ("without-erase", "the reply block has no hash to erase by", "missing field", without(&block, 3)),
        ("with-4", "the reply block has a field 4", "unknown field", and(&block, 4, uint(1))),
        ("key-short", "the source's key lacks a byte", "value", with(&block, 1, bytes(&key.as_bytes()[1..]))),
        ("key-modulus", "the source's key fails the check of FIPS 203 §7.2", "value", with(&block, 1, bytes(&modulus))),
        ("key-point", "the X25519 part of the source's key is 0", "value", with(&block, 1, bytes(&point))),
        ("mailbox-short", "the mailbox has 31 bytes", "malformed", with(&block, 2, bytes(&[0xb0; 31]))),
    ] {
        let fields = and(&honest(), 4, map(&fields));
        manifest(
            set,
            &format!("reply-block-{name}"),
            what,
            refuse,
            &map(&fields),
        );
    }
}

/// The number before the manifest.
#[rustfmt::skip]
fn lengths(set: &mut Set) {
    let right = map(&honest());
    let length = u32::try_from(right.len()).unwrap();
    for (name, what, refuse, said) in [
        ("0", "the manifest's length is 0", "manifest length", 0),
        ("1", "the manifest's length is 1", "malformed", 1),
        ("less", "the manifest's length is one less than it is", "malformed", length - 1),
        ("more", "the manifest's length is one more than it is", "not canonical", length + 1),
        ("above-most", "the manifest's length is 196,609", "manifest length", 196_609),
        ("huge", "the manifest's length is 2^32 − 1", "manifest length", u32::MAX),
        ("little-endian", "the manifest's length is in little-endian order", "manifest length", length.swap_bytes()),
    ] {
        let text = [said.to_be_bytes().as_slice(), &right, &[0, 1, 2, 3, 4]].concat();
        let text = crate::text::pieces(&text);
        content(
            set,
            "drop-2-of-3",
            &format!("manifest-length-{name}"),
            what,
            refuse,
            &text,
        );
    }
    for (name, what, base, size) in [
        ("file-longer", "a file is longer than the chunks", "drop-2-of-3", 2_000_000),
        ("file-one-longer", "the content fills 16 chunks and one byte, n = 16", "drop-2-of-3", 16 * 65_520 - 66),
        ("n-too-large", "the content needs 16 chunks, n = 18", "drop-18-chunks", 5),
    ] {
        let fields = with(&honest(), 5, array(&[file("a.txt", size)]));
        let encoded = map(&fields);
        let length = u32::try_from(encoded.len()).unwrap().to_be_bytes();
        let text = crate::text::pieces(&[length.as_slice(), &encoded].concat());
        content(set, base, name, what, "padding", &text);
    }
}

/// Something other than zeros behind the last file.
#[rustfmt::skip]
fn padding(set: &mut Set) {
    let right = map(&honest());
    let length = u32::try_from(right.len()).unwrap().to_be_bytes();
    let text = [length.as_slice(), &right, &[0, 1, 2, 3, 4]].concat();
    let whole = 16 * 65_520;
    for (name, what, place) in [
        ("first", "the first byte behind the last file is not zero", text.len()),
        ("middle", "a byte in the padding of another chunk is not zero", 9 * 65_520 + 1_000),
        ("last", "the very last byte is not zero", whole - 1),
    ] {
        let mut text = text.clone();
        text.resize(place, 0);
        text.push(1);
        let text = crate::text::pieces(&text);
        content(
            set,
            "drop-2-of-3",
            &format!("padding-{name}"),
            what,
            "trailing",
            &text,
        );
    }
}
