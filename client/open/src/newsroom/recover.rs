//! Going on after too many vaults were lost: recovery papers appoint new editors.

use core::fmt;

use knothole_envelope::{
    ChainError, CharterChain, Day, EpochNumber, Fingerprint, OnionAddress, Quorum, RecoveryKeys,
    Signed, SigningSecret, VerifiedChain, VerifiedSheet, unframe,
};

use super::found::{doubled, other_newsroom};
use super::sheets::{CardsError, read_cards, sheets};
use crate::archive::State;
use crate::editor::Editor;

/// The newsroom could not be recovered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoverError {
    /// The file is not a chain of charters.
    NoChain,
    /// The chain does not verify, or the new charter does not follow.
    Charter(ChainError),
    /// The newsroom's newest charter names no recovery papers.
    NoPapers,
    /// The papers are not all, or not this newsroom's.
    Papers,
    /// The cards cannot be read, or do not fit together.
    Cards(CardsError),
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
        /// The newsroom that is recovered.
        newsroom: Fingerprint,
    },
    /// The numbers of the new epochs were used before, for other keys on other days.
    Numbers {
        /// The first number that is free.
        free: u32,
    },
    /// All epochs on the cards are over.
    Over,
    /// It takes more vaults.
    MoreVaults {
        /// How many must be together.
        quorum: Quorum,
        /// How many of them are here.
        have: usize,
    },
}

impl fmt::Display for RecoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChain => f.write_str(
                "this is no chain of charters: take the file `charter` of the last outbox, or what \
                 the drop-box shows under /charter",
            ),
            Self::Charter(ChainError::Quorum) => f.write_str(
                "the quorum is larger than the number of cards: no drop could be opened",
            ),
            Self::Charter(error) => error.fmt(f),
            Self::NoPapers => f.write_str(
                "the newest charter in this chain names no recovery papers: there is no way but to \
                 found another newsroom",
            ),
            Self::Papers => f.write_str(
                "these are not all recovery papers of this newsroom: it takes every one of them",
            ),
            Self::Cards(error) => error.fmt(f),
            Self::ArchiveKeys => f.write_str(
                "two of the cards have one archive key: each editor needs a vault of their own",
            ),
            Self::NoCard { vault } => write!(f, "{vault} belongs to none of the cards"),
            Self::OtherNewsroom { vault, newsroom } => other_newsroom(f, vault, Some(newsroom)),
            Self::Numbers { free } => write!(
                f,
                "the server refuses the epochs on these cards: the newsroom has had their numbers, \
                 on other days. Make all the new vaults with `knothole vault new VAULT \
                 --first-epoch {free}`, or a higher number that is the same for all, and give \
                 their cards"
            ),
            Self::Over => f.write_str(
                "all epochs that stand on every card are over: make vaults for the time to come",
            ),
            Self::MoreVaults { quorum, have } => write!(
                f,
                "the new archive is sealed by {quorum} of the new editors, and {have} of them {is} \
                 here: name that many vaults with --vault",
                is = if *have == 1 { "is" } else { "are" }
            ),
        }
    }
}

impl core::error::Error for RecoverError {}

impl From<CardsError> for RecoverError {
    fn from(error: CardsError) -> Self {
        Self::Cards(error)
    }
}

/// The newsroom's chain from a file: as an outbox carries it, or as a drop-box shows it.
///
/// # Errors
/// [`RecoverError::NoChain`] or [`RecoverError::Charter`].
pub fn chain_of(bytes: &[u8], fingerprint: &Fingerprint) -> Result<VerifiedChain, RecoverError> {
    let chain = CharterChain::decode(bytes)
        .ok()
        .or_else(|| CharterChain::decode(unframe(bytes).ok()?).ok())
        .ok_or(RecoverError::NoChain)?;
    let chain = chain.verify(fingerprint).map_err(RecoverError::Charter)?;
    if chain.current().recovery().is_none() {
        return Err(RecoverError::NoPapers);
    }
    Ok(chain)
}

/// Recovery papers as they are read, one after the other.
#[derive(Debug, Default)]
pub struct Papers(Vec<SigningSecret>);

impl Papers {
    /// One more paper; the same one twice counts once.
    pub fn add(&mut self, paper: SigningSecret) {
        let key = paper.editor_key();
        if !self.0.iter().any(|other| other.editor_key() == key) {
            self.0.push(paper);
        }
    }

    /// How many different ones were read.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Their public keys.
    ///
    /// # Errors
    /// [`RecoverError::Papers`] when there are none or too many.
    pub fn keys(&self) -> Result<RecoveryKeys, RecoverError> {
        let keys = self.0.iter().map(SigningSecret::editor_key).collect();
        RecoveryKeys::new(keys).map_err(|_| RecoverError::Papers)
    }

    /// Whether they are all that the chain's newest charter names.
    #[must_use]
    pub fn are_all_of(&self, chain: &VerifiedChain) -> bool {
        let hash = self.keys().map(|keys| keys.hash());
        hash.is_ok_and(|hash| chain.current().recovery() == Some(&hash))
    }
}

/// Who is to be editor from now on, and what sources are given.
#[derive(Debug)]
pub struct Successors<'c> {
    /// The cards of all new editors.
    pub cards: &'c [Vec<u8>],
    /// How many of them it takes.
    pub quorum: Quorum,
    /// The drop-box's address.
    pub onion: OnionAddress,
    /// The day: epochs that are over get no sheet.
    pub today: Day,
}

/// Refuses editors who belong to another newsroom.
///
/// # Errors
/// [`RecoverError::OtherNewsroom`].
pub fn refuse_taken(editors: &[impl Editor], newsroom: &Fingerprint) -> Result<(), RecoverError> {
    let mut editors = editors.iter();
    let taken = editors.find(|editor| editor.newsroom().is_some_and(|known| known != *newsroom));
    match taken {
        Some(taken) => Err(RecoverError::OtherNewsroom {
            vault: taken.called(),
            newsroom: *newsroom,
        }),
        None => Ok(()),
    }
}

/// The number of the first new epoch, if one is to come. Of the epochs before, those are known whose sheets are here.
///
/// A server refuses a number that it had under the old keys, unless the days are the same, and one
/// that was burned for ever.
///
/// # Errors
/// [`RecoverError::Numbers`] when a number was used before, or [`RecoverError::Cards`].
pub fn first_number(
    cards: &[Vec<u8>],
    known: &[VerifiedSheet],
    today: Day,
) -> Result<Option<EpochNumber>, RecoverError> {
    let cards = read_cards(cards)?;
    let (first, others) = cards.split_first().ok_or(CardsError::NoCard)?;
    let shared = |number| {
        let mut others = others.iter();
        others.all(|card| card.epochs().any(|epoch| epoch.epoch == number))
    };
    let epochs = first.epochs();
    let epochs = epochs.filter(|epoch| epoch.last >= today && shared(epoch.epoch));
    let highest = known.iter().map(VerifiedSheet::epoch).max();
    let mut lowest = None;
    for epoch in epochs {
        let same = |sheet: &VerifiedSheet| {
            sheet.epoch() == epoch.epoch
                && (sheet.first(), sheet.last()) == (epoch.first, epoch.last)
        };
        if let Some(highest) = highest
            && epoch.epoch <= highest
            && !known.iter().any(same)
        {
            let free = highest.get().saturating_add(1);
            return Err(RecoverError::Numbers { free });
        }
        lowest = lowest.or(Some(epoch.epoch));
    }
    Ok(lowest)
}

/// The state of the newsroom under a charter that the papers have made. Its archive is empty.
///
/// # Errors
/// [`RecoverError`] says what does not fit.
pub fn recover(
    chain: &VerifiedChain,
    papers: &Papers,
    successors: &Successors<'_>,
    editors: &[impl Editor],
) -> Result<State, RecoverError> {
    if !papers.are_all_of(chain) {
        return Err(RecoverError::Papers);
    }
    let cards = read_cards(successors.cards)?;
    let keys: Vec<_> = cards
        .iter()
        .map(|card| card.archive_key().clone())
        .collect();
    if doubled(&keys) {
        return Err(RecoverError::ArchiveKeys);
    }
    let current = chain.current();
    let charter = current
        .recovered(
            cards.iter().map(|card| *card.signing_key()).collect(),
            successors.quorum,
            current.recovery().copied(),
            papers.keys()?,
        )
        .map_err(RecoverError::Charter)?;
    let mut present = Vec::new();
    for editor in editors {
        let place = charter.place_of(&editor.key());
        let place = place.ok_or_else(|| RecoverError::NoCard {
            vault: editor.called(),
        })?;
        if !present.contains(&place) {
            present.push(place);
        }
    }
    if !successors.quorum.met_by(present.len()) {
        return Err(RecoverError::MoreVaults {
            quorum: successors.quorum,
            have: present.len(),
        });
    }
    let mut sheets = sheets(&cards, &charter)?;
    sheets.retain(|sheet| sheet.unverified().last() >= successors.today);
    if sheets.is_empty() {
        return Err(RecoverError::Over);
    }
    let fingerprint = chain.fingerprint();
    for sheet in &mut sheets {
        for editor in editors {
            sheet.sign(fingerprint, editor.signing());
        }
    }
    let mut charter = Signed::new(charter);
    for paper in &papers.0 {
        charter.sign(fingerprint, paper);
    }
    let chain = chain.append(charter).map_err(RecoverError::Charter)?;
    State::new(chain, keys, successors.onion, sheets).ok_or(RecoverError::NoChain)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
