//! Bytes that are no request, as scanners and other protocols send them.

#![allow(unreachable_pub, reason = "a module of a test")]

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The one sentence.
    Sentence,
    /// No byte: the connection is closed.
    Nothing,
}

type Junk = (&'static str, fn() -> Vec<u8>, Heard);

fn head(lines: &str) -> Vec<u8> {
    format!("{lines}\r\nHost: x\r\n\r\n").into_bytes()
}

fn with(line: &str) -> Vec<u8> {
    head(&format!("POST /drops HTTP/1.1\r\n{line}"))
}

pub const JUNK: &[Junk] = &[
    ("no method", || head(" / HTTP/1.1"), Heard::Sentence),
    (
        "a method with a control sign",
        || head("G\u{1}T / HTTP/1.1"),
        Heard::Sentence,
    ),
    (
        "a method with a comma",
        || head("G,T / HTTP/1.1"),
        Heard::Sentence,
    ),
    ("no address", || head("GET HTTP/1.1"), Heard::Sentence),
    (
        "an address with a blank",
        || head("GET /a b HTTP/1.1"),
        Heard::Sentence,
    ),
    (
        "an address with a zero",
        || head("GET /\0 HTTP/1.1"),
        Heard::Sentence,
    ),
    ("no version", || head("GET /"), Heard::Sentence),
    ("version 0.9", || head("GET / HTTP/0.9"), Heard::Sentence),
    ("version 2.0", || head("GET / HTTP/2.0"), Heard::Sentence),
    ("version 3.7", || head("GET / HTTP/3.7"), Heard::Sentence),
    (
        "a version in small letters",
        || head("GET / http/1.1"),
        Heard::Sentence,
    ),
    ("zeros", || vec![0; 64], Heard::Sentence),
    (
        "a zero and a line",
        || b"\0\r\n\r\n".to_vec(),
        Heard::Sentence,
    ),
    (
        "TLS",
        || [&[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3][..], &[0x5a; 500]].concat(),
        Heard::Sentence,
    ),
    (
        "SSH",
        || b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(),
        Heard::Sentence,
    ),
    (
        "SMTP",
        || b"EHLO scanner.example\r\n".to_vec(),
        Heard::Sentence,
    ),
    ("SOCKS5", || vec![5, 1, 0], Heard::Sentence),
    (
        "Redis",
        || b"*1\r\n$4\r\nINFO\r\n".to_vec(),
        Heard::Sentence,
    ),
    (
        "HTTP/2",
        || b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        Heard::Nothing,
    ),
    (
        "a header without a colon",
        || head("GET / HTTP/1.1\r\nNoColon"),
        Heard::Sentence,
    ),
    (
        "a header with a blank in its name",
        || head("GET / HTTP/1.1\r\nA B: c"),
        Heard::Sentence,
    ),
    (
        "a header with a zero",
        || head("GET / HTTP/1.1\r\nA: b\0c"),
        Heard::Sentence,
    ),
    (
        "a folded header",
        || head("GET / HTTP/1.1\r\nA: b\r\n c"),
        Heard::Sentence,
    ),
    (
        "a header without a name",
        || head("GET / HTTP/1.1\r\n: x"),
        Heard::Sentence,
    ),
    (
        "two lengths",
        || with("Content-Length: 5\r\nContent-Length: 6"),
        Heard::Sentence,
    ),
    (
        "a length with a sign",
        || with("Content-Length: +5"),
        Heard::Sentence,
    ),
    (
        "a length below nothing",
        || with("Content-Length: -5"),
        Heard::Sentence,
    ),
    (
        "a length of words",
        || with("Content-Length: five"),
        Heard::Sentence,
    ),
    (
        "a length too long for any number",
        || with(&format!("Content-Length: {}", "9".repeat(40))),
        Heard::Sentence,
    ),
    (
        "another coding than pieces",
        || with("Transfer-Encoding: gzip"),
        Heard::Sentence,
    ),
    (
        "pieces within pieces",
        || with("Transfer-Encoding: chunked, gzip"),
        Heard::Sentence,
    ),
    (
        "sixty-five headers",
        || head(&format!("GET / HTTP/1.1\r\n{}A: b", "A: b\r\n".repeat(63))),
        Heard::Sentence,
    ),
    (
        "a header of 1,000,000 bytes",
        || head(&format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(1_000_000))),
        Heard::Sentence,
    ),
    (
        "an address of 1,000,000 bytes",
        || head(&format!("GET /{} HTTP/1.1", "a".repeat(1_000_000))),
        Heard::Sentence,
    ),
    (
        "a line that never ends",
        || vec![b'A'; 1_000_000],
        Heard::Sentence,
    ),
];
