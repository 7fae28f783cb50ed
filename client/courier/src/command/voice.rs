//! What the person at the courier is told, as sentences or as events for another program.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::exit::Exit;
use crate::fetch::News;

/// Plain lines tell how far a drop has come once for so many hundredths.
const PLAIN_STEP: u64 = 10;

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Sentences.
    People,
    /// One JSON object a line, on standard output.
    Events,
    /// Nothing but errors.
    Quiet,
}

/// Tells the person at the courier what happens.
#[derive(Debug)]
pub(super) struct Voice {
    style: Style,
    terminal: bool,
    /// The last step of progress that was told.
    step: Cell<Option<u64>>,
}

impl Voice {
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        Self {
            style: match (json, quiet) {
                (true, _) => Style::Events,
                (false, true) => Style::Quiet,
                (false, false) => Style::People,
            },
            terminal: io::stderr().is_terminal(),
            step: Cell::new(None),
        }
    }

    /// Tells what is being done.
    pub(super) fn note(&self, text: &str) {
        match self.style {
            Style::People => line(&mut io::stderr(), text),
            Style::Events => line(&mut io::stdout(), json!({ "event": "note", "text": text })),
            Style::Quiet => {}
        }
    }

    /// Tells how a fetch goes.
    pub(super) fn news(&self, news: &News) {
        match self.style {
            Style::Quiet => {}
            Style::Events => {
                if let Ok(event) = serde_json::to_value(news) {
                    line(&mut io::stdout(), event);
                }
            }
            Style::People => match news {
                News::Came { at, of } => self.progress(*at, *of, news),
                _ => line(&mut io::stderr(), news),
            },
        }
    }

    fn progress(&self, at: u64, of: u64, news: &News) {
        let hundredths = at.saturating_mul(100).checked_div(of).unwrap_or(100);
        if self.terminal {
            let end = if at >= of { "\n" } else { "" };
            let text = format!("\r\x1b[K{hundredths} %, {news}{end}");
            drop(io::stderr().write_all(text.as_bytes()));
            return;
        }
        let step = hundredths.checked_div(PLAIN_STEP);
        if step != self.step.replace(step) || at >= of {
            line(&mut io::stderr(), format_args!("{hundredths} %, {news}"));
        }
    }

    /// Tells what was done.
    pub(super) fn done(&self, event: &str, what: &(impl fmt::Display + Serialize)) {
        match self.style {
            Style::Quiet => {}
            Style::People => line(&mut io::stdout(), what),
            Style::Events => {
                let mut object = serde_json::to_value(what).unwrap_or(Value::Null);
                if let Some(fields) = object.as_object_mut() {
                    fields.insert("event".to_owned(), json!(event));
                }
                line(&mut io::stdout(), object);
            }
        }
    }

    /// Tells why it ended otherwise.
    pub(super) fn error(&self, error: &dyn Error, exit: Exit) {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        if self.style == Style::Events {
            let event = json!({ "event": "failed", "code": exit.code(), "text": text });
            line(&mut io::stdout(), event);
        } else {
            line(&mut io::stderr(), text);
        }
    }
}

fn line(out: &mut dyn Write, text: impl fmt::Display) {
    // Nobody is left to be told that nobody listens.
    drop(writeln!(out, "{}", quiet(&text.to_string())));
}

/// Text without what moves a terminal's cursor or turns its writing around: whoever gave a stick
/// its name may have put that in, and the name stands in every path.
fn quiet(text: &str) -> String {
    let moves = |letter: char| letter.is_control() && letter != '\n';
    let turns = |letter| {
        matches!(letter, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars()
        .map(|letter| match moves(letter) || turns(letter) {
            true => '\u{fffd}',
            false => letter,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_stick_cannot_act_on_a_terminal() {
        assert_eq!(
            quiet("/media/\u{1b}[2J\u{9b}31m\u{202e}x\n录"),
            "/media/\u{fffd}[2J\u{fffd}31m\u{fffd}x\n录"
        );
    }
}
