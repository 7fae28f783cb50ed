//! What editors sign when they put their archive away: nobody else can slip them another one.

use core::fmt;

use crate::cbor::{Cbor, DecodeError, Reader, Writer};
use crate::chain::VerifiedChain;
use crate::digest::StateHash;
use crate::signed::{Flaw, Signed, sealed};
use crate::signing::Domain;

/// The signatures under an archive were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArchiveSealError {
    /// A signature does not fit.
    BadSignature,
    /// A signature is by somebody who is no editor of the current charter.
    ForeignSignature,
    /// Not enough editors have signed.
    TooFewSignatures,
}

impl fmt::Display for ArchiveSealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadSignature => "a signature under the archive does not fit",
            Self::ForeignSignature => {
                "the archive is signed by a key that is no editor of the current charter"
            }
            Self::TooFewSignatures => "too few editors have signed the archive",
        })
    }
}

impl core::error::Error for ArchiveSealError {}

/// The hash of an archive's state.
///
/// The archive is sealed to public keys, so that anybody who has seen the editors' cards could
/// seal one; the signatures over this say that the editors did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveSeal(StateHash);

impl ArchiveSeal {
    /// The seal of the state with this hash.
    #[must_use]
    pub const fn new(state: StateHash) -> Self {
        Self(state)
    }
}

impl sealed::Body for ArchiveSeal {
    fn domain(&self) -> Domain {
        Domain::Archive
    }
}

impl Cbor for ArchiveSeal {
    fn write(&self, out: &mut Writer) {
        out.map(2).unsigned(1).unsigned(1);
        out.unsigned(2).bytes(self.0.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let state = fields.required(2, StateHash::read)?;
        fields.end()?;
        Ok(Self(state))
    }
}

impl Signed<ArchiveSeal> {
    /// Verifies that enough different editors of the current charter signed it.
    ///
    /// # Errors
    /// [`ArchiveSealError`] says what does not fit.
    pub fn verify(&self, chain: &VerifiedChain) -> Result<StateHash, ArchiveSealError> {
        let charter = chain.current();
        let enough = usize::from(charter.quorum().get());
        self.check(chain.fingerprint(), charter.editors(), enough)
            .map_err(|flaw| match flaw {
                Flaw::Bad => ArchiveSealError::BadSignature,
                Flaw::Foreign => ArchiveSealError::ForeignSignature,
                Flaw::TooFew => ArchiveSealError::TooFewSignatures,
            })?;
        Ok(self.unverified().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::{newsroom, signed, signers};

    fn seal() -> ArchiveSeal {
        ArchiveSeal::new(StateHash::from_bytes([7; 32]))
    }

    #[test]
    fn an_archive_signed_by_the_quorum_comes_back_and_verifies() {
        let secrets = signers(3);
        let chain = newsroom(&secrets, 2);
        let made = signed(seal(), chain.fingerprint(), &[&secrets[0], &secrets[2]]);
        let read = Signed::<ArchiveSeal>::decode(&made.encode()).unwrap();
        assert_eq!(read.verify(&chain), Ok(StateHash::from_bytes([7; 32])));
    }

    #[test]
    fn an_archive_signed_by_too_few_by_strangers_or_for_another_newsroom_is_refused() {
        let secrets = signers(3);
        let chain = newsroom(&secrets, 2);
        let other = newsroom(&secrets, 3);
        let by = |fingerprint, who: &[&_]| signed(seal(), fingerprint, who).verify(&chain);
        let (one, two) = (&secrets[0], &secrets[1]);
        assert_eq!(
            by(chain.fingerprint(), &[one]),
            Err(ArchiveSealError::TooFewSignatures)
        );
        assert_eq!(
            by(other.fingerprint(), &[one, two]),
            Err(ArchiveSealError::BadSignature)
        );
        let stranger = crate::SigningSecret::from_bytes([99; 32]);
        assert_eq!(
            by(chain.fingerprint(), &[one, two, &stranger]),
            Err(ArchiveSealError::ForeignSignature)
        );
    }
}
