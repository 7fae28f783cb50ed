//! A byte stream whose peer must go on reading what it asked for.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::crowd::Meter;

/// Writes fail once the peer has taken nothing for so long: a reader who stops in the middle of an
/// answer must not hold it, and the place it has, for days.
#[derive(Debug)]
pub(crate) struct Patient<S> {
    stream: S,
    patience: Duration,
    meter: Meter,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    /// A stream that gives its peer so much patience, and counts what moves.
    pub(crate) const fn new(stream: S, patience: Duration, meter: Meter) -> Self {
        Self {
            stream,
            patience,
            meter,
            waiting: None,
        }
    }

    /// Looks at the clock while the stream takes nothing, and forgets it when it does.
    fn limit<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waiting = None;
            return polled;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            let end = now.checked_add(patience).unwrap_or(now);
            Box::pin(tokio::time::sleep_until(end))
        });
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::from(io::ErrorKind::TimedOut)))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().len().saturating_sub(before);
        self.meter.add(read);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(written)) = &polled {
            self.meter.add(*written);
        }
        self.limit(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(context, polled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use crate::crowd::Crowd;
    use crate::settings::Settings;

    fn meter() -> Meter {
        let place = Crowd::new(1, &Settings::default()).enter(None).unwrap();
        place.meter().clone()
    }

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_given_up_and_one_that_is_slow_is_not() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut patient = Patient::new(near, Duration::from_millis(20), meter());
        patient.write_all(&[1; 8]).await.unwrap();
        let error = patient.write_all(&[2; 8]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut taken = [0; 8];
        far.read_exact(&mut taken).await.unwrap();
        let mut patient = Patient::new(patient, Duration::from_secs(60), meter());
        let slowly = async {
            let mut all = Vec::new();
            for _ in 0..16 {
                all.push(far.read_u8().await.unwrap());
                tokio::task::yield_now().await;
            }
            all
        };
        let bytes = [3; 16];
        let (written, read) = tokio::join!(patient.write_all(&bytes), slowly);
        written.unwrap();
        assert_eq!(read, bytes);
    }
}
