use knothole_envelope::{CharterChain, Receipt, ReceiptError, VerifiedChain};

use super::*;
use crate::archive::Archive;
use crate::archive::ArchiveError;
use crate::archive::Status;
use crate::archive::tests::{FIRST_DAY, Known, kept, newsroom, rng};
use crate::bundle::rig::{Sealed, seal};
use crate::open::{Warning, unseal};

fn quorum(editors: u8) -> Quorum {
    Quorum::new(editors).unwrap()
}

/// A day in the third epoch.
fn today() -> Day {
    Day::new(FIRST_DAY + 15).unwrap()
}

fn some(numbers: &[u8]) -> Vec<Known> {
    numbers.iter().copied().map(Known::new).collect()
}

fn opens(drop: &Sealed, state: &State, numbers: &[u8]) -> bool {
    let opened = unseal(drop.bytes.as_slice(), &drop.listed, state, &some(numbers));
    opened.is_ok_and(|opened| opened.warnings.is_empty())
}

fn added(state: &State, number: u8, by: &[u8]) -> Result<State, ChangeError> {
    let card = Known::new(number).signed_card();
    Change::adding(state, &card, None, today())?.signed_by(state, &some(by))
}

fn removed(state: &State, place: usize, by: &[u8]) -> Result<State, ChangeError> {
    Change::removing(state, place, None, today())?.signed_by(state, &some(by))
}

/// Every subset of so many editors, by their numbers.
fn subsets(editors: u8) -> impl Iterator<Item = Vec<u8>> {
    (0..1_u32 << editors).map(move |bits| {
        let is_in = |number: &u8| bits >> (number - 1) & 1 == 1;
        (1..=editors).filter(is_in).collect()
    })
}

#[test]
fn of_every_subset_of_the_editors_those_as_large_as_the_quorum_open_and_no_other() {
    for (editors, needed, count) in [(3, 2, 8), (5, 3, 32)] {
        let (all, state) = newsroom(editors, needed);
        let drop = seal(&state, 7, &[("a", b"b")], "c", None);
        let folder = tempfile::tempdir().unwrap();
        std::mem::drop(Archive::create(folder.path(), state.clone(), &all, &mut rng()).unwrap());
        let mut tried = 0;
        for subset in subsets(editors) {
            let enough = subset.len() >= usize::from(needed);
            assert_eq!(opens(&drop, &state, &subset), enough, "{subset:?}");
            let archive = Archive::open(folder.path(), &some(&subset));
            assert_eq!(archive.is_ok(), enough, "{subset:?}");
            tried += 1;
        }
        assert_eq!(tried, count);
    }
}

#[test]
fn fewer_than_the_quorum_change_nothing_and_release_nothing() {
    for (editors, needed) in [(3, 2), (5, 3)] {
        let (_, state) = newsroom(editors, needed);
        let (chain, fingerprint) = (state.chain(), *state.chain().fingerprint());
        let few = subsets(editors).filter(|few| few.len() < usize::from(needed));
        for few in few {
            let changes = [
                Change::of_quorum(&state, Quorum::ONE, today()),
                Change::adding(&state, &Known::new(9).signed_card(), None, today()),
                Change::removing(&state, 4 % usize::from(editors), None, today()),
            ];
            for change in changes {
                let change = change.unwrap();
                // The rule of this program, and the one of everybody who reads a chain.
                assert!(change.clone().signed_by(&state, &some(&few)).is_err());
                let mut charter = change.charter.clone();
                for editor in some(&few) {
                    charter.sign(&fingerprint, editor.signing());
                }
                assert!(chain.append(charter).is_err(), "{few:?}");
            }
            let mut sheet = Signed::new(state.sheets()[0].unverified().clone());
            let mut receipt = Signed::new(Receipt::Burned {
                epoch: sheet.unverified().epoch(),
            });
            for editor in some(&few) {
                sheet.sign(&fingerprint, editor.signing());
                receipt.sign(&fingerprint, editor.signing());
            }
            assert!(sheet.verify(chain).is_err(), "{few:?}");
            assert!(receipt.verify(chain).is_err(), "{few:?}");
        }
    }
}

#[test]
fn an_editor_who_joins_gets_keys_for_the_running_epoch_and_all_to_come() {
    let (_, before) = newsroom(3, 2);
    let old = seal(&before, 7, &[], "", None);
    let state = added(&before, 4, &[3, 1]).unwrap();
    let charter = state.chain().current();
    assert_eq!((charter.sequence(), charter.editors().len()), (2, 4));
    assert!(state.chain().continues(before.chain()));
    let fresh = state.sheets().iter().map(Signed::unverified);
    let fresh: Vec<_> = fresh
        .filter(|sheet| *sheet.charter() == state.chain().current_hash())
        .collect();
    // Epochs 1 and 2 are over; numbers and days are those of before.
    assert_eq!(fresh.len(), 28);
    for (sheet, number) in fresh.iter().zip(3_u32..) {
        assert_eq!(sheet.epoch().get(), number);
        assert_eq!(
            sheet.first(),
            Day::new(FIRST_DAY + 7 * (number - 1)).unwrap()
        );
        assert_eq!(sheet.keys().len(), 4);
    }
    let new = seal(&state, 8, &[], "", None);
    for pair in [[1, 4], [4, 2], [3, 4], [1, 2]] {
        assert!(opens(&new, &state, &pair), "{pair:?}");
    }
    assert!(!opens(&new, &state, &[4]));
    assert!(!opens(&old, &state, &[1, 4]));
    let opened = unseal(old.bytes.as_slice(), &old.listed, &state, &some(&[1, 2])).unwrap();
    let older = Warning::OlderCharter {
        drop: 1,
        newsroom: 2,
    };
    assert_eq!(opened.warnings, [older]);
}

#[test]
fn an_editor_who_left_opens_nothing_that_is_sealed_from_then_on_and_what_was_sealed_before() {
    let (_, before) = newsroom(3, 2);
    let old = seal(&before, 7, &[], "", None);
    let state = removed(&before, 0, &[2, 3]).unwrap();
    assert_eq!(state.chain().current().editors().len(), 2);
    let new = seal(&state, 8, &[], "", None);
    assert!(opens(&new, &state, &[2, 3]));
    assert!(!opens(&new, &state, &[1, 3]) && !opens(&new, &state, &[1, 2]));
    for pair in [[1, 3], [2, 3]] {
        let opened = unseal(old.bytes.as_slice(), &old.listed, &state, &some(&pair));
        assert!(opened.is_ok(), "{pair:?}");
    }
    let sealed_to = state.keys().len();
    assert_eq!(sealed_to, 2);
}

#[test]
fn an_editor_who_left_has_no_say_any_more() {
    let (_, before) = newsroom(3, 2);
    let state = removed(&before, 2, &[1, 2]).unwrap();
    let (chain, fingerprint) = (state.chain(), *state.chain().fingerprint());
    // One who stayed and the one who left: they were a quorum once.
    let both = some(&[1, 3]);
    let sign_all = |charter: &mut Signed<Charter>| {
        for editor in &both {
            charter.sign(&fingerprint, editor.signing());
        }
    };
    let next = chain.current();
    let editors = [1, 3].map(|number| Known::new(number).key());
    for charter in [
        next.next(next.editors().to_vec(), Quorum::ONE, None),
        next.next(editors.to_vec(), quorum(2), None),
    ] {
        let mut charter = Signed::new(charter.unwrap());
        sign_all(&mut charter);
        let refused = chain.append(charter);
        assert_eq!(
            refused,
            Err(knothole_envelope::ChainError::ForeignSignature { sequence: 3 })
        );
    }
    // The fork that they can make upon the old charter is none that continues the newsroom's.
    let mut fork = Signed::new(
        before
            .chain()
            .current()
            .next(editors.to_vec(), quorum(2), None)
            .unwrap(),
    );
    sign_all(&mut fork);
    let fork: VerifiedChain = before.chain().append(fork).unwrap();
    assert!(!fork.continues(chain));
    let mut sheet = Signed::new(state.sheets().last().unwrap().unverified().clone());
    for editor in &both {
        sheet.sign(&fingerprint, editor.signing());
    }
    assert!(sheet.verify(chain).is_err());
    let listed = kept(1, Status::Opened).listed;
    let mut receipt = Signed::new(Receipt::Refused {
        drop: listed.id,
        tree: listed.tree,
        length: listed.length(),
    });
    for editor in &both {
        receipt.sign(&fingerprint, editor.signing());
    }
    assert_eq!(receipt.verify(chain), Err(ReceiptError::ForeignSignature));
    let read = CharterChain::decode(&chain.chain().encode()).unwrap();
    assert!(read.verify(&fingerprint).is_ok());
}

#[test]
fn an_old_archive_and_an_old_vault_open_what_they_opened_and_the_new_archive_shuts_the_vault_out() {
    let (all, before) = newsroom(3, 2);
    let state = removed(&before, 2, &[1, 2]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::mem::drop(Archive::create(folder.path(), state.clone(), &all[..2], &mut rng()).unwrap());
    let error = Archive::open(folder.path(), &some(&[1, 3])).unwrap_err();
    let named = |vault: &str| vault == Known::new(3).called();
    assert!(matches!(error, ArchiveError::ForeignVault { vault } if named(&vault)));
    assert!(Archive::open(folder.path(), &some(&[2, 1])).is_ok());
    let copy = tempfile::tempdir().unwrap();
    std::mem::drop(Archive::create(copy.path(), before, &all, &mut rng()).unwrap());
    let error = Archive::open(copy.path(), &some(&[3])).unwrap_err();
    assert!(matches!(error, ArchiveError::MoreVaults { have: 1, .. }));
}

#[test]
fn the_quorum_goes_up_and_down_and_old_drops_open_as_they_did() {
    let (_, before) = newsroom(3, 2);
    let old = seal(&before, 7, &[], "", None);
    let change = || Change::of_quorum(&before, quorum(3), today()).unwrap();
    // Two sign the charter, but three must be together afterwards.
    let refused = change().signed_by(&before, &some(&[1, 2])).unwrap_err();
    let more = ChangeError::MoreVaults {
        quorum: quorum(3),
        have: 2,
    };
    assert_eq!(refused, more);
    let twice = change().signed_by(&before, &some(&[1, 2, 2]));
    assert_eq!(twice.unwrap_err(), more);
    let up = change().signed_by(&before, &some(&[1, 2, 3])).unwrap();
    let new = seal(&up, 8, &[], "", None);
    assert!(opens(&new, &up, &[1, 2, 3]) && !opens(&new, &up, &[1, 2]));
    assert!(unseal(old.bytes.as_slice(), &old.listed, &up, &some(&[1, 3])).is_ok());
    let down = Change::of_quorum(&up, Quorum::ONE, today()).unwrap();
    assert!(down.clone().signed_by(&up, &some(&[1, 2])).is_err());
    let down = down.signed_by(&up, &some(&[3, 2, 1])).unwrap();
    assert!(opens(&seal(&down, 9, &[], "", None), &down, &[2]));
    let same = Change::of_quorum(&before, quorum(2), today());
    assert_eq!(same.unwrap_err(), ChangeError::Nothing);
    let more = Change::of_quorum(&before, quorum(4), today());
    let refused = ChangeError::Charter(knothole_envelope::ChainError::Quorum);
    assert_eq!(more.unwrap_err(), refused);
}

#[test]
fn a_card_whose_epochs_do_not_fit_is_refused_with_the_command_that_makes_one_that_does() {
    let (_, state) = newsroom(3, 2);
    let other_days = Known::new(4).card_from(Day::new(FIRST_DAY + 1).unwrap(), 7);
    let other_days = other_days.sign(Known::new(4).signing()).unwrap().encode();
    let short = Known::new(4).until(29).signed_card();
    for card in [other_days, short] {
        let error = Change::adding(&state, &card, None, today()).unwrap_err();
        assert!(error.to_string().contains(
            "knothole vault new VAULT --first-epoch 3 --first-day 2026-12-07 --days 7 --epochs 28"
        ));
    }
}

#[test]
fn nobody_joins_twice_and_nobody_leaves_who_is_not_there() {
    let (_, state) = newsroom(3, 2);
    assert_eq!(added(&state, 2, &[1, 2]).unwrap_err(), ChangeError::Known);
    assert_eq!(
        removed(&state, 3, &[1, 2]).unwrap_err(),
        ChangeError::NoEditor
    );
    let two = removed(&state, 2, &[1, 2]).unwrap();
    // Two are needed: neither of the two can go, unless fewer are needed then.
    assert!(removed(&two, 0, &[1, 2]).is_err());
    let one = Change::removing(&two, 0, Some(Quorum::ONE), today()).unwrap();
    let one = one.signed_by(&two, &some(&[1, 2])).unwrap();
    assert_eq!(one.chain().current().editors(), [Known::new(2).key()]);
    let mut spoiled = Known::new(4).signed_card();
    let last = spoiled.len() - 1;
    spoiled[last] ^= 1;
    let error = Change::adding(&state, &spoiled, None, today()).unwrap_err();
    assert!(matches!(error, ChangeError::Card(_)));
}

#[test]
fn couriers_and_drops_are_remembered_and_sheets_that_never_left_are_not() {
    let (_, mut state) = newsroom(3, 2);
    let drop = kept(1, Status::Waiting);
    state.drops.insert(drop.listed.id, drop);
    state
        .couriers
        .push(crate::archive::Courier::new(Known::new(60).key()));
    let later = added(&state, 4, &[1, 2]).unwrap();
    assert_eq!(
        (&later.drops, &later.couriers),
        (&state.drops, &state.couriers)
    );
    assert_eq!(later.address(), state.address());
    let founding = state.chain().current_hash();
    let old = later.sheets().iter().map(Signed::unverified);
    let old = old.filter(|sheet| *sheet.charter() == founding);
    // Epochs 1 and 2, the third, and thirteen weeks ahead.
    assert_eq!(old.map(|sheet| sheet.epoch().get()).max(), Some(16));
    assert_eq!(State::decode(&later.encode()), Some(later));
}

#[test]
fn an_epoch_that_was_burned_gets_no_new_sheet_when_editors_change() {
    let (_, mut state) = newsroom(2, 1);
    let fourth = EpochNumber::new(4).unwrap();
    state.burned.add(fourth, today(), [Known::new(1).key()]);
    let change = Change::of_quorum(&state, quorum(2), today()).unwrap();
    let numbers: Vec<_> = change.epochs().map(EpochNumber::get).collect();
    assert_eq!(numbers[..3], [3, 5, 6]);
}
