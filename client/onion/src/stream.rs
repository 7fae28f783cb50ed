//! One byte stream to the service, whatever carries it.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use arti_client::DataStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A byte stream to the service.
pub struct Stream(Carrier);

enum Carrier {
    Tor(Box<DataStream>),
    Tcp(TcpStream),
}

impl Stream {
    pub(crate) fn tor(stream: DataStream) -> Self {
        Self(Carrier::Tor(Box::new(stream)))
    }

    pub(crate) fn tcp(stream: TcpStream) -> Self {
        Self(Carrier::Tcp(stream))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Carrier::Tor(_) => "Stream(tor)",
            Carrier::Tcp(_) => "Stream(tcp)",
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Carrier::Tor(stream) => Pin::new(stream.as_mut()).poll_read(cx, buf),
            Carrier::Tcp(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Carrier::Tor(stream) => {
                tokio::io::AsyncWrite::poll_write(Pin::new(stream.as_mut()), cx, buf)
            }
            Carrier::Tcp(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Carrier::Tor(stream) => {
                tokio::io::AsyncWrite::poll_flush(Pin::new(stream.as_mut()), cx)
            }
            Carrier::Tcp(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Carrier::Tor(stream) => {
                tokio::io::AsyncWrite::poll_shutdown(Pin::new(stream.as_mut()), cx)
            }
            Carrier::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
