//! Deterministic CBOR (RFC 8949 §4.2.1), only as much of it as the formats use.

use core::fmt;

use minicbor::{Decoder, Encoder};

/// Why some CBOR was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// An item is cut off, or is not of the type that belongs in its place.
    Malformed,
    /// A field that must be there is not.
    Missing(u64),
    /// A field that this version does not know.
    Unknown(u64),
    /// More items than the format allows.
    TooMany,
    /// A field holds something that the format does not allow; the text names it.
    Value(&'static str),
    /// The same thing could be written shorter or in another order, or bytes follow it.
    NotCanonical,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is cut off or not of this format"),
            Self::Missing(field) => write!(f, "field {field} is missing"),
            Self::Unknown(field) => write!(f, "field {field} is unknown to this version"),
            Self::TooMany => f.write_str("it has more entries than the format allows"),
            Self::Value(what) => write!(f, "{what} is not as the format says"),
            Self::NotCanonical => f.write_str("its encoding is not the canonical one"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Something with exactly one encoding.
pub trait Cbor: Sized {
    /// Appends the one canonical encoding.
    fn write(&self, out: &mut Writer);
    /// Reads one item; the caller compares the encodings afterwards.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// The canonical encoding.
pub(crate) fn encode<T: Cbor>(value: &T) -> Vec<u8> {
    let mut out = Writer::with_capacity(0);
    value.write(&mut out);
    out.finish()
}

/// Reads exactly one item, in its canonical encoding, with nothing after it.
pub(crate) fn decode<T: Cbor>(bytes: &[u8]) -> Result<T, DecodeError> {
    let value = T::read(&mut Reader::new(bytes))?;
    // Whatever the reader forgave (long integers, bytes at the end) shows here.
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(DecodeError::NotCanonical)
    }
}

/// Reads a canonical array of at most `limit` items.
pub(crate) fn decode_list<T: Cbor>(bytes: &[u8], limit: u64) -> Result<Vec<T>, DecodeError> {
    let mut input = Reader::new(bytes);
    let items = input.list(limit)?;
    if encode_list(&items) == bytes {
        Ok(items)
    } else {
        Err(DecodeError::NotCanonical)
    }
}

/// The canonical encoding of an array of items.
pub(crate) fn encode_list<T: Cbor>(items: &[T]) -> Vec<u8> {
    let mut out = Writer::with_capacity(0);
    out.list(items);
    out.finish()
}

/// Writes canonical items one after the other; the caller keeps keys ascending.
pub struct Writer(Encoder<Vec<u8>>);

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self(Encoder::new(Vec::with_capacity(capacity)))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }

    pub(crate) fn map(&mut self, fields: u64) -> &mut Self {
        written(self.0.map(fields));
        self
    }

    pub(crate) fn array(&mut self, items: u64) -> &mut Self {
        written(self.0.array(items));
        self
    }

    pub(crate) fn unsigned(&mut self, value: u64) -> &mut Self {
        written(self.0.u64(value));
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        written(self.0.bytes(value));
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        written(self.0.str(value));
        self
    }

    pub(crate) fn list<T: Cbor>(&mut self, items: &[T]) -> &mut Self {
        self.array(count(items));
        for item in items {
            item.write(self);
        }
        self
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer(..)")
    }
}

/// The number of items, as CBOR counts them.
pub(crate) fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

#[expect(clippy::expect_used, reason = "a vector takes every byte")]
fn written<T, E: fmt::Debug>(result: Result<T, E>) {
    result.expect("a vector takes every byte");
}

/// Reads items one after the other, definite lengths only.
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, DecodeError> {
        self.0.u64().map_err(|_| DecodeError::Malformed)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], DecodeError> {
        self.0.bytes().map_err(|_| DecodeError::Malformed)
    }

    pub(crate) fn text(&mut self) -> Result<&'b str, DecodeError> {
        self.0.str().map_err(|_| DecodeError::Malformed)
    }

    /// A byte string of exactly `N` bytes.
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        <[u8; N]>::try_from(self.bytes()?).map_err(|_| DecodeError::Malformed)
    }

    /// An array of at most `limit` items. Nothing is reserved by the announced length.
    pub(crate) fn list<T: Cbor>(&mut self, limit: u64) -> Result<Vec<T>, DecodeError> {
        let Ok(Some(announced)) = self.0.array() else {
            return Err(DecodeError::Malformed);
        };
        if announced > limit {
            return Err(DecodeError::TooMany);
        }
        let mut items = Vec::new();
        for _ in 0..announced {
            items.push(T::read(self)?);
        }
        Ok(items)
    }

    /// A map, to be read field by field in ascending order.
    pub(crate) fn map(&mut self) -> Result<Fields<'_, 'b>, DecodeError> {
        let Ok(Some(left)) = self.0.map() else {
            return Err(DecodeError::Malformed);
        };
        let mut fields = Fields {
            input: self,
            left,
            next: None,
        };
        fields.advance()?;
        Ok(fields)
    }
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader(..)")
    }
}

/// The fields of a map that is being read.
pub(crate) struct Fields<'a, 'b> {
    input: &'a mut Reader<'b>,
    left: u64,
    next: Option<u64>,
}

impl<'b> Fields<'_, 'b> {
    /// The value of a field that must be there.
    pub(crate) fn required<T>(
        &mut self,
        field: u64,
        read: impl FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.optional(field, read)?
            .ok_or(DecodeError::Missing(field))
    }

    /// The value of a field that may be absent.
    pub(crate) fn optional<T>(
        &mut self,
        field: u64,
        read: impl FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.next != Some(field) {
            return Ok(None);
        }
        let value = read(self.input)?;
        self.advance()?;
        Ok(Some(value))
    }

    /// The format's version, field 1, which is 1 everywhere.
    pub(crate) fn version(&mut self) -> Result<(), DecodeError> {
        match self.required(1, Reader::unsigned)? {
            1 => Ok(()),
            _ => Err(DecodeError::Value("the version")),
        }
    }

    /// Refuses what is left.
    pub(crate) fn end(self) -> Result<(), DecodeError> {
        self.next
            .map_or(Ok(()), |field| Err(DecodeError::Unknown(field)))
    }

    fn advance(&mut self) -> Result<(), DecodeError> {
        self.next = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Some(self.input.unsigned()?)
            }
            None => None,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests;
