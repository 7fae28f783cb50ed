use super::*;

/// A map of an unsigned integer, a byte string and a list of texts, the second may be absent.
#[derive(Debug, PartialEq)]
struct Sample {
    number: u64,
    bytes: Option<[u8; 2]>,
    texts: Vec<Word>,
}

#[derive(Debug, PartialEq)]
struct Word(String);

impl Cbor for Word {
    fn write(&self, out: &mut Writer) {
        out.text(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self(input.text()?.to_owned()))
    }
}

impl Cbor for Sample {
    fn write(&self, out: &mut Writer) {
        out.map(if self.bytes.is_some() { 3 } else { 2 });
        out.unsigned(2).unsigned(self.number);
        if let Some(bytes) = &self.bytes {
            out.unsigned(3).bytes(bytes);
        }
        out.unsigned(30).list(&self.texts);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        let number = fields.required(2, Reader::unsigned)?;
        let bytes = fields.optional(3, Reader::fixed)?;
        let texts = fields.required(30, |input| input.list(2))?;
        fields.end()?;
        Ok(Self {
            number,
            bytes,
            texts,
        })
    }
}

fn sample(bytes: &[u8]) -> Result<Sample, DecodeError> {
    decode(bytes)
}

#[test]
fn the_canonical_encoding_is_read() {
    let bytes = b"\xa3\x02\x05\x03\x42\xaa\xbb\x18\x1e\x81\x61a";
    let value = Sample {
        number: 5,
        bytes: Some([0xaa, 0xbb]),
        texts: vec![Word("a".to_owned())],
    };
    assert_eq!(sample(bytes), Ok(value));
    assert!(sample(b"\xa2\x02\x05\x18\x1e\x80").is_ok());
}

#[test]
fn integers_and_lengths_longer_than_they_need_be_are_refused() {
    let long: [&[u8]; 7] = [
        b"\xa2\x02\x18\x05\x18\x1e\x80",     // the value 5 in two bytes
        b"\xa2\x02\x19\x00\x05\x18\x1e\x80", // in three
        b"\xa2\x02\x1b\0\0\0\0\0\0\0\x05\x18\x1e\x80", // in nine
        b"\xa2\x18\x02\x05\x18\x1e\x80",     // the key 2 in two
        b"\xa2\x02\x05\x19\x00\x1e\x80",     // the key 30 in three
        b"\xb8\x02\x02\x05\x18\x1e\x80",     // the map's length in two
        b"\xa3\x02\x05\x03\x58\x02\xaa\xbb\x18\x1e\x80", // the string's length in two
    ];
    for bytes in long {
        assert_eq!(sample(bytes), Err(DecodeError::NotCanonical), "{bytes:x?}");
    }
}

#[test]
fn keys_out_of_order_doubled_or_unknown_are_refused() {
    assert_eq!(
        sample(b"\xa2\x18\x1e\x80\x02\x05"),
        Err(DecodeError::Missing(2))
    );
    assert_eq!(
        sample(b"\xa3\x02\x05\x02\x05\x18\x1e\x80"),
        Err(DecodeError::Missing(30))
    );
    assert_eq!(
        sample(b"\xa3\x02\x05\x04\x05\x18\x1e\x80"),
        Err(DecodeError::Missing(30))
    );
    assert_eq!(
        sample(b"\xa3\x02\x05\x18\x1e\x80\x18\x1f\x00"),
        Err(DecodeError::Unknown(31))
    );
    assert_eq!(sample(b"\xa1\x02\x05"), Err(DecodeError::Missing(30)));
}

#[test]
fn indefinite_lengths_are_refused() {
    let indefinite: [&[u8]; 4] = [
        b"\xbf\x02\x05\x18\x1e\x80\xff",
        b"\xa2\x02\x05\x18\x1e\x9f\xff",
        b"\xa3\x02\x05\x03\x5f\x42\xaa\xbb\xff\x18\x1e\x80",
        b"\xa2\x02\x05\x18\x1e\x81\x7f\x61a\xff",
    ];
    for bytes in indefinite {
        assert_eq!(sample(bytes), Err(DecodeError::Malformed), "{bytes:x?}");
    }
}

#[test]
fn tags_floats_negatives_null_and_booleans_are_refused() {
    for wrong in [
        &b"\xc1\x05"[..],
        b"\xf9\x00\x00",
        b"\xfa\x40\xa0\x00\x00",
        b"\x20",
        b"\xf6",
        b"\xf7",
        b"\xf5",
        b"\xf8\xff",
    ] {
        let bytes = [b"\xa2\x02", wrong, b"\x18\x1e\x80"].concat();
        assert_eq!(sample(&bytes), Err(DecodeError::Malformed), "{bytes:x?}");
    }
}

#[test]
fn an_absent_field_is_absent_and_never_null() {
    assert_eq!(
        sample(b"\xa3\x02\x05\x03\xf6\x18\x1e\x80"),
        Err(DecodeError::Malformed)
    );
}

#[test]
fn bytes_after_the_item_are_refused() {
    assert_eq!(
        sample(b"\xa2\x02\x05\x18\x1e\x80\x00"),
        Err(DecodeError::NotCanonical)
    );
}

#[test]
fn an_item_cut_off_anywhere_is_refused() {
    let bytes = b"\xa3\x02\x05\x03\x42\xaa\xbb\x18\x1e\x81\x61a";
    for length in 0..bytes.len() {
        assert!(sample(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_text_that_is_not_utf8_is_refused() {
    assert_eq!(
        sample(b"\xa2\x02\x05\x18\x1e\x81\x61\xff"),
        Err(DecodeError::Malformed)
    );
}

#[test]
fn a_byte_string_of_another_length_is_refused() {
    assert_eq!(
        sample(b"\xa3\x02\x05\x03\x41\xaa\x18\x1e\x80"),
        Err(DecodeError::Malformed)
    );
}

#[test]
fn a_list_longer_than_its_bound_is_refused_before_anything_is_reserved() {
    assert_eq!(
        sample(b"\xa2\x02\x05\x18\x1e\x83\x60\x60\x60"),
        Err(DecodeError::TooMany)
    );
    let huge = b"\xa2\x02\x05\x18\x1e\x9b\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(sample(huge), Err(DecodeError::TooMany));
    let string = b"\xa3\x02\x05\x03\x5b\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(sample(string), Err(DecodeError::Malformed));
    let map = b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x02\x05\x18\x1e\x80";
    assert_eq!(sample(map), Err(DecodeError::Malformed));
}
