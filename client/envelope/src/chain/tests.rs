use super::*;
use crate::day::Quorum;
use crate::forge::{newsroom, public, signed, signers};

fn quorum(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap()
}

/// The chain with one more charter, that these editors have signed.
fn next(
    chain: &VerifiedChain,
    editors: &[SigningSecret],
    by: &[&SigningSecret],
) -> Result<VerifiedChain, ChainError> {
    let charter = chain.current().next(public(editors), quorum(2), None)?;
    chain.append(signed(charter, chain.fingerprint(), by))
}

#[test]
fn a_chain_comes_back_from_its_encoding_and_verifies() {
    let editors = signers(4);
    let chain = newsroom(&editors[..3], 2);
    let longer = next(&chain, &editors, &[&editors[0], &editors[2]]).unwrap();
    let read = CharterChain::decode(&longer.chain().encode()).unwrap();
    let verified = read.verify(chain.fingerprint()).unwrap();
    assert_eq!(verified, longer);
    assert_eq!(verified.sequence(), 2);
    assert_eq!(verified.current().editors().len(), 4);
    assert!(verified.continues(&chain) && !chain.continues(&verified));
    assert!(verified.has_editor(&editors[3].editor_key()));
    assert!(!chain.has_editor(&editors[3].editor_key()));
    let founding = verified.find(&chain.current_hash()).unwrap();
    assert_eq!(founding, chain.current());
    assert_eq!(verified.charters().count(), 2);
}

#[test]
fn an_editor_who_left_stays_known_to_the_chain() {
    let editors = signers(3);
    let chain = newsroom(&editors, 2);
    let rest = next(&chain, &editors[..2], &[&editors[0], &editors[1]]).unwrap();
    assert!(rest.has_editor(&editors[2].editor_key()));
    assert_eq!(rest.current().place_of(&editors[2].editor_key()), None);
}

#[test]
fn the_chain_of_another_newsroom_is_refused() {
    let chain = newsroom(&signers(2), 1);
    let other = Fingerprint::from_bytes([8; 32]);
    assert_eq!(chain.chain().verify(&other), Err(ChainError::Fingerprint));
}

#[test]
fn an_empty_chain_is_refused() {
    let empty = CharterChain::decode(b"\x80").unwrap();
    let any = Fingerprint::from_bytes([8; 32]);
    assert_eq!(empty.verify(&any), Err(ChainError::Length));
    assert_eq!(empty.unverified_fingerprint(), None);
}

#[test]
fn a_founding_charter_needs_the_signature_of_every_editor() {
    let editors = signers(3);
    let charter = Charter::founding(public(&editors), quorum(1), None).unwrap();
    let two: Vec<&SigningSecret> = editors.iter().take(2).collect();
    let refused = CharterChain::found(charter.clone(), &two);
    assert_eq!(refused, Err(ChainError::TooFewSignatures { sequence: 1 }));
    // Signed one after the other, on machines that never meet, it is complete as well.
    let mut draft = Signed::new(charter);
    for editor in &editors {
        let mut copy = Signed::<Charter>::decode(&draft.encode()).unwrap();
        copy.sign_founding(editor);
        assert!(draft.merge_founding(&copy));
    }
    assert!(CharterChain::from_founding(draft).is_ok());
}

#[test]
fn a_later_charter_needs_the_quorum_of_the_one_before_it() {
    let editors = signers(4);
    let chain = newsroom(&editors[..3], 2);
    let too_few = next(&chain, &editors, &[&editors[0]]);
    assert_eq!(too_few, Err(ChainError::TooFewSignatures { sequence: 2 }));
    let foreign = next(&chain, &editors, &[&editors[0], &editors[3]]);
    assert_eq!(foreign, Err(ChainError::ForeignSignature { sequence: 2 }));
    let extra = next(&chain, &editors, &[&editors[0], &editors[1], &editors[3]]);
    assert_eq!(extra, Err(ChainError::ForeignSignature { sequence: 2 }));
}

#[test]
fn one_editor_signing_twice_counts_once() {
    let editors = signers(3);
    let chain = newsroom(&editors, 2);
    let twice = next(&chain, &editors, &[&editors[0], &editors[0]]);
    assert_eq!(twice, Err(ChainError::TooFewSignatures { sequence: 2 }));
}

#[test]
fn a_signature_for_another_newsroom_or_as_another_thing_is_refused() {
    let editors = signers(2);
    let chain = newsroom(&editors, 1);
    let charter = chain
        .current()
        .next(public(&editors), quorum(1), None)
        .unwrap();
    let elsewhere = signed(
        charter.clone(),
        &Fingerprint::from_bytes([1; 32]),
        &[&editors[0]],
    );
    let refused = Err(ChainError::BadSignature { sequence: 2 });
    assert_eq!(chain.append(elsewhere), refused);
    let founding = signed(charter, &Fingerprint::NONE, &[&editors[0]]);
    assert_eq!(chain.append(founding), refused);
}

#[test]
fn a_charter_that_does_not_follow_is_refused() {
    let editors = signers(2);
    let chain = newsroom(&editors, 1);
    let second = next(&chain, &editors, &[&editors[0]]).unwrap();
    // A third charter upon the first, the founding one again, and a fork of the second.
    let third = second
        .current()
        .next(public(&editors), quorum(1), None)
        .unwrap();
    let third = signed(third, chain.fingerprint(), &[&editors[0]]);
    assert_eq!(
        chain.append(third.clone()),
        Err(ChainError::Order { sequence: 3 })
    );
    let again = Signed::new(chain.current().clone());
    assert_eq!(second.append(again), Err(ChainError::Order { sequence: 1 }));
    let fork = chain
        .current()
        .next(public(&editors[..1]), quorum(1), None)
        .unwrap();
    let fork = chain
        .append(signed(fork, chain.fingerprint(), &[&editors[0]]))
        .unwrap();
    assert!(!fork.continues(&second) && !second.continues(&fork));
    assert_eq!(fork.append(third), Err(ChainError::Order { sequence: 3 }));
}

#[test]
fn a_chain_does_not_begin_in_the_middle() {
    let editors = signers(2);
    let chain = newsroom(&editors, 1);
    let second = chain
        .current()
        .next(public(&editors), quorum(1), None)
        .unwrap();
    let mut alone = Signed::new(second);
    for editor in &editors {
        alone.sign_founding(editor);
    }
    let refused = CharterChain::from_founding(alone);
    assert_eq!(refused, Err(ChainError::Order { sequence: 2 }));
}

#[test]
fn a_flipped_bit_anywhere_in_a_chain_is_refused() {
    let editors = signers(2);
    let chain = newsroom(&editors, 2);
    let encoded = chain.chain().encode();
    for offset in 0..encoded.len() {
        let mut spoiled = encoded.clone();
        spoiled[offset] ^= 0x10;
        let opens = CharterChain::decode(&spoiled)
            .is_ok_and(|read| read.verify(chain.fingerprint()).is_ok());
        assert!(!opens, "offset {offset}");
    }
}

#[test]
fn a_charter_has_one_to_eight_different_editors() {
    let nine = public(&signers(9));
    assert!(Charter::founding(nine[..8].to_vec(), quorum(8), None).is_ok());
    assert_eq!(
        Charter::founding(nine, quorum(1), None),
        Err(ChainError::Editors)
    );
    assert_eq!(
        Charter::founding(Vec::new(), quorum(1), None),
        Err(ChainError::Editors)
    );
    let one = signers(1)[0].editor_key();
    assert_eq!(
        Charter::founding(vec![one, one], quorum(1), None),
        Err(ChainError::Editors)
    );
    assert_eq!(
        Charter::founding(vec![one], quorum(2), None),
        Err(ChainError::Quorum)
    );
}

#[test]
fn a_chain_has_a_bound() {
    let editors = signers(1);
    let mut chain = newsroom(&editors, 1);
    let by = [&editors[0]];
    for _ in 1..MOST_CHARTERS {
        let charter = chain
            .current()
            .next(public(&editors), quorum(1), None)
            .unwrap();
        let mut longer = chain.chain.clone();
        longer
            .0
            .push(signed(charter.clone(), chain.fingerprint(), &by));
        chain = VerifiedChain {
            hashes: [chain.hashes.as_slice(), &[charter.hash()]].concat(),
            chain: longer,
            current: charter,
            ..chain
        };
    }
    assert_eq!(chain.chain.verify(chain.fingerprint()), Ok(chain.clone()));
    let charter = chain
        .current()
        .next(public(&editors), quorum(1), None)
        .unwrap();
    let over = chain.append(signed(charter, chain.fingerprint(), &by));
    assert_eq!(over, Err(ChainError::Length));
}

#[test]
fn a_recovery_hash_survives_the_round_trip() {
    let editors = signers(1);
    let recovery = Some(crate::digest::RecoveryHash::from_bytes([6; 32]));
    let charter = Charter::founding(public(&editors), quorum(1), recovery).unwrap();
    let read: Charter = cbor::decode(&cbor::encode(&charter)).unwrap();
    assert_eq!(read.recovery(), recovery.as_ref());
    assert_eq!(read, charter);
}
