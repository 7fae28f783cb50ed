use super::*;
use crate::day::Quorum;
use crate::forge::{newsroom, public, signed, signers};
use crate::recovery::RecoveryKeys;

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

/// Two recovery papers, a newsroom of three that names them, and the charter that they would make.
struct Lost {
    papers: Vec<SigningSecret>,
    fresh: Vec<SigningSecret>,
    chain: VerifiedChain,
}

impl Lost {
    fn new() -> Self {
        let mut all = signers(9);
        let fresh = all.split_off(6);
        let papers = all.split_off(4);
        let editors = &all[..3];
        let hash = keys_of(&papers).hash();
        let charter = Charter::founding(public(editors), quorum(2), Some(hash)).unwrap();
        let secrets: Vec<_> = editors.iter().collect();
        let chain = CharterChain::found(charter, &secrets).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        let chain = chain.verify(&fingerprint).unwrap();
        Self {
            papers,
            fresh,
            chain,
        }
    }

    fn charter(&self) -> Charter {
        let current = self.chain.current();
        let recovery = current.recovery().copied();
        let by = keys_of(&self.papers);
        current
            .recovered(public(&self.fresh), quorum(2), recovery, by)
            .unwrap()
    }

    fn append(&self, by: &[&SigningSecret]) -> Result<VerifiedChain, ChainError> {
        self.chain
            .append(signed(self.charter(), self.chain.fingerprint(), by))
    }
}

fn keys_of(papers: &[SigningSecret]) -> RecoveryKeys {
    RecoveryKeys::new(public(papers)).unwrap()
}

#[test]
fn all_recovery_keys_together_put_new_editors_in_the_place_of_lost_ones() {
    let lost = Lost::new();
    let saved = lost.append(&[&lost.papers[1], &lost.papers[0]]).unwrap();
    assert_eq!(saved.current().editors(), public(&lost.fresh));
    assert_eq!(saved.fingerprint(), lost.chain.fingerprint());
    assert!(saved.continues(&lost.chain));
    assert_eq!(saved.recovered(), Some(saved.current()));
    assert_eq!(lost.chain.recovered(), None);
    let read = CharterChain::decode(&saved.chain().encode()).unwrap();
    assert_eq!(read.verify(saved.fingerprint()), Ok(saved.clone()));
    // Editors follow as ever, and it stays to be seen that recovery keys stood between.
    let by = [&lost.fresh[0], &lost.fresh[2]];
    let later = next(&saved, &lost.fresh[..2], &by).unwrap();
    assert_eq!(later.recovered().map(Charter::sequence), Some(2));
    assert_eq!(later.current().recovered_by(), None);
}

#[test]
fn one_recovery_key_of_two_appoints_nobody() {
    let lost = Lost::new();
    let refused = Err(ChainError::TooFewSignatures { sequence: 2 });
    assert_eq!(lost.append(&[&lost.papers[0]]), refused);
    assert_eq!(lost.append(&[]), refused);
    // Nor does one that says that there is no other.
    let alone = RecoveryKeys::new(public(&lost.papers[..1])).unwrap();
    let refused = Err(ChainError::Recovery { sequence: 2 });
    let current = lost.chain.current();
    let made = current.recovered(public(&lost.fresh), quorum(2), None, alone.clone());
    assert_eq!(made, refused);
    let mut forged = lost.charter();
    forged = forged.forged(alone);
    let forged = signed(forged, lost.chain.fingerprint(), &[&lost.papers[0]]);
    let refused = Err(ChainError::Recovery { sequence: 2 });
    assert_eq!(lost.chain.append(forged), refused);
}

#[test]
fn editors_and_recovery_keys_do_not_sign_for_each_other() {
    let lost = Lost::new();
    let editors = signers(3);
    let foreign = Err(ChainError::ForeignSignature { sequence: 2 });
    // A charter of the recovery keys, with an editor among the signers or in place of a paper.
    let all = [&lost.papers[0], &lost.papers[1], &editors[0]];
    assert_eq!(lost.append(&all), foreign);
    let mixed = [&lost.papers[0], &editors[0]];
    assert_eq!(lost.append(&mixed), foreign);
    // A charter of the editors, with the papers for signers.
    let papers = [&lost.papers[0], &lost.papers[1]];
    assert_eq!(next(&lost.chain, &lost.fresh, &papers), foreign);
}

#[test]
fn where_no_recovery_keys_were_named_none_are_taken() {
    let papers = signers(9).split_off(7);
    let chain = newsroom(&signers(3), 2);
    let refused = Err(ChainError::Recovery { sequence: 2 });
    let by = keys_of(&papers);
    let made = chain
        .current()
        .recovered(public(&papers), quorum(1), None, by.clone());
    assert_eq!(made, refused);
    let forged = chain
        .current()
        .next(public(&papers), quorum(1), None)
        .unwrap()
        .forged(by);
    let forged = signed(forged, chain.fingerprint(), &[&papers[0], &papers[1]]);
    assert_eq!(
        chain.append(forged),
        Err(ChainError::Recovery { sequence: 2 })
    );
}

#[test]
fn recovery_keys_that_editors_gave_up_are_worth_nothing() {
    let lost = Lost::new();
    let editors = signers(3);
    // `next` names none.
    let without = next(&lost.chain, &editors, &[&editors[0], &editors[1]]).unwrap();
    let late = without
        .current()
        .next(public(&lost.fresh), quorum(2), None)
        .unwrap()
        .forged(keys_of(&lost.papers));
    let papers = [&lost.papers[0], &lost.papers[1]];
    let late = signed(late, lost.chain.fingerprint(), &papers);
    assert_eq!(
        without.append(late),
        Err(ChainError::Recovery { sequence: 3 })
    );
}

#[test]
fn a_founding_charter_is_made_by_no_recovery_keys() {
    let lost = Lost::new();
    let forged = lost.chain.current().clone().forged(keys_of(&lost.papers));
    let encoded = cbor::encode(&forged);
    let refused = Err(DecodeError::Value("the list of recovery keys"));
    assert_eq!(cbor::decode::<Charter>(&encoded), refused);
}
