//! CBOR by hand, right or wrong.

use crate::cast::hex;

/// An item's head in its shortest form.
pub(crate) fn head(major: u8, value: u64) -> Vec<u8> {
    let width = match value {
        0..=23 => 0,
        24..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    wide(major, value, width)
}

/// An item's head whose value takes so many bytes of its own.
pub(crate) fn wide(major: u8, value: u64, width: usize) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let info = match width {
        0 => bytes[7],
        1 => 24,
        2 => 25,
        4 => 26,
        _ => 27,
    };
    [&[major << 5 | info], &bytes[8 - width..]].concat()
}

pub(crate) fn uint(value: u64) -> Vec<u8> {
    head(0, value)
}

pub(crate) fn bytes(value: &[u8]) -> Vec<u8> {
    [head(2, count(value)), value.to_vec()].concat()
}

/// A text string of these bytes, whether or not they are UTF-8.
pub(crate) fn raw_text(value: &[u8]) -> Vec<u8> {
    [head(3, count(value)), value.to_vec()].concat()
}

pub(crate) fn text(value: &str) -> Vec<u8> {
    raw_text(value.as_bytes())
}

pub(crate) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, count(items)), items.concat()].concat()
}

/// A map with the fields in the order in which they are given.
pub(crate) fn map(fields: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut out = head(5, count(fields));
    for (key, value) in fields {
        out.extend(uint(*key));
        out.extend_from_slice(value);
    }
    out
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap()
}

/// The fields of a map that only has these.
pub(crate) type Fields = Vec<(u64, Vec<u8>)>;

/// The fields with one of them replaced.
pub(crate) fn with(fields: &Fields, key: u64, value: Vec<u8>) -> Fields {
    let mut fields = fields.clone();
    let place = fields.iter().position(|field| field.0 == key);
    let place = place.unwrap_or_else(|| panic!("no field {key}"));
    fields[place].1 = value;
    fields
}

/// The fields without one of them.
pub(crate) fn without(fields: &Fields, key: u64) -> Fields {
    let mut fields = fields.clone();
    fields.retain(|field| field.0 != key);
    fields
}

/// The fields with one more at its place.
pub(crate) fn and(fields: &Fields, key: u64, value: Vec<u8>) -> Fields {
    let mut fields = fields.clone();
    fields.push((key, value));
    fields.sort_by_key(|field| field.0);
    fields
}

/// The bytes with a stretch replaced that stands in them exactly once.
pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let places: Vec<_> = (0..bytes.len())
        .filter(|place| bytes[*place..].starts_with(from))
        .collect();
    assert_eq!(places.len(), 1, "{} in {}", hex(from), hex(bytes));
    [&bytes[..places[0]], to, &bytes[places[0] + from.len()..]].concat()
}
