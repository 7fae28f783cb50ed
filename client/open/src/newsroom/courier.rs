//! Whose bundles the newsroom takes.

use core::fmt;

use knothole_envelope::{CardError, CourierCard, Day, DecodeError, DropId, EditorKey, Signed};

use crate::archive::{Courier, MOST_COURIERS, State};

/// A courier could not be added or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CourierError {
    /// The file is not a courier's card.
    Unreadable(DecodeError),
    /// The card is not signed by its own key.
    Card(CardError),
    /// There are as many couriers as there may be.
    TooMany,
    /// This courier is known already.
    Known,
    /// This courier is not known.
    Unknown,
}

impl fmt::Display for CourierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(
                f,
                "this is not a courier's card: {error}. It is what `knothole-courier init` wrote"
            ),
            Self::Card(error) => error.fmt(f),
            Self::TooMany => write!(
                f,
                "there are {MOST_COURIERS} couriers already: take one away with --remove"
            ),
            Self::Known => f.write_str("this courier is known already: nothing was changed"),
            Self::Unknown => f.write_str("this courier is not known: nothing was changed"),
        }
    }
}

impl core::error::Error for CourierError {}

/// The key that signs the bundles of the courier with this card.
///
/// # Errors
/// [`CourierError::Unreadable`] or [`CourierError::Card`].
pub fn bundle_key(card: &[u8]) -> Result<EditorKey, CourierError> {
    let signed = Signed::<CourierCard>::decode(card).map_err(CourierError::Unreadable)?;
    let card = signed.verify().map_err(CourierError::Card)?;
    Ok(*card.bundle_key())
}

/// Takes this courier's bundles from now on.
///
/// # Errors
/// [`CourierError`].
pub fn add_courier(state: &mut State, key: EditorKey) -> Result<(), CourierError> {
    if state.couriers.iter().any(|courier| *courier.key() == key) {
        return Err(CourierError::Known);
    }
    if state.couriers.len() >= MOST_COURIERS {
        return Err(CourierError::TooMany);
    }
    state.couriers.push(Courier::new(key));
    Ok(())
}

/// Takes no bundle of this courier any more. Names the drops that are forgotten with it, because it
/// alone had listed them and they never came whole.
///
/// # Errors
/// [`CourierError::Unknown`].
pub fn remove_courier(
    state: &mut State,
    key: &EditorKey,
    today: Day,
) -> Result<Vec<DropId>, CourierError> {
    let mut couriers = state.couriers.iter();
    let place = couriers.position(|courier| courier.key() == key);
    Ok(state.remove_courier(place.ok_or(CourierError::Unknown)?, today))
}

#[cfg(test)]
mod tests {
    use knothole_envelope::{CredentialHash, DiscoveryKey};

    use super::*;
    use crate::archive::tests::{FIRST_DAY, Known, newsroom};
    use crate::editor::Editor as _;

    fn card(number: u8) -> Vec<u8> {
        let courier = Known::new(number);
        let card = CourierCard::new(
            DiscoveryKey::from_bytes([1; 32]),
            CredentialHash::from_bytes([2; 32]),
            courier.key(),
        );
        card.sign(courier.signing()).unwrap().encode()
    }

    #[test]
    fn a_courier_is_known_by_the_key_on_its_card() {
        let (_, mut state) = newsroom(1, 1);
        let key = bundle_key(&card(20)).unwrap();
        assert_eq!(key, Known::new(20).key());
        add_courier(&mut state, key).unwrap();
        assert_eq!(add_courier(&mut state, key), Err(CourierError::Known));
        let today = Day::new(FIRST_DAY).unwrap();
        assert_eq!(remove_courier(&mut state, &key, today), Ok(Vec::new()));
        let again = remove_courier(&mut state, &key, today);
        assert_eq!(again, Err(CourierError::Unknown));
    }

    #[test]
    fn an_altered_card_and_an_editors_card_are_refused() {
        let mut altered = card(20);
        let last = altered.len() - 1;
        altered[last] ^= 1;
        assert!(matches!(bundle_key(&altered), Err(CourierError::Card(_))));
        let editors = Known::new(1).signed_card();
        let error = bundle_key(&editors).unwrap_err();
        assert!(matches!(error, CourierError::Unreadable(_)));
    }

    #[test]
    fn a_ninth_courier_is_refused() {
        let (_, mut state) = newsroom(1, 1);
        for number in 20..28 {
            add_courier(&mut state, Known::new(number).key()).unwrap();
        }
        let ninth = add_courier(&mut state, Known::new(28).key());
        assert_eq!(ninth, Err(CourierError::TooMany));
    }
}
