//! Coming back with words: what is shown, what is refused, and what is erased.

use std::fs::File;
use std::process::Stdio;

use getrandom::SysRng;
use knothole_envelope::{
    Codename, Message, PushedReply, SigningSecret, Suite, WayBack, seal_reply,
};
use rand_core::UnwrapErr;

use crate::house::House;
use crate::road::{Fate, Road};
use crate::run::{Desk, Ended};
use crate::terminal::Terminal;
use crate::words::spelled;

const NOTHING: &str = "Nothing is there for you.";

struct Scene {
    house: House,
    road: Road,
    desk: Desk,
    words: String,
    way: WayBack,
}

async fn scene() -> Scene {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    let codename = Codename::from_bytes(*b"come back, words");
    let way = codename.way_back(house.newsroom.address().fingerprint());
    let words = spelled(bip39::Language::Spanish, &codename).join(" ");
    Scene {
        house,
        road,
        desk,
        words,
        way,
    }
}

impl Scene {
    fn sealed(&self, by: &SigningSecret, number: u64, text: &str) -> PushedReply {
        let block = self.way.block();
        let envelope = seal_reply(
            &mut UnwrapErr(SysRng),
            Suite::ChaCha20Poly1305,
            &block.key,
            self.house.newsroom.address().fingerprint(),
            by,
            number,
            &Message::new(text).unwrap(),
        );
        PushedReply {
            mailbox: block.mailbox,
            erase: block.erase,
            envelope: envelope.unwrap(),
        }
    }

    /// The newsroom has answered with these.
    async fn answered(&self, replies: &[(u64, &str)]) {
        let editor = &self.house.newsroom.signing;
        let replies: Vec<_> = replies
            .iter()
            .map(|(number, text)| self.sealed(editor, *number, text))
            .collect();
        self.house.push_replies(&replies).await;
    }

    async fn looks(&self, arguments: &[&str]) -> Ended {
        self.desk
            .run_with_words(&self.words, "replies", arguments)
            .await
    }

    /// Looks, with this as its standard output.
    async fn looks_showing_on(&self, output: Stdio, arguments: &[&str]) -> Ended {
        let mut command = self.desk.open_command("replies");
        command
            .args(arguments)
            .args(["--words-fd", "0"])
            .stdout(output);
        self.desk.with_words(command, &self.words).await
    }
}

/// The places of these in a text, which must be there in this order.
fn in_order(text: &str, signs: &[&str]) {
    let mut from = 0;
    for sign in signs {
        let found = text.get(from..).and_then(|rest| rest.find(sign));
        from += found.unwrap_or_else(|| panic!("{sign:?} is missing or too early in {text}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_are_shown_in_their_order_and_erased_and_those_behind_come_up() {
    let scene = scene().await;
    let texts: Vec<String> = (1..=6)
        .map(|number| format!("words no. {number}"))
        .collect();
    let replies: Vec<(u64, &str)> = (1..).zip(texts.iter().map(String::as_str)).collect();
    scene.answered(&replies).await;
    let ended = scene.looks(&["--erase"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let signs: Vec<&str> = texts.iter().map(String::as_str).collect();
    in_order(&ended.out, &signs);
    assert!(
        ended.out.contains("Reply 6\n  | words no. 6\n"),
        "{ended:?}"
    );
    assert!(!ended.out.contains("not among these"), "{ended:?}");
    let again = scene.looks(&["--erase"]).await;
    assert_eq!(again.code, Some(0));
    assert!(again.out.starts_with(NOTHING), "{again:?}");
    assert_eq!(scene.desk.names(), ["address"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_replies_finds_them_again() {
    let scene = scene().await;
    scene.answered(&[(1, "stay"), (2, "here")]).await;
    for arguments in [&["--keep"][..], &[]] {
        let ended = scene.looks(arguments).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        in_order(&ended.out, &["  | stay", "  | here", "That was all"]);
        assert!(ended.says("stays at the drop-box until it expires"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_words_find_nothing_and_the_program_says_what_that_can_mean() {
    let scene = scene().await;
    scene.answered(&[(1, "not for you")]).await;
    let other = spelled(bip39::Language::Korean, &Codename::from_bytes([3; 16])).join(" ");
    let ended = scene.desk.run_with_words(&other, "replies", &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with(NOTHING) && ended.out.contains("older than 90 days"));
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_missing_among_replies_are_told() {
    let scene = scene().await;
    scene.answered(&[(2, "second"), (6, "sixth")]).await;
    let ended = scene.looks(&["--keep"]).await;
    let signs = [
        "Reply 1 is not",
        "second",
        "Replies 3 to 5 are not",
        "sixth",
    ];
    in_order(&ended.out, &signs);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_of_a_stranger_is_refused_loudly_and_not_shown() {
    let scene = scene().await;
    let stranger = SigningSecret::generate(&mut UnwrapErr(SysRng));
    let false_one = scene.sealed(&stranger, 1, "come to the station");
    scene.house.push_replies(&[false_one]).await;
    let ended = scene.looks(&["--erase"]).await;
    let ended = ended.said(1, "signed by nobody of this newsroom");
    assert!(!ended.out.contains("station"), "{ended:?}");
    scene.answered(&[(1, "stay at home")]).await;
    let ended = scene.looks(&["--erase"]).await;
    let ended = ended.said(4, "ask the newsroom in another way");
    let told = ended.err.matches("is refused and not shown").count();
    assert_eq!(told, 1, "{ended:?}");
    assert!(ended.out.contains("  | stay at home"), "{ended:?}");
    assert!(!ended.out.contains("station"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_newsroom_than_that_of_the_address_is_not_asked_for_replies() {
    let scene = scene().await;
    let other = crate::house::Newsroom::new(-1, 5);
    scene
        .road
        .usually(Fate::Papers(std::sync::Arc::new(other.papers())));
    let ended = scene.looks(&["--keep"]).await;
    ended.said(1, "the fingerprint differs");
    assert_eq!(scene.road.users().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_reply_does_not_act_on_the_terminal_nor_pose_as_the_program() {
    let scene = scene().await;
    let text = "\u{1b}[2J\u{202e}abc\nArrived, and matches.\n\u{9b}1A";
    scene.answered(&[(1, text)]).await;
    let shown = scene.looks(&["--keep"]).await.out;
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{shown}");
    assert!(shown.contains("\n  | Arrived, and matches.\n"), "{shown}");
    let json = scene.looks(&["--keep", "--json"]).await.out;
    assert!(json.is_ascii() && !json.contains('\u{1b}'), "{json}");
    let replies = json
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|event| event["event"] == "reply");
    let replies: Vec<_> = replies.collect();
    assert_eq!(replies.len(), 1, "{json}");
    assert_eq!(replies[0]["text"], text);
    assert_eq!(replies[0]["number"], 1);
    assert_eq!(replies[0]["current_editor"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_look_and_every_erasure_has_a_circuit_of_its_own() {
    let scene = scene().await;
    scene.answered(&[(1, "one")]).await;
    let ended = scene.looks(&["--erase"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // The charter, a look, an erasure, and a look at what waited.
    let mut users = scene.road.users();
    assert_eq!(users.len(), 4);
    users.sort();
    users.dedup();
    assert_eq!(users.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_erases_asks_as_often_whether_or_not_there_was_an_answer() {
    let scene = scene().await;
    let mut before = 0;
    for answers in [&[][..], &[(1, "one"), (2, "two")]] {
        if !answers.is_empty() {
            scene.answered(answers).await;
        }
        let ended = scene.looks(&["--erase"]).await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert_eq!(ended.out.contains("  | two"), !answers.is_empty());
        // The charter, a look, an erasure, and another look.
        let users = scene.road.users().len();
        assert_eq!(users - before, 4);
        before = users;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_breaks_is_tried_again_on_another_circuit() {
    let scene = scene().await;
    scene.answered(&[(1, "patience")]).await;
    scene.road.next(&[Fate::Whole, Fate::Unreachable]);
    let ended = scene.looks(&["--keep"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.says("Trying again") && ended.out.contains("  | patience"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_never_looks_into_a_mailbox() {
    let scene = scene().await;
    scene.answered(&[(1, "not now")]).await;
    scene.desk.file("film.mov", b"film");
    let sent = scene
        .desk
        .run_with_words(&scene.words, "send", &["film.mov"])
        .await;
    let sent = sent.arrived();
    assert!(!sent.says("not now"));
    assert!(scene.house.the_drop().reply == Some(scene.way.block()));
    // The charter and the upload go by one line, and nothing after it.
    assert_eq!(scene.road.users().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_terminal_words_are_asked_for_and_what_was_read_is_erased_when_wanted() {
    let scene = scene().await;
    scene.answered(&[(1, "read me once")]).await;
    let mut terminal = Terminal::start(&scene.desk, "replies", &[]);
    terminal.until("Type your thirteen words.");
    terminal.types(&scene.words.replace(' ', "  "));
    terminal.until("  | read me once");
    terminal.until("Erase at the drop-box");
    terminal.until("[yes/no]: ");
    terminal.types("yes");
    terminal.until("behind these? [yes/no]: ");
    terminal.types("yes");
    terminal.until("Wipe this screen");
    terminal.until("[yes/no]: ");
    terminal.types("yes");
    terminal.until("\u{1b}[H\u{1b}[2J\u{1b}[3J");
    assert_eq!(terminal.code(), Some(0));
    assert!(terminal.can_be_suspended());
    let first = scene.words.split(' ').next().unwrap();
    assert!(!terminal.kept().contains(first));
    assert!(scene.looks(&[]).await.out.starts_with(NOTHING));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_said_before_what_becomes_of_replies_can_wipe_the_screen_too() {
    let scene = scene().await;
    scene.answered(&[(1, "read me twice")]).await;
    for argument in ["--keep", "--erase"] {
        let mut terminal = Terminal::start(&scene.desk, "replies", &[argument]);
        terminal.until("Type your thirteen words.");
        terminal.types(&scene.words);
        terminal.until("  | read me twice");
        terminal.until("Wipe this screen");
        terminal.until("[yes/no]: ");
        terminal.types("yes");
        terminal.until("\u{1b}[H\u{1b}[2J\u{1b}[3J");
        assert_eq!(terminal.code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_words_come_by_a_descriptor_only() {
    let scene = scene().await;
    let ended = scene.desk.run("replies", &[]).await;
    ended.said(2, "give them with --words-fd");
    assert!(scene.road.users().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_shown_is_not_erased() {
    let scene = scene().await;
    scene.answered(&[(1, "meet me at noon")]).await;
    for arguments in [&["--erase"][..], &["--erase", "--json"]] {
        // A disk without room, a pipe whose reader is gone, and what a closed output becomes.
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (gone, pipe) = std::io::pipe().unwrap();
        drop(gone);
        for shown_on in [Stdio::from(full), Stdio::from(pipe), Stdio::null()] {
            let ended = scene.looks_showing_on(shown_on, arguments).await;
            assert_eq!(ended.code, Some(3), "{ended:?}");
        }
    }
    let quiet = File::options().write(true).open("/dev/full").unwrap();
    let ended = scene
        .looks_showing_on(quiet.into(), &["--erase", "--quiet"])
        .await;
    ended.said(3, "Nothing was erased that was not shown");
    let again = scene.looks(&["--erase"]).await;
    assert!(again.out.contains("  | meet me at noon"), "{again:?}");
}
