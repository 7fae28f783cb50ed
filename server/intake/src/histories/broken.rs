//! One thing that the disk cannot give, or let go of, stops neither a start nor a server.

use super::acts::{Act, Size};
use super::house::{BATCH, COURIER, House};
use super::ledger::{Fate, Said};
use super::newsroom::BURNED;
use super::peer::Request;
use crate::clock::DAY;
use crate::commit;
use crate::desk::{self, Courier, Desk};
use crate::disk::faulty::Survives;
use crate::disk::{Disk as _, Name, Place, create_whole};
use crate::segments::ticket_place;

async fn after(grace: u32, acts: &[Act]) -> House {
    let mut house = House::new(grace);
    assert!(house.start());
    for act in acts {
        house.perform(*act).await.unwrap();
    }
    house
}

#[tokio::test]
async fn receipts_that_cannot_be_read_keep_no_server_from_its_start_and_no_burned_epoch_open() {
    let shown = [
        Act::Begin(Size::Small(1)),
        Act::Send(0, 1_000),
        Act::Pass(BATCH),
        Act::SignOff(0),
        Act::Burn,
    ];
    let mut house = after(2, &shown).await;
    house.end(Survives::Everything);
    let receipts = Place::top("receipts");
    let kept = house.disk.list(&receipts).unwrap();
    assert_eq!(kept.len(), 2);
    for name in kept {
        house.disk.spoil(&receipts.join(name));
    }
    assert!(house.start(), "receipts that cannot be read end a start");
    house
        .perform(Act::Begin(Size::Small(BURNED)))
        .await
        .unwrap();
    house.perform(Act::Send(1, 1_000)).await.unwrap();
    assert_eq!(house.ledger.sent[1].fate, Fate::Gone, "the gate is open");
    house.perform(Act::Begin(Size::Small(1))).await.unwrap();
    house.perform(Act::Send(2, 1_000)).await.unwrap();
    assert_eq!(house.ledger.sent[2].fate, Fate::Arrived);
    // Without its receipt nothing goes, and nothing is forgotten.
    house.perform(Act::Pass(4 * DAY)).await.unwrap();
    assert_eq!(house.listing().await.unwrap().len(), 2);
    house.end(Survives::Everything);
    assert!(house.start());
    house.check().await;
    assert_eq!(house.listing().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_drop_that_cannot_be_removed_ends_no_server_and_is_not_listed() {
    let signed = [
        Act::Begin(Size::Small(1)),
        Act::Send(0, 1_000),
        Act::Pass(BATCH),
        Act::SignOff(0),
    ];
    let mut house = after(2, &signed).await;
    let [name] = &house.disk.list(&commit::shelf()).unwrap()[..] else {
        panic!("one drop is shown");
    };
    let stuck = commit::trash().join(name.clone());
    house.disk.spoil(&stuck);
    for _ in 0..5 {
        let ticked = house.perform(Act::Pass(DAY)).await;
        assert!(ticked.is_ok(), "it ends the server: {ticked:?}");
    }
    assert!(house.listing().await.unwrap().is_empty());
    assert_eq!(
        house
            .ask(Request::new("GET /charter"))
            .await
            .unwrap()
            .status,
        200
    );
    assert!(house.disk.list(&stuck).is_ok(), "it is still there");
    house.end(Survives::Everything);
    assert!(house.start());
    house.check().await;
    assert!(house.disk.list(&commit::trash()).unwrap().is_empty());
}

#[tokio::test]
async fn a_receipt_is_kept_while_the_manifest_of_its_drop_cannot_be_read_and_removes_it_later() {
    let shown = [
        Act::Begin(Size::Small(1)),
        Act::Send(0, 1_000),
        Act::Pass(BATCH),
    ];
    let mut house = after(0, &shown).await;
    let [name] = &house.disk.list(&commit::shelf()).unwrap()[..] else {
        panic!("one drop is shown");
    };
    let folder = commit::shelf().join(name.clone());
    house.disk.spoil(&commit::manifest_place(&folder));
    house.perform(Act::SignOff(0)).await.unwrap();
    assert_eq!(house.ledger.sent[0].signed.said(), Said::Done);
    assert!(house.disk.list(&folder).is_ok(), "it is still there");
    house.end(Survives::Synced);
    assert!(house.start());
    house.check().await;
    assert!(house.stored().is_empty());
}

#[tokio::test]
async fn what_stays_in_the_trash_keeps_no_other_drop_from_going() {
    let shown = [
        Act::Begin(Size::Small(1)),
        Act::Send(0, 1_000),
        Act::Pass(BATCH),
        Act::SignOff(0),
    ];
    let mut house = after(0, &shown).await;
    assert!(house.stored().is_empty());
    let another = [
        Act::Begin(Size::Small(1)),
        Act::Send(1, 1_000),
        Act::Pass(BATCH),
    ];
    for act in another {
        house.perform(act).await.unwrap();
    }
    let [name] = &house.disk.list(&commit::shelf()).unwrap()[..] else {
        panic!("one drop is shown");
    };
    house.disk.spoil(&commit::trash().join(name.clone()));
    house.perform(Act::SignOff(1)).await.unwrap();
    assert_eq!(house.intake.as_ref().unwrap().status().damaged, 1);
    for act in [
        Act::Begin(Size::Small(1)),
        Act::Send(2, 1_000),
        Act::Pass(BATCH),
        Act::SignOff(2),
    ] {
        house.perform(act).await.unwrap();
    }
    assert!(house.listing().await.unwrap().is_empty());
    assert!(house.disk.list(&commit::shelf()).unwrap().is_empty());
    assert!(house.disk.list(&commit::trash()).unwrap().contains(name));
    house.end(Survives::Everything);
    assert!(house.start());
    house.check().await;
    assert!(house.disk.list(&commit::trash()).unwrap().is_empty());
}

#[tokio::test]
async fn a_waiting_drop_whose_link_cannot_be_read_ends_no_start_and_no_boundary() {
    let sent = [Act::Begin(Size::Small(1)), Act::Send(0, 1_000)];
    let mut house = after(0, &sent).await;
    let [name] = &house.disk.list(&commit::drops()).unwrap()[..] else {
        panic!("one drop waits");
    };
    let link = commit::link_place(&commit::drops().join(name.clone()));
    house.disk.spoil(&link);
    house.end(Survives::Everything);
    house.disk.spoil(&link);
    assert!(house.start(), "a link that cannot be read ends a start");
    house.perform(Act::Pass(BATCH)).await.unwrap();
    assert_eq!(house.listing().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_upload_that_cannot_be_removed_ends_no_server() {
    let begun = [
        Act::Begin(Size::Large(1)),
        Act::Send(0, 0),
        Act::Send(0, 500),
    ];
    let mut house = after(0, &begun).await;
    let [name] = &house.disk.list(&commit::incoming()).unwrap()[..] else {
        panic!("one upload has begun");
    };
    let folder = commit::incoming().join(name.clone());
    house.disk.spoil(&ticket_place(&folder));
    house.perform(Act::Pass(16 * DAY)).await.unwrap();
    assert!(house.disk.list(&folder).is_ok(), "it is still there");
    let unfinished = house.intake.as_ref().unwrap().status().unfinished;
    assert_eq!(unfinished, 0);
}

#[tokio::test]
async fn a_couriers_card_that_cannot_be_read_or_is_none_shuts_nobody_else_out() {
    let mut house = after(0, &[Act::Admit(1)]).await;
    let couriers = Place::top("couriers");
    let known = desk::couriers(&house.disk).unwrap();
    assert!(desk::admits(&known, &[1; 32]));
    let cards = house.disk.list(&couriers).unwrap();
    let own = |name: &Name| {
        known
            .iter()
            .any(|one| one.name.to_string() == name.as_str() && admits_one(one))
    };
    let spoilt = cards.iter().find(|name| own(name)).unwrap();
    house.disk.spoil(&couriers.join(spoilt.clone()));
    create_whole(&house.disk, &couriers.file("0123456789abcdef"), b"no card").unwrap();
    let known = desk::couriers(&house.disk).unwrap();
    assert!(!desk::admits(&known, &[1; 32]));
    assert!(desk::admits(&known, &[COURIER; 32]));
    let desk = Desk::on(Box::new(house.disk.clone()));
    let spoiled = desk.spoiled_cards().unwrap();
    assert_eq!(spoiled.len(), 2);
    let named = |name: &Name| spoiled.iter().any(|one| one.to_string() == name.as_str());
    assert!(named(spoilt), "{spoiled:?}");
    house.end(Survives::Everything);
    house.disk.spoil(&couriers.join(spoilt.clone()));
    assert!(house.start(), "a card that cannot be read ends a start");
}

/// Whether this courier is the one that a history has admitted as its first.
fn admits_one(courier: &Courier) -> bool {
    desk::admits(std::slice::from_ref(courier), &[1; 32])
}
