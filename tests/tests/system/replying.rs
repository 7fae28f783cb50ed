//! A source and the newsroom talk.

use knothole_tests::{Said, finish};

use super::house::House;
use super::stage::Stage;

/// The words of an answer.
fn words(number: u32) -> String {
    format!("{number}: please send the second half.")
}

/// Has the newsroom answer the source of a drop.
fn answer(house: &House, drop: &str, number: u32) {
    let path = house.folder(&format!("answer-{number}"));
    std::fs::write(&path, words(number)).unwrap();
    let path = path.to_str().unwrap();
    let reply = ["reply", drop, "--message-file", path, "--yes"];
    let said = house.newsroom.with_archive(&reply, &[0]).unwrap();
    said.done().unwrap();
}

/// The replies that the source was shown, in their order.
fn shown(said: &Said) -> Vec<u32> {
    let replies = said.out.lines().filter(|line| line.contains("\"reply\""));
    replies
        .map(|line| {
            let number = (1..=9).find(|number| line.contains(&format!("\"number\":{number}")));
            let number = number.unwrap();
            assert!(line.contains(&words(number)), "{line}");
            assert!(line.contains("\"current_editor\":true"), "{line}");
            number
        })
        .collect()
}

#[test]
fn a_source_comes_back_with_words_alone_and_reads_what_the_newsroom_answered() {
    let stage = Stage::get();
    let house = House::open(stage, "replying", 1, 1);
    let way = stage.arti_way();
    for name in ["one.mov", "two.mov"] {
        let file = house.file(name, 100_000);
        let said = finish(&mut house.sending_with_words(&file, &way)).unwrap();
        said.done().unwrap();
    }
    house.wait_for_drops(2);
    house.fetch_and_open(&[0]);
    // Offline only, both drops are one conversation.
    let list = house.newsroom.with_archive(&["list"], &[0]).unwrap();
    let list = list.done().unwrap();
    assert!(
        list.contains("conversation 1: 2 drops, 0 replies"),
        "{list}"
    );
    let drops: Vec<&str> = list
        .lines()
        .filter_map(|line| line.split_once("  ").map(|(drop, _)| drop))
        .take(2)
        .collect();
    for number in 1..=6 {
        answer(&house, drops[usize::try_from(number % 2).unwrap()], number);
    }
    house.carry_back(&[0]);
    // Four are seen at a time, the oldest first, and they stay until they are erased.
    let said = finish(house.collecting(&way).arg("--keep")).unwrap();
    assert_eq!(shown(&said), [1, 2, 3, 4], "{said:?}");
    let said = finish(house.collecting(&way).arg("--erase")).unwrap();
    assert_eq!(shown(&said), [1, 2, 3, 4, 5, 6], "{said:?}");
    // Another outbox with the same replies brings back none of them.
    house.carry_back(&[0]);
    let said = finish(house.collecting(&way).arg("--keep")).unwrap();
    assert!(shown(&said).is_empty(), "{said:?}");
}
