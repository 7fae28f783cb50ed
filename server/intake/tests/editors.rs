//! Charters, sheets and receipts after editors have come and gone.

#[path = "editors/house.rs"]
mod house;
#[path = "uploads/wire.rs"]
mod wire;

use house::{DAY, House, editor, keys, two};
use knothole_envelope::{CharterChain, Day, Quorum, RecoveryKeys, Signed, unframe};
use wire::Wire;

#[tokio::test]
async fn an_editor_who_left_can_neither_delete_nor_release_with_one_who_stayed() {
    let house = House::new().await;
    assert_eq!(house.post(&[1, 3]).await.status, 204);
    let chain = house.without_the_third();
    assert_eq!(house.put_charter(&chain).await.status, 204);
    assert_eq!(house.post(&[1, 2]).await.status, 204);
    for few in [&[1, 3][..], &[1], &[3]] {
        let answer = house.post(few).await;
        assert_eq!(answer.status, 403, "{few:?}: {}", answer.text());
        let sheet = house.sheet(1, &chain, few);
        assert_eq!(house.put_sheet(sheet).await.status, 403, "{few:?}");
    }
    let sheet = house.sheet(1, &chain, &[2, 1]);
    assert_eq!(house.put_sheet(sheet).await.status, 204);
}

#[tokio::test]
async fn an_older_chain_and_a_fork_of_it_are_refused() {
    let house = House::new().await;
    let chain = house.without_the_third();
    assert_eq!(house.put_charter(&chain).await.status, 204);
    let older = house.put_charter(&house.founding).await;
    assert_eq!(older.status, 403);
    assert!(older.text().contains("older"), "{}", older.text());
    // The one who left, and one who stayed, were a quorum of the charter before.
    let current = house.founding.current();
    for next in [
        current.next(keys(&[1, 3]), two(), None),
        current.next(keys(&[1, 2, 3]), Quorum::ONE, None),
        current.next(keys(&[1, 2, 3, 4]), two(), None),
    ] {
        let fork = house.after(&house.founding, next.unwrap(), &[1, 3]);
        assert_eq!(house.put_charter(&fork).await.status, 403);
    }
    let shown = house.ask("GET /charter", b"").await;
    let shown = CharterChain::decode(unframe(&shown.body).unwrap()).unwrap();
    assert_eq!(shown, *chain.chain());
}

#[tokio::test]
async fn a_courier_sees_the_charter_that_sources_see_and_a_stranger_there_sees_nothing() {
    let house = House::new().await;
    let inside = house.ask("GET /charter", b"").await;
    let outside = Wire::public(&house.intake)
        .ask("GET /charter", &[], b"")
        .await;
    assert_eq!((inside.status, &inside.body), (200, &outside.body));
    let stranger = Wire::collection(&house.intake)
        .ask("GET /charter", &[], b"")
        .await;
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn a_sheet_of_the_charter_before_goes_when_one_of_the_current_charter_comes() {
    let house = House::new().await;
    for epoch in [1, 2] {
        let sheet = house.sheet(epoch, &house.founding, &[1, 2]);
        assert_eq!(house.put_sheet(sheet).await.status, 204);
    }
    let chain = house.without_the_third();
    assert_eq!(house.put_charter(&chain).await.status, 204);
    assert_eq!(house.shown().await, [1, 2]);
    // Recovered newsrooms count their epochs anew: the old numbers must not take the places.
    for epoch in [7, 8] {
        let sheet = house.sheet(epoch, &chain, &[1, 2]);
        assert_eq!(house.put_sheet(sheet).await.status, 204, "{epoch}");
    }
    assert_eq!(house.shown().await, [7, 8]);
    let late = house.sheet(1, &house.founding, &[1, 2]);
    let late = house.put_sheet(late).await;
    assert!(late.text().contains("older charter"), "{}", late.text());
}

#[tokio::test]
async fn a_server_takes_the_current_sheet_and_the_next_and_none_that_is_early_or_over() {
    let house = House::new().await;
    let today = Day::from_unix_seconds(DAY).unwrap();
    let put = async |epoch, first: Option<Day>| {
        let sheet = house.sheet_from(epoch, first.unwrap(), &house.founding, &[1, 2]);
        let answer = house.put_sheet(sheet).await;
        (answer.status, answer.text().to_owned())
    };
    let early = put(3, today.checked_add(8)).await;
    assert!(
        early.0 == 403 && early.1.contains("7 days before"),
        "{early:?}"
    );
    let over = put(1, today.checked_sub(7)).await;
    assert!(over.0 == 403 && over.1.contains("over"), "{over:?}");
    assert_eq!(put(1, today.checked_sub(6)).await.0, 204);
    assert_eq!(put(2, today.checked_add(7)).await.0, 204);
    let third = put(3, today.checked_add(7)).await;
    assert!(third.0 == 403 && third.1.contains("no more"), "{third:?}");
    assert_eq!(house.shown().await, [1, 2]);
}

#[tokio::test]
async fn a_charter_of_all_recovery_papers_is_taken_and_one_of_some_is_not() {
    let house = House::new().await;
    let next = || {
        let papers = RecoveryKeys::new(keys(&[91, 92])).unwrap();
        let current = house.founding.current();
        let recovery = current.recovery().copied();
        current
            .recovered(keys(&[4, 5]), two(), recovery, papers)
            .unwrap()
    };
    let chain = house.after(&house.founding, next(), &[91, 92]);
    // The signature of the second paper is left out.
    let mut some = Signed::new(next());
    some.sign(house.founding.fingerprint(), &editor(91));
    let mut forged = vec![0x82];
    let founding = house.founding.chain().encode();
    forged.extend_from_slice(&founding[1..]);
    forged.extend_from_slice(&some.encode());
    let answer = house.ask("PUT /charter", &forged).await;
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("too few"), "{}", answer.text());
    assert_eq!(house.put_charter(&chain).await.status, 204);
    assert_eq!(house.post(&[1, 2]).await.status, 403);
    assert_eq!(house.post(&[4, 5]).await.status, 204);
}
