use proptest::prelude::*;

use super::*;

#[test]
fn known_dates_have_their_numbers() {
    for (text, number) in [
        ("1970-01-01", 0),
        ("1970-12-31", 364),
        ("1972-02-29", 789),
        ("2000-02-29", 11_016),
        ("2000-03-01", 11_017),
        ("2026-11-24", 20_781),
        ("2100-03-01", 47_541),
        ("9999-12-31", 2_932_896),
    ] {
        let day: Day = text.parse().unwrap();
        assert_eq!(day.get(), number, "{text}");
        assert_eq!(day.to_string(), text);
    }
}

#[test]
fn dates_that_do_not_exist_are_refused() {
    for text in [
        "2026-02-29",
        "2100-02-29",
        "2026-13-01",
        "2026-00-10",
        "2026-04-31",
        "2026-1-1",
        "1969-12-31",
        "0000-01-01",
        "20261124",
        "2026-11-24-",
        "2026-11-24T00:00",
        "+026-11-24",
        "",
        "2026-11",
        " 2026-11-24",
    ] {
        assert_eq!(text.parse::<Day>(), Err(DayError), "{text:?}");
    }
}

#[test]
fn a_day_has_86400_seconds_and_the_calendar_an_end() {
    assert_eq!(Day::from_unix_seconds(86_399).map(Day::get), Some(0));
    assert_eq!(Day::from_unix_seconds(86_400).map(Day::get), Some(1));
    assert_eq!(Day::from_unix_seconds(u64::MAX), None);
    assert_eq!(Day::new(LAST_DAY).and_then(|day| day.checked_add(1)), None);
    assert_eq!(Day::new(LAST_DAY + 1), None);
    assert_eq!(Day::new(3).and_then(|day| day.checked_sub(4)), None);
    assert_eq!(Day::new(3).unwrap().since(Day::new(1).unwrap()), Some(2));
    assert_eq!(Day::new(1).unwrap().since(Day::new(3).unwrap()), None);
}

#[test]
fn epochs_begin_with_one_and_quorums_go_from_one_to_eight() {
    assert_eq!(EpochNumber::new(0), None);
    assert_eq!(EpochNumber::new(u32::MAX).unwrap().checked_add(1), None);
    assert_eq!((Quorum::new(0), Quorum::new(9)), (None, None));
    assert!(Quorum::new(8).unwrap().met_by(8) && !Quorum::new(8).unwrap().met_by(7));
}

proptest! {
    #[test]
    fn every_day_comes_back_from_its_text(number in 0..=LAST_DAY) {
        let day = Day::new(number).unwrap();
        prop_assert_eq!(day.to_string().parse(), Ok(day));
    }
}
