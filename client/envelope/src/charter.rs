//! Who the newsroom is: its editors, how many must agree, and how that changed.

use crate::address::Fingerprint;
use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::chain::ChainError;
use crate::day::Quorum;
use crate::digest::{CharterHash, RecoveryHash};
use crate::recovery::RecoveryKeys;
use crate::signed::{Signed, sealed};
use crate::signing::{Domain, EditorKey, SigningSecret};

/// A charter names at most so many editors, as an envelope has so many slots.
pub const MOST_EDITORS: usize = 8;

/// The editors of a newsroom and how many of them must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charter {
    sequence: u32,
    editors: Vec<EditorKey>,
    quorum: Quorum,
    previous: Option<CharterHash>,
    recovery: Option<RecoveryHash>,
    recovered_by: Option<RecoveryKeys>,
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
            recovered_by: None,
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
        self.following(editors, quorum, recovery, None)
    }

    /// The charter that the holders of all recovery papers put after this one, when too few of its
    /// editors are left to sign. The papers' secrets sign it, and nobody else.
    ///
    /// # Errors
    /// As [`Self::next`], and [`ChainError::Recovery`] when these are not the keys that this
    /// charter names.
    pub fn recovered(
        &self,
        editors: Vec<EditorKey>,
        quorum: Quorum,
        recovery: Option<RecoveryHash>,
        by: RecoveryKeys,
    ) -> Result<Self, ChainError> {
        let next = self.following(editors, quorum, recovery, Some(by))?;
        if next.recovered_by().map(RecoveryKeys::hash) == self.recovery {
            Ok(next)
        } else {
            let sequence = next.sequence;
            Err(ChainError::Recovery { sequence })
        }
    }

    /// A charter that claims to be made by these keys, rightly or not.
    #[cfg(test)]
    pub(crate) fn forged(mut self, by: RecoveryKeys) -> Self {
        self.recovered_by = Some(by);
        self
    }

    fn following(
        &self,
        editors: Vec<EditorKey>,
        quorum: Quorum,
        recovery: Option<RecoveryHash>,
        recovered_by: Option<RecoveryKeys>,
    ) -> Result<Self, ChainError> {
        let sequence = self.sequence.checked_add(1).ok_or(ChainError::Length)?;
        Self {
            sequence,
            editors,
            quorum,
            previous: Some(self.hash()),
            recovery,
            recovered_by,
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

    /// The recovery keys that signed this charter in place of editors, if it was made by them.
    #[must_use]
    pub const fn recovered_by(&self) -> Option<&RecoveryKeys> {
        self.recovered_by.as_ref()
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
        let optional = [
            self.previous.is_some(),
            self.recovery.is_some(),
            self.recovered_by.is_some(),
        ];
        let fields = optional
            .into_iter()
            .map(u64::from)
            .fold(4, u64::saturating_add);
        out.map(fields).unsigned(1).unsigned(1);
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
        if let Some(keys) = &self.recovered_by {
            out.unsigned(7);
            keys.write(out);
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
        let recovered_by = fields.optional(7, RecoveryKeys::read)?;
        fields.end()?;
        // A founding charter has nothing before it, every other one has.
        if (sequence == 1) != previous.is_none() {
            return Err(DecodeError::Value("the hash of the charter before"));
        }
        if sequence == 1 && recovered_by.is_some() {
            return Err(DecodeError::Value("the list of recovery keys"));
        }
        Self {
            sequence,
            editors,
            quorum,
            previous,
            recovery,
            recovered_by,
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

    /// Takes over the signatures that another copy of a founding charter carries, as
    /// [`Signed::merge`] does.
    #[must_use]
    pub fn merge_founding(&mut self, other: &Self) -> bool {
        self.merge(&Fingerprint::NONE, other)
    }
}
