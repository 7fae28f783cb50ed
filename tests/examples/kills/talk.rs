//! What the two ends of a connection say, as far as it tells which moment it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::moment::Moment;

/// A head that is longer is not looked at.
const MOST_HEAD: usize = 65_536;

/// The lengths of uploads by their paths, over all connections.
#[derive(Debug, Default)]
pub(crate) struct Lengths(Mutex<HashMap<String, u64>>);

impl Lengths {
    fn note(&self, path: &str, length: u64) {
        let mut lengths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lengths.insert(path.to_owned(), length);
    }

    fn of(&self, path: &str) -> Option<u64> {
        let lengths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lengths.get(path).copied()
    }
}

/// The last request of a connection.
#[derive(Debug, Default, Clone)]
struct Asked {
    path: String,
    length: Option<u64>,
}

/// One connection, both ways.
#[derive(Debug)]
pub(crate) struct Talk {
    lengths: Arc<Lengths>,
    asked: Mutex<Asked>,
}

impl Talk {
    pub(crate) fn new(lengths: &Arc<Lengths>) -> Self {
        Self {
            lengths: Arc::clone(lengths),
            asked: Mutex::default(),
        }
    }

    fn asked(&self) -> Asked {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether these bytes, the first of an answer, say that a drop has arrived.
    pub(crate) fn hear(&self, bytes: &[u8]) -> bool {
        if !bytes.starts_with(b"HTTP/1.1 ") {
            return false;
        }
        let head = Head::of(bytes);
        let asked = self.asked();
        let path = match head.value("location") {
            Some(path) if path.starts_with("/drops/") => path,
            _ => &asked.path,
        };
        if let Some(length) = head.number("upload-length").or(asked.length) {
            self.lengths.note(path, length);
        }
        head.value("knothole-tree").is_some() || head.value("location") == Some("/arrived")
    }
}

/// Follows the requests of one connection.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    head: Vec<u8>,
    /// The bytes of the body that are still to come.
    left: u64,
    within: Option<Moment>,
    at_end: Option<Moment>,
}

impl Requests {
    /// The moments that these bytes brought.
    pub(crate) fn follow(&mut self, mut bytes: &[u8], talk: &Talk) -> Vec<Moment> {
        let mut moments = Vec::new();
        while !bytes.is_empty() {
            if self.left > 0 {
                let most = usize::try_from(self.left).unwrap_or(usize::MAX);
                let (body, rest) = bytes.split_at(bytes.len().min(most));
                self.left -= u64::try_from(body.len()).unwrap();
                bytes = rest;
                moments.extend(self.within);
                if self.left == 0 {
                    moments.extend(self.at_end);
                }
                continue;
            }
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            let end = self.head.windows(4).position(|four| four == b"\r\n\r\n");
            let Some(end) = end else {
                if self.head.len() > MOST_HEAD {
                    self.head.clear();
                }
                break;
            };
            bytes = &bytes[end + 4 - before..];
            self.head.truncate(end + 4);
            let head = core::mem::take(&mut self.head);
            moments.extend(self.begin(&Head::of(&head), talk));
        }
        moments
    }

    /// Takes a request's head; gives the moment where there is no body to wait for.
    fn begin(&mut self, head: &Head<'_>, talk: &Talk) -> Option<Moment> {
        let mut words = head.line().split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
        self.left = head.number("content-length").unwrap_or(0);
        let length = head.number("upload-length");
        *talk.asked.lock().unwrap_or_else(PoisonError::into_inner) = Asked {
            path: path.to_owned(),
            length,
        };
        let offset = head.number("upload-offset").unwrap_or(0);
        let whole = length.or_else(|| talk.lengths.of(path));
        let last = whole == Some(offset + self.left);
        let joins = head
            .value("upload-concat")
            .is_some_and(|concat| concat.starts_with("final"));
        let uploads = path == "/drops" || path.starts_with("/drops/");
        let (within, at_end) = match (method, path) {
            ("POST", "/drops") if joins => (None, Some(Moment::Joining)),
            ("POST", "/drops") if self.left == 0 => (None, Some(Moment::Creation)),
            ("POST" | "PATCH", _) if uploads && last => {
                (Some(Moment::Piece), Some(Moment::LastPiece))
            }
            ("POST" | "PATCH", _) if uploads => (Some(Moment::Piece), Some(Moment::Piece)),
            ("POST", "/") => (Some(Moment::Piece), Some(Moment::Form)),
            ("POST", "/receipts") => (None, Some(Moment::Receipts)),
            ("POST", "/replies") => (None, Some(Moment::Replies)),
            ("PUT", _) => (None, Some(Moment::Papers)),
            ("GET", "/listing") => (None, Some(Moment::Fetch)),
            ("GET", _) if uploads => (None, Some(Moment::Fetch)),
            (_, mailbox) if mailbox.starts_with("/mailbox/") => (None, Some(Moment::Mailbox)),
            _ => (None, None),
        };
        (self.within, self.at_end) = (within, at_end);
        if self.left == 0 { at_end } else { None }
    }
}

/// The lines of a head.
struct Head<'a>(&'a str);

impl<'a> Head<'a> {
    /// The head at the beginning of these bytes.
    fn of(bytes: &'a [u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let head = &bytes[..end.unwrap_or(bytes.len())];
        Self(core::str::from_utf8(head).unwrap_or(""))
    }

    fn line(&self) -> &'a str {
        self.0.lines().next().unwrap_or("")
    }

    fn value(&self, name: &str) -> Option<&'a str> {
        let fields = self.0.lines().filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.value(name)?.parse().ok()
    }
}
