//! Receipts that were signed under force or by a newsroom before its recovery, and what undoes them.

#[path = "editors/house.rs"]
mod house;
#[path = "uploads/wire.rs"]
mod wire;

use house::{House, two};
use knothole_envelope::{Quorum, Receipt, Signed};

#[tokio::test]
async fn a_recovered_newsroom_may_number_its_epochs_anew_though_its_predecessor_burned_them() {
    let house = House::new().await;
    for epoch in [1, 2] {
        let sheet = house.sheet(epoch, &house.founding, &[1, 2]);
        assert_eq!(house.put_sheet(sheet).await.status, 204);
    }
    assert_eq!(house.burn([1, 2], &[1, 2]).await.status, 204);
    let again = house.sheet(1, &house.founding, &[1, 2]);
    let again = house.put_sheet(again).await;
    assert!(again.text().contains("was burned"), "{}", again.text());
    let recovered = house.recovered();
    assert_eq!(house.put_charter(&recovered).await.status, 204);
    let sheet = house.sheet(1, &recovered, &[4, 5]);
    assert_eq!(house.put_sheet(sheet).await.status, 204);
    assert_eq!(house.shown().await, [1]);
}

#[tokio::test]
async fn a_sheet_whose_epoch_was_burned_keeps_no_other_sheet_out() {
    let house = House::new().await;
    let sheet = |epoch| house.sheet(epoch, &house.founding, &[1, 2]);
    assert_eq!(house.put_sheet(sheet(1)).await.status, 204);
    assert_eq!(house.burn([1], &[1, 2]).await.status, 204);
    let both = Signed::encode_list(&[sheet(1), sheet(2)]);
    assert_eq!(house.ask("PUT /sheets", &both).await.status, 204);
    assert_eq!(house.shown().await, [2]);
}

#[tokio::test]
async fn forced_editors_burn_no_epoch_to_come() {
    let house = House::new().await;
    assert_eq!(house.burn(1..=520, &[2, 3]).await.status, 204);
    assert_eq!(house.files("receipts"), 0);
    let sheet = house.sheet(1, &house.founding, &[1, 2]);
    assert_eq!(house.put_sheet(sheet).await.status, 204);
    assert_eq!(house.send(&house.founding).await.status, 201);
    // Of those that the server holds, or has a drop of, one file each is kept.
    assert_eq!(house.burn(1..=520, &[2, 3]).await.status, 204);
    assert_eq!(house.files("receipts"), 1);
    assert_eq!(house.send(&house.founding).await.status, 422);
}

#[tokio::test]
async fn what_forced_editors_burned_is_open_again_once_one_of_them_was_removed() {
    let house = House::new().await;
    let sheet = house.sheet(1, &house.founding, &[1, 2]);
    assert_eq!(house.put_sheet(sheet).await.status, 204);
    assert_eq!(house.send(&house.founding).await.status, 201);
    assert_eq!(house.burn([1], &[2, 3]).await.status, 204);
    assert_eq!(house.send(&house.founding).await.status, 422);
    let chain = house.without_the_third();
    assert_eq!(house.put_charter(&chain).await.status, 204);
    // What is under way may arrive, what has arrived stays, and the number may be used again.
    assert_eq!(house.send(&house.founding).await.status, 201);
    assert_eq!((house.files("receipts"), house.files("grace")), (0, 0));
    let sheet = house.sheet(1, &chain, &[1, 2]);
    assert_eq!(house.put_sheet(sheet).await.status, 204);
    house.live(1..40).await;
    assert_eq!(house.listed().await.len(), 2);
    // What those who are left have burned stays burned.
    assert_eq!(house.burn([1], &[1, 2]).await.status, 204);
    let next = house.with_editors(&chain, &[1, 2, 6], two(), &[1, 2]);
    assert_eq!(house.put_charter(&next).await.status, 204);
    house.live(40..49).await;
    assert!(house.listed().await.is_empty());
}

#[tokio::test]
async fn a_forced_receipt_does_not_live_again_when_its_editor_comes_back_or_the_quorum_falls() {
    let house = House::new().await;
    let sheet = house.sheet(1, &house.founding, &[1, 2]);
    assert_eq!(house.put_sheet(sheet).await.status, 204);
    assert_eq!(house.send(&house.founding).await.status, 201);
    house.live([1]).await;
    let drop = house.listed().await[0];
    let forced = Receipt::Refused {
        drop: drop.id,
        tree: drop.tree,
        length: drop.length(),
    };
    let all = Quorum::new(3).unwrap();
    let back = house.with_editors(&house.without_the_third(), &[1, 2, 3], two(), &[1, 2]);
    let risen = house.with_editors(&back, &[1, 2, 3], all, &[1, 2]);
    let fallen = house.with_editors(&risen, &[1, 2, 3], two(), &[1, 2, 3]);
    let mut day = 2;
    for (void, valid) in [(&house.without_the_third(), &back), (&risen, &fallen)] {
        assert_eq!(house.post_all(&[forced], &[2, 3]).await.status, 204);
        assert_eq!((house.files("receipts"), house.files("grace")), (1, 1));
        assert_eq!(house.put_charter(void).await.status, 204);
        assert_eq!((house.files("receipts"), house.files("grace")), (0, 0));
        house.live(day..day + 20).await;
        assert_eq!(house.put_charter(valid).await.status, 204);
        house.live(day + 20..day + 40).await;
        assert_eq!(house.listed().await.len(), 1);
        day += 40;
    }
    // Signed by editors of today it counts, from its own day on.
    assert_eq!(house.post_all(&[forced], &[2, 3]).await.status, 204);
    house.live(day..day + 7).await;
    assert_eq!(house.listed().await.len(), 1);
    house.live([day + 7]).await;
    assert!(house.listed().await.is_empty());
}
