//! What the program tells: sentences for people, or one JSON object a line for other programs.

mod wrapped;

use std::fs;
use std::io::{self, IsTerminal, Write as _};

pub(crate) use self::wrapped::{COLUMNS, hung};
use crate::escape;
use crate::passphrase::PassphraseError;

/// How the program tells what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Sentences: results on standard output, all else on standard error.
    People,
    /// One JSON object a line, on standard output.
    Events,
    /// Sentences, but only results, warnings and refusals.
    Quiet,
}

/// A value in an event.
#[derive(Debug, Clone, Copy)]
pub enum Field<'a> {
    /// Text, as it is: escaping for terminals is not done to it.
    Text(&'a str),
    /// A number.
    Number(u64),
    /// Several texts.
    List(&'a [String]),
}

/// Tells what happens. Whatever it tells people passes [`escape::message`].
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    style: Style,
}

impl Screen {
    /// A screen of this style.
    #[must_use]
    pub const fn new(style: Style) -> Self {
        Self { style }
    }

    /// Tells what goes on, or what to do next.
    pub fn say(&self, text: &str) {
        match self.style {
            Style::People => line(&mut io::stderr(), text),
            Style::Events => self.event("says", &[("text", Field::Text(text))]),
            Style::Quiet => {}
        }
    }

    /// Tells what must not be missed.
    pub fn warn(&self, text: &str) {
        match self.style {
            Style::People | Style::Quiet => {
                line(&mut io::stderr(), &format!("Warning: {text}"));
            }
            Style::Events => self.event("warning", &[("text", Field::Text(text))]),
        }
    }

    /// Tells a result: `text` to people, the fields to programs.
    pub fn result(&self, text: &str, event: &str, fields: &[(&str, Field<'_>)]) {
        match self.style {
            Style::People | Style::Quiet => line(&mut io::stdout(), text),
            Style::Events => self.event(event, fields),
        }
    }

    /// Tells why the program ends otherwise than by having done its work.
    pub fn failed(&self, code: u8, text: &str) {
        match self.style {
            Style::People | Style::Quiet => line(&mut io::stderr(), &format!("knothole: {text}")),
            Style::Events => {
                let code = ("code", Field::Number(u64::from(code)));
                self.event("failed", &[code, ("text", Field::Text(text))]);
            }
        }
    }

    /// Shows a secret to the person at the terminal, whatever the style, and copies it nowhere else.
    ///
    /// # Errors
    /// When there is no terminal, or it does not take it.
    pub fn show(&self, parts: &[&str]) -> Result<(), PassphraseError> {
        // The terminal itself: standard error may go to a file.
        let mut terminal = fs::OpenOptions::new()
            .write(true)
            .open("/dev/tty")
            .map_err(PassphraseError::Read)?;
        for part in parts {
            terminal
                .write_all(part.as_bytes())
                .map_err(PassphraseError::Read)?;
        }
        Ok(())
    }

    /// Wipes the terminal's screen, and what scrolled off it.
    pub fn wipe(&self) {
        // A terminal that cannot do it is not made worse.
        drop(self.show(&["\x1b[H\x1b[2J\x1b[3J"]));
    }

    fn event(&self, event: &str, fields: &[(&str, Field<'_>)]) {
        debug_assert!(self.style == Style::Events, "events are for programs");
        // Nobody is left to be told when the reader is gone.
        drop(writeln!(io::stdout(), "{}", object(event, fields)));
    }
}

/// A number with its noun, as in "1 file" and "2 files".
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

fn line(to: &mut (impl io::Write + IsTerminal), text: &str) {
    let mut shown = escape::message(text);
    // A file or a pipe gets the lines as they are, for other programs to read.
    if to.is_terminal() {
        shown = wrapped::wrapped(&shown, COLUMNS);
    }
    drop(writeln!(to, "{shown}"));
}

fn object(event: &str, fields: &[(&str, Field<'_>)]) -> String {
    let mut json = String::from("{\"event\":");
    push_text(&mut json, event);
    for (name, field) in fields {
        json.push(',');
        push_text(&mut json, name);
        json.push(':');
        match field {
            Field::Text(text) => push_text(&mut json, text),
            Field::Number(number) => json.push_str(&number.to_string()),
            Field::List(texts) => {
                json.push('[');
                for (place, text) in texts.iter().enumerate() {
                    if place > 0 {
                        json.push(',');
                    }
                    push_text(&mut json, text);
                }
                json.push(']');
            }
        }
    }
    json.push('}');
    json
}

/// A JSON string (RFC 8259 §7) in ASCII: nothing in it acts on a terminal.
fn push_text(json: &mut String, text: &str) {
    json.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => {
                json.push('\\');
                json.push(letter);
            }
            ' '..='~' => json.push(letter),
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    json.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_ascii_whatever_is_in_it() {
        let names = ["a\"b".to_owned(), "录".to_owned()];
        let event = object(
            "drop",
            &[
                ("id", Field::Text("\u{1b}[2J\n\\")),
                ("length", Field::Number(u64::MAX)),
                ("names", Field::List(&names)),
                ("face", Field::Text("😀")),
            ],
        );
        assert_eq!(
            event,
            "{\"event\":\"drop\",\"id\":\"\\u001b[2J\\u000a\\\\\",\"length\":18446744073709551615,\
             \"names\":[\"a\\\"b\",\"\\u5f55\"],\"face\":\"\\ud83d\\ude00\"}"
        );
    }

    #[test]
    fn a_noun_agrees_with_its_number() {
        let files = |number| counted(number, "file", "files");
        assert_eq!([0, 1, 2].map(files), ["0 files", "1 file", "2 files"]);
    }

    #[test]
    fn an_event_without_fields_is_an_object() {
        assert_eq!(object("done", &[]), "{\"event\":\"done\"}");
    }
}
