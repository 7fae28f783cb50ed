//! What a courier knows, without asking anybody.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use knothole_envelope::Sheet;
use serde::Serialize;

use crate::keys::Keys;
use crate::set_up::SetUpError;
use crate::state::Held;
use crate::stick::SteadyHand;

/// What a courier knows, without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    /// The collection service it is paired with.
    pub(crate) collection: Option<String>,
    /// The newsroom it is paired with.
    pub(crate) fingerprint: Option<String>,
    /// The newest charter that passed through it.
    pub(crate) charter: Option<u32>,
    /// The sheets it holds: epoch, first and last day.
    pub(crate) sheets: Vec<HeldSheet>,
    /// The number of its last bundle.
    pub(crate) last_bundle: Option<u64>,
    /// Drops that lie whole on sticks and that the server still had at the last visit.
    pub(crate) carried: usize,
    /// Drops of which a part lies on a stick.
    pub(crate) begun: usize,
    /// Replies that wait for the next push.
    pub(crate) replies_waiting: usize,
    /// Whether a bundle was broken off.
    pub(crate) unfinished: bool,
}

/// A sheet that a courier holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct HeldSheet {
    /// The epoch.
    pub(crate) epoch: u32,
    /// Its first day.
    pub(crate) first: String,
    /// Its last day.
    pub(crate) last: String,
}

impl HeldSheet {
    fn of(sheet: &Sheet) -> Self {
        Self {
            epoch: sheet.epoch().get(),
            first: sheet.first().to_string(),
            last: sheet.last().to_string(),
        }
    }
}

impl Status {
    /// What the courier in this folder knows.
    ///
    /// # Errors
    /// [`SetUpError`].
    pub(crate) fn of(folder: &Path) -> Result<Self, SetUpError> {
        Keys::load(folder)?;
        let held = Held::open(folder, Arc::new(SteadyHand))?;
        let state = &held.state;
        let sheets = state.sheets()?;
        Ok(Self {
            collection: state
                .pairing
                .as_ref()
                .map(|pairing| pairing.onion.to_string()),
            fingerprint: state
                .pairing
                .as_ref()
                .map(|pairing| pairing.fingerprint.to_string()),
            charter: state.chain()?.map(|chain| chain.sequence()),
            sheets: sheets
                .iter()
                .map(|sheet| HeldSheet::of(sheet.unverified()))
                .collect(),
            last_bundle: state.last.as_ref().map(|last| last.sequence),
            carried: state.carried.len(),
            begun: state.begun.len(),
            replies_waiting: held.replies()?.len(),
            unfinished: state.draft.is_some(),
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.collection, &self.fingerprint) {
            (Some(collection), Some(fingerprint)) => write!(
                f,
                "collection service: {collection}\nnewsroom: {fingerprint}"
            )?,
            _ => f.write_str("not paired yet: run `knothole-courier pair`")?,
        }
        match self.charter {
            Some(charter) => write!(f, "\nnewest charter that passed: {charter}")?,
            None => f.write_str("\nno outbox came from the offline machine yet")?,
        }
        for sheet in &self.sheets {
            write!(
                f,
                "\nkeys of epoch {} held: {} to {}",
                sheet.epoch, sheet.first, sheet.last
            )?;
        }
        match self.last_bundle {
            Some(number) => write!(f, "\nlast bundle: {number}")?,
            None => f.write_str("\nno bundle yet")?,
        }
        write!(
            f,
            "\ndrops carried that the server still had: {}",
            self.carried
        )?;
        if self.begun > 0 {
            write!(f, "\ndrops that go on on the next stick: {}", self.begun)?;
        }
        if self.replies_waiting > 0 {
            write!(
                f,
                "\nreplies that wait for the next push: {}",
                self.replies_waiting
            )?;
        }
        if self.unfinished {
            f.write_str("\na bundle was broken off: run the same again with its stick")?;
        }
        Ok(())
    }
}
