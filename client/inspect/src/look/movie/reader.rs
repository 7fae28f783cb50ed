//! Bytes and bits that are read one after the other: configurations of codings.

/// Bytes from a place on.
pub(super) struct Bytes<'b> {
    all: &'b [u8],
    pub(super) at: usize,
}

impl<'b> Bytes<'b> {
    pub(super) fn new(all: &'b [u8], at: usize) -> Self {
        Self { all, at }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.all.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    pub(super) fn small(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn middle(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// What a length of two bytes measures.
    pub(super) fn unit(&mut self) -> Option<&'b [u8]> {
        let length = self.middle()?;
        self.take(usize::from(length))
    }

    /// The length of an MPEG-4 descriptor (ISO 14496-1, 8.3.3).
    pub(super) fn descriptor(&mut self) -> Option<usize> {
        let mut length = 0_usize;
        for _ in 0..4 {
            let byte = self.small()?;
            length = length.wrapping_shl(7) | usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(length)
    }
}

/// Bits, the highest of a byte first.
#[derive(Clone)]
pub(super) struct Bits<'b> {
    all: &'b [u8],
    at: usize,
}

impl<'b> Bits<'b> {
    pub(super) fn new(all: &'b [u8]) -> Self {
        Self { all, at: 0 }
    }

    /// The number of so many bits, at most 32.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let mut sum = 0_u32;
        for _ in 0..count {
            let byte = self.all.get(self.at.wrapping_shr(3))?;
            let place = u32::try_from(self.at & 7).ok()?;
            let bit = byte.wrapping_shr(7_u32.checked_sub(place)?) & 1;
            sum = sum.wrapping_shl(1) | u32::from(bit);
            self.at = self.at.checked_add(1)?;
        }
        Some(sum)
    }

    /// The next bit.
    pub(super) fn is_set(&mut self) -> Option<bool> {
        self.take(1).map(|bit| bit == 1)
    }

    /// How many bits are left.
    pub(super) fn rest(&self) -> usize {
        self.all.len().saturating_mul(8).saturating_sub(self.at)
    }

    /// Whether nothing but zeros is left.
    pub(super) fn is_empty(&mut self) -> bool {
        while let Some(bit) = self.take(1) {
            if bit == 1 {
                return false;
            }
        }
        true
    }
}
