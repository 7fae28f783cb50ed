use core::time::Duration;

use knothole_envelope::{Charter, CharterChain, Quorum, SigningSecret, TreeHash};

use super::*;
use crate::clock::BatchNumber;
use crate::disk::Beneath;
use crate::forge::{arrive, content, epoch, id, seeded, store};

pub(super) const LENGTH: u64 = 5_000;

pub(super) struct Office {
    secrets: Vec<SigningSecret>,
    pub(super) chain: VerifiedChain,
}

impl Office {
    /// So many editors, of whom so many must sign.
    pub(super) fn new(editors: u8, quorum: u8) -> Self {
        let secrets: Vec<_> = (1..=editors)
            .map(|seed| SigningSecret::from_bytes([seed; 32]))
            .collect();
        let keys = secrets.iter().map(SigningSecret::editor_key).collect();
        let charter = Charter::founding(keys, Quorum::new(quorum).unwrap(), None).unwrap();
        let signers: Vec<_> = secrets.iter().collect();
        let chain = CharterChain::found(charter, &signers).unwrap();
        let fingerprint = chain.unverified_fingerprint().unwrap();
        let chain = chain.verify(&fingerprint).unwrap();
        Self { secrets, chain }
    }

    pub(super) fn sign(&self, receipts: &[Receipt], signers: usize) -> Vec<u8> {
        let signed: Vec<_> = receipts
            .iter()
            .map(|receipt| {
                let mut signed = Signed::new(*receipt);
                for secret in self.secrets.iter().take(signers) {
                    signed.sign(self.chain.fingerprint(), secret);
                }
                signed
            })
            .collect();
        Signed::encode_list(&signed)
    }

    fn take(&self, disk: &dyn Disk, shelf: &Shelf, receipts: &[Receipt]) {
        let signed = self.sign(receipts, self.secrets.len());
        let receipts = Receipts::verify(&self.chain, &signed).unwrap();
        receipts.keep(disk, &self.chain, &[], day(0)).unwrap();
        sweep(disk, &self.chain, shelf, none(), day(0)).unwrap();
    }
}

pub(super) fn none() -> Grace {
    Grace::of(Duration::ZERO)
}

pub(super) fn week() -> Grace {
    Grace::of(Duration::from_secs(7 * 86_400))
}

pub(super) fn day(number: u32) -> Day {
    Day::new(20_000_u32.checked_add(number).unwrap()).unwrap()
}

/// A store with drops 1, 2 and 3 on the shelf and drop 4 on the way to it.
fn full() -> (tempfile::TempDir, Beneath, Shelf) {
    let (folder, disk) = store();
    for byte in 1..=3 {
        arrive(&disk, byte, &content(byte, LENGTH), Some(BatchNumber(10)));
    }
    arrive(&disk, 4, &content(4, LENGTH), Some(BatchNumber(11)));
    let (shelf, _) = Shelf::open(&disk, BatchNumber(11), &mut seeded(1)).unwrap();
    (folder, disk, shelf)
}

fn tree(byte: u8) -> TreeHash {
    crate::forge::tree(&content(byte, LENGTH))
}

pub(super) fn opened(byte: u8) -> Receipt {
    Receipt::Opened {
        drop: id(byte),
        tree: tree(byte),
        length: LENGTH,
    }
}

pub(super) fn refused(byte: u8) -> Receipt {
    Receipt::Refused {
        drop: id(byte),
        tree: tree(byte),
        length: LENGTH,
    }
}

fn left(disk: &Beneath) -> (usize, usize, usize) {
    let count = |room: Place| disk.list(&room).unwrap().len();
    (
        count(commit::shelf()),
        count(commit::drops()),
        count(commit::trash()),
    )
}

#[test]
fn what_was_opened_or_refused_goes_and_nothing_else() {
    let (_folder, disk, shelf) = full();
    Office::new(1, 1).take(&disk, &shelf, &[opened(1), refused(2)]);
    assert_eq!(left(&disk), (1, 1, 0));
    assert!(shelf.visible().find(&id(1)).is_none());
    assert!(shelf.visible().find(&id(2)).is_none());
    assert!(shelf.visible().find(&id(3)).is_some());
}

#[test]
fn a_receipt_stays_when_its_drop_has_gone() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    office.take(&disk, &shelf, &[opened(1)]);
    let names = names(&disk).unwrap();
    assert_eq!(names, [Name::hex(id(1).as_bytes())]);
    let kept = read(&disk, &receipts_place().join(names[0].clone())).unwrap();
    assert_eq!(kept.unwrap().verify(&office.chain), Ok(opened(1)));
}

#[test]
fn a_receipt_that_comes_again_or_for_a_drop_that_is_not_there_is_harmless() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    for _ in 0..3 {
        office.take(&disk, &shelf, &[opened(1), opened(1), refused(9)]);
    }
    office.take(&disk, &shelf, &[]);
    assert_eq!(left(&disk), (2, 1, 0));
    assert_eq!(names(&disk).unwrap().len(), 1);
}

#[test]
fn a_receipt_for_other_bytes_than_the_drop_has_removes_nothing() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    for (tree, length) in [(tree(2), LENGTH), (tree(1), LENGTH + 1)] {
        let drop = id(1);
        office.take(&disk, &shelf, &[Receipt::Opened { drop, tree, length }]);
    }
    assert_eq!(left(&disk), (3, 1, 0));
    assert!(names(&disk).unwrap().is_empty());
}

#[test]
fn a_drop_that_no_courier_can_have_seen_is_removed_by_no_receipt_of_its_own() {
    let (_folder, disk, shelf) = full();
    Office::new(1, 1).take(&disk, &shelf, &[opened(4)]);
    assert_eq!(left(&disk), (3, 1, 0));
}

#[test]
fn one_receipt_without_enough_signatures_refuses_the_whole_request() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(3, 2);
    let good = Signed::decode_list(&office.sign(&[opened(1)], 2), 9).unwrap();
    let bad = Signed::decode_list(&office.sign(&[opened(2)], 1), 9).unwrap();
    let both: Vec<Signed<Receipt>> = good.into_iter().chain(bad).collect();
    let refusal = Receipts::verify(&office.chain, &Signed::encode_list(&both)).unwrap_err();
    assert!(refusal.to_string().contains("too few editors"), "{refusal}");
    assert!(Receipts::verify(&office.chain, b"nonsense").is_err());
    assert_eq!(left(&disk), (3, 1, 0));
    office.take(&disk, &shelf, &[opened(1)]);
    assert_eq!(left(&disk), (2, 1, 0));
}

#[test]
fn a_stranger_removes_nothing() {
    let (_folder, _disk, _shelf) = full();
    let office = Office::new(1, 1);
    let mut stranger = Office::new(1, 1);
    stranger.secrets = vec![SigningSecret::from_bytes([99; 32])];
    let signed = stranger.sign(&[opened(1)], 1);
    assert!(Receipts::verify(&office.chain, &signed).is_err());
}

#[test]
fn a_burned_epoch_frees_all_that_is_left_of_it_even_what_is_damaged_or_not_visible_yet() {
    let (_folder, disk, shelf) = full();
    let folder = commit::folder_of(&commit::shelf(), &id(1));
    disk.remove_file(&crate::segments::segment_place(&folder, 0))
        .unwrap();
    let office = Office::new(1, 1);
    let other = EpochNumber::new(8).unwrap();
    office.take(&disk, &shelf, &[Receipt::Burned { epoch: other }]);
    assert_eq!(left(&disk), (3, 1, 0));
    office.take(&disk, &shelf, &[Receipt::Burned { epoch: epoch() }]);
    assert_eq!(left(&disk), (0, 0, 0));
    assert_eq!(shelf.visible().count(), 0);
    assert!(is_burned(&disk, &office.chain, epoch()).unwrap());
    assert!(!is_burned(&disk, &office.chain, EpochNumber::new(9).unwrap()).unwrap());
}

#[test]
fn what_an_earlier_removal_left_behind_is_in_nobodys_way() {
    let (_folder, disk, shelf) = full();
    let old = commit::folder_of(&commit::trash(), &id(1));
    disk.make_folder(&old).unwrap();
    disk::create_whole(&disk, &old.file("s"), b"x").unwrap();
    Office::new(1, 1).take(&disk, &shelf, &[opened(1)]);
    assert_eq!(left(&disk), (2, 1, 0));
}

#[test]
fn a_half_written_receipt_is_written_again() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    disk.make_folder(&receipts_place()).unwrap();
    let place = receipts_place().join(Name::hex(id(1).as_bytes()));
    disk::create_whole(&disk, &place, b"half").unwrap();
    sweep(&disk, &office.chain, &shelf, none(), day(0)).unwrap();
    assert_eq!(left(&disk), (3, 1, 0));
    office.take(&disk, &shelf, &[opened(1)]);
    assert!(read(&disk, &place).unwrap().is_some());
    assert_eq!(left(&disk), (2, 1, 0));
}

/// What a start or a new day does.
fn later(office: &Office, disk: &Beneath, shelf: &Shelf, number: u32) {
    sweep(disk, &office.chain, shelf, week(), day(number)).unwrap();
}

fn keep(office: &Office, disk: &Beneath, receipts: &[Receipt], number: u32) {
    let signed = office.sign(receipts, office.secrets.len());
    let receipts = Receipts::verify(&office.chain, &signed).unwrap();
    receipts
        .keep(disk, &office.chain, &[], day(number))
        .unwrap();
}

#[test]
fn a_drop_that_was_signed_off_is_listed_until_the_grace_is_over_and_then_goes() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    keep(&office, &disk, &[opened(1), refused(2)], 0);
    later(&office, &disk, &shelf, 7);
    assert_eq!(left(&disk), (3, 1, 0));
    assert!(shelf.visible().find(&id(1)).is_some());
    later(&office, &disk, &shelf, 8);
    assert_eq!(left(&disk), (1, 1, 0));
    assert!(shelf.visible().find(&id(1)).is_none());
    // Of the day on which the receipts came nothing is left.
    assert!(disk.list(&Place::top("grace")).unwrap().is_empty());
}

#[test]
fn a_receipt_that_comes_again_within_the_grace_neither_prolongs_nor_shortens_it() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    for number in [0, 3, 6] {
        keep(&office, &disk, &[opened(1)], number);
        later(&office, &disk, &shelf, number);
    }
    assert_eq!(left(&disk), (3, 1, 0));
    later(&office, &disk, &shelf, 8);
    assert_eq!(left(&disk), (2, 1, 0));
}

#[test]
fn what_no_receipt_names_never_expires() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    keep(&office, &disk, &[opened(1)], 0);
    later(&office, &disk, &shelf, 5_000);
    assert_eq!(left(&disk), (2, 1, 0));
}

#[test]
fn a_burned_epoch_is_known_at_once_and_its_drops_stay_for_the_grace() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    keep(&office, &disk, &[Receipt::Burned { epoch: epoch() }], 0);
    assert!(is_burned(&disk, &office.chain, epoch()).unwrap());
    later(&office, &disk, &shelf, 7);
    assert_eq!(left(&disk), (3, 1, 0));
    later(&office, &disk, &shelf, 8);
    assert_eq!(left(&disk), (0, 0, 0));
    later(&office, &disk, &shelf, 9);
    assert!(is_burned(&disk, &office.chain, epoch()).unwrap());
}

#[test]
fn receipts_of_editors_who_are_removed_within_the_grace_are_worth_nothing() {
    let (_folder, disk, shelf) = full();
    let mut office = Office::new(4, 2);
    // The first two are forced to sign away a drop that nobody else has seen, and all of an epoch.
    let forced = [opened(1), Receipt::Burned { epoch: epoch() }];
    let signed = office.sign(&forced, 2);
    let receipts = Receipts::verify(&office.chain, &signed).unwrap();
    receipts.keep(&disk, &office.chain, &[], day(0)).unwrap();
    later(&office, &disk, &shelf, 3);
    // The other two remove them.
    let keys = office.secrets[2..].iter().map(SigningSecret::editor_key);
    let two = Quorum::new(2).unwrap();
    let next = office.chain.current().next(keys.collect(), two, None);
    let mut next = Signed::new(next.unwrap());
    for secret in &office.secrets[2..] {
        next.sign(office.chain.fingerprint(), secret);
    }
    office.chain = office.chain.append(next).unwrap();
    office.secrets.drain(..2);
    later(&office, &disk, &shelf, 8);
    later(&office, &disk, &shelf, 900);
    assert_eq!(left(&disk), (3, 1, 0));
    // When they have opened it themselves, their own receipt counts, and from its own day on.
    keep(&office, &disk, &[opened(1)], 901);
    later(&office, &disk, &shelf, 908);
    assert_eq!(left(&disk), (3, 1, 0));
    later(&office, &disk, &shelf, 909);
    assert_eq!(left(&disk), (2, 1, 0));
}

#[test]
fn a_receipt_whose_day_is_lost_waits_for_a_grace_of_its_own() {
    let (_folder, disk, shelf) = full();
    let office = Office::new(1, 1);
    keep(&office, &disk, &[opened(1)], 0);
    let mark = Place::top("grace").join(Name::hex(id(1).as_bytes()));
    disk.remove_file(&mark).unwrap();
    later(&office, &disk, &shelf, 20);
    later(&office, &disk, &shelf, 27);
    assert_eq!(left(&disk), (3, 1, 0));
    later(&office, &disk, &shelf, 28);
    assert_eq!(left(&disk), (2, 1, 0));
}
