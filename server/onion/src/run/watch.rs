//! Sees what the administrator changes while the server runs.

use std::sync::Arc;
use std::time::Duration;

use knothole_intake::{Batch, Courier, Desk, Intake, UnixSeconds};
use tokio::sync::mpsc;
use tracing::{info, warn};

use super::RunError;
use crate::data::Data;
use crate::look::{Alarm, Fill};

/// How often the couriers are looked at: reading a few small files costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How often it is asked whether a batch is over.
const LOOK_AT_CLOCK_EVERY: Duration = Duration::from_secs(10);

/// Says in the log, once each time, that the store or its disk has become half full and more: at the
/// start and at the end of each batch. A disk passes a mark by what some source sends, so that a line
/// at that moment would tell the moment of an upload.
pub(super) async fn disk(data: Data, intake: Arc<Intake>, batch: Batch) -> RunError {
    let mut alarm = Alarm::new();
    loop {
        if alarm.is_due(batch, UnixSeconds::from_system()) {
            let (inside, folder) = (Arc::clone(&intake), data.clone());
            let percent = tokio::task::spawn_blocking(move || {
                let disk = folder.room().map_or(0, |room| room.percent_used);
                disk.max(inside.percent_full())
            });
            let Ok(percent) = percent.await else {
                return RunError::Ended("looking at the disk");
            };
            if let Some(sentence) = alarm.look(percent).and_then(Fill::sentence) {
                warn!("{sentence}");
            }
        }
        tokio::time::sleep(LOOK_AT_CLOCK_EVERY).await;
    }
}

/// Tells the collection's door about every change of the couriers.
pub(super) async fn couriers(
    desk: Arc<Desk>,
    mut known: Vec<Courier>,
    door: mpsc::Sender<Vec<Courier>>,
) -> RunError {
    let mut failed = false;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let desk = Arc::clone(&desk);
        let found = match tokio::task::spawn_blocking(move || desk.couriers()).await {
            Ok(Ok(found)) => found,
            // Those who were let in stay so; sources have nothing to do with it.
            Ok(Err(error)) => {
                if !failed {
                    warn!("the couriers' cards could not be looked at: {error}");
                }
                failed = true;
                continue;
            }
            Err(_) => return RunError::Ended("looking for couriers"),
        };
        failed = false;
        if found == known {
            continue;
        }
        info!("the couriers changed");
        known.clone_from(&found);
        if door.send(found).await.is_err() {
            return RunError::Ended("the collection's door");
        }
    }
}
