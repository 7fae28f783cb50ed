//! A collection service that does what a test wants of it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use knothole_envelope::{CredentialHash, DropId, ListedDrop, frame};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::Sent;

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// What a service knows and does.
#[derive(Default)]
pub(super) struct Script {
    pub(super) drops: Vec<Sent>,
    /// Listed beside the drops.
    pub(super) also_listed: Vec<ListedDrop>,
    /// The answers to the next ranges break after so many bytes.
    pub(super) cuts: VecDeque<usize>,
    /// Every range breaks after so many bytes.
    pub(super) always_cut: Option<usize>,
    /// Paths that are answered with this status.
    pub(super) refuses: Vec<(&'static str, u16)>,
    /// Method and path, and the range, of what was asked.
    pub(super) seen: Vec<String>,
    /// The chain that is shown, as its canonical CBOR, in place of what was pushed.
    pub(super) charter: Option<Vec<u8>>,
    /// The chain that was pushed last.
    pub(super) pushed_charter: Option<Vec<u8>>,
    /// What was pushed: path and body.
    pub(super) taken: Vec<(String, Bytes)>,
}

/// A service on a loopback port.
pub(super) struct Service {
    address: SocketAddr,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

impl Service {
    pub(super) async fn start(credential: CredentialHash, drops: &[Sent]) -> Self {
        let script = Arc::new(Mutex::new(Script {
            drops: drops.to_vec(),
            ..Script::default()
        }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::clone(&script);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let service =
                    service_fn(move |request| answer(Arc::clone(&shared), credential, request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                connections.spawn(async move { drop(connection.await) });
            }
        });
        Self {
            address,
            script,
            _serving: serving,
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().unwrap())
    }

    /// What was asked since the last time.
    pub(super) fn seen(&self) -> Vec<String> {
        self.script(|script| std::mem::take(&mut script.seen))
    }
}

async fn answer(
    script: Arc<Mutex<Script>>,
    credential: CredentialHash,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap());
    let range = header("range").map(str::to_owned);
    let bearer = header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let shown = bearer.and_then(|text| data_encoding::HEXLOWER.decode(text.as_bytes()).ok());
    let admitted = shown.is_some_and(|shown| {
        let hash: [u8; 32] = Sha256::digest(shown).into();
        hash == *credential.as_bytes()
    });
    let body = body.collect().await.map(|body| body.to_bytes());
    let mut script = script.lock().unwrap();
    let asked = format!(
        "{} {path} {}",
        head.method,
        range.clone().unwrap_or_default()
    );
    script.seen.push(asked.trim_end().to_owned());
    if !admitted {
        return Ok(sentence(401));
    }
    if let Some((_, status)) = script.refuses.iter().find(|(refused, _)| *refused == path) {
        return Ok(sentence(*status));
    }
    if head.method != Method::GET {
        let Ok(body) = body else {
            return Ok(sentence(400));
        };
        if path == "/charter" {
            script.pushed_charter = Some(body.to_vec());
        }
        script.taken.push((path, body));
        return Ok(whole(204, Vec::new()));
    }
    if path == "/charter" {
        let shown = script.charter.as_ref().or(script.pushed_charter.as_ref());
        let shown = shown.map(|chain| frame(chain).unwrap());
        return Ok(shown.map_or_else(|| sentence(404), |chain| whole(200, chain)));
    }
    if path == "/listing" {
        let mut listed: Vec<ListedDrop> = script.drops.iter().map(|sent| sent.listed).collect();
        listed.extend(&script.also_listed);
        return Ok(whole(
            200,
            frame(&ListedDrop::encode_list(&listed)).unwrap(),
        ));
    }
    let id: Option<DropId> = path.strip_prefix("/drops/").and_then(|id| id.parse().ok());
    let found = script.drops.iter().find(|sent| Some(sent.listed.id) == id);
    let (Some(sent), Some(range)) = (found, range) else {
        return Ok(sentence(404));
    };
    let (first, last) = range
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let bytes = Bytes::copy_from_slice(&sent.bytes[first..=last]);
    let total = sent.bytes.len();
    let cut = script.cuts.pop_front().or(script.always_cut);
    Ok(stretch(bytes, first, last, total, cut))
}

fn stretch(bytes: Bytes, first: usize, last: usize, total: usize, cut: Option<usize>) -> Answer {
    let length = bytes.len();
    let sent = bytes.slice(..cut.unwrap_or(length).min(length));
    let mut pieces = vec![Ok(Frame::data(sent))];
    if cut.is_some() {
        pieces.push(Err(io::ErrorKind::BrokenPipe.into()));
    }
    Response::builder()
        .status(StatusCode::PARTIAL_CONTENT)
        .header("content-range", format!("bytes {first}-{last}/{total}"))
        .header("content-length", length)
        .body(BodyExt::boxed(StreamBody::new(stream::iter(pieces))))
        .unwrap()
}

fn sentence(status: u16) -> Answer {
    whole(status, b"a sentence".to_vec())
}

fn whole(status: u16, body: Vec<u8>) -> Answer {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {});
    Response::builder()
        .status(status)
        .body(body.boxed())
        .unwrap()
}
