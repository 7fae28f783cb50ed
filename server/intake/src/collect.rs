//! What a courier asks for: the listing, and sealed drops or stretches of them.

mod range;
mod stretch;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use knothole_envelope::DropId;

use self::range::{Asked, Range};
use self::stretch::Stretch;
use crate::answer::{self, Answer};
use crate::commit;
use crate::disk::Disk;
use crate::shelf::Visible;

/// Drops are collected beneath this path.
pub(crate) const DROPS: &str = "/drops/";
const SEALED: &str = "application/octet-stream";

/// Answers `/listing`.
pub(crate) fn listing(visible: &Visible, method: &Method) -> Answer {
    if method == Method::GET {
        answer::framed(visible.listing())
    } else {
        answer::wrong_method("GET")
    }
}

/// Answers `/drops/<id>`; `name` is what follows [`DROPS`].
pub(crate) fn sealed(
    disk: &Arc<dyn Disk>,
    visible: &Visible,
    name: &str,
    method: &Method,
    headers: &HeaderMap,
) -> Answer {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return answer::wrong_method("GET, HEAD");
    }
    let Some((id, manifest)) = name
        .parse::<DropId>()
        .ok()
        .and_then(|id| Some((id, visible.find(&id)?)))
    else {
        return answer::not_found();
    };
    let length = manifest.lanes.length();
    if method == Method::HEAD {
        let mut told = answer::answer(StatusCode::OK, SEALED, Bytes::new());
        put(&mut told, CONTENT_LENGTH, &length.to_string());
        told.headers_mut()
            .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        return told;
    }
    let (status, part) = match Range::asked(headers, length) {
        Asked::Whole => (StatusCode::OK, Range::whole(length)),
        Asked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Asked::Unsatisfiable => {
            let text = "the drop does not have the bytes that were asked for";
            let mut refusal = answer::sentence(StatusCode::RANGE_NOT_SATISFIABLE, text);
            put(&mut refusal, CONTENT_RANGE, &format!("bytes */{length}"));
            return refusal;
        }
    };
    let folder = commit::folder_of(&commit::shelf(), &id);
    let body = Stretch::new(Arc::clone(disk), folder, Arc::clone(manifest), part);
    let mut sealed = answer::streamed(status, SEALED, body);
    sealed
        .headers_mut()
        .insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        put(
            &mut sealed,
            CONTENT_RANGE,
            &format!("bytes {part}/{length}"),
        );
    }
    sealed
}

/// Sets a header to digits and signs, which every header can hold.
fn put(answer: &mut Answer, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests;
