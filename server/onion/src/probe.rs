//! Fetches the drop-box's page through Tor, as a source would.

mod patience;

use std::fmt;
use std::time::Duration;

use knothole_envelope::OnionAddress;
use knothole_onion::http::{Body, HttpError, Method, Request, Session};
use knothole_onion::{DialError, Dialer, Isolation};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

pub(crate) use patience::Pace;
use patience::{Lately, Patience};

use crate::restarts::Missing;
use crate::status::Reach;
use crate::traffic::Traffic;

/// How long the answer to a probe may take once the stream is open.
const ANSWER_PATIENCE: Duration = Duration::from_secs(45);
/// No page, and no refusal, is longer.
const MOST_PAGE_BYTES: usize = 1 << 20;
/// The pause between two probes while the drop-box does not answer.
const EAGER_PAUSE: Duration = Duration::from_secs(2);
/// The longest such pause; each is twice the one before.
const LONGEST_EAGER_PAUSE: Duration = Duration::from_secs(60);
/// A client of its own, which knows the drop-box by its address only.
#[derive(Debug)]
pub(crate) struct Probe {
    dialer: Dialer,
    public: OnionAddress,
    collection: Option<OnionAddress>,
    pace: Pace,
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
    /// that only starting anew may help, and others are not served either. It gives what was missing
    /// last.
    ///
    /// That a new start is put off is written nowhere: it would tell the hour of an upload.
    pub(crate) async fn watch(self, reach: watch::Sender<Reach>, traffic: Traffic) -> Missing {
        let mut answered = Instant::now();
        let mut eager = EAGER_PAUSE;
        let mut patience = Patience::new(self.pace);
        let mut lately = Lately::new(traffic, answered);
        loop {
            let error = match self.ask().await {
                Ok(()) => {
                    if reach.send_replace(Reach::Ready) != Reach::Ready {
                        info!("the drop-box answered its own probe");
                    }
                    answered = Instant::now();
                    eager = EAGER_PAUSE;
                    patience = Patience::new(self.pace);
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
            lately.look(Instant::now());
            if patience.is_over(before, answered.elapsed(), lately.others()) {
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
        assert_eq!(
            probe.watch(reach, Traffic::default()).await,
            Missing::Answer
        );
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
        let watching = tokio::spawn(probe.watch(reach, Traffic::default()));
        reached
            .wait_for(|reach| *reach == Reach::Ready)
            .await
            .unwrap();
        watching.abort();
    }

    #[tokio::test]
    async fn a_drop_box_that_stays_silent_is_kept_while_others_are_served() {
        let traffic = Traffic::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
        let others = traffic.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Somebody sends, while the probe is left without an answer.
                others.add(1 << 20);
                drop(stream.unwrap());
                if asked.send(()).is_err() {
                    return;
                }
            }
        });
        let pace = Pace {
            danger_patience: Some(Duration::ZERO),
            ..PACE
        };
        let dialer = Dialer::Direct(Direct::new(address).unwrap());
        let probe = Probe::new(dialer, onion(), None, pace);
        let (reach, reached) = watch::channel(Reach::Ready);
        let watching = tokio::spawn(probe.watch(reach, traffic));
        for _ in 0..2 {
            asks.recv().await.unwrap();
        }
        assert!(!watching.is_finished());
        assert_eq!(*reached.borrow(), Reach::Lost);
        watching.abort();
    }
}
