//! HTTP/1.1 by hand, one connection for each request, to the drop-box at the end of the line.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use crate::socks::{self, Wish};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(120);

/// A drop-box, for one source.
#[derive(Debug, Clone)]
pub(crate) struct DropBox {
    port: SocketAddr,
    onion: String,
    /// Separates this source's circuits from those of others.
    source: String,
}

/// What the drop-box answered. Bodies are of no interest here.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not all of the request went.
    Within,
    /// All of it went, as far as this end can tell.
    After,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut named = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.trim())
    }

    pub(crate) fn offset(&self) -> Option<u64> {
        self.header("upload-offset")?.parse().ok()
    }
}

impl DropBox {
    pub(crate) fn new(port: SocketAddr, onion: &str, source: &str) -> Self {
        Self {
            port,
            onion: onion.to_owned(),
            source: source.to_owned(),
        }
    }

    /// Asks by tus.
    pub(crate) fn tus(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Cut> {
        let mut all = vec![("Tus-Resumable", "1.0.0")];
        if !body.is_empty() {
            all.push(("Content-Type", "application/offset+octet-stream"));
        }
        all.extend_from_slice(headers);
        self.ask(line, &all, body)
    }

    /// Asks once.
    pub(crate) fn ask(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, Cut> {
        let within = |_| Cut::Within;
        let wish = Wish {
            user: self.source.clone(),
            host: self.onion.clone(),
        };
        let mut stream = socks::dial(self.port, &wish).map_err(within)?;
        stream.set_read_timeout(Some(ANSWER)).map_err(within)?;
        stream.set_write_timeout(Some(ANSWER)).map_err(within)?;
        let mut head = format!("{line} HTTP/1.1\r\nHost: {}\r\n", self.onion);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        ));
        stream.write_all(head.as_bytes()).map_err(within)?;
        // A refusal may come before all of it went.
        let went = stream.write_all(body);
        read_head(&mut stream).map_err(|_| {
            if went.is_ok() {
                Cut::After
            } else {
                Cut::Within
            }
        })
    }
}

fn read_head(stream: &mut impl io::Read) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            bytes.truncate(end);
            break;
        }
    }
    let head = String::from_utf8(bytes).map_err(io::Error::other)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Ok(Answer {
        status: status.ok_or(io::ErrorKind::InvalidData)?,
        head,
    })
}
