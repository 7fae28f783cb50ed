//! Fetches the drop-box's page through Tor, as a source would.

use std::fmt;
use std::time::Duration;

use knothole_envelope::OnionAddress;
use knothole_onion::http::{Body, HttpError, Method, Request, Session};
use knothole_onion::{DialError, Dialer, Isolation};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::restarts::Missing;
use crate::status::Reach;

/// How long the answer to a probe may take once the stream is open.
const ANSWER_PATIENCE: Duration = Duration::from_secs(45);
/// No page, and no refusal, is longer.
const MOST_PAGE_BYTES: usize = 1 << 20;
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
    collection: Option<OnionAddress>,
    pace: Pace,
}

/// How often a probe is made, and how long none may be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// The time between two probes that are answered.
    pub(crate) every: Duration,
    /// How long there may be no answer once there was one, if another time than usual.
    pub(crate) danger_patience: Option<Duration>,
}

impl Pace {
    /// How long the drop-box may go without an answer, when it was `before` that.
    fn patience(self, before: Reach) -> Duration {
        let later = self.every.saturating_add(PATIENCE_LATER);
        match before {
            Reach::Starting => PATIENCE_AT_FIRST,
            Reach::Ready | Reach::Lost => self.danger_patience.unwrap_or(later),
        }
    }
}

impl Probe {
    pub(crate) fn new(
        dialer: Dialer,
        public: OnionAddress,
        collection: Option<OnionAddress>,
        pace: Pace,
    ) -> Self {
        Self {
            dialer,
            public,
            collection,
            pace,
        }
    }

    /// One probe of both services, on circuits of its own.
    ///
    /// # Errors
    /// [`ProbeError`] when one of them cannot be reached.
    pub(crate) async fn ask(&self) -> Result<(), ProbeError> {
        self.ask_public().await?;
        match &self.collection {
            Some(onion) => self.look_for(onion).await,
            None => Ok(()),
        }
    }

    /// An answer that comes whole is an answer, whatever it says: in a crowd it is a refusal, and
    /// starting anew would help nobody.
    async fn ask_public(&self) -> Result<(), ProbeError> {
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
        *request.method_mut() = Method::GET;
        let reply = session.send(request).await.map_err(ProbeError::Http)?;
        reply
            .collect(MOST_PAGE_BYTES)
            .await
            .map_err(ProbeError::Http)?;
        Ok(())
    }

    /// The probe has no discovery key: when Tor says that one is missing, the collection's
    /// descriptor is where couriers look for it, and those who have a key get further.
    async fn look_for(&self, collection: &OnionAddress) -> Result<(), ProbeError> {
        match self.dialer.dial(collection, &Isolation::fresh()).await {
            Err(error) if error.is_lasting() => Ok(()),
            Err(error) => Err(ProbeError::Collection(error)),
            Ok(_stream) => {
                warn!("the collection can be found without a discovery key");
                Ok(())
            }
        }
    }

    /// Probes, and tells `reach` what it finds, until the drop-box has not answered for so long
    /// that only starting anew may help. It gives what was missing last.
    pub(crate) async fn watch(self, reach: watch::Sender<Reach>) -> Missing {
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
                    tokio::time::sleep(self.pace.every).await;
                    continue;
                }
                Err(error) => error,
            };
            let before = *reach.borrow();
            if before == Reach::Ready {
                reach.send_replace(Reach::Lost);
            }
            warn!("the drop-box did not answer its own probe: {error}");
            if answered.elapsed() > self.pace.patience(before) {
                return error.missing();
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
    /// The collection's descriptor was not found.
    Collection(DialError),
}

impl ProbeError {
    fn missing(&self) -> Missing {
        match self {
            Self::Dial(_) => Missing::Onion,
            Self::Http(_) => Missing::Answer,
            Self::Collection(_) => Missing::Collection,
        }
    }
}

impl fmt::Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial(error) => error.fmt(f),
            Self::Http(error) => error.fmt(f),
            Self::Collection(error) => write!(f, "at the collection, {error}"),
        }
    }
}

impl std::error::Error for ProbeError {}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use knothole_onion::Direct;

    use super::*;

    fn onion() -> OnionAddress {
        OnionAddress::from_identity(&[7; 32])
    }

    /// A probe of a peer that says `answer` to each of the connections, and closes.
    fn probe_of(answer: &'static str, collection: Option<OnionAddress>) -> Probe {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = [0; 1024];
                if stream.read(&mut request).unwrap_or(0) > 0 {
                    let _peer_may_be_gone = stream.write_all(answer.as_bytes());
                }
            }
        });
        let dialer = Dialer::Direct(Direct::new(address).unwrap());
        Probe::new(dialer, onion(), collection, PACE)
    }

    const PACE: Pace = Pace {
        every: Duration::from_secs(600),
        danger_patience: None,
    };

    #[tokio::test]
    async fn a_refusal_is_an_answer_too() {
        let probe = probe_of(
            "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone",
            None,
        );
        probe.ask().await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_closes_is_no_answer() {
        let probe = probe_of("", None);
        assert!(matches!(probe.ask().await, Err(ProbeError::Http(_))));
    }

    #[tokio::test]
    async fn half_a_page_is_no_answer() {
        let probe = probe_of("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", None);
        assert!(matches!(probe.ask().await, Err(ProbeError::Http(_))));
    }

    #[tokio::test]
    async fn a_drop_box_that_stays_silent_is_given_up_with_what_was_missing() {
        let mut probe = probe_of("", None);
        probe.pace.danger_patience = Some(Duration::ZERO);
        let (reach, reached) = watch::channel(Reach::Ready);
        assert_eq!(probe.watch(reach).await, Missing::Answer);
        assert_eq!(*reached.borrow(), Reach::Lost);
    }

    #[tokio::test]
    async fn a_collection_that_lets_everyone_in_is_there_at_least() {
        let probe = probe_of("HTTP/1.1 204 No Content\r\n\r\n", Some(onion()));
        probe.ask().await.unwrap();
    }

    #[tokio::test]
    async fn an_answered_probe_makes_the_drop_box_ready() {
        let probe = probe_of("HTTP/1.1 204 No Content\r\n\r\n", None);
        let (reach, mut reached) = watch::channel(Reach::Starting);
        let watching = tokio::spawn(probe.watch(reach));
        reached
            .wait_for(|reach| *reach == Reach::Ready)
            .await
            .unwrap();
        watching.abort();
    }

    #[test]
    fn a_drop_box_that_was_never_reached_is_waited_for_longer() {
        let every = Duration::from_secs(60);
        let pace = Pace { every, ..PACE };
        let [starting, ready, lost] =
            [Reach::Starting, Reach::Ready, Reach::Lost].map(|before| pace.patience(before));
        assert!(starting > ready);
        assert_eq!(ready, lost);
        assert!(lost > every);
    }
}
