//! Reads choices from a target's bytes.

/// The bytes that are left. At their end every choice is 0.
pub(crate) struct Dice<'b>(&'b [u8]);

impl<'b> Dice<'b> {
    pub(crate) const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    /// A number below the bound, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let [one, two, three] = self.take();
        usize::try_from(u32::from_be_bytes([0, one, two, three])).unwrap() % bound
    }

    /// So many bytes, or what there is of them.
    pub(crate) fn bytes(&mut self, most: usize) -> &'b [u8] {
        let (now, later) = self.0.split_at(most.min(self.0.len()));
        self.0 = later;
        now
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let now = self.bytes(N);
        taken[..now.len()].copy_from_slice(now);
        taken
    }
}
