//! Sheets for the epochs that editors have added to their vaults.

use core::fmt;

use knothole_envelope::{Day, EditorCard, Sheet, Signed};

use super::sheets::{CardsError, read_cards, sheets};
use crate::archive::State;
use crate::editor::Editor;

/// The newsroom's epochs could not be extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendError {
    /// The cards cannot be read, or do not fit together.
    Cards(CardsError),
    /// A card is of nobody in the charter, or of another vault of an editor.
    Foreign {
        /// Its place among the cards that were given, from 0.
        card: usize,
    },
    /// There is neither vault nor card of an editor.
    NoCard {
        /// The editor's place in the charter, from 0.
        editor: usize,
    },
    /// An epoch that the newsroom has lies on other days on the cards.
    OtherDays,
    /// The archive holds as many sheets as it can, or too few editors signed these.
    Full,
}

impl fmt::Display for ExtendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cards(error) => error.fmt(f),
            Self::Foreign { card } => write!(
                f,
                "card {} is not of the vault of an editor of this newsroom",
                card.saturating_add(1)
            ),
            Self::NoCard { editor } => write!(
                f,
                "there is neither vault nor card of editor {}: every editor extends the own vault \
                 with `knothole epochs extend --vault VAULT --card CARD`, and all the cards are \
                 given here",
                editor.saturating_add(1)
            ),
            Self::OtherDays => f.write_str(
                "epochs that the newsroom has lie on other days on these cards: they are of other \
                 vaults",
            ),
            Self::Full => f.write_str("the archive cannot keep these sheets"),
        }
    }
}

impl core::error::Error for ExtendError {}

impl From<CardsError> for ExtendError {
    fn from(error: CardsError) -> Self {
        Self::Cards(error)
    }
}

/// Says early which editor has neither vault nor card here.
///
/// # Errors
/// [`ExtendError`].
pub fn complete(
    state: &State,
    cards: &[Vec<u8>],
    editors: &[impl Editor],
) -> Result<(), ExtendError> {
    let cards = known(state, cards)?;
    for (place, editor) in state.chain().current().editors().iter().enumerate() {
        let card = cards.iter().any(|card| card.signing_key() == editor);
        if !card && !editors.iter().any(|vault| vault.key() == *editor) {
            return Err(ExtendError::NoCard { editor: place });
        }
    }
    Ok(())
}

/// Makes and signs sheets for all epochs to come that stand on the cards of all editors and have no
/// sheet under the current charter yet. Answers how many.
///
/// # Errors
/// [`ExtendError`]; then the state is as before.
pub fn extend(
    state: &mut State,
    cards: &[Vec<u8>],
    editors: &[impl Editor],
    today: Day,
) -> Result<usize, ExtendError> {
    let cards = known(state, cards)?;
    let charter = state.chain().current().clone();
    let mut ordered = Vec::new();
    for (editor, key) in charter.editors().iter().enumerate() {
        // Of several cards of an editor the one that reaches furthest counts.
        let of = cards.iter().filter(|card| card.signing_key() == key);
        let card = of.max_by_key(|card| card.epochs().last().map(|epoch| epoch.epoch));
        ordered.push(card.ok_or(ExtendError::NoCard { editor })?.clone());
    }
    let current = charter.hash();
    let mut new = Vec::new();
    for mut sheet in sheets(&ordered, &charter)? {
        let made = sheet.unverified();
        if let Some(days) = state.days_of(made.epoch())
            && days != (made.first(), made.last())
        {
            return Err(ExtendError::OtherDays);
        }
        if !is_new(state, made, today, &current) {
            continue;
        }
        for editor in editors {
            sheet.sign(state.chain().fingerprint(), editor.signing());
        }
        new.push(sheet);
    }
    let count = new.len();
    if count > 0 {
        *state = state.with_more(new).ok_or(ExtendError::Full)?;
    }
    Ok(count)
}

fn is_new(
    state: &State,
    made: &Sheet,
    today: Day,
    current: &knothole_envelope::CharterHash,
) -> bool {
    let there = |sheet: &Signed<Sheet>| {
        let sheet = sheet.unverified();
        sheet.epoch() == made.epoch() && sheet.charter() == current
    };
    made.last() >= today
        && state.burned.get(made.epoch()).is_none()
        && !state.sheets().iter().any(there)
}

/// The cards, each of them of the vault that the newsroom knows.
fn known(state: &State, cards: &[Vec<u8>]) -> Result<Vec<EditorCard>, ExtendError> {
    let cards = read_cards(cards)?;
    let charter = state.chain().current();
    for (card, read) in cards.iter().enumerate() {
        let place = charter.place_of(read.signing_key());
        let archive = place.and_then(|place| state.keys().get(usize::from(place)));
        if archive != Some(read.archive_key()) {
            return Err(ExtendError::Foreign { card });
        }
    }
    Ok(cards)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests {
    use super::*;
    use crate::archive::tests::{FIRST_DAY, Known, newsroom};

    fn day(after: u32) -> Day {
        Day::new(FIRST_DAY + after).unwrap()
    }

    fn cards(editors: &[Known], epochs: u32) -> Vec<Vec<u8>> {
        let cards = editors.iter().map(|editor| editor.with_epochs(epochs));
        cards.map(|editor| editor.signed_card()).collect()
    }

    #[test]
    fn sheets_are_made_for_the_epochs_that_stand_on_all_cards_and_have_none() {
        let (editors, mut state) = newsroom(3, 2);
        let mut given = cards(&editors, 40);
        // One editor went less far.
        given[1] = editors[1].with_epochs(35).signed_card();
        given.rotate_left(1);
        let made = extend(&mut state, &given, &editors[..2], day(0)).unwrap();
        assert_eq!(made, 5);
        let last = state
            .sheets()
            .last()
            .unwrap()
            .verify(state.chain())
            .unwrap();
        assert_eq!(last.epoch().get(), 35);
        assert!(last.under_current_charter());
        assert_eq!(state.days_of(last.epoch()).unwrap().1, day(7 * 35 - 1));
        let again = extend(&mut state, &given, &editors[..2], day(0)).unwrap();
        assert_eq!(again, 0);
    }

    #[test]
    fn epochs_that_are_over_or_burned_get_no_sheet() {
        let (editors, mut state) = newsroom(1, 1);
        let burned = knothole_envelope::EpochNumber::new(34).unwrap();
        state.burned.add(burned, day(0), []);
        let given = cards(&editors, 35);
        // Epochs 31 and 32 are over.
        let made = extend(&mut state, &given, &editors, day(7 * 32)).unwrap();
        assert_eq!(made, 2);
    }

    #[test]
    fn every_editor_needs_a_card_and_nobody_else_may_have_one() {
        let (editors, mut state) = newsroom(2, 1);
        let mut given = cards(&editors[..1], 35);
        assert_eq!(
            extend(&mut state, &given, &editors, day(0)),
            Err(ExtendError::NoCard { editor: 1 })
        );
        assert_eq!(complete(&state, &given, &editors), Ok(()));
        assert_eq!(
            complete(&state, &[], &editors[1..]),
            Err(ExtendError::NoCard { editor: 0 })
        );
        given.push(Known::new(30).signed_card());
        assert_eq!(
            extend(&mut state, &given, &editors, day(0)),
            Err(ExtendError::Foreign { card: 1 })
        );
    }

    #[test]
    fn cards_whose_epochs_lie_on_other_days_than_the_newsrooms_are_refused() {
        let (editors, mut state) = newsroom(1, 1);
        let moved = editors[0].card_from(day(7), 7);
        let moved = moved.sign(editors[0].signing()).unwrap().encode();
        assert_eq!(
            extend(&mut state, &[moved], &editors, day(0)),
            Err(ExtendError::OtherDays)
        );
    }
}
