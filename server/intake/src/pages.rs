//! The pages without scripts: the front page with its form, and what a form is answered with.

use askama::Template;
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue, LOCATION};
use http::{Method, StatusCode};

use crate::answer::{self, Answer};
use crate::newsroom::Newsroom;

/// A page that takes no script, no frame and nothing from elsewhere, and sends its form here alone.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";
/// Pages are padded to a multiple of so many bytes, so that they all look alike on the wire.
const PAGE_UNIT: usize = 8_192;
const STYLE: &str = include_str!("../templates/style.css");

#[derive(Template)]
#[template(path = "front.html")]
struct Front {
    fingerprint: Option<String>,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct Page {
    title: &'static str,
    text: &'static str,
}

/// How a form ended. Each has a page of its own, which says nothing about what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is a drop.
    Arrived,
    /// No file was chosen, or it is empty.
    Nothing,
    /// The file is no envelope.
    Unsealed,
    /// It is sealed, but to keys that do not pass now.
    OtherKeys,
    /// It is cut off, too long, or altered.
    Damaged,
    /// There is no room.
    Full,
    /// Something on the server's side.
    TryAgain,
}

impl Outcome {
    const ALL: [Self; 7] = [
        Self::Arrived,
        Self::Nothing,
        Self::Unsealed,
        Self::OtherKeys,
        Self::Damaged,
        Self::Full,
        Self::TryAgain,
    ];

    const fn path(self) -> &'static str {
        match self {
            Self::Arrived => "/arrived",
            Self::Nothing => "/nothing",
            Self::Unsealed => "/unsealed",
            Self::OtherKeys => "/other-keys",
            Self::Damaged => "/damaged",
            Self::Full => "/full",
            Self::TryAgain => "/try-again",
        }
    }

    const fn page(self) -> Page {
        let (title, text) = match self {
            Self::Arrived => (
                "It arrived",
                "The sealed file arrived whole and is kept for the newsroom. Delete your sealed \
                 copy. You can close this window.",
            ),
            Self::Nothing => (
                "No file came",
                "There was no file in the form, or it is empty. Go back and choose the sealed file.",
            ),
            Self::Unsealed => (
                "This file is not sealed",
                "Nothing of it was kept. Seal it first with knothole-send seal, on your own \
                 machine, and hand in the file that it makes.",
            ),
            Self::OtherKeys => (
                "Sealed to other keys",
                "Nothing of it was kept. It was sealed to keys that this newsroom does not take \
                 now, for instance because it was sealed weeks ago. Seal your files again and hand \
                 in the new file.",
            ),
            Self::Damaged => (
                "The file is not whole",
                "Nothing of it was kept. The sealed file is cut off, longer than it should be, or \
                 changed. Seal your files again and hand in the new file.",
            ),
            Self::Full => (
                "There is no room now",
                "Nothing of it was kept. The drop-box is full for the moment. Try again tomorrow; \
                 a short message alone may still get through.",
            ),
            Self::TryAgain => (
                "It did not work",
                "Nothing of it was kept. The line broke, or the server is busy or has a problem. \
                 Try again in some minutes. With a bad line, use knothole-send: it goes on where \
                 it was.",
            ),
        };
        Page { title, text }
    }
}

/// The page at this path, if there is one.
pub(crate) fn at(method: &Method, path: &str, newsroom: &Newsroom) -> Option<Answer> {
    let known = match path {
        "/" => Some(front(newsroom)),
        "/style.css" => Some(answer::answer(
            StatusCode::OK,
            "text/css; charset=utf-8",
            Bytes::from_static(STYLE.as_bytes()),
        )),
        _ => Outcome::ALL
            .into_iter()
            .find(|outcome| outcome.path() == path)
            .map(|outcome| page(&outcome.page())),
    }?;
    Some(match *method {
        Method::GET | Method::HEAD => known,
        _ if path == "/" => answer::wrong_method("GET, HEAD, POST"),
        _ => answer::wrong_method("GET, HEAD"),
    })
}

/// Sends the browser to the page of an outcome, so that a reload sends nothing again.
pub(crate) fn see(outcome: Outcome) -> Answer {
    let mut answer = page(&outcome.page());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    answer
        .headers_mut()
        .insert(LOCATION, HeaderValue::from_static(outcome.path()));
    answer
}

fn front(newsroom: &Newsroom) -> Answer {
    let ready = newsroom.chain().filter(|_| newsroom.sheets() > 0);
    page(&Front {
        fingerprint: ready.map(|chain| chain.fingerprint().grouped()),
    })
}

fn page(template: &impl Template) -> Answer {
    // Rendering into memory fails only where a template calls something that fails; none does.
    let mut text = template.render().unwrap_or_default();
    let padded = text.len().next_multiple_of(PAGE_UNIT);
    text.extend(core::iter::repeat_n(
        '\n',
        padded.saturating_sub(text.len()),
    ));
    let mut answer = answer::answer(
        StatusCode::OK,
        "text/html; charset=utf-8",
        Bytes::from(text),
    );
    answer.headers_mut().insert(
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(POLICY),
    );
    answer
}
