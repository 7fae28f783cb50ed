//! A plain HTTP/1.1 peer over a pipe in memory.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "several tests share it, and a test that cannot go on ends"
)]

use std::sync::Arc;

use knothole_intake::Intake;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

/// One connection to a drop-box.
pub struct Wire(DuplexStream);

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands there once");
        value
    }

    pub fn text(&self) -> &str {
        core::str::from_utf8(&self.body).unwrap().trim()
    }
}

impl Wire {
    pub fn public(intake: &Arc<Intake>) -> Self {
        let (near, far) = tokio::io::duplex(65_536);
        let intake = Arc::clone(intake);
        tokio::spawn(async move { intake.serve_public(far).await });
        Self(near)
    }

    pub fn collection(intake: &Arc<Intake>) -> Self {
        let (near, far) = tokio::io::duplex(65_536);
        let intake = Arc::clone(intake);
        tokio::spawn(async move { intake.serve_collection(far).await });
        Self(near)
    }

    /// Sends the head of a request, and so much of its body.
    pub async fn begin(
        &mut self,
        line: &str,
        headers: &[(&str, &str)],
        length: usize,
        body: &[u8],
    ) {
        let mut head = format!("{line} HTTP/1.1\r\nHost: x\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {length}\r\n\r\n"));
        self.0.write_all(head.as_bytes()).await.unwrap();
        self.0.write_all(body).await.unwrap();
    }

    pub async fn ask(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.begin(line, headers, body.len(), body).await;
        let bodiless = line.starts_with("HEAD ");
        self.answer(bodiless).await
    }

    /// Sends bytes as they are, if the other side still takes them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// Waits until the other side has closed.
    pub async fn closed(&mut self) {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).await.unwrap();
    }

    /// Reads one whole answer.
    pub async fn answer(&mut self, bodiless: bool) -> Answer {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer {
            status: status.parse().unwrap(),
            headers,
            body: Vec::new(),
        };
        let length = answer.header("content-length").map(str::parse::<usize>);
        if let (Some(length), false) = (length, bodiless) {
            answer.body = vec![0; length.unwrap()];
            self.0.read_exact(&mut answer.body).await.unwrap();
        }
        answer
    }

    /// A tus request.
    pub async fn tus(&mut self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut all = vec![("Tus-Resumable", "1.0.0")];
        all.extend_from_slice(headers);
        self.ask(line, &all, body).await
    }

    /// Appends at an offset.
    pub async fn patch(&mut self, path: &str, offset: usize, body: &[u8]) -> Answer {
        let offset = offset.to_string();
        let headers = [("Upload-Offset", offset.as_str()), PATCH];
        self.tus(&format!("PATCH {path}"), &headers, body).await
    }
}

/// The type of a body that is appended.
pub const PATCH: (&str, &str) = ("Content-Type", "application/offset+octet-stream");
