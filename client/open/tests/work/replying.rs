//! Answering sources.

use std::fs;

use knothole_envelope::{
    Day, EpochSecret, EraseHash, MailboxAddress, OpenedReply, ReplyBlock, open_reply,
};

use crate::newsroom::{Newsroom, ONE, TWO, monday, run, write};

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

/// A newsroom with two drops of source 1 and one of source 2, and a drop of nobody.
pub(crate) fn with_drops() -> Newsroom {
    let mut newsroom = Newsroom::new();
    let mut drops = Vec::new();
    for (number, source) in [
        (0xaa, Some(1)),
        (0xbb, Some(2)),
        (0xcc, Some(1)),
        (0xdd, None),
    ] {
        newsroom.way_back = source.map(block);
        drops.push(newsroom.seal(number, b"body"));
    }
    newsroom.carry("stick", &drops);
    newsroom
}

/// The replies in the last outbox that open with this source's key.
pub(crate) fn read(newsroom: &Newsroom, number: u8) -> Vec<OpenedReply> {
    let replies = newsroom.replies();
    let mine = |mailbox: &MailboxAddress| *mailbox == block(number).mailbox;
    replies
        .iter()
        .filter(|reply| mine(&reply.mailbox))
        .map(|reply| {
            open_reply(reply.envelope.as_slice(), &source(number), &newsroom.chain).unwrap()
        })
        .collect()
}

#[test]
fn two_drops_of_one_source_are_one_conversation_and_each_reply_has_the_next_number() {
    let newsroom = with_drops();
    newsroom
        .run("open stick --files files")
        .ends_with(0)
        .says("The source can be answered: conversation 1.")
        .says("The source left no way back.");
    write(&newsroom.path("one.txt"), "第一条\n".as_bytes());
    write(&newsroom.path("two.txt"), b"the second");
    newsroom
        .run("reply aa --message-file one.txt --yes")
        .ends_with(0)
        .says("To conversation 1: 2 drops, 0 replies. This will be reply 1, signed by editor 1.")
        .says("Reply 1 of conversation 1 is sealed");
    newsroom
        .run("reply cc --message-file two.txt --yes")
        .ends_with(0)
        .says("Reply 2 of conversation 1");
    newsroom
        .run("list")
        .ends_with(0)
        .says("conversation 1: 2 drops, 2 replies")
        .says("conversation 2: 1 drop, 0 replies");
    newsroom
        .run("show cc")
        .ends_with(0)
        .says("(aaaaaaaa, cccccccc)");
    newsroom.run("outbox .").ends_with(0).says("and 2 replies");
    let replies = read(&newsroom, 1);
    let told: Vec<_> = replies
        .iter()
        .map(|reply| (reply.number(), reply.message().as_str()))
        .collect();
    assert_eq!(told, [(1, "第一条"), (2, "the second")]);
    assert!(replies.iter().all(OpenedReply::by_current_editor));
    // They are carried again: one stick may be lost.
    newsroom.run("outbox .").ends_with(0).says("and 2 replies");
}

#[test]
fn a_reply_that_the_server_took_leaves_the_outbox_and_its_number_stays_taken() {
    let mut newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    write(&newsroom.path("words"), b"words");
    for _ in 0..2 {
        let reply = newsroom.run("reply aa --message-file words --yes");
        reply.ends_with(0);
    }
    newsroom.run("outbox .").says("and 2 replies").ends_with(0);
    newsroom.pushed.insert(newsroom.replies()[0].hash());
    newsroom.carry("later", &[]);
    newsroom.run("open later").ends_with(0);
    newsroom.run("outbox .").says("and 1 reply").ends_with(0);
    newsroom
        .run("reply aa --message-file words --yes")
        .says("Reply 3 of conversation 1 is sealed")
        .ends_with(0);
    newsroom.run("outbox .").ends_with(0);
    let numbers: Vec<_> = read(&newsroom, 1).iter().map(OpenedReply::number).collect();
    assert_eq!(numbers, [2, 3]);
}

#[test]
fn a_source_is_answered_when_its_sealed_drop_is_gone() {
    let newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    fs::remove_dir_all(newsroom.path("archive/drops")).unwrap();
    write(&newsroom.path("words"), b"still there");
    newsroom
        .run("reply bb --message-file words --yes")
        .ends_with(0);
    newsroom.run("outbox .").ends_with(0);
    assert_eq!(read(&newsroom, 2).len(), 1);
}

#[test]
fn a_drop_that_nobody_opened_yet_is_answered_as_long_as_its_keys_are_there() {
    let newsroom = with_drops();
    newsroom.run("open stick").ends_with(0);
    write(&newsroom.path("words"), b"wait");
    newsroom
        .run("reply bb --message-file words --yes")
        .ends_with(0)
        .says("conversation 1");
    newsroom
        .run("list")
        .ends_with(0)
        .says("conversation 1: 1 drop, 1 reply");
}

#[test]
fn every_refusal_to_reply_says_why_and_nothing_is_sealed() {
    let newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    write(&newsroom.path("words"), b"words");
    write(&newsroom.path("empty"), b"\n \n");
    write(&newsroom.path("long"), &vec![b'x'; 32_769]);
    write(&newsroom.path("binary"), b"\xff\xfe");
    newsroom
        .run("reply dd --message-file words --yes")
        .ends_with(1)
        .says("left no way back");
    newsroom
        .run("reply ee --message-file words --yes")
        .ends_with(1)
        .says("no drop of the archive");
    for (file, why) in [
        ("empty", "no words"),
        ("long", "longer than 32768 bytes"),
        ("binary", "not UTF-8"),
    ] {
        newsroom
            .run(&format!("reply aa --message-file {file} --yes"))
            .ends_with(2)
            .says(why);
    }
    newsroom
        .run("reply aa --yes")
        .ends_with(2)
        .says("run this in a terminal");
    // A passphrase must never become a reply.
    newsroom
        .run("reply aa --yes --message-file -")
        .ends_with(2)
        .says("a passphrase might be sent");
    let one = "reply aa --message-file words --yes --archive archive --vault v1";
    run(newsroom.folder.path(), &[ONE], one).ends_with(6);
    newsroom.run("outbox .").ends_with(0).says("0 replies");
}

#[test]
fn the_first_vault_that_is_named_signs() {
    let newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    write(&newsroom.path("words"), b"words");
    let second = "reply aa --message-file words --yes --archive archive --vault v2 --vault v1";
    run(newsroom.folder.path(), &[TWO, ONE], second)
        .ends_with(0)
        .says("signed by editor 2");
    newsroom.run("outbox .").ends_with(0);
    let editors = newsroom.chain.current().editors();
    assert_eq!(*read(&newsroom, 1)[0].editor(), editors[1]);
}

#[test]
fn sources_are_told_that_their_drop_was_opened_only_if_the_newsroom_chose_so() {
    let mut newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    newsroom.run("outbox .").ends_with(0).says("0 replies");
    newsroom.run("newsroom acknowledge").ends_with(2);
    newsroom.run("newsroom acknowledge --on --off").ends_with(2);
    newsroom.run("newsroom acknowledge --on").ends_with(0);
    newsroom.way_back = Some(block(1));
    let first = newsroom.seal(0x11, b"first");
    newsroom.way_back = None;
    let none = newsroom.seal(0x22, b"second");
    newsroom.carry("second", &[first, none]);
    newsroom
        .run("open second --files files")
        .ends_with(0)
        .says("which go out with an outbox of another day than the receipts: 1.");
    write(&newsroom.path("text"), "收到了".as_bytes());
    newsroom
        .run("newsroom acknowledge --on --message-file text")
        .ends_with(0);
    newsroom.way_back = Some(block(1));
    let third = newsroom.seal(0x33, b"third");
    newsroom.carry("third", &[third]);
    newsroom.run("open third --files files").ends_with(0);
    newsroom.run("newsroom acknowledge --off").ends_with(0);
    let fourth = newsroom.seal(0x44, b"fourth");
    newsroom.carry("fourth", &[fourth]);
    newsroom.run("open fourth --files files").ends_with(0);
    newsroom.run("export 11 --to files").ends_with(0);
    // The server gets the receipts and the replies on different days.
    for _ in 0..2 {
        newsroom.run("outbox .").ends_with(0).says("and 0 replies");
    }
    let next_week = Day::new(monday().get() + 7).unwrap();
    newsroom
        .run(&format!("outbox . --today {next_week}"))
        .ends_with(0)
        .says("and 2 replies");
    let told: Vec<_> = read(&newsroom, 1)
        .iter()
        .map(|reply| (reply.number(), reply.message().as_str().to_owned()))
        .collect();
    assert!(told[0].1.starts_with("Your drop was opened."));
    assert_eq!(told[1], (2, "收到了".to_owned()));
}

#[test]
fn conversations_outlive_a_change_of_editors() {
    let newsroom = with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    write(&newsroom.path("words"), b"words");
    newsroom
        .run("reply aa --message-file words --yes")
        .ends_with(0);
    newsroom.run("newsroom quorum 1").ends_with(0);
    newsroom
        .run("list")
        .ends_with(0)
        .says("conversation 1: 2 drops, 1 reply");
    newsroom
        .run("reply cc --message-file words --yes")
        .ends_with(0)
        .says("Reply 2 of conversation 1");
    newsroom.run("outbox .").ends_with(0).says("and 2 replies");
}
