use knothole_envelope::{CharterChain, OnionAddress};

use super::bundles::Bundles;
use super::pushing::{SecondEditor, lay, paths, push, pushed_sheets, three_sheets};
use super::{Newsroom, Place, sent};
use crate::exit::Exit;
use crate::fetch::Wishes;
use crate::push::PushError;
use crate::set_up;

/// The hash of the charter that the next bundle names.
async fn told_offline(place: &Place) -> knothole_envelope::CharterHash {
    place.service.script(|script| script.drops = vec![sent(16)]);
    let stick = place.stick("for the bundle");
    let sticks = [stick.clone()];
    let mut courier = place.courier();
    courier
        .fetch(&sticks, Wishes::default(), &mut |_| {})
        .await
        .unwrap();
    *Bundles::read(place, &[&stick]).last().charter()
}

fn shows(place: &Place, chain: &CharterChain) {
    place
        .service
        .script(|script| script.charter = Some(chain.encode()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_set_back_to_an_older_charter_is_noticed_here_and_offline() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let second = place.newsroom.next();
    // Before the second charter was brought, it is no wonder that the first one is shown.
    lay(&stick, &place.newsroom.chain, &[], &[]);
    push(&place, &stick).await.unwrap();
    shows(&place, &place.newsroom.chain);
    lay(&stick, &second.chain, &[], &[]);
    assert_eq!(push(&place, &stick).await.unwrap().rolled_back, None);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!(pushed.rolled_back, Some(1));
    assert_eq!(pushed.exit(), Exit::Partly);
    assert!(
        pushed
            .to_string()
            .contains("WARNING: the server showed charter 1")
    );
    assert_eq!(told_offline(&place).await, place.newsroom.charter_hash());
    shows(&place, &second.chain);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.rolled_back, pushed.exit()), (None, Exit::Done));
    let courier = place.courier();
    assert_eq!(courier.held.state.charter_pushed, Some(2));
    let pairing = courier.held.pairing().unwrap().clone();
    let named = courier.held.state.charter_hash(&pairing).unwrap();
    assert_eq!(named, second.charter_hash());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_lost_the_charter_it_took_is_noticed_and_a_new_one_has_none() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    lay(&stick, &place.newsroom.chain, &[], &[]);
    assert_eq!(push(&place, &stick).await.unwrap().rolled_back, None);
    for refusal in [None, Some(403)] {
        place.service.script(|script| {
            script.pushed_charter = None;
            let refused = refusal.map(|status| ("/charter", status));
            script.refuses = refused.into_iter().collect();
        });
        match push(&place, &stick).await {
            Ok(pushed) => {
                assert_eq!(pushed.rolled_back, Some(0));
                assert!(
                    pushed
                        .to_string()
                        .contains("WARNING: the server showed no charter")
                );
                assert_eq!(pushed.exit(), Exit::Partly);
            }
            Err(error) => assert_eq!(error.exit(), Exit::Refused, "{error}"),
        }
    }
    // The newsroom has moved: the server there has taken nothing from here.
    place.service.script(|script| {
        script.pushed_charter = None;
        script.refuses.clear();
    });
    let fingerprint = place.newsroom.fingerprint();
    let elsewhere = OnionAddress::from_identity(&[8; 32]);
    set_up::pair(&place.state(), elsewhere, fingerprint).unwrap();
    assert_eq!(push(&place, &stick).await.unwrap().rolled_back, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_shows_another_line_or_another_newsroom_gets_nothing_and_is_told_of() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    lay(&stick, &place.newsroom.next().chain, &[], &[]);
    for chain in [
        SecondEditor::line(&place.newsroom),
        Newsroom::new().chain.clone(),
    ] {
        shows(&place, &chain);
        let error = push(&place, &stick).await.unwrap_err();
        assert!(matches!(error, PushError::OtherShown), "{error}");
        assert_eq!(error.exit(), Exit::Refused);
        assert!(paths(&place.service).is_empty());
        let held = place.courier().held;
        let pairing = held.pairing().unwrap();
        let named = held.state.charter_hash(pairing).unwrap();
        assert_eq!(Some(named), chain.unverified_newest());
    }
    let last = Some(told_offline(&place).await);
    assert_eq!(
        last,
        place.service.script(|script| {
            let shown = script.charter.clone().unwrap();
            CharterChain::decode(&shown).unwrap().unverified_newest()
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_charter_at_the_server_than_ever_came_from_here_is_told_and_named_in_the_bundle() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let second = place.newsroom.next();
    shows(&place, &second.chain);
    lay(&stick, &place.newsroom.chain, &[], &[]);
    let error = push(&place, &stick).await.unwrap_err();
    assert!(matches!(
        error,
        PushError::NewerShown {
            shown: 2,
            known: 1,
            recovered: false
        }
    ));
    assert!(paths(&place.service).is_empty());
    assert_eq!(told_offline(&place).await, second.charter_hash());
    // The outbox that has it puts things right.
    lay(&stick, &second.chain, &[], &[]);
    assert_eq!(push(&place, &stick).await.unwrap().exit(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_that_wait_here_for_editors_of_before_never_go() {
    let place = Place::new(&[]).await;
    let stick = place.stick("stick");
    let today = place.today();
    let sheets = three_sheets(&place.newsroom, today);
    lay(&stick, &place.newsroom.chain, &sheets, &[]);
    assert_eq!(push(&place, &stick).await.unwrap().released.len(), 2);
    // The outbox has the next charter, and by some slip the sheets of before still lie in it.
    lay(&stick, &place.newsroom.next().chain, &sheets, &[]);
    let pushed = push(&place, &stick).await.unwrap();
    assert_eq!((pushed.released.len(), pushed.waiting), (0, 0));
    assert!(pushed_sheets(&place.service).is_empty());
}
