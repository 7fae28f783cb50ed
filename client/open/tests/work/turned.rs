//! What a courier that was turned can do to the newsroom, and what it cannot.

use knothole_envelope::{Day, ListedDrop, Receipt};

use crate::newsroom::{Newsroom, monday};

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
