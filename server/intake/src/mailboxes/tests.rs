use std::collections::HashSet;

use knothole_envelope::{EraseHash, seal_decoy};

use super::*;
use crate::disk::Beneath;
use crate::forge::{seeded, store};
use crate::settings::Settings;

/// Room for more replies than the tests push.
fn space() -> Arc<Space> {
    Space::new(&Settings::default(), 0)
}

pub(super) fn day(number: u32) -> Day {
    Day::new(20_000_u32.checked_add(number).unwrap()).unwrap()
}

pub(super) fn open(disk: &dyn Disk) -> Mailboxes {
    Mailboxes::open(disk, space(), day(0), &mut seeded(1)).unwrap()
}

pub(super) fn address(byte: u8) -> MailboxAddress {
    MailboxAddress::from_bytes([byte; 32])
}

fn secret(byte: u8) -> EraseSecret {
    EraseSecret::from_bytes([byte; 32])
}

/// The reply of this number to the source of this number.
pub(super) fn reply(source: u8, number: u64) -> PushedReply {
    PushedReply {
        mailbox: address(source),
        erase: secret(source).hash(),
        envelope: seal_decoy(&mut seeded(u64::from(source) << 32 | number)).unwrap(),
    }
}

pub(super) fn erasure(source: u8, replies: &[PushedReply]) -> Erasure {
    let mut names = [ReplyHash::from_bytes([0xee; 32]); MAILBOX_ENVELOPES];
    for (name, reply) in names.iter_mut().zip(replies) {
        *name = reply.hash();
    }
    Erasure {
        secret: secret(source),
        names,
    }
}

fn try_push(
    boxes: &Mailboxes,
    disk: &dyn Disk,
    replies: &[PushedReply],
    today: Day,
) -> Result<(), PushError> {
    let bytes = PushedReply::encode_list(replies);
    // Dummies are never the same twice.
    let count = u64::try_from(boxes.count()).unwrap();
    let mut rng = seeded(u64::MAX.saturating_sub(count));
    boxes.push(disk, &bytes, today, &mut rng)
}

fn push(boxes: &Mailboxes, disk: &dyn Disk, replies: &[PushedReply]) {
    try_push(boxes, disk, replies, day(0)).unwrap();
}

pub(super) fn erase(boxes: &Mailboxes, disk: &dyn Disk, source: u8, erasure: &Erasure) {
    let mailbox = address(source);
    boxes
        .erase(disk, &mailbox, erasure, &mut seeded(2_000_000))
        .unwrap();
}

/// The envelopes of an answer, in their places.
pub(super) fn shown(boxes: &Mailboxes, disk: &dyn Disk, source: u8) -> Vec<Vec<u8>> {
    let answer = boxes.show(disk, &address(source)).unwrap();
    assert_eq!(answer.len(), MAILBOX_LEN);
    answer.chunks(REPLY_LEN).map(<[u8]>::to_vec).collect()
}

/// Which of these replies are in the answer, in their own order.
pub(super) fn seen(
    boxes: &Mailboxes,
    disk: &dyn Disk,
    source: u8,
    replies: &[PushedReply],
) -> Vec<usize> {
    let shown = shown(boxes, disk, source);
    let there = |reply: &PushedReply| shown.iter().any(|one| one[..] == reply.envelope[..]);
    let places = replies.iter().enumerate();
    places
        .filter(|(_, reply)| there(reply))
        .map(|(at, _)| at)
        .collect()
}

fn conversation(count: u64) -> (tempfile::TempDir, Beneath, Mailboxes, Vec<PushedReply>) {
    let (folder, disk) = store();
    let boxes = open(&disk);
    let replies: Vec<_> = (0..count).map(|number| reply(1, number)).collect();
    push(&boxes, &disk, &replies);
    (folder, disk, boxes, replies)
}

#[test]
fn an_empty_mailbox_answers_with_four_different_decoys_that_stay_the_same() {
    let (_folder, disk) = store();
    let boxes = open(&disk);
    let first = shown(&boxes, &disk, 1);
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 4);
    assert_eq!(first, shown(&boxes, &disk, 1));
    assert_eq!(first, shown(&open(&disk), &disk, 1));
    let other = shown(&boxes, &disk, 2);
    assert!(other.iter().all(|decoy| !first.contains(decoy)));
}

#[test]
fn a_reply_takes_one_place_and_the_other_decoys_stay_as_they_were() {
    let (_folder, disk) = store();
    let boxes = open(&disk);
    let mut before = shown(&boxes, &disk, 1);
    for number in 0..4 {
        push(&boxes, &disk, &[reply(1, number)]);
        let after = shown(&boxes, &disk, 1);
        let changed: Vec<_> = (0..4).filter(|at| before[*at] != after[*at]).collect();
        assert_eq!(changed.len(), 1);
        assert!(after[changed[0]] == reply(1, number).envelope[..]);
        before = after;
    }
}

#[test]
fn the_oldest_four_are_shown_and_the_rest_as_the_source_erases() {
    let (_folder, disk, boxes, replies) = conversation(7);
    assert_eq!(seen(&boxes, &disk, 1, &replies), [0, 1, 2, 3]);
    let both = erasure(1, &[replies[2].clone(), replies[0].clone()]);
    erase(&boxes, &disk, 1, &both);
    assert_eq!(seen(&boxes, &disk, 1, &replies), [1, 3, 4, 5]);
    // What waits in the store is not in the way of a restart.
    assert_eq!(seen(&open(&disk), &disk, 1, &replies), [1, 3, 4, 5]);
    // Dummies have taken the place of the two.
    assert_eq!(boxes.count(), 7);
}

#[test]
fn what_stays_keeps_its_place_when_another_reply_is_erased() {
    let (_folder, disk, boxes, replies) = conversation(4);
    let before = shown(&boxes, &disk, 1);
    for gone in 0..4 {
        let one = erasure(1, &replies[gone..=gone]);
        erase(&boxes, &disk, 1, &one);
        let after = shown(&boxes, &disk, 1);
        let kept = (0..4).filter(|at| before[*at] == after[*at]).count();
        assert_eq!(kept, 3 - gone);
    }
}

fn replies_place() -> Place {
    super::replies()
}

#[test]
fn a_mailbox_that_is_empty_again_shows_what_it_showed_before() {
    let (_folder, disk) = store();
    let boxes = open(&disk);
    let before = shown(&boxes, &disk, 1);
    push(&boxes, &disk, &[reply(1, 0)]);
    let all = erasure(1, &[reply(1, 0)]);
    erase(&boxes, &disk, 1, &all);
    assert_eq!(shown(&boxes, &disk, 1), before);
}

#[test]
fn only_the_secret_it_was_pushed_with_erases_a_reply_and_only_by_its_name() {
    let (_folder, disk, boxes, replies) = conversation(2);
    let mut wrong = erasure(1, &replies);
    wrong.secret = secret(2);
    erase(&boxes, &disk, 1, &wrong);
    erase(&boxes, &disk, 1, &erasure(1, &[]));
    let elsewhere = erasure(1, &replies);
    erase(&boxes, &disk, 2, &elsewhere);
    assert_eq!(seen(&boxes, &disk, 1, &replies), [0, 1]);
    let first = erasure(1, &replies[..1]);
    for _ in 0..2 {
        erase(&boxes, &disk, 1, &first);
        assert_eq!(seen(&boxes, &disk, 1, &replies), [1]);
    }
}

#[test]
fn a_reply_that_is_pushed_again_is_there_once_keeps_its_order_and_leaves_a_dummy() {
    let (_folder, disk, boxes, replies) = conversation(3);
    let doubled = [replies[2].clone(), replies[0].clone(), replies[0].clone()];
    push(&boxes, &disk, &doubled);
    assert_eq!(boxes.count(), 6);
    let first = erasure(1, &replies[..1]);
    erase(&boxes, &disk, 1, &first);
    assert_eq!(seen(&boxes, &disk, 1, &replies), [1, 2]);
}

#[test]
fn an_envelope_pushed_elsewhere_or_with_another_hash_takes_no_place_from_the_right_one() {
    let (_folder, disk) = store();
    let boxes = open(&disk);
    let right = reply(1, 0);
    let mut elsewhere = right.clone();
    elsewhere.mailbox = address(2);
    let mut for_ever = right.clone();
    for_ever.erase = EraseHash::from_bytes([9; 32]);
    push(&boxes, &disk, &[for_ever, elsewhere, right.clone()]);
    let copies = |source| {
        let shown = shown(&boxes, &disk, source).into_iter();
        shown.filter(|one| one[..] == right.envelope[..]).count()
    };
    assert_eq!((copies(1), copies(2)), (2, 1));
    erase(&boxes, &disk, 1, &erasure(1, std::slice::from_ref(&right)));
    assert_eq!((copies(1), copies(2)), (1, 1));
}

#[test]
fn a_reply_expires_when_ninety_whole_days_are_over_and_not_before() {
    let (_folder, disk, boxes, replies) = conversation(2);
    try_push(&boxes, &disk, &[reply(2, 0)], day(1)).unwrap();
    boxes.expire(&disk, day(90)).unwrap();
    assert_eq!(seen(&boxes, &disk, 1, &replies), [0, 1]);
    boxes.expire(&disk, day(91)).unwrap();
    assert_eq!(seen(&boxes, &disk, 1, &replies), [0; 0]);
    assert_eq!(boxes.count(), 1);
    boxes.expire(&disk, day(92)).unwrap();
    assert_eq!(open(&disk).count(), 0);
}

#[test]
fn what_is_no_list_of_replies_is_refused_whole() {
    let (_folder, disk) = store();
    let boxes = open(&disk);
    let mut bad = reply(1, 1);
    bad.envelope[9] = 1;
    let many: Vec<_> = (0..17).map(|number| reply(1, number)).collect();
    for replies in [&[][..], &[reply(1, 0), bad], &many] {
        let refusal = try_push(&boxes, &disk, replies, day(0)).unwrap_err();
        assert!(matches!(refusal, PushError::Refused(_)), "{refusal}");
    }
    assert_eq!(boxes.count(), 0);
    push(&boxes, &disk, &many[..16]);
    assert_eq!(boxes.count(), 16);
}

#[test]
fn replies_have_so_much_room_and_no_more_and_what_goes_makes_room() {
    let (_folder, disk) = store();
    let settings = Settings {
        replies_reserve: 3 * crate::space::REPLY_BYTES,
        ..Settings::default()
    };
    let start = || {
        let space = Space::new(&settings, 0);
        Mailboxes::open(&disk, space, day(0), &mut seeded(1)).unwrap()
    };
    let boxes = start();
    let two = [reply(1, 0), reply(1, 1)];
    push(&boxes, &disk, &two);
    let more = [reply(2, 0), reply(2, 1)];
    for boxes in [&boxes, &start()] {
        let refusal = try_push(boxes, &disk, &more, day(0)).unwrap_err();
        assert!(matches!(refusal, PushError::Full));
        // Where there is no room for dummies, what is held already is taken without them.
        push(boxes, &disk, &two);
        assert_eq!(boxes.count(), 2);
    }
    // An erased reply keeps its room until its last day is over.
    erase(&boxes, &disk, 1, &erasure(1, &two));
    assert!(try_push(&boxes, &disk, &more, day(0)).is_err());
    boxes.expire(&disk, day(91)).unwrap();
    push(&boxes, &disk, &more);
    assert_eq!(boxes.count(), 2);
}

#[test]
fn every_file_of_a_reply_has_the_same_length() {
    let (_folder, disk, _boxes, _replies) = conversation(5);
    let mut lengths = HashSet::from([disk.open(&blank_place()).unwrap().length().unwrap()]);
    for name in disk.list(&replies_place()).unwrap() {
        let file = disk.open(&replies_place().join(name)).unwrap();
        lengths.insert(file.length().unwrap());
    }
    assert_eq!(lengths.len(), 1);
    assert!(lengths.into_iter().next().unwrap() <= crate::space::REPLY_BYTES);
}

#[test]
fn a_damaged_reply_is_a_decoy_and_a_dummy_after_the_next_start() {
    let (_folder, disk, boxes, replies) = conversation(1);
    let place = replies_place().join(Letter::name(&replies[0]));
    let length = disk.open(&place).unwrap().length().unwrap();
    let file = disk.open_or_create(&place).unwrap();
    file.write_at(b"x", length / 2).unwrap();
    let none = |boxes: &Mailboxes| {
        let shown = shown(boxes, &disk, 1);
        shown.iter().all(|one| one[..] != replies[0].envelope[..])
    };
    assert!(none(&boxes));
    let boxes = open(&disk);
    assert_eq!(boxes.count(), 1);
    assert!(none(&boxes));
    assert!(Letter::read(&disk, &place).unwrap().is_some());
    boxes.expire(&disk, day(91)).unwrap();
    assert_eq!(boxes.count(), 0);
}

/// All bytes of all letters.
fn bytes_of_letters(disk: &dyn Disk) -> Vec<Vec<u8>> {
    let names = disk.list(&replies_place()).unwrap().into_iter();
    let read = |name| disk::read_small(disk, &replies_place().join(name), 1 << 20).unwrap();
    names.map(read).collect()
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

#[test]
fn the_store_keeps_no_mailbox_no_erase_hash_and_nothing_that_two_letters_have_in_common() {
    let (_folder, disk, _boxes, replies) = conversation(4);
    let letters = bytes_of_letters(&disk);
    for reply in &replies {
        for letter in &letters {
            assert!(!holds(letter, reply.mailbox.as_bytes()));
            assert!(!holds(letter, reply.erase.as_bytes()));
        }
    }
    // The tags lie behind order and last day.
    for at in [32..64, 64..96] {
        let tags: HashSet<_> = letters.iter().map(|letter| &letter[at.clone()]).collect();
        assert_eq!(tags.len(), 4);
    }
}

#[test]
fn letters_are_numbered_through_the_whole_store_and_not_by_mailbox() {
    let (_folder, disk) = store();
    let boxes = open(&disk);
    push(&boxes, &disk, &[reply(1, 0), reply(2, 0), reply(1, 1)]);
    let boxes = open(&disk);
    push(&boxes, &disk, &[reply(3, 0)]);
    let order = |letter: &Vec<u8>| u64::from_be_bytes(letter[16..24].try_into().unwrap());
    let mut orders: Vec<_> = bytes_of_letters(&disk).iter().map(order).collect();
    orders.sort_unstable();
    assert_eq!(orders, [1, 2, 3, 4]);
}

#[test]
fn an_erased_reply_is_written_over_by_a_dummy_and_does_not_come_back() {
    let (_folder, disk, boxes, replies) = conversation(2);
    let before = disk.list(&replies_place()).unwrap();
    erase(&boxes, &disk, 1, &erasure(1, &replies[..1]));
    let same: HashSet<_> = disk.list(&replies_place()).unwrap().into_iter().collect();
    assert_eq!(same, before.into_iter().collect());
    for letter in bytes_of_letters(&disk) {
        assert!(!holds(&letter, &replies[0].envelope[20_000..20_064]));
        assert!(Letter::decode(&letter).is_some());
    }
    for boxes in [&boxes, &open(&disk)] {
        push(boxes, &disk, &replies);
        assert_eq!(seen(boxes, &disk, 1, &replies), [1]);
    }
}
