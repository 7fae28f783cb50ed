//! Sees whether bytes still move.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::error::HttpError;
use crate::Stream;

/// Counts the times at which bytes went or came. It wraps; only a change says something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pulse(Arc<AtomicU64>);

impl Pulse {
    fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for `work`, but gives up when no byte moved for `patience`.
    pub(crate) async fn guard<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, HttpError> {
        tokio::pin!(work);
        loop {
            let before = self.count();
            match tokio::time::timeout(patience, &mut work).await {
                Ok(result) => return Ok(result),
                Err(_) if self.count() == before => return Err(HttpError::Stalled),
                Err(_) => {}
            }
        }
    }
}

/// A stream whose traffic makes a pulse.
#[derive(Debug)]
pub(crate) struct Watched {
    stream: Stream,
    pulse: Pulse,
}

impl Watched {
    pub(crate) fn new(stream: Stream, pulse: Pulse) -> Self {
        Self { stream, pulse }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            this.pulse.beat();
        }
        result
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_write(cx, buf);
        if matches!(result, Poll::Ready(Ok(written)) if written > 0) {
            this.pulse.beat();
        }
        result
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
