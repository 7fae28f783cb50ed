//! The page's files as answers, and which of them a form is answered with.

use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue};
use http::{Method, StatusCode};

use crate::answer::{self, Answer};
use crate::dist::{Home, Page, Use};

/// One policy for all files: nothing from within a page, nothing from elsewhere, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The name says nothing to whoever finds the file.
const SAVED: &str = "attachment; filename=\"saved.html\"";

/// How a form ended. Each has a page of its own, which says nothing about what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is a drop.
    Arrived,
    /// All of it came, and whether it is a drop the next start will show.
    MayHaveArrived,
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
    /// The drop-box takes nothing new.
    Closed,
    /// Something on the server's side.
    TryAgain,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::MayHaveArrived => "may-have-arrived",
            Self::Nothing => "nothing",
            Self::Unsealed => "unsealed",
            Self::OtherKeys => "other-keys",
            Self::Damaged => "damaged",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::TryAgain => "try-again",
        }
    }
}

/// The file at this path, or the way to it.
pub(crate) fn at(method: &Method, path: &str) -> Option<Answer> {
    let known = match Page::at(path) {
        Some(page) => shown(page),
        None => {
            let home = Home::at(&format!("{path}/"))?;
            let text = "the page is at the same address with a stroke at its end";
            answer::see_other(answer::sentence(StatusCode::OK, text), home.path())
        }
    };
    Some(match *method {
        Method::GET | Method::HEAD => known,
        _ if Home::at(path).is_some() => answer::wrong_method("GET, HEAD, POST"),
        _ => answer::wrong_method("GET, HEAD"),
    })
}

/// Sends the browser to the page of an outcome, in the language of the form, so that a reload sends
/// nothing again.
pub(crate) fn see(outcome: Outcome, home: Home) -> Answer {
    let name = outcome.name();
    let found = [home, Home::ROOT]
        .map(|home| format!("{}{name}", home.path()))
        .into_iter()
        .find_map(|path| Some((Page::at(&path)?, path)));
    let Some((page, path)) = found else {
        return answer::sentence(StatusCode::OK, name);
    };
    answer::see_other(shown(page), &path)
}

fn shown(page: Page) -> Answer {
    let bytes = Bytes::from_static(page.bytes);
    let mut answer = answer::answer(StatusCode::OK, page.kind, bytes);
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if page.to == Use::Save {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(SAVED));
    }
    answer
}
