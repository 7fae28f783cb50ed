//! Breaking what is told between words, before a terminal breaks it anywhere.

/// Lines on a terminal end before this column.
pub(crate) const COLUMNS: usize = 78;
/// The rest of a line begins here, where no line of the program's own begins: a name that somebody
/// else chose cannot pose as one.
const REST: usize = 4;
/// What stands behind a label stays behind it, unless the label is wider than this.
const WIDEST_LABEL: usize = 24;
/// Rows of somebody else's words: they are broken already, and the bar stands before each.
const BAR: &str = "  | ";

/// The text in rows of so many columns. A word that is longer stays whole, so that it can be copied.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    let lines = text.split('\n').map(|line| {
        if line.starts_with(BAR) {
            line.to_owned()
        } else {
            hung(line, columns, rest_of(line))
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// One line in rows; all but the first begin in column `rest`.
pub(crate) fn hung(line: &str, columns: usize, rest: usize) -> String {
    let mut out = String::with_capacity(line.len());
    let mut filled = 0_usize;
    for word in line.split_inclusive(' ') {
        let bare = width(word.trim_end_matches(' '));
        let fits = filled.saturating_add(bare) <= columns;
        let would_fit = rest.saturating_add(bare) <= columns;
        if bare > 0 && !fits && would_fit && !out.trim_start().is_empty() {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.extend(core::iter::repeat_n(' ', rest));
            filled = rest;
        }
        out.push_str(word);
        filled = filled.saturating_add(width(word));
    }
    out
}

/// Where the rest of a line begins: behind its label, if it has one.
fn rest_of(line: &str) -> usize {
    let words = line.trim_start_matches(' ');
    let indent = line.len().saturating_sub(words.len());
    if indent == 0 {
        return REST;
    }
    let labelled = words.split_once("  ").and_then(|(label, behind)| {
        let behind = behind.trim_start_matches(' ');
        (!label.is_empty() && !behind.is_empty())
            .then(|| line.len().saturating_sub(behind.len()))
            .filter(|column| label.is_ascii() && *column <= WIDEST_LABEL)
    });
    labelled.unwrap_or_else(|| indent.saturating_add(2))
}

/// How many columns this takes. A letter outside ASCII counts as two, which is what the widest take.
fn width(text: &str) -> usize {
    text.chars()
        .map(|letter| if letter.is_ascii() { 1 } else { 2 })
        .sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sentence_is_broken_between_words_and_its_rest_is_set_in() {
        assert_eq!(wrapped("one two three", 9), "one two\n    three");
        assert_eq!(wrapped("one two", 8), "one two");
        assert_eq!(wrapped("", 8), "");
        assert_eq!(wrapped("一二 三四 五", 8), "一二\n    三四\n    五");
    }

    #[test]
    fn what_stands_behind_a_label_stays_there() {
        let told = "Vault\n  days   one two three\n  - four five six";
        let shown = "Vault\n  days   one two\n         three\n  - four five six";
        assert_eq!(wrapped(told, 17), shown);
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole_and_rows_with_a_bar_stay_as_they_are() {
        let address = "x".repeat(124);
        let told = format!("  drop address {address}");
        assert!(wrapped(&told, COLUMNS).contains(&address));
        let barred = format!("  | {}", "one two ".repeat(12));
        assert_eq!(wrapped(&barred, COLUMNS), barred);
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_row_of_words_is_too_wide(text in "[a-z ]{0,300}") {
            let shown = wrapped(&text, COLUMNS);
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(words(&shown), words(&text));
            for row in shown.split('\n') {
                prop_assert!(row.trim().len() <= COLUMNS || !row.trim().contains(' ') || row.starts_with("    "));
            }
        }
    }
}
