//! Answers: no date, no server, no cookie, never stored, and padded so that length says little.

use core::time::Duration;
use std::io;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body;

/// What every answer carries: a few bytes at once, or a sealed drop as it comes from the disk.
pub(crate) type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// Sentences are padded to a multiple of so many bytes.
const SENTENCE_UNIT: usize = 1_024;
const PLAIN: &str = "text/plain; charset=utf-8";

/// An answer of this content.
pub(crate) fn answer(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    streamed(
        status,
        kind,
        Full::new(body).map_err(|never| match never {}),
    )
}

/// An answer whose content comes piece by piece.
pub(crate) fn streamed<B>(status: StatusCode, kind: &'static str, body: B) -> Answer
where
    B: Body<Data = Bytes, Error = io::Error> + Send + 'static,
{
    let mut answer = Response::new(body.boxed_unsync());
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
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
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
    plain(status, format!("{text}."), SENTENCE_UNIT)
}

/// A sentence for a person who is to try again after this time, in whole minutes.
pub(crate) fn later(wait: Duration, text: &str) -> Answer {
    let minutes = wait.as_secs().div_ceil(60);
    let text = format!("{text}, or try again in {minutes} minutes");
    let mut answer = sentence(StatusCode::SERVICE_UNAVAILABLE, &text);
    let seconds = HeaderValue::from(minutes.saturating_mul(60));
    answer.headers_mut().insert(RETRY_AFTER, seconds);
    answer
}

/// Plain text, padded with spaces to a multiple of `unit`.
pub(crate) fn plain(status: StatusCode, text: String, unit: usize) -> Answer {
    answer(status, PLAIN, padded(text, unit))
}

fn padded(mut text: String, unit: usize) -> Bytes {
    let padded = text.len().saturating_add(1).next_multiple_of(unit);
    text.extend(core::iter::repeat_n(
        ' ',
        padded.saturating_sub(text.len()).saturating_sub(1),
    ));
    text.push('\n');
    Bytes::from(text)
}

/// What is no request is answered with these bytes, head and body, and the connection is over.
pub(crate) fn unreadable() -> Bytes {
    let status = StatusCode::BAD_REQUEST;
    let body = padded("this request cannot be read.".to_owned(), SENTENCE_UNIT);
    let like = answer(status, PLAIN, Bytes::new());
    let mut said = format!("HTTP/1.1 {status}\r\n").into_bytes();
    for (name, value) in like.headers() {
        said.extend_from_slice(name.as_str().as_bytes());
        said.extend_from_slice(b": ");
        said.extend_from_slice(value.as_bytes());
        said.extend_from_slice(b"\r\n");
    }
    let last = format!(
        "connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    said.extend_from_slice(last.as_bytes());
    said.extend_from_slice(&body);
    Bytes::from(said)
}

/// Sends the browser on to an address, whatever the method was.
pub(crate) fn see_other(mut answer: Answer, to: &str) -> Answer {
    // The addresses are files' names and what the administrator typed: both were checked.
    if let Ok(to) = HeaderValue::from_str(to) {
        *answer.status_mut() = StatusCode::SEE_OTHER;
        answer.headers_mut().insert(LOCATION, to);
    }
    answer
}

/// Nothing to say but that it is done.
pub(crate) fn done() -> Answer {
    let mut answer = answer(StatusCode::NO_CONTENT, PLAIN, Bytes::new());
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
