//! Deterministic CBOR (RFC 8949 §4.2.1), only as much of it as this program uses.

use minicbor::{Decoder, Encoder};

/// Writes items one after the other.
pub(crate) struct Writer(Encoder<Vec<u8>>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }

    pub(crate) fn array(&mut self, items: usize) -> &mut Self {
        written(self.0.array(u64::try_from(items).unwrap_or(u64::MAX)));
        self
    }

    pub(crate) fn unsigned(&mut self, value: impl Into<u64>) -> &mut Self {
        written(self.0.u64(value.into()));
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        written(self.0.bytes(value));
        self
    }
}

#[expect(clippy::expect_used, reason = "a vector takes every byte")]
fn written<T, E: core::fmt::Debug>(result: Result<T, E>) {
    result.expect("a vector takes every byte");
}

/// Reads items one after the other; the caller compares the encodings afterwards.
pub(crate) struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// An array of exactly so many items.
    pub(crate) fn tuple(&mut self, items: u64) -> Option<()> {
        (self.0.array().ok()?? == items).then_some(())
    }

    /// An array of at most `limit` items. Nothing is reserved by the announced length.
    pub(crate) fn list<T>(
        &mut self,
        limit: u64,
        mut read: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let announced = self.0.array().ok()??;
        if announced > limit {
            return None;
        }
        let mut items = Vec::new();
        for _ in 0..announced {
            items.push(read(self)?);
        }
        Some(items)
    }

    pub(crate) fn unsigned<T: TryFrom<u64>>(&mut self) -> Option<T> {
        T::try_from(self.0.u64().ok()?).ok()
    }

    pub(crate) fn bytes(&mut self) -> Option<&'b [u8]> {
        self.0.bytes().ok()
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes()?.try_into().ok()
    }
}
