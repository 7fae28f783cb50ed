//! One epoch in a vault: a record of its own, so that it can be erased alone.

use knothole_envelope::{EpochNumber, EpochSecret};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::slip::Slip;
use super::wrap::{Key, NONCE_LEN, TAG_LEN, random_nonce};

const SEED_LEN: usize = 32;
const ERASED: u8 = 0;
const PLAIN: u8 = 1;
/// Under a slip as well.
const SLIP: u8 = 2;

/// A record as it lies in the file: state, three zeros, nonce, wrapped seed, tag.
pub(super) struct Record([u8; Self::LEN]);

/// What a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Erased,
    Plain,
    Slip,
    /// No state at all: the record is damaged.
    None,
}

impl Record {
    /// All records are as long as each other, whatever state they are in.
    pub(super) const LEN: usize = 4 + NONCE_LEN + SEED_LEN + TAG_LEN;

    pub(super) fn seal(
        secret: &EpochSecret,
        epoch: EpochNumber,
        key: &Key,
        slip: Option<&Slip>,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let head = [if slip.is_some() { SLIP } else { PLAIN }, 0, 0, 0];
        let nonce = random_nonce(rng);
        let mut text = Zeroizing::new(*secret.expose());
        let tag = wrapping(epoch, key, slip).wrap(&nonce, &head, text.as_mut_slice());
        let mut bytes = [0; Self::LEN];
        let fields = head.iter().chain(&nonce).chain(text.iter()).chain(&tag);
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = *from;
        }
        Self(bytes)
    }

    /// What an erased epoch leaves.
    pub(super) const ERASED: Self = Self([0; Self::LEN]);

    pub(super) const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    pub(super) fn state(&self) -> State {
        let [state, rest @ ..] = &self.0;
        match (*state, rest) {
            (ERASED, rest) if rest.iter().all(|byte| *byte == 0) => State::Erased,
            (PLAIN, [0, 0, 0, ..]) => State::Plain,
            (SLIP, [0, 0, 0, ..]) => State::Slip,
            _ => State::None,
        }
    }

    /// The epoch's seed; nothing when it does not unwrap.
    pub(super) fn unwrap(
        &self,
        epoch: EpochNumber,
        key: &Key,
        slip: Option<&Slip>,
    ) -> Option<EpochSecret> {
        let (head, rest) = self.0.split_first_chunk::<4>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_first_chunk::<SEED_LEN>()?;
        let mut text = Zeroizing::new(*text);
        wrapping(epoch, key, slip).unwrap(
            nonce,
            head,
            text.as_mut_slice(),
            tag.try_into().ok()?,
        )?;
        Some(EpochSecret::from_bytes(*text))
    }
}

fn wrapping(epoch: EpochNumber, key: &Key, slip: Option<&Slip>) -> Key {
    slip.map_or_else(|| key.epoch(epoch), |slip| key.epoch_under(slip, epoch))
}
