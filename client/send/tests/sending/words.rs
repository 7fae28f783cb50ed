//! Words: made, shown once, typed back, and what the newsroom gets of them.

use bip39::{Language, Mnemonic};
use knothole_envelope::{Codename, ReplyBlock};

use crate::house::House;
use crate::road::{Fate, Road};
use crate::run::{Desk, finished};
use crate::terminal::Terminal;

struct Scene {
    house: House,
    road: Road,
    desk: Desk,
}

async fn scene() -> Scene {
    let house = House::new().await;
    let road = Road::to(house.port().await, &[]).await;
    let desk = Desk::new(&house.newsroom, &road);
    desk.file("film.mov", b"film");
    desk.file("words", b"from the desk");
    Scene { house, road, desk }
}

const ARGUMENTS: [&str; 3] = ["film.mov", "--message-file", "words"];

/// The words of a codename, spelled by the standard and FORMAT.md.
pub fn spelled(language: Language, codename: &Codename) -> Vec<&'static str> {
    let twelve = Mnemonic::from_entropy_in(language, codename.expose()).unwrap();
    let check = language.word_list()[usize::from(codename.check_word())];
    twelve.words().chain([check]).collect()
}

fn codename_of(words: &[String]) -> Codename {
    let twelve = Mnemonic::parse_in_normalized(Language::English, &words[..12].join(" "));
    let codename = Codename::from_bytes(twelve.unwrap().to_entropy().try_into().unwrap());
    assert_eq!(spelled(Language::English, &codename)[12], words[12]);
    codename
}

impl Scene {
    fn block(&self, codename: &Codename) -> ReplyBlock {
        codename
            .way_back(self.house.newsroom.address().fingerprint())
            .block()
    }

    /// Begins to send at a terminal, and has new English words made.
    fn making(&self) -> Terminal {
        let mut terminal = Terminal::start(&self.desk, "send", &ARGUMENTS);
        terminal.until("1, 2 or 3: ");
        terminal.types("1");
        terminal.until("Enter for English: ");
        terminal.types("");
        terminal
    }
}

/// The words that stand on the screen now.
fn shown(terminal: &mut Terminal) -> Vec<String> {
    terminal.until("These are your words.");
    let shown = terminal.until("Press Enter when they are on paper.");
    let numbered = shown.lines().filter_map(|line| {
        let (number, word) = line.trim().split_once("  ")?;
        number.parse::<u8>().ok().map(|_| word.trim().to_owned())
    });
    let words: Vec<String> = numbered.collect();
    assert_eq!(words.len(), 13, "{shown}");
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn new_words_are_shown_once_typed_back_and_gone_from_the_screen() {
    let scene = scene().await;
    let mut terminal = scene.making();
    let words = shown(&mut terminal);
    terminal.types("");
    terminal.until("Type all thirteen words");
    let mut slip = words.clone();
    slip[3] = "xqzxqz".to_owned();
    terminal.types(&slip.join(" "));
    terminal.until("in place 4, \"xqzxqz\"");
    terminal.until("Type all thirteen words");
    terminal.types("");
    assert_eq!(shown(&mut terminal), words);
    terminal.types("");
    terminal.until("Type all thirteen words");
    terminal.types(&words[..5].join(" "));
    terminal.until("5 of 13. Go on: ");
    terminal.types(&words[5..12].join(", "));
    terminal.until("The thirteenth: ");
    terminal.types(&words[12].to_uppercase());
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    let kept = terminal.kept();
    assert!(kept.contains("The newsroom can answer."), "{kept}");
    assert!(!kept.contains("no way back"), "{kept}");
    let line = words.join(" ");
    assert!(terminal.all.contains(&words[0]));
    for pair in words.windows(2) {
        assert!(!kept.contains(&pair.join(" ")), "{kept}");
    }
    assert!(!kept.contains(&line) && !kept.contains("xqzxqz"));
    let reply = scene.house.the_drop().reply;
    assert!(reply == Some(scene.block(&codename_of(&words))));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_typed_wrong_three_times_do_not_count_and_nothing_is_sent() {
    let scene = scene().await;
    let mut terminal = scene.making();
    let words = shown(&mut terminal);
    terminal.types("");
    let other = spelled(Language::English, &Codename::from_bytes([9; 16])).join(" ");
    for wrong in [other, words[..12].join(" "), words.join(" ")] {
        terminal.until("Type all thirteen words");
        // Twelve words go on to the thirteenth, and that is not right either.
        let twelve = wrong.split(' ').count() == 12;
        let all = wrong == words.join(" ");
        terminal.types(if all { "one two" } else { &wrong });
        if twelve {
            terminal.until("The thirteenth: ");
            terminal.types("xqzxqz");
        }
        if all {
            terminal.until("2 of 13. Go on: ");
            terminal.types("");
        }
    }
    terminal.until("The words were not typed as they were shown");
    assert_eq!(terminal.code(), Some(2));
    assert!(!terminal.kept().contains(&words.join(" ")));
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_interrupted_while_words_are_shown_leaves_none_on_the_screen() {
    let scene = scene().await;
    let mut terminal = scene.making();
    let words = shown(&mut terminal);
    terminal.interrupts();
    assert_eq!(terminal.code(), Some(3));
    assert!(!terminal.kept().contains(&words[0]));
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_quit_or_suspend_leave_no_words_on_the_screen() {
    let scene = scene().await;
    let mut terminal = scene.making();
    let words = shown(&mut terminal);
    assert!(!terminal.can_be_suspended());
    terminal.quits();
    assert_eq!(terminal.code(), Some(3));
    assert!(terminal.can_be_suspended());
    assert!(!terminal.kept().contains(&words[0]));
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_typed_is_sent_and_does_not_stay_on_the_screen() {
    let scene = scene().await;
    let mut terminal = Terminal::start(&scene.desk, "send", &["film.mov", "--no-reply"]);
    terminal.until("press Ctrl-D now.");
    terminal.types("they pour it into the river");
    terminal.types("every night");
    terminal.ends_the_input();
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    assert!(!terminal.kept().contains("river"));
    let message = scene.house.the_drop().message;
    assert_eq!(message, "they pour it into the river\nevery night");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_interrupted_while_writing_a_message_is_let_go() {
    let scene = scene().await;
    for key in [Terminal::interrupts, Terminal::quits] {
        let mut terminal = Terminal::start(&scene.desk, "send", &["film.mov", "--no-reply"]);
        terminal.until("press Ctrl-D now.");
        terminal.types("my name is");
        terminal.until("my name is");
        key(&mut terminal);
        assert_eq!(terminal.code(), Some(3));
        assert!(!terminal.kept().contains("my name is"));
    }
    assert!(scene.house.opened().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_drop_is_a_choice_at_the_terminal() {
    let scene = scene().await;
    let mut terminal = Terminal::start(&scene.desk, "send", &ARGUMENTS);
    terminal.until("1, 2 or 3: ");
    terminal.types("later");
    terminal.until("1, 2 or 3: ");
    terminal.types("3");
    terminal.until("There is no way back");
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    assert_eq!(scene.house.the_drop().reply, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_an_earlier_drop_lead_to_the_same_mailbox() {
    let scene = scene().await;
    let codename = Codename::from_bytes(*b"an earlier drop!");
    let words = spelled(Language::Japanese, &codename);
    let mut terminal = Terminal::start(&scene.desk, "send", &ARGUMENTS);
    terminal.until("1, 2 or 3: ");
    terminal.types("2");
    terminal.until("Enter alone goes back.");
    let mut swapped = words.clone();
    swapped.swap(1, 2);
    terminal.types(&swapped.join("\u{3000}"));
    terminal.until("stood in another");
    terminal.until("Enter alone goes back.");
    terminal.types(&words.join("\u{3000}"));
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    assert!(!terminal.kept().contains(words[0]));
    let reply = scene.house.the_drop().reply;
    assert!(reply == Some(scene.block(&codename)));
}

#[tokio::test(flavor = "multi_thread")]
async fn new_words_come_in_the_language_of_the_source() {
    let scene = scene().await;
    let arguments = [&ARGUMENTS[..], &["--words-language", "czech"]].concat();
    let mut terminal = Terminal::start(&scene.desk, "send", &arguments);
    let words = shown(&mut terminal);
    let czech = Language::Czech.word_list();
    assert!(words.iter().all(|word| czech.contains(&word.as_str())));
    terminal.types("");
    terminal.until("Type all thirteen words");
    terminal.types(&words.join(" "));
    terminal.until("Arrived, and matches.");
    assert_eq!(terminal.code(), Some(0));
    assert!(scene.house.the_drop().reply.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn words_from_a_descriptor_are_those_of_one_conversation() {
    let scene = scene().await;
    let codename = Codename::from_bytes(*b"one conversation");
    let french = spelled(Language::French, &codename).join("\n");
    let sent = scene.desk.run_with_words(&french, "send", &ARGUMENTS).await;
    sent.arrived();
    let reply = scene.house.the_drop().reply;
    assert!(reply == Some(scene.block(&codename)));
    let arguments = ["film.mov", "--out", "later"];
    let sealed = scene.desk.run_with_words(&french, "seal", &arguments).await;
    assert_eq!(sealed.code, Some(0), "{sealed:?}");
    let sealed = std::fs::read(scene.desk.path("later")).unwrap();
    let reply = scene.house.newsroom.open(&sealed).reply;
    assert!(reply == Some(scene.block(&codename)));
    let again = scene.desk.run_with_words(&french, "send", &["later"]).await;
    again.said(2, "cannot take words any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_a_way_back_is_never_left_out_unsaid() {
    let scene = scene().await;
    for (command, arguments) in [
        ("send", &["film.mov", "words"][..]),
        ("seal", &["film.mov", "--out", "later"]),
    ] {
        let mut command = scene.desk.open_command(command);
        let ended = finished(command.args(arguments).spawn().unwrap()).await;
        ended.said(2, "say --no-reply");
    }
    // Before anything was asked of the network.
    assert!(scene.road.users().is_empty());
    let mut command = scene.desk.open_command("send");
    let ended = finished(command.arg("film.mov").spawn().unwrap()).await;
    ended.said(2, "say --no-reply");
    assert!(scene.house.opened().is_empty());
    assert_eq!(scene.desk.names(), ["address", "film.mov", "words"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slip_in_words_from_a_descriptor_is_named_before_anything_is_asked() {
    let scene = scene().await;
    let codename = Codename::from_bytes(*b"one conversation");
    let mut words = spelled(Language::English, &codename);
    let meant = std::mem::replace(&mut words[6], "xqzxqz");
    for command in ["send", "replies"] {
        let arguments = if command == "send" {
            &ARGUMENTS[..]
        } else {
            &[]
        };
        let ended = scene
            .desk
            .run_with_words(&words.join(" "), command, arguments)
            .await;
        let ended = ended.said(2, "The word in place 7, \"xqzxqz\"");
        assert!(ended.says(meant), "{ended:?}");
    }
    assert!(scene.road.users().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_upload_keeps_its_way_back_and_takes_no_other() {
    let scene = scene().await;
    scene
        .desk
        .file("film.mov", &crate::run::noise(6_000_000, 5));
    scene.desk.file("pass", b"open sesame");
    let codename = Codename::from_bytes(*b"one conversation");
    let words = spelled(Language::English, &codename).join(" ");
    let other = spelled(Language::English, &Codename::from_bytes([1; 16])).join(" ");
    // The passphrase comes by a descriptor of its own, which a shell opens.
    let begin = async |words: &str| {
        let (folder, needed) = scene.desk.terminal_arguments();
        let program = env!("CARGO_BIN_EXE_knothole-send");
        let line = format!(
            "exec {program} send film.mov {} --resume kept --passphrase-fd 3 --words-fd 4 3<pass 4<<'.'\n{words}\n.\n",
            needed.join(" ")
        );
        let mut command = tokio::process::Command::new("sh");
        command.args(["-c", &line]).current_dir(folder);
        command
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true);
        command.spawn().unwrap()
    };
    scene.road.next(&[Fate::Greets, Fate::CutAfter(4_500_000)]);
    scene.road.usually(Fate::Mute);
    let mut child = begin(&words).await;
    scene.road.ended(2).await;
    child.kill().await.unwrap();
    scene.road.usually(Fate::Whole);
    let refused = finished(begin(&other).await).await;
    refused.said(2, "the resume file is that of another drop");
    finished(begin(&words).await).await.arrived();
    let reply = scene.house.the_drop().reply;
    assert!(reply == Some(scene.block(&codename)));
}
