//! One thing that the disk cannot give, or let go of, stops neither a start nor a server.

use super::acts::{Act, Size};
use super::house::{BATCH, House};
use super::ledger::{Fate, Said};
use super::newsroom::BURNED;
use super::peer::Request;
use crate::clock::DAY;
use crate::commit;
use crate::disk::faulty::Survives;
use crate::disk::{Disk as _, Place};

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
