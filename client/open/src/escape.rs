//! Showing text that others wrote: nothing in it may act on the terminal or on the reader's eye.

use std::path::Path;

/// A name on one line: everything that is not plainly visible is written as an escape.
///
/// Control characters, terminal escapes, line ends, characters that change the direction or hide,
/// and every unassigned code point come out as `\u{…}`; a backslash is doubled, so that nothing
/// that stands in the name can be taken for an escape.
#[must_use]
pub fn name(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '\\' {
            shown.push_str("\\\\");
        } else {
            push(&mut shown, letter);
        }
    }
    shown
}

/// A message: its lines and tabs stay, and what its script needs stays; the rest as in [`name`].
///
/// The joiners U+200C and U+200D are part of Persian and Indic spelling, U+3000 begins a Chinese
/// paragraph, U+00A0 is an ordinary blank to the eye. None of them acts on a terminal.
#[must_use]
pub fn message(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' | '\t' | '\u{a0}' | '\u{3000}' | '\u{200c}' | '\u{200d}' => shown.push(letter),
            _ => push(&mut shown, letter),
        }
    }
    shown
}

/// A line in rows that no terminal of 80 columns breaks by itself.
///
/// Where a terminal breaks a line, the rest begins at the left edge, and can pose as a line of its
/// own. A letter outside ASCII counts as two columns, which is what the widest take.
#[must_use]
pub fn rows(line: &str, columns: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut filled: usize = 0;
    for letter in line.chars() {
        let width = match letter {
            '\t' => 8,
            ' '..='~' => 1,
            _ => 2,
        };
        if !row.is_empty() && filled.saturating_add(width) > columns {
            rows.push(core::mem::take(&mut row));
            filled = 0;
        }
        row.push(letter);
        filled = filled.saturating_add(width);
    }
    rows.push(row);
    rows
}

/// Words with a bar before each row: they cannot pose as the program's own.
#[must_use]
pub fn barred(words: &str, columns: usize) -> String {
    let mut text = String::new();
    for line in message(words).split('\n') {
        for row in rows(line, columns) {
            text.push_str("  | ");
            text.push_str(&row);
            text.push('\n');
        }
    }
    text
}

/// A path as a person may see it.
#[must_use]
pub fn path(path: &Path) -> String {
    name(&path.to_string_lossy())
}

fn push(shown: &mut String, letter: char) {
    if is_visible(letter) {
        shown.push(letter);
    } else {
        shown.extend(letter.escape_unicode());
    }
}

/// Whether the standard library would print the character as it is, in the middle of a word.
fn is_visible(letter: char) -> bool {
    if matches!(letter, '\'' | '"' | '\\') {
        return true;
    }
    // Tags and variation selectors count as printable there, and can carry hidden text.
    if matches!(u32::from(letter), 0xfe00..=0xfe0f | 0xe_0000..=0xe_ffff | 0x3164 | 0x115f | 0x1160 | 0xffa0 | 0x2800)
    {
        return false;
    }
    let mut pair = String::from("x");
    pair.push(letter);
    pair.escape_debug().nth(1) == Some(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_of_every_script_stay_as_they_are() {
        for plain in [
            "IMG_0412.MOV",
            "录像 1.mp4",
            "отчёт.pdf",
            "e\u{301}te\u{301}.txt",
            "क्षेत्र",
            "\"a\" 'b'",
        ] {
            assert_eq!(name(plain), plain);
        }
    }

    #[test]
    fn terminal_escapes_line_ends_and_direction_changes_in_names_do_nothing() {
        assert_eq!(name("\u{1b}[2J"), "\\u{1b}[2J");
        assert_eq!(name("a\nb\rc\td"), "a\\u{a}b\\u{d}c\\u{9}d");
        assert_eq!(name("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(name("cod\u{202e}gpj.exe"), "cod\\u{202e}gpj.exe");
        assert_eq!(
            name("\u{2066}x\u{2069}\u{200f}\u{61c}"),
            "\\u{2066}x\\u{2069}\\u{200f}\\u{61c}"
        );
        assert_eq!(name("a\u{200b}b\u{feff}"), "a\\u{200b}b\\u{feff}");
        assert_eq!(name("a\u{2028}b\u{2029}"), "a\\u{2028}b\\u{2029}");
        assert_eq!(name("\u{e0041}\u{fe0f}"), "\\u{e0041}\\u{fe0f}");
    }

    #[test]
    fn a_backslash_in_a_name_cannot_pose_as_an_escape() {
        assert_eq!(name("\\u{202e}"), "\\\\u{202e}");
    }

    #[test]
    fn a_message_keeps_its_lines_and_loses_its_escapes() {
        assert_eq!(message("一\r\n\u{3000}二\n\tx"), "一\n\u{3000}二\n\tx");
        assert_eq!(message("a\rb\u{1b}]0;t\u{7}"), "a\\u{d}b\\u{1b}]0;t\\u{7}");
        assert_eq!(message("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(message("می\u{200c}روم"), "می\u{200c}روم");
    }

    #[test]
    fn a_long_line_is_broken_before_the_terminal_breaks_it() {
        assert_eq!(rows("", 4), [""]);
        assert_eq!(rows("abcd", 4), ["abcd"]);
        assert_eq!(rows("abcdefghi", 4), ["abcd", "efgh", "i"]);
        assert_eq!(rows("录像一", 4), ["录像", "一"]);
        assert_eq!(rows("a\tb", 4), ["a", "\t", "b"]);
    }

    proptest! {
        #[test]
        fn rows_lose_no_letter_and_stay_within_their_columns(text in any::<String>(), columns in 8_usize..80) {
            let rows = rows(&text, columns);
            prop_assert_eq!(rows.concat(), text);
            prop_assert!(rows.iter().all(|row| row.chars().count() <= columns));
        }

        #[test]
        fn whatever_a_source_writes_no_control_character_is_shown(text in any::<String>()) {
            prop_assert!(!name(&text).chars().any(char::is_control));
            prop_assert!(!message(&text).chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
        }
    }
}
