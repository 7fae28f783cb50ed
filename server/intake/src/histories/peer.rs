//! Whoever speaks to the drop-box of a history, one request on each line.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::intake::Intake;
use crate::serve::Side;

/// A line holds a whole request: were it read while it is written, chance would decide in which
/// pieces, and so at which step of the disk a history is.
const LINE: usize = 16 << 20;

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.to_lowercase().starts_with(&format!("{name}: "));
        let line = self.head.lines().find(named)?;
        line.split_once(": ").map(|(_, value)| value)
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.header(name)?.parse().ok()
    }
}

/// One request. The line goes after so many bytes of the body, if it has more.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) line: String,
    pub(super) headers: Vec<(&'a str, String)>,
    pub(super) body: &'a [u8],
    pub(super) arrives: usize,
}

impl<'a> Request<'a> {
    pub(super) fn new(line: impl Into<String>) -> Self {
        Self {
            line: line.into(),
            headers: Vec::new(),
            body: &[],
            arrives: 0,
        }
    }

    pub(super) fn tus(line: impl Into<String>) -> Self {
        Self::new(line).with("Tus-Resumable", "1.0.0")
    }

    pub(super) fn with(mut self, name: &'a str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    pub(super) fn sending(mut self, body: &'a [u8]) -> Self {
        (self.body, self.arrives) = (body, body.len());
        self
    }

    pub(super) fn cut_after(mut self, bytes: usize) -> Self {
        self.arrives = bytes.min(self.body.len());
        self
    }

    /// Asks, and gives the answer, if there was one, when all that it has set going has ended.
    pub(super) async fn ask(self, intake: &Arc<Intake>, side: Side) -> Option<Answer> {
        let mut head = format!("{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", self.line);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        let (mut near, far) = tokio::io::duplex(LINE);
        near.write_all(head.as_bytes()).await.unwrap();
        near.write_all(&self.body[..self.arrives]).await.unwrap();
        if self.arrives < self.body.len() {
            near.shutdown().await.unwrap();
        }
        let inside = Arc::clone(intake);
        let served = tokio::spawn(async move {
            match side {
                Side::Public => inside.serve_public(far).await,
                Side::Collection => inside.serve_collection(far).await,
            }
        });
        let mut answer = Vec::new();
        let read = near.read_to_end(&mut answer).await;
        drop(near);
        served.await.unwrap();
        while Arc::strong_count(intake) > 1 {
            tokio::task::yield_now().await;
        }
        read.ok()?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        Some(Answer {
            status: head.split(' ').nth(1)?.parse().unwrap(),
            head,
            body: answer[end + 4..].to_vec(),
        })
    }
}
