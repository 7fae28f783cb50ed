use super::*;
use crate::cbor;
use crate::forge::{editors, signers};
use crate::key::EpochSecret;

fn keys(count: u8) -> Vec<RecipientKey> {
    editors(count)
        .iter()
        .map(EpochSecret::recipient_key)
        .collect()
}

fn archive() -> RecipientKey {
    EpochSecret::from_bytes([0xa7; 32]).recipient_key()
}

fn card(count: u8) -> EditorCard {
    let signing = signers(1)[0].editor_key();
    let (first, day) = (EpochNumber::new(3).unwrap(), Day::new(100).unwrap());
    EditorCard::new(signing, archive(), first, day, 7, keys(count)).unwrap()
}

fn courier() -> CourierCard {
    CourierCard::new(
        DiscoveryKey::from_bytes([1; 32]),
        CredentialHash::from_bytes([2; 32]),
        signers(2)[1].editor_key(),
    )
}

#[test]
fn an_editors_card_comes_back_and_names_its_epochs() {
    let made = card(3).sign(&signers(1)[0]).unwrap();
    let read = Signed::<EditorCard>::decode(&made.encode()).unwrap();
    assert_eq!(read.verify(), Ok(&card(3)));
    let days: Vec<_> = card(3)
        .epochs()
        .map(|epoch| (epoch.epoch.get(), epoch.first.get(), epoch.last.get()))
        .collect();
    assert_eq!(card(3).archive_key(), &archive());
    assert_eq!(days, [(3, 100, 106), (4, 107, 113), (5, 114, 120)]);
    assert!(
        card(3)
            .epochs()
            .zip(&keys(3))
            .all(|(epoch, key)| epoch.key == key)
    );
}

#[test]
fn a_couriers_card_comes_back() {
    let made = courier().sign(&signers(2)[1]).unwrap();
    let read = Signed::<CourierCard>::decode(&made.encode()).unwrap();
    assert_eq!(read.verify(), Ok(&courier()));
}

#[test]
fn a_card_that_its_own_key_did_not_sign_is_refused() {
    let other = &signers(3)[2];
    assert_eq!(card(1).sign(other), Err(CardError::BadSignature));
    assert_eq!(courier().sign(other), Err(CardError::BadSignature));
    assert_eq!(Signed::new(card(1)).verify(), Err(CardError::BadSignature));
    let mut two = card(1).sign(&signers(1)[0]).unwrap();
    two.sign(&Fingerprint::NONE, other);
    assert_eq!(two.verify(), Err(CardError::BadSignature));
}

#[test]
fn a_key_put_on_somebody_elses_card_is_noticed() {
    let made = card(2).sign(&signers(1)[0]).unwrap();
    let mut bytes = made.encode();
    let place = bytes.len() - 200;
    bytes[place] ^= 1;
    let noticed = Signed::<EditorCard>::decode(&bytes).map(|card| card.verify().map(|_| ()));
    assert!(!matches!(noticed, Ok(Ok(()))));
}

#[test]
fn one_kind_of_card_is_not_taken_for_the_other() {
    let editor = card(1).sign(&signers(1)[0]).unwrap().encode();
    let carrier = courier().sign(&signers(2)[1]).unwrap().encode();
    let kind = DecodeError::Value("the kind of card");
    assert_eq!(Signed::<CourierCard>::decode(&editor), Err(kind));
    assert_eq!(Signed::<EditorCard>::decode(&carrier), Err(kind));
}

#[test]
fn doubled_missing_or_too_many_keys_are_refused() {
    let make = |keys| {
        let signing = signers(1)[0].editor_key();
        EditorCard::new(
            signing,
            archive(),
            EpochNumber::new(1).unwrap(),
            Day::new(1).unwrap(),
            7,
            keys,
        )
    };
    assert_eq!(make(Vec::new()), Err(CardError::Keys));
    let mut doubled = keys(2);
    doubled.push(doubled[0].clone());
    assert_eq!(make(doubled), Err(CardError::Keys));
    assert_eq!(make(vec![archive()]), Err(CardError::Keys));
    let many = vec![keys(1)[0].clone(); MOST_CARD_EPOCHS + 1];
    assert_eq!(make(many), Err(CardError::Keys));
}

#[test]
fn days_and_numbers_beyond_their_end_are_refused() {
    let make = |epoch, day, days| {
        let signing = signers(1)[0].editor_key();
        let first = EpochNumber::new(epoch).unwrap();
        let day = Day::new(day).unwrap();
        EditorCard::new(signing, archive(), first, day, days, keys(2))
    };
    assert!(make(1, 1, 92).is_ok());
    assert_eq!(make(1, 1, 0), Err(CardError::Days));
    assert_eq!(make(1, 1, 93), Err(CardError::Days));
    assert_eq!(make(u32::MAX, 1, 7), Err(CardError::Days));
    assert_eq!(make(1, 2_932_890, 7), Err(CardError::Days));
    let wrong = EditorCard {
        days_per_epoch: 0,
        ..card(1)
    };
    let refused = cbor::decode::<EditorCard>(&cbor::encode(&wrong));
    assert_eq!(refused, Err(DecodeError::Value("the length of an epoch")));
}
