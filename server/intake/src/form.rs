//! The form of the plain page: one sealed file of any size, as `multipart/form-data` (RFC 7578).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, header};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use knothole_envelope::HEADER_LEN;
use multer::{Field, Multipart};

use crate::gate::{Expect, Passed, Refusal};
use crate::guest::Guest;
use crate::intake::Intake;
use crate::keep::{self, Committed, Trouble, Way};
use crate::pages::Outcome;
use crate::receive::{Orders, Received, receive};
use crate::record::Role;
use crate::segments::Segments;
use crate::settings::{MOST_BEFORE, MOST_FIELDS};
use crate::space::Class;

/// The name of the one field.
const FIELD: &str = "sealed";
/// Takes the file of a form and makes a drop of it.
pub(crate) async fn take(
    intake: &Arc<Intake>,
    headers: &HeaderMap,
    body: &mut Incoming,
    guest: &Guest,
) -> Outcome {
    let boundary = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .and_then(|kind| multer::parse_boundary(kind).ok());
    let Some(boundary) = boundary else {
        return Outcome::Nothing;
    };
    let found = AtomicBool::new(false);
    let mut before = 0_usize;
    let body = BodyDataStream::new(body).map(|bytes| {
        let bytes = bytes.map_err(io::Error::other)?;
        before = before.saturating_add(bytes.len());
        if before > MOST_BEFORE && !found.load(Ordering::Relaxed) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        Ok(bytes)
    });
    let mut form = Multipart::new(body, boundary);
    for _ in 0..MOST_FIELDS {
        let field = tokio::time::timeout(intake.settings().body_patience, form.next_field()).await;
        match field {
            Ok(Ok(Some(field))) if field.name() == Some(FIELD) => {
                found.store(true, Ordering::Relaxed);
                return file(intake, field, guest)
                    .await
                    .unwrap_or_else(|outcome| outcome);
            }
            Ok(Ok(Some(_))) => {}
            Ok(Ok(None)) => return Outcome::Nothing,
            Ok(Err(_)) | Err(_) => return Outcome::TryAgain,
        }
    }
    Outcome::Nothing
}

async fn file(
    intake: &Arc<Intake>,
    mut field: Field<'_>,
    guest: &Guest,
) -> Result<Outcome, Outcome> {
    let (first, passed) = head(intake, &mut field).await?;
    let total = passed.total;
    keep::fits(intake, &Role::Whole, total)
        .await
        .map_err(outcome)?;
    keep::make_room(intake).await.map_err(outcome)?;
    let (_, upload) = keep::register(intake, Way::Form, Role::Whole, total, total)
        .map_err(|refusal| outcome(refusal.into()))?;
    let unclaimed = intake.orphans().watch(&upload);
    let Ok(Ok(mut lease)) = keep::take(intake, &upload).await else {
        return Err(Outcome::TryAgain);
    };
    lease.admit(passed);
    let class = Class::of(&Role::Whole, total);
    let _sending = guest.sends(class);
    let orders = Orders {
        room: total,
        checksum: None,
        gate: None,
        make_room: None,
        grant: intake.space().grant(class),
        leave: guest.leave(),
        small_settles: Arc::clone(intake.small_settles()),
    };
    let body = stream::iter([Ok(first)]).chain(field);
    match receive(intake.disk(), intake.settings(), lease, body, orders).await {
        Received::Whole(lease) if lease.segments().map(Segments::durable) == Some(total) => {
            if keep::is_over(intake, passed.epoch).await.map_err(outcome)? {
                keep::remove(intake, lease).await.map_err(outcome)?;
                return Err(Outcome::OtherKeys);
            }
            // Nobody can ask again how a form ended. What a commit that failed left on the disk may
            // be a drop when there is room, or at the next start.
            let committed = keep::commit(intake, lease).await;
            unclaimed.claimed();
            Ok(match committed {
                Ok(Committed::Drop(_)) => Outcome::Arrived,
                Ok(Committed::Over) => Outcome::OtherKeys,
                Ok(Committed::Waiting | Committed::Failed) | Err(_) => Outcome::MayHaveArrived,
            })
        }
        ended => {
            let why = match &ended {
                Received::Whole(_)
                | Received::Beyond
                | Received::TooMuchToHash
                | Received::Altered => Outcome::Damaged,
                Received::Full => Outcome::Full,
                Received::Cut
                | Received::Superseded
                | Received::Gate(_)
                | Received::Later(_)
                | Received::Failed => Outcome::TryAgain,
            };
            // A form cannot go on where it was: what came of it goes, once its lease is back.
            drop(ended);
            keep::give_up(intake, &upload).await.map_err(outcome)?;
            unclaimed.claimed();
            Err(why)
        }
    }
}

/// Reads the first bytes and shows them to the gate, before anything reaches the disk.
async fn head(intake: &Intake, field: &mut Field<'_>) -> Result<(Bytes, Passed), Outcome> {
    let gate = intake.gate().ok_or(Outcome::TryAgain)?;
    let mut first = BytesMut::new();
    let reading = async {
        while first.len() < HEADER_LEN {
            match field.chunk().await {
                Ok(Some(bytes)) => first.extend_from_slice(&bytes),
                Ok(None) => break,
                Err(_) => return Err(Outcome::TryAgain),
            }
        }
        Ok(())
    };
    tokio::time::timeout(intake.settings().body_patience, reading)
        .await
        .unwrap_or(Err(Outcome::TryAgain))?;
    if first.is_empty() {
        return Err(Outcome::Nothing);
    }
    let passed = gate
        .judge(&first, Expect::Untold)
        .map_err(|refusal| match refusal {
            Refusal::Epoch => Outcome::OtherKeys,
            Refusal::Short | Refusal::Length => Outcome::Damaged,
            Refusal::NotSealed(_) | Refusal::Reply => Outcome::Unsealed,
        })?;
    Ok((first.freeze(), passed))
}

fn outcome(trouble: Trouble) -> Outcome {
    match trouble {
        Trouble::Full(_) => Outcome::Full,
        _ => Outcome::TryAgain,
    }
}
