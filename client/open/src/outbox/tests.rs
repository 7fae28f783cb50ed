use knothole_envelope::CharterChain;

use super::*;
use crate::archive::Courier;
use crate::archive::tests::{FIRST_DAY, kept, newsroom};

fn day(after: u32) -> Day {
    Day::new(FIRST_DAY + after).unwrap()
}

fn read(stick: &Path, name: &str) -> Vec<u8> {
    std::fs::read(stick.join(FOLDER).join(name)).unwrap()
}

fn names(stick: &Path) -> Vec<u32> {
    let folder = Folder::open(&stick.join(FOLDER).join(SHEETS)).unwrap();
    let mut names: Vec<u32> = folder
        .names()
        .unwrap()
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    names.sort_unstable();
    names
}

fn with_drops(state: &mut State) {
    for (number, status) in [
        (1, Status::Waiting),
        (2, Status::Opened),
        (3, Status::Refused),
        (4, Status::Stuck),
    ] {
        let kept = kept(number, status);
        state.drops.insert(kept.listed.id, kept);
    }
}

#[test]
fn an_outbox_holds_the_charter_and_the_sheets_of_thirteen_weeks() {
    let stick = tempfile::tempdir().unwrap();
    let (editors, state) = newsroom(2, 2);
    let laid = lay(stick.path(), &state, &editors, day(0)).unwrap();
    assert_eq!(names(stick.path()), (1..=14).collect::<Vec<_>>());
    assert_eq!((laid.sheets, laid.until), (14, Some(day(97))));
    let chain = CharterChain::decode(&read(stick.path(), CHARTER)).unwrap();
    assert!(chain.verify(state.chain().fingerprint()).is_ok());
    let sheet = Signed::<Sheet>::decode(&read(stick.path(), "sheets/3")).unwrap();
    assert_eq!(sheet.verify(state.chain()).unwrap().epoch().get(), 3);
}

#[test]
fn the_sheet_of_an_epoch_that_was_burned_early_goes_to_no_source() {
    let stick = tempfile::tempdir().unwrap();
    let (editors, mut state) = newsroom(1, 1);
    let third = kept(1, Status::Opened).listed.epoch;
    state.burned.add(third, day(0), [editors[0].key()]);
    lay(stick.path(), &state, &editors, day(0)).unwrap();
    assert!(!names(stick.path()).contains(&third.get()));
    assert!(names(stick.path()).contains(&1));
}

#[test]
fn an_outbox_replaces_the_one_before() {
    let stick = tempfile::tempdir().unwrap();
    let (editors, state) = newsroom(1, 1);
    lay(stick.path(), &state, &editors, day(0)).unwrap();
    let laid = lay(stick.path(), &state, &editors, day(7 * 28)).unwrap();
    assert_eq!(names(stick.path()), [29, 30]);
    assert_eq!(laid.sheets, 2);
    let laid = lay(stick.path(), &state, &editors, day(7 * 30)).unwrap();
    assert_eq!((laid.sheets, laid.until), (0, None));
}

#[test]
fn receipts_name_what_was_opened_or_refused_and_the_quorum_signs_them() {
    let stick = tempfile::tempdir().unwrap();
    let (editors, mut state) = newsroom(3, 2);
    with_drops(&mut state);
    let laid = lay(stick.path(), &state, &editors[1..], day(0)).unwrap();
    assert_eq!(laid.receipts, 2);
    let receipts = Signed::<Receipt>::decode_list(&read(stick.path(), RECEIPTS), 10).unwrap();
    let mut told: Vec<_> = receipts
        .iter()
        .map(|receipt| receipt.verify(state.chain()).unwrap())
        .collect();
    told.sort_by_key(|receipt| matches!(receipt, Receipt::Refused { .. }));
    let opened = kept(2, Status::Opened).listed;
    let refused = kept(3, Status::Refused).listed;
    assert_eq!(
        told,
        [
            Receipt::Opened {
                drop: opened.id,
                tree: opened.tree,
                length: opened.length()
            },
            Receipt::Refused {
                drop: refused.id,
                tree: refused.tree,
                length: refused.length()
            }
        ]
    );
}

#[test]
fn a_burned_epoch_has_a_receipt_that_the_quorum_signs_and_that_never_ends() {
    let stick = tempfile::tempdir().unwrap();
    let (editors, mut state) = newsroom(3, 2);
    with_drops(&mut state);
    let epoch = kept(2, Status::Opened).listed.epoch;
    state.burned.add(epoch, day(60), [editors[0].key()]);
    state.couriers.push(Courier::new(editors[0].key()));
    state.couriers[0].date(day(3000));
    let laid = lay(stick.path(), &state, &editors[1..], day(60)).unwrap();
    assert_eq!(laid.receipts, 1);
    let receipts = Signed::<Receipt>::decode_list(&read(stick.path(), RECEIPTS), 10).unwrap();
    let told = receipts[0].verify(state.chain()).unwrap();
    assert_eq!(told, Receipt::Burned { epoch });
}

#[test]
fn a_receipt_is_carried_until_its_drop_has_not_been_listed_for_thirty_days() {
    let stick = tempfile::tempdir().unwrap();
    let (editors, mut state) = newsroom(1, 1);
    with_drops(&mut state);
    let receipts = |state: &State| {
        let laid = lay(stick.path(), state, &editors, day(0)).unwrap();
        laid.receipts
    };
    state.couriers.push(Courier::new(editors[0].key()));
    state.couriers[0].date(day(30));
    assert_eq!(receipts(&state), 2);
    state.couriers[0].date(day(31));
    assert_eq!(receipts(&state), 0);
}

#[test]
fn a_stick_that_is_not_there_is_named() {
    let (editors, state) = newsroom(1, 1);
    let error = lay(Path::new("/nowhere/stick"), &state, &editors, day(0)).unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/stick: cannot open this folder");
}

#[test]
fn a_clock_before_the_first_epoch_gives_way_to_the_couriers_and_no_other_does() {
    let (editors, mut state) = newsroom(1, 1);
    let unset = Day::new(0).unwrap();
    assert_eq!(state.today(unset), unset);
    state.couriers.push(Courier::new(editors[0].key()));
    state.couriers[0].date(day(3000));
    assert_eq!(state.today(unset), day(3000));
    assert_eq!(state.today(day(0)), day(0));
    // What a turned courier told goes when it is removed.
    state.couriers.clear();
    assert_eq!(state.today(unset), unset);
}
