//! Requests from pages of other origins: a page that was saved, checked and opened from a file has
//! the origin `null`, and must reach the drop-box as a page of the drop-box itself does.
//!
//! Whoever reaches the onion may ask the same without a browser, and no answer depends on a cookie
//! or on any other right that a browser would add. So these addresses are open to every origin, and
//! never with credentials. `null` alone would keep nobody out: any page can give itself that origin.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName, HeaderValue,
};
use http::{Method, Request};

use crate::answer::Answer;
use crate::poll::MAILBOXES;
use crate::tus::UPLOADS;

/// A request to an address that pages of other origins may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// A browser asks whether the page may.
    Preflight,
    /// The request itself.
    Request,
}

/// A page may send these methods; tus has no others.
const METHODS: &str = "GET, HEAD, POST, PATCH, DELETE";
/// A page may send these headers.
const SENT: &str = "content-type, knothole-parent, tus-resumable, upload-checksum, upload-concat, \
                    upload-length, upload-offset";
/// A page may read these headers.
const READ: &str = "knothole-tree, location, tus-checksum-algorithm, tus-extension, tus-max-size, \
                    tus-resumable, tus-version, upload-concat, upload-expires, upload-length, \
                    upload-offset";
/// Seconds for which a browser need not ask again: over Tor each question costs a second.
const REMEMBERED: &str = "86400";

impl Crossing {
    /// What the request is; `None` where other origins may not ask.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        let path = request.uri().path();
        let open = matches!(path, "/charter" | "/sheet" | "/newsroom" | "/drops")
            || path.starts_with(UPLOADS)
            || path.starts_with(MAILBOXES);
        open.then_some(match *request.method() {
            Method::OPTIONS => Self::Preflight,
            _ => Self::Request,
        })
    }

    /// Lets a page of any origin see the answer.
    pub(crate) fn allow(self, answer: &mut Answer) {
        let headers = answer.headers_mut();
        let mut put = |name: HeaderName, value| {
            headers.insert(name, HeaderValue::from_static(value));
        };
        put(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        match self {
            Self::Request => put(ACCESS_CONTROL_EXPOSE_HEADERS, READ),
            Self::Preflight => {
                put(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                put(ACCESS_CONTROL_ALLOW_HEADERS, SENT);
                put(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
            }
        }
    }
}
