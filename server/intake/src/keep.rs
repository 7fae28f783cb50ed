//! What every way in does with an upload: makes it, ends it, and makes a drop of it.

use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use http::StatusCode;
use knothole_envelope::{DropId, EpochNumber, TreeHash};
use rand_core::Rng as _;
use tokio::task::JoinHandle;

use crate::answer::{self, Answer};
use crate::closed;
use crate::commit::{self, folder_of, incoming};
use crate::disk;
use crate::gate;
use crate::intake::{Intake, system_rng};
use crate::newsroom::Closing;
use crate::record::{Link, Role, Ticket, UrlHash};
use crate::segments::Segments;
use crate::space::{Class, Shortage};
use crate::tus::{Refusal, UploadSecret};
use crate::uploads::{Lease, TakeError, Upload};

/// Why a request was not done.
pub(crate) enum Trouble {
    /// It says something that the protocol does not have.
    Protocol(Refusal),
    /// The gate stays shut.
    Gate(gate::Refusal),
    /// Unknown, expired or foreign.
    NotFound,
    /// Another request is at work, or the connection went meanwhile.
    Busy,
    /// There is no room.
    Full(Shortage),
    /// As much has come in this hour as may; so long until more may.
    Later(Duration),
    /// The administrator takes nothing new.
    Closed,
    /// The disk failed.
    Disk,
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Protocol(refusal)
    }
}

impl Trouble {
    /// The sentence for a person.
    pub(crate) fn answer(&self) -> Answer {
        match self {
            Self::Protocol(refusal) => answer::sentence(refusal.status(), &refusal.to_string()),
            Self::Gate(refusal) => {
                answer::sentence(StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_string())
            }
            Self::NotFound => answer::not_found(),
            Self::Busy => answer::sentence(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server is busy; try again in a minute",
            ),
            Self::Full(Shortage::Files) => answer::sentence(
                StatusCode::INSUFFICIENT_STORAGE,
                "the drop-box has no room for this now; a message without files still gets \
                 through, or try again in a few days",
            ),
            Self::Full(Shortage::Everything) => answer::sentence(
                StatusCode::INSUFFICIENT_STORAGE,
                "the drop-box has no room for anything now; try again in a few days",
            ),
            Self::Later(wait) => answer::later(
                *wait,
                "the drop-box has taken as much as it takes in an hour; a message without files \
                 still gets through",
            ),
            Self::Closed => answer::sentence(StatusCode::FORBIDDEN, closed::SENTENCE),
            Self::Disk => answer::sentence(
                StatusCode::SERVICE_UNAVAILABLE,
                "the server's disk failed; try again later",
            ),
        }
    }
}

/// How far an upload is after a request.
pub(crate) struct Progress {
    /// Bytes that are durable.
    pub(crate) offset: u64,
    /// The tree hash, once it is a drop.
    pub(crate) tree: Option<TreeHash>,
}

/// How an upload came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By tus: it has a URL.
    Tus,
    /// By form: nobody can come back to it.
    Form,
}

/// A new upload of which nothing is on the disk, and the secret of its URL.
///
/// # Errors
/// It is a lane, and its upload has all that it may have.
pub(crate) fn register(
    intake: &Intake,
    way: Way,
    role: Role,
    length: u64,
    total: u64,
) -> Result<(UploadSecret, Arc<Upload>), Refusal> {
    let secret = UploadSecret::from_bytes(random());
    let url = (way == Way::Tus).then(|| UrlHash::of(secret.expose()));
    let upload = fresh(intake, url, role, length, total);
    if intake.uploads().add_new(&upload) {
        Ok((secret, upload))
    } else {
        Err(Refusal::TooManyLanes)
    }
}

/// An upload of which nothing is on the disk, and that nobody finds yet.
pub(crate) fn fresh(
    intake: &Intake,
    url: Option<UrlHash>,
    role: Role,
    length: u64,
    total: u64,
) -> Arc<Upload> {
    let life = intake.settings().upload_life.as_secs();
    let ticket = Ticket {
        url,
        length,
        role,
        epoch: None,
        total,
        expires: intake.times().lived().plus(life).rounded_up_to_day(),
    };
    let id = DropId::from_bytes(random());
    let segments = Segments::new(folder_of(&incoming(), &id), length);
    Upload::new(id, segments, ticket)
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    system_rng().fill_bytes(&mut bytes);
    bytes
}

/// Sees to it that one more upload may be announced: the oldest one of which no byte has come is
/// forgotten, so that to keep others from sending their first byte somebody must announce all of
/// `most_announced` within the second or two that this takes them.
pub(crate) async fn forget_the_oldest(intake: &Arc<Intake>) -> Result<(), Trouble> {
    let most = intake.settings().most_announced;
    match intake.uploads().announced_too_many(most) {
        Some(lease) => remove(intake, lease).await,
        None => Ok(()),
    }
}

/// Sees to it that one more upload may have bytes: the least progressed one gives way.
pub(crate) async fn make_room(intake: &Arc<Intake>) -> Result<(), Trouble> {
    let begun = intake.uploads().begun();
    if begun.len() < intake.settings().most_uploads {
        return Ok(());
    }
    // Lanes stand and fall together: what counts is how far all of them are, for each place that
    // they take.
    let mut groups = HashMap::<_, (u64, u64)>::new();
    for upload in &begun {
        let (sum, places) = groups.entry(upload.group()).or_default();
        *sum = sum.saturating_add(upload.view().offset);
        *places = places.saturating_add(1);
    }
    let group = |upload: &Arc<Upload>| groups.get(&upload.group()).copied().unwrap_or_default();
    // Without the first lane the others lead nowhere: of its group it goes last.
    let progress = |upload: &Arc<Upload>| {
        let (sum, places) = group(upload);
        let is_first = upload.role == Role::First;
        (sum.checked_div(places), is_first, upload.view().offset)
    };
    let least = begun
        .iter()
        .filter(|upload| upload.is_resting() && !upload.is_left_whole())
        .min_by_key(|upload| progress(upload))
        .ok_or(Trouble::Busy)?;
    let lease = least.take_if_resting().ok_or(Trouble::Busy)?;
    remove(intake, lease).await
}

/// Sees to it that an upload of this length would fit, so that its sender hears at once if not.
pub(crate) async fn fits(intake: &Arc<Intake>, role: &Role, length: u64) -> Result<(), Trouble> {
    let class = Class::of(role, length);
    let inside = Arc::clone(intake);
    let fits = move || inside.space().fits(inside.disk().as_ref(), class, length);
    match tokio::task::spawn_blocking(fits).await {
        Ok(Ok(true)) => {}
        Ok(Ok(false)) => return Err(full(intake).await),
        Ok(Err(_)) | Err(_) => return Err(Trouble::Disk),
    }
    match intake.space().too_fast(class) {
        Some(wait) => Err(Trouble::Later(wait)),
        None => Ok(()),
    }
}

/// What to tell someone for whom there is no space.
pub(crate) async fn full(intake: &Arc<Intake>) -> Trouble {
    let inside = Arc::clone(intake);
    let shortage = move || inside.space().shortage(inside.disk().as_ref());
    match tokio::task::spawn_blocking(shortage).await {
        Ok(Ok(shortage)) => Trouble::Full(shortage),
        Ok(Err(_)) | Err(_) => Trouble::Disk,
    }
}

/// Ends an upload that is not a drop.
pub(crate) async fn give_up(intake: &Arc<Intake>, upload: &Arc<Upload>) -> Result<(), Trouble> {
    let lease = take(intake, upload).await?.map_err(|_| Refusal::Finished)?;
    remove(intake, lease).await
}

/// Removes an upload that nobody writes to.
pub(crate) async fn remove(intake: &Arc<Intake>, lease: Lease) -> Result<(), Trouble> {
    let upload = Arc::clone(lease.upload());
    let Some(work) = lease.abandon() else {
        return Ok(());
    };
    intake.uploads().forget_upload(&upload);
    if !work.segments.touched() {
        return Ok(());
    }
    let inside = Arc::clone(intake);
    let removed = tokio::task::spawn_blocking(move || {
        let (lanes, bytes) = match &work.ticket.role {
            Role::Joined { lanes } => (lanes.as_slice(), work.ticket.length),
            _ => ([].as_slice(), work.segments.durable()),
        };
        for lane in lanes {
            disk::remove_tree(inside.disk().as_ref(), &folder_of(&incoming(), lane))?;
        }
        disk::remove_tree(inside.disk().as_ref(), work.segments.folder())?;
        // What was taken back, or refused, must not be a drop when the power comes again.
        inside.disk().sync_folder(&incoming())?;
        inside.space().freed(bytes);
        Ok::<_, io::Error>(())
    })
    .await;
    match removed {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Trouble::Disk),
    }
}

/// Takes an upload over, or says that it is a drop already.
pub(crate) async fn take(
    intake: &Intake,
    upload: &Arc<Upload>,
) -> Result<Result<Lease, TreeHash>, Trouble> {
    match upload.take(intake.settings().takeover_patience).await {
        Ok(lease) => Ok(Ok(lease)),
        Err(TakeError::Done(tree)) => Ok(Err(tree)),
        Err(TakeError::Gone) => Err(Trouble::NotFound),
        Err(TakeError::Superseded) => Err(Refusal::OffsetDiffers.into()),
        Err(TakeError::Busy) => Err(Trouble::Busy),
    }
}

/// Whether the newsroom has burned this epoch since its header passed the gate, or may have, because it
/// has ended so long ago. Nobody can ever open what was sealed to it then, and its sender must not hear
/// that it arrived.
pub(crate) async fn is_over(
    intake: &Arc<Intake>,
    epoch: Option<EpochNumber>,
) -> Result<bool, Trouble> {
    if epoch.is_none() {
        return Ok(false);
    }
    let inside = Arc::clone(intake);
    match tokio::task::spawn_blocking(move || inside.ending(epoch)).await {
        Ok(Ok(ending)) => Ok(ending == Closing::Closed),
        Ok(Err(_)) | Err(_) => Err(Trouble::Disk),
    }
}

/// Commits an upload all of whose bytes are durable, unless its epoch is over. Should it take longer
/// than a request may wait, there be no room, or the clock not be believed, it goes on by itself and the
/// sender asks again.
pub(crate) async fn finish(intake: &Arc<Intake>, lease: Lease) -> Result<Progress, Trouble> {
    if is_over(intake, lease.ticket().and_then(|ticket| ticket.epoch)).await? {
        remove(intake, lease).await?;
        return Err(Trouble::Gate(gate::Refusal::Epoch));
    }
    let upload = Arc::clone(lease.upload());
    let committing = commit(intake, lease);
    match tokio::time::timeout(intake.settings().commit_patience, committing).await {
        Ok(Ok(Committed::Drop(tree))) => Ok(Progress {
            offset: upload.length,
            tree: Some(tree),
        }),
        Ok(Ok(Committed::Over)) => Err(Trouble::Gate(gate::Refusal::Epoch)),
        Ok(Ok(Committed::Failed) | Err(_)) => Err(Trouble::Disk),
        Ok(Ok(Committed::Waiting)) | Err(_) => Ok(Progress {
            offset: upload.length,
            tree: None,
        }),
    }
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Committed {
    /// It is a drop with this tree hash.
    Drop(TreeHash),
    /// There was no room, the disk did not give what it holds, or the clock is not believed, by which
    /// its epoch is over. It is tried again at a tick.
    Waiting,
    /// Its epoch was burned meanwhile, or is over, and it is gone.
    Over,
    /// The disk failed. What is on it now is for the next start to find out.
    Failed,
}

/// Commits in a task of its own, which goes on whoever waits for it.
pub(crate) fn commit(intake: &Arc<Intake>, lease: Lease) -> JoinHandle<Committed> {
    let inside = Arc::clone(intake);
    tokio::task::spawn_blocking(move || commit_now(&inside, lease))
}

fn commit_now(intake: &Intake, lease: Lease) -> Committed {
    let batch = intake.batch();
    let upload = Arc::clone(lease.upload());
    let link = upload.url.map(|url| Link { url, batch });
    let Some(ticket) = lease.ticket().cloned() else {
        return Committed::Failed;
    };
    if intake.closing(ticket.epoch) == Closing::Unsure {
        return wait(intake, &upload, lease);
    }
    let manifest = match commit::commit(intake.disk().as_ref(), &upload.id, &ticket, link) {
        Ok(manifest) => manifest,
        Err(error) if disk::is_full(&error) || disk::is_unreadable(&error) => {
            return wait(intake, &upload, lease);
        }
        // What is missing does not come back, and after a sync that failed nobody knows what is on
        // the disk: that is for the next start to find out.
        Err(_) => {
            drop(lease.abandon());
            return Committed::Failed;
        }
    };
    intake.uploads().forget_lanes(&ticket.role);
    // Once more: it may have taken long. Whoever burns it from here on finds it among the drops.
    let ended = match intake.ending(ticket.epoch) {
        Ok(Closing::Open | Closing::Unsure) => {
            lease.finish(manifest.tree, batch);
            Committed::Drop(manifest.tree)
        }
        Ok(Closing::Closed) => {
            drop(lease.abandon());
            let taken = intake.take_back(&upload.id, manifest.lanes.length());
            if let Err(error) = taken {
                tracing::warn!("a drop of an epoch that is over waits for its removal: {error}");
            }
            Committed::Over
        }
        Err(_) => {
            drop(lease.abandon());
            Committed::Failed
        }
    };
    if upload.url.is_none() || ended == Committed::Over {
        intake.uploads().forget_upload(&upload);
    }
    ended
}

/// Leaves it to a tick, or to who asks for it.
fn wait(intake: &Intake, upload: &Arc<Upload>, lease: Lease) -> Committed {
    intake.uploads().add(upload);
    drop(lease);
    Committed::Waiting
}

#[cfg(test)]
mod tests;
