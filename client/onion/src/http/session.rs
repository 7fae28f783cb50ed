//! One connection, one request after the other.

use std::time::Duration;

use ::http::HeaderValue;
use ::http::header::HOST;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use knothole_envelope::OnionAddress;
use tokio::task::JoinSet;

use super::Request;
use super::body::Body;
use super::error::HttpError;
use super::reply::Reply;
use super::watch::{Pulse, Watched};
use crate::Stream;

/// How long a session waits while no byte goes or comes.
pub const STALL_PATIENCE: Duration = Duration::from_secs(60);

/// A connection to the service, for one request after the other.
#[derive(Debug)]
pub struct Session {
    requests: SendRequest<Body>,
    host: HeaderValue,
    pulse: Pulse,
    patience: Duration,
    // Owns the task that moves the bytes; it ends with the session.
    _connection: JoinSet<()>,
}

impl Session {
    /// Makes `stream` a session with `onion`, with [`STALL_PATIENCE`].
    ///
    /// # Errors
    /// [`HttpError::Broken`].
    pub async fn open(stream: Stream, onion: &OnionAddress) -> Result<Self, HttpError> {
        let pulse = Pulse::default();
        let stream = Watched::new(stream, pulse.clone());
        let (requests, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(HttpError::broken)?;
        let host = HeaderValue::try_from(onion.to_string())
            .map_err(|error| HttpError::Broken(Box::new(error)))?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            // What ends the connection reaches the request that is under way.
            drop(connection.await);
        });
        Ok(Self {
            requests,
            host,
            pulse,
            patience: STALL_PATIENCE,
            _connection: tasks,
        })
    }

    /// Waits `patience` instead of [`STALL_PATIENCE`] while no byte moves.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends a request and waits for the head of its answer. `Host` is added here.
    ///
    /// Read the answer's body to its end before the next request. After an error the session is
    /// of no use.
    ///
    /// # Errors
    /// [`HttpError::Stalled`], [`HttpError::Broken`].
    pub async fn send(&mut self, mut request: Request) -> Result<Reply, HttpError> {
        request.headers_mut().insert(HOST, self.host.clone());
        let requests = &mut self.requests;
        let exchange = async {
            requests.ready().await?;
            requests.send_request(request).await
        };
        let response = self
            .pulse
            .guard(self.patience, exchange)
            .await?
            .map_err(HttpError::broken)?;
        Ok(Reply::new(response, self.pulse.clone(), self.patience))
    }

    /// Whether the connection can still take a request.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.requests.is_closed()
    }
}
