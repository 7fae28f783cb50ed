//! Files that say something about the source.

use std::path::Path;

use tokio::process::Child;

use crate::house::House;
use crate::road::{Fate, Road};
use crate::run::{Desk, noise};
use crate::terminal::Terminal;

/// A small file that says a lot.
fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inspect/tests/samples");
    std::fs::read(folder.join(name)).unwrap()
}

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes
        .windows(what.len())
        .any(|window| window == what.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_told_what_a_photograph_says_and_it_goes_as_it_is() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("holiday.jpg", &sample("phone.jpg"));
    let ended = desk.send(&["holiday.jpg"]).await.arrived();
    for words in [
        "\"holiday.jpg\": a photograph or picture (jpeg). it says:",
        "where it was made: 48.85840 n, 2.29450 e",
        "apple iphone 12",
    ] {
        assert!(ended.says(words), "{words}: {ended:?}");
    }
    assert!(house.the_drop().files[0].1 == sample("phone.jpg"));
}

#[tokio::test(flavor = "multi_thread")]
async fn cleaned_copies_arrive_and_nothing_is_left_on_the_disk() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    for (name, from) in [
        ("a.jpg", "phone.jpg"),
        ("b.png", "screen.png"),
        ("c.mp4", "udta.mp4"),
    ] {
        desk.file(name, &sample(from));
    }
    desk.file("d.txt", b"what I saw");
    desk.file("e", b"");
    let names = ["a.jpg", "b.png", "c.mp4", "d.txt", "e"];
    let arguments = [names.as_slice(), &["--clean"]].concat();
    let ended = desk.send(&arguments).await.arrived();
    assert!(
        ended.says("\"a.jpg\" is sealed as a copy without that. The picture is the same."),
        "{ended:?}"
    );
    assert!(!ended.says("cannot clean") && !ended.says("cannot be cleaned"));
    let drop = house.the_drop();
    let [photograph, screen, film, text, _] = drop.files.as_slice() else {
        panic!("{ended:?}");
    };
    for (file, word) in [
        (photograph, "Apple"),
        (screen, "Example"),
        (film, "Handler"),
    ] {
        assert!(!file.1.is_empty() && !holds(&file.1, word), "{word}");
    }
    assert_eq!(film.1.len(), sample("udta.mp4").len());
    assert_eq!(text.1, b"what I saw");
    assert_eq!(
        desk.names(),
        ["a.jpg", "address", "b.png", "c.mp4", "d.txt", "e"]
    );
    assert!(std::fs::read(desk.path("a.jpg")).unwrap() == sample("phone.jpg"));
}

/// Files of which no copy without can be made: a document, a telephone's photograph, and a film that
/// was recorded in pieces.
fn lay_down_what_stays(desk: &Desk) {
    desk.file("d.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 by somebody");
    desk.file("e.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    let film = [
        sample("udta.mp4"),
        b"\0\0\0\x09mdat1\0\0\0\x08moof".to_vec(),
    ]
    .concat();
    desk.file("f.mp4", &film);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_cleaned_is_not_sealed_where_nobody_can_be_asked() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    lay_down_what_stays(&desk);
    desk.file("a.jpg", &sample("phone.jpg"));
    for more in [&[][..], &["--quiet"], &["--json"]] {
        for name in ["d.doc", "e.heic", "f.mp4"] {
            let arguments = [&["a.jpg", name, "--clean"][..], more].concat();
            let ended = desk.send(&arguments).await;
            assert_eq!(ended.code, Some(1), "{ended:?}");
            let told = [ended.out.as_str(), ended.err.as_str()].concat();
            assert!(told.contains(name) && told.contains("say --keep"), "{told}");
        }
    }
    let ended = desk.send(&["d.doc", "a.jpg", "e.heic", "--clean"]).await;
    let ended = ended.said(1, "cannot clean \"d.doc\", \"e.heic\". Nothing was sealed.");
    assert!(ended.says("  It can be cleaned.") && ended.says("  This program cannot clean it."));
    assert!(house.opened().is_empty());
    desk.send(&["a.jpg", "d.doc", "--keep"]).await.arrived();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_who_wants_clean_copies_is_asked_again_about_what_stays() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    lay_down_what_stays(&desk);
    desk.file("a.jpg", &sample("phone.jpg"));
    desk.file("words", b"from the desk");
    let asked = |clean: bool| {
        let arguments = ["a.jpg", "d.doc", "--message-file", "words", "--no-reply"];
        let said = if clean { &["--clean"][..] } else { &[] };
        let arguments = [arguments.as_slice(), said].concat();
        let mut terminal = Terminal::start(&desk, "send", &arguments);
        terminal.until("It can be cleaned.");
        terminal.until("This program cannot clean it.");
        if !clean {
            terminal.until("[keep/clean/stop]: ");
            terminal.types("clean");
        }
        terminal.until("This program cannot clean \"d.doc\".");
        terminal.until("[keep/stop]: ");
        terminal
    };
    let mut terminal = asked(true);
    // That was no answer to this question.
    terminal.types("clean");
    terminal.until("[keep/stop]: ");
    terminal.types("stop");
    assert_eq!(terminal.code(), Some(3));
    let mut terminal = asked(false);
    terminal.types("stop");
    assert_eq!(terminal.code(), Some(3));
    assert!(house.opened().is_empty());
    let mut terminal = asked(true);
    terminal.types("keep");
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    let drop = house.the_drop();
    assert!(!holds(&drop.files[0].1, "Apple") && holds(&drop.files[1].1, "somebody"));
}

/// A photograph of many units: its coded picture goes on and on.
fn long_photograph() -> Vec<u8> {
    let sample = sample("phone.jpg");
    let (front, end) = sample.split_at(sample.len() - 2);
    let middle: Vec<u8> = noise(24_000_000, 5)
        .into_iter()
        .map(|byte| byte & 0x7f)
        .collect();
    [front, &middle, end].concat()
}

/// Sends with a resume file under this name.
fn begin(desk: &Desk, arguments: &[&str]) -> Child {
    desk.file("secret", b"open sesame\n");
    desk.command("send")
        .args(arguments)
        .args(["--resume", "kept", "--passphrase-fd", "0"])
        .stdin(std::fs::File::open(desk.path("secret")).unwrap())
        .spawn()
        .unwrap()
}

/// Sends so until a third of it has gone, and is killed.
async fn begin_and_be_killed(desk: &Desk, road: &Road, arguments: &[&str]) {
    road.next(&[Fate::Greets, Fate::CutAfter(8_000_000)]);
    road.usually(Fate::Mute);
    let ended = road.endings() + 2;
    let mut child = begin(desk, arguments);
    road.ended(ended).await;
    child.kill().await.unwrap();
    road.usually(Fate::Whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cleaned_upload_goes_on_after_its_program_was_killed() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    let photograph = long_photograph();
    desk.file("long.jpg", &photograph);
    let arguments = ["long.jpg", "--clean"];
    begin_and_be_killed(&desk, &road, &arguments).await;
    let ended = crate::run::finished(begin(&desk, &arguments)).await;
    let ended = ended.arrived();
    assert!(ended.says("Going on"), "{ended:?}");
    assert!(!ended.says("Beginning anew"), "{ended:?}");
    let drop = house.the_drop();
    assert!(!holds(&drop.files[0].1, "Apple"));
    let same = 24_000_000;
    let (sent, had) = (&drop.files[0].1, &photograph);
    assert!(sent[sent.len() - same..] == had[had.len() - same..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_between_two_runs_is_looked_at_again() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("a", &[b'a'; 24_000_000]);
    begin_and_be_killed(&desk, &road, &["a"]).await;
    desk.file("a", &sample("phone.jpg"));
    // Even if nobody wanted that of the file that was there before.
    let ended = crate::run::finished(begin(&desk, &["a", "--clean"])).await;
    let ended = ended.arrived();
    assert!(ended.says("Beginning anew"), "{ended:?}");
    assert!(ended.says("where it was made: 48.85840 n"), "{ended:?}");
    assert!(!holds(&house.the_drop().files[0].1, "Apple"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_is_told_what_files_say_as_events() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("holiday.jpg", &sample("phone.jpg"));
    desk.file("what", b"\0\x01\x02");
    let ended = desk.send(&["holiday.jpg", "what", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let events: Vec<&str> = ended
        .out
        .lines()
        .filter(|line| line.contains("\"event\":\"file\""))
        .collect();
    assert_eq!(events.len(), 2, "{ended:?}");
    assert!(events[0].contains("\"can_be_cleaned\":true") && events[0].contains("iPhone 12"));
    assert!(events[1].contains("this program cannot tell what this file carries"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_at_a_terminal_is_asked_and_can_clean_stop_or_go_away() {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("holiday.jpg", &sample("phone.jpg"));
    desk.file("words", b"from the desk");
    let asked = || {
        let arguments = ["holiday.jpg", "--message-file", "words", "--no-reply"];
        let mut terminal = Terminal::start(&desk, "send", &arguments);
        terminal.until("with which device: Apple iPhone 12");
        terminal.until("[keep/clean/stop]: ");
        terminal
    };
    let mut terminal = asked();
    terminal.types("stop");
    assert_eq!(terminal.code(), Some(3));
    let mut terminal = asked();
    terminal.interrupts();
    assert_eq!(terminal.code(), Some(3));
    assert!(house.opened().is_empty());
    let mut terminal = asked();
    terminal.types("yes");
    terminal.until("[keep/clean/stop]: ");
    terminal.types("Clean");
    terminal.until("is sealed as a copy without that");
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    assert!(!holds(&house.the_drop().files[0].1, "Apple"));
}
