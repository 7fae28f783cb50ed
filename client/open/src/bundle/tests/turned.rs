//! What a courier that was turned lists, beside one that was not.

use std::fs;

use knothole_envelope::{
    ChunkCount, Day, DropId, EpochNumber, EpochSecret, EraseHash, ListedDrop, MailboxAddress,
    ReplyBlock, TreeHash,
};

use crate::archive::tests::FIRST_DAY;
use crate::archive::{Couriers, MOST_LISTED, Status};
use crate::bundle::Problem;
use crate::bundle::rig::{Rig, Sealed, seal_with, stretch, whole};
use crate::folder::Folder;

fn day(after: u32) -> Day {
    Day::new(FIRST_DAY + after).unwrap()
}

/// A drop that nobody has sent.
fn invented(number: u32) -> ListedDrop {
    let mut id = [0xee; 32];
    id[..4].copy_from_slice(&number.to_be_bytes());
    ListedDrop {
        id: DropId::from_bytes(id),
        tree: TreeHash::from_bytes([1; 32]),
        chunks: ChunkCount::for_drop(16).unwrap(),
        epoch: EpochNumber::new(3).unwrap(),
    }
}

fn with_another_tree(drop: &Sealed) -> ListedDrop {
    ListedDrop {
        tree: TreeHash::from_bytes([9; 32]),
        ..drop.listed
    }
}

/// A drop under the name of another one, with a way back of its own.
fn under_the_name(rig: &Rig, number: u8, source: u8) -> Sealed {
    let block = ReplyBlock {
        key: EpochSecret::from_bytes([source; 32]).recipient_key(),
        mailbox: MailboxAddress::from_bytes([source; 32]),
        erase: EraseHash::from_bytes([source; 32]),
    };
    let state = &rig.archive.state;
    seal_with(state, number, &[], "words", None, Some(block))
}

fn open(rig: &mut Rig, drop: &Sealed) -> u32 {
    let into = Folder::open(rig.folder.path()).unwrap();
    let (id, editors) = (drop.listed.id, &rig.editors);
    let opened = rig.archive.open_drop(&id, editors, &into).unwrap();
    opened.conversation.unwrap().get()
}

fn is_other(problems: &[Problem]) -> bool {
    matches!(problems, [Problem::Other { .. }])
}

#[test]
fn a_false_hash_of_which_nothing_proves_itself_gives_way_to_the_true_drop() {
    for status in [Status::Listed, Status::Incomplete, Status::Refused] {
        let mut rig = Rig::new(1, 1);
        let drop = rig.drop(1);
        let mut bad = drop.clone();
        bad.listed = with_another_tree(&drop);
        let stick = match status {
            Status::Incomplete => rig.carried(&[stretch(&bad, 0, 77_824, true)]),
            _ => rig.listed(vec![bad.listed]),
        };
        rig.take(&[&stick]).unwrap();
        let kept = rig.archive.state.drops.get_mut(&drop.listed.id).unwrap();
        kept.status = status;
        // From the same courier, and before it was removed.
        let stick = rig.carried(&[whole(&drop)]);
        let taken = rig.take(&[&stick]).unwrap();
        assert_eq!(taken.whole, [drop.listed.id], "{status:?}");
        assert!(taken.problems.is_empty());
        let kept = rig.archive.state.drops[&drop.listed.id];
        assert_eq!((kept.listed, kept.status), (drop.listed, Status::Waiting));
        assert_eq!(rig.kept(&drop), drop.bytes);
    }
}

#[test]
fn what_lies_here_as_it_was_listed_gives_way_to_no_later_listing() {
    for status in [
        Status::Waiting,
        Status::Stuck,
        Status::Refused,
        Status::Opened,
    ] {
        let mut rig = Rig::new(1, 1);
        let drop = rig.drop(1);
        let stick = rig.carried(&[whole(&drop)]);
        rig.take(&[&stick]).unwrap();
        let kept = rig.archive.state.drops.get_mut(&drop.listed.id).unwrap();
        kept.status = status;
        another_lists(&mut rig, &drop, status);
    }
}

/// A second courier lists another tree under the name of a drop.
fn another_lists(rig: &mut Rig, drop: &Sealed, status: Status) {
    let _honest = rig.admit(61);
    let stick = rig.listed(vec![with_another_tree(drop)]);
    let taken = rig.take(&[&stick]).unwrap();
    assert!(is_other(&taken.problems), "{status:?}");
    assert_eq!(rig.archive.state.drops[&drop.listed.id].status, status);
    assert_eq!(rig.kept(drop), drop.bytes);
}

#[test]
fn of_two_couriers_who_do_not_agree_the_one_whose_drop_comes_whole_is_heard_and_that_is_told() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let mut bad = drop.clone();
    bad.listed = with_another_tree(&drop);
    let stick = rig.listed(vec![bad.listed]);
    rig.take(&[&stick]).unwrap();
    let _turned = rig.admit(61);
    for stretches in [&[][..], &[stretch(&drop, 0, 77_824, true)]] {
        let stick = match stretches {
            [] => rig.listed(vec![drop.listed]),
            some => rig.carried(some),
        };
        let taken = rig.take(&[&stick]).unwrap();
        assert!(is_other(&taken.problems));
        assert_eq!(rig.archive.state.drops[&drop.listed.id].listed, bad.listed);
    }
    let stick = rig.carried(&[whole(&drop)]);
    let taken = rig.take(&[&stick]).unwrap();
    assert!(matches!(
        taken.problems.as_slice(),
        [Problem::Replaced { .. }]
    ));
    assert_eq!(taken.whole, [drop.listed.id]);
    assert_eq!(rig.kept(&drop), drop.bytes);
}

#[test]
fn what_a_removed_courier_brought_under_a_false_hash_gives_way_and_is_put_aside() {
    let mut rig = Rig::new(1, 1);
    let wanted = under_the_name(&rig, 1, 1);
    let decoy = under_the_name(&rig, 1, 2);
    let stick = rig.carried(&[whole(&decoy)]);
    rig.take(&[&stick]).unwrap();
    assert_eq!(open(&mut rig, &decoy), 1);
    let turned = rig.admit(61);
    let stick = rig.carried(&[whole(&wanted)]);
    let taken = rig.take(&[&stick]).unwrap();
    assert!(is_other(&taken.problems) && taken.whole.is_empty());
    assert!(rig.remove(&turned).is_empty());
    // The same stick once more.
    assert_eq!(rig.take(&[&stick]).unwrap().whole, [wanted.listed.id]);
    assert_eq!(rig.kept(&wanted), wanted.bytes);
    let aside = format!("archive/drops/{}.{}", decoy.listed.id, decoy.listed.tree);
    let aside = rig.folder.path().join(aside).join("0000000000000000");
    assert_eq!(fs::read(aside).unwrap(), decoy.bytes);
    // Whoever answers the drop now answers its own source.
    assert_eq!(open(&mut rig, &wanted), 2);
    let (number, _) = rig
        .archive
        .state
        .conversations
        .of(&wanted.listed.id)
        .unwrap();
    assert_eq!(number.get(), 2);
}

#[test]
fn what_was_put_aside_goes_when_its_epoch_is_burned_and_not_before() {
    let mut rig = Rig::new(1, 1);
    let wanted = under_the_name(&rig, 1, 1);
    let decoy = under_the_name(&rig, 1, 2);
    let stick = rig.carried(&[whole(&decoy)]);
    rig.take(&[&stick]).unwrap();
    assert_eq!(open(&mut rig, &decoy), 1);
    let turned = rig.admit(61);
    let stick = rig.carried(&[whole(&wanted)]);
    rig.take(&[&stick]).unwrap();
    assert!(rig.remove(&turned).is_empty());
    rig.take(&[&stick]).unwrap();
    let aside = format!("archive/drops/{}.{}", decoy.listed.id, decoy.listed.tree);
    let aside = rig.folder.path().join(aside);
    let epoch = decoy.listed.epoch;
    let other = EpochNumber::new(epoch.get() + 1).unwrap();
    for (burned, discarded) in [(other, 0), (epoch, 2), (epoch, 0)] {
        assert_eq!(aside.exists(), discarded == 2 || burned == other);
        rig.archive.state.burned.add(burned, day(60), []);
        assert_eq!(rig.archive.discard_burned().unwrap(), discarded);
    }
    assert!(!aside.exists());
}

#[test]
fn invented_drops_take_no_place_from_true_ones_and_go_with_their_courier() {
    let mut rig = Rig::new(1, 1);
    let (one, two, three) = (rig.drop(1), rig.drop(2), rig.drop(3));
    let stick = rig.listed((0..65_536).map(invented).collect());
    let taken = rig.take(&[&stick]).unwrap();
    assert_eq!(taken.unnoted, 65_536 - MOST_LISTED);
    assert_eq!(rig.archive.state.drops.len(), MOST_LISTED);
    // Its own drops as well, a part of one too.
    let stick = rig.carried_with(
        &[whole(&one), stretch(&two, 0, 77_824, true)],
        &three.listed,
    );
    let taken = rig.take(&[&stick]).unwrap();
    assert_eq!(
        (taken.whole, taken.parts),
        (vec![one.listed.id], vec![two.listed.id])
    );
    assert_eq!(rig.archive.state.drops.len(), MOST_LISTED + 1);
    let turned = rig.admit(61);
    let stick = rig.listed(vec![invented(7), three.listed]);
    rig.take(&[&stick]).unwrap();
    assert_eq!(rig.status(&three), Some(Status::Listed));
    let forgotten = rig.remove(&turned);
    assert_eq!(forgotten.len(), MOST_LISTED - 1);
    rig.archive.discard(&forgotten).unwrap();
    let left: Vec<_> = rig.archive.state.drops.keys().copied().collect();
    assert_eq!(left, [invented(7).id, one.listed.id, three.listed.id]);
    assert_eq!(rig.archive.reached(&two.listed.id), 0);
    assert_eq!(rig.kept(&one), one.bytes);
}

#[test]
fn what_is_only_listed_is_forgotten_when_all_who_listed_it_have_not_for_thirty_days() {
    let mut rig = Rig::new(1, 1);
    let stick = rig.listed(vec![invented(1), invented(2)]);
    rig.take(&[&stick]).unwrap();
    let mut first = rig.admit(61);
    let stick = rig.listed(vec![invented(2)]);
    rig.take(&[&stick]).unwrap();
    let forgotten = |rig: &mut Rig, today: u32| rig.archive.state.prune(day(today));
    first.ahead = 30;
    std::mem::swap(&mut rig.carrier, &mut first);
    let stick = rig.listed(Vec::new());
    rig.take(&[&stick]).unwrap();
    // The machine's clock does not agree.
    assert!(forgotten(&mut rig, 31).is_empty());
    // The other courier may still see it at the server.
    assert_eq!(forgotten(&mut rig, 90), [invented(1).id]);
    std::mem::swap(&mut rig.carrier, &mut first);
    rig.carrier.ahead = 40;
    let stick = rig.listed(Vec::new());
    rig.take(&[&stick]).unwrap();
    assert_eq!(forgotten(&mut rig, 90), [invented(2).id]);
}

#[test]
fn what_came_is_forgotten_only_when_its_epoch_was_burned_and_it_was_not_listed_for_long() {
    let mut rig = Rig::new(1, 1);
    let (drop, part) = (rig.drop(1), rig.drop(2));
    let stick = rig.carried(&[whole(&drop), stretch(&part, 0, 77_824, true)]);
    rig.take(&[&stick]).unwrap();
    let kept = rig.archive.state.drops.get_mut(&drop.listed.id).unwrap();
    kept.status = Status::Opened;
    rig.carrier.ahead = 60;
    let stick = rig.listed(Vec::new());
    rig.take(&[&stick]).unwrap();
    assert!(rig.archive.state.prune(day(90)).is_empty());
    let burned = &mut rig.archive.state.burned;
    burned.add(drop.listed.epoch, day(60), []);
    assert!(rig.archive.state.prune(day(20)).is_empty());
    let both = [drop.listed.id, part.listed.id];
    assert_eq!(rig.archive.state.prune(day(90)), both);
}

#[test]
fn the_couriers_of_a_drop_keep_their_places_when_one_goes() {
    let mut rig = Rig::new(1, 1);
    let lists = [vec![1, 2], vec![1, 3], vec![2, 3]];
    let mut all = Vec::new();
    for (number, list) in (61..).zip(lists) {
        let stick = rig.listed(list.into_iter().map(invented).collect());
        rig.take(&[&stick]).unwrap();
        all.push(rig.admit(number));
    }
    assert!(rig.remove(&all[1]).is_empty());
    let by = |rig: &Rig, number| rig.archive.state.drops[&invented(number).id].by;
    assert_eq!(by(&rig, 1), Couriers::of(0));
    assert_eq!(by(&rig, 2), Couriers::of(0).and(Couriers::of(1)));
    assert_eq!(by(&rig, 3), Couriers::of(1));
    assert_eq!(rig.remove(&all[0]), [invented(1).id]);
    assert_eq!(by(&rig, 3), Couriers::of(0));
    assert_eq!(rig.remove(&all[2]).len(), 2);
}

#[test]
fn a_date_ahead_goes_with_its_courier() {
    let mut rig = Rig::new(1, 1);
    let drop = rig.drop(1);
    let stick = rig.listed(vec![drop.listed]);
    rig.take(&[&stick]).unwrap();
    let _honest = rig.admit(61);
    rig.carrier.ahead = 900_000;
    let stick = rig.listed(vec![drop.listed]);
    rig.take(&[&stick]).unwrap();
    let state = &rig.archive.state;
    assert_eq!(state.passed(day(5)), Some(day(1)));
    assert_eq!(state.drops[&drop.listed.id].seen, day(900_001));
    let turned = std::mem::replace(&mut rig.carrier, crate::bundle::rig::Carrier::new());
    assert!(rig.remove(&turned).is_empty());
    assert_eq!(rig.archive.state.drops[&drop.listed.id].seen, day(1));
}
