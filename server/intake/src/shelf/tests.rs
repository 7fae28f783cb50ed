use super::*;
use crate::disk::Beneath;
use crate::forge::{
    arrive, arrive_in_lanes, content, epoch, id, seeded, smallest, store, tree, url,
};
use crate::segments::segment_place;
use knothole_envelope::{ListedDrop, unframe};

const fn batch(number: u64) -> BatchNumber {
    BatchNumber(number)
}

fn small(disk: &Beneath, byte: u8, number: u64) {
    arrive(disk, byte, &content(byte, 5_000), Some(batch(number)));
}

fn shelved(disk: &Beneath) -> usize {
    disk.list(&commit::shelf()).unwrap().len()
}

#[test]
fn a_drop_becomes_visible_at_the_boundary_after_its_batch_and_not_before() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    turn(&disk, batch(10), &mut rng).unwrap();
    small(&disk, 1, 10);
    let turned = turn(&disk, batch(10), &mut rng).unwrap();
    assert_eq!((turned.moved, turned.waiting), (0, 1));
    assert_eq!(shelved(&disk), 0);
    small(&disk, 2, 11);
    let turned = turn(&disk, batch(11), &mut rng).unwrap();
    assert_eq!((turned.moved, turned.waiting), (1, 1));
    let turned = turn(&disk, batch(12), &mut rng).unwrap();
    assert_eq!((turned.moved, turned.waiting), (1, 0));
    assert_eq!(shelved(&disk), 2);
    assert!(disk.list(&commit::drops()).unwrap().is_empty());
}

#[test]
fn a_drop_that_came_by_form_waits_for_the_boundary_too_even_across_a_restart() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    turn(&disk, batch(10), &mut rng).unwrap();
    arrive(&disk, 1, &content(1, 5_000), None);
    for _ in 0..2 {
        assert_eq!(turn(&disk, batch(10), &mut rng).unwrap().moved, 0);
    }
    assert_eq!(turn(&disk, batch(11), &mut rng).unwrap().moved, 1);
}

#[test]
fn a_url_is_forgotten_at_the_second_boundary_after_the_commit() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    small(&disk, 1, 10);
    let folder = commit::folder_of(&commit::shelf(), &id(1));
    assert!(
        turn(&disk, batch(11), &mut rng)
            .unwrap()
            .forgotten
            .is_empty()
    );
    assert!(commit::link(&disk, &folder).unwrap().is_some());
    let turned = turn(&disk, batch(12), &mut rng).unwrap();
    assert_eq!(turned.forgotten, [url(1)]);
    assert!(commit::link(&disk, &folder).unwrap().is_none());
    assert!(commit::finished(&disk, &folder).unwrap().is_some());
}

#[test]
fn a_server_that_slept_over_two_boundaries_makes_up_for_both() {
    let (_folder, disk) = store();
    small(&disk, 1, 10);
    let turned = turn(&disk, batch(15), &mut seeded(1)).unwrap();
    assert_eq!((turned.moved, turned.forgotten.len()), (1, 1));
}

#[test]
fn a_clock_that_was_wrong_holds_no_drop_back() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    turn(&disk, batch(5_000), &mut rng).unwrap();
    small(&disk, 1, 5_000);
    arrive(&disk, 2, &content(2, 5_000), None);
    assert_eq!(turn(&disk, batch(10), &mut rng).unwrap().moved, 2);
    // A step back over one boundary is an ordinary correction.
    small(&disk, 3, 11);
    assert_eq!(turn(&disk, batch(10), &mut rng).unwrap().moved, 0);
}

#[test]
fn a_drop_that_lacks_bytes_is_counted_and_neither_moved_nor_listed_nor_removed() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    small(&disk, 1, 10);
    small(&disk, 2, 10);
    let segment = |room: Place, byte| segment_place(&commit::folder_of(&room, &id(byte)), 0);
    disk.remove_file(&segment(commit::drops(), 1)).unwrap();
    let (shelf, _) = Shelf::open(&disk, batch(11), &mut rng).unwrap();
    assert_eq!((shelf.visible().count(), shelf.damaged()), (1, 1));
    disk.remove_file(&segment(commit::shelf(), 2)).unwrap();
    shelf.pass(&disk, batch(12), &mut rng).unwrap();
    assert_eq!((shelf.visible().count(), shelf.damaged()), (0, 2));
    assert_eq!(disk.list(&commit::drops()).unwrap().len(), 1);
    assert_eq!(shelved(&disk), 1);
}

#[test]
fn what_the_store_did_not_put_there_stops_nothing() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    small(&disk, 1, 10);
    for room in [commit::drops(), commit::shelf()] {
        disk::create_whole(&disk, &room.file("stray"), b"x").unwrap();
        disk.make_folder(&commit::folder_of(&room, &id(9))).unwrap();
    }
    let (shelf, _) = Shelf::open(&disk, batch(11), &mut rng).unwrap();
    assert_eq!((shelf.visible().count(), shelf.damaged()), (1, 4));
}

#[test]
fn the_listing_names_what_is_visible_and_no_more_is_in_it_than_a_courier_needs() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    let (shelf, _) = Shelf::open(&disk, batch(10), &mut rng).unwrap();
    let bytes = content(1, smallest());
    arrive(&disk, 1, &bytes, Some(batch(10)));
    arrive_in_lanes(&disk, 2, &content(2, smallest()), 70_000);
    let empty = shelf.visible().listing();
    assert_eq!(
        ListedDrop::decode_list(unframe(&empty).unwrap()),
        Ok(vec![])
    );
    shelf.pass(&disk, batch(11), &mut rng).unwrap();
    let listing = shelf.visible().listing();
    // Whether nothing or a little is there, the length does not say.
    assert_eq!(listing.len(), empty.len());
    let mut drops = ListedDrop::decode_list(unframe(&listing).unwrap()).unwrap();
    drops.sort_by_key(|drop| drop.id);
    assert_eq!(drops.len(), 2);
    assert_eq!(drops[0].id, id(1));
    assert_eq!(drops[0].tree, tree(&bytes));
    assert_eq!(drops[0].length(), smallest());
    assert_eq!(drops[0].epoch, epoch());
    shelf.take_off(&[id(1)]).unwrap();
    let listing = shelf.visible().listing();
    let drops = ListedDrop::decode_list(unframe(&listing).unwrap()).unwrap();
    assert_eq!(drops.len(), 1);
    assert!(shelf.visible().find(&id(1)).is_none());
}

#[test]
fn the_listing_is_the_bytes_that_the_format_states() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    let bytes = content(1, smallest());
    arrive(&disk, 1, &bytes, Some(batch(10)));
    let (shelf, _) = Shelf::open(&disk, batch(11), &mut rng).unwrap();
    let mut by_hand = vec![0x81, 0xa4, 0x01, 0x58, 0x20];
    by_hand.extend_from_slice(id(1).as_bytes());
    by_hand.extend_from_slice(&[0x02, 0x58, 0x20]);
    by_hand.extend_from_slice(tree(&bytes).as_bytes());
    by_hand.extend_from_slice(&[0x03, 0x1a, 0x00, 0x10, 0x30, 0x00, 0x04, 0x07]);
    let mut framed = u32::try_from(by_hand.len()).unwrap().to_be_bytes().to_vec();
    framed.extend_from_slice(&by_hand);
    framed.resize(16_384, 0);
    assert_eq!(shelf.visible().listing(), framed);
}

#[test]
fn the_order_of_the_listing_is_not_that_of_arrival() {
    let (_folder, disk) = store();
    let mut rng = seeded(1);
    for byte in 1..=12 {
        arrive(&disk, byte, &content(byte, smallest()), Some(batch(10)));
    }
    turn(&disk, batch(11), &mut rng).unwrap();
    let order = |seed| {
        let (shelf, _) = Shelf::open(&disk, batch(11), &mut seeded(seed)).unwrap();
        let listing = shelf.visible().listing();
        let drops = ListedDrop::decode_list(unframe(&listing).unwrap()).unwrap();
        drops.into_iter().map(|drop| drop.id).collect::<Vec<_>>()
    };
    assert_ne!(order(1), order(2));
    let mut sorted = order(1);
    sorted.sort();
    assert_ne!(order(1), sorted);
    assert_eq!(sorted.len(), 12);
}

#[test]
fn a_shuffle_loses_nothing_and_reaches_every_order() {
    let mut rng = seeded(3);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        let mut items = [1, 2, 3];
        shuffle(&mut items, &mut rng);
        seen.insert(items);
    }
    assert_eq!(seen.len(), 6);
    shuffle::<u8>(&mut [], &mut rng);
}
