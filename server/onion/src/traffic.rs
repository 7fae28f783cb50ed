//! How much of what a new start would cut has moved: one sum, which names nobody.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::room::Room;

/// Bytes that others than the server's own probe have moved since the start: what came in, and what
/// couriers fetched. A probe asks with a few hundred bytes and fetches the page, so pages are not
/// counted; whoever loses one loads it again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traffic(Arc<AtomicU64>);

impl Traffic {
    pub(crate) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// The same stream, which is counted.
    pub(crate) fn counting<S>(&self, room: Room, stream: S) -> Counted<S> {
        Counted {
            stream,
            room,
            traffic: self.clone(),
        }
    }

    pub(crate) fn add(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// A stream that is counted.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    room: Room,
    traffic: Traffic,
}

impl<S> Counted<S> {
    fn count_written(&self, written: &Poll<io::Result<usize>>) {
        if let (Room::Collection, Poll::Ready(Ok(bytes))) = (self.room, written) {
            self.traffic.add(*bytes);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.traffic
            .add(buffer.filled().len().saturating_sub(before));
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.count_written(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.count_written(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A stream on which `come` bytes came and `go` bytes went.
    async fn counted(room: Room, come: usize, go: usize) -> u64 {
        let traffic = Traffic::default();
        let (mut peer, stream) = tokio::io::duplex(come.max(go));
        let mut stream = traffic.counting(room, stream);
        peer.write_all(&vec![0; come]).await.unwrap();
        stream.read_exact(&mut vec![0; come]).await.unwrap();
        stream.write_all(&vec![0; go]).await.unwrap();
        traffic.so_far()
    }

    #[tokio::test]
    async fn what_comes_in_is_counted_and_a_page_that_goes_out_is_not() {
        assert_eq!(counted(Room::Public, 700, 9_000).await, 700);
    }

    #[tokio::test]
    async fn what_a_courier_fetches_is_counted_too() {
        assert_eq!(counted(Room::Collection, 700, 9_000).await, 9_700);
    }
}
