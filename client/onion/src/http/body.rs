//! A request's body: its length is known before its first byte.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc;

/// How many pieces a writer may be ahead of the network.
const PIECES_AHEAD: usize = 2;

/// The body of a request.
pub struct Body {
    source: Source,
    left: u64,
}

enum Source {
    Whole(Option<Bytes>),
    Pieces(mpsc::Receiver<Bytes>),
}

impl Body {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    /// These bytes.
    #[must_use]
    pub fn whole(bytes: Bytes) -> Self {
        Self {
            left: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            source: Source::Whole(Some(bytes)),
        }
    }

    /// A body of `length` bytes that are handed over piece by piece.
    ///
    /// A writer that is dropped before it wrote them all breaks the request off.
    #[must_use]
    pub fn pieces(length: u64) -> (BodyWriter, Self) {
        let (sender, receiver) = mpsc::channel(PIECES_AHEAD);
        let body = Self {
            source: Source::Pieces(receiver),
            left: length,
        };
        (BodyWriter(sender), body)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

/// Hands over the pieces of a [`Body`].
#[derive(Debug)]
pub struct BodyWriter(mpsc::Sender<Bytes>);

impl BodyWriter {
    /// Hands over the next piece, as soon as the network has taken the ones before.
    ///
    /// `None` when nobody will read it any more: the answer to the request says why.
    pub async fn write(&self, piece: Bytes) -> Option<()> {
        self.0.send(piece).await.ok()
    }
}

/// Why a body cannot go on: its writer went away, or wrote more than the length it gave.
#[derive(Debug)]
pub struct BodyBroken(());

impl fmt::Display for BodyBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body does not have the length that was announced")
    }
}

impl std::error::Error for BodyBroken {}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = BodyBroken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyBroken>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let piece = match &mut this.source {
            Source::Whole(bytes) => bytes.take(),
            Source::Pieces(receiver) => match receiver.poll_recv(cx) {
                Poll::Ready(piece) => piece,
                Poll::Pending => return Poll::Pending,
            },
        };
        let Some(piece) = piece else {
            return Poll::Ready(Some(Err(BodyBroken(()))));
        };
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        let Some(left) = this.left.checked_sub(length) else {
            return Poll::Ready(Some(Err(BodyBroken(()))));
        };
        this.left = left;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
