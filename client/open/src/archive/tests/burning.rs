//! When an epoch may be burned, and what is left of it.

use super::*;
use crate::archive::NotYet;

fn day(after: u32) -> Day {
    Day::new(FIRST_DAY + after).unwrap()
}

fn epoch(number: u32) -> EpochNumber {
    EpochNumber::new(number).unwrap()
}

/// A newsroom with a courier whose latest bundle is of this day after the first.
fn dated(after: u32) -> State {
    let (_, mut state) = newsroom(3, 2);
    let mut courier = Courier::new(Known::new(9).key());
    courier.date(day(after));
    state.couriers.push(courier);
    state
}

/// Epoch 3 ends on day 20, and its list closes 23 days later.
const CLOSES: u32 = 43;

#[test]
fn an_epoch_may_be_burned_when_a_bundle_was_made_23_days_after_its_last() {
    let early = dated(CLOSES - 1).may_burn(epoch(3)).unwrap_err();
    assert_eq!(
        early,
        NotYet::Open {
            from: day(CLOSES),
            latest: Some(day(CLOSES - 1))
        }
    );
    assert_eq!(dated(CLOSES).may_burn(epoch(3)), Ok(()));
    let (_, never) = newsroom(1, 1);
    assert!(matches!(
        never.may_burn(epoch(3)),
        Err(NotYet::Open { latest: None, .. })
    ));
    assert_eq!(dated(CLOSES).may_burn(epoch(99)), Err(NotYet::Unknown));
}

#[test]
fn an_epoch_is_not_burned_while_a_drop_of_it_is_neither_opened_nor_refused() {
    for (number, status) in [
        (1, Status::Incomplete),
        (2, Status::Waiting),
        (4, Status::Stuck),
        (6, Status::Listed),
    ] {
        let mut state = dated(CLOSES);
        let waiting = kept(number, status);
        state.drops.insert(waiting.listed.id, waiting);
        assert_eq!(state.may_burn(epoch(3)), Err(NotYet::Drops(1)));
        assert_eq!(state.undelivered(epoch(3)), [&waiting]);
        assert_ne!(state.may_burn(epoch(4)), Err(NotYet::Drops(1)));
    }
    let mut state = dated(CLOSES);
    for done in [kept(3, Status::Opened), kept(5, Status::Refused)] {
        state.drops.insert(done.listed.id, done);
    }
    assert_eq!(state.may_burn(epoch(3)), Ok(()));
}

#[test]
fn a_couriers_date_that_went_with_it_closes_nothing() {
    let mut state = dated(CLOSES);
    state.couriers.clear();
    assert!(state.may_burn(epoch(3)).is_err());
}

#[test]
fn the_editors_whose_vaults_were_not_burned_are_remembered() {
    let (editors, mut state) = newsroom(3, 2);
    let key = |editor: usize| editors[editor].key();
    assert!(state.holders(epoch(3)).is_empty());
    state.burned.add(epoch(3), day(50), [key(0), key(1)]);
    assert_eq!(state.holders(epoch(3)), [key(2)]);
    state.burned.add(epoch(3), day(60), [key(0), key(2)]);
    assert!(state.holders(epoch(3)).is_empty());
    assert_eq!(state.burned.get(epoch(3)).unwrap().day(), day(50));
    assert!(state.holders(epoch(4)).is_empty());
}
