use knothole_envelope::Day;

use super::*;
use crate::archive::tests::{FIRST_DAY, Known, newsroom, onion};

fn cards(editors: &[Known]) -> Vec<Vec<u8>> {
    editors.iter().map(Known::signed_card).collect()
}

fn known(count: u8) -> Vec<Known> {
    (1..=count).map(Known::new).collect()
}

fn two() -> Quorum {
    Quorum::new(2).unwrap()
}

#[test]
fn a_newsroom_has_a_sheet_for_every_epoch_of_its_editors_signed_by_all() {
    let (editors, state) = newsroom(3, 2);
    assert_eq!(state.sheets().len(), 30);
    for (number, sheet) in (0..).zip(state.sheets()) {
        let verified = sheet.verify(state.chain()).unwrap();
        assert_eq!(verified.epoch().get(), number + 1);
        assert_eq!(verified.first(), Day::new(FIRST_DAY + 7 * number).unwrap());
        assert_eq!(verified.recipients().quorum(), two());
        assert_eq!(sheet.signers().count(), 3);
    }
    let charter = state.chain().current();
    let keys: Vec<_> = editors.iter().map(Editor::key).collect();
    assert_eq!(charter.editors(), keys);
    assert_eq!(state.address().fingerprint(), state.chain().fingerprint());
}

#[test]
fn all_editors_must_sign_the_founding_charter() {
    let editors = known(3);
    let mut founding = Founding::new(&cards(&editors), two()).unwrap();
    founding.sign(&editors[0]).unwrap();
    founding.sign(&editors[2]).unwrap();
    assert_eq!(
        founding.finish(onion()).unwrap_err(),
        FoundError::Unsigned {
            editors: 3,
            have: 2
        }
    );
}

#[test]
fn a_vault_without_a_card_is_refused() {
    let mut founding = Founding::new(&cards(&known(2)), two()).unwrap();
    let stranger = Known::new(9);
    assert_eq!(
        founding.sign(&stranger),
        Err(FoundError::NoCard {
            vault: stranger.called()
        })
    );
}

#[test]
fn an_editor_of_another_newsroom_does_not_sign_a_founding() {
    let mut founding = Founding::new(&cards(&known(2)), two()).unwrap();
    let own = founding.fingerprint();
    let other = Fingerprint::from_bytes([3; 32]);
    let taken = Known::new(1).of(&other);
    let vault = taken.called();
    let newsroom = Some(own);
    let refused = FoundError::OtherNewsroom { vault, newsroom };
    assert_eq!(founding.sign(&taken), Err(refused.clone()));
    assert_eq!(founding.signed().have, 0);
    let words = refused.to_string();
    assert!(words.contains("vault trust") && words.contains(&own.to_string()));
    // A founding that was cut off is gone on with.
    assert_eq!(founding.sign(&Known::new(1).of(&own)), Ok(()));
}

#[test]
fn an_altered_card_is_refused_and_named() {
    let mut all = cards(&known(2));
    let last = all[1].len() - 1;
    all[1][last] ^= 1;
    assert!(matches!(
        Founding::new(&all, two()),
        Err(FoundError::Cards(CardsError::Card { card: 1, .. }))
    ));
    all[0].pop();
    assert!(matches!(
        Founding::new(&all, two()),
        Err(FoundError::Cards(CardsError::Unreadable { card: 0, .. }))
    ));
}

#[test]
fn one_card_twice_no_card_and_a_quorum_above_the_cards_are_refused() {
    let mut all = cards(&known(1));
    assert_eq!(
        Founding::new(&all, two()).unwrap_err(),
        FoundError::Charter(ChainError::Quorum)
    );
    all.push(all[0].clone());
    assert_eq!(
        Founding::new(&all, two()).unwrap_err(),
        FoundError::Charter(ChainError::Editors)
    );
    assert_eq!(
        Founding::new(&[], two()).unwrap_err(),
        FoundError::Charter(ChainError::Editors)
    );
    assert!(Founding::new(&cards(&known(8)), two()).is_ok());
    assert_eq!(
        Founding::new(&cards(&known(9)), two()).unwrap_err(),
        FoundError::Charter(ChainError::Editors)
    );
}

#[test]
fn cards_whose_epochs_lie_on_other_days_are_refused() {
    let editors = known(2);
    let signed = |first: u32, days| {
        let card = editors[1].card_from(Day::new(first).unwrap(), days);
        card.sign(editors[1].signing()).unwrap().encode()
    };
    for other in [signed(FIRST_DAY + 1, 7), signed(FIRST_DAY, 14)] {
        let all = [editors[0].signed_card(), other];
        assert_eq!(
            Founding::new(&all, two()).unwrap_err(),
            FoundError::Cards(CardsError::Unaligned { card: 1 })
        );
    }
}

#[test]
fn editors_may_sign_in_turn_each_at_a_time_of_their_own() {
    let editors = known(3);
    let mut carried: Option<Vec<u8>> = None;
    for (turn, editor) in editors.iter().enumerate() {
        let mut founding = Founding::new(&cards(&editors), two()).unwrap();
        if let Some(carried) = &carried {
            founding.join(carried).unwrap();
        }
        founding.sign(editor).unwrap();
        let have = turn + 1;
        assert_eq!(founding.signed(), SignedSoFar { editors: 3, have });
        carried = Some(founding.encode());
    }
    let mut founding = Founding::new(&cards(&editors), two()).unwrap();
    founding.join(&carried.unwrap()).unwrap();
    let state = founding.finish(onion()).unwrap();
    assert_eq!(state.encode(), newsroom(3, 2).1.encode());
}

#[test]
fn what_was_signed_of_another_founding_is_not_taken_over() {
    let editors = known(3);
    let mut founding = Founding::new(&cards(&editors), two()).unwrap();
    founding.sign(&editors[0]).unwrap();
    let encoded = founding.encode();
    let other = |mut founding: Founding| founding.join(&encoded);
    let mut turned = cards(&editors);
    turned.rotate_left(1);
    for different in [
        Founding::new(&cards(&editors), Quorum::ONE).unwrap(),
        Founding::new(&turned, two()).unwrap(),
        Founding::new(&cards(&editors[..2]), two()).unwrap(),
    ] {
        assert_eq!(other(different), Err(FoundError::OtherFounding));
    }
    for damaged in [&encoded[..encoded.len() - 1], &[0x82][..], &[][..]] {
        assert_eq!(founding.join(damaged), Err(FoundError::OtherFounding));
    }
    // A signature that does not fit is not taken over.
    let mut spoiled = encoded.clone();
    let place = encoded
        .windows(3)
        .position(|bytes| bytes == [0x81, 0x58, 0x60]);
    spoiled[place.unwrap() + 50] ^= 1;
    let mut founding = Founding::new(&cards(&editors), two()).unwrap();
    founding.join(&spoiled).unwrap();
    assert_eq!(founding.signed().have, 0);
}
