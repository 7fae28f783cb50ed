//! When an epoch may be burned: its list is closed, and nothing on it waits.

use core::fmt;
use std::collections::BTreeSet;
use std::io::Read as _;

use knothole_envelope::{
    Day, DropId, EditorKey, EnvelopeHead, EpochNumber, HEADER_LEN, VerifiedSheet,
};

use super::keep::{is_aside, name_of};
use super::{Archive, KeptDrop, State, Status};
use crate::folder::{FileError, Folder};

/// The server's gate takes drops of an epoch until so many days after its last.
const GATE_DAYS: u32 = 7;
/// An upload that began in time may go on for so many days.
const UPLOAD_DAYS: u32 = 14;
/// A drop that is whole becomes visible with the next batch: a day, and what is left of the first.
const BATCH_DAYS: u32 = 2;
/// After so many days a listing names all that can ever come of an epoch: 23.
const CLOSING_DAYS: u32 = GATE_DAYS + UPLOAD_DAYS + BATCH_DAYS;

/// Why an epoch may not be burned yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotYet {
    /// The newsroom never had such an epoch.
    Unknown,
    /// No courier has brought a bundle of this day or later.
    Open {
        /// The first day on which a bundle can close the list.
        from: Day,
        /// The latest date that the couriers have told.
        latest: Option<Day>,
    },
    /// So many drops are neither opened nor refused.
    Drops(usize),
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("this newsroom has no such epoch"),
            Self::Open { from, latest } => {
                write!(
                    f,
                    "drops of it may still come: its list is closed by a bundle that a courier makes \
                     on {from} or later"
                )?;
                match latest {
                    Some(latest) => write!(f, ", and the latest is of {latest}"),
                    None => f.write_str(", and no bundle has come yet"),
                }
            }
            Self::Drops(1) => f.write_str(
                "1 drop of it is neither opened nor refused: see `knothole list`, and open it. Let \
                 the courier fetch it again if it did not come whole, and refuse only what was here",
            ),
            Self::Drops(drops) => write!(
                f,
                "{drops} drops of it are neither opened nor refused: see `knothole list`, and open \
                 them. Let the courier fetch again what did not come whole, and refuse only what \
                 was here"
            ),
        }
    }
}

impl core::error::Error for NotYet {}

impl State {
    /// All epochs of which there is a sheet, a drop or a memory.
    #[must_use]
    pub fn epochs(&self) -> BTreeSet<EpochNumber> {
        let sheets = self.verified.iter().map(VerifiedSheet::epoch);
        let drops = self.drops.values().map(|kept| kept.listed.epoch);
        sheets.chain(drops).chain(self.burned.epochs()).collect()
    }

    /// The first and the last day of an epoch.
    #[must_use]
    pub fn days_of(&self, epoch: EpochNumber) -> Option<(Day, Day)> {
        let first = self.sheets_of(epoch).map(VerifiedSheet::first).min()?;
        let last = self.sheets_of(epoch).map(VerifiedSheet::last).max()?;
        Some((first, last))
    }

    /// The first day on which a bundle can close the list of an epoch.
    #[must_use]
    pub fn closes(&self, epoch: EpochNumber) -> Option<Day> {
        self.days_of(epoch)?.1.checked_add(CLOSING_DAYS)
    }

    /// The drops of an epoch that are neither opened nor refused.
    #[must_use]
    pub fn undelivered(&self, epoch: EpochNumber) -> Vec<&KeptDrop> {
        self.in_order()
            .into_iter()
            .filter(|kept| kept.listed.epoch == epoch)
            .filter(|kept| !matches!(kept.status, Status::Opened | Status::Refused))
            .collect()
    }

    /// The drops that wait to be opened, in the order in which they came.
    pub fn waiting(&self) -> impl Iterator<Item = &KeptDrop> {
        self.in_order().into_iter().filter(|kept| {
            kept.status == Status::Waiting && self.burned.get(kept.listed.epoch).is_none()
        })
    }

    /// Whether an epoch may be burned. Only what couriers have signed counts, no clock.
    ///
    /// # Errors
    /// [`NotYet`] says why not, and from when on.
    pub fn may_burn(&self, epoch: EpochNumber) -> Result<(), NotYet> {
        let from = self.closes(epoch).ok_or(NotYet::Unknown)?;
        let latest = self.latest();
        if latest.is_none_or(|latest| latest < from) {
            return Err(NotYet::Open { from, latest });
        }
        match self.undelivered(epoch).len() {
            0 => Ok(()),
            drops => Err(NotYet::Drops(drops)),
        }
    }

    /// The editors who had a key of a burned epoch, and whose vaults were not burned here.
    #[must_use]
    pub fn holders(&self, epoch: EpochNumber) -> Vec<EditorKey> {
        let Some(burned) = self.burned.get(epoch) else {
            return Vec::new();
        };
        let mut holders: Vec<EditorKey> = self
            .sheets_of(epoch)
            .filter_map(|sheet| self.chain.find(&sheet.charter()))
            .flat_map(|charter| charter.editors().iter().copied())
            .filter(|editor| !burned.editors().contains(editor))
            .collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }
}

/// Removes the sealed drop of this name; says whether there was one.
fn discard(drops: &Folder, name: &str) -> Result<bool, FileError> {
    if !drops.has(name)? {
        return Ok(false);
    }
    let folder = drops.child(name)?;
    for part in folder.names()? {
        folder.remove(&part)?;
    }
    folder.sync()?;
    drops.remove_folder(name)?;
    Ok(true)
}

/// The epoch that a drop's own head names, if its first part is here.
fn epoch_within(drop: &Folder) -> Result<Option<EpochNumber>, FileError> {
    let first = name_of(0);
    if !drop.has(&first)? {
        return Ok(None);
    }
    let (file, _) = drop.file(&first)?;
    let mut bytes = Vec::new();
    let most = u64::try_from(HEADER_LEN).unwrap_or(u64::MAX);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::new("read this file", &drop.path().join(&first), source))?;
    Ok(EnvelopeHead::parse(&bytes)
        .ok()
        .and_then(|head| head.epoch()))
}

impl Archive {
    /// Removes the sealed drops of all burned epochs, those too that were put aside and have no entry.
    /// The entries of the others stay: receipts name them.
    ///
    /// # Errors
    /// [`FileError`]; what is left is removed the next time.
    pub fn discard_burned(&self) -> Result<u64, FileError> {
        let mut discarded = 0_u64;
        let drops = self.drops()?;
        for kept in self.state.drops.values() {
            if self.state.burned.get(kept.listed.epoch).is_some()
                && discard(&drops, &kept.listed.id.to_string())?
            {
                discarded = discarded.saturating_add(1);
            }
        }
        for name in drops.names()?.iter().filter(|name| is_aside(name)) {
            let epoch = epoch_within(&drops.child(name)?)?;
            let burned = epoch.and_then(|epoch| self.state.burned.get(epoch));
            if burned.is_some() && discard(&drops, name)? {
                discarded = discarded.saturating_add(1);
            }
        }
        drops.sync()?;
        Ok(discarded)
    }

    /// Removes what is here of drops that the state has forgotten.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn discard(&self, ids: &[DropId]) -> Result<(), FileError> {
        let drops = self.drops()?;
        for id in ids.iter().filter(|id| !self.state.drops.contains_key(id)) {
            discard(&drops, &id.to_string())?;
        }
        drops.sync()
    }
}
