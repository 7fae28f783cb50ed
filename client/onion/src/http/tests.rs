//! The client against a peer that speaks bytes.

use std::time::Duration;

use bytes::Bytes;
use knothole_envelope::OnionAddress;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Body, HttpError, Method, Request, Session};
use crate::{Dialer, Direct, Isolation};

fn onion() -> OnionAddress {
    OnionAddress::from_identity(&[7; 32])
}

/// A session, and the bytes that the peer sees of it.
async fn session() -> (Session, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dialer = Dialer::Direct(Direct::new(listener.local_addr().unwrap()).unwrap());
    let stream = dialer.dial(&onion(), &Isolation::fresh()).await.unwrap();
    let (peer, _) = listener.accept().await.unwrap();
    (Session::open(stream, &onion()).await.unwrap(), peer)
}

fn get(path: &str) -> Request {
    ::http::Request::builder()
        .uri(path)
        .body(Body::empty())
        .unwrap()
}

/// What the peer reads up to and with `end`.
async fn read_to(peer: &mut TcpStream, end: &str) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        seen.push(peer.read_u8().await.unwrap());
    }
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn a_request_names_the_onion_and_nothing_of_the_client() {
    let (mut session, mut peer) = session().await;
    let peer = tokio::spawn(async move {
        let seen = read_to(&mut peer, "\r\n\r\n").await;
        peer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .await
            .unwrap();
        seen
    });
    let reply = session.send(get("/charter")).await.unwrap();
    assert_eq!(reply.status(), 204);
    let expected = format!("GET /charter HTTP/1.1\r\nhost: {}\r\n\r\n", onion());
    assert_eq!(peer.await.unwrap(), expected);
}

#[tokio::test]
async fn one_connection_serves_one_request_after_the_other() {
    let (mut session, mut peer) = session().await;
    tokio::spawn(async move {
        for _ in 0..2 {
            read_to(&mut peer, "\r\n\r\n").await;
            peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await
                .unwrap();
        }
    });
    for _ in 0..2 {
        let reply = session.send(get("/")).await.unwrap();
        assert_eq!(reply.collect(2).await.unwrap(), "ok");
    }
}

#[tokio::test]
async fn an_answer_of_more_than_the_limit_is_refused() {
    let (mut session, mut peer) = session().await;
    tokio::spawn(async move {
        read_to(&mut peer, "\r\n\r\n").await;
        peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc")
            .await
            .unwrap();
    });
    let reply = session.send(get("/")).await.unwrap();
    assert!(matches!(reply.collect(2).await, Err(HttpError::TooLong)));
}

#[tokio::test]
async fn an_answer_that_ends_early_is_not_taken_for_whole() {
    let (mut session, mut peer) = session().await;
    tokio::spawn(async move {
        read_to(&mut peer, "\r\n\r\n").await;
        peer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc")
            .await
            .unwrap();
    });
    let reply = session.send(get("/")).await.unwrap();
    assert!(matches!(reply.collect(9).await, Err(HttpError::Broken(_))));
}

#[tokio::test]
async fn a_body_of_pieces_is_sent_with_its_length() {
    let (mut session, mut peer) = session().await;
    let peer = tokio::spawn(async move {
        let seen = read_to(&mut peer, "\r\n\r\nabcdef").await;
        peer.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .await
            .unwrap();
        seen
    });
    let (writer, body) = Body::pieces(6);
    let mut request = Request::new(body);
    *request.method_mut() = Method::PATCH;
    let write = async {
        writer.write(Bytes::from_static(b"abc")).await.unwrap();
        writer.write(Bytes::from_static(b"def")).await.unwrap();
    };
    let (reply, ()) = tokio::join!(session.send(request), write);
    assert_eq!(reply.unwrap().status(), 204);
    assert!(peer.await.unwrap().contains("content-length: 6\r\n"));
}

#[tokio::test]
async fn a_writer_that_goes_away_breaks_the_request_off() {
    let (mut session, mut peer) = session().await;
    let (writer, body) = Body::pieces(6);
    let mut request = Request::new(body);
    *request.method_mut() = Method::PATCH;
    let write = async move {
        writer.write(Bytes::from_static(b"abc")).await.unwrap();
        drop(writer);
    };
    let (reply, ()) = tokio::join!(session.send(request), write);
    assert!(matches!(reply, Err(HttpError::Broken(_))));
    let mut seen = Vec::new();
    peer.read_to_end(&mut seen).await.unwrap();
    assert!(!seen.ends_with(b"abcdef"));
}

#[tokio::test]
async fn an_answer_before_the_body_is_read_reaches_the_caller() {
    let (mut session, mut peer) = session().await;
    tokio::spawn(async move {
        read_to(&mut peer, "\r\n\r\n").await;
        peer.write_all(b"HTTP/1.1 507 x\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        // The peer stays, so that the connection is not reset under the answer.
        std::future::pending::<()>().await;
    });
    let (writer, body) = Body::pieces(1 << 30);
    let mut request = Request::new(body);
    *request.method_mut() = Method::PATCH;
    let reply = session.send(request).await.unwrap();
    assert_eq!(reply.status(), 507);
    drop(writer);
}

#[tokio::test]
async fn a_connection_on_which_nothing_moves_is_given_up() {
    let (session, _peer) = session().await;
    let mut session = session.with_patience(Duration::from_millis(50));
    assert!(matches!(
        session.send(get("/")).await,
        Err(HttpError::Stalled)
    ));
}
