//! A report as people read it.

use std::fmt::Write as _;

use crate::finding::{Finding, Limit, What};
use crate::kind::Kind;
use crate::report::Report;

/// So many of a file's words about one thing are told.
const MOST_TOLD: usize = 4;
/// No row is longer: a terminal of 80 columns breaks none by itself.
const COLUMNS: usize = 78;
/// What stands before each row of words that need rows of their own.
const BAR: &str = "    | ";

impl Report {
    /// The report as people read it: what the file is, what it says, why there may be more.
    #[must_use]
    pub fn in_words(&self) -> String {
        words(self)
    }
}

fn words(look: &Report) -> String {
    let mut text = format!("{}.", look.kind);
    if look.findings.is_empty() {
        let known = !look
            .limits
            .iter()
            .any(|limit| matches!(limit, Limit::Unknown | Limit::Inside | Limit::Encrypted));
        if known && !matches!(look.kind, Kind::Empty | Kind::Text) {
            text.push_str(
                " Nothing was found in it about where, when, by whom or with what it was made.",
            );
        }
    } else {
        text.push_str(" It says:");
    }
    for what in What::ALL {
        let found: Vec<&Finding> = look
            .findings
            .iter()
            .filter(|finding| finding.what == *what)
            .collect();
        if found.is_empty() {
            continue;
        }
        let words: Vec<&str> = found
            .iter()
            .map(|finding| finding.words.as_str())
            .filter(|words| !words.is_empty())
            .collect();
        text.push_str(&told(*what, &words));
    }
    for limit in &look.limits {
        let _ = write!(text, "\n  {}.", sentence(limit.as_str()));
    }
    text
}

/// What the file says about one thing. Where a terminal would break the line, the rest of the
/// file's words would begin a row and could pose as the program's: they get rows with a bar.
fn told(what: What, words: &[&str]) -> String {
    let mut line = format!("  - {what}");
    if words.is_empty() {
        return format!("\n{line}");
    }
    let shown: Vec<&str> = words.iter().copied().take(MOST_TOLD).collect();
    let mut shown = shown.join("; ");
    let more = words.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        // Writing to a text cannot fail.
        let _ = write!(shown, "; and {more} more");
    }
    line.push(':');
    if columns(&line).saturating_add(columns(&shown)) < COLUMNS {
        return format!("\n{line} {shown}");
    }
    let mut text = format!("\n{line}");
    for row in rows(&shown) {
        let _ = write!(text, "\n{BAR}{row}");
    }
    text
}

/// How wide a text is at most: a letter outside ASCII may take two columns.
fn columns(text: &str) -> usize {
    let wide = |letter: char| if letter.is_ascii() { 1_usize } else { 2 };
    text.chars().map(wide).fold(0, usize::saturating_add)
}

/// The text in rows that fit behind a bar.
fn rows(text: &str) -> Vec<String> {
    let room = COLUMNS.saturating_sub(BAR.len());
    let mut rows = Vec::new();
    let mut row = String::new();
    let mut filled = 0_usize;
    for letter in text.chars() {
        let width = if letter.is_ascii() { 1 } else { 2 };
        if filled.saturating_add(width) > room {
            // At a blank, where there is one.
            let blank = row.rfind(' ').map(|place| place.saturating_add(1));
            let later = blank.map(|place| row.split_off(place)).unwrap_or_default();
            rows.push(std::mem::replace(&mut row, later));
            filled = columns(&row);
        }
        row.push(letter);
        filled = filled.saturating_add(width);
    }
    rows.push(row);
    rows
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Cleaning;
    use crate::walls::Walls;

    fn report(kind: Kind, findings: Vec<Finding>, limits: Vec<Limit>) -> Report {
        Report {
            kind,
            findings,
            limits,
            cleaning: Cleaning::Cannot,
            hash: None,
            walls: Walls::Both,
        }
    }

    #[test]
    fn what_a_photograph_says_is_told_in_plain_words() {
        let findings = vec![
            Finding::new(What::Place, "48.85840 N, 2.29450 E"),
            Finding::new(What::Device, "Apple iPhone 12"),
            Finding::new(What::Preview, ""),
        ];
        assert_eq!(
            report(Kind::Jpeg, findings, vec![]).in_words(),
            "a photograph or picture (JPEG). It says:\n  \
             - where it was made: 48.85840 N, 2.29450 E\n  \
             - with which device: Apple iPhone 12\n  \
             - a smaller picture of it, which can show what was cut away later"
        );
    }

    #[test]
    fn what_is_unknown_is_never_called_harmless() {
        let unknown = report(Kind::Unknown, vec![], vec![Limit::Unknown]);
        assert_eq!(
            unknown.in_words(),
            "a file of a kind that this program does not know.\n  \
             This program cannot tell what this file carries."
        );
        let nothing = report(Kind::Png, vec![], vec![]);
        assert!(nothing.in_words().contains("Nothing was found in it about"));
    }

    #[test]
    fn many_words_are_told_as_a_few() {
        let times = (0..9).map(|year| Finding::new(What::Time, &year.to_string()));
        let text = report(Kind::Mov, times.collect(), vec![]).in_words();
        assert!(text.ends_with("- when: 0; 1; 2; 3; and 5 more"), "{text}");
    }

    #[test]
    fn no_word_of_a_file_begins_a_row_without_a_bar() {
        let pose = format!("{}b.jpg: an empty file. {}", "x".repeat(60), "y".repeat(60));
        let wide = "录".repeat(160);
        let findings = [
            Finding::new(What::Remark, &pose),
            Finding::new(What::Person, &wide),
            Finding::new(What::Track, "ten letters"),
            Finding::new(What::Software, &"z".repeat(54)),
            Finding::new(What::Time, &"9".repeat(200)),
        ];
        let text = report(Kind::Png, findings.to_vec(), vec![]).in_words();
        let mut barred = String::new();
        for row in text.split('\n').skip(1) {
            assert!(columns(row) <= 78, "{row}");
            assert!(row.starts_with("  - ") || row.starts_with(BAR), "{row}");
            barred.extend(row.strip_prefix(BAR));
        }
        // Nothing is lost, and what fits stays where it is.
        assert!(barred.contains(&pose) && barred.contains(&wide));
        assert!(text.contains("\n  - with which program: zzz"), "{text}");
        assert!(
            text.contains("was carried to):\n    | ten letters"),
            "{text}"
        );
    }
}
