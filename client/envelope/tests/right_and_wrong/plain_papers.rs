//! What nobody signs: frames, addresses, fingerprints as text, codenames.

use data_encoding::BASE32_NOPAD;
use hkdf::Hkdf;
use sha2::Sha256;
use sha3::{Digest, Sha3_256};

use crate::cast::{hex, sha256};
use crate::charters::{changed, founding};
use crate::set::Set;
use crate::signatures::public;
use crate::text::{Vector, pieces};

pub(crate) fn all(set: &mut Set) {
    frames(set);
    onions(set);
    fingerprints(set);
    addresses(set);
    codenames(set);
}

fn framed(length: u32, content: &[u8], whole: usize) -> Vec<u8> {
    let mut frame = [length.to_be_bytes().as_slice(), content].concat();
    frame.resize(whole, 0);
    frame
}

#[rustfmt::skip]
fn frames(set: &mut Set) {
    let full = vec![0x66; 16_380];
    for (name, what, content, whole) in [
        ("abc", "the example of FORMAT.md", b"abc".as_slice(), 16_384),
        ("empty", "nothing in it", b"", 16_384),
        ("full", "content that needs no padding", &full, 16_384),
        ("just-more", "a byte more: another 16,384 bytes", &[full.as_slice(), &[0x66]].concat(), 32_768),
        ("most", "content of 16,777,216 bytes", &vec![0x66; 16_777_216], 16_793_600),
    ] {
        let length = u32::try_from(content.len()).unwrap();
        let vector = Vector::new(format!("right/frame-{name}"), what).say("as", "frame");
        let vector = vector.bytes("bytes", &framed(length, content, whole));
        set.add(if content.is_empty() { vector.say("content", "00*0") } else { vector.bytes("content", content) });
    }
    let mut dirty = framed(3, b"abc", 16_384);
    let mut dirty_end = dirty.clone();
    (dirty[7], dirty_end[16_383]) = (1, 1);
    for (name, what, frame) in [
        ("nothing", "three bytes", vec![0; 3]),
        ("length-alone", "the length alone", vec![0; 4]),
        ("cut", "a byte is missing", framed(3, b"abc", 16_383)),
        ("byte-behind", "a byte too many", framed(3, b"abc", 16_385)),
        ("unit-behind", "16,384 bytes too many", framed(3, b"abc", 32_768)),
        ("lies-longer", "the length is larger than what is there", framed(16_381, b"abc", 16_384)),
        ("lies-huge", "the length is 2^32 − 1", framed(u32::MAX, b"abc", 16_384)),
        ("little-endian", "the length is in little-endian order", framed(3_u32.swap_bytes(), b"abc", 16_384)),
        ("not-zero", "a byte follows the content", dirty),
        ("not-zero-at-end", "the last byte of the padding is not zero", dirty_end),
        ("above-most", "content of 16,777,217 bytes", framed(16_777_217, &[], 16_793_600)),
    ] {
        let vector = Vector::new(format!("wrong/frame-{name}"), what).say("as", "frame");
        set.add(vector.bytes("bytes", &frame).say("refuse", "frame"));
    }
}

fn text(set: &mut Set, kind: &str, name: &str, what: &str, text: &str, refuse: Option<&str>) {
    let part = if refuse.is_some() { "wrong" } else { "right" };
    let vector = Vector::new(format!("{part}/{kind}-{name}"), what);
    let vector = vector.say("as", kind).say("text", text);
    set.add(match refuse {
        Some(reason) => vector.say("refuse", reason),
        None => vector,
    });
}

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

/// The letters of an onion address of this version.
fn onion_letters(key: &[u8; 32], version: u8) -> String {
    let input = [b".onion checksum".as_slice(), key, &[version]].concat();
    let checksum = Sha3_256::digest(&input);
    base32(&[key.as_slice(), &checksum[..2], &[version]].concat())
}

fn onion() -> String {
    format!("{}.onion", onion_letters(&public(1), 3))
}

#[rustfmt::skip]
fn onions(set: &mut Set) {
    for (name, what, key) in [
        ("example", "the example of FORMAT.md", public(1)),
        ("another", "the key of the seed 32 bytes 02", public(2)),
    ] {
        let vector = Vector::new(format!("right/onion-{name}"), what).say("as", "onion");
        let letters = onion_letters(&key, 3);
        set.add(vector.say("text", format!("{letters}.onion")).bytes("key", &key));
    }
    let right = onion();
    let letters = &right[..56];
    let swapped = letters.replacen("rk", "kr", 1);
    for (name, what, onion) in [
        ("no-ending", "it does not end in .onion", letters.to_owned()),
        ("other-ending", "it ends in .com", format!("{letters}.com")),
        ("typing-error", "two letters have changed places", format!("{swapped}.onion")),
        ("checksum", "one letter of the checksum is another", format!("{}aad.onion", &letters[..53])),
        ("version-2", "its version is 2, and its checksum fits that", format!("{}.onion", onion_letters(&public(1), 2))),
        ("version-4", "its version is 4, and its checksum fits that", format!("{}.onion", onion_letters(&public(1), 4))),
        ("short", "a letter is missing", format!("{}.onion", &letters[..55])),
        ("long", "a letter too many", format!("{letters}a.onion")),
        ("old", "an address of 16 letters", "expyuzz4wqqyqhjn.onion".to_owned()),
        ("digit-1", "the digit 1, which base32 does not have", format!("1{}.onion", &letters[1..])),
        ("not-ascii", "a letter that is not ASCII", format!("é{}.onion", &letters[1..])),
        ("dot-behind", "a dot behind it", format!("{letters}.onion.")),
        ("subdomain", "something in front of it", format!("www.{letters}.onion")),
        ("url", "an address for a browser", format!("http://{letters}.onion/")),
        ("spaces", "spaces between its letters", format!("{} {}.onion", &letters[..28], &letters[28..])),
    ] {
        text(set, "onion", name, what, &onion, Some("address"));
    }
}

#[rustfmt::skip]
fn fingerprints(set: &mut Set) {
    let bytes = founding().fingerprint();
    let right = base32(&bytes);
    let groups: Vec<&str> = (0..13).map(|group| &right[4 * group..4 * group + 4]).collect();
    for (name, what, text) in [
        ("example", "the example of FORMAT.md", right.clone()),
        ("grouped", "in groups of four", groups.join(" ")),
        ("dashes", "with dashes", groups.join("-")),
        ("upper-case", "in upper case", right.to_ascii_uppercase()),
        ("uneven", "with spaces and dashes anywhere", format!("{}  -{} - {}", &right[..1], &right[1..51], &right[51..])),
    ] {
        let vector = Vector::new(format!("right/fingerprint-{name}"), what);
        set.add(vector.say("as", "fingerprint").say("text", text).bytes("fingerprint", &bytes));
    }
    assert!(right.ends_with('a'));
    for (name, what, fingerprint) in [
        ("short", "a letter is missing", right[..51].to_owned()),
        ("long", "a letter too many", format!("{right}a")),
        ("spare-bits", "the spare bits of the last letter are not zero", format!("{}b", &right[..51])),
        ("spare-bits-high", "the highest spare bit is not zero", format!("{}i", &right[..51])),
        ("digit-0", "the digit 0, which base32 does not have", format!("0{}", &right[1..])),
        ("digit-8", "the digit 8, which base32 does not have", format!("{}8", &right[..51])),
        ("padded", "the padding of RFC 4648", format!("{right}====")),
        ("hexadecimal", "64 hexadecimal digits", hex(&bytes)),
        ("dots", "dots between its letters", groups.join(".")),
        ("not-ascii", "a letter that is not ASCII", format!("ä{}", &right[1..])),
    ] {
        text(set, "fingerprint", name, what, &fingerprint, Some("address"));
    }
}

#[rustfmt::skip]
fn addresses(set: &mut Set) {
    let (onion, print) = (onion(), base32(&founding().fingerprint()));
    let vector = Vector::new("right/address-example", "the example of FORMAT.md");
    set.add(
        vector
            .say("as", "address")
            .say("text", format!("knothole:{onion}#{print}"))
            .say("onion", &onion)
            .bytes("fingerprint", &founding().fingerprint()),
    );
    let swapped = onion.replacen("rk", "kr", 1);
    for (name, what, address) in [
        ("no-scheme", "knothole: is missing", format!("{onion}#{print}")),
        ("other-scheme", "another scheme", format!("http:{onion}#{print}")),
        ("slashes", "slashes behind the scheme", format!("knothole://{onion}#{print}")),
        ("no-fingerprint", "no fingerprint", format!("knothole:{onion}")),
        ("empty-fingerprint", "nothing behind #", format!("knothole:{onion}#")),
        ("no-onion", "no onion address", format!("knothole:#{print}")),
        ("turned-round", "fingerprint and onion address have changed places", format!("knothole:{print}#{onion}")),
        ("two-fingerprints", "two fingerprints", format!("knothole:{onion}#{print}#{print}")),
        ("path", "a path behind the onion address", format!("knothole:{onion}/#{print}")),
        ("port", "a port behind the onion address", format!("knothole:{onion}:80#{print}")),
        ("query", "a question behind it", format!("knothole:{onion}#{print}?a")),
        ("typing-error", "two letters of the onion address have changed places", format!("knothole:{swapped}#{print}")),
        ("fingerprint-cut", "the fingerprint lacks a letter", format!("knothole:{onion}#{}", &print[..51])),
        ("fingerprint-spare-bits", "the fingerprint's spare bits are not zero", format!("knothole:{onion}#{}b", &print[..51])),
    ] {
        text(set, "address", name, what, &address, Some("address"));
    }
}

#[rustfmt::skip]
fn codenames(set: &mut Set) {
    let counted: Vec<u8> = (0..16).collect();
    for (name, what, entropy, newsroom) in [
        ("example", "the example of FORMAT.md", counted.clone(), founding().fingerprint()),
        ("other-newsroom", "the same codename at another newsroom: all differs but the check word", counted, changed().fingerprint()),
        ("zeros", "an entropy of zeros", vec![0; 16], founding().fingerprint()),
        ("ones", "an entropy of ones", vec![0xff; 16], founding().fingerprint()),
        ("check-word-0", "the check word is the first one of the list", first_with_check_word_0(), founding().fingerprint()),
    ] {
        let secret = Hkdf::<Sha256>::new(Some(&newsroom), &entropy);
        let expand = |label: &str| {
            let mut output = [0; 32];
            secret.expand(label.as_bytes(), &mut output).unwrap();
            output
        };
        let erase = expand("knothole/v1 erase");
        set.add(
            Vector::new(format!("right/codename-{name}"), what)
                .say("as", "codename")
                .bytes("entropy", &entropy)
                .bytes("fingerprint", &newsroom)
                .bytes("seed", &expand("knothole/v1 reply key"))
                .bytes("mailbox", &expand("knothole/v1 mailbox"))
                .bytes("erase secret", &erase)
                .say("SHA-256(erase secret)", pieces(&sha256(&erase)))
                .say("check word", check_word(&entropy)),
        );
    }
}

fn check_word(entropy: &[u8]) -> u16 {
    let hash = sha256(&[b"knothole/v1 check".as_slice(), entropy].concat());
    (u16::from(hash[0]) << 8 | u16::from(hash[1])) >> 5
}

/// The smallest number whose check word is the first of the list.
fn first_with_check_word_0() -> Vec<u8> {
    (0_u128..)
        .map(|number| number.to_be_bytes().to_vec())
        .find(|entropy| check_word(entropy) == 0)
        .unwrap()
}
