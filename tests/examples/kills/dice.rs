//! Chance that can be had again: the same seed throws the same.

use std::time::Duration;

/// A generator for tests (xorshift64*), nothing for keys.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Dice that throw what this seed throws.
    pub(crate) const fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self((seed ^ 0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Other dice, for somebody who throws at another time.
    pub(crate) fn fork(&mut self) -> Self {
        Self::new(self.throw())
    }

    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // The upper bits are the better ones.
        (self.throw() >> 16) % end
    }

    /// A place in a list of so many.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    /// True once in so many throws.
    pub(crate) fn one_in(&mut self, throws: u64) -> bool {
        self.below(throws) == 0
    }

    /// One of these.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.place(of.len())]
    }

    /// A time below this one. Short ones are as likely as long ones: each power of two is.
    pub(crate) fn within(&mut self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_micros()).unwrap();
        let scale = most.ilog2() + 1;
        let power = u32::try_from(self.below(u64::from(scale) + 1)).unwrap();
        let micros = self.below(1 << power);
        Duration::from_micros(micros.min(most))
    }

    /// A time below this one.
    pub(crate) fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_micros(self.below(u64::try_from(most.as_micros()).unwrap()))
    }

    /// A length from 1 byte to this one. Short ones are as likely as long ones.
    pub(crate) fn length(&mut self, most: usize) -> usize {
        let power = 1 + self.place(usize::try_from(most.ilog2()).unwrap() + 1);
        1 + self.place(1 << power).min(most - 1)
    }

    /// A length from 1 byte to this one, half of them long.
    pub(crate) fn size(&mut self, most: usize) -> usize {
        if self.one_in(2) {
            1 + self.place(most)
        } else {
            self.length(most)
        }
    }

    /// Bytes that do not repeat.
    pub(crate) fn noise(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length.next_multiple_of(8));
        while bytes.len() < length {
            bytes.extend_from_slice(&self.throw().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}
