use knothole_envelope::frame;

use super::*;
use crate::archive::tests::{FIRST_DAY, Known, newsroom, onion};
use crate::bundle::rig::seal;
use crate::newsroom::{Change, Founding};
use crate::open::unseal;

fn quorum(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap()
}

fn some(numbers: &[u8]) -> Vec<Known> {
    numbers.iter().copied().map(Known::new).collect()
}

fn cards(numbers: &[u8]) -> Vec<Vec<u8>> {
    let editors = numbers.iter().copied().map(Known::new);
    editors.map(|editor| editor.signed_card()).collect()
}

fn papers(bytes: &[u8]) -> Papers {
    let mut papers = Papers::default();
    for byte in bytes {
        papers.add(SigningSecret::from_bytes([*byte; 32]));
    }
    papers
}

/// A newsroom of three with two papers.
fn with_papers() -> State {
    let hash = papers(&[91, 92]).keys().unwrap().hash();
    let cards = cards(&[1, 2, 3]);
    let mut founding = Founding::with_recovery(&cards, quorum(2), Some(hash)).unwrap();
    for editor in some(&[1, 2, 3]) {
        founding.sign(&editor).unwrap();
    }
    founding.finish(onion()).unwrap()
}

fn successors(cards: &[Vec<u8>]) -> Successors<'_> {
    Successors {
        cards,
        quorum: quorum(2),
        onion: onion(),
        today: Day::new(FIRST_DAY + 8).unwrap(),
    }
}

fn recovered(read: &[u8], vaults: &[u8]) -> Result<State, RecoverError> {
    let cards = cards(&[3, 4, 5]);
    recover(
        with_papers().chain(),
        &papers(read),
        &successors(&cards),
        &some(vaults),
    )
}

#[test]
fn all_papers_together_put_new_editors_under_the_old_fingerprint() {
    let lost = with_papers();
    let state = recovered(&[92, 91], &[4, 5]).unwrap();
    assert!(state.chain().continues(lost.chain()));
    assert_eq!(state.address(), lost.address());
    let charter = state.chain().current();
    assert_eq!((charter.sequence(), charter.editors().len()), (2, 3));
    assert_eq!(state.chain().recovered(), Some(charter));
    // Epoch 1 is over. New drops open for the new editors, old ones do not.
    assert_eq!(state.sheets().len(), 29);
    let new = seal(&state, 7, &[], "a", None);
    let opened = unseal(new.bytes.as_slice(), &new.listed, &state, &some(&[3, 5]));
    assert!(opened.unwrap().warnings.is_empty());
    let old = seal(&lost, 8, &[], "a", None);
    assert!(unseal(old.bytes.as_slice(), &old.listed, &state, &some(&[3, 4, 5])).is_err());
    // The papers go on, and so do changes by the editors.
    assert_eq!(charter.recovery(), lost.chain().current().recovery());
    let today = Day::new(FIRST_DAY + 8).unwrap();
    let change = Change::removing(&state, 0, None, today).unwrap();
    let later = change.signed_by(&state, &some(&[4, 5])).unwrap();
    assert_eq!(later.chain().current().recovery(), charter.recovery());
    assert!(papers(&[91, 92]).are_all_of(later.chain()));
}

#[test]
fn one_paper_of_two_and_papers_of_another_newsroom_recover_nothing() {
    for read in [&[][..], &[91], &[91, 91], &[91, 93], &[91, 92, 93]] {
        let refused = recovered(read, &[4, 5]).unwrap_err();
        assert_eq!(refused, RecoverError::Papers, "{read:?}");
    }
}

#[test]
fn the_new_editors_must_be_there_as_many_as_it_takes() {
    let more = RecoverError::MoreVaults {
        quorum: quorum(2),
        have: 1,
    };
    assert_eq!(recovered(&[91, 92], &[4]).unwrap_err(), more);
    assert_eq!(recovered(&[91, 92], &[4, 4]).unwrap_err(), more);
    let vault = Known::new(1).called();
    let stranger = RecoverError::NoCard { vault };
    assert_eq!(recovered(&[91, 92], &[4, 1]).unwrap_err(), stranger);
    assert!(recovered(&[91, 92], &[3, 4, 5]).is_ok());
}

#[test]
fn cards_must_have_epochs_to_come() {
    let cards = cards(&[4, 5]);
    let late = Successors {
        today: Day::new(FIRST_DAY + 7 * 30).unwrap(),
        ..successors(&cards)
    };
    let lost = with_papers();
    let refused = recover(lost.chain(), &papers(&[91, 92]), &late, &some(&[4, 5]));
    assert_eq!(refused.unwrap_err(), RecoverError::Over);
    let doubled = [cards[0].clone(), cards[0].clone()];
    let refused = recover(
        lost.chain(),
        &papers(&[91, 92]),
        &successors(&doubled),
        &some(&[4, 5]),
    );
    assert_eq!(refused.unwrap_err(), RecoverError::ArchiveKeys);
}

#[test]
fn numbers_that_the_newsroom_had_on_other_days_are_refused_with_the_first_that_is_free() {
    let lost = with_papers();
    let known: Vec<_> = lost.sheets().iter().skip(4).take(13).collect();
    let known: Vec<_> = known
        .into_iter()
        .map(|sheet| sheet.verify(lost.chain()).unwrap())
        .collect();
    let today = Day::new(FIRST_DAY + 7 * 6).unwrap();
    let card = |first| {
        let editor = Known::new(4);
        let card = editor.card_from(Day::new(first).unwrap(), 7);
        vec![card.sign(editor.signing()).unwrap().encode()]
    };
    // On the same days under the same numbers: an editor who stayed.
    let first = first_number(&card(FIRST_DAY), &known, today).unwrap();
    assert_eq!(first, EpochNumber::new(7));
    // From epoch 1 on once more.
    let refused = first_number(&card(FIRST_DAY + 7 * 6), &known, today).unwrap_err();
    assert_eq!(refused, RecoverError::Numbers { free: 18 });
    assert!(refused.to_string().contains("--first-epoch 18"));
    // Where nothing is known, the number is told.
    let first = first_number(&card(FIRST_DAY + 7 * 6), &[], today).unwrap();
    assert_eq!(first, EpochNumber::new(1));
}

#[test]
fn a_vault_of_another_newsroom_recovers_none() {
    let lost = with_papers();
    let own = lost.chain().fingerprint();
    let taken = Known::new(4).of(&Fingerprint::from_bytes([3; 32]));
    let vault = taken.called();
    let newsroom = *own;
    assert_eq!(
        refuse_taken(&[taken], own),
        Err(RecoverError::OtherNewsroom { vault, newsroom })
    );
    assert!(refuse_taken(&[Known::new(4), Known::new(5).of(own)], own).is_ok());
}

#[test]
fn the_chain_comes_from_an_outbox_or_from_the_drop_box_and_names_papers() {
    let lost = with_papers();
    let fingerprint = lost.chain().fingerprint();
    let encoded = lost.chain().chain().encode();
    assert_eq!(chain_of(&encoded, fingerprint).unwrap(), *lost.chain());
    let framed = frame(&encoded).unwrap();
    assert_eq!(chain_of(&framed, fingerprint).unwrap(), *lost.chain());
    let other = Fingerprint::from_bytes([4; 32]);
    assert_eq!(
        chain_of(&encoded, &other).unwrap_err(),
        RecoverError::Charter(ChainError::Fingerprint)
    );
    let junk = chain_of(b"junk", fingerprint).unwrap_err();
    assert_eq!(junk, RecoverError::NoChain);
    let (_, without) = newsroom(3, 2);
    let encoded = without.chain().chain().encode();
    let refused = chain_of(&encoded, without.chain().fingerprint()).unwrap_err();
    assert_eq!(refused, RecoverError::NoPapers);
}
