//! What the administrator says of the newsroom: its name, words of its own, and where a page goes
//! that is left in a hurry.
//!
//! None of it is signed: whoever holds the server can change it, and pages show it as text alone.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{StatusCode, Uri};
use knothole_envelope::{FRAME_UNIT, frame};
use minicbor::Encoder;

use crate::answer::{self, Answer};
use crate::closed::Doors;
use crate::newsroom::Newsroom;

/// A newsroom's name has at most so many bytes.
pub const MOST_NEWSROOM_NAME_BYTES: usize = 200;
/// A newsroom's words have at most so many bytes: with everything else they fit one frame unit, so
/// that the answers always have the same length.
pub const MOST_NEWSROOM_WORDS_BYTES: usize = 8_000;
/// An address to leave to has at most so many bytes.
const MOST_ADDRESS_BYTES: usize = 1_000;

/// What the page shows of a newsroom beside what is signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masthead {
    /// The newsroom's name; it may be empty.
    pub name: NewsroomName,
    /// Words of its own; they may be empty.
    pub words: NewsroomWords,
    /// Where `/leave` goes.
    pub leave_to: LeaveTo,
}

/// A newsroom's name: one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsroomName(String);

impl NewsroomName {
    /// A name of at most [`MOST_NEWSROOM_NAME_BYTES`], without control characters and without
    /// characters that turn the direction of what follows.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = text.len() <= MOST_NEWSROOM_NAME_BYTES && text.chars().all(is_plain);
        fits.then(|| Self(text.to_owned()))
    }
}

/// A newsroom's own words: lines of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewsroomWords(String);

impl NewsroomWords {
    /// A text of at most [`MOST_NEWSROOM_WORDS_BYTES`], as [`NewsroomName::new`] wants it, but of
    /// any number of lines.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |letter| letter == '\n' || is_plain(letter);
        let fits = text.len() <= MOST_NEWSROOM_WORDS_BYTES && text.chars().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
}

/// The address of a page that looks harmless on a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveTo(String);

impl LeaveTo {
    /// A whole address that begins with `http://` or `https://`: ASCII, names in their own ASCII
    /// form, no user and no password.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))?;
        let spelled = |byte: u8| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte);
        let spelled = text.len() <= MOST_ADDRESS_BYTES && text.bytes().all(spelled);
        let host = rest.split(['/', '?', '#', ':']).next()?;
        let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let named = !host.is_empty() && host.bytes().all(named);
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let port = match authority.as_str().strip_prefix(host)? {
            "" => true,
            _ => authority.port_u16().is_some(),
        };
        (spelled && named && port).then(|| Self(text.to_owned()))
    }
}

impl Default for LeaveTo {
    fn default() -> Self {
        Self("https://www.wikipedia.org/".to_owned())
    }
}

/// Neither a control character, nor one that ends a line, nor one that turns the direction of text
/// (Unicode Standard Annex 9, section 2).
fn is_plain(letter: char) -> bool {
    !letter.is_control()
        && !matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

impl Masthead {
    /// `GET /newsroom`, for scripts.
    pub(crate) fn framed(&self) -> Answer {
        frame(&self.encode()).map_or_else(
            |_| answer::not_found(),
            |framed| answer::framed(Bytes::from(framed)),
        )
    }

    /// `GET /newsroom.txt`, for people without scripts.
    pub(crate) fn told(&self, newsroom: &Newsroom, doors: Doors) -> Answer {
        let mut text = String::new();
        for own in [&self.name.0, &self.words.0] {
            if !own.is_empty() {
                text.push_str(own);
                text.push_str("\n\n");
            }
        }
        // Writing into memory does not fail.
        let _written = match (newsroom.chain(), newsroom.last_day()) {
            (Some(chain), _) if doors == Doors::Closed => write!(
                text,
                "The newsroom takes nothing new at this drop-box at present. What was begun can be \
                 ended, and answers can be read. Whoever controls this server can change this \
                 text.\n\n{}",
                chain.fingerprint().grouped(),
            ),
            (Some(chain), Some(last)) => write!(
                text,
                "The newsroom's fingerprint. Whoever controls this server can change this text: \
                 compare the fingerprint with one that you have from somewhere else.\n\n{}\n\n\
                 There are keys to seal to until the end of {last}.",
                chain.fingerprint().grouped(),
            ),
            _ => write!(
                text,
                "The newsroom has not set up this drop-box yet, or has no keys here now. Nothing \
                 can be handed in. Come back later."
            ),
        };
        answer::plain(StatusCode::OK, text, FRAME_UNIT)
    }

    /// `GET /leave`.
    pub(crate) fn leave(&self) -> Answer {
        let text = "go on to the next address";
        answer::see_other(answer::sentence(StatusCode::OK, text), &self.leave_to.0)
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = Encoder::new(&mut out);
        // Writing into memory does not fail.
        let _written = encoder.map(4).and_then(|map| {
            map.u8(1)?.u8(1)?;
            map.u8(2)?.str(&self.name.0)?;
            map.u8(3)?.str(&self.words.0)?;
            map.u8(4)?.str(&self.leave_to.0)
        });
        out
    }
}

#[cfg(test)]
mod tests;
