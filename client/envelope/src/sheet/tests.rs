use super::*;
use crate::forge::{editors, newsroom, signed, signers};
use crate::key::EpochSecret;
use crate::signing::SigningSecret;

fn keys(count: u8) -> Vec<RecipientKey> {
    editors(count)
        .iter()
        .map(EpochSecret::recipient_key)
        .collect()
}

fn day(number: u32) -> Day {
    Day::new(number).unwrap()
}

fn sheet(chain: &VerifiedChain, count: u8) -> Sheet {
    let epoch = EpochNumber::new(4).unwrap();
    Sheet::new(epoch, day(100), day(106), keys(count), chain.current_hash()).unwrap()
}

#[test]
fn a_sheet_comes_back_from_its_encoding_and_verifies() {
    let secrets = signers(3);
    let chain = newsroom(&secrets, 2);
    let made = signed(
        sheet(&chain, 3),
        chain.fingerprint(),
        &[&secrets[2], &secrets[1]],
    );
    let read = Signed::<Sheet>::decode(&made.encode()).unwrap();
    let verified = read.verify(&chain).unwrap();
    assert_eq!(verified.epoch().get(), 4);
    assert_eq!(verified.recipients().keys(), keys(3));
    assert_eq!(verified.recipients().quorum().get(), 2);
    assert!(verified.under_current_charter());
    let list = Signed::encode_list(&[made.clone(), made.clone()]);
    assert_eq!(Signed::<Sheet>::decode_list(&list, 2).unwrap().len(), 2);
    assert_eq!(
        Signed::<Sheet>::decode_list(&list, 1),
        Err(DecodeError::TooMany)
    );
}

#[test]
fn a_sheet_needs_the_quorum_of_its_charter() {
    let secrets = signers(4);
    let chain = newsroom(&secrets[..3], 2);
    let refuse = |by: &[&SigningSecret]| {
        signed(sheet(&chain, 3), chain.fingerprint(), by)
            .verify(&chain)
            .unwrap_err()
    };
    assert_eq!(refuse(&[]), SheetError::TooFewSignatures);
    assert_eq!(refuse(&[&secrets[0]]), SheetError::TooFewSignatures);
    assert_eq!(
        refuse(&[&secrets[0], &secrets[3]]),
        SheetError::ForeignSignature
    );
    let other = crate::address::Fingerprint::from_bytes([1; 32]);
    let elsewhere = signed(sheet(&chain, 3), &other, &[&secrets[0], &secrets[1]]);
    assert_eq!(elsewhere.verify(&chain), Err(SheetError::BadSignature));
}

#[test]
fn a_sheet_of_an_unknown_charter_is_refused() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 1);
    let other = newsroom(&secrets, 2);
    let made = signed(
        sheet(&other, 2),
        chain.fingerprint(),
        &[&secrets[0], &secrets[1]],
    );
    assert_eq!(made.verify(&chain), Err(SheetError::UnknownCharter));
}

#[test]
fn a_sheet_must_have_one_key_for_each_editor() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 1);
    for count in [1, 3] {
        let made = signed(sheet(&chain, count), chain.fingerprint(), &[&secrets[0]]);
        assert_eq!(made.verify(&chain), Err(SheetError::WrongEditors));
    }
}

#[test]
fn a_sheet_of_an_earlier_charter_verifies_and_says_so() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 1);
    let charter = chain.current().next(
        crate::forge::public(&secrets),
        crate::day::Quorum::ONE,
        None,
    );
    let later = chain
        .append(signed(
            charter.unwrap(),
            chain.fingerprint(),
            &[&secrets[0]],
        ))
        .unwrap();
    let made = signed(sheet(&chain, 2), chain.fingerprint(), &[&secrets[1]]);
    assert!(!made.verify(&later).unwrap().under_current_charter());
}

#[test]
fn a_sheet_is_used_from_two_days_before_it_begins_to_its_last_day() {
    let secrets = signers(1);
    let chain = newsroom(&secrets, 1);
    let made = signed(sheet(&chain, 1), chain.fingerprint(), &[&secrets[0]]);
    let verified = made.verify(&chain).unwrap();
    let usable: Vec<u32> = (90..120)
        .filter(|number| verified.usable_on(day(*number)))
        .collect();
    assert_eq!(usable, (98..=106).collect::<Vec<_>>());
}

#[test]
fn doubled_missing_or_too_many_keys_are_refused() {
    let chain = newsroom(&signers(1), 1);
    let make = |keys| {
        let epoch = EpochNumber::new(1).unwrap();
        Sheet::new(epoch, day(1), day(2), keys, chain.current_hash())
    };
    assert!(make(keys(8)).is_ok());
    assert_eq!(make(keys(9)), Err(SheetError::Keys));
    assert_eq!(make(Vec::new()), Err(SheetError::Keys));
    let mut doubled = keys(2);
    doubled.push(doubled[0].clone());
    assert_eq!(make(doubled.clone()), Err(SheetError::Keys));
    // The same on the wire, where nobody has checked before.
    let sheet = Sheet {
        keys: doubled,
        ..make(keys(1)).unwrap()
    };
    let refused = cbor::decode::<Sheet>(&cbor::encode(&sheet));
    assert_eq!(refused, Err(DecodeError::Value("the list of keys")));
}

#[test]
fn an_epoch_runs_for_one_to_ninety_two_days() {
    let chain = newsroom(&signers(1), 1);
    let make = |first, last| {
        let epoch = EpochNumber::new(1).unwrap();
        Sheet::new(epoch, day(first), day(last), keys(1), chain.current_hash())
    };
    assert!(make(5, 5).is_ok() && make(5, 96).is_ok());
    assert_eq!(make(5, 97), Err(SheetError::Days));
    assert_eq!(make(5, 4), Err(SheetError::Days));
}

#[test]
fn a_key_of_small_order_or_out_of_range_is_refused_in_a_sheet() {
    let chain = newsroom(&signers(1), 1);
    let encoded = cbor::encode(&sheet(&chain, 1));
    let key = encoded
        .windows(32)
        .position(|bytes| bytes == &keys(1)[0].as_bytes()[..32])
        .unwrap();
    let mut small = encoded.clone();
    small[key..][1184..1216].fill(0);
    let mut modulus = encoded.clone();
    modulus[key..][..3].fill(0xff);
    for spoiled in [small, modulus] {
        let refused = cbor::decode::<Sheet>(&spoiled);
        assert_eq!(refused, Err(DecodeError::Value("an X-Wing key")));
    }
}
