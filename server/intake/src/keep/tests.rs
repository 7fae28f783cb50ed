//! Commits for which there is no room, or whose epoch is burned while they are made.

use knothole_envelope::{
    Charter, CharterChain, EpochSecret, Quorum, Receipt, Sheet, Signed, SigningSecret,
};

use super::*;
use crate::clock::{BatchNumber, UnixSeconds};
use crate::commit::{drops, shelf, trash};
use crate::desk::Desk;
use crate::disk::Disk;
use crate::disk::faulty::Faulty;
use crate::forge::{arrive, content, epoch, id, tree};
use crate::join::join;
use crate::serve::Push;
use crate::settings::Settings;

const NOW: UnixSeconds = UnixSeconds::new(1_000_000);
const LENGTH: u64 = 5_000;

fn opened() -> (Faulty, Arc<Intake>) {
    let disk = Faulty::new();
    let held: Arc<dyn Disk> = Arc::new(disk.clone());
    (disk, Intake::open_on_disk(&held, NOW).unwrap())
}

/// An upload all of whose bytes are durable, and which nobody holds.
async fn whole(intake: &Arc<Intake>, way: Way, role: Role) -> (UploadSecret, Arc<Upload>) {
    let (secret, upload) = register(intake, way, role, LENGTH, LENGTH).unwrap();
    let mut lease = upload.take_if_resting().unwrap();
    let epoch = Some(epoch());
    lease.admit(gate::Passed {
        epoch,
        total: LENGTH,
    });
    let (lease, written) = lease
        .on_disk(intake.disk(), |disk, work| {
            work.segments.create(disk, &work.ticket)?;
            work.segments.write(disk, &content(1, LENGTH))?;
            work.segments.settle(disk)
        })
        .await;
    written.unwrap();
    drop(lease);
    (secret, upload)
}

fn there(intake: &Intake) -> [usize; 2] {
    [drops(), incoming()].map(|room| intake.disk().list(&room).unwrap().len())
}

#[tokio::test]
async fn an_announcement_that_somebody_is_at_work_on_at_a_tick_goes_on_to_count() {
    let (_, intake) = opened();
    let (_, upload) = register(&intake, Way::Tus, Role::Whole, LENGTH, LENGTH).unwrap();
    let lease = upload.take_if_resting().unwrap();
    intake.tick(NOW).await.unwrap();
    assert!(intake.uploads().announced_too_many(1).is_none());
    drop(lease);
    let oldest = intake.uploads().announced_too_many(1).unwrap();
    assert_eq!(oldest.upload().id, upload.id);
}

#[tokio::test]
async fn an_upload_for_whose_commit_there_is_no_room_keeps_its_address_and_arrives_when_there_is() {
    let (disk, intake) = opened();
    let (secret, upload) = whole(&intake, Way::Tus, Role::Whole).await;
    disk.fill();
    let lease = upload.take_if_resting().unwrap();
    let told = finish(&intake, lease).await.ok().unwrap();
    assert_eq!((told.offset, told.tree), (LENGTH, None));
    let url = UrlHash::of(secret.expose());
    assert!(intake.uploads().find(&url).unwrap().is_left_whole());
    // The next tick tries again, and after a pause another one.
    intake.tick(NOW).await.unwrap();
    assert!(upload.is_left_whole());
    disk.mend();
    intake.tick(NOW.plus(59)).await.unwrap();
    assert_eq!(upload.tree(), None);
    intake.tick(NOW.plus(60)).await.unwrap();
    assert_eq!(upload.tree(), Some(tree(&content(1, LENGTH))));
    assert_eq!(there(&intake), [1, 0]);
}

#[tokio::test]
async fn what_is_whole_and_waits_for_room_gives_way_to_nobody_until_its_days_are_over() {
    let (disk, intake) = opened();
    let (_, upload) = whole(&intake, Way::Tus, Role::Whole).await;
    disk.fill();
    for day in 1..=15 {
        assert!(!intake.space().fits(&disk, Class::Bulk, u64::MAX).unwrap());
        drop(intake.tick(NOW.plus(day * 86_400)).await);
        assert!(day >= 14 || upload.is_left_whole(), "day {day}");
    }
    assert!(upload.is_gone());
    assert_eq!(there(&intake), [0, 0]);
}

#[tokio::test]
async fn a_form_for_whose_commit_there_is_no_room_is_a_drop_once_there_is() {
    let (disk, intake) = opened();
    let (_, upload) = whole(&intake, Way::Form, Role::Whole).await;
    disk.fill();
    let lease = upload.take_if_resting().unwrap();
    assert_eq!(commit(&intake, lease).await.unwrap(), Committed::Waiting);
    drop(upload);
    disk.mend();
    intake.tick(NOW).await.unwrap();
    assert_eq!(there(&intake), [1, 0]);
    assert!(intake.uploads().all().is_empty());
}

#[tokio::test]
async fn after_a_sync_that_failed_a_commit_is_left_to_the_next_start() {
    let (disk, intake) = opened();
    let (_, upload) = whole(&intake, Way::Tus, Role::Whole).await;
    disk.fail_after(4);
    let lease = upload.take_if_resting().unwrap();
    assert_eq!(commit(&intake, lease).await.unwrap(), Committed::Failed);
    assert!(upload.is_gone());
}

#[tokio::test]
async fn joined_lanes_that_could_not_be_read_are_a_drop_when_they_are_asked_for_again() {
    let (disk, intake) = opened();
    let (first, lane) = whole(&intake, Way::Tus, Role::First).await;
    let later = Role::Later { parent: lane.id };
    let (second, later) = whole(&intake, Way::Tus, later).await;
    disk.spoil(&folder_of(&incoming(), &later.id));
    let lanes = [first, second];
    let (_, joined, told) = join(&intake, &lanes).await.ok().unwrap();
    assert_eq!((told.offset, told.tree), (2 * LENGTH, None));
    disk.mend();
    let (_, again, told) = join(&intake, &lanes).await.ok().unwrap();
    assert!(Arc::ptr_eq(&joined, &again));
    let bytes = [content(1, LENGTH), content(1, LENGTH)].concat();
    assert_eq!(told.tree, Some(tree(&bytes)));
    assert_eq!(there(&intake), [1, 0]);
}

#[tokio::test]
async fn a_first_lane_gives_way_after_those_that_hang_on_it() {
    let settings = Settings {
        most_uploads: 2,
        ..Settings::default()
    };
    // In whatever order a map has them.
    for _ in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let intake = Intake::open(folder.path(), settings.clone(), NOW).unwrap();
        let (_, first) = whole(&intake, Way::Tus, Role::First).await;
        let parent = first.id;
        let (_, later) = whole(&intake, Way::Tus, Role::Later { parent }).await;
        make_room(&intake).await.ok().unwrap();
        assert!(later.is_gone() && !first.is_gone());
        // While somebody is at work on the others it goes all the same: whoever holds others must not
        // keep every place.
        let (_, later) = whole(&intake, Way::Tus, Role::Later { parent }).await;
        let lease = later.take_if_resting().unwrap();
        make_room(&intake).await.ok().unwrap();
        assert!(first.is_gone());
        drop(lease);
    }
}

#[tokio::test]
async fn what_is_burned_while_it_is_committed_did_not_arrive_and_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let secret = SigningSecret::from_bytes([1; 32]);
    let quorum = Quorum::new(1).unwrap();
    let charter = Charter::founding(vec![secret.editor_key()], quorum, None).unwrap();
    let chain = CharterChain::found(charter, &[&secret]).unwrap();
    let fingerprint = chain.unverified_fingerprint().unwrap();
    let desk = Desk::open(folder.path()).unwrap();
    desk.trust(&fingerprint).unwrap();
    let intake = Intake::open(folder.path(), Settings::default(), NOW).unwrap();
    intake.push(Push::Charter, &chain.encode()).unwrap();
    let (day, keys) = (
        NOW.day().unwrap(),
        EpochSecret::from_bytes([2; 32]).recipient_key(),
    );
    let hash = chain.verify(&fingerprint).unwrap().current_hash();
    let sheet = Sheet::new(epoch(), day, day, vec![keys], hash).unwrap();
    let mut sheet = Signed::new(sheet);
    sheet.sign(&fingerprint, &secret);
    intake
        .push(Push::Sheets, &Signed::encode_list(&[sheet]))
        .unwrap();
    let (disk, batch) = (intake.disk().as_ref(), intake.batch());
    arrive(disk, 9, &content(9, LENGTH), Some(BatchNumber(batch.0)));
    for way in [Way::Tus, Way::Form] {
        let (_, upload) = whole(&intake, way, Role::Whole).await;
        let lease = upload.take_if_resting().unwrap();
        // It was asked once before the commit. Now the newsroom burns the epoch.
        let mut burned = Signed::new(Receipt::Burned { epoch: epoch() });
        burned.sign(&fingerprint, &secret);
        let burned = Signed::encode_list(&[burned]);
        intake.push(Push::Receipts, &burned).unwrap();
        assert_eq!(commit(&intake, lease).await.unwrap(), Committed::Over);
        assert!(upload.is_gone());
        // The one that was there before has its grace.
        assert!(disk.list(&folder_of(&drops(), &id(9))).is_ok());
        let all = [drops(), incoming(), shelf(), trash()];
        assert_eq!(
            all.map(|room| disk.list(&room).unwrap().len()),
            [1, 0, 0, 0]
        );
    }
    assert!(intake.uploads().unfinished().is_empty());
}
