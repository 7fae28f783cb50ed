//! Epoch sheets, made out of the cards of all editors.

use core::fmt;

use knothole_envelope::{CardError, Charter, DecodeError, EditorCard, Sheet, SheetError, Signed};

/// Cards cannot be read, or do not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CardsError {
    /// A card cannot be read.
    Unreadable {
        /// Its place among the cards that were given, from 0.
        card: usize,
        /// What is wrong with it.
        error: DecodeError,
    },
    /// A card is not signed by its own key.
    Card {
        /// Its place among the cards that were given, from 0.
        card: usize,
        /// What is wrong with it.
        error: CardError,
    },
    /// There is no card.
    NoCard,
    /// The epochs of two cards do not lie on the same days.
    Unaligned {
        /// The place of the card that differs from the first one, from 0.
        card: usize,
    },
    /// The cards share no epoch.
    NothingShared,
    /// A sheet could not be made.
    Sheet(SheetError),
}

impl fmt::Display for CardsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { card, error } => write!(
                f,
                "card {} is not an editor's card: {error}. Make it again with `knothole vault \
                 card`",
                number(*card)
            ),
            Self::Card { card, error } => write!(f, "card {}: {error}", number(*card)),
            Self::NoCard => f.write_str("no card was given"),
            Self::Unaligned { card } => write!(
                f,
                "the epochs of card {} do not lie on the same days as those of card 1: make all \
                 vaults with the same --first-day and the same days per epoch",
                number(*card)
            ),
            Self::NothingShared => f.write_str(
                "there is no epoch that stands on all cards: make all vaults for the same time",
            ),
            Self::Sheet(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for CardsError {}

const fn number(place: usize) -> usize {
    place.saturating_add(1)
}

/// The cards of editors, each of them signed by its own key.
///
/// # Errors
/// [`CardsError::Unreadable`] or [`CardsError::Card`].
pub fn read_cards(cards: &[Vec<u8>]) -> Result<Vec<EditorCard>, CardsError> {
    let mut read = Vec::new();
    for (card, bytes) in cards.iter().enumerate() {
        let signed = Signed::<EditorCard>::decode(bytes)
            .map_err(|error| CardsError::Unreadable { card, error })?;
        let verified = signed
            .verify()
            .map_err(|error| CardsError::Card { card, error })?;
        read.push(verified.clone());
    }
    Ok(read)
}

/// One sheet for each epoch that stands on every card, with the keys in the order of the cards, which
/// is the charter's. Nobody has signed them.
///
/// # Errors
/// [`CardsError`] says which card does not fit.
pub fn sheets(cards: &[EditorCard], charter: &Charter) -> Result<Vec<Signed<Sheet>>, CardsError> {
    let Some((first, others)) = cards.split_first() else {
        return Err(CardsError::NoCard);
    };
    let mut sheets = Vec::new();
    for epoch in first.epochs() {
        let mut keys = vec![epoch.key.clone()];
        for (card, other) in (1..).zip(others) {
            let Some(same) = other.epochs().find(|other| other.epoch == epoch.epoch) else {
                break;
            };
            if (same.first, same.last) != (epoch.first, epoch.last) {
                return Err(CardsError::Unaligned { card });
            }
            keys.push(same.key.clone());
        }
        if keys.len() == cards.len() {
            let sheet = Sheet::new(epoch.epoch, epoch.first, epoch.last, keys, charter.hash());
            sheets.push(Signed::new(sheet.map_err(CardsError::Sheet)?));
        }
    }
    if sheets.is_empty() {
        // Perhaps the numbers lie apart because the days do.
        let apart = |other: &EditorCard| {
            (other.first_day(), other.days_per_epoch())
                != (first.first_day(), first.days_per_epoch())
        };
        return Err(match others.iter().position(apart) {
            Some(place) => CardsError::Unaligned {
                card: number(place),
            },
            None => CardsError::NothingShared,
        });
    }
    Ok(sheets)
}
