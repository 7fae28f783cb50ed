//! A report as people read it.

use std::fmt::Write as _;

use crate::finding::{Finding, Limit, What};
use crate::kind::Kind;
use crate::report::Report;

/// So many of a file's words about one thing are told.
const MOST_TOLD: usize = 4;

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
        // Writing to a text cannot fail.
        let _ = write!(text, "\n  - {what}");
        let words: Vec<&str> = found
            .iter()
            .map(|finding| finding.words.as_str())
            .filter(|words| !words.is_empty())
            .collect();
        if !words.is_empty() {
            let told: Vec<&str> = words.iter().copied().take(MOST_TOLD).collect();
            let _ = write!(text, ": {}", told.join("; "));
        }
        let more = words.len().saturating_sub(MOST_TOLD);
        if more > 0 {
            let _ = write!(text, "; and {more} more");
        }
    }
    for limit in &look.limits {
        let _ = write!(text, "\n  {}.", sentence(limit.as_str()));
    }
    text
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
}
