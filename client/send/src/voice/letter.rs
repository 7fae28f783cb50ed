//! A reply's words on a terminal: nothing in them acts on it, and no line can pose as ours.

use super::turns;

/// What every line of a reply begins with.
const MARGIN: &str = "  | ";
/// A line of a reply has at most so many columns beside the margin.
const COLUMNS: usize = 74;

/// The words, each line behind a margin, and broken before the terminal would break it.
pub(super) fn set_in(text: &str) -> String {
    let mut out = String::with_capacity(text.len().saturating_mul(2));
    for paragraph in text.replace("\r\n", "\n").split('\n') {
        for row in rows(paragraph) {
            out.push_str(MARGIN);
            out.push_str(&row);
            out.push('\n');
        }
    }
    out
}

/// A line in rows that fit, broken at a blank where there is one.
fn rows(line: &str) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut filled = 0_usize;
    for piece in line.split_inclusive(' ') {
        let piece: String = piece.chars().map(visible).collect();
        let width: usize = piece.trim_end_matches(' ').chars().map(columns).sum();
        if filled > 0 && filled.saturating_add(width) > COLUMNS {
            rows.push(std::mem::take(&mut row));
            filled = 0;
        }
        for letter in piece.chars() {
            let width = columns(letter);
            if letter != ' ' && filled.saturating_add(width) > COLUMNS {
                rows.push(std::mem::take(&mut row));
                filled = 0;
            }
            row.push(letter);
            filled = filled.saturating_add(width);
        }
    }
    rows.push(row);
    for row in &mut rows {
        row.truncate(row.trim_end_matches(' ').len());
    }
    rows
}

/// What moves the cursor, turns the writing around or hides becomes U+FFFD. The joiners U+200C and
/// U+200D are part of Persian and Indic spelling.
fn visible(letter: char) -> char {
    match letter {
        '\u{200c}' | '\u{200d}' => letter,
        '\t' | '\u{a0}' => ' ',
        _ if letter.is_control() || turns(letter) => '\u{fffd}',
        '\u{fe00}'..='\u{fe0f}' | '\u{3164}' | '\u{115f}' | '\u{1160}' | '\u{ffa0}' => '\u{fffd}',
        _ => letter,
    }
}

/// How wide a letter is at most.
fn columns(letter: char) -> usize {
    match letter {
        ' '..='~' => 1,
        _ => 2,
    }
}

/// An event as one line.
pub(super) fn event(event: &serde_json::Value) -> String {
    ascii(&event.to_string())
}

/// JSON with every letter outside ASCII as an escape (RFC 8259 §7): it cannot act on a terminal.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for letter in json.chars() {
        if matches!(letter, ' '..='~') {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stand_behind_a_margin_with_their_own_lines() {
        assert_eq!(set_in("one\r\n\ntwo"), "  | one\n  | \n  | two\n");
        assert_eq!(set_in(""), "  | \n");
    }

    #[test]
    fn a_reply_cannot_move_the_cursor_or_turn_the_writing_around() {
        assert_eq!(set_in("a\u{1b}[2J\rb"), "  | a\u{fffd}[2J\u{fffd}b\n");
        assert_eq!(set_in("\u{9b}1A\u{202e}x"), "  | \u{fffd}1A\u{fffd}x\n");
        assert_eq!(set_in("می\u{200c}روم"), "  | می\u{200c}روم\n");
    }

    #[test]
    fn a_long_line_is_broken_at_a_blank_or_where_it_must_be() {
        let words = set_in(&"word ".repeat(40));
        assert!(words.lines().all(|line| line.ends_with("word")));
        let whole = set_in(&"x".repeat(200));
        assert_eq!(whole.lines().count(), 3);
    }

    #[test]
    fn json_is_ascii_and_says_the_same() {
        let said = serde_json::json!({ "text": "a\u{202e}\u{9b}录😀\n" });
        let written = ascii(&said.to_string());
        assert!(written.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read, said);
    }

    proptest! {
        #[test]
        fn whatever_a_reply_says_its_lines_stay_behind_the_margin(text in any::<String>()) {
            let shown = set_in(&text);
            for line in shown.lines() {
                prop_assert!(line.starts_with(MARGIN));
                let wide: usize = line.chars().map(columns).sum();
                prop_assert!(wide <= 80, "{line}");
            }
            prop_assert!(!shown.chars().any(|letter| letter.is_control() && letter != '\n'));
        }
    }
}
