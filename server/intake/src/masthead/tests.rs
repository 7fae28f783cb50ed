//! What may be said of a newsroom, at each bound and one past it.

use data_encoding::HEXLOWER;
use http_body_util::BodyExt as _;
use knothole_envelope::unframe;

use super::*;

const FORMAT: &str = include_str!("../../../../FORMAT.md");

fn longest() -> Masthead {
    let address = format!("https://a.example/{}", "a".repeat(MOST_ADDRESS_BYTES - 18));
    Masthead {
        name: NewsroomName::new(&"n".repeat(MOST_NEWSROOM_NAME_BYTES)).unwrap(),
        words: NewsroomWords::new(&"w".repeat(MOST_NEWSROOM_WORDS_BYTES)).unwrap(),
        leave_to: LeaveTo::new(&address).unwrap(),
    }
}

async fn body(answer: Answer) -> Vec<u8> {
    let body = answer.into_body().collect().await.unwrap();
    body.to_bytes().to_vec()
}

#[test]
fn the_example_of_the_format_is_what_is_sent() {
    let masthead = Masthead {
        name: NewsroomName::new("The Example").unwrap(),
        words: NewsroomWords::new("Write to us.\nعرّفنا").unwrap(),
        leave_to: LeaveTo::default(),
    };
    let (_, example) = FORMAT.split_once("```example newsroom\n").unwrap();
    let (example, _) = example.split_once("\n```").unwrap();
    let (_, example) = example.split_once("encoded:").unwrap();
    let digits: String = example.split_whitespace().collect();
    assert_eq!(digits, HEXLOWER.encode(&masthead.encode()));
}

#[test]
fn a_name_is_one_line_that_turns_no_text() {
    assert_eq!(NewsroomName::new("").unwrap(), NewsroomName::default());
    for right in [
        "The Example",
        "南方日报",
        "روزنامه\u{200c}ی ما",
        "Čas, «а» & <b>",
    ] {
        assert!(NewsroomName::new(right).is_some(), "{right}");
    }
    for wrong in ["a\nb", "a\tb", "a\u{1b}[2J", "a\u{85}b", "a\u{2028}b"] {
        assert_eq!(NewsroomName::new(wrong), None, "{wrong:?}");
    }
    for wrong in "\u{61c}\u{200e}\u{200f}\u{202a}\u{202e}\u{2066}\u{2069}".chars() {
        assert_eq!(NewsroomName::new(&format!("a{wrong}b")), None, "{wrong:?}");
        assert_eq!(NewsroomWords::new(&format!("a{wrong}b")), None, "{wrong:?}");
    }
    let beyond = "n".repeat(MOST_NEWSROOM_NAME_BYTES + 1);
    assert_eq!(NewsroomName::new(&beyond), None);
}

#[test]
fn words_are_lines_and_no_other_control_character() {
    assert!(NewsroomWords::new("one\n\ntwo\n").is_some());
    for wrong in ["a\r\nb", "a\tb", "a\0b"] {
        assert_eq!(NewsroomWords::new(wrong), None, "{wrong:?}");
    }
    let beyond = "w".repeat(MOST_NEWSROOM_WORDS_BYTES + 1);
    assert_eq!(NewsroomWords::new(&beyond), None);
}

#[test]
fn an_address_to_leave_to_is_whole_and_of_the_web() {
    for right in [
        "https://www.wikipedia.org/",
        "https://example.org",
        "http://example.org:8080/a?b=c&d=%20#e",
    ] {
        assert!(LeaveTo::new(right).is_some(), "{right}");
    }
    for wrong in [
        "",
        "/front",
        "//example.org/",
        "https://",
        "https:///path",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "HTTPS://example.org/",
        "https://name:word@example.org/",
        "https://example.org@elsewhere.example/",
        "https://exämple.org/",
        "https://example.org:port/",
        "https://example.org:99999/",
        "https://example.org/a b",
        "https://example.org/\r\nSet-Cookie: a=b",
        "https://example.org/\"",
    ] {
        assert_eq!(LeaveTo::new(wrong), None, "{wrong}");
    }
    let beyond = format!("https://a.example/{}", "a".repeat(MOST_ADDRESS_BYTES - 17));
    assert_eq!(LeaveTo::new(&beyond), None);
}

#[tokio::test]
async fn the_answers_are_equally_long_whatever_a_newsroom_says() {
    for masthead in [Masthead::default(), longest()] {
        let framed = body(masthead.framed()).await;
        assert_eq!(framed.len(), FRAME_UNIT);
        assert_eq!(unframe(&framed).unwrap(), masthead.encode());
        let told = body(masthead.told(&Newsroom::default(), Doors::Open)).await;
        assert_eq!(told.len(), FRAME_UNIT);
    }
}
