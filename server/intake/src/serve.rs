//! The two sides over HTTP/1.1: what is asked at which address.

use core::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::answer::{self, Answer};
use crate::closed::{self, Doors};
use crate::collect;
use crate::crossing::Crossing;
use crate::crowd::{Circuit, Place};
use crate::desk;
use crate::dist::Home;
use crate::drain::Drains;
use crate::drops;
use crate::form;
use crate::gateway;
use crate::guest::Guest;
use crate::intake::Intake;
use crate::newsroom::PushError;
use crate::pages::{self, Outcome};
use crate::patient::Patient;
use crate::poll::{self, MAILBOXES};
use crate::seats::Seat;
use crate::settings::{MOST_HEADERS, MOST_REPLIES_BYTES, MOST_SIGNED_BYTES, READ_AHEAD, Settings};
use crate::spoken::{Spoken, Turns};
use crate::tus::{UPLOADS, UploadSecret};

/// Which of the two services a connection came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Sources.
    Public,
    /// Couriers.
    Collection,
}

/// Serves one connection until it ends, has lived its life, or must give its place to another.
pub(crate) async fn connection<S>(
    intake: &Arc<Intake>,
    side: Side,
    circuit: Option<&Circuit>,
    stream: S,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match intake.seats().take(side, circuit) {
        Some(Seat::Served(place)) => serve(intake, side, place, stream).await,
        Some(Seat::TurnedAway { .. }) => turn_away(intake, side, stream).await,
        None => {}
    }
}

async fn serve<S>(intake: &Arc<Intake>, side: Side, place: Place, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let settings = intake.settings();
    let stream = Patient::new(stream, settings.read_patience, place.meter().clone());
    let turns = Turns::default();
    let stream = Spoken::new(stream, turns.clone(), settings.header_patience);
    let guest = Guest::new(place);
    let mut leave = guest.leave();
    let (inside, served) = (Arc::clone(intake), guest.clone());
    let service = service_fn(move |request| {
        let (intake, guest) = (Arc::clone(&inside), served.clone());
        let turn = turns.begin();
        async move {
            let _asking = guest.asks();
            let answer = match side {
                Side::Public => {
                    let crossing = Crossing::of(&request);
                    let mut answer = public(&intake, request, &guest).await;
                    if let Some(crossing) = crossing {
                        crossing.allow(&mut answer);
                    }
                    answer
                }
                Side::Collection => collection(&intake, request).await,
            };
            Ok::<_, Infallible>(turn.ends_with(answer))
        }
    });
    let serving = protocol(settings).serve_connection(TokioIo::new(stream), service);
    let mut serving = core::pin::pin!(serving);
    // How a connection ended is nobody's business, least of all the log's.
    tokio::select! {
        _ended = tokio::time::timeout(settings.connection_life, serving.as_mut()) => return,
        () = leave.wanted() => {}
    }
    // Another has the place already. A request that is worked on hears of it and keeps what it has.
    if guest.is_asking()
        && let Some(_leaving) = intake.seats().leave()
    {
        serving.as_mut().graceful_shutdown();
        let _ended = tokio::time::timeout(settings.leave_patience, serving).await;
    }
}

async fn turn_away<S>(intake: &Arc<Intake>, side: Side, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let settings = intake.settings();
    let patience = settings.header_patience;
    let turns = Turns::default();
    let stream = Spoken::new(stream, turns.clone(), patience);
    let drains = Drains::default();
    let service = service_fn(move |request: Request<Incoming>| {
        let turn = turns.begin();
        let crossing = Crossing::of(&request).filter(|_| side == Side::Public);
        drains.drain(request.into_body(), patience);
        let mut answer = turned_away();
        if let Some(crossing) = crossing {
            crossing.allow(&mut answer);
        }
        core::future::ready(Ok::<_, Infallible>(turn.ends_with(answer)))
    });
    let telling = protocol(settings).serve_connection(TokioIo::new(stream), service);
    let _ended = tokio::time::timeout(patience, telling).await;
}

/// HTTP/1.1 with its bounds. Of the library's own timers this one is all there is: it is for the
/// head of a request and for a connection that lies idle between two; bodies have theirs in
/// [`crate::receive`], readers in [`Patient`].
fn protocol(settings: &Settings) -> http1::Builder {
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_patience)
        .auto_date_header(false)
        .max_buf_size(READ_AHEAD)
        .max_headers(MOST_HEADERS);
    protocol
}

async fn public(intake: &Arc<Intake>, request: Request<Incoming>, guest: &Guest) -> Answer {
    if let Some(answer) = gateway::turned_back(request.headers()) {
        guest.drain(request.into_body(), intake.settings().drain_patience);
        return answer;
    }
    let path = request.uri().path();
    if path == "/drops" || path.starts_with(UPLOADS) {
        return drops::answer(intake, request, guest).await;
    }
    let crossing = Crossing::of(&request);
    if crossing == Some(Crossing::Preflight) {
        return answer::done();
    }
    if let Some(name) = path.strip_prefix(MAILBOXES) {
        let name = name.to_owned();
        return poll::answer(intake, &name, request, guest).await;
    }
    if let Some(home) = Home::at(path).filter(|_| request.method() == Method::POST) {
        let (head, mut body) = request.into_parts();
        if intake.doors() == Doors::Closed {
            guest.drain(body, intake.settings().drain_patience);
            return pages::see(Outcome::Closed, home);
        }
        let outcome = form::take(intake, &head.headers, &mut body, guest).await;
        guest.drain(body, intake.settings().drain_patience);
        return pages::see(outcome, home);
    }
    let newsroom = intake.newsroom();
    let masthead = &intake.settings().masthead;
    let shown = match path {
        "/charter" => signed(newsroom.charter_answer.clone()),
        // Who would seal hears of it before anything is sealed.
        "/sheet" if intake.doors() == Doors::Closed => {
            answer::sentence(StatusCode::NOT_FOUND, closed::SENTENCE)
        }
        "/sheet" => signed(newsroom.sheet_answer.clone()),
        "/newsroom" => masthead.framed(),
        "/newsroom.txt" => masthead.told(&newsroom, intake.doors()),
        "/leave" => masthead.leave(),
        _ => {
            return pages::at(request.method(), path).unwrap_or_else(answer::not_found);
        }
    };
    match *request.method() {
        Method::GET | Method::HEAD => shown,
        _ if crossing.is_some() => answer::wrong_method("GET, HEAD, OPTIONS"),
        _ => answer::wrong_method("GET, HEAD"),
    }
}

/// What the newsroom has signed, if it has.
fn signed(held: Option<Bytes>) -> Answer {
    held.map_or_else(
        || {
            let text = "the newsroom has not set up this drop-box yet; try again later";
            answer::sentence(StatusCode::NOT_FOUND, text)
        },
        answer::framed,
    )
}

async fn collection(intake: &Arc<Intake>, request: Request<Incoming>) -> Answer {
    match admitted(intake, request.headers()).await {
        Some(true) => {}
        Some(false) => {
            let text = "this courier is not known here";
            return answer::sentence(StatusCode::UNAUTHORIZED, text);
        }
        None => return disk_failed(),
    }
    let path = request.uri().path();
    let visible = intake.shelf().visible();
    if path == "/listing" {
        return collect::listing(&visible, request.method());
    }
    if path == "/charter" && request.method() == Method::GET {
        let held = intake.newsroom().charter_answer.clone();
        return held.map_or_else(answer::not_found, answer::framed);
    }
    if let Some(name) = path.strip_prefix(collect::DROPS) {
        let (method, headers) = (request.method(), request.headers());
        return collect::sealed(intake.disk(), &visible, name, method, headers);
    }
    let (push, method) = match path {
        "/charter" => (Push::Charter, Method::PUT),
        "/sheets" => (Push::Sheets, Method::PUT),
        "/receipts" => (Push::Receipts, Method::POST),
        "/replies" => (Push::Replies, Method::POST),
        _ => return answer::not_found(),
    };
    if request.method() != method {
        return answer::wrong_method(if method == Method::PUT { "PUT" } else { "POST" });
    }
    let most = match push {
        Push::Replies => MOST_REPLIES_BYTES,
        Push::Charter | Push::Sheets | Push::Receipts => MOST_SIGNED_BYTES,
    };
    let body = Limited::new(request.into_body(), most).collect();
    let Ok(Ok(body)) = tokio::time::timeout(intake.settings().body_patience, body).await else {
        let text = "the request is too long, or did not arrive whole; try again";
        return answer::sentence(StatusCode::BAD_REQUEST, text);
    };
    let bytes = body.to_bytes();
    let inside = Arc::clone(intake);
    let pushed = tokio::task::spawn_blocking(move || inside.push(push, &bytes)).await;
    match pushed {
        Ok(Ok(())) => answer::done(),
        Ok(Err(error @ (PushError::Refused(_) | PushError::Untrusted))) => {
            answer::sentence(StatusCode::FORBIDDEN, &error.to_string())
        }
        Ok(Err(error @ PushError::Full)) => {
            answer::sentence(StatusCode::INSUFFICIENT_STORAGE, &error.to_string())
        }
        Ok(Err(PushError::Disk(_))) | Err(_) => disk_failed(),
    }
}

/// What a courier brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Push {
    /// A chain of charters.
    Charter,
    /// Epoch sheets.
    Sheets,
    /// Receipts.
    Receipts,
    /// Sealed replies, and decoys that look like them.
    Replies,
}

/// Whether the request shows an admitted courier's credential; `None` when the disk failed.
async fn admitted(intake: &Arc<Intake>, headers: &HeaderMap) -> Option<bool> {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let secret = shown
        .and_then(|text| text.strip_prefix("Bearer "))
        .and_then(UploadSecret::parse);
    let Some(secret) = secret else {
        return Some(false);
    };
    let inside = Arc::clone(intake);
    let couriers = tokio::task::spawn_blocking(move || inside.couriers())
        .await
        .ok()?
        .ok()?;
    Some(desk::admits(&couriers, secret.expose()))
}

/// There is no seat. The connection is over with this answer.
fn turned_away() -> Answer {
    let text = "too many are here at once; try again in a minute";
    let mut answer = answer::sentence(StatusCode::SERVICE_UNAVAILABLE, text);
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(header::CONNECTION, close);
    answer
}

pub(crate) fn disk_failed() -> Answer {
    answer::sentence(
        StatusCode::SERVICE_UNAVAILABLE,
        "the server's disk failed; try again later",
    )
}
