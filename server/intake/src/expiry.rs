//! Unfinished uploads that nobody goes on with give their place back, or become drops.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use knothole_envelope::DropId;

use crate::clock::UnixSeconds;
use crate::intake::Intake;
use crate::keep;
use crate::settings::MOST_AHEAD;
use crate::settings::Settings;
use crate::space::Class;
use crate::uploads::{Upload, lock};

/// Seconds between two ticks that try to commit the same upload.
const PAUSE: u64 = 60;

/// Removes the uploads whose time is over, and when someone found no space also those that have
/// stood still the longest, until there is some.
pub(crate) async fn sweep(intake: &Arc<Intake>) -> io::Result<()> {
    for upload in intake.orphans().take() {
        if upload.is_resting() {
            remove(intake, &upload).await;
        } else if !upload.is_gone() && upload.tree().is_none() {
            // A step of it is still under way, or its commit, which ends by itself.
            intake.orphans().leave(upload);
        }
    }
    intake.uploads().look_at_announced();
    let uploads = intake.uploads().unfinished();
    let standings: Vec<_> = uploads.iter().map(|upload| Standing::of(upload)).collect();
    let (now, settings) = (intake.times().lived(), intake.settings());
    intake.watch().look(&standings, now);
    for (upload, standing) in uploads.iter().zip(&standings) {
        if upload.is_gone() {
            // Its disk failed. What is left of it is for the next start.
            intake.uploads().forget_upload(upload);
        } else if intake.watch().is_over(standing, now, settings) {
            remove(intake, upload).await;
        } else if upload.is_left_whole() && intake.watch().may_commit(standing, now) {
            commit(intake, upload, now).await;
        }
    }
    if !intake.space().was_short() {
        return Ok(());
    }
    let mut made_room = false;
    for group in intake.watch().stalled(now, settings) {
        if left(intake).await? >= MOST_AHEAD {
            break;
        }
        for (upload, standing) in uploads.iter().zip(&standings) {
            if standing.group == group && !upload.is_left_whole() {
                remove(intake, upload).await;
                made_room = true;
            }
        }
    }
    if !made_room {
        return Ok(());
    }
    let inside = Arc::clone(intake);
    tokio::task::spawn_blocking(move || inside.space().look(inside.disk().as_ref()))
        .await
        .map_err(|_| io::Error::other("a blocking task ended early"))?
}

/// What the disk does not let go of is left to the next start: it must not end this one, with whatever
/// others are sending.
async fn remove(intake: &Arc<Intake>, upload: &Arc<Upload>) {
    // Whoever writes to it just now has come back in time.
    let Some(lease) = upload.take_if_resting() else {
        return;
    };
    if keep::remove(intake, lease).await.is_err() {
        tracing::warn!("an upload that was given up could not be removed from the disk");
    }
}

/// The line went between the last byte and the commit, and its sender may never come back.
async fn commit(intake: &Arc<Intake>, upload: &Arc<Upload>, now: UnixSeconds) {
    let Some(lease) = upload.take_if_resting() else {
        return;
    };
    intake.watch().tries(upload.id, now);
    // How it ended is for its sender to ask. A line in the log would tell when it was sent.
    drop(keep::finish(intake, lease).await);
}

async fn left(intake: &Arc<Intake>) -> io::Result<u64> {
    let inside = Arc::clone(intake);
    let left = move || inside.space().left(inside.disk().as_ref(), Class::Bulk);
    tokio::task::spawn_blocking(left)
        .await
        .map_err(|_| io::Error::other("a blocking task ended early"))?
}

/// How an unfinished upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    id: DropId,
    /// It, or the first of its lanes: lanes stand and fall together.
    group: DropId,
    offset: u64,
    expires: UnixSeconds,
}

impl Standing {
    fn of(upload: &Upload) -> Self {
        Self {
            id: upload.id,
            group: upload.group(),
            offset: upload.view().offset,
            expires: upload.expires,
        }
    }
}

/// Since when each upload has made no progress, as far as this process has seen. Nothing of it is
/// on the disk, where it would tell when a source was there.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    /// By the first of an upload's lanes.
    groups: HashMap<DropId, Seen>,
    /// When each lane was seen first of which no byte has come.
    empty: HashMap<DropId, UnixSeconds>,
    /// When a tick has tried last to commit what is whole.
    tried: HashMap<DropId, UnixSeconds>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// The bytes of all its lanes.
    progress: u64,
    since: UnixSeconds,
}

impl Watch {
    /// Notes how the uploads stand now; what is gone is forgotten.
    fn look(&self, standings: &[Standing], now: UnixSeconds) {
        let mut progress = HashMap::<_, u64>::new();
        let mut log = lock(&self.0);
        let before = core::mem::take(&mut log.empty);
        for standing in standings {
            let sum = progress.entry(standing.group).or_default();
            *sum = sum.saturating_add(standing.offset);
            if standing.offset == 0 {
                let since = before.get(&standing.id).copied().unwrap_or(now);
                log.empty.insert(standing.id, since);
            }
        }
        log.groups.retain(|group, _| progress.contains_key(group));
        log.tried
            .retain(|id, _| standings.iter().any(|standing| standing.id == *id));
        for (group, progress) in progress {
            let fresh = Seen {
                progress,
                since: now,
            };
            let held = log.groups.entry(group).or_insert(fresh);
            if held.progress != progress {
                *held = fresh;
            }
        }
    }

    /// Whether an upload's time is over. One of which no byte has come costs no disk, but it takes
    /// one of the places for others, and so does a lane, however its fellows move.
    fn is_over(&self, standing: &Standing, now: UnixSeconds, settings: &Settings) -> bool {
        let long = settings.empty_upload_life.as_secs();
        let log = lock(&self.0);
        let since = log.empty.get(&standing.id).copied();
        let empty = since.is_some_and(|since| now.since(since) >= long);
        standing.expires <= now || (empty && standing.offset == 0)
    }

    /// Whether to try to commit what is whole. A commit may read all of it, so one that failed is
    /// not tried at every tick.
    fn may_commit(&self, standing: &Standing, now: UnixSeconds) -> bool {
        let tried = lock(&self.0).tried.get(&standing.id).copied();
        tried.is_none_or(|tried| now.since(tried) >= PAUSE)
    }

    /// Notes that a tick tries to commit.
    fn tries(&self, id: DropId, now: UnixSeconds) {
        lock(&self.0).tried.insert(id, now);
    }

    /// The uploads that have stood still for long, the longest first.
    fn stalled(&self, now: UnixSeconds, settings: &Settings) -> Vec<DropId> {
        let log = lock(&self.0);
        let long = settings.stalled_upload_life.as_secs();
        let mut stalled: Vec<_> = log
            .groups
            .iter()
            .filter(|(_, seen)| now.since(seen.since) >= long)
            .map(|(group, seen)| (seen.since, seen.progress, *group))
            .collect();
        stalled.sort_unstable();
        stalled.into_iter().map(|(_, _, group)| group).collect()
    }
}

#[cfg(test)]
mod left;
#[cfg(test)]
mod tests;
