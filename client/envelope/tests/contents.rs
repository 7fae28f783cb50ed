//! What is put into a paper comes out of it, and limits hold where papers are made.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "nothing but a test, helpers included"
)]

#[path = "format/cast.rs"]
#[allow(dead_code, reason = "the worked examples of FORMAT.md use the rest")]
mod cast;

use cast::{Stream, day, epoch, keys, manifest, newsroom, openers, signers, source};
use knothole_envelope::{
    BundleError, BundleIndex, BundlePart, ChunkCount, Codename, DropId, EditorCard, EraseHash,
    FileEntry, FileName, Header, IndexHash, ListedDrop, MOST_PARTS, MailboxAddress, Manifest,
    Message, PartHash, PartName, ReplyBlock, Sheet, Signed, SigningSecret, TreeHash,
};

fn listed(id: u8) -> ListedDrop {
    ListedDrop {
        id: DropId::from_bytes([id; 32]),
        tree: TreeHash::from_bytes([4; 32]),
        chunks: ChunkCount::for_drop(16).unwrap(),
        epoch: epoch(),
    }
}

fn part(number: u32, drop: u8, offset: u64, length: u64) -> BundlePart {
    let mut name = [0; 16];
    name[..4].copy_from_slice(&number.to_be_bytes());
    BundlePart {
        name: PartName::from_bytes(name),
        length,
        hash: PartHash::from_bytes([6; 32]),
        drop: DropId::from_bytes([drop; 32]),
        offset,
    }
}

#[test]
fn an_index_gives_back_what_it_was_made_of() {
    let charter = newsroom(1, 1).current_hash();
    let before = IndexHash::from_bytes([9; 32]);
    let parts = vec![part(1, 3, 1_000, 1_059_864), part(2, 3, 0, 1_000)];
    let drops = vec![listed(3), listed(5)];
    let made = BundleIndex::new(
        8,
        Some(before),
        day("2026-11-24"),
        parts.clone(),
        drops.clone(),
        charter,
    );
    let read = Signed::<BundleIndex>::decode(&Signed::new(made.unwrap()).encode()).unwrap();
    let read = read.unverified();
    assert_eq!(read.sequence(), 8);
    assert_eq!(read.previous(), Some(&before));
    assert_eq!(read.date(), day("2026-11-24"));
    assert_eq!(read.parts(), parts);
    assert_eq!(read.drops(), drops);
    assert_eq!(read.charter(), &charter);
    assert_eq!(read.parts()[1].name.as_bytes()[..4], [0, 0, 0, 2]);
    let whole = read.whole_drop(&DropId::from_bytes([3; 32])).unwrap();
    assert_eq!(whole, [&parts[1], &parts[0]]);
}

#[test]
fn a_drop_with_a_gap_between_its_parts_is_not_whole() {
    let charter = newsroom(1, 1).current_hash();
    let index = |parts| {
        BundleIndex::new(1, None, day("2026-11-24"), parts, vec![listed(3)], charter).unwrap()
    };
    let id = DropId::from_bytes([3; 32]);
    assert!(
        index(vec![part(1, 3, 0, 1_060_864)])
            .whole_drop(&id)
            .is_some()
    );
    for parts in [
        vec![],
        vec![part(1, 3, 1, 1_060_863)],
        vec![part(1, 3, 0, 1_060_863)],
        vec![part(1, 3, 0, 10), part(2, 3, 11, 1_060_853)],
    ] {
        assert_eq!(index(parts).whole_drop(&id), None);
    }
    assert_eq!(index(vec![]).whole_drop(&DropId::from_bytes([4; 32])), None);
}

#[test]
fn an_index_takes_as_many_parts_as_it_may_and_not_one_more() {
    let charter = newsroom(1, 1).current_hash();
    let most = u32::try_from(MOST_PARTS).unwrap();
    let index = |count: u32| {
        let parts = (0..count)
            .map(|number| part(number, 3, u64::from(number), 1))
            .collect();
        BundleIndex::new(1, None, day("2026-11-24"), parts, vec![listed(3)], charter)
    };
    assert!(index(most).is_ok());
    assert_eq!(index(most + 1), Err(BundleError::TooMany));
}

#[test]
fn a_sheet_gives_back_what_it_was_made_of() {
    let charter = newsroom(2, 1).current_hash();
    let keys = keys(&openers(2));
    let made = Sheet::new(
        epoch(),
        day("2026-11-23"),
        day("2026-11-29"),
        keys.clone(),
        charter,
    );
    let read = Signed::<Sheet>::decode(&Signed::new(made.unwrap()).encode()).unwrap();
    let read = read.unverified();
    assert_eq!(read.epoch(), epoch());
    assert_eq!(read.first(), day("2026-11-23"));
    assert_eq!(read.last(), day("2026-11-29"));
    assert_eq!(read.keys(), keys);
    assert_eq!(read.charter(), &charter);
}

#[test]
fn a_card_gives_back_what_it_was_made_of() {
    let signer = &signers(1)[0];
    let archive = source().recipient_key();
    let keys = keys(&openers(3));
    let made = EditorCard::new(
        signer.editor_key(),
        archive.clone(),
        epoch(),
        day("2026-11-23"),
        7,
        keys.clone(),
    );
    let signed = made.unwrap().sign(signer).unwrap();
    let read = Signed::<EditorCard>::decode(&signed.encode()).unwrap();
    let read = read.verify().unwrap();
    assert_eq!(read.keys(), keys);
    assert_eq!(read.archive_key(), &archive);
    let last = read.epochs().last().unwrap();
    assert_eq!(
        (last.first, last.last),
        (day("2026-12-07"), day("2026-12-13"))
    );
    assert_eq!(last.epoch.get(), 11);
    assert_eq!(last.key, &keys[2]);
}

#[test]
fn a_manifest_gives_back_its_way_to_the_source() {
    let codename = Codename::generate(&mut Stream::new("contents"));
    assert_ne!(codename.expose(), &[0; 16]);
    let block: ReplyBlock = codename.way_back(newsroom(3, 2).fingerprint()).block();
    let plain = manifest(3, 2, &[("a", 1)], "words");
    assert_eq!(plain.reply(), None);
    let files = vec![FileEntry {
        name: FileName::new("a").unwrap(),
        size: 1,
    }];
    let words = Message::new("words").unwrap();
    let made = Manifest::new(
        *plain.sheet(),
        plain.quorum(),
        Some(block.clone()),
        files,
        words,
    );
    let read = Manifest::decode(&made.unwrap().encode()).unwrap();
    assert_eq!(read.reply(), Some(&block));
    assert_eq!(
        block.clone().mailbox.to_string().parse(),
        Ok::<MailboxAddress, _>(block.mailbox)
    );
    assert_eq!(
        block.erase.to_string().parse(),
        Ok::<EraseHash, _>(block.erase)
    );
}

#[test]
fn two_generated_secrets_are_not_the_same() {
    let mut stream = Stream::new("contents");
    let one = SigningSecret::generate(&mut stream);
    let other = SigningSecret::generate(&mut stream);
    assert_ne!(one.expose(), other.expose());
    assert_ne!(one.editor_key(), other.editor_key());
}

#[test]
fn a_header_that_was_stored_is_taken_as_it_is() {
    let bytes = Box::new([7; 12_288]);
    assert_eq!(Header::from_bytes(bytes.clone()).as_bytes(), &*bytes);
}

#[test]
fn names_in_hexadecimal_are_64_lower_case_digits() {
    let name = TreeHash::from_bytes([0xab; 32]);
    let text = name.to_string();
    assert_eq!(text.parse(), Ok(name));
    for wrong in [
        String::new(),
        text[1..].to_owned(),
        format!("{text}0"),
        text.to_uppercase(),
        text.replacen("ab", "ag", 1),
        text.replacen("ab", "\u{e9}", 1),
    ] {
        assert!(wrong.parse::<TreeHash>().is_err(), "{wrong}");
    }
}
