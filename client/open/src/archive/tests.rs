use getrandom::SysRng;
use knothole_envelope::{
    ArchiveSeal, Charter, CharterChain, ChunkCount, Day, DropId, EditorCard, EditorKey,
    EpochNumber, EpochSecret, Fingerprint, IndexHash, ListedDrop, OnionAddress, Quorum, Signed,
    SigningSecret, TreeHash,
};
use rand_core::UnwrapErr;

use super::*;
use crate::folder::Step;
use crate::newsroom::Founding;
use crate::vault::VaultError;

mod burning;
mod strangers;

/// The first day of the first epoch of every test.
pub(crate) const FIRST_DAY: u32 = 20_780;

/// An editor whose secrets follow from a number.
pub(crate) struct Known {
    signing: SigningSecret,
    archive: EpochSecret,
    number: u8,
    epochs: u32,
    newsroom: Option<Fingerprint>,
}

impl Known {
    pub(crate) fn new(number: u8) -> Self {
        Self {
            signing: SigningSecret::from_bytes([number; 32]),
            archive: EpochSecret::from_bytes([number + 100; 32]),
            number,
            epochs: 30,
            newsroom: None,
        }
    }

    /// The editor with so many epochs.
    pub(crate) fn until(self, epochs: u32) -> Self {
        Self { epochs, ..self }
    }

    /// An editor whose vault has met this newsroom.
    pub(crate) fn of(self, newsroom: &Fingerprint) -> Self {
        Self {
            newsroom: Some(*newsroom),
            ..self
        }
    }

    /// The same editor, whose vault goes on for so many epochs.
    pub(crate) fn with_epochs(&self, epochs: u32) -> Self {
        Self {
            epochs,
            ..Self::new(self.number)
        }
    }

    fn secret(&self, epoch: EpochNumber) -> EpochSecret {
        let mut seed = [self.number; 32];
        seed[0] = u8::try_from(epoch.get()).unwrap();
        seed[1] = 77;
        EpochSecret::from_bytes(seed)
    }

    pub(crate) fn card(&self) -> EditorCard {
        self.card_from(Day::new(FIRST_DAY).unwrap(), 7)
    }

    pub(crate) fn card_from(&self, first: Day, days: u32) -> EditorCard {
        let epochs = (1..=self.epochs).map(|epoch| EpochNumber::new(epoch).unwrap());
        EditorCard::new(
            self.key(),
            self.archive.recipient_key(),
            EpochNumber::new(1).unwrap(),
            first,
            days,
            epochs
                .map(|epoch| self.secret(epoch).recipient_key())
                .collect(),
        )
        .unwrap()
    }

    pub(crate) fn signed_card(&self) -> Vec<u8> {
        self.card().sign(&self.signing).unwrap().encode()
    }
}

impl Editor for Known {
    fn signing(&self) -> &SigningSecret {
        &self.signing
    }

    fn archive_secret(&self) -> &EpochSecret {
        &self.archive
    }

    fn epoch_secret(&self, epoch: EpochNumber) -> Result<Option<EpochSecret>, VaultError> {
        Ok((epoch.get() <= self.epochs).then(|| self.secret(epoch)))
    }

    fn newsroom(&self) -> Option<Fingerprint> {
        self.newsroom
    }
}

pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

pub(crate) fn onion() -> OnionAddress {
    OnionAddress::from_identity(&[5; 32])
}

/// The editors of a newsroom, and its state on the day it was founded.
pub(crate) fn newsroom(editors: u8, quorum: u8) -> (Vec<Known>, State) {
    let editors: Vec<_> = (1..=editors).map(Known::new).collect();
    let cards: Vec<_> = editors.iter().map(Known::signed_card).collect();
    let mut founding = Founding::new(&cards, Quorum::new(quorum).unwrap()).unwrap();
    for editor in &editors {
        founding.sign(editor).unwrap();
    }
    let state = founding.finish(onion()).unwrap();
    (editors, state)
}

pub(crate) fn kept(number: u8, status: Status) -> KeptDrop {
    KeptDrop {
        listed: ListedDrop {
            id: DropId::from_bytes([number; 32]),
            tree: TreeHash::from_bytes([number + 1; 32]),
            chunks: ChunkCount::for_drop(16).unwrap(),
            epoch: EpochNumber::new(3).unwrap(),
        },
        status,
        received: Day::new(FIRST_DAY).unwrap(),
        seen: Day::new(FIRST_DAY).unwrap(),
        by: Couriers::default(),
    }
}

fn full_state() -> (Vec<Known>, State) {
    let (editors, mut state) = newsroom(3, 2);
    let mut courier = Courier::new(EditorKey::from_bytes(*Known::new(9).key().as_bytes()).unwrap());
    courier.remember(SeenBundle {
        sequence: 4,
        hash: IndexHash::from_bytes([8; 32]),
    });
    courier.date(Day::new(FIRST_DAY + 3).unwrap());
    state.couriers.push(courier);
    let idle = Courier::new(Known::new(10).key());
    state.couriers.push(idle);
    for (number, status) in [
        (1, Status::Incomplete),
        (2, Status::Waiting),
        (3, Status::Opened),
        (4, Status::Stuck),
        (5, Status::Refused),
        (6, Status::Listed),
    ] {
        let mut kept = kept(number, status);
        kept.by = Couriers::of(1);
        state.drops.insert(kept.listed.id, kept);
    }
    let burned = EpochNumber::new(2).unwrap();
    let day = Day::new(FIRST_DAY + 40).unwrap();
    state
        .burned
        .add(burned, day, [editors[2].key(), editors[0].key()]);
    (editors, state)
}

#[test]
fn a_state_comes_back_as_it_was() {
    let (_, state) = full_state();
    assert_eq!(State::decode(&state.encode()), Some(state));
}

#[test]
fn a_drop_that_a_courier_lists_who_is_not_there_is_refused() {
    let (_, mut state) = full_state();
    state.couriers.pop();
    assert_eq!(State::decode(&state.encode()), None);
    state.couriers.pop();
    for kept in state.drops.values_mut() {
        kept.by = Couriers::default();
    }
    assert_eq!(State::decode(&state.encode()), Some(state));
}

#[test]
fn a_state_that_is_cut_longer_or_not_canonical_is_refused() {
    let (_, state) = full_state();
    let encoded = state.encode();
    for length in (0..encoded.len()).step_by(997) {
        assert_eq!(State::decode(&encoded[..length]), None);
    }
    let longer = [encoded.as_slice(), &[0]].concat();
    assert_eq!(State::decode(&longer), None);
    // The version, written in two bytes instead of one.
    let mut wide = encoded.clone();
    assert_eq!(wide[1], 1);
    wide.splice(1..2, [0x18, 1]);
    assert_eq!(State::decode(&wide), None);
    let mut later = encoded;
    later[1] = 2;
    assert_eq!(State::decode(&later), None);
}

#[test]
fn any_quorum_of_the_editors_in_any_order_opens_the_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (mut editors, state) = full_state();
    let path = folder.path().join("archive");
    drop(Archive::create(&path, state.clone(), &editors, &mut rng()).unwrap());
    editors.rotate_left(1);
    assert_eq!(Archive::open(&path, &editors[..2]).unwrap().state, state);
    editors.rotate_left(1);
    assert_eq!(Archive::open(&path, &editors[..2]).unwrap().state, state);
    assert_eq!(Archive::open(&path, &editors).unwrap().state, state);
}

#[test]
fn fewer_editors_than_the_quorum_are_told_how_many_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (editors, state) = newsroom(3, 2);
    drop(Archive::create(folder.path(), state, &editors, &mut rng()).unwrap());
    for one in [&editors[..1], &editors[2..]] {
        let error = Archive::open(folder.path(), one).unwrap_err();
        assert!(matches!(error, ArchiveError::MoreVaults { have: 1, .. }));
    }
    let twice = [Known::new(1), Known::new(1)];
    let error = Archive::open(folder.path(), &twice).unwrap_err();
    assert!(matches!(error, ArchiveError::MoreVaults { have: 1, .. }));
}

#[test]
fn the_vault_of_another_newsroom_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (editors, state) = newsroom(2, 2);
    drop(Archive::create(folder.path(), state, &editors, &mut rng()).unwrap());
    let error = Archive::open(folder.path(), &[Known::new(1), Known::new(50)]).unwrap_err();
    let named = |vault: &str| vault == Known::new(50).called();
    assert!(matches!(error, ArchiveError::ForeignVault { vault } if named(&vault)));
}

#[test]
fn an_archive_that_was_altered_anywhere_is_refused() {
    let (editors, state) = newsroom(1, 1);
    let sealed = seal::seal(&state, &editors, &mut rng()).unwrap();
    for place in [0, 9, 40, 60, 10_000, 20_000, sealed.len() - 1] {
        let mut altered = sealed.clone();
        altered[place] ^= 1;
        assert!(seal::unseal(&altered, &editors).is_err(), "{place}");
    }
    assert!(seal::unseal(&sealed[..sealed.len() - 1], &editors).is_err());
    assert!(seal::unseal(&sealed[..100], &editors).is_err());
    assert!(seal::unseal(&sealed, &editors).is_ok());
}

#[test]
fn a_state_without_the_signatures_of_the_quorum_is_not_written() {
    let (editors, state) = newsroom(3, 2);
    let error = seal::seal(&state, &editors[..1], &mut rng()).unwrap_err();
    assert!(matches!(error, ArchiveError::MoreVaults { have: 1, .. }));
    let error = seal::seal(&state, &[Known::new(30), Known::new(31)], &mut rng()).unwrap_err();
    assert!(matches!(error, ArchiveError::Stranger));
    // Nor would it be read: the seal is over this state alone.
    let seal = Signed::new(ArchiveSeal::new(knothole_envelope::StateHash::from_bytes(
        [0; 32],
    )));
    assert!(seal.verify(state.chain()).is_err());
}

#[test]
fn whenever_a_write_is_cut_off_the_old_archive_or_the_new_one_opens() {
    let (editors, state) = newsroom(1, 1);
    let (_, full) = full_state();
    for cut in [
        Step::Created,
        Step::HalfWritten,
        Step::Written,
        Step::Synced,
        Step::Renamed,
        Step::Done,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::create(folder.path(), state.clone(), &editors, &mut rng()).unwrap();
        let mut later = state.clone();
        later.couriers = full.couriers.clone();
        later.drops = full.drops.clone();
        let sealed = seal::seal(&later, &editors, &mut rng()).unwrap();
        let pulled = |step| {
            if step == cut {
                Err(std::io::Error::other("pulled"))
            } else {
                Ok(())
            }
        };
        let written = archive
            .folder
            .put_watched(STATE, &sealed, Existing::Replace, &mut { pulled });
        assert!(written.is_err());
        drop(archive);
        let opened = Archive::open(folder.path(), &editors).unwrap();
        assert!([&state, &later].contains(&&opened.state), "{cut:?}");
        opened.save(&editors, &mut rng()).unwrap();
    }
}

#[test]
fn an_archive_is_never_made_over_another() {
    let folder = tempfile::tempdir().unwrap();
    let (editors, state) = newsroom(1, 1);
    drop(Archive::create(folder.path(), state.clone(), &editors, &mut rng()).unwrap());
    let error = Archive::create(folder.path(), state, &editors, &mut rng()).unwrap_err();
    assert!(matches!(error, ArchiveError::Exists(_)));
    let empty = tempfile::tempdir().unwrap();
    let error = Archive::open(empty.path(), &editors).unwrap_err();
    assert!(matches!(error, ArchiveError::Missing(_)));
}

#[test]
fn two_programs_never_work_with_one_archive_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (editors, state) = newsroom(1, 1);
    let held = Archive::create(folder.path(), state, &editors, &mut rng()).unwrap();
    let error = Archive::open(folder.path(), &editors).unwrap_err();
    assert!(matches!(error, ArchiveError::Busy(_)));
    drop(held);
    assert!(Archive::open(folder.path(), &editors).is_ok());
}

#[test]
fn the_sealed_archive_shows_no_address_and_no_key() {
    let (editors, state) = newsroom(2, 1);
    let sealed = seal::seal(&state, &editors, &mut rng()).unwrap();
    let has = |needle: &[u8]| sealed.windows(needle.len()).any(|window| window == needle);
    assert!(!has(&onion().identity()));
    assert!(!has(editors[0].key().as_bytes()));
}

#[test]
fn drops_are_told_apart_by_as_few_digits_as_it_takes() {
    let (_, mut state) = newsroom(1, 1);
    let first = kept(0xab, Status::Waiting);
    state.drops.insert(first.listed.id, first);
    assert_eq!(state.short(&first.listed.id), "abababab");
    let mut id = [0xab; 32];
    id[7] = 0;
    let mut second = first;
    second.listed.id = DropId::from_bytes(id);
    state.drops.insert(second.listed.id, second);
    assert_eq!(state.short(&second.listed.id), "ababababababab00");
    assert_eq!(state.named("AB").len(), 2);
    assert_eq!(state.named("ababababababab00"), [second.listed.id]);
    assert!(state.named("").is_empty());
    assert!(state.named("xy").is_empty());
}

#[test]
fn a_courier_is_remembered_by_its_last_thousand_bundles() {
    let mut courier = Courier::new(Known::new(1).key());
    for sequence in 1..=1030 {
        let hash = IndexHash::from_bytes([1; 32]);
        courier.remember(SeenBundle { sequence, hash });
    }
    assert_eq!(courier.last().unwrap().sequence, 1030);
    assert!(courier.seen(6).is_none());
    assert!(courier.seen(7).is_some());
    courier.remember(SeenBundle {
        sequence: 12,
        hash: IndexHash::from_bytes([2; 32]),
    });
    assert_eq!(courier.last().unwrap().sequence, 1030);
}

proptest::proptest! {
    #[test]
    fn whatever_the_bytes_are_reading_a_state_ends_without_a_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
        place in 0_usize..100_000,
        byte in proptest::prelude::any::<u8>(),
    ) {
        proptest::prop_assert!(State::decode(&bytes).is_none());
        // A byte of a real one is altered: it is refused, or it is another state.
        let encoded = ENCODED.get_or_init(|| full_state().1.encode());
        let mut altered = encoded.clone();
        let place = place % altered.len();
        altered[place] = byte;
        if let Some(state) = State::decode(&altered) {
            proptest::prop_assert_eq!(state.encode(), altered);
        }
    }
}

static ENCODED: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
