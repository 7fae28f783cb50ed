use super::*;
use crate::cbor;
use crate::forge::{newsroom, public, signed, signers};

fn drop() -> (DropId, TreeHash, u64) {
    (
        DropId::from_bytes([1; 32]),
        TreeHash::from_bytes([2; 32]),
        1_060_864,
    )
}

fn every() -> [Receipt; 3] {
    let (drop, tree, length) = drop();
    let epoch = EpochNumber::new(7).unwrap();
    [
        Receipt::Opened { drop, tree, length },
        Receipt::Refused { drop, tree, length },
        Receipt::Burned { epoch },
    ]
}

#[test]
fn every_receipt_comes_back_and_verifies() {
    let secrets = signers(3);
    let chain = newsroom(&secrets, 2);
    for receipt in every() {
        let made = signed(receipt, chain.fingerprint(), &[&secrets[0], &secrets[2]]);
        let read = Signed::<Receipt>::decode(&made.encode()).unwrap();
        assert_eq!(read.verify(&chain), Ok(receipt));
    }
}

#[test]
fn fewer_than_the_quorum_of_different_editors_delete_nothing() {
    let secrets = signers(3);
    let chain = newsroom(&secrets, 2);
    for receipt in every() {
        let twice = signed(receipt, chain.fingerprint(), &[&secrets[0], &secrets[0]]);
        assert_eq!(twice.verify(&chain), Err(ReceiptError::TooFewSignatures));
    }
}

#[test]
fn an_editor_who_left_deletes_nothing() {
    let secrets = signers(2);
    let chain = newsroom(&secrets, 1);
    let charter = chain
        .current()
        .next(public(&secrets[..1]), crate::day::Quorum::ONE, None)
        .unwrap();
    let later = chain
        .append(signed(charter, chain.fingerprint(), &[&secrets[0]]))
        .unwrap();
    let made = signed(every()[0], chain.fingerprint(), &[&secrets[1]]);
    assert!(made.verify(&chain).is_ok());
    assert_eq!(made.verify(&later), Err(ReceiptError::ForeignSignature));
}

#[test]
fn a_receipt_for_one_thing_does_not_serve_for_another() {
    let secrets = signers(1);
    let chain = newsroom(&secrets, 1);
    let [opened, refused, burned] = every();
    let made = signed(opened, chain.fingerprint(), &[&secrets[0]]);
    for other in [refused, burned] {
        let mut taken = Signed::new(other);
        assert!(!taken.merge(chain.fingerprint(), &made));
        // Put the signature of one on the body of the other, byte by byte.
        let signature = &made.encode()[made.encode().len() - 98..];
        let mut bytes = taken.encode();
        bytes.truncate(bytes.len() - 1);
        bytes.extend_from_slice(b"\x81");
        bytes.extend_from_slice(signature);
        taken = Signed::decode(&bytes).unwrap();
        assert_eq!(taken.verify(&chain), Err(ReceiptError::BadSignature));
    }
}

#[test]
fn a_receipt_with_fields_of_another_kind_is_refused() {
    let [opened, _, burned] = every();
    let mut unknown = cbor::encode(&burned);
    unknown[4] = 4;
    let what = DecodeError::Value("what the receipt says");
    assert_eq!(cbor::decode::<Receipt>(&unknown), Err(what));
    let mut mixed = cbor::encode(&opened);
    mixed[4] = 3;
    assert_eq!(
        cbor::decode::<Receipt>(&mixed),
        Err(DecodeError::Missing(6))
    );
    let mut version = cbor::encode(&burned);
    version[2] = 2;
    assert_eq!(
        cbor::decode::<Receipt>(&version),
        Err(DecodeError::Value("the version"))
    );
}
