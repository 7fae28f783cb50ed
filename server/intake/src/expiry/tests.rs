use super::*;
use crate::forge::id;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

const fn at(seconds: u64) -> UnixSeconds {
    UnixSeconds::new(seconds)
}

fn standing(group: u8, offset: u64) -> Standing {
    Standing {
        id: id(group),
        group: id(group),
        offset,
        expires: at(15 * DAY),
    }
}

#[test]
fn an_upload_is_kept_to_the_end_of_its_last_day_and_no_second_longer() {
    let watch = Watch::default();
    let settings = Settings::default();
    let upload = standing(1, 5);
    watch.look(&[upload], at(0));
    assert!(!watch.is_over(&upload, at(15 * DAY - 1), &settings));
    assert!(watch.is_over(&upload, at(15 * DAY), &settings));
}

#[test]
fn an_upload_or_a_lane_of_no_byte_goes_after_an_hour_however_other_lanes_of_it_move() {
    let watch = Watch::default();
    let settings = Settings::default();
    let (alone, first) = (standing(1, 0), standing(2, 7));
    let later = Standing {
        id: id(3),
        ..standing(2, 0)
    };
    watch.look(&[alone, first, later], at(0));
    watch.look(&[alone, standing(2, 8), later], at(HOUR - 1));
    assert!(!watch.is_over(&alone, at(HOUR - 1), &settings));
    assert!(!watch.is_over(&later, at(HOUR - 1), &settings));
    assert!(watch.is_over(&alone, at(HOUR), &settings));
    assert!(watch.is_over(&later, at(HOUR), &settings));
    // A byte of its own keeps it.
    assert!(!watch.is_over(&standing(2, 8), at(HOUR), &settings));
    let begun = Standing { offset: 1, ..later };
    watch.look(&[begun], at(HOUR));
    assert!(!watch.is_over(&begun, at(HOUR), &settings));
}

#[test]
fn only_what_has_stood_still_for_a_day_gives_way_and_the_longest_first() {
    let watch = Watch::default();
    let settings = Settings::default();
    watch.look(&[standing(1, 9), standing(2, 9), standing(3, 9)], at(0));
    watch.look(&[standing(1, 10), standing(2, 9), standing(3, 9)], at(HOUR));
    watch.look(
        &[standing(1, 10), standing(2, 9), standing(3, 11)],
        at(2 * HOUR),
    );
    assert!(watch.stalled(at(DAY - 1), &settings).is_empty());
    assert_eq!(watch.stalled(at(DAY + HOUR), &settings), [id(2), id(1)]);
}

#[test]
fn of_two_that_stood_still_as_long_the_least_progressed_gives_way_first() {
    let watch = Watch::default();
    watch.look(&[standing(1, 9), standing(2, 8)], at(0));
    let stalled = watch.stalled(at(DAY), &Settings::default());
    assert_eq!(stalled, [id(2), id(1)]);
}

#[test]
fn what_is_gone_is_forgotten_and_a_clock_that_steps_back_ends_nothing() {
    let watch = Watch::default();
    let settings = Settings::default();
    watch.look(&[standing(1, 0)], at(5 * DAY));
    assert!(!watch.is_over(&standing(1, 0), at(0), &settings));
    assert!(watch.stalled(at(0), &settings).is_empty());
    watch.look(&[], at(5 * DAY));
    assert!(lock(&watch.0).groups.is_empty() && lock(&watch.0).empty.is_empty());
}
