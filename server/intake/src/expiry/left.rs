//! Uploads that are whole when their line goes, in a server that lives on.

use super::*;
use crate::forge::content;
use crate::keep::{Way, register};
use crate::record::Role;

const LENGTH: u64 = 5_000;

/// An upload with so many bytes on the disk, which nobody holds.
async fn left(intake: &Arc<Intake>, role: Role, bytes: u64) -> Arc<Upload> {
    let (_, upload) = register(intake, Way::Tus, role, LENGTH, LENGTH).unwrap();
    let lease = upload.take_if_resting().unwrap();
    let (lease, written) = lease
        .on_disk(intake.disk(), move |disk, work| {
            work.segments.create(disk, &work.ticket)?;
            work.segments.write(disk, &content(1, bytes))?;
            work.segments.settle(disk)
        })
        .await;
    written.unwrap();
    drop(lease);
    upload
}

#[tokio::test]
async fn what_is_whole_when_its_line_goes_is_a_drop_at_the_next_tick() {
    let folder = tempfile::tempdir().unwrap();
    let now = UnixSeconds::new(1_000_000);
    let intake = Intake::open_without_gate(folder.path(), Settings::default(), now).unwrap();
    let whole = left(&intake, Role::Whole, LENGTH).await;
    let begun = left(&intake, Role::Whole, LENGTH - 1).await;
    let lane = left(&intake, Role::First, LENGTH).await;
    intake.tick(now).await.unwrap();
    assert_eq!(whole.tree(), Some(crate::forge::tree(&content(1, LENGTH))));
    assert!(begun.is_resting() && lane.is_resting());
    assert_eq!((begun.tree(), lane.tree()), (None, None));
}

#[tokio::test]
async fn what_a_request_still_holds_is_left_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let now = UnixSeconds::new(1_000_000);
    let intake = Intake::open_without_gate(folder.path(), Settings::default(), now).unwrap();
    let whole = left(&intake, Role::Whole, LENGTH).await;
    let lease = whole.take_if_resting().unwrap();
    intake.tick(now).await.unwrap();
    assert_eq!(whole.tree(), None);
    drop(lease);
    intake.tick(now).await.unwrap();
    assert!(whole.tree().is_some());
}
