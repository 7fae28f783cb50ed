//! Archives that this newsroom's editors did not make.

use super::*;

#[test]
fn an_archive_that_somebody_else_sealed_to_the_editors_is_not_believed() {
    // A stranger founds a newsroom of his own and appoints our editor in its second charter.
    let stranger = Known::new(40);
    let victim = Known::new(1);
    let charter = Charter::founding(vec![stranger.key()], Quorum::ONE, None).unwrap();
    let chain = CharterChain::found(charter.clone(), &[stranger.signing()]).unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    let chain = chain.verify(&fingerprint).unwrap();
    let next = charter
        .next(vec![victim.key(), stranger.key()], Quorum::ONE, None)
        .unwrap();
    let mut next = Signed::new(next);
    next.sign(&fingerprint, stranger.signing());
    let chain = chain.append(next).unwrap();
    let keys = [&victim, &stranger].map(|editor| editor.archive_secret().recipient_key());
    let state = State::new(chain, keys.to_vec(), onion(), Vec::new()).unwrap();
    let sealed = seal::seal(&state, &[stranger], &mut rng()).unwrap();
    let error = seal::unseal(&sealed, &[victim]).unwrap_err();
    assert!(matches!(error, ArchiveError::Unknown));
    // Nor by one who has met another newsroom, though the stranger is here and vouches for his.
    let (_, ours) = newsroom(1, 1);
    let victim = Known::new(1).of(ours.chain().fingerprint());
    let stranger = Known::new(40);
    let error = seal::unseal(&sealed, &[stranger, victim]).unwrap_err();
    let named = Known::new(1).called();
    assert!(matches!(error, ArchiveError::OtherNewsroom { vault } if vault == named));
}

#[test]
fn an_editor_who_came_later_is_vouched_for_by_the_own_vault_or_by_one_that_is_there() {
    let founder = Known::new(1);
    let (_, state) = newsroom(1, 1);
    let chain = state.chain();
    let late = Known::new(2);
    let keys = vec![founder.key(), late.key()];
    let next = chain.current().next(keys, Quorum::ONE, None).unwrap();
    let mut next = Signed::new(next);
    next.sign(chain.fingerprint(), founder.signing());
    let chain = chain.append(next).unwrap();
    let fingerprint = *chain.fingerprint();
    let keys = [&founder, &late].map(|editor| editor.archive_secret().recipient_key());
    let state = State::new(chain, keys.to_vec(), onion(), Vec::new()).unwrap();
    let sealed = seal::seal(&state, &[late], &mut rng()).unwrap();
    let late = || Known::new(2);
    let error = seal::unseal(&sealed, &[late()]).unwrap_err();
    assert!(matches!(error, ArchiveError::Unknown));
    assert!(seal::unseal(&sealed, &[late(), Known::new(1)]).is_ok());
    assert!(seal::unseal(&sealed, &[late().of(&fingerprint)]).is_ok());
    let other = Fingerprint::from_bytes([3; 32]);
    let error = seal::unseal(&sealed, &[late().of(&other), Known::new(1)]).unwrap_err();
    let named = late().called();
    assert!(matches!(error, ArchiveError::OtherNewsroom { vault } if vault == named));
}
