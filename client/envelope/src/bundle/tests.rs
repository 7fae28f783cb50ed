#![allow(clippy::arithmetic_side_effects, reason = "tests count small things")]

use super::*;
use crate::forge::{signed, signers};
use crate::pad::FEWEST_CHUNKS;

const LENGTH: u64 = 12_288 + 65_536 * FEWEST_CHUNKS;

fn listed(name: u8) -> ListedDrop {
    ListedDrop {
        id: DropId::from_bytes([name; 32]),
        tree: TreeHash::from_bytes([9; 32]),
        chunks: ChunkCount::for_drop(FEWEST_CHUNKS).unwrap(),
        epoch: EpochNumber::new(2).unwrap(),
    }
}

fn part(name: u8, drop: u8, offset: u64, length: u64) -> BundlePart {
    BundlePart {
        name: PartName::from_bytes([name; 16]),
        length,
        hash: PartHash::from_bytes([3; 32]),
        drop: DropId::from_bytes([drop; 32]),
        offset,
    }
}

fn index(parts: Vec<BundlePart>, drops: Vec<ListedDrop>) -> Result<BundleIndex, BundleError> {
    let charter = CharterHash::from_bytes([5; 32]);
    BundleIndex::new(1, None, Day::new(20_000).unwrap(), parts, drops, charter)
}

#[test]
fn an_index_comes_back_and_verifies() {
    let parts = vec![part(2, 1, 1_000, LENGTH - 1_000), part(1, 1, 0, 1_000)];
    let made = index(parts, vec![listed(1), listed(2)]).unwrap();
    let newsroom = Fingerprint::from_bytes([7; 32]);
    let courier = &signers(1)[0];
    let read = signed(made.clone(), &newsroom, &[courier]).encode();
    let read = Signed::<BundleIndex>::decode(&read).unwrap();
    assert_eq!(read.verify(&newsroom, &courier.editor_key()), Ok(&made));
    let whole = made.whole_drop(&listed(1).id).unwrap();
    assert!(whole.iter().map(|part| part.offset).eq([0, 1_000]));
    assert_eq!(made.whole_drop(&listed(2).id), None);
    assert_eq!(made.whole_drop(&listed(3).id), None);
}

#[test]
fn an_index_gives_back_what_it_was_made_of() {
    let before = IndexHash::from_bytes([4; 32]);
    let charter = CharterHash::from_bytes([5; 32]);
    let day = Day::new(20_000).unwrap();
    let (parts, drops) = (vec![part(1, 2, 0, 1_000)], vec![listed(1), listed(2)]);
    let made = BundleIndex::new(7, Some(before), day, parts.clone(), drops.clone(), charter);
    let read: BundleIndex = cbor::decode(&cbor::encode(&made.unwrap())).unwrap();
    assert_eq!((read.sequence(), read.previous()), (7, Some(&before)));
    assert_eq!((read.date(), read.charter()), (day, &charter));
    assert_eq!((read.parts(), read.drops()), (&*parts, &*drops));
}

#[test]
fn the_parts_of_a_drop_are_not_counted_for_another_of_the_same_length() {
    let parts = vec![part(1, 1, 0, LENGTH), part(2, 2, 0, 1_000)];
    let made = index(parts, vec![listed(1), listed(2)]).unwrap();
    assert!(made.whole_drop(&listed(1).id).is_some());
    assert_eq!(made.whole_drop(&listed(2).id), None);
}

#[test]
fn an_index_names_the_replies_that_were_pushed_in_ascending_order() {
    let hashes = [3, 1, 2].map(|number| ReplyHash::from_bytes([number; 32]));
    let made = index(Vec::new(), vec![listed(1)]).unwrap();
    assert!(made.pushed().is_empty());
    let made = made.with_pushed(BTreeSet::from(hashes)).unwrap();
    let read: BundleIndex = cbor::decode(&cbor::encode(&made)).unwrap();
    assert_eq!(read, made);
    assert!(
        read.pushed()
            .iter()
            .map(|hash| hash.as_bytes()[0])
            .eq([1, 2, 3])
    );
}

#[test]
fn an_index_names_no_more_replies_than_its_reader_takes() {
    let hash = |number: usize| {
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        ReplyHash::from_bytes(hash)
    };
    let made = index(Vec::new(), Vec::new()).unwrap();
    let most: BTreeSet<_> = (0..MOST_NAMED_REPLIES).map(hash).collect();
    let full = made.clone().with_pushed(most.clone()).unwrap();
    assert_eq!(cbor::decode(&cbor::encode(&full)), Ok(full));
    let more = most.into_iter().chain([hash(MOST_NAMED_REPLIES)]).collect();
    assert_eq!(made.with_pushed(more), Err(BundleError::TooMany));
}

#[test]
fn the_index_of_another_courier_or_newsroom_is_refused() {
    let made = index(Vec::new(), vec![listed(1)]).unwrap();
    let newsroom = Fingerprint::from_bytes([7; 32]);
    let couriers = signers(2);
    let made = signed(made, &newsroom, &[&couriers[0]]);
    let other = couriers[1].editor_key();
    assert_eq!(
        made.verify(&newsroom, &other),
        Err(BundleError::ForeignSignature)
    );
    let elsewhere = Fingerprint::from_bytes([8; 32]);
    let own = couriers[0].editor_key();
    assert_eq!(
        made.verify(&elsewhere, &own),
        Err(BundleError::BadSignature)
    );
    let bare = Signed::new(made.unverified().clone());
    assert_eq!(bare.verify(&newsroom, &own), Err(BundleError::BadSignature));
}

#[test]
fn doubled_drops_parts_and_bytes_are_refused() {
    let doubled = Err(BundleError::Doubled);
    assert_eq!(index(Vec::new(), vec![listed(1), listed(1)]), doubled);
    let names = vec![part(1, 1, 0, 10), part(1, 1, 10, 10)];
    assert_eq!(index(names, vec![listed(1)]), doubled);
    let bytes = vec![part(1, 1, 0, 11), part(2, 1, 10, 10)];
    assert_eq!(index(bytes, vec![listed(1)]), doubled);
    let apart = vec![part(1, 1, 0, 10), part(2, 2, 0, 10)];
    assert!(index(apart, vec![listed(1), listed(2)]).is_ok());
}

#[test]
fn parts_that_fit_no_drop_are_refused() {
    let wrong = [
        part(1, 2, 0, 10),
        part(1, 1, 0, 0),
        part(1, 1, 0, LENGTH + 1),
        part(1, 1, LENGTH, 1),
        part(1, 1, u64::MAX, 2),
        part(1, 1, 0, MOST_PART_BYTES + 1),
    ];
    for part in wrong {
        assert_eq!(
            index(vec![part], vec![listed(1)]),
            Err(BundleError::Part),
            "{part:?}"
        );
    }
}

#[test]
fn only_the_first_bundle_has_nothing_before_it() {
    let make = |sequence, previous| {
        let day = Day::new(1).unwrap();
        let charter = CharterHash::from_bytes([5; 32]);
        BundleIndex::new(sequence, previous, day, Vec::new(), Vec::new(), charter)
    };
    let before = Some(IndexHash::from_bytes([1; 32]));
    assert!(make(2, before).is_ok());
    for (sequence, previous) in [(0, None), (0, before), (1, before), (2, None)] {
        assert_eq!(make(sequence, previous), Err(BundleError::Sequence));
    }
    let second = make(2, before).unwrap();
    assert_eq!(
        cbor::decode::<BundleIndex>(&cbor::encode(&second)),
        Ok(second.clone())
    );
    let lost = BundleIndex {
        previous: None,
        ..second
    };
    let refused = cbor::decode::<BundleIndex>(&cbor::encode(&lost));
    assert_eq!(
        refused,
        Err(DecodeError::Value("the hash of the bundle before"))
    );
}

#[test]
fn a_listing_comes_back_and_refuses_lengths_off_the_scale() {
    let drops = [listed(1), listed(2)];
    let bytes = ListedDrop::encode_list(&drops);
    assert_eq!(ListedDrop::decode_list(&bytes).unwrap(), drops);
    assert_eq!(ListedDrop::decode_list(b"\x80"), Ok(Vec::new()));
    let mut off = bytes.clone();
    let place = off
        .windows(5)
        .position(|five| five == b"\x1a\0\x10\x30\0")
        .unwrap();
    off[place + 4] = 1;
    let refused = ListedDrop::decode_list(&off);
    assert_eq!(refused, Err(DecodeError::Value("the length of a drop")));
}

#[test]
fn a_part_is_named_in_hexadecimal() {
    assert_eq!(part(0xab, 1, 0, 1).name.to_string(), "ab".repeat(16));
}
