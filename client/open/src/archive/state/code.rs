//! The state as bytes, and back.

use knothole_envelope::{CharterChain, MOST_EDITORS, OnionAddress, RecipientKey, Signed};

use super::courier::{read_courier, write_courier};
use super::drops::{read_drop, write_drop};
use super::{MOST_COURIERS, MOST_DROPS, MOST_SHEETS, State};
use crate::archive::burned::Burned;
use crate::archive::cbor::{Reader, Writer};
use crate::archive::conversation::Conversations;

impl State {
    /// The canonical CBOR.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.array(9).unsigned(1_u8);
        out.bytes(&self.chain.chain().encode());
        out.array(self.keys.len());
        for key in &self.keys {
            out.bytes(key.as_bytes());
        }
        out.bytes(&self.onion.identity());
        out.array(self.sheets.len());
        for sheet in &self.sheets {
            out.bytes(&sheet.encode());
        }
        out.array(self.couriers.len());
        for courier in &self.couriers {
            write_courier(&mut out, courier);
        }
        out.array(self.drops.len());
        for kept in self.drops.values() {
            write_drop(&mut out, kept);
        }
        self.conversations.write(&mut out);
        self.burned.write(&mut out);
        out.finish()
    }

    /// Reads and verifies a state; nothing unless the bytes are exactly one.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader::new(bytes);
        input.tuple(9)?;
        if input.unsigned::<u64>()? != 1 {
            return None;
        }
        let chain = CharterChain::decode(input.bytes()?).ok()?;
        let chain = chain.verify(&chain.unverified_fingerprint()?).ok()?;
        let keys = input.list(limit(MOST_EDITORS), |input| {
            RecipientKey::from_bytes(input.bytes()?).ok()
        })?;
        let onion = OnionAddress::from_identity(&input.fixed()?);
        let sheets = input.list(limit(MOST_SHEETS), |input| {
            Signed::decode(input.bytes()?).ok()
        })?;
        let mut state = Self::new(chain, keys, onion, sheets)?;
        state.couriers = input.list(limit(MOST_COURIERS), read_courier)?;
        state.drops = input
            .list(limit(MOST_DROPS), read_drop)?
            .into_iter()
            .map(|kept| (kept.listed.id, kept))
            .collect();
        let couriers = state.couriers.len();
        if !state.drops.values().all(|kept| kept.by.are_among(couriers)) {
            return None;
        }
        state.conversations = Conversations::read(&mut input)?;
        state.burned = Burned::read(&mut input)?;
        // Whatever the reader forgave (order, doubles, long integers, a tail) shows here.
        (state.encode() == bytes).then_some(state)
    }
}

/// A bound as the reader takes it.
pub(super) fn limit(most: usize) -> u64 {
    u64::try_from(most).unwrap_or(u64::MAX)
}
