//! Vector files as README.md of the vectors describes them: lines `name: value`, bytes in pieces.

use std::fmt::Write;

use data_encoding::HEXLOWER;

/// Longer values go on in the next line, which begins with two spaces.
const LINE: usize = 112;
/// So many equal bytes in a row are written as one byte and a count.
const RUN: usize = 33;

/// One vector: its name below `tests/vectors/v1` without an ending, and what its file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vector {
    pub(crate) name: String,
    lines: Vec<(String, String)>,
}

impl Vector {
    pub(crate) fn new(name: impl Into<String>, what: &str) -> Self {
        let name = name.into();
        Self {
            name,
            lines: Vec::new(),
        }
        .say("what", what)
    }

    /// One line more.
    pub(crate) fn say(mut self, name: &str, value: impl ToString) -> Self {
        self.lines.push((name.to_owned(), value.to_string()));
        self
    }

    /// One line more, of bytes.
    pub(crate) fn bytes(self, name: &str, bytes: &[u8]) -> Self {
        self.say(name, pieces(bytes))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.find(name)
            .unwrap_or_else(|| panic!("{} says no {name}", self.name))
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter(move |line| line.0 == name)
            .map(|line| line.1.as_str())
    }

    pub(crate) fn get_bytes(&self, name: &str) -> Vec<u8> {
        joined(self.get(name))
    }

    pub(crate) fn get_number<T: std::str::FromStr>(&self, name: &str) -> T {
        number(self.get(name))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(|line| line.0.as_str())
    }

    /// What this vector says, and of the base what this one does not say.
    pub(crate) fn over(mut self, base: &Self) -> Self {
        let inherited: Vec<_> = base
            .lines
            .iter()
            .filter(|line| self.find(&line.0).is_none())
            .cloned()
            .collect();
        self.lines.extend(inherited);
        self
    }

    pub(crate) fn parse(name: &str, text: &str) -> Self {
        let mut lines: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if let Some(more) = line.strip_prefix("  ") {
                let last = &mut lines.last_mut().unwrap().1;
                last.push(' ');
                last.push_str(more);
            } else {
                let (name, value) = line.split_once(": ").unwrap();
                lines.push((name.to_owned(), value.to_owned()));
            }
        }
        let name = name.to_owned();
        Self { name, lines }
    }

    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.lines {
            let mut line = format!("{name}:");
            for word in value.split(' ') {
                if line.len() + word.len() >= LINE && line.trim() != format!("{name}:") {
                    writeln!(text, "{line}").unwrap();
                    line = " ".to_owned();
                }
                write!(line, " {word}").unwrap();
            }
            writeln!(text, "{line}").unwrap();
        }
        text
    }
}

pub(crate) fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|_| panic!("{text} is no number"))
}

/// Bytes as pieces: hexadecimal digits, or hexadecimal digits, `*` and how often they stand there.
pub(crate) fn joined(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for piece in text.split(' ') {
        let (digits, count) = piece.split_once('*').unwrap_or((piece, "1"));
        let once = HEXLOWER.decode(digits.as_bytes()).unwrap();
        bytes.extend(once.repeat(number(count)));
    }
    bytes
}

/// The pieces of these bytes, long runs of one byte counted.
pub(crate) fn pieces(bytes: &[u8]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut plain: Vec<u8> = Vec::new();
    for run in bytes.chunk_by(|a, b| a == b) {
        if run.len() < RUN {
            plain.extend_from_slice(run);
            continue;
        }
        digits(&mut words, &plain);
        plain.clear();
        words.push(format!("{:02x}*{}", run[0], run.len()));
    }
    digits(&mut words, &plain);
    words.join(" ")
}

/// Digits in words of 48 bytes.
fn digits(words: &mut Vec<String>, bytes: &[u8]) {
    words.extend(bytes.chunks(48).map(|part| HEXLOWER.encode(part)));
}
