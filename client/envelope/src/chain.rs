//! How the newsroom's charters follow one another, verified from its fingerprint on.

use core::fmt;

use crate::address::Fingerprint;
use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::charter::Charter;
use crate::digest::CharterHash;
use crate::signed::{Flaw, Signed};
use crate::signing::{EditorKey, SigningSecret};

/// A chain of more charters is refused.
const MOST_CHARTERS: u64 = 256;

/// A charter or a chain of charters was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainError {
    /// No editors, too many, or one of them twice.
    Editors,
    /// More editors must agree than there are.
    Quorum,
    /// No recovery keys, too many, or one of them twice.
    RecoveryKeys,
    /// There is no charter in the chain, or there are too many.
    Length,
    /// The founding charter is not the one with this fingerprint.
    Fingerprint,
    /// A charter does not follow the one before it.
    Order {
        /// The sequence number of the charter that does not follow.
        sequence: u32,
    },
    /// A signature does not fit.
    BadSignature {
        /// The sequence number of the charter.
        sequence: u32,
    },
    /// A signature is by somebody who may not sign this charter.
    ForeignSignature {
        /// The sequence number of the charter.
        sequence: u32,
    },
    /// Not enough editors have signed, or not all recovery keys.
    TooFewSignatures {
        /// The sequence number of the charter.
        sequence: u32,
    },
    /// A charter was made by recovery keys that the one before it does not name.
    Recovery {
        /// The sequence number of the charter.
        sequence: u32,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Editors => f.write_str("a charter needs 1 to 8 editors, each of them once"),
            Self::Quorum => f.write_str("the quorum is larger than the number of editors"),
            Self::RecoveryKeys => {
                f.write_str("a newsroom has 1 to 8 recovery papers, each of them once")
            }
            Self::Length => f.write_str("the chain of charters is empty or too long"),
            Self::Fingerprint => f.write_str(
                "these are the keys of another newsroom: the fingerprint differs from the one \
                 that was expected",
            ),
            Self::Order { sequence } => {
                write!(
                    f,
                    "charter {sequence} does not follow the charter before it"
                )
            }
            Self::BadSignature { sequence } => {
                write!(f, "a signature on charter {sequence} does not fit")
            }
            Self::ForeignSignature { sequence } => {
                write!(
                    f,
                    "charter {sequence} is signed by a key that may not sign it"
                )
            }
            Self::TooFewSignatures { sequence } => {
                write!(f, "too few editors have signed charter {sequence}")
            }
            Self::Recovery { sequence } => write!(
                f,
                "charter {sequence} was made by recovery keys that the charter before it does not \
                 name"
            ),
        }
    }
}

impl core::error::Error for ChainError {}

/// The charters of a newsroom from the founding one on, not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharterChain(Vec<Signed<Charter>>);

impl CharterChain {
    /// A chain of one: the founding charter, signed by all its editors.
    ///
    /// # Errors
    /// [`ChainError`] when the charter is not a founding one or an editor's secret is missing.
    pub fn found(charter: Charter, secrets: &[&SigningSecret]) -> Result<Self, ChainError> {
        let mut signed = Signed::new(charter);
        for secret in secrets {
            signed.sign_founding(secret);
        }
        Self::from_founding(signed)
    }

    /// A chain of one, from a founding charter that all its editors have signed.
    ///
    /// # Errors
    /// [`ChainError`] when it is not a founding charter or a signature is missing.
    pub fn from_founding(charter: Signed<Charter>) -> Result<Self, ChainError> {
        let chain = Self(vec![charter]);
        let fingerprint = chain.unverified_fingerprint().ok_or(ChainError::Length)?;
        chain.verify(&fingerprint)?;
        Ok(chain)
    }

    /// The canonical CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Reads a chain and verifies nothing.
    ///
    /// # Errors
    /// [`DecodeError`] unless the bytes are exactly one canonical chain.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes)
    }

    /// The fingerprint that the chain claims. Compare it, do not trust it.
    #[must_use]
    pub fn unverified_fingerprint(&self) -> Option<Fingerprint> {
        self.0
            .first()
            .map(|founding| Fingerprint::from_bytes(founding.body_hash()))
    }

    /// The hash of the newest charter that the chain claims. Compare it, do not trust it.
    #[must_use]
    pub fn unverified_newest(&self) -> Option<CharterHash> {
        let newest = self.0.last()?;
        Some(CharterHash::from_bytes(newest.body_hash()))
    }

    /// Verifies the chain from the fingerprint that the caller knows from elsewhere.
    ///
    /// # Errors
    /// [`ChainError`] says which charter is at fault, and how.
    pub fn verify(&self, fingerprint: &Fingerprint) -> Result<VerifiedChain, ChainError> {
        let (founding, later) = self.0.split_first().ok_or(ChainError::Length)?;
        if cbor::count(later) >= MOST_CHARTERS {
            return Err(ChainError::Length);
        }
        if founding.body_hash() != *fingerprint.as_bytes() {
            return Err(ChainError::Fingerprint);
        }
        let mut current = founding.unverified();
        if current.sequence() != 1 {
            return Err(ChainError::Order {
                sequence: current.sequence(),
            });
        }
        checked(
            founding,
            &Fingerprint::NONE,
            current.editors(),
            current.editors().len(),
        )?;
        let mut hashes = vec![CharterHash::from_bytes(founding.body_hash())];
        for signed in later {
            let next = signed.unverified();
            let follows = current.sequence().checked_add(1) == Some(next.sequence())
                && next.previous() == hashes.last();
            if !follows {
                return Err(ChainError::Order {
                    sequence: next.sequence(),
                });
            }
            let (keys, enough) = signers_after(current, next)?;
            checked(signed, fingerprint, keys, enough)?;
            hashes.push(CharterHash::from_bytes(signed.body_hash()));
            current = next;
        }
        let current = current.clone();
        Ok(VerifiedChain {
            chain: self.clone(),
            fingerprint: *fingerprint,
            hashes,
            current,
        })
    }
}

/// Who may sign the charter `next`, and how many of them must: a quorum of the editors before it,
/// or all the recovery keys that were named before it.
fn signers_after<'c>(
    current: &'c Charter,
    next: &'c Charter,
) -> Result<(&'c [EditorKey], usize), ChainError> {
    let Some(recovery) = next.recovered_by() else {
        return Ok((current.editors(), usize::from(current.quorum().get())));
    };
    if current.recovery() == Some(&recovery.hash()) {
        Ok((recovery.keys(), recovery.keys().len()))
    } else {
        let sequence = next.sequence();
        Err(ChainError::Recovery { sequence })
    }
}

fn checked(
    charter: &Signed<Charter>,
    newsroom: &Fingerprint,
    keys: &[EditorKey],
    enough: usize,
) -> Result<(), ChainError> {
    let sequence = charter.unverified().sequence();
    charter
        .check(newsroom, keys, enough)
        .map_err(|flaw| match flaw {
            Flaw::Bad => ChainError::BadSignature { sequence },
            Flaw::Foreign => ChainError::ForeignSignature { sequence },
            Flaw::TooFew => ChainError::TooFewSignatures { sequence },
        })
}

impl Cbor for CharterChain {
    fn write(&self, out: &mut Writer) {
        out.list(&self.0);
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.list(MOST_CHARTERS).map(Self)
    }
}

/// A chain of charters that was verified from its fingerprint on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedChain {
    chain: CharterChain,
    fingerprint: Fingerprint,
    hashes: Vec<CharterHash>,
    current: Charter,
}

impl VerifiedChain {
    /// The newest charter.
    #[must_use]
    pub const fn current(&self) -> &Charter {
        &self.current
    }

    /// The hash of the newest charter.
    #[must_use]
    pub fn current_hash(&self) -> CharterHash {
        self.current.hash()
    }

    /// The newsroom's fingerprint.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// The sequence number of the newest charter.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.current.sequence()
    }

    /// The charter with this hash, if it is in the chain.
    #[must_use]
    pub fn find(&self, hash: &CharterHash) -> Option<&Charter> {
        let place = self.hashes.iter().position(|held| held == hash)?;
        self.chain.0.get(place).map(Signed::unverified)
    }

    /// The charters from the founding one to the newest.
    pub fn charters(&self) -> impl Iterator<Item = &Charter> {
        self.chain.0.iter().map(Signed::unverified)
    }

    /// The newest charter that recovery keys made in place of editors, if there is one: whoever
    /// relies on the newsroom must be told.
    #[must_use]
    pub fn recovered(&self) -> Option<&Charter> {
        let signed = self.chain.0.iter().rev().map(Signed::unverified);
        let mut recovered = signed.filter(|charter| charter.recovered_by().is_some());
        recovered.next()
    }

    /// Whether this key is an editor's in any charter of the chain.
    #[must_use]
    pub fn has_editor(&self, editor: &EditorKey) -> bool {
        self.chain
            .0
            .iter()
            .any(|signed| signed.unverified().place_of(editor).is_some())
    }

    /// Whether every charter of `earlier` stands in this chain, in its place.
    #[must_use]
    pub fn continues(&self, earlier: &Self) -> bool {
        self.hashes.starts_with(&earlier.hashes)
    }

    /// The chain as it is stored and sent.
    #[must_use]
    pub const fn chain(&self) -> &CharterChain {
        &self.chain
    }

    /// The chain with one more charter.
    ///
    /// # Errors
    /// [`ChainError`] when the charter does not follow or too few editors have signed it.
    pub fn append(&self, charter: Signed<Charter>) -> Result<Self, ChainError> {
        let mut chain = self.chain.clone();
        chain.0.push(charter);
        chain.verify(&self.fingerprint)
    }
}

#[cfg(test)]
mod tests;
