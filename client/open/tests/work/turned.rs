//! What a courier that was turned can do to the newsroom, and what it cannot.

use knothole_envelope::{Day, DropId, ListedDrop, Receipt, TreeHash};

use crate::newsroom::{Newsroom, monday, write};

type Sealed = (ListedDrop, Vec<u8>);

/// Two drops as the courier brings them: one is junk behind its header, the other in its header.
fn spoiled(newsroom: &Newsroom) -> [Sealed; 2] {
    let mut body = newsroom.seal(0xcc, b"the proof");
    body.1[12_288..].fill(7);
    let mut header = newsroom.seal(0xdd, b"more of it");
    for byte in &mut header.1[100..9000] {
        *byte ^= 1;
    }
    [body, header]
}

fn refuses(newsroom: &Newsroom, listed: &ListedDrop) -> bool {
    newsroom.run("outbox .").ends_with(0);
    newsroom.receipts().iter().any(|receipt| {
        matches!(receipt, Receipt::Refused { drop, tree, .. }
            if (*drop, *tree) == (listed.id, listed.tree))
    })
}

#[test]
fn a_drop_that_the_courier_spoiled_is_told_apart_and_not_refused_unless_it_is_given_up_unseen() {
    let mut newsroom = Newsroom::new();
    let drops = spoiled(&newsroom);
    newsroom.carry("stick", &drops);
    // Before anybody has tried to open them, too.
    newsroom.run("open stick").ends_with(0);
    newsroom.run("refuse cc").ends_with(1).says("--unseen");
    let opened = newsroom.run("open --files files");
    opened.ends_with(1);
    for name in ["cccccccc", "dddddddd"] {
        let line = opened.line(&format!("Drop {name} did not open"));
        assert!(line.contains("not what the server holds"), "{line}");
        assert!(line.contains("Do not refuse it"), "{line}");
        assert!(line.contains("suspect the courier"), "{line}");
    }
    newsroom
        .run("show dd")
        .ends_with(1)
        .says("not what the server holds");
    newsroom.date = Day::new(monday().get() + 36).unwrap();
    let folder = newsroom.bundle("later");
    let listed = drops.iter().map(|(listed, _)| *listed).collect();
    newsroom.finish(&folder, Vec::new(), listed);
    newsroom.run("open later").ends_with(0);
    newsroom
        .run("epochs burn 2 --yes")
        .ends_with(1)
        .says("fetch again what did not come whole, and refuse only what was here");
    newsroom
        .run("refuse cc dd")
        .ends_with(1)
        .says("nothing was refused")
        .says("drop cccccccc, dddddddd was never here");
    assert!(!refuses(&newsroom, &drops[0].0));
    newsroom
        .run("refuse cc --unseen")
        .ends_with(0)
        .says("It is lost, and nobody has seen it")
        .says("is refused");
    assert!(refuses(&newsroom, &drops[0].0));
    assert!(!refuses(&newsroom, &drops[1].0));
}

#[test]
fn a_drop_that_the_courier_spoiled_is_taken_anew_and_opened_from_a_later_bundle() {
    let mut newsroom = Newsroom::new();
    let wanted = newsroom.seal(0xcc, b"the proof");
    let mut bad = wanted.clone();
    bad.1[12_288..].fill(7);
    newsroom.carry("stick", &[bad]);
    newsroom.run("open stick --files files").ends_with(1);
    newsroom.carry("later", &[wanted]);
    newsroom
        .run("open later --files files")
        .ends_with(0)
        .says("files/cccccccc: 1 file, 9 bytes");
}

#[test]
fn a_drop_of_which_nothing_came_is_not_refused_unless_it_is_given_up_unseen() {
    let mut newsroom = Newsroom::new();
    let (listed, _) = newsroom.seal(0xcc, b"the proof");
    let folder = newsroom.bundle("stick");
    newsroom.finish(&folder, Vec::new(), vec![listed]);
    newsroom.run("open stick").ends_with(0);
    newsroom.run("refuse cc").ends_with(1).says("--unseen");
    assert!(!refuses(&newsroom, &listed));
    newsroom.run("refuse cc --unseen").ends_with(0);
    assert!(refuses(&newsroom, &listed));
}

#[test]
fn a_false_hash_under_a_true_name_keeps_no_drop_out() {
    let mut newsroom = Newsroom::new();
    let wanted = newsroom.seal(0xaa, b"the proof");
    let folder = newsroom.bundle("stick");
    let poisoned = ListedDrop {
        tree: TreeHash::from_bytes([9; 32]),
        ..wanted.0
    };
    newsroom.finish(&folder, Vec::new(), vec![poisoned]);
    newsroom.run("open stick").ends_with(0);
    newsroom.run("list").says("aaaaaaaa  listed");
    newsroom.run("refuse aa --unseen").ends_with(0);
    newsroom.carry("second", &[wanted]);
    newsroom
        .run("open second --files files")
        .ends_with(0)
        .says("aaaaaaaa is open in");
}

#[test]
fn an_index_of_invented_drops_keeps_no_drop_out_and_is_forgotten_with_its_courier() {
    let mut newsroom = Newsroom::new();
    let wanted = newsroom.seal(0xaa, b"the proof");
    let folder = newsroom.bundle("stick");
    let invented = |number: u32| {
        let mut id = [0xee; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        ListedDrop {
            id: DropId::from_bytes(id),
            ..wanted.0
        }
    };
    newsroom.finish(&folder, Vec::new(), (0..65_536).map(invented).collect());
    newsroom
        .run("open stick")
        .ends_with(0)
        .says("61440 were left out")
        .says("suspect the courier");
    newsroom.carry("second", &[wanted]);
    newsroom
        .run("open second --files files")
        .ends_with(0)
        .says("aaaaaaaa is open in");
    newsroom
        .run("newsroom courier courier.card --remove")
        .ends_with(0)
        .says("is forgotten: 4096 drops");
    let list = newsroom.run("list");
    list.says("aaaaaaaa  opened");
    assert!(!list.has("listed"));
}

#[test]
fn a_date_ahead_makes_no_reply_go_that_was_not_carried() {
    let mut newsroom = crate::replying::with_drops();
    newsroom.run("open stick --files files").ends_with(0);
    write(&newsroom.path("words"), b"Do not go home. They know.");
    let reply = |newsroom: &Newsroom, drop: &str| {
        let reply = format!("reply {drop} --message-file words --yes");
        newsroom.run(&reply).ends_with(0);
    };
    reply(&newsroom, "aa");
    newsroom.run("outbox .").ends_with(0);
    newsroom.date = Day::new(2_900_000).unwrap();
    newsroom.carry("later", &[]);
    newsroom.run("open later").ends_with(0);
    reply(&newsroom, "bb");
    newsroom.run("outbox .").ends_with(0).says("2 replies");
    newsroom
        .run("newsroom courier courier.card --remove")
        .ends_with(0);
    newsroom.run("newsroom courier courier.card").ends_with(0);
    newsroom.date = Day::new(monday().get() + 1).unwrap();
    newsroom.carry("last", &[]);
    newsroom.run("open last --lost").ends_with(0);
    reply(&newsroom, "cc");
    newsroom.run("outbox .").ends_with(0).says("3 replies");
    assert_eq!(crate::replying::read(&newsroom, 1).len(), 2);
}

#[test]
fn a_burn_that_this_machines_clock_does_not_bear_out_is_warned_of() {
    let mut newsroom = Newsroom::new();
    newsroom.date = Day::new(monday().get() + 36).unwrap();
    newsroom.carry("stick", &[]);
    newsroom.run("open stick").ends_with(0);
    newsroom
        .run("epochs burn 2 --yes")
        .ends_with(0)
        .says("If the clock is right, a courier's date is not");
}
