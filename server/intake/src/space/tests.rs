#![expect(clippy::arithmetic_side_effects, reason = "a test that overflows ends")]

use super::*;
use crate::disk::faulty::Faulty;

const MIB: u64 = 1 << 20;

/// A store that may use `most` MiB, on a disk that has more; 10 MiB are kept for the newsroom and
/// for replies, 20 MiB for messages.
fn space(most: u64) -> (Arc<Space>, Faulty) {
    let settings = Settings {
        most_bytes: Some(most * MIB),
        system_reserve: 6 * MIB,
        replies_reserve: 4 * MIB,
        messages_reserve: 20 * MIB,
        ..Settings::default()
    };
    let (space, disk) = (Space::new(&settings, 0), Faulty::new());
    space.look(&disk).unwrap();
    (space, disk)
}

/// The whole of an upload, unit by unit, as the store takes it.
fn write(space: &Arc<Space>, disk: &Faulty, class: Class, length: u64) -> io::Result<()> {
    let mut grant = space.grant(class);
    let mut durable = 0;
    while durable < length {
        let pending = (length - durable).min(MIB);
        grant.cover(
            disk,
            Need {
                pending,
                durable,
                rest: length - durable,
            },
        )?;
        grant.settled(pending);
        durable += pending;
    }
    Ok(())
}

const fn start(rest: u64) -> Need {
    Need {
        pending: 1,
        durable: 0,
        rest,
    }
}

#[test]
fn words_get_through_when_files_have_filled_their_share_and_the_newsroom_when_both_have() {
    let (space, disk) = space(40);
    write(&space, &disk, Class::Bulk, 10 * MIB).unwrap();
    let full = write(&space, &disk, Class::Bulk, 1).unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    assert_eq!(space.shortage(&disk).unwrap(), Shortage::Files);
    for _ in 0..19 {
        write(&space, &disk, Class::Messages, SMALLEST).unwrap();
    }
    assert!(write(&space, &disk, Class::Messages, SMALLEST).is_err());
    assert_eq!(space.shortage(&disk).unwrap(), Shortage::Everything);
    assert!(lock(&space.ledger).held <= 30 * MIB);
}

#[test]
fn the_last_byte_that_fits_is_taken_and_the_one_after_it_is_not() {
    let (space, disk) = space(31);
    assert!(space.fits(&disk, Class::Bulk, MIB).unwrap());
    assert!(!space.fits(&disk, Class::Bulk, MIB + 1).unwrap());
    write(&space, &disk, Class::Bulk, MIB).unwrap();
    assert!(write(&space, &disk, Class::Bulk, 1).is_err());
}

#[test]
fn strangers_are_told_roughly_what_there_was_and_not_what_there_is() {
    let (space, disk) = space(130);
    let told = |mib| {
        space.fits(&disk, Class::Bulk, mib * MIB).unwrap()
            && !space.fits(&disk, Class::Bulk, mib * MIB + 1).unwrap()
    };
    assert!(told(96));
    // Others send, and what they sent goes: nobody sees it.
    write(&space, &disk, Class::Bulk, 90 * MIB).unwrap();
    assert!(told(96));
    space.freed(40 * MIB);
    assert!(told(96));
    space.look(&disk).unwrap();
    assert!(told(48));
}

#[test]
fn what_is_told_has_two_binary_digits_at_most_and_is_never_too_much() {
    for (bytes, told) in [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 3),
        (5, 4),
        (7, 6),
        (8, 8),
        (11, 8),
    ] {
        assert_eq!(roughly(bytes), told);
    }
    assert_eq!(roughly(u64::MAX), 0b11 << 62);
}

#[test]
fn a_declared_length_reserves_nothing() {
    let (space, disk) = space(130);
    let mut grants = Vec::new();
    for _ in 0..100 {
        let mut grant = space.grant(Class::Bulk);
        grant.cover(&disk, start(1 << 40)).unwrap();
        grants.push(grant);
    }
    assert!(
        space
            .grant(Class::Bulk)
            .cover(&disk, start(1 << 40))
            .is_err()
    );
    drop(grants);
    assert_eq!(space.left(&disk, Class::Bulk).unwrap(), 100 * MIB);
}

#[test]
fn what_is_reserved_grows_with_what_was_sent_up_to_a_bound() {
    let (space, disk) = space(1_000);
    let ahead = |durable, rest| {
        let mut grant = space.grant(Class::Bulk);
        let pending = 1;
        grant
            .cover(
                &disk,
                Need {
                    pending,
                    durable,
                    rest,
                },
            )
            .unwrap();
        grant.ahead
    };
    assert_eq!(ahead(0, 1 << 40), MIB);
    assert_eq!(ahead(7 * MIB, 1 << 40), 8 * MIB);
    assert_eq!(ahead(1 << 40, 1 << 40), 64 * MIB);
    assert_eq!(ahead(1 << 40, 5), 5);
}

#[test]
fn an_upload_at_rest_holds_its_own_bytes_and_no_others() {
    let (space, disk) = space(130);
    let mut grant = space.grant(Class::Bulk);
    grant.cover(&disk, start(50 * MIB)).unwrap();
    grant.settled(5);
    drop(grant);
    assert_eq!(space.left(&disk, Class::Bulk).unwrap(), 100 * MIB - 5);
    space.freed(5);
    assert_eq!(space.left(&disk, Class::Bulk).unwrap(), 100 * MIB);
}

#[test]
fn a_refusal_is_remembered_once_for_the_clean_up() {
    let (space, disk) = space(30);
    assert!(!space.was_short());
    assert!(!space.fits(&disk, Class::Bulk, 1).unwrap());
    assert!(space.was_short());
    assert!(!space.was_short());
    assert!(write(&space, &disk, Class::Bulk, 1).is_err());
    assert!(space.was_short());
}

#[test]
fn a_store_smaller_than_its_reserves_takes_nothing_and_says_that_it_is_full() {
    let (space, disk) = space(5);
    assert!(write(&space, &disk, Class::Messages, SMALLEST).is_err());
    assert_eq!(space.percent_full(&disk).unwrap(), 100);
}

#[test]
fn how_full_it_is_counts_what_files_may_use() {
    let (space, disk) = space(130);
    assert_eq!(space.percent_full(&disk).unwrap(), 0);
    write(&space, &disk, Class::Bulk, 50 * MIB).unwrap();
    assert_eq!(space.percent_full(&disk).unwrap(), 50);
    write(&space, &disk, Class::Bulk, 50 * MIB).unwrap();
    assert_eq!(space.percent_full(&disk).unwrap(), 100);
}

#[test]
fn only_a_whole_upload_of_the_smallest_size_is_a_message() {
    assert_eq!(Class::of(&Role::Whole, SMALLEST), Class::Messages);
    assert_eq!(Class::of(&Role::Whole, SMALLEST + 1), Class::Bulk);
    assert_eq!(Class::of(&Role::First, SMALLEST), Class::Bulk);
    assert_eq!(SMALLEST, crate::forge::smallest());
}
