//! Asks the drop-box through Tor, as a source would, whether it answers.

use std::fmt;
use std::time::Duration;

use knothole_envelope::OnionAddress;
use knothole_onion::http::{Body, HttpError, Method, Request, Session};
use knothole_onion::{DialError, Dialer, Isolation};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::status::Reach;

/// How long the answer to a probe may take once the stream is open.
const ANSWER_PATIENCE: Duration = Duration::from_secs(45);
/// The pause between two probes while the drop-box does not answer.
const EAGER_PAUSE: Duration = Duration::from_secs(2);
/// The longest such pause; each is twice the one before.
const LONGEST_EAGER_PAUSE: Duration = Duration::from_secs(60);
/// How long the drop-box may go without an answer before it is started anew: the first time it
/// must be learned of, later it has been there. Starting anew cuts every upload, so it comes late.
const PATIENCE_AT_FIRST: Duration = Duration::from_secs(15 * 60);
const PATIENCE_LATER: Duration = Duration::from_secs(5 * 60);

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

    /// Probes, and tells `reach` what it finds, until the drop-box has not answered for so long
    /// that only starting anew may help.
    pub(crate) async fn watch(self, every: Duration, reach: watch::Sender<Reach>) {
        let mut answered = Instant::now();
        let mut eager = EAGER_PAUSE;
        loop {
            let error = match self.ask().await {
                Ok(()) => {
                    if reach.send_replace(Reach::Ready) != Reach::Ready {
                        info!("the drop-box answered its own probe");
                    }
                    answered = Instant::now();
                    eager = EAGER_PAUSE;
                    tokio::time::sleep(every).await;
                    continue;
                }
                Err(error) => error,
            };
            let before = *reach.borrow();
            if before == Reach::Ready {
                reach.send_replace(Reach::Lost);
            }
            warn!("the drop-box did not answer its own probe: {error}");
            let patience = match before {
                Reach::Starting => PATIENCE_AT_FIRST,
                Reach::Ready | Reach::Lost => every.saturating_add(PATIENCE_LATER),
            };
            if answered.elapsed() > patience {
                return;
            }
            tokio::time::sleep(eager).await;
            eager = eager.saturating_mul(2).min(LONGEST_EAGER_PAUSE);
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
