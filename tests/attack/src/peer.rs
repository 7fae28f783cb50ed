//! A plain HTTP/1.1 peer that can stop anywhere.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::target::Line;

/// How long an answer may take: an attacker waits for nobody.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest head of an answer, and the longest body.
const MOST_HEAD: usize = 16_384;
const MOST_BODY: usize = 1 << 20;

/// The headers of every request by tus.
pub(crate) const TUS: (&str, &str) = ("Tus-Resumable", "1.0.0");
/// The type of a body that is appended.
pub(crate) const PATCH: (&str, &str) = ("Content-Type", "application/offset+octet-stream");

/// One connection.
pub(crate) struct Peer(Line);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    head: String,
}

impl Answer {
    /// The value of a header, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// The address of what was created.
    pub(crate) fn location(&self) -> io::Result<String> {
        let found = self.header("location").map(str::to_owned);
        found.ok_or_else(|| io::Error::other("nothing was created"))
    }

    /// How far an upload is.
    pub(crate) fn offset(&self) -> Option<usize> {
        self.header("upload-offset")?.parse().ok()
    }
}

impl Peer {
    pub(crate) const fn new(line: Line) -> Self {
        Self(line)
    }

    /// Sends bytes as they are.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }

    /// Sends the head of a request whose body has so many bytes.
    pub(crate) async fn begin(
        &mut self,
        line: &str,
        headers: &[(&str, &str)],
        length: u64,
    ) -> io::Result<()> {
        let mut head = format!("{line} HTTP/1.1\r\nHost: x\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {length}\r\n\r\n"));
        self.send(head.as_bytes()).await
    }

    /// A whole request and its answer.
    pub(crate) async fn ask(
        &mut self,
        line: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let length = u64::try_from(body.len()).map_err(io::Error::other)?;
        self.begin(line, headers, length).await?;
        self.send(body).await?;
        self.answer(line.starts_with("HEAD ")).await
    }

    /// Creates an upload of this length.
    pub(crate) async fn create(&mut self, length: u64) -> io::Result<Answer> {
        let length = length.to_string();
        let headers = [TUS, ("Upload-Length", length.as_str())];
        self.ask("POST /drops", &headers, b"").await
    }

    /// Reads one whole answer.
    pub(crate) async fn answer(&mut self, bodiless: bool) -> io::Result<Answer> {
        tokio::time::timeout(PATIENCE, self.read(bodiless))
            .await
            .map_err(io::Error::from)?
    }

    async fn read(&mut self, bodiless: bool) -> io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.0.read_u8().await?);
            if head.len() > MOST_HEAD {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        let head = String::from_utf8(head).map_err(io::Error::other)?;
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            body: Vec::new(),
            head,
        };
        let length = answer.header("content-length").unwrap_or("0");
        let length: usize = length.parse().map_err(io::Error::other)?;
        if length > MOST_BODY {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if !bodiless {
            answer.body = vec![0; length];
            self.0.read_exact(&mut answer.body).await?;
        }
        Ok(answer)
    }

    /// Reads and forgets until the other side has closed.
    pub(crate) async fn listen(&mut self) -> io::Result<()> {
        let mut bytes = [0; 4_096];
        while self.0.read(&mut bytes).await? > 0 {}
        Ok(())
    }
}
