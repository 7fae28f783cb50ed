//! The epochs of a vault: when they are, whether their keys are there, and what others know of them.

use knothole_envelope::{Day, EditorCard, EpochNumber, EpochSecret, Signed};

use super::record::{Record, State};
use super::slip::Slip;
use super::{Vault, VaultError};

/// One epoch of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultEpoch {
    /// The number of the epoch.
    pub epoch: EpochNumber,
    /// Its first day.
    pub first: Day,
    /// Its last day.
    pub last: Day,
    /// Whether its key is still there.
    pub state: EpochState,
}

/// Whether a vault still has an epoch's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EpochState {
    /// It has.
    Ready,
    /// It has, and it takes the slip as well.
    Slip,
    /// The key was erased.
    Erased,
    /// The record says nothing that can be: the key is lost in this copy of the vault.
    Damaged,
}

impl Vault {
    /// The epochs of the vault, in their order.
    pub fn epochs(&self) -> impl Iterator<Item = VaultEpoch> {
        let plan = &self.body.plan;
        (0..).zip(&self.records).filter_map(|(place, record)| {
            let (epoch, first, last) = plan.at(place)?;
            let state = match record.state() {
                State::Erased => EpochState::Erased,
                State::Plain => EpochState::Ready,
                State::Slip => EpochState::Slip,
                State::None => EpochState::Damaged,
            };
            Some(VaultEpoch {
                epoch,
                first,
                last,
                state,
            })
        })
    }

    /// Whether an epoch takes a slip that is not at hand.
    #[must_use]
    pub fn wants_slip(&self, epoch: EpochNumber) -> bool {
        self.record(epoch)
            .is_some_and(|record| record.state() == State::Slip)
            && self.slips.get(epoch).is_none()
    }

    /// Takes the slip of an epoch.
    ///
    /// # Errors
    /// [`VaultError::OtherSlip`] when it is not the one; then the vault is as before.
    pub fn take_slip(&mut self, epoch: EpochNumber, slip: Slip) -> Result<(), VaultError> {
        let fits = self
            .record(epoch)
            .is_some_and(|record| record.unwrap(epoch, &self.key, Some(&slip)).is_some());
        if !fits {
            return Err(VaultError::OtherSlip(self.path.clone(), epoch));
        }
        self.slips.add(epoch, slip);
        Ok(())
    }

    fn record(&self, epoch: EpochNumber) -> Option<&Record> {
        self.records.get(self.body.plan.place(epoch)?)
    }

    /// The secret of an epoch, unwrapped now; nothing when the vault was not made for that epoch, or
    /// when the epoch was erased.
    ///
    /// # Errors
    /// [`VaultError::Slip`] when it takes a slip that is not at hand, and [`VaultError::Epoch`] when
    /// the epoch's record is damaged.
    pub fn epoch_secret(&self, epoch: EpochNumber) -> Result<Option<EpochSecret>, VaultError> {
        let Some(record) = self.record(epoch) else {
            return Ok(None);
        };
        let slip = match record.state() {
            State::Erased => return Ok(None),
            State::Plain | State::None => None,
            State::Slip => match self.slips.get(epoch) {
                None => return Err(VaultError::Slip(self.path.clone(), epoch)),
                slip => slip,
            },
        };
        match record.unwrap(epoch, &self.key, slip) {
            Some(secret) => Ok(Some(secret)),
            None => Err(VaultError::Epoch(self.path.clone(), epoch)),
        }
    }

    /// The editor's card: what a newsroom must know of the vault. Erased epochs at the beginning are
    /// not on it. It takes no slip.
    ///
    /// # Errors
    /// [`VaultError::Empty`] when all epochs are erased, [`VaultError::Epoch`] when one is damaged, and
    /// [`VaultError::Damaged`].
    pub fn card(&self) -> Result<Signed<EditorCard>, VaultError> {
        let keys = self.keys.open(&self.key);
        let keys = keys.ok_or_else(|| VaultError::Damaged(self.path.clone()))?;
        let mut left = self
            .epochs()
            .zip(keys)
            .skip_while(|(epoch, _)| epoch.state == EpochState::Erased)
            .peekable();
        let Some((first, _)) = left.peek() else {
            return Err(VaultError::Empty(self.path.clone()));
        };
        let (number, day) = (first.epoch, first.first);
        for epoch in self.epochs() {
            // Nobody should seal to a key that this vault has lost.
            if !self.wants_slip(epoch.epoch) {
                drop(self.epoch_secret(epoch.epoch)?);
            }
        }
        EditorCard::new(
            self.editor_key(),
            self.body.archive.recipient_key(),
            number,
            day,
            self.body.plan.days(),
            left.map(|(_, key)| key).collect(),
        )
        .and_then(|card| card.sign(&self.body.signing))
        .map_err(|error| VaultError::Card(self.path.clone(), error))
    }
}
