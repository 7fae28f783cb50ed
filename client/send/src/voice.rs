//! What the source is told, on a terminal, as plain lines, or as events for another program.

mod letter;
mod progress;

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use knothole_envelope::OpenedReply;
use rustix::fs::{FileType, fdatasync, fstat, makedev};
use rustix::io::Errno;
use serde_json::json;

pub(crate) use self::progress::Progress;

/// Lines on a terminal end before this column.
pub(crate) const COLUMNS: usize = 78;

/// How the source is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Sentences; a bar where there is a terminal.
    People,
    /// One JSON object a line, on standard output.
    Events,
    /// Nothing but refusals.
    Quiet,
}

/// Tells the source what happens.
#[derive(Debug)]
pub struct Voice {
    style: Style,
    terminal: bool,
}

impl Voice {
    /// A voice of this style, on standard error where it speaks to people.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let terminal = io::stderr().is_terminal();
        Self { style, terminal }
    }

    /// Tells a sentence.
    pub(crate) fn say(&self, text: &str) {
        match self.style {
            Style::People => line(&mut io::stderr(), &self.fitted(text)),
            Style::Events => self.event(&json!({ "event": "says", "text": text })),
            Style::Quiet => {}
        }
    }

    /// Tells what must not be missed.
    pub(crate) fn warn(&self, text: &str) {
        match self.style {
            Style::People | Style::Quiet => {
                line(&mut io::stderr(), &self.fitted(&format!("Warning: {text}")));
            }
            Style::Events => self.event(&json!({ "event": "warning", "text": text })),
        }
    }

    /// Shows a reply: the newsroom's words, so set in that no line of them can pose as one of ours.
    ///
    /// # Errors
    /// When it cannot be shown, or not whole.
    pub(crate) fn reply(&self, reply: &OpenedReply) -> io::Result<()> {
        let (number, current) = (reply.number(), reply.by_current_editor());
        let text = reply.message().as_str();
        if self.style == Style::Events {
            return out(&letter::event(&json!({
                "event": "reply",
                "number": number,
                "current_editor": current,
                "text": text,
            })));
        }
        out(&format!("Reply {number}"))?;
        if !current {
            out("(written by somebody who is no editor of this newsroom any more)")?;
        }
        out(&letter::set_in(text))
    }

    /// Tells that numbers are missing among the replies.
    ///
    /// # Errors
    /// When it cannot be told.
    pub(crate) fn missing(&self, first: u64, last: u64) -> io::Result<()> {
        if self.style == Style::Events {
            let event = json!({ "event": "missing", "first": first, "last": last });
            return out(&letter::event(&event));
        }
        let which = match first == last {
            true => format!("Reply {first} is not"),
            false => format!("Replies {first} to {last} are not"),
        };
        let text = "among these: erased before, older than 90 days, or withheld.";
        out(&self.fitted(&format!("{which} {text}\n")))
    }

    /// Makes sure that what was shown is where somebody can read it: a disk may take bytes that it
    /// has no room for, and a closed output swallows them (Rust puts the null device in its place).
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn settle(&self) -> io::Result<()> {
        let mut out = io::stdout();
        out.flush()?;
        if leads_nowhere(&out)? {
            return Err(io::Error::other("what it writes leads nowhere"));
        }
        match fdatasync(&out) {
            // A terminal or a pipe holds nothing back that could be asked for.
            Err(Errno::INVAL | Errno::ROFS | Errno::NOTSUP) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether what is told stands on a terminal.
    pub(crate) fn is_seen(&self) -> bool {
        self.style != Style::Events && io::stdout().is_terminal()
    }

    /// Tells the last sentence, on standard output.
    pub(crate) fn done(&self, event: &str, text: &str) {
        match self.style {
            Style::People => line(&mut io::stdout(), text),
            Style::Events => self.event(&json!({ "event": event, "text": text })),
            Style::Quiet => {}
        }
    }

    /// Tells what was seen in a file: in these words to people, as this event to a program.
    pub(crate) fn seen(&self, text: &str, event: &serde_json::Value) {
        match self.style {
            Style::People => line(&mut io::stderr(), &self.fitted(text)),
            Style::Events => self.event(event),
            Style::Quiet => {}
        }
    }

    /// Whether anybody reads sentences.
    pub(crate) fn speaks_to_people(&self) -> bool {
        self.style == Style::People
    }

    /// Tells why it ended otherwise.
    pub(crate) fn failed(&self, code: u8, text: &str) {
        match self.style {
            Style::People | Style::Quiet => line(&mut io::stderr(), &self.fitted(text)),
            Style::Events => {
                self.event(&json!({ "event": "failed", "code": code, "text": text }));
            }
        }
    }

    /// A terminal breaks lines in the middle of a word; people read better when that is not left
    /// to it.
    fn fitted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.terminal {
            Cow::Owned(wrapped(text, COLUMNS))
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Begins to show the progress of something that has `total` bytes.
    pub(crate) fn progress(&self, what: &'static str, total: u64) -> Progress<'_> {
        Progress::begin(self, what, total)
    }

    fn event(&self, event: &serde_json::Value) {
        debug_assert!(self.style == Style::Events, "events are for programs");
        line(&mut io::stdout(), &letter::event(event));
    }
}

/// The text with its lines broken between words.
pub(crate) fn wrapped(text: &str, columns: usize) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0_usize;
    for (number, word) in text.split_inclusive([' ', '\n']).enumerate() {
        let length = word.trim_end().chars().count();
        if number > 0 && column > 0 && column.saturating_add(length) > columns {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            column = 0;
        }
        out.push_str(word);
        column = match word.ends_with('\n') {
            true => 0,
            false => column.saturating_add(word.chars().count()),
        };
    }
    out
}

/// How long so many bytes take at this rate.
pub(crate) fn time_for(bytes: u64, rate: u64) -> Option<Duration> {
    bytes.checked_div(rate).map(Duration::from_secs)
}

/// A number of bytes as people write it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("TB", 1_000_000_000_000),
        ("GB", 1_000_000_000),
        ("MB", 1_000_000),
        ("KB", 1_000),
    ];
    for (unit, worth) in UNITS {
        let tenths = bytes
            .checked_div(worth.checked_div(10).unwrap_or(1))
            .unwrap_or(0);
        if tenths >= 10 {
            let whole = tenths.checked_div(10).unwrap_or(0);
            let tenth = tenths.checked_rem(10).unwrap_or(0);
            return format!("{whole}.{tenth} {unit}");
        }
    }
    format!("{bytes} bytes")
}

/// A time span as people say it.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    let minutes = seconds.div_ceil(60);
    let hours = minutes.checked_div(60).unwrap_or(0);
    match seconds {
        0..60 => "a minute".to_owned(),
        60..7_200 => format!("{minutes} minutes"),
        7_200..172_800 => format!("{hours} hours"),
        _ => format!("{} days", hours.div_ceil(24)),
    }
}

/// Text from elsewhere, without what moves a terminal's cursor or turns its writing around.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .map(|letter| {
            if letter.is_control() || turns(letter) {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .take(120)
        .collect()
}

pub(crate) fn turns(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Shows what must not be lost.
fn out(text: &str) -> io::Result<()> {
    let mut to = io::stdout();
    writeln!(to, "{text}")?;
    to.flush()
}

/// Whether this is the null device.
fn leads_nowhere(output: &impl AsFd) -> io::Result<bool> {
    let about = fstat(output)?;
    let device = FileType::from_raw_mode(about.st_mode) == FileType::CharacterDevice;
    Ok(device && about.st_rdev == makedev(1, 3))
}

fn line(to: &mut impl Write, text: &str) {
    // Nobody is left to be told when the terminal is gone.
    drop(writeln!(to, "{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_people_write_them() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1_000), "1.0 KB");
        assert_eq!(size(4_194_304), "4.1 MB");
        assert_eq!(size(20_000_000_000), "20.0 GB");
        assert_eq!(size(u64::MAX), "18446744.0 TB");
    }

    #[test]
    fn spans_are_never_too_exact() {
        assert_eq!(span(Duration::from_secs(3)), "a minute");
        assert_eq!(span(Duration::from_secs(61)), "2 minutes");
        assert_eq!(span(Duration::from_secs(7_200)), "2 hours");
        assert_eq!(span(Duration::from_secs(400_000)), "5 days");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrapped("one two three four", 9), "one two\nthree\nfour");
        assert_eq!(wrapped("one\n  two three", 9), "one\n  two\nthree");
        assert_eq!(wrapped("immeasurable", 5), "immeasurable");
        assert_eq!(wrapped("", 5), "");
    }

    #[test]
    fn a_name_cannot_move_the_cursor_or_turn_the_writing_around() {
        assert_eq!(
            shown("a\u{1b}[2Jb\r\nc\u{202e}d"),
            "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d"
        );
    }
}
