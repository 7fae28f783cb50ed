//! Asks the drop-box through Tor, as a source would, whether it answers.

use std::fmt;
use std::time::Duration;

use knothole_envelope::OnionAddress;
use knothole_onion::http::{Body, HttpError, Method, Request, Session};
use knothole_onion::{DialError, Dialer, Isolation};
use tokio::sync::{mpsc, watch};
use tracing::{info, warn};

use crate::door::Order;
use crate::status::Reach;

/// How long the answer to a probe may take once the stream is open.
const ANSWER_PATIENCE: Duration = Duration::from_secs(45);
/// The pause between two probes while the drop-box is not reachable.
const EAGER_PAUSE: Duration = Duration::from_secs(2);
/// After so many failures in a row the service is started anew, and again after as many more.
const FAILURES_TO_RESTART: u32 = 5;

/// A client of its own, which knows the drop-box by its address only.
#[derive(Debug)]
pub(crate) struct Probe {
    dialer: Dialer,
    public: OnionAddress,
}

impl Probe {
    pub(crate) fn new(dialer: Dialer, public: OnionAddress) -> Self {
        Self { dialer, public }
    }

    /// One probe, on circuits of its own. Whatever the page says, an answer is an answer.
    ///
    /// # Errors
    /// [`ProbeError`] when none came.
    pub(crate) async fn ask(&self) -> Result<(), ProbeError> {
        let stream = self
            .dialer
            .dial(&self.public, &Isolation::fresh())
            .await
            .map_err(ProbeError::Dial)?;
        let mut session = Session::open(stream, &self.public)
            .await
            .map_err(ProbeError::Http)?
            .with_patience(ANSWER_PATIENCE);
        let mut request = Request::new(Body::empty());
        *request.method_mut() = Method::HEAD;
        session.send(request).await.map_err(ProbeError::Http)?;
        Ok(())
    }

    /// Probes for ever: tells `reach` what it finds, and `door` to start anew when it finds
    /// nothing.
    pub(crate) async fn watch(
        self,
        every: Duration,
        reach: watch::Sender<Reach>,
        door: Option<mpsc::Sender<Order>>,
    ) {
        let mut failures: u32 = 0;
        loop {
            let pause = match self.ask().await {
                Ok(()) => {
                    if *reach.borrow() != Reach::Ready {
                        info!("the drop-box answered its own probe");
                    }
                    failures = 0;
                    reach.send_replace(Reach::Ready);
                    every
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    if *reach.borrow() == Reach::Ready {
                        warn!("the drop-box did not answer its own probe: {error}");
                        reach.send_replace(Reach::Lost);
                    }
                    if failures.is_multiple_of(FAILURES_TO_RESTART) {
                        warn!("{failures} probes in a row failed; the onion service starts anew");
                        if let Some(door) = &door {
                            drop(door.send(Order::Restart).await);
                        }
                    }
                    EAGER_PAUSE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }
}

/// Why a probe brought no answer.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum ProbeError {
    /// No stream was opened.
    Dial(DialError),
    /// No answer came on it.
    Http(HttpError),
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ProbeError {}
