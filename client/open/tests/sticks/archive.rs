//! What comes from sticks, what goes back on them, and what is burned.

use std::fs;
use std::path::Path;

use knothole_envelope::{
    CharterChain, Day, EpochNumber, EpochSecret, EraseHash, MailboxAddress, PushedReply, Receipt,
    ReplyBlock, Sheet, Signed, open_reply,
};

use crate::newsroom::{MESSAGE, Newsroom, monday, write};
use crate::{BODY, holders, newsroom, record, with_both, with_keys};

/// A newsroom with two drops on the stick `stick`.
fn with_bundle() -> Newsroom {
    let mut newsroom = newsroom();
    let drops = [newsroom.seal(0xaa, BODY), newsroom.seal(0xbb, BODY)];
    newsroom.carry("stick", &drops);
    newsroom
}

/// The folders of opened drops beneath `files`; what has its name in them is whole.
fn opened_whole(at: &Path) -> usize {
    let Ok(folders) = fs::read_dir(at.join("files")) else {
        return 0;
    };
    let mut whole = 0;
    for folder in folders {
        let folder = folder.unwrap().path();
        for (name, wanted) in [("1.mov", BODY), ("message.txt", MESSAGE.as_bytes())] {
            if let Ok(bytes) = fs::read(folder.join(name)) {
                assert_eq!(bytes, wanted, "{}", folder.display());
                whole += usize::from(name == "1.mov");
            }
        }
    }
    whole
}

fn both_open_in_the_end(at: &Path) {
    opened_whole(at);
    with_both(at, "open stick --files files").ends_with(0);
    assert!(opened_whole(at) >= 2);
    // What lies sealed in the archive is whole as well.
    with_both(at, "export bb --to out").ends_with(0);
    assert_eq!(fs::read(at.join("out/bbbbbbbb/1.mov")).unwrap(), BODY);
}

#[test]
fn what_a_stick_brings_is_opened_whole_wherever_that_was_cut_off() {
    let newsroom = with_bundle();
    fs::create_dir(newsroom.path("out")).unwrap();
    let case = with_keys(newsroom.folder.path(), "open stick --files files");
    case.kill_everywhere(|at, _| both_open_in_the_end(at));
    case.pull_everywhere("stick", |at, step, said| {
        assert!(!said || opened_whole(at) == 2, "{step}");
        both_open_in_the_end(at);
    });
}

/// Drops are sealed to epoch 2, which ends 13 days after the first Monday; its list closes 23 later.
const CLOSES: u32 = 36;

/// The burned epochs of which an outbox of now tells the server.
fn told_burned(at: &Path, newsroom: &Newsroom) -> bool {
    let apart = tempfile::tempdir_in("/dev/shm").unwrap();
    crate::copy(&at.join("."), apart.path());
    with_both(apart.path(), "outbox .").ends_with(0);
    let bytes = fs::read(apart.path().join("knothole-outbox/receipts")).unwrap();
    let receipts = Signed::<Receipt>::decode_list(&bytes, 100).unwrap();
    let burned = Receipt::Burned {
        epoch: EpochNumber::new(2).unwrap(),
    };
    let mut verified = receipts
        .iter()
        .map(|one| one.verify(&newsroom.chain).unwrap());
    verified.any(|receipt| receipt == burned)
}

/// After a cut and the same command, keys are nowhere, and those of other epochs are where they were.
fn burned_in_the_end(at: &Path, newsroom: &Newsroom, secrets: &[Vec<u8>; 2]) {
    if told_burned(at, newsroom) {
        for secret in secrets {
            assert_eq!(
                holders(at, secret),
                [""; 0],
                "no receipt goes before the keys"
            );
        }
    }
    with_both(at, "epochs burn 2 --yes").ends_with(0);
    for secret in secrets {
        assert_eq!(holders(at, secret), [""; 0]);
    }
    assert!(told_burned(at, newsroom));
    assert_eq!(fs::read_dir(at.join("archive/drops")).unwrap().count(), 0);
    for rest in [".v1.new", ".v1.old", ".v2.new", ".v2.old"] {
        assert!(!at.join(rest).exists(), "{rest}");
    }
}

#[test]
fn burned_keys_are_nowhere_and_told_only_then_wherever_burning_was_cut_off() {
    let mut newsroom = with_bundle();
    newsroom.run("open stick --files files").ends_with(0);
    newsroom.date = Day::new(monday().get() + CLOSES).unwrap();
    newsroom.carry("later", &[]);
    newsroom.run("open later").ends_with(0);
    let at = newsroom.folder.path().to_owned();
    let secrets = ["v1", "v2"].map(|vault| record(&at.join(vault)));
    let case = with_keys(&at, "epochs burn 2 --yes");
    case.kill_everywhere(|at, _| burned_in_the_end(at, &newsroom, &secrets));
    // The vaults lie beside the archive: all of it is on the medium that fails.
    case.pull_everywhere("archive", |at, _, said| {
        assert!(!said || told_burned(at, &newsroom));
        burned_in_the_end(at, &newsroom, &secrets);
    });
    case.pull_everywhere("v2", |at, _, _| burned_in_the_end(at, &newsroom, &secrets));
}

fn source() -> EpochSecret {
    EpochSecret::from_bytes([7; 32])
}

/// A newsroom that has opened a drop whose source can be answered; the words are in `words`.
fn with_source() -> Newsroom {
    let mut newsroom = newsroom();
    newsroom.way_back = Some(ReplyBlock {
        key: source().recipient_key(),
        mailbox: MailboxAddress::from_bytes([7; 32]),
        erase: EraseHash::from_bytes([7; 32]),
    });
    let drop = newsroom.seal(0xaa, BODY);
    newsroom.carry("stick", &[drop]);
    newsroom.run("open stick --files files").ends_with(0);
    write(&newsroom.path("words"), b"the answer");
    newsroom
}

/// The numbers of the replies in the outbox on this stick. Each of them opens.
fn replies(stick: &Path, newsroom: &Newsroom) -> Vec<u64> {
    let bytes = fs::read(stick.join("knothole-outbox/replies")).unwrap();
    let replies = PushedReply::decode_list(&bytes, 64).unwrap();
    let opened = replies.iter().map(|reply| {
        let reply = open_reply(reply.envelope.as_slice(), &source(), &newsroom.chain).unwrap();
        assert_eq!(reply.message().as_str(), "the answer");
        reply.number()
    });
    opened.collect()
}

#[test]
fn a_reply_takes_one_number_and_leaves_whole_wherever_it_was_cut_off() {
    let newsroom = with_source();
    let line = "reply aa --message-file words --yes";
    let case = with_keys(newsroom.folder.path(), line);
    let then = |at: &Path, step: &crate::cut::Step| {
        with_both(at, line).ends_with(0);
        with_both(at, "outbox .").ends_with(0);
        let replies = replies(at, &newsroom);
        // The first one was kept, or it was not.
        assert!(replies == [1] || replies == [1, 2], "{step}: {replies:?}");
    };
    case.kill_everywhere(then);
    case.pull_everywhere("archive", |at, step, _| then(at, step));
}

/// Every file of an outbox that has its name is whole, and may be believed.
fn outbox_is_sound(stick: &Path, newsroom: &Newsroom) {
    let outbox = stick.join("knothole-outbox");
    if let Ok(chain) = fs::read(outbox.join("charter")) {
        let chain = CharterChain::decode(&chain).unwrap();
        chain.verify(newsroom.chain.fingerprint()).unwrap();
    }
    if let Ok(receipts) = fs::read(outbox.join("receipts")) {
        let receipts = Signed::<Receipt>::decode_list(&receipts, 100).unwrap();
        assert!(
            receipts
                .iter()
                .all(|one| one.verify(&newsroom.chain).is_ok())
        );
    }
    if outbox.join("replies").exists() {
        replies(stick, newsroom);
    }
    for sheet in fs::read_dir(outbox.join("sheets")).into_iter().flatten() {
        let sheet = sheet.unwrap().path();
        if sheet
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with('.')
        {
            continue;
        }
        let sheet = Signed::<Sheet>::decode(&fs::read(sheet).unwrap()).unwrap();
        sheet.verify(&newsroom.chain).unwrap();
    }
}

fn outbox_is_complete(stick: &Path, newsroom: &Newsroom) {
    outbox_is_sound(stick, newsroom);
    assert_eq!(replies(stick, newsroom), [1]);
    let outbox = stick.join("knothole-outbox");
    let receipts = fs::read(outbox.join("receipts")).unwrap();
    let receipts = Signed::<Receipt>::decode_list(&receipts, 100).unwrap();
    assert_eq!(receipts.len(), 1);
    let mut sheets: Vec<_> = fs::read_dir(outbox.join("sheets"))
        .unwrap()
        .map(|sheet| sheet.unwrap().file_name().into_string().unwrap())
        .collect();
    sheets.sort_unstable();
    assert_eq!(sheets, ["1", "2", "3"]);
}

#[test]
fn an_outbox_is_sound_wherever_laying_it_was_cut_off_and_complete_the_next_time() {
    let newsroom = with_source();
    fs::create_dir(newsroom.path("carry")).unwrap();
    newsroom.run("outbox carry").ends_with(0);
    newsroom
        .run("reply aa --message-file words --yes")
        .ends_with(0);
    let case = with_keys(newsroom.folder.path(), "outbox carry");
    let then = |at: &Path| {
        outbox_is_sound(&at.join("carry"), &newsroom);
        with_both(at, "outbox carry").ends_with(0);
        outbox_is_complete(&at.join("carry"), &newsroom);
    };
    case.kill_everywhere(|at, _| then(at));
    case.pull_everywhere("carry", |at, _, said| {
        if said {
            outbox_is_complete(&at.join("carry"), &newsroom);
        }
        then(at);
    });
}
