use super::*;
use crate::day::EpochNumber;
use crate::forge::{newsroom, public, signed, signers};
use crate::receipt::Receipt;

fn burned() -> Receipt {
    Receipt::Burned {
        epoch: EpochNumber::new(1).unwrap(),
    }
}

#[test]
fn signatures_stand_in_the_order_of_their_keys_each_once() {
    let secrets = signers(5);
    let chain = newsroom(&secrets, 5);
    let forth = signed(
        burned(),
        chain.fingerprint(),
        &secrets.iter().collect::<Vec<_>>(),
    );
    let back = signed(
        burned(),
        chain.fingerprint(),
        &secrets.iter().rev().chain(&secrets).collect::<Vec<_>>(),
    );
    assert_eq!(forth.encode(), back.encode());
    assert_eq!(forth.signers().count(), 5);
    let mut sorted = public(&secrets);
    sorted.sort_unstable();
    assert!(forth.signers().eq(&sorted));
}

#[test]
fn signatures_out_of_order_or_doubled_are_refused() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 1);
    let made = signed(burned(), chain.fingerprint(), &[&secrets[0], &secrets[1]]).encode();
    let (body, signatures) = made.split_at(made.len() - 196);
    let (first, second) = signatures.split_at(98);
    let order = DecodeError::Value("the order of the signatures");
    for (one, other) in [(second, first), (first, first)] {
        let bytes = [body, one, other].concat();
        assert_eq!(Signed::<Receipt>::decode(&bytes), Err(order));
    }
}

#[test]
fn nine_signatures_are_refused() {
    let secrets = signers(9);
    let any = Fingerprint::from_bytes([1; 32]);
    let eight = signed(burned(), &any, &secrets[..8].iter().collect::<Vec<_>>());
    assert!(Signed::<Receipt>::decode(&eight.encode()).is_ok());
    let nine = signed(burned(), &any, &secrets.iter().collect::<Vec<_>>());
    assert_eq!(
        Signed::<Receipt>::decode(&nine.encode()),
        Err(DecodeError::TooMany)
    );
}

#[test]
fn a_body_that_is_not_canonical_is_refused() {
    // {1: h'a3 01 01 02 03 06 18 01', 2: []}: the epoch is written in two bytes.
    let bytes = b"\xa2\x01\x48\xa3\x01\x01\x02\x03\x06\x18\x01\x02\x80";
    assert_eq!(
        Signed::<Receipt>::decode(bytes),
        Err(DecodeError::NotCanonical)
    );
}

#[test]
fn copies_signed_apart_are_put_together() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 2);
    let mut one = signed(burned(), chain.fingerprint(), &[&secrets[0]]);
    let other = signed(burned(), chain.fingerprint(), &[&secrets[1]]);
    assert!(one.merge(chain.fingerprint(), &other));
    assert!(one.verify(&chain).is_ok());
}

#[test]
fn signatures_that_do_not_fit_are_not_taken_over_and_do_not_block_those_that_do() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 2);
    let mut one = signed(burned(), chain.fingerprint(), &[&secrets[0]]);
    // A copy that somebody has spoiled on its way: the second editor's signature is of nothing.
    let elsewhere = Fingerprint::from_bytes([9; 32]);
    let spoiled = signed(burned(), &elsewhere, &[&secrets[1]]);
    assert!(one.merge(chain.fingerprint(), &spoiled));
    let other = signed(burned(), chain.fingerprint(), &[&secrets[1]]);
    assert!(one.merge(chain.fingerprint(), &other));
    assert!(one.verify(&chain).is_ok());
}

#[test]
fn what_was_put_together_can_always_be_read_again() {
    let chain = newsroom(&signers(1), 1);
    let strangers = signers(16);
    let mut one = signed(burned(), chain.fingerprint(), &[]);
    for stranger in &strangers {
        let copy = signed(burned(), chain.fingerprint(), &[stranger]);
        assert!(one.merge(chain.fingerprint(), &copy));
    }
    let encoded = one.encode();
    assert_eq!(Signed::<Receipt>::decode(&encoded).unwrap(), one);
}

#[test]
fn debug_output_shows_no_signature() {
    let secrets = signers(1);
    let made = signed(burned(), &Fingerprint::from_bytes([1; 32]), &[&secrets[0]]);
    assert!(format!("{made:?}").ends_with("signatures: 1, .. }"));
}
