//! Gateways of the ordinary web that fetch onion services for browsers without Tor: they see who
//! asks and what is sent, and can change all of it.
//!
//! Nobody can know a gateway that hides. Many name themselves, or say for whom they ask, as relays of
//! the web do (RFC 9110 section 7.6.3, RFC 7239); Tor Browser and our own programs never send any of
//! these headers.

use http::{HeaderMap, StatusCode};

use crate::answer::{self, Answer};

const TOLD_BY: [&str; 7] = [
    "x-tor2web",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// The answer to everything that a gateway asks; nothing when no gateway shows itself.
pub(crate) fn turned_back(headers: &HeaderMap) -> Option<Answer> {
    let told = TOLD_BY.iter().any(|name| headers.contains_key(*name));
    told.then(|| {
        let text = "you have come here by a gateway, and not by Tor Browser: the gateway sees all that \
                    you do, and who you are; leave it, and open the address that ends in .onion in \
                    Tor Browser";
        answer::sentence(StatusCode::FORBIDDEN, text)
    })
}
