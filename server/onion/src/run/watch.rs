//! Sees what the administrator changes while the server runs.

use std::sync::Arc;
use std::time::Duration;

use knothole_intake::{Courier, Desk};
use tokio::sync::mpsc;
use tracing::info;

use super::RunError;

/// How often the couriers are looked at: reading a few small files costs nothing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Tells the collection's door about every change of the couriers.
pub(super) async fn couriers(
    desk: Arc<Desk>,
    mut known: Vec<Courier>,
    door: mpsc::Sender<Vec<Courier>>,
) -> RunError {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let desk = Arc::clone(&desk);
        let found = match tokio::task::spawn_blocking(move || desk.couriers()).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return RunError::Desk(error),
            Err(_) => return RunError::Ended("looking for couriers"),
        };
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
