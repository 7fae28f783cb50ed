//! The keys of one envelope, derived with HKDF-SHA256 (RFC 5869) from its secret M.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::day::Quorum;
use crate::digest::sha256;
use crate::head::HEAD_LEN;
use crate::pad::HEADER_LEN;
use crate::payload::Suite;

/// The pseudorandom key of an envelope.
pub(crate) struct Schedule(Hkdf<Sha256>);

impl Schedule {
    pub(crate) fn new(salt: &[u8; 32], secret: &[u8; 32]) -> Self {
        Self(Hkdf::new(Some(salt), secret))
    }

    /// Says, before any chunk is touched, whether a combination of shares is right.
    pub(crate) fn commitment(
        &self,
        suite: Suite,
        quorum: Quorum,
        head: &[u8; HEAD_LEN],
    ) -> [u8; 32] {
        let bound = [suite.byte(), quorum.get()];
        *self.expand(&[b"knothole/v1 commit", &bound, &sha256(&[head])])
    }

    /// The key of the chunks, bound to every byte of the header.
    pub(crate) fn payload(&self, suite: Suite, header: &[u8; HEADER_LEN]) -> Zeroizing<[u8; 32]> {
        self.expand(&[b"knothole/v1 payload", &[suite.byte()], &sha256(&[header])])
    }

    #[expect(
        clippy::expect_used,
        reason = "HKDF-SHA256 gives 32 bytes for any info"
    )]
    fn expand(&self, info: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        let mut output = Zeroizing::new([0; 32]);
        self.0
            .expand_multi_info(info, output.as_mut_slice())
            .expect("32 bytes are one block");
        output
    }
}

#[cfg(test)]
mod tests;
