//! Answers: no date, no server, no cookie, never stored, and padded so that length says little.

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

/// What every answer carries.
pub(crate) type Answer = Response<Full<Bytes>>;

/// Sentences are padded to a multiple of so many bytes.
const SENTENCE_UNIT: usize = 1_024;

/// An answer of this content.
pub(crate) fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in [
        (
            "content-security-policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// A framed body: signed keys, whose length is padded already.
pub(crate) fn framed(body: Bytes) -> Answer {
    answer(StatusCode::OK, "application/octet-stream", body)
}

/// A sentence for a person.
pub(crate) fn sentence(status: StatusCode, text: &str) -> Answer {
    let mut body = format!("{text}.");
    let padded = body.len().saturating_add(1).next_multiple_of(SENTENCE_UNIT);
    body.extend(core::iter::repeat_n(
        ' ',
        padded.saturating_sub(body.len()).saturating_sub(1),
    ));
    body.push('\n');
    answer(status, "text/plain; charset=utf-8", Bytes::from(body))
}

/// Nothing to say but that it is done.
pub(crate) fn done() -> Answer {
    let mut answer = answer(
        StatusCode::NO_CONTENT,
        "text/plain; charset=utf-8",
        Bytes::new(),
    );
    answer.headers_mut().remove(CONTENT_TYPE);
    answer
}

/// The one answer to everything that is not there: unknown, expired or foreign.
pub(crate) fn not_found() -> Answer {
    sentence(StatusCode::NOT_FOUND, "there is nothing at this address")
}

/// The address is right and the method is not.
pub(crate) fn wrong_method(allowed: &'static str) -> Answer {
    let text = "this address does not take that method";
    let mut answer = sentence(StatusCode::METHOD_NOT_ALLOWED, text);
    answer
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}
