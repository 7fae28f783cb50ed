use knothole_envelope::{
    EpochSecret, EraseHash, MailboxAddress, PushedReply, ReplyBlock, open_reply,
};

use super::*;
use crate::archive::tests::{FIRST_DAY, Known, newsroom, rng};
use crate::archive::{Archive, Status};
use crate::bundle::rig::{Rig, Sealed, seal_with, whole};
use crate::folder::Folder;
use crate::outbox;

fn source(number: u8) -> EpochSecret {
    EpochSecret::from_bytes([number; 32])
}

fn block(number: u8) -> ReplyBlock {
    ReplyBlock {
        key: source(number).recipient_key(),
        mailbox: MailboxAddress::from_bytes([number; 32]),
        erase: EraseHash::from_bytes([number; 32]),
    }
}

fn today() -> Day {
    Day::new(FIRST_DAY + 2).unwrap()
}

fn message(text: &str) -> Message {
    words(text.as_bytes()).unwrap()
}

fn drop_of(rig: &Rig, number: u8, from: u8) -> Sealed {
    let state = &rig.archive.state;
    seal_with(state, number, &[], "words", None, Some(block(from)))
}

/// Brings drops, and opens them.
fn opened(rig: &mut Rig, drops: &[&Sealed]) {
    let stretches: Vec<_> = drops.iter().map(|drop| whole(drop)).collect();
    let stick = rig.carried(&stretches);
    rig.take(&[&stick]).unwrap();
    let files = Folder::open_or_make(&rig.folder.path().join("files")).unwrap();
    for drop in drops {
        let opened = rig
            .archive
            .open_drop(&drop.listed.id, &rig.editors, &files)
            .unwrap();
        assert!(opened.conversation.is_some());
    }
}

fn answer(rig: &mut Rig, drop: &Sealed, text: &str) -> Result<u64, ReplyFault> {
    let state = &mut rig.archive.state;
    let (number, _) = state.conversations.of(&drop.listed.id).unwrap();
    state.answer(
        number,
        &rig.editors[0],
        &message(text),
        Occasion::Written,
        today(),
        &mut rng(),
    )
}

/// The replies in the next outbox.
fn laid(rig: &mut Rig) -> Vec<PushedReply> {
    let stick = rig.stick();
    outbox::lay(&stick, &rig.archive.state, &rig.editors, today()).unwrap();
    let bytes = std::fs::read(stick.join("knothole-outbox/replies")).unwrap();
    PushedReply::decode_list(&bytes, 64).unwrap()
}

#[test]
fn a_reply_goes_to_the_mailbox_of_its_source_and_opens_with_its_key_alone() {
    let mut rig = Rig::new(3, 2);
    let (one, two) = (drop_of(&rig, 1, 1), drop_of(&rig, 2, 2));
    opened(&mut rig, &[&one, &two]);
    answer(&mut rig, &two, "我们看到了。\n").unwrap();
    let replies = laid(&mut rig);
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].mailbox, block(2).mailbox);
    assert_eq!(replies[0].erase, block(2).erase);
    let chain = rig.archive.state.chain();
    let reply = open_reply(replies[0].envelope.as_slice(), &source(2), chain).unwrap();
    assert_eq!(reply.message().as_str(), "我们看到了。");
    assert_eq!((reply.number(), reply.by_current_editor()), (1, true));
    assert!(open_reply(replies[0].envelope.as_slice(), &source(1), chain).is_err());
}

#[test]
fn the_numbers_of_a_conversation_rise_over_all_its_drops() {
    let mut rig = Rig::new(1, 1);
    let drops = [
        drop_of(&rig, 1, 1),
        drop_of(&rig, 2, 1),
        drop_of(&rig, 3, 2),
    ];
    opened(&mut rig, &drops.each_ref());
    assert_eq!(answer(&mut rig, &drops[0], "one").unwrap(), 1);
    assert_eq!(answer(&mut rig, &drops[1], "two").unwrap(), 2);
    assert_eq!(answer(&mut rig, &drops[2], "other").unwrap(), 1);
    let numbers: Vec<_> = laid(&mut rig)
        .iter()
        .filter_map(|reply| {
            let chain = rig.archive.state.chain();
            open_reply(reply.envelope.as_slice(), &source(1), chain).ok()
        })
        .map(|reply| reply.number())
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn a_source_is_answered_after_its_sealed_drop_and_the_keys_of_its_epoch_are_gone() {
    let mut rig = Rig::new(1, 1);
    let drop = drop_of(&rig, 1, 1);
    opened(&mut rig, &[&drop]);
    rig.archive.save(&rig.editors, &mut rng()).unwrap();
    let path = rig.folder.path().join("archive");
    std::fs::remove_dir_all(path.join("drops")).unwrap();
    let Rig {
        editors,
        archive,
        folder: _folder,
        ..
    } = rig;
    core::mem::drop(archive);
    let mut again = Archive::open(&path, &editors).unwrap();
    let (number, _) = again.state.conversations.of(&drop.listed.id).unwrap();
    let written = Occasion::Written;
    let words = message("still there");
    let reply = again
        .state
        .answer(number, &editors[0], &words, written, today(), &mut rng());
    assert_eq!(reply.unwrap(), 1);
}

#[test]
fn a_reply_that_was_not_saved_never_went_out_and_its_number_is_taken_once() {
    let mut rig = Rig::new(1, 1);
    let drop = drop_of(&rig, 1, 1);
    opened(&mut rig, &[&drop]);
    rig.archive.save(&rig.editors, &mut rng()).unwrap();
    // Cut off before the state was saved: there is no trace of it.
    answer(&mut rig, &drop, "lost").unwrap();
    let path = rig.folder.path().join("archive");
    let Rig {
        editors,
        archive,
        folder,
        carrier: _,
        ..
    } = rig;
    core::mem::drop(archive);
    let mut archive = Archive::open(&path, &editors).unwrap();
    assert!(archive.state.conversations.kept().is_empty());
    let (number, _) = archive.state.conversations.of(&drop.listed.id).unwrap();
    let seal = |archive: &mut Archive, text| {
        let occasion = Occasion::Written;
        let state = &mut archive.state;
        let editor = &editors[0];
        state.answer(
            number,
            editor,
            &message(text),
            occasion,
            today(),
            &mut rng(),
        )
    };
    assert_eq!(seal(&mut archive, "first").unwrap(), 1);
    archive.save(&editors, &mut rng()).unwrap();
    // Cut off after it: the number and the reply are both there.
    core::mem::drop(archive);
    let mut archive = Archive::open(&path, &editors).unwrap();
    assert_eq!(archive.state.conversations.kept().len(), 1);
    assert_eq!(seal(&mut archive, "second").unwrap(), 2);
    core::mem::drop(folder);
}

#[test]
fn automatic_replies_leave_sixteen_places_to_people() {
    let mut rig = Rig::new(1, 1);
    let drop = drop_of(&rig, 1, 1);
    opened(&mut rig, &[&drop]);
    let editor = Known::new(1);
    let seal = |rig: &mut Rig, occasion| {
        let state = &mut rig.archive.state;
        let (number, _) = state.conversations.of(&drop.listed.id).unwrap();
        state.answer(
            number,
            &editor,
            &message("x"),
            occasion,
            today(),
            &mut rng(),
        )
    };
    for _ in 0..48 {
        seal(&mut rig, Occasion::DropOpened).unwrap();
    }
    let full = seal(&mut rig, Occasion::DropOpened).unwrap_err();
    assert!(matches!(full, ReplyFault::NoPlace));
    for _ in 0..16 {
        seal(&mut rig, Occasion::Written).unwrap();
    }
    let full = seal(&mut rig, Occasion::Written).unwrap_err();
    assert!(matches!(full, ReplyFault::NoPlace));
    // Those wait for another day than that of the receipt.
    assert_eq!(laid(&mut rig).len(), 16);
    assert_eq!(rig.archive.state.conversations.kept().len(), 64);
    // What no place was found for has taken no number.
    let (_, conversation) = rig.archive.state.conversations.of(&drop.listed.id).unwrap();
    assert_eq!(conversation.replies(), 64);
}

#[test]
fn a_drop_without_a_way_back_and_one_that_does_not_open_are_in_no_conversation() {
    let mut rig = Rig::new(1, 1);
    let one_time = rig.drop(1);
    let mut broken = drop_of(&rig, 2, 2);
    let last = broken.bytes.len() - 1;
    broken.bytes[last] ^= 1;
    let stick = rig.carried(&[whole(&one_time), whole(&broken)]);
    rig.take(&[&stick]).unwrap();
    let files = Folder::open_or_make(&rig.folder.path().join("files")).unwrap();
    for drop in [&one_time, &broken] {
        drop_result(rig.archive.open_drop(&drop.listed.id, &rig.editors, &files));
    }
    assert_eq!(rig.archive.state.conversations.all().count(), 0);
    assert_eq!(rig.status(&broken), Some(Status::Stuck));
}

fn drop_result<T>(_: T) {}

#[test]
fn words_are_text_some_and_at_most_32768_bytes_without_the_last_line_end() {
    assert_eq!(message("  a\nb\r\n\n").as_str(), "  a\nb");
    assert_eq!(message("\u{feff}a").as_str(), "a");
    assert!(matches!(words(b" \n"), Err(ReplyFault::Empty)));
    assert!(matches!(words(b"a\xff"), Err(ReplyFault::NotText)));
    let longest = vec![b'a'; MOST_MESSAGE_BYTES];
    assert_eq!(words(&longest).unwrap().as_str().len(), MOST_MESSAGE_BYTES);
    let longer = vec![b'a'; MOST_MESSAGE_BYTES + 1];
    assert!(matches!(words(&longer), Err(ReplyFault::TooLong)));
}

#[test]
fn a_conversation_that_is_not_there_is_refused() {
    let (editors, mut state) = newsroom(1, 1);
    let (_, mut other) = newsroom(1, 1);
    let id = knothole_envelope::DropId::from_bytes([1; 32]);
    let number = other.conversations.note(id, &block(1)).unwrap();
    let words = message("x");
    let error = state
        .answer(
            number,
            &editors[0],
            &words,
            Occasion::Written,
            today(),
            &mut rng(),
        )
        .unwrap_err();
    assert!(matches!(error, ReplyFault::NoConversation));
}
