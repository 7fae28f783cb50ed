//! Bytes and nothing else: a sink that receives, writes and syncs, who pours into it, and slow senders.
//!
//! What is poured begins with its length (u64, big-endian); the sink answers with a byte when all of it
//! is on its disk.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};

use crate::say;

/// What is read and written at once.
const PIECE: usize = 1 << 18;
/// How long somebody who was refused waits before the next try.
const AGAIN: Duration = Duration::from_secs(1);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Programs that are measured beside ours.
#[derive(Debug, Subcommand)]
pub(crate) enum Wire {
    /// Receives, writes and syncs. It prints `ready` and its port.
    Sink {
        /// Where it writes.
        folder: PathBuf,
    },
    /// Sends a file in equal parts at once.
    Pour(Pour),
    /// Sends one file by each of many slow senders at once, until all have arrived.
    Trickle(Trickle),
}

#[derive(Debug, Args)]
pub(crate) struct Pour {
    file: PathBuf,
    #[command(flatten)]
    way: ByTor,
    #[arg(long, default_value_t = 1)]
    parts: u64,
}

/// A name behind a SOCKS port on this machine.
#[derive(Debug, Args)]
pub(crate) struct ByTor {
    #[arg(long)]
    socks: SocketAddr,
    #[arg(long)]
    name: String,
    /// Streams with other words here have other circuits.
    #[arg(long, default_value = "one")]
    apart: String,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Trickle {
    file: PathBuf,
    /// A socket, a port of this machine as in 127.0.0.1:80, or the name of an onion.
    #[arg(long)]
    to: String,
    /// The Tor client's port, for an onion. Each sender has a circuit of its own.
    #[arg(long)]
    socks: Option<SocketAddr>,
    /// What the server at that port speaks.
    #[arg(long)]
    speaking: Speech,
    #[arg(long)]
    senders: usize,
    /// How long each of them takes.
    #[arg(long)]
    seconds: u32,
}

/// What a server wants around the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Speech {
    /// An upload by tus, created with its bytes.
    Tus,
    /// A form with a file.
    Form,
    /// What the sink takes.
    Sink,
}

/// Runs one of them.
pub(crate) fn run(wire: Wire) -> Result<(), Box<dyn Error>> {
    match wire {
        Wire::Sink { folder } => sink(&folder),
        Wire::Pour(pour) => pour.run(),
        Wire::Trickle(trickle) => trickle.run(),
    }
}

fn sink(folder: &Path) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    say(&format!("ready {}", listener.local_addr()?.port()))?;
    let number = AtomicU64::new(0);
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let file = folder.join(number.fetch_add(1, Ordering::Relaxed).to_string());
            // Who hangs up has not sent anything.
            scope.spawn(move || stream.and_then(|stream| swallow(stream, &file)));
        }
    });
    Ok(())
}

fn swallow(mut stream: TcpStream, path: &Path) -> io::Result<()> {
    let mut length = [0; 8];
    stream.read_exact(&mut length)?;
    let mut left = (&stream).take(u64::from_be_bytes(length));
    let mut file = File::create(path)?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = left.read(&mut piece)?;
        match piece.get(..read) {
            Some(bytes @ [_, ..]) => file.write_all(bytes)?,
            _ => break,
        }
    }
    if left.limit() > 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    file.sync_data()?;
    stream.write_all(&[1])
}

impl Pour {
    fn run(&self) -> Result<(), Box<dyn Error>> {
        let length = self.file.metadata()?.len();
        let part = length.div_ceil(self.parts.max(1));
        let ends: Vec<io::Result<()>> = thread::scope(|scope| {
            let pouring: Vec<_> = (0..self.parts)
                .map(|number| {
                    let from = part.saturating_mul(number).min(length);
                    let bytes = part.min(length.saturating_sub(from));
                    scope.spawn(move || {
                        let way = self.way.connect(&format!("{}-{number}", self.way.apart))?;
                        pour(&self.file, from, bytes, way)
                    })
                })
                .collect();
            let lost = |_panic| Err(io::Error::other("a sender is lost"));
            let ended = pouring.into_iter().map(|part| part.join());
            ended.map(|end| end.unwrap_or_else(lost)).collect()
        });
        Ok(ends.into_iter().collect::<io::Result<()>>()?)
    }
}

fn pour(path: &Path, from: u64, bytes: u64, mut way: TcpStream) -> io::Result<()> {
    let mut file = File::open(path)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(from))?;
    way.write_all(&bytes.to_be_bytes())?;
    let mut left = file.take(bytes);
    let mut piece = vec![0; PIECE];
    loop {
        let read = left.read(&mut piece)?;
        match piece.get(..read) {
            Some(bytes @ [_, ..]) => way.write_all(bytes)?,
            _ => break,
        }
    }
    way.read_exact(&mut [0])
}

impl ByTor {
    /// A stream to port 80 of the name (RFC 1928, with a user of RFC 1929 who is nobody).
    fn connect(&self, apart: &str) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.socks)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let field = |text: &str| -> io::Result<Vec<u8>> {
            let length = u8::try_from(text.len()).map_err(io::Error::other)?;
            Ok([&[length], text.as_bytes()].concat())
        };
        stream.write_all(&[5, 1, 2])?;
        stream.read_exact(&mut [0; 2])?;
        let user = [vec![1], field(apart)?, field("x")?].concat();
        stream.write_all(&user)?;
        stream.read_exact(&mut [0; 2])?;
        let to = [vec![5, 1, 0, 3], field(&self.name)?, vec![0, 80]].concat();
        stream.write_all(&to)?;
        let mut reply = [0; 10];
        stream.read_exact(&mut reply)?;
        match reply {
            [_, 0, ..] => Ok(stream),
            [_, code, ..] => Err(io::Error::other(format!("no stream: {code:#x}"))),
        }
    }
}

/// What goes both ways.
trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl Trickle {
    fn run(&self) -> Result<(), Box<dyn Error>> {
        let bytes = self.speaking.around(&fs::read(&self.file)?);
        let began = Instant::now();
        thread::scope(|scope| {
            for number in 0..self.senders {
                let bytes = &bytes;
                thread::Builder::new()
                    .stack_size(1 << 16)
                    .spawn_scoped(scope, move || self.until_it_arrives(number, bytes, began))?;
            }
            Ok::<_, io::Error>(())
        })?;
        match began.elapsed() > PATIENCE {
            true => Err("not all of them arrived".into()),
            false => Ok(()),
        }
    }

    fn until_it_arrives(&self, number: usize, bytes: &[u8], began: Instant) {
        while began.elapsed() < PATIENCE && !self.send(number, bytes).unwrap_or(false) {
            thread::sleep(AGAIN);
        }
    }

    fn connect(&self, number: usize) -> io::Result<Box<dyn Stream>> {
        if let Some(socks) = self.socks {
            let way = ByTor {
                socks,
                name: self.to.clone(),
                apart: String::new(),
            };
            return Ok(Box::new(way.connect(&number.to_string())?));
        }
        if self.to.starts_with('/') {
            let stream = UnixStream::connect(&self.to)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            return Ok(Box::new(stream));
        }
        let stream = TcpStream::connect(&self.to)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Box::new(stream))
    }

    /// Sends all of it at an even pace, and says whether it was taken.
    fn send(&self, number: usize, bytes: &[u8]) -> io::Result<bool> {
        /// So often a sender sends.
        const PIECES: u32 = 100;
        let mut stream = self.connect(number)?;
        let pieces = usize::try_from(PIECES).unwrap_or(1);
        let pause = Duration::from_secs(self.seconds.into()).checked_div(PIECES);
        let pause = pause.unwrap_or_default();
        for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
            stream.write_all(piece)?;
            thread::sleep(pause);
        }
        let mut answer = [0; 12];
        let read = match self.speaking {
            Speech::Sink => stream.read(&mut answer)?,
            Speech::Tus | Speech::Form => stream.read_exact(&mut answer).map(|()| answer.len())?,
        };
        let said = answer.get(..read).unwrap_or_default();
        Ok(match self.speaking {
            Speech::Sink => said == [1],
            Speech::Tus => said.ends_with(b" 201"),
            Speech::Form => said.ends_with(b" 302"),
        })
    }
}

impl Speech {
    /// A whole request with these bytes.
    fn around(self, bytes: &[u8]) -> Vec<u8> {
        let length = bytes.len();
        let (head, tail) = match self {
            Self::Sink => {
                let length = u64::try_from(length).unwrap_or(u64::MAX);
                (length.to_be_bytes().to_vec(), Vec::new())
            }
            Self::Tus => {
                let head = format!(
                    "POST /drops HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: {length}\r\n\
                     Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n"
                );
                (head.into_bytes(), Vec::new())
            }
            Self::Form => {
                let begin = "--part\r\nContent-Disposition: form-data; name=\"file[]\"; \
                             filename=\"film\"\r\nContent-Type: application/octet-stream\r\n\r\n";
                let end = "\r\n--part--\r\n";
                let whole = [begin.len(), length, end.len()]
                    .into_iter()
                    .fold(0, usize::saturating_add);
                let head = format!(
                    "POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                     Content-Type: multipart/form-data; boundary=part\r\nContent-Length: {whole}\r\n\r\n{begin}"
                );
                (head.into_bytes(), end.as_bytes().to_vec())
            }
        };
        [head, bytes.to_vec(), tail].concat()
    }
}
