//! Who the newsroom is: its editors, how many must agree, and how that changed.

use core::fmt;

use crate::address::Fingerprint;
use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::day::Quorum;
use crate::digest::{CharterHash, RecoveryHash};
use crate::signed::{Flaw, Signed, sealed};
use crate::signing::{Domain, EditorKey, SigningSecret};

/// A charter names at most so many editors, as an envelope has so many slots.
pub const MOST_EDITORS: usize = 8;
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
    /// Not enough editors have signed.
    TooFewSignatures {
        /// The sequence number of the charter.
        sequence: u32,
    },
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Editors => f.write_str("a charter needs 1 to 8 editors, each of them once"),
            Self::Quorum => f.write_str("the quorum is larger than the number of editors"),
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
        }
    }
}

impl core::error::Error for ChainError {}

/// The editors of a newsroom and how many of them must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charter {
    sequence: u32,
    editors: Vec<EditorKey>,
    quorum: Quorum,
    previous: Option<CharterHash>,
    recovery: Option<RecoveryHash>,
}

impl Charter {
    /// The first charter of a newsroom. Its hash is the newsroom's fingerprint.
    ///
    /// # Errors
    /// [`ChainError::Editors`] or [`ChainError::Quorum`].
    pub fn founding(
        editors: Vec<EditorKey>,
        quorum: Quorum,
        recovery: Option<RecoveryHash>,
    ) -> Result<Self, ChainError> {
        Self {
            sequence: 1,
            editors,
            quorum,
            previous: None,
            recovery,
        }
        .checked()
    }

    /// The charter that follows this one.
    ///
    /// # Errors
    /// [`ChainError::Editors`], [`ChainError::Quorum`], or [`ChainError::Length`] at the end of
    /// all numbers.
    pub fn next(
        &self,
        editors: Vec<EditorKey>,
        quorum: Quorum,
        recovery: Option<RecoveryHash>,
    ) -> Result<Self, ChainError> {
        let sequence = self.sequence.checked_add(1).ok_or(ChainError::Length)?;
        Self {
            sequence,
            editors,
            quorum,
            previous: Some(self.hash()),
            recovery,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, ChainError> {
        let editors = &self.editors;
        let doubled = editors.iter().enumerate().any(|(place, key)| {
            editors
                .iter()
                .skip(place.saturating_add(1))
                .any(|other| other == key)
        });
        if editors.is_empty() || editors.len() > MOST_EDITORS || doubled {
            return Err(ChainError::Editors);
        }
        if !self.quorum.met_by(editors.len()) {
            return Err(ChainError::Quorum);
        }
        Ok(self)
    }

    /// 1 for the founding charter, one more for each that follows.
    #[must_use]
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The editors' keys, in the order in which epoch sheets list theirs.
    #[must_use]
    pub fn editors(&self) -> &[EditorKey] {
        &self.editors
    }

    /// How many editors must agree.
    #[must_use]
    pub const fn quorum(&self) -> Quorum {
        self.quorum
    }

    /// The hash of the charter before this one.
    #[must_use]
    pub const fn previous(&self) -> Option<&CharterHash> {
        self.previous.as_ref()
    }

    /// The hash of the recovery keys kept on paper.
    #[must_use]
    pub const fn recovery(&self) -> Option<&RecoveryHash> {
        self.recovery.as_ref()
    }

    /// SHA-256 of the canonical CBOR.
    #[must_use]
    pub fn hash(&self) -> CharterHash {
        CharterHash::from_bytes(crate::digest::sha256(&[&cbor::encode(self)]))
    }

    /// The place of this editor, from 0.
    #[must_use]
    pub fn place_of(&self, editor: &EditorKey) -> Option<u8> {
        let place = self.editors.iter().position(|key| key == editor)?;
        u8::try_from(place).ok()
    }
}

impl sealed::Body for Charter {
    fn domain(&self) -> Domain {
        Domain::Charter
    }
}

impl Cbor for Charter {
    fn write(&self, out: &mut Writer) {
        let optional =
            u64::from(self.previous.is_some()).saturating_add(u64::from(self.recovery.is_some()));
        out.map(optional.saturating_add(4)).unsigned(1).unsigned(1);
        out.unsigned(2).unsigned(u64::from(self.sequence));
        out.unsigned(3).list(&self.editors);
        out.unsigned(4);
        self.quorum.write(out);
        if let Some(previous) = &self.previous {
            out.unsigned(5).bytes(previous.as_bytes());
        }
        if let Some(recovery) = &self.recovery {
            out.unsigned(6).bytes(recovery.as_bytes());
        }
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let sequence = u32::try_from(fields.required(2, Reader::unsigned)?)
            .ok()
            .filter(|sequence| *sequence > 0)
            .ok_or(DecodeError::Value("the sequence number"))?;
        let editors = fields.required(3, |input| input.list(cbor::count(&[(); MOST_EDITORS])))?;
        let quorum = fields.required(4, Quorum::read)?;
        let previous = fields.optional(5, CharterHash::read)?;
        let recovery = fields.optional(6, RecoveryHash::read)?;
        fields.end()?;
        // A founding charter has nothing before it, every other one has.
        if (sequence == 1) != previous.is_none() {
            return Err(DecodeError::Value("the hash of the charter before"));
        }
        Self {
            sequence,
            editors,
            quorum,
            previous,
            recovery,
        }
        .checked()
        .map_err(|error| {
            DecodeError::Value(match error {
                ChainError::Quorum => "the quorum",
                _ => "the list of editors",
            })
        })
    }
}

impl Signed<Charter> {
    /// Signs a founding charter, in whose place no fingerprint stands yet.
    pub fn sign_founding(&mut self, secret: &SigningSecret) {
        self.sign(&Fingerprint::NONE, secret);
    }
}

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
        if current.sequence != 1 {
            return Err(ChainError::Order {
                sequence: current.sequence,
            });
        }
        checked(
            founding,
            &Fingerprint::NONE,
            &current.editors,
            current.editors.len(),
        )?;
        let mut hashes = vec![CharterHash::from_bytes(founding.body_hash())];
        for signed in later {
            let next = signed.unverified();
            let follows = current.sequence.checked_add(1) == Some(next.sequence)
                && next.previous.as_ref() == hashes.last();
            if !follows {
                return Err(ChainError::Order {
                    sequence: next.sequence,
                });
            }
            let enough = usize::from(current.quorum.get());
            checked(signed, fingerprint, &current.editors, enough)?;
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

fn checked(
    charter: &Signed<Charter>,
    newsroom: &Fingerprint,
    keys: &[EditorKey],
    enough: usize,
) -> Result<(), ChainError> {
    let sequence = charter.unverified().sequence;
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
        self.current.sequence
    }

    /// The charter with this hash, if it is in the chain.
    #[must_use]
    pub fn find(&self, hash: &CharterHash) -> Option<&Charter> {
        let place = self.hashes.iter().position(|held| held == hash)?;
        self.chain.0.get(place).map(Signed::unverified)
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
