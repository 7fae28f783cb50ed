//! Lanes become one drop, at the address of the first: whoever asks there again is told the same,
//! however the first answer was lost.

use std::sync::Arc;

use knothole_envelope::EpochNumber;

use crate::disk;
use crate::gate::{self, Passed};
use crate::intake::Intake;
use crate::keep::{self, Progress, Trouble};
use crate::record::{Role, UrlHash};
use crate::segments::Segments;
use crate::tus::{Refusal, UploadSecret};
use crate::uploads::{Lease, Upload};

/// Puts lanes together into one drop, and gives it with the secret of its address. What was asked
/// for before is answered as before.
pub(crate) async fn join(
    intake: &Arc<Intake>,
    secrets: &[UploadSecret],
) -> Result<(UploadSecret, Arc<Upload>, Progress), Trouble> {
    let find = |secret: &UploadSecret| {
        let found = intake.uploads().find(&UrlHash::of(secret.expose()));
        found.ok_or(Trouble::NotFound)
    };
    let secret = secrets.first().ok_or(Refusal::Lanes)?;
    let first = find(secret)?;
    let (joined, epoch) = match first.role {
        // The addresses of the later lanes are no more, or soon will be.
        Role::Joined { .. } => {
            // Its commit found no room, or what it needs was not to be read.
            let mut epoch = None;
            if let Some(lease) = first.take_if_resting() {
                epoch = lease.ticket().and_then(|ticket| ticket.epoch);
                drop(keep::commit(intake, lease));
            }
            (first, epoch)
        }
        _ => {
            let mut lanes = vec![first];
            for later in secrets.iter().skip(1) {
                lanes.push(find(later)?);
            }
            begin(intake, &lanes).await?
        }
    };
    let patience = intake.settings().commit_patience;
    let ended = tokio::time::timeout(patience, joined.settled()).await;
    let tree = joined.tree();
    if ended.is_ok() && joined.is_gone() {
        let over = keep::is_over(intake, epoch).await?;
        return Err(if over {
            Trouble::Gate(gate::Refusal::Epoch)
        } else {
            Trouble::Disk
        });
    }
    let progress = Progress {
        offset: joined.length,
        tree,
    };
    Ok((secret.clone(), joined, progress))
}

/// Gives the first lane's address to the upload that the lanes become, which it gives with its
/// epoch. From then on it goes on whoever waits for it.
async fn begin(
    intake: &Arc<Intake>,
    lanes: &[Arc<Upload>],
) -> Result<(Arc<Upload>, Option<EpochNumber>), Trouble> {
    let (first, later) = lanes.split_first().ok_or(Refusal::Lanes)?;
    let tied =
        |lane: &Arc<Upload>| matches!(lane.role, Role::Later { parent } if parent == first.id);
    if first.role != Role::First || !later.iter().all(tied) {
        return Err(Refusal::Lanes.into());
    }
    // From here on nobody else writes to them.
    let mut leases = Vec::new();
    for lane in lanes {
        leases.push(lease(lane)?);
    }
    let sum = lanes
        .iter()
        .try_fold(0_u64, |sum, lane| sum.checked_add(lane.length));
    let head = leases.first().and_then(Lease::ticket);
    let (total, epoch) = head.map_or((0, None), |ticket| (ticket.total, ticket.epoch));
    if sum != Some(total) && !matches!(intake.gate(), Some(gate::Gate::Open)) {
        return Err(Refusal::LanesLength.into());
    }
    let sum = sum.ok_or(Refusal::LanesLength)?;
    if keep::is_over(intake, epoch).await? {
        for lane in leases {
            keep::remove(intake, lane).await?;
        }
        return Err(Trouble::Gate(gate::Refusal::Epoch));
    }
    let role = Role::Joined {
        lanes: lanes.iter().map(|lane| lane.id).collect(),
    };
    let joined = keep::fresh(intake, first.url, role, sum, sum);
    let mut lease = joined.take_if_resting().ok_or(Trouble::Busy)?;
    lease.admit(Passed { epoch, total: sum });
    intake.uploads().add(&joined);
    let (inside, first) = (Arc::clone(intake), Arc::clone(first));
    tokio::spawn(async move { put_together(&inside, &first, leases, lease).await });
    Ok((joined, epoch))
}

/// A lane, if it is whole.
fn lease(lane: &Arc<Upload>) -> Result<Lease, Trouble> {
    match lane.take_if_resting() {
        Some(lease) if lease.segments().map(Segments::durable) == Some(lane.length) => Ok(lease),
        // A request that the line has lost, or another one to join, has it or had it just now.
        None if lane.view().offset == lane.length || lane.is_gone() => Err(Trouble::Busy),
        _ => Err(Refusal::LanesUnfinished.into()),
    }
}

/// Notes on the disk which lanes these are, and commits them. Before that note is durable they are
/// lanes, after it the next start finishes what is left to do.
async fn put_together(intake: &Arc<Intake>, first: &Arc<Upload>, lanes: Vec<Lease>, joined: Lease) {
    let (lease, noted) = joined
        .on_disk(intake.disk(), |disk, work| {
            let noted = work.segments.create(disk, &work.ticket);
            if noted.is_err() {
                // What of it stays there the next start looks into.
                drop(disk::remove_tree(disk, work.segments.folder()));
            }
            noted
        })
        .await;
    match (lease, noted) {
        (Some(lease), Ok(())) => {
            for lane in lanes {
                drop(lane.abandon());
            }
            drop(keep::commit(intake, lease).await);
        }
        (lease, _) => {
            intake.uploads().add(first);
            drop(lanes);
            drop(lease.and_then(Lease::abandon));
        }
    }
}
