//! Whatever stands on a connection, what comes back are whole answers, without a header that tells
//! the time or the program, and the store opens again afterwards.

use knothole_envelope::{DropId, Receipt, Signed};

use crate::house::{BEARER, DROP, Ending, House, Side};
use crate::newsroom::NEWSROOM;

/// A request after which an honest server closes.
const LAST: &[u8] = b"GET /charter HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

pub(crate) fn run(bytes: &[u8]) {
    let Some((side, bytes)) = bytes.split_first() else {
        return;
    };
    let side = if side & 1 == 0 {
        Side::Public
    } else {
        Side::Collection
    };
    // Marks stand for what no mutation finds again: the credential, and a whole drop's first bytes.
    let said = replaced(bytes, b"{bearer}", BEARER.as_bytes());
    let said = replaced(&said, b"{drop}", &DROP.0);
    let house = House::new();
    let said = [&said, LAST].concat();
    let answer = house.say(side, &said, Ending::Quiet);
    for line in answer.split(|byte| *byte == b'\n') {
        let line = line.to_ascii_lowercase();
        for banned in ["date:", "server:", "etag:", "last-modified:", "set-cookie:"] {
            assert!(!line.starts_with(banned.as_bytes()));
        }
    }
    if !answer.is_empty() {
        assert!(answer.starts_with(b"HTTP/1."));
    }
    let house = house.restart();
    let asked = house.say(Side::Public, LAST, Ending::Theirs);
    assert!(asked.starts_with(b"HTTP/1.1 200"));
}

fn replaced(text: &[u8], mark: &[u8], with: &[u8]) -> Vec<u8> {
    let place = text.windows(mark.len()).position(|part| part == mark);
    let Some(place) = place else {
        return text.to_vec();
    };
    let (before, rest) = text.split_at(place);
    [before, with, &rest[mark.len()..]].concat()
}

pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds = pages();
    seeds.extend(tus());
    seeds.extend(couriers());
    seeds
}

fn public(text: &str) -> Vec<u8> {
    [b"\0", text.as_bytes()].concat()
}

fn nought() -> String {
    "0".repeat(64)
}

fn pages() -> Vec<(&'static str, Vec<u8>)> {
    let nought = nought();
    let part = "--b\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"x\"\r\n\r\n";
    let length = part.len() + DROP.0.len() + 9;
    let form = "Content-Type: multipart/form-data; boundary=b";
    let end = "HTTP/1.1\r\nHost: x\r\n\r\n";
    vec![
        ("page", public(&format!("GET / {end}"))),
        (
            "sheet",
            public(&format!("GET /sheet {end}GET /charter {end}")),
        ),
        ("mailbox", public(&format!("GET /mailbox/{nought} {end}"))),
        (
            "erase",
            public(&format!(
                "POST /mailbox/{nought} HTTP/1.1\r\nHost: x\r\nContent-Length: 160\r\n\r\n{}",
                "e".repeat(160)
            )),
        ),
        (
            "form",
            public(&format!(
                "POST / HTTP/1.1\r\nHost: x\r\n{form}\r\nContent-Length: {length}\r\n\r\n{part}{{drop}}\r\n--b--\r\n"
            )),
        ),
    ]
}

fn tus() -> Vec<(&'static str, Vec<u8>)> {
    let nought = nought();
    let length = DROP.0.len();
    let asks = |line: &str, headers: &str, body: &str| {
        public(&format!(
            "{line} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n{headers}\r\n{body}"
        ))
    };
    let with =
        format!("Content-Type: application/offset+octet-stream\r\nUpload-Length: {length}\r\n");
    let whole = format!("{with}Content-Length: {length}\r\n");
    let checksum = format!(
        "{with}Upload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\r\nContent-Length: 11\r\n"
    );
    let chunked = format!("{with}Transfer-Encoding: chunked\r\n");
    let create = format!("Upload-Length: {length}\r\nContent-Length: 0\r\n");
    let lane =
        format!("Upload-Concat: partial\r\nUpload-Length: 65536\r\nKnothole-Parent: {nought}\r\n");
    let last = format!("Upload-Concat: final;/drops/{nought} http://x/drops/{nought}\r\n");
    let upload = format!("/drops/{nought}");
    vec![
        ("options", asks("OPTIONS /drops", "", "")),
        ("create", asks("POST /drops", &create, "")),
        ("create-with", asks("POST /drops", &whole, "{drop}")),
        ("checksum", asks("POST /drops", &checksum, "hello world")),
        (
            "chunked",
            asks("POST /drops", &chunked, "5\r\nhello\r\n0\r\n\r\n"),
        ),
        ("lane", asks("POST /drops", &lane, "")),
        ("final", asks("POST /drops", &last, "")),
        ("head", asks(&format!("HEAD {upload}"), "", "")),
        ("delete", asks(&format!("DELETE {upload}"), "", "")),
        (
            "override",
            asks(
                &format!("POST {upload}"),
                "X-HTTP-Method-Override: PATCH\r\n",
                "",
            ),
        ),
    ]
}

fn couriers() -> Vec<(&'static str, Vec<u8>)> {
    let asks = |line: &str, headers: &str, body: &[u8]| {
        let head = format!(
            "{line} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        [b"\x01", head.as_bytes(), body].concat()
    };
    let known = "Authorization: Bearer {bearer}\r\n";
    let range = format!("{known}Range: bytes=0-12287\r\n");
    let stranger = format!("Authorization: Bearer {}\r\n", nought());
    let drop = format!("GET /drops/{}", nought());
    let receipts = Signed::encode_list(&[NEWSROOM.sign(Receipt::Opened {
        drop: DropId::from_bytes([3; 32]),
        tree: DROP.1,
        length: 1_060_864,
    })]);
    let charter = NEWSROOM.chain.chain().encode();
    let sheets = Signed::encode_list(core::slice::from_ref(&NEWSROOM.signed_sheet));
    vec![
        ("listing", asks("GET /listing", known, &[])),
        ("range", asks(&drop, &range, &[])),
        ("collect", asks(&drop, known, &[])),
        ("charter", asks("PUT /charter", known, &charter)),
        ("sheets", asks("PUT /sheets", known, &sheets)),
        ("receipts", asks("POST /receipts", known, &receipts)),
        ("replies", asks("POST /replies", known, &[0x80])),
        ("stranger", asks("GET /listing", &stranger, &[])),
    ]
}
