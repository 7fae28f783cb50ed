use super::*;

const MOMENT: Duration = Duration::from_secs(1);
const HALF: Duration = Duration::from_secs(20);
/// So long that everybody has come just now.
const LONG: Duration = Duration::from_secs(3_600);

fn crowd(most: usize, patience: Duration) -> Arc<Crowd> {
    let settings = Settings {
        place_patience: patience,
        credit_half_life: HALF,
        first_credit: 1_000,
        ..Settings::default()
    };
    Crowd::new(most, &settings)
}

fn is_there(place: &Place) -> bool {
    lock(&place.crowd.holders).contains_key(&place.number)
}

#[test]
fn what_was_moved_counts_half_after_each_half_life() {
    let after = |seconds| faded(1_000, Duration::from_secs(seconds), HALF);
    assert_eq!([0, 10, 20, 30, 40].map(after), [1_000, 750, 500, 375, 250]);
    assert_eq!(after(1_000_000), 0);
    assert_eq!(faded(u64::MAX, Duration::ZERO, HALF), u64::MAX);
    assert_eq!(faded(7, MOMENT, Duration::ZERO), 0);
}

#[test]
fn while_there_is_room_nobody_leaves_and_then_the_one_who_moved_least() {
    let crowd = crowd(3, Duration::ZERO);
    let places: Vec<_> = (0..3).map(|_| crowd.enter(None).unwrap()).collect();
    assert!(places.iter().all(is_there));
    places[0].meter().add(10);
    places[1].meter().add(5);
    places[2].meter().add(20);
    let newcomer = crowd.enter(None).unwrap();
    let there: Vec<_> = places.iter().map(is_there).collect();
    assert_eq!(there, [true, false, true]);
    assert!(is_there(&newcomer));
    assert_eq!(crowd.taken(), 3);
}

#[test]
fn of_those_who_move_nothing_the_oldest_leaves_first() {
    let crowd = crowd(2, Duration::ZERO);
    let now = Instant::now();
    let first = crowd.enter(None).unwrap();
    let second = crowd.enter(None).unwrap();
    // The first has been here for one half-life longer.
    *lock(&first.meter.0.credit) = (500, now);
    let third = crowd.enter(None).unwrap();
    assert!(!is_there(&first) && is_there(&second) && is_there(&third));
}

#[test]
fn nobody_leaves_in_the_first_moment_and_whoever_comes_then_finds_no_place() {
    let crowd = crowd(1, LONG);
    let held = crowd.enter(None).unwrap();
    assert!(crowd.enter(None).is_none());
    drop(held);
    assert!(crowd.enter(None).is_some());
}

/// As if this place had been taken long before the others.
fn came_long_ago(place: &Place) {
    let since = Instant::now().checked_sub(LONG.saturating_mul(2)).unwrap();
    let mut holders = lock(&place.crowd.holders);
    holders.get_mut(&place.number).unwrap().since = since;
}

#[test]
fn a_burst_of_newcomers_throws_out_nobody_who_sends() {
    let crowd = crowd(8, LONG);
    let source = crowd.enter(None).unwrap();
    came_long_ago(&source);
    source.meter().add(1_000_000);
    let burst: Vec<_> = (0..100).map(|_| crowd.enter(None)).collect();
    assert!(is_there(&source));
    assert_eq!(burst.iter().flatten().count(), 7);
}

#[test]
fn whoever_moves_nothing_gives_way_in_a_burst_too() {
    let crowd = crowd(4, LONG);
    let idle = crowd.enter(None).unwrap();
    came_long_ago(&idle);
    let _burst: Vec<_> = (0..3).map(|_| crowd.enter(None).unwrap()).collect();
    assert!(crowd.enter(None).is_some());
    assert!(!is_there(&idle));
}

#[test]
fn newcomers_get_a_quarter_of_the_places_of_those_who_send_and_the_next_ones_later() {
    let crowd = crowd(8, LONG);
    let busy: Vec<_> = (0..8).map(|_| crowd.enter(None).unwrap()).collect();
    for place in &busy {
        came_long_ago(place);
        place.meter().add(1_000_000);
    }
    let first: Vec<_> = (0..2).map(|_| crowd.enter(None).unwrap()).collect();
    assert!(crowd.enter(None).is_none());
    assert_eq!(busy.iter().filter(|place| is_there(place)).count(), 6);
    first.iter().for_each(came_long_ago);
    assert!(crowd.enter(None).is_some());
    assert_eq!(busy.iter().filter(|place| is_there(place)).count(), 6);
}

#[test]
fn a_circuit_with_more_than_its_share_gives_way_in_a_burst_too() {
    let circuits = crowd(8, Duration::ZERO);
    let crowd = crowd(4, LONG);
    let greedy = circuits.enter(None).unwrap();
    let greedy: Vec<_> = (0..3)
        .map(|_| crowd.enter(Some(&greedy.circuit())).unwrap())
        .collect();
    for place in &greedy {
        came_long_ago(place);
        place.meter().add(1_000_000);
    }
    let _newcomer = crowd.enter(None).unwrap();
    let source = circuits.enter(None).unwrap();
    assert!(crowd.enter(Some(&source.circuit())).is_some());
    assert_eq!(greedy.iter().filter(|place| is_there(place)).count(), 2);
}

#[test]
fn what_is_thrown_away_earns_no_place() {
    let crowd = crowd(2, Duration::ZERO);
    let (waste, work) = (crowd.enter(None).unwrap(), crowd.enter(None).unwrap());
    waste.meter().earns_nothing();
    waste.meter().add(1_000_000);
    work.meter().add(1);
    let _newcomer = crowd.enter(None).unwrap();
    assert!(!is_there(&waste) && is_there(&work));
}

#[test]
fn a_circuit_with_more_than_its_share_gives_way_first_however_busy_it_is() {
    let circuits = crowd(8, Duration::ZERO);
    let crowd = crowd(4, Duration::ZERO);
    let greedy = circuits.enter(None).unwrap();
    let greedy: Vec<_> = (0..4)
        .map(|_| crowd.enter(Some(&greedy.circuit())).unwrap())
        .collect();
    for place in &greedy {
        place.meter().add(1_000_000);
    }
    let source = circuits.enter(None).unwrap();
    let lanes: Vec<_> = (0..2)
        .map(|_| crowd.enter(Some(&source.circuit())).unwrap())
        .collect();
    assert_eq!(greedy.iter().filter(|place| is_there(place)).count(), 2);
    assert!(lanes.iter().all(is_there));
    // Both have their share now: whoever wants more takes it from itself.
    let third = crowd.enter(Some(&source.circuit())).unwrap();
    assert!(is_there(&third));
    assert_eq!(greedy.iter().filter(|place| is_there(place)).count(), 2);
    assert_eq!(lanes.iter().filter(|place| is_there(place)).count(), 1);
}

#[test]
fn a_quarter_of_the_places_is_for_messages_first_and_not_more() {
    let crowd = crowd(4, Duration::ZERO);
    let message = crowd.enter(None).unwrap();
    message.sends_message(true);
    let busy: Vec<_> = (0..3).map(|_| crowd.enter(None).unwrap()).collect();
    for place in &busy {
        place.meter().add(1_000);
    }
    let other = crowd.enter(None).unwrap();
    assert!(is_there(&message), "a file gave way");
    other.sends_message(true);
    other.meter().add(1);
    // Two messages of four places: they are no better than anybody else.
    let _newcomer = crowd.enter(None).unwrap();
    assert!(!is_there(&message));
}

#[tokio::test]
async fn a_connection_leaves_with_its_circuit() {
    let circuits = crowd(1, Duration::ZERO);
    let crowd = crowd(2, Duration::ZERO);
    let circuit = circuits.enter(None).unwrap();
    let connection = crowd.enter(Some(&circuit.circuit())).unwrap();
    connection.meter().add(500);
    let counted = circuit.meter.at(Instant::now());
    assert!(
        counted > 1_000,
        "a circuit counts what its connections move"
    );
    let mut leave = connection.leave().clone();
    let _other = circuits.enter(None).unwrap();
    tokio::time::timeout(Duration::from_secs(60), leave.wanted())
        .await
        .unwrap();
    tokio::time::timeout(Duration::from_secs(60), circuit.wanted())
        .await
        .unwrap();
}
