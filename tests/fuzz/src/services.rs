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
    let public = |text: &str| [b"\0", text.as_bytes()].concat();
    let collection = |text: &str, body: &[u8]| {
        let head = format!(
            "{text} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {{bearer}}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [b"\x01", head.as_bytes(), body].concat()
    };
    let length = DROP.0.len();
    let tus = "HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\n";
    let patch = "Content-Type: application/offset+octet-stream\r\n";
    let form = "--b\r\nContent-Disposition: form-data; name=\"sealed\"; filename=\"x\"\r\n\r\n";
    let burned = Signed::encode_list(&[NEWSROOM.sign(Receipt::Opened {
        drop: DropId::from_bytes([3; 32]),
        tree: DROP.1,
        length: 1_060_864,
    })]);
    let charter = NEWSROOM.chain.chain().encode();
    let sheets = Signed::encode_list(core::slice::from_ref(&NEWSROOM.signed_sheet));
    let nought = "0".repeat(64);
    vec![
        ("page", public("GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
        (
            "sheet",
            public(
                "GET /sheet HTTP/1.1\r\nHost: x\r\n\r\nGET /charter HTTP/1.1\r\nHost: x\r\n\r\n",
            ),
        ),
        (
            "mailbox",
            public(&format!(
                "GET /mailbox/{nought} HTTP/1.1\r\nHost: x\r\n\r\n"
            )),
        ),
        (
            "erase",
            public(&format!(
                "POST /mailbox/{nought} HTTP/1.1\r\nHost: x\r\nContent-Length: 160\r\n\r\n{}",
                "e".repeat(160)
            )),
        ),
        ("options", public(&format!("OPTIONS /drops {tus}\r\n"))),
        (
            "create",
            public(&format!(
                "POST /drops {tus}Upload-Length: {length}\r\nContent-Length: 0\r\n\r\n"
            )),
        ),
        (
            "create-with",
            public(&format!(
                "POST /drops {tus}{patch}Upload-Length: {length}\r\nUpload-Offset: 0\r\nContent-Length: {length}\r\n\r\n{{drop}}"
            )),
        ),
        (
            "checksum",
            public(&format!(
                "POST /drops {tus}{patch}Upload-Length: {length}\r\nUpload-Checksum: sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=\r\nContent-Length: 11\r\n\r\nhello world"
            )),
        ),
        (
            "chunked",
            public(&format!(
                "POST /drops {tus}{patch}Upload-Length: {length}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )),
        ),
        (
            "lane",
            public(&format!(
                "POST /drops {tus}Upload-Concat: partial\r\nUpload-Length: 65536\r\nKnothole-Parent: {nought}\r\n\r\n"
            )),
        ),
        (
            "final",
            public(&format!(
                "POST /drops {tus}Upload-Concat: final;/drops/{nought} http://x/drops/{nought}\r\n\r\n"
            )),
        ),
        ("head", public(&format!("HEAD /drops/{nought} {tus}\r\n"))),
        (
            "delete",
            public(&format!("DELETE /drops/{nought} {tus}\r\n")),
        ),
        (
            "override",
            public(&format!(
                "POST /drops/{nought} {tus}X-HTTP-Method-Override: PATCH\r\n\r\n"
            )),
        ),
        (
            "form",
            public(&format!(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n{form}{{drop}}\r\n--b--\r\n",
                form.len() + length + 9
            )),
        ),
        ("listing", collection("GET /listing", &[])),
        (
            "range",
            public(&format!(
                "GET /drops/{nought} HTTP/1.1\r\nRange: bytes=0-12287\r\n\r\n"
            )),
        ),
        ("collect", collection(&format!("GET /drops/{nought}"), &[])),
        ("charter", collection("PUT /charter", &charter)),
        ("sheets", collection("PUT /sheets", &sheets)),
        ("receipts", collection("POST /receipts", &burned)),
        ("replies", collection("POST /replies", &[0x80])),
        (
            "stranger",
            [
                b"\x01".as_slice(),
                b"GET /listing HTTP/1.1\r\nAuthorization: Bearer ",
                nought.as_bytes(),
                b"\r\n\r\n",
            ]
            .concat(),
        ),
    ]
}
