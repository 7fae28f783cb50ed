//! An answer whose body is still coming.

use std::time::Duration;

use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::error::HttpError;
use super::watch::Pulse;

/// An answer: its head, and a body that comes piece by piece.
#[derive(Debug)]
pub struct Reply {
    head: ::http::response::Parts,
    body: Incoming,
    pulse: Pulse,
    patience: Duration,
}

impl Reply {
    pub(crate) fn new(
        response: ::http::Response<Incoming>,
        pulse: Pulse,
        patience: Duration,
    ) -> Self {
        let (head, body) = response.into_parts();
        Self {
            head,
            body,
            pulse,
            patience,
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// A header's value, if it is there once and is visible ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.headers.get_all(name).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return None;
        }
        value.to_str().ok()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`HttpError::Stalled`], and [`HttpError::Broken`] also when the body ends early.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, HttpError> {
        loop {
            let frame = self.pulse.guard(self.patience, self.body.frame()).await?;
            let Some(frame) = frame else { return Ok(None) };
            if let Ok(data) = frame.map_err(HttpError::broken)?.into_data() {
                return Ok(Some(data));
            }
        }
    }

    /// The whole body, of at most `limit` bytes. The connection can be used again after it.
    ///
    /// # Errors
    /// [`HttpError::TooLong`], and those of [`Reply::piece`].
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, HttpError> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece().await? {
            if piece.len() > limit.saturating_sub(whole.len()) {
                return Err(HttpError::TooLong);
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }
}
