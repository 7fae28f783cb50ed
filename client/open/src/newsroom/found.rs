//! Founding a newsroom from the cards of its editors.

use core::fmt;

use knothole_envelope::{
    ChainError, Charter, CharterChain, Fingerprint, MOST_CARD_EPOCHS, MOST_EDITORS, OnionAddress,
    Quorum, RecipientKey, RecoveryHash, Sheet, Signed,
};

use super::sheets::{CardsError, read_cards, sheets};
use crate::archive::State;
use crate::archive::cbor::{Reader, Writer};
use crate::editor::Editor;

/// A newsroom could not be founded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FoundError {
    /// The cards cannot be read, or do not fit together.
    Cards(CardsError),
    /// The number of editors, or one of them twice.
    Charter(ChainError),
    /// Two editors have the same archive key.
    ArchiveKeys,
    /// A vault belongs to none of the cards.
    NoCard {
        /// What a person calls it.
        vault: String,
    },
    /// A vault belongs to another newsroom, and would believe that one's archive no more.
    OtherNewsroom {
        /// What a person calls it.
        vault: String,
        /// The newsroom that the vault can be told, if the next attempt is the same newsroom.
        newsroom: Option<Fingerprint>,
    },
    /// Not all editors have signed the founding charter.
    Unsigned {
        /// How many there are.
        editors: usize,
        /// How many have signed.
        have: usize,
    },
    /// What others have signed so far is not of this founding.
    OtherFounding,
}

impl fmt::Display for FoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cards(error) => error.fmt(f),
            Self::Charter(ChainError::Editors) => write!(
                f,
                "a newsroom has 1 to {MOST_EDITORS} editors, each of them with a card of their own"
            ),
            Self::Charter(ChainError::Quorum) => f.write_str(
                "the quorum is larger than the number of cards: no drop could be opened",
            ),
            Self::Charter(error) => error.fmt(f),
            Self::ArchiveKeys => f.write_str(
                "two of the cards have one archive key: each editor needs a vault of their own",
            ),
            Self::NoCard { vault } => write!(
                f,
                "{vault} belongs to none of the cards: give the card of each editor"
            ),
            Self::OtherNewsroom { vault, newsroom } => other_newsroom(f, vault, newsroom.as_ref()),
            Self::Unsigned { editors, have } => write!(
                f,
                "all {editors} editors sign the founding charter, and {have} of them {has} so far",
                has = if *have == 1 { "has" } else { "have" }
            ),
            Self::OtherFounding => f.write_str(
                "another founding has begun in this folder, with other cards, another order of \
                 them, or another quorum: give the same, or begin in another folder",
            ),
        }
    }
}

/// That a vault is taken already, and what to do.
pub(super) fn other_newsroom(
    f: &mut fmt::Formatter<'_>,
    vault: &str,
    newsroom: Option<&Fingerprint>,
) -> fmt::Result {
    write!(
        f,
        "{vault} belongs to another newsroom already, and would open that one's archive no more: \
         nothing was changed. Take a new vault (`knothole vault new`)"
    )?;
    match newsroom {
        Some(newsroom) => write!(
            f,
            ", or, if you mean to give the other newsroom up, tell it so first: `knothole vault \
             trust {vault} {newsroom}`"
        ),
        None => Ok(()),
    }
}

impl core::error::Error for FoundError {}

impl From<CardsError> for FoundError {
    fn from(error: CardsError) -> Self {
        Self::Cards(error)
    }
}

/// How far a founding has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedSoFar {
    /// How many editors there are.
    pub editors: usize,
    /// How many of them have signed.
    pub have: usize,
}

/// A newsroom that is being founded.
#[derive(Debug, Clone)]
pub struct Founding {
    charter: Signed<Charter>,
    sheets: Vec<Signed<Sheet>>,
    keys: Vec<RecipientKey>,
}

impl Founding {
    /// The charter and the sheets of these editors, in the order of their cards.
    ///
    /// # Errors
    /// [`FoundError`] says which card does not fit.
    pub fn new(cards: &[Vec<u8>], quorum: Quorum) -> Result<Self, FoundError> {
        Self::with_recovery(cards, quorum, None)
    }

    /// As [`Self::new`]; the charter names recovery papers, if there are any.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_recovery(
        cards: &[Vec<u8>],
        quorum: Quorum,
        recovery: Option<RecoveryHash>,
    ) -> Result<Self, FoundError> {
        let read = read_cards(cards)?;
        let editors = read.iter().map(|card| *card.signing_key()).collect();
        let charter = Charter::founding(editors, quorum, recovery).map_err(FoundError::Charter)?;
        let keys: Vec<_> = read.iter().map(|card| card.archive_key().clone()).collect();
        if doubled(&keys) {
            return Err(FoundError::ArchiveKeys);
        }
        let sheets = sheets(&read, &charter)?;
        Ok(Self {
            charter: Signed::new(charter),
            sheets,
            keys,
        })
    }

    /// The fingerprint that the newsroom will have.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::from_bytes(*self.charter.unverified().hash().as_bytes())
    }

    /// Signs the charter and all sheets.
    ///
    /// # Errors
    /// [`FoundError::NoCard`] when this is none of the editors, [`FoundError::OtherNewsroom`] when
    /// the editor belongs to another newsroom.
    pub fn sign(&mut self, editor: &impl Editor) -> Result<(), FoundError> {
        let vault = editor.called();
        if self.charter.unverified().place_of(&editor.key()).is_none() {
            return Err(FoundError::NoCard { vault });
        }
        let fingerprint = self.fingerprint();
        if editor.newsroom().is_some_and(|known| known != fingerprint) {
            let newsroom = Some(fingerprint);
            return Err(FoundError::OtherNewsroom { vault, newsroom });
        }
        self.charter.sign_founding(editor.signing());
        for sheet in &mut self.sheets {
            sheet.sign(&fingerprint, editor.signing());
        }
        Ok(())
    }

    /// How many editors there are, and how many of them have signed.
    #[must_use]
    pub fn signed(&self) -> SignedSoFar {
        SignedSoFar {
            editors: self.keys.len(),
            have: self.charter.signers().count(),
        }
    }

    /// What has been signed so far, to be carried to the next editor.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(2).bytes(&self.charter.encode());
        out.array(self.sheets.len());
        for sheet in &self.sheets {
            out.bytes(&sheet.encode());
        }
        out.finish()
    }

    /// The recovery papers that a founding names which others have begun.
    #[must_use]
    pub fn recovery_in(encoded: &[u8]) -> Option<RecoveryHash> {
        let begun = Self::decode(encoded, Vec::new())?;
        begun.charter.unverified().recovery().copied()
    }

    /// Takes over what others have signed before.
    ///
    /// # Errors
    /// [`FoundError::OtherFounding`]; then nothing was taken over.
    pub fn join(&mut self, encoded: &[u8]) -> Result<(), FoundError> {
        let other = Self::decode(encoded, self.keys.clone()).ok_or(FoundError::OtherFounding)?;
        let mut joined = self.clone();
        let fingerprint = self.fingerprint();
        let same = joined.charter.merge_founding(&other.charter)
            && joined.sheets.len() == other.sheets.len()
            && joined
                .sheets
                .iter_mut()
                .zip(&other.sheets)
                .all(|(sheet, other)| sheet.merge(&fingerprint, other));
        if !same {
            return Err(FoundError::OtherFounding);
        }
        *self = joined;
        Ok(())
    }

    fn decode(encoded: &[u8], keys: Vec<RecipientKey>) -> Option<Self> {
        let mut input = Reader::new(encoded);
        input.tuple(2)?;
        let charter = Signed::decode(input.bytes()?).ok()?;
        let most = u64::try_from(MOST_CARD_EPOCHS).ok()?;
        let sheets = input.list(most, |input| Signed::decode(input.bytes()?).ok())?;
        let founding = Self {
            charter,
            sheets,
            keys,
        };
        (founding.encode() == encoded).then_some(founding)
    }

    /// The state of the new newsroom, when all have signed.
    ///
    /// # Errors
    /// [`FoundError::Unsigned`] when they have not.
    pub fn finish(self, onion: OnionAddress) -> Result<State, FoundError> {
        let SignedSoFar { editors, have } = self.signed();
        let missing = FoundError::Unsigned { editors, have };
        let fingerprint = self.fingerprint();
        let chain = CharterChain::from_founding(self.charter)
            .and_then(|chain| chain.verify(&fingerprint))
            .map_err(|error| match error {
                ChainError::TooFewSignatures { .. } => missing.clone(),
                other => FoundError::Charter(other),
            })?;
        State::new(chain, self.keys, onion, self.sheets).ok_or(missing)
    }
}

pub(super) fn doubled(keys: &[RecipientKey]) -> bool {
    let mut rest = keys.iter();
    while let Some(key) = rest.next() {
        if rest.clone().any(|other| other == key) {
            return true;
        }
    }
    false
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
