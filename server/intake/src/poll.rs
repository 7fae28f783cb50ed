//! Mailboxes over HTTP: whatever is asked about a mailbox is answered alike, and when a fixed time
//! is over.

use core::time::Duration;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use knothole_envelope::{ERASURE_LEN, EraseSecret, MailboxAddress, ReplyHash};
use tokio::time::Instant;

use crate::answer::{self, Answer};
use crate::guest::Guest;
use crate::intake::{Intake, system_rng};
use crate::mailboxes::Erasure;
use crate::serve::disk_failed;

/// Mailboxes lie beneath this path.
pub(crate) const MAILBOXES: &str = "/mailbox/";

/// Answers `/mailbox/<address>`; `name` is what follows [`MAILBOXES`].
pub(crate) async fn answer(
    intake: &Arc<Intake>,
    name: &str,
    request: Request<Incoming>,
    guest: &Guest,
) -> Answer {
    let Ok(mailbox) = name.parse::<MailboxAddress>() else {
        return answer::not_found();
    };
    match *request.method() {
        Method::GET => show(intake, mailbox).await,
        Method::POST => {
            let patience = intake.settings().body_patience;
            let mut body = request.into_body();
            let read = Limited::new(&mut body, ERASURE_LEN).collect();
            let read = tokio::time::timeout(patience, read).await;
            let erasure = match read {
                Ok(Ok(read)) => parse(&read.to_bytes()),
                Ok(Err(_)) | Err(_) => None,
            };
            guest.drain(body, intake.settings().drain_patience);
            match erasure {
                Some(erasure) => erase(intake, mailbox, erasure).await,
                None => answer::sentence(
                    StatusCode::BAD_REQUEST,
                    "a request to erase has exactly 160 bytes",
                ),
            }
        }
        _ => answer::wrong_method("GET, POST, OPTIONS"),
    }
}

fn parse(bytes: &[u8]) -> Option<Erasure> {
    let bytes: &[u8; ERASURE_LEN] = bytes.try_into().ok()?;
    let (secret, names) = bytes.split_first_chunk::<32>()?;
    let mut names = names
        .chunks_exact(32)
        .filter_map(|name| name.try_into().ok());
    let mut name = || names.next().map(ReplyHash::from_bytes);
    Some(Erasure {
        secret: EraseSecret::from_bytes(*secret),
        names: [name()?, name()?, name()?, name()?],
    })
}

async fn show(intake: &Arc<Intake>, mailbox: MailboxAddress) -> Answer {
    let inside = Arc::clone(intake);
    let shown = evenly(intake, move || {
        inside.mailboxes().show(inside.disk().as_ref(), &mailbox)
    });
    match shown.await {
        Some(Ok(bytes)) => answer::framed(Bytes::from(bytes)),
        Some(Err(_)) => disk_failed(),
        None => busy(),
    }
}

async fn erase(intake: &Arc<Intake>, mailbox: MailboxAddress, erasure: Erasure) -> Answer {
    let inside = Arc::clone(intake);
    let erased = evenly(intake, move || {
        let disk = inside.disk().as_ref();
        let mailboxes = inside.mailboxes();
        mailboxes.erase(disk, &mailbox, &erasure, &mut system_rng())
    });
    match erased.await {
        Some(Ok(())) => answer::done(),
        Some(Err(_)) => disk_failed(),
        None => busy(),
    }
}

/// Does the work in a blocking task and gives its result when the fixed time is over, or the next
/// multiple of it; nothing when too many have asked before.
///
/// Whoever waits for a turn waits for the requests of others, not for what is in a mailbox. That
/// so few have it at once also bounds the processor time that polls can take. A turn ends when its
/// time is over, whether or not the one who asked is still there: else to ask and to hang up would
/// give work without end.
async fn evenly<T: Send + 'static>(
    intake: &Arc<Intake>,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Option<std::io::Result<T>> {
    let settings = intake.settings();
    let unit = settings.mailbox_time;
    let turn = Arc::clone(intake.polls()).acquire_owned();
    let turn = tokio::time::timeout(settings.takeover_patience, turn);
    let turn = turn.await.ok()?.ok()?;
    let working = tokio::spawn(async move {
        let begun = Instant::now();
        let done = tokio::task::spawn_blocking(work).await;
        let wait = up_to_multiple(begun.elapsed(), unit);
        tokio::time::sleep_until(begun.checked_add(wait).unwrap_or(begun)).await;
        drop(turn);
        done
    });
    let done = working.await.and_then(core::convert::identity);
    Some(done.unwrap_or_else(|_| Err(std::io::Error::other("a blocking task ended early"))))
}

/// The next multiple of `unit`, at least one; no time at all when the unit is none.
fn up_to_multiple(elapsed: Duration, unit: Duration) -> Duration {
    let units = elapsed.as_nanos().checked_div(unit.as_nanos());
    let units = units.map_or(0, |whole| whole.saturating_add(1));
    unit.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
}

fn busy() -> Answer {
    let text = "too many ask at once; try again in a minute";
    answer::sentence(StatusCode::SERVICE_UNAVAILABLE, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_out_at_a_multiple_of_the_fixed_time() {
        let milliseconds = Duration::from_millis;
        for (elapsed, unit, wait) in [
            (0, 500, 500),
            (499, 500, 500),
            (500, 500, 1_000),
            (1_234, 500, 1_500),
            (7, 0, 0),
        ] {
            let waited = up_to_multiple(milliseconds(elapsed), milliseconds(unit));
            assert_eq!(waited, milliseconds(wait));
        }
    }

    #[test]
    fn a_request_to_erase_has_a_secret_and_four_names() {
        let bytes: Vec<u8> = (0..5).flat_map(|part| [part; 32]).collect();
        let erasure = parse(&bytes).unwrap();
        assert_eq!(erasure.secret.expose(), &[0; 32]);
        for (at, name) in (1..5).zip(erasure.names) {
            assert_eq!(name.as_bytes(), &[at; 32]);
        }
        assert!(parse(&bytes[1..]).is_none());
    }
}
