//! A SOCKS5 port, as a Tor client has it, whose connections to the drop-box break as they are told.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use knothole_envelope::frame;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What happens to one connection.
#[derive(Clone, Debug)]
pub enum Fate {
    /// Nothing.
    Whole,
    /// It breaks when anything is asked for but papers: whoever greeted the newsroom needs another one.
    Greets,
    /// It breaks when so many bytes have gone to the drop-box.
    CutAfter(u64),
    /// It breaks when so many bytes have gone to the drop-box and an answer comes back.
    Unanswered(u64),
    /// It breaks when an answer comes back to the question whether lanes are to be put together.
    Unjoined,
    /// The port says that the onion cannot be reached.
    Unreachable,
    /// The port takes the connection and never says a word.
    Mute,
    /// Whatever is asked, this is the answer.
    Says(&'static str),
    /// A drop-box that reads every piece, says that it has nothing of it, and counts them.
    TakesNothing(Arc<AtomicU64>),
    /// A drop-box that takes all bytes and makes no drop of them at once.
    Forgetful(Afterwards),
    /// A drop-box that has these papers, and nothing else.
    Papers(Arc<Papers>),
    /// A drop-box that hangs up when it has shown its charter.
    CharterOnly(Arc<Papers>),
}

/// What a forgetful drop-box does when it has all bytes.
#[derive(Clone, Copy, Debug)]
pub enum Afterwards {
    /// It makes a drop when it is given the rest: nothing.
    WhenGivenNothing,
    /// It never makes one.
    Never,
    /// It says that it has no byte of it.
    HasNothing,
}

/// What a drop-box shows of its newsroom.
#[derive(Debug)]
pub struct Papers {
    pub charter: Vec<u8>,
    pub sheets: Vec<u8>,
}

pub struct Road {
    pub port: u16,
    state: Arc<State>,
    tasks: JoinSet<()>,
}

struct State {
    server: u16,
    next: Mutex<VecDeque<Fate>>,
    /// The fate of every connection for which none is planned.
    usual: Mutex<Fate>,
    users: Mutex<Vec<Vec<u8>>>,
    up: watch::Sender<u64>,
    ended: watch::Sender<u64>,
    dialed: watch::Sender<usize>,
    /// How many connections had ended when each was dialed.
    ended_at: Mutex<Vec<u64>>,
}

impl Road {
    /// A road to this port, with the fates of its first connections.
    pub async fn to(server: u16, fates: &[Fate]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            server,
            next: Mutex::new(fates.iter().cloned().collect()),
            usual: Mutex::new(Fate::Whole),
            users: Mutex::default(),
            up: watch::Sender::new(0),
            ended: watch::Sender::new(0),
            dialed: watch::Sender::new(0),
            ended_at: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let inside = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let next = inside.next.lock().unwrap().pop_front();
                let fate = next.unwrap_or_else(|| inside.usual.lock().unwrap().clone());
                let inside = Arc::clone(&inside);
                connections.spawn(async move {
                    drop(carry(&inside, stream, fate).await);
                    inside.ended.send_modify(|count| *count += 1);
                });
            }
        });
        Self { port, state, tasks }
    }

    /// The fates of the next connections.
    pub fn next(&self, fates: &[Fate]) {
        *self.state.next.lock().unwrap() = fates.iter().cloned().collect();
    }

    /// The fate of connections that are not planned.
    pub fn usually(&self, fate: Fate) {
        *self.state.usual.lock().unwrap() = fate;
    }

    /// Waits until so many bytes have gone to the drop-box, over all connections.
    pub async fn carried(&self, bytes: u64) {
        let mut up = self.state.up.subscribe();
        up.wait_for(|sum| *sum >= bytes).await.unwrap();
    }

    pub fn bytes(&self) -> u64 {
        *self.state.up.borrow()
    }

    /// How many connections have ended.
    pub fn endings(&self) -> u64 {
        *self.state.ended.borrow()
    }

    /// Waits until so many connections have ended.
    pub async fn ended(&self, connections: u64) {
        let mut ended = self.state.ended.subscribe();
        ended.wait_for(|count| *count >= connections).await.unwrap();
    }

    /// Waits until so many connections were asked for.
    pub async fn dialed(&self, connections: usize) {
        let mut dialed = self.state.dialed.subscribe();
        dialed
            .wait_for(|count| *count >= connections)
            .await
            .unwrap();
    }

    /// How many connections had ended when each was asked for, in their order.
    pub fn ended_at(&self) -> Vec<u64> {
        self.state.ended_at.lock().unwrap().clone()
    }

    /// The port goes away.
    pub async fn close(mut self) {
        self.tasks.shutdown().await;
    }

    /// The SOCKS user names of the connections, in their order.
    pub fn users(&self) -> Vec<Vec<u8>> {
        self.state.users.lock().unwrap().clone()
    }
}

async fn field(peer: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(peer.read_u8().await?)];
    peer.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn carry(state: &State, mut near: TcpStream, fate: Fate) -> io::Result<()> {
    // RFC 1928 and RFC 1929, the parts that a Tor client is asked for.
    let mut greeting = [0; 2];
    near.read_exact(&mut greeting).await?;
    let mut methods = vec![0; usize::from(greeting[1])];
    near.read_exact(&mut methods).await?;
    near.write_all(&[5, 2]).await?;
    near.read_u8().await?;
    let user = field(&mut near).await?;
    field(&mut near).await?;
    state.users.lock().unwrap().push(user);
    state.ended_at.lock().unwrap().push(*state.ended.borrow());
    state.dialed.send_modify(|count| *count += 1);
    near.write_all(&[1, 0]).await?;
    let mut request = [0; 4];
    near.read_exact(&mut request).await?;
    assert_eq!(
        request,
        [5, 1, 0, 3],
        "a name is asked for, never an address"
    );
    assert!(field(&mut near).await?.ends_with(b".onion"));
    assert_eq!(near.read_u16().await?, 80);
    if matches!(fate, Fate::Mute) {
        near.read_u8().await?;
        return Ok(());
    }
    if matches!(fate, Fate::Unreachable) {
        return near.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]).await;
    }
    if let Fate::Says(answer) = fate {
        near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        asked(&mut near).await?;
        return say(&mut near, answer.as_bytes()).await;
    }
    if let Fate::TakesNothing(pieces) = fate {
        near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        return take_nothing(&mut near, &pieces).await;
    }
    if let Fate::Forgetful(afterwards) = fate {
        near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        return forget(&mut near, afterwards).await;
    }
    if let Fate::Papers(papers) = fate {
        near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        return show(&mut near, &papers, u32::MAX).await;
    }
    if let Fate::CharterOnly(papers) = fate {
        near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
        return show(&mut near, &papers, 1).await;
    }
    let far = TcpStream::connect(("127.0.0.1", state.server)).await?;
    near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let gone = AtomicU64::new(0);
    tokio::select! {
        end = up(state, near_read, far_write, &fate, &gone) => end,
        end = down(far_read, near_write, &fate, &gone) => end,
    }
}

/// Reads the head of a request.
async fn asked(near: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await?);
    }
    Ok(head)
}

/// Gives an answer and hangs up.
async fn say(near: &mut TcpStream, answer: &[u8]) -> io::Result<()> {
    near.write_all(answer).await?;
    near.shutdown().await?;
    // Until the other side has read it.
    near.read_to_end(&mut Vec::new()).await.map(drop)
}

async fn take_nothing(near: &mut TcpStream, pieces: &AtomicU64) -> io::Result<()> {
    while pieces.load(Ordering::Relaxed) < 50 {
        let head = String::from_utf8(asked(near).await?).unwrap();
        let answer = if head.starts_with("POST") {
            let location = format!("/drops/{}", "ab".repeat(32));
            format!("HTTP/1.1 201 Created\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
        } else {
            let length = head
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = (&mut *near).take(length.unwrap_or(0));
            tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
            pieces.fetch_add(1, Ordering::Relaxed);
            "HTTP/1.1 204 No Content\r\nUpload-Offset: 0\r\n\r\n".to_owned()
        };
        near.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

/// Was killed between the last byte and the drop, and started again.
async fn forget(near: &mut TcpStream, afterwards: Afterwards) -> io::Result<()> {
    let mut all = String::new();
    loop {
        let head = String::from_utf8(asked(near).await?).unwrap();
        let small = head.to_ascii_lowercase();
        let number = |name: &str| {
            let mut lines = small.lines();
            lines.find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok())
        };
        let length = number("content-length:").unwrap_or(0);
        let body = (&mut *near).take(length);
        let mut body = tokio::io::BufReader::new(body);
        tokio::io::copy(&mut body, &mut tokio::io::sink()).await?;
        let answer = if head.starts_with("POST") {
            all = number("upload-length:").unwrap_or(0).to_string();
            let location = format!("/drops/{}", "ab".repeat(32));
            format!("HTTP/1.1 201 Created\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
        } else if head.starts_with("PATCH") && length > 0 {
            let offset = number("upload-offset:").unwrap_or(0) + length;
            format!("HTTP/1.1 204 No Content\r\nUpload-Offset: {offset}\r\n\r\n")
        } else if head.starts_with("PATCH") && matches!(afterwards, Afterwards::WhenGivenNothing) {
            let tree = "00".repeat(32);
            format!(
                "HTTP/1.1 204 No Content\r\nUpload-Offset: {all}\r\nKnothole-Tree: {tree}\r\n\r\n"
            )
        } else if head.starts_with("PATCH") {
            format!("HTTP/1.1 204 No Content\r\nUpload-Offset: {all}\r\n\r\n")
        } else {
            let has = match afterwards {
                Afterwards::HasNothing => "0",
                Afterwards::WhenGivenNothing | Afterwards::Never => &all,
            };
            format!(
                "HTTP/1.1 200 OK\r\nUpload-Offset: {has}\r\nUpload-Length: {all}\r\nContent-Length: 0\r\n\r\n"
            )
        };
        near.write_all(answer.as_bytes()).await?;
    }
}

async fn show(near: &mut TcpStream, papers: &Papers, answers: u32) -> io::Result<()> {
    for _ in 0..answers {
        let head = asked(near).await?;
        let paper = match head.starts_with(b"GET /charter ") {
            true => &papers.charter,
            false => &papers.sheets,
        };
        let body = frame(paper).unwrap();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        near.write_all(head.as_bytes()).await?;
        near.write_all(&body).await?;
    }
    Ok(())
}

async fn up(
    state: &State,
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    fate: &Fate,
    gone: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 65_536];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let mut bytes = &buffer[..count];
        if let Fate::CutAfter(limit) = *fate {
            let left = limit.saturating_sub(gone.load(Ordering::Relaxed));
            bytes = &bytes[..count.min(usize::try_from(left).unwrap())];
        }
        if matches!(fate, Fate::Greets) && !bytes.starts_with(b"GET ") {
            return Ok(());
        }
        if matches!(fate, Fate::Unjoined) && asks_to_join(bytes) {
            gone.store(JOINING, Ordering::Relaxed);
        }
        to.write_all(bytes).await?;
        let written = u64::try_from(bytes.len()).unwrap();
        gone.fetch_add(written, Ordering::Relaxed);
        state.up.send_modify(|sum| *sum += written);
        if bytes.len() < count {
            return Ok(());
        }
    }
}

/// More bytes than ever go: the question has gone.
const JOINING: u64 = 1 << 60;

/// Whether a request to put lanes together stands in these bytes. It is small, and goes in one piece.
fn asks_to_join(bytes: &[u8]) -> bool {
    let sought = b"upload-concat: final";
    bytes
        .windows(sought.len())
        .any(|found| found.eq_ignore_ascii_case(sought))
}

async fn down(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    fate: &Fate,
    gone: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 65_536];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        if let Fate::Unanswered(limit) = *fate
            && gone.load(Ordering::Relaxed) >= limit
        {
            return Ok(());
        }
        if matches!(fate, Fate::Unjoined) && gone.load(Ordering::Relaxed) >= JOINING {
            return Ok(());
        }
        to.write_all(&buffer[..count]).await?;
    }
}
