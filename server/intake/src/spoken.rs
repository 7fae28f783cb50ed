//! The last word on a connection is ours too.
//!
//! What is no request never reaches the service: hyper answers it alone, with a head that is like
//! no other of this server and nothing that a person could read, and closes. It has no switch for
//! that. So this stream, which lies beneath hyper, lets nothing pass that the service has not said,
//! and says one sentence in its place. What the peer sends after that is read and thrown away, for a
//! connection that is closed with bytes unread is reset, and a reset can destroy the sentence.

use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::answer::{self, Answer};

/// How many requests of a connection the service was given, and how many of them are over.
#[derive(Debug, Default)]
struct Counted {
    begun: AtomicUsize,
    over: AtomicUsize,
}

/// The requests of one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(Arc<Counted>);

/// A request that the service has, until the body of its answer is gone.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Counted>);

impl Turns {
    /// The service has been given a request.
    pub(crate) fn begin(&self) -> Turn {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Turn(Arc::clone(&self.0))
    }

    /// How many requests there were, if the service has none now.
    fn all_over(&self) -> Option<usize> {
        let begun = self.0.begun.load(Ordering::Relaxed);
        (begun == self.0.over.load(Ordering::Relaxed)).then_some(begun)
    }
}

impl Turn {
    /// The request is answered with this, and over when its body is.
    pub(crate) fn ends_with(self, answer: Answer) -> Answer {
        answer.map(|body| Held { body, _turn: self }.boxed_unsync())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of an answer, and the turn that it ends.
struct Held {
    body: UnsyncBoxBody<Bytes, io::Error>,
    _turn: Turn,
}

impl Body for Held {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream on which nobody but the service speaks.
///
/// Whose bytes these are shows by the turns: hyper flushes every answer to its end, so what it writes
/// after that, while the service has no request, is its own. One case is not told apart: where the
/// service has answered before the request's body came to its end, and the peer takes nothing of that
/// answer, sends the rest, and then what is no request.
#[derive(Debug)]
pub(crate) struct Spoken<S> {
    stream: S,
    turns: Turns,
    /// How many turns were over when everything had been flushed.
    flushed: usize,
    /// What is still to be said in hyper's place.
    rest: Bytes,
    patience: Duration,
    ending: Ending,
}

/// How far the end of a connection is.
#[derive(Debug)]
enum Ending {
    /// It ends like any other.
    Open,
    /// The sentence was said, and the peer is to be heard out.
    Said,
    /// It is heard out until then.
    Hearing(Pin<Box<Sleep>>),
}

impl<S> Spoken<S> {
    /// A stream for the connection whose requests these are. A peer that was told the sentence is
    /// heard for so long at most.
    pub(crate) const fn new(stream: S, turns: Turns, patience: Duration) -> Self {
        Self {
            stream,
            turns,
            flushed: 0,
            rest: Bytes::new(),
            patience,
            ending: Ending::Open,
        }
    }
}

impl<S: AsyncWrite + Unpin> Spoken<S> {
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.rest.has_remaining() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, &self.rest))? {
                0 => return Poll::Ready(Err(io::Error::from(io::ErrorKind::WriteZero))),
                written => self.rest.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Spoken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + Unpin> Spoken<S> {
    /// Reads what the peer still sends, until it ends or has had its time.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Ending::Hearing(patience) = &mut self.ending else {
            return Poll::Ready(());
        };
        if patience.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        loop {
            let mut bytes = [0; 4_096];
            let mut heard = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut heard));
            if read.is_err() || heard.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Spoken<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_rest(context))?;
        if self.turns.all_over() == Some(self.flushed) {
            self.rest = answer::unreadable();
            self.ending = Ending::Said;
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if let Some(over) = self.turns.all_over() {
            self.flushed = over;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_rest(context))?;
        if !matches!(self.ending, Ending::Hearing(_)) {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            if matches!(self.ending, Ending::Said) {
                self.ending = Ending::Hearing(Box::pin(tokio::time::sleep(self.patience)));
            }
        }
        self.poll_out(context).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const LONG: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn what_nobody_was_asked_is_said_in_our_words_and_an_answer_as_it_is() {
        let turns = Turns::default();
        let (near, mut far) = tokio::io::duplex(65_536);
        let mut stream = Spoken::new(near, turns.clone(), Duration::ZERO);
        // An answer whose bytes are those of hyper's own word.
        let turn = turns.begin();
        stream.write_all(b"HTTP/1.1 400 Bad").await.unwrap();
        drop(turn);
        stream.write_all(b" Request\r\n\r\n").await.unwrap();
        stream.flush().await.unwrap();
        let alone = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        stream.write_all(alone).await.unwrap();
        stream.shutdown().await.unwrap();
        drop(stream);
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, [&alone[..], &answer::unreadable()].concat());
    }

    #[tokio::test]
    async fn a_peer_that_goes_on_sending_and_reads_slowly_gets_the_whole_sentence() {
        let (near, far) = tokio::io::duplex(7);
        let mut stream = Spoken::new(near, Turns::default(), LONG);
        let (mut read, mut write) = tokio::io::split(far);
        let saying = async {
            stream.write_all(b"HTTP/1.1 431 \r\n\r\n").await.unwrap();
            stream.flush().await.unwrap();
            stream.shutdown().await.unwrap();
        };
        let sending = async {
            write.write_all(&[b'A'; 10_000]).await.unwrap();
            write.shutdown().await.unwrap();
        };
        let mut all = Vec::new();
        let (_, _, read) = tokio::join!(saying, sending, read.read_to_end(&mut all));
        read.unwrap();
        assert_eq!(all, answer::unreadable());
    }

    #[tokio::test]
    async fn a_peer_that_sends_nothing_more_and_stays_is_left_when_its_time_is_over() {
        let (near, far) = tokio::io::duplex(65_536);
        let mut stream = Spoken::new(near, Turns::default(), Duration::from_millis(10));
        stream.write_all(b"HTTP/1.1 400 \r\n\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
        drop(far);
    }
}
