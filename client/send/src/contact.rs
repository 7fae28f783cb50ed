//! The first contact with a drop-box: tried several times, each time on a circuit of its own.

use std::time::Duration;

use knothole_envelope::{DropAddress, VerifiedSheet};
use knothole_onion::{DialError, DropBox, DropBoxError, Line};
use tokio::time::{Instant, sleep};

use crate::error::SendError;
use crate::newsroom::{NewestSeen, Newsroom, NewsroomError};
use crate::pace::Patience;
use crate::voice::Voice;

/// How long a drop-box is looked for before it is given up. A service that was started, or a
/// network that was reached, a moment ago takes some minutes until everybody finds it.
const LONGEST_SEARCH: Duration = Duration::from_secs(300);
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A newsroom that is verified from its fingerprint on.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) newsroom: Newsroom,
    /// What drops are sealed under today, or why there is nothing to seal under. A drop that was
    /// sealed before does not need it.
    pub(crate) sheet: Result<VerifiedSheet, NewsroomError>,
    /// What it was asked on, for whatever comes next.
    pub(crate) line: Line,
}

/// Finds the drop-box and verifies its newsroom.
///
/// # Errors
/// [`SendError::GaveUp`], [`SendError::DropBox`] when it was not reached, [`SendError::Newsroom`]
/// when it is not trusted.
pub(crate) async fn make(
    drop_box: &DropBox,
    address: &DropAddress,
    voice: &Voice,
) -> Result<Contact, SendError> {
    let mut seen = NewestSeen::default();
    let mut patience = Patience::new();
    let begun = Instant::now();
    loop {
        let error = match once(drop_box, address, &mut seen).await {
            Ok(contact) => return Ok(contact),
            Err(NewsroomError::DropBox(error)) if passes(&error) => error,
            Err(NewsroomError::DropBox(error)) => return Err(error.into()),
            Err(error) => return Err(error.into()),
        };
        let Some(pause) = next_pause(&mut patience, begun.elapsed()) else {
            return Err(SendError::GaveUp(error));
        };
        again(voice, &error, pause).await;
    }
}

/// Tries a small errand again, on another way through Tor each time, while it may go better.
///
/// # Errors
/// [`SendError::GaveUp`], [`SendError::DropBox`].
pub(crate) async fn patiently<T>(
    voice: &Voice,
    mut attempt: impl AsyncFnMut() -> Result<T, DropBoxError>,
) -> Result<T, SendError> {
    let mut patience = Patience::new();
    let begun = Instant::now();
    loop {
        let error = match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if passes(&error) => error,
            Err(error) => return Err(error.into()),
        };
        let Some(pause) = next_pause(&mut patience, begun.elapsed()) else {
            return Err(SendError::GaveUp(error));
        };
        again(voice, &error, pause).await;
    }
}

async fn again(voice: &Voice, error: &DropBoxError, pause: Duration) {
    voice.say(&format!(
        "{} Trying again on another way through Tor in {} s.",
        match error {
            DropBoxError::Dial(_) => "The drop-box does not answer yet.",
            DropBoxError::Busy(_) => "The drop-box is busy.",
            _ => "The connection broke.",
        },
        pause.as_secs()
    ));
    sleep(pause).await;
}

/// How long to wait before the next attempt; nothing when it has taken too long.
fn next_pause(patience: &mut Patience, elapsed: Duration) -> Option<Duration> {
    let pause = patience.pause().min(LONGEST_PAUSE);
    let next = elapsed.checked_add(pause)?;
    (next <= LONGEST_SEARCH).then_some(pause)
}

/// Whether another attempt may go better. A SOCKS port that is not there does not come by waiting.
fn passes(error: &DropBoxError) -> bool {
    error.may_pass() && !matches!(error, DropBoxError::Dial(DialError::NoSocks(_)))
}

async fn once(
    drop_box: &DropBox,
    address: &DropAddress,
    seen: &mut NewestSeen,
) -> Result<Contact, NewsroomError> {
    let mut line = drop_box.connect().await.map_err(NewsroomError::DropBox)?;
    let newsroom = Newsroom::meet(&mut line, address.fingerprint(), seen).await?;
    let sheet = match newsroom.sheet(&mut line, drop_box.dialer().time()).await {
        // Keys that are not the newsroom's are no reason to go on with anything.
        Err(error @ (NewsroomError::DropBox(_) | NewsroomError::Sheet(_))) => return Err(error),
        other => other,
    };
    Ok(Contact {
        newsroom,
        sheet,
        line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_box_is_looked_for_some_minutes_and_then_given_up() {
        let mut patience = Patience::new();
        let mut elapsed = Duration::ZERO;
        let mut attempts = 0;
        while let Some(pause) = next_pause(&mut patience, elapsed) {
            assert!(pause <= LONGEST_PAUSE);
            elapsed += pause;
            attempts += 1;
        }
        assert!(elapsed > Duration::from_secs(270) && elapsed <= LONGEST_SEARCH);
        assert!(attempts > 15, "{attempts}");
        // Attempts that hang until their own limit end it sooner, but never before a few.
        assert!(next_pause(&mut Patience::new(), Duration::from_secs(4 * 46)).is_some());
    }
}
