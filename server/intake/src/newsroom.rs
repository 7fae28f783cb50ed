//! What the newsroom has signed and the server shows: the charter's chain and the epoch sheets.

mod epochs;

use core::fmt;
use std::io;

use bytes::Bytes;
pub(crate) use epochs::Closing;
use epochs::EpochDays;
use knothole_envelope::{
    CharterChain, Day, EpochNumber, Sheet, Signed, VerifiedChain, VerifiedSheet, frame,
};

use crate::desk::{self, DeskError};
use crate::disk::{self, Disk, Place};
use crate::gate::Gate;
use crate::lived::Times;
use crate::receipts;
use crate::settings::{MOST_EPOCHS, MOST_PUSHED_SHEETS, MOST_SHEETS, MOST_SIGNED_BYTES};

/// A sheet is accepted so many days before its first day, so that a seized server cannot go on
/// serving old keys for months.
const DAYS_BEFORE: u32 = 7;

/// An immutable view; an update makes a new one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newsroom {
    chain: Option<VerifiedChain>,
    sheets: Vec<(Signed<Sheet>, VerifiedSheet)>,
    epochs: Vec<EpochDays>,
    /// The framed answers, made once.
    pub(crate) charter_answer: Option<Bytes>,
    pub(crate) sheet_answer: Option<Bytes>,
}

/// A charter or a sheet was not taken.
#[derive(Debug)]
pub(crate) enum PushError {
    /// The disk failed.
    Disk(io::Error),
    /// The administrator has named no newsroom yet, or the file that does is damaged.
    Untrusted,
    /// It is not what the format says, does not verify, or comes at the wrong time.
    Refused(String),
    /// There is no room for more replies.
    Full,
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(_) => f.write_str("the server's disk failed; try again later"),
            Self::Untrusted => f.write_str(
                "this server trusts no newsroom yet: its administrator must type the fingerprint \
                 once (knothole-server trust)",
            ),
            Self::Refused(why) => f.write_str(why),
            Self::Full => f.write_str("there is no room for more replies now; try again tomorrow"),
        }
    }
}

impl From<io::Error> for PushError {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<DeskError> for PushError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Disk(error) => Self::Disk(error),
            _ => Self::Untrusted,
        }
    }
}

impl Newsroom {
    /// Reads what the store holds and verifies it again; `None` when it is damaged.
    pub(crate) fn load(disk: &dyn Disk) -> Result<Option<Self>, PushError> {
        // What a killed process has put there may be in the system's memory alone, and a charter
        // that was shown once must not be an older one again.
        disk.sync_folder(&Place::root())?;
        let Some(fingerprint) = desk::trusted(disk)? else {
            return Ok(Some(Self::default()));
        };
        let Some(bytes) = disk::read_if_there(disk, &charter_place(), MOST_SIGNED_BYTES)? else {
            return Ok(Some(Self::default()));
        };
        let Some(chain) = CharterChain::decode(&bytes)
            .ok()
            .and_then(|chain| chain.verify(&fingerprint).ok())
        else {
            return Ok(None);
        };
        let mut found = Self {
            chain: Some(chain),
            ..Self::default()
        };
        if let Some(bytes) = disk::read_if_there(disk, &sheets_place(), MOST_SIGNED_BYTES)? {
            let Ok(sheets) = Signed::<Sheet>::decode_list(&bytes, MOST_PUSHED_SHEETS) else {
                return Ok(None);
            };
            for signed in sheets {
                let Some(verified) = found.verify(&signed) else {
                    return Ok(None);
                };
                found.sheets.push((signed, verified));
            }
        }
        if let Some(bytes) = disk::read_if_there(disk, &epochs_place(), MOST_SIGNED_BYTES)? {
            let Some(epochs) = epochs::decode(&bytes) else {
                return Ok(None);
            };
            found.epochs = epochs;
            found.judge_epochs(disk)?;
        }
        Ok(found.answered())
    }

    /// The chain, if one is held.
    pub(crate) const fn chain(&self) -> Option<&VerifiedChain> {
        self.chain.as_ref()
    }

    /// The last day for which there are keys; `None` while there are none.
    pub(crate) fn last_day(&self) -> Option<Day> {
        self.sheets.iter().map(|(_, sheet)| sheet.last()).max()
    }

    /// The number of sheets held.
    pub(crate) const fn sheets(&self) -> usize {
        self.sheets.len()
    }

    /// Who may pass today.
    pub(crate) fn gate(&self, today: Day) -> Gate {
        let open = self.epochs.iter().filter(|epoch| epoch.passes(today));
        Gate::Epochs(open.map(|epoch| epoch.number).collect())
    }

    /// Whether an upload of this epoch may become a drop, by what was signed and by the days.
    pub(crate) fn ending(
        &self,
        disk: &dyn Disk,
        epoch: EpochNumber,
        times: &Times,
    ) -> io::Result<Closing> {
        let burned = match &self.chain {
            Some(chain) => receipts::is_burned(disk, chain, epoch)?,
            None => false,
        };
        Ok(if burned {
            Closing::Closed
        } else {
            self.closing(epoch, times)
        })
    }

    /// The same by the days alone. An epoch that is not known any more is long over.
    pub(crate) fn closing(&self, epoch: EpochNumber, times: &Times) -> Closing {
        let Some(held) = self.epochs.iter().find(|held| held.number == epoch) else {
            return Closing::Closed;
        };
        let finishes = |day: Option<Day>| day.map(|day| held.finishes(day));
        match (finishes(times.believed()), finishes(times.now().day())) {
            (Some(false), _) => Closing::Closed,
            (Some(true), Some(true)) => Closing::Open,
            _ => Closing::Unsure,
        }
    }

    /// Takes a chain of charters that continues the one that is held.
    pub(crate) fn with_charter(&self, disk: &dyn Disk, bytes: &[u8]) -> Result<Self, PushError> {
        let fingerprint = desk::trusted(disk)?.ok_or(PushError::Untrusted)?;
        let chain = CharterChain::decode(bytes)
            .map_err(|error| refused(format!("this is no charter: {error}")))?;
        let chain = chain
            .verify(&fingerprint)
            .map_err(|error| refused(format!("the charter was not taken: {error}")))?;
        if self
            .chain
            .as_ref()
            .is_some_and(|held| !chain.continues(held))
        {
            return Err(refused(
                "the charter was not taken: it is older than the one this server holds, or of \
                 another line"
                    .to_owned(),
            ));
        }
        if self.chain.as_ref() == Some(&chain) {
            return Ok(self.clone());
        }
        disk::replace_whole(disk, &charter_place(), bytes)?;
        let mut fresh = self.clone();
        fresh.chain = Some(chain);
        // Whether a sheet is of the current charter has changed with it.
        let sheets = core::mem::take(&mut fresh.sheets);
        for (signed, _) in sheets {
            if let Some(verified) = fresh.verify(&signed) {
                fresh.sheets.push((signed, verified));
            }
        }
        fresh.judge_epochs(disk)?;
        fresh.answered().ok_or_else(too_long)
    }

    /// Takes sheets; those that are held already are taken again without harm. The sheet of an epoch
    /// that was burned is left out, and refused when it is all there is.
    pub(crate) fn with_sheets(
        &self,
        disk: &dyn Disk,
        bytes: &[u8],
        today: Day,
    ) -> Result<Self, PushError> {
        let Some(chain) = &self.chain else {
            return Err(refused(
                "send the charter first, then the sheets".to_owned(),
            ));
        };
        let pushed = Signed::<Sheet>::decode_list(bytes, MOST_PUSHED_SHEETS)
            .map_err(|error| refused(format!("these are no epoch sheets: {error}")))?;
        // The epochs themselves go by the clock that is believed: unfinished uploads hang on them.
        let mut fresh = self.without_old_sheets(today);
        let (mut taken, mut burned) = (false, None);
        for signed in pushed {
            let verified = signed
                .verify(chain)
                .map_err(|error| refused(format!("a sheet was not taken: {error}")))?;
            let epoch = verified.epoch();
            if receipts::is_burned(disk, chain, epoch)? {
                burned = Some(epoch);
            } else {
                fresh.add(signed, verified, today)?;
                taken = true;
            }
        }
        if let Some(epoch) = burned.filter(|_| !taken) {
            let epoch = epoch.get();
            let why = format!("the sheet of epoch {epoch} was not taken: this epoch was burned");
            return Err(refused(why));
        }
        if fresh.sheets.len() > MOST_SHEETS {
            return Err(refused(
                "the sheets were not taken: a server holds the current one and the next, no more"
                    .to_owned(),
            ));
        }
        fresh.sheets.sort_by_key(|(_, verified)| verified.first());
        fresh.store_days(disk)?;
        fresh.answered().ok_or_else(too_long)
    }

    /// The epochs that are or were open.
    pub(crate) fn epochs(&self) -> Vec<EpochNumber> {
        self.epochs.iter().map(|epoch| epoch.number).collect()
    }

    /// The view after receipts were kept, stored: the sheets of burned epochs are not shown any
    /// more, and nothing passes by them. `None` when nothing changed.
    pub(crate) fn with_burned(&self, disk: &dyn Disk) -> Result<Option<Self>, PushError> {
        let mut fresh = self.clone();
        fresh.judge_epochs(disk)?;
        if fresh.epochs == self.epochs {
            return Ok(None);
        }
        fresh.store_days(disk)?;
        Ok(Some(fresh.answered().ok_or_else(too_long)?))
    }

    /// Without the sheets whose last day is over, and without epochs that nothing can pass by.
    pub(crate) fn without_expired(&self, today: Day) -> Self {
        let mut fresh = self.without_old_sheets(today);
        fresh.epochs.retain(|epoch| epoch.remembered(today));
        fresh
    }

    fn without_old_sheets(&self, today: Day) -> Self {
        let mut fresh = self.clone();
        fresh
            .sheets
            .retain(|(_, verified)| verified.last() >= today);
        fresh
    }

    /// The view after a day has changed, stored; `None` when nothing changed.
    pub(crate) fn aged(&self, disk: &dyn Disk, today: Day) -> Result<Option<Self>, PushError> {
        let fresh = self.without_expired(today);
        if fresh.sheets.len() == self.sheets.len() && fresh.epochs.len() == self.epochs.len() {
            return Ok(None);
        }
        fresh.store_days(disk)?;
        Ok(Some(fresh.answered().ok_or_else(too_long)?))
    }

    /// Finds out which epochs are burned under the charter of today, and drops their sheets.
    fn judge_epochs(&mut self, disk: &dyn Disk) -> io::Result<()> {
        for epoch in &mut self.epochs {
            let burned = match &self.chain {
                Some(chain) => receipts::is_burned(disk, chain, epoch.number),
                None => Ok(false),
            };
            match burned {
                // What was read before holds. At a start nothing was, and then the epoch stays shut:
                // nobody is to seal to keys that may be gone.
                Err(error) if disk::is_unreadable(&error) => {
                    tracing::warn!("whether an epoch is burned could not be read: {error}");
                }
                burned => (epoch.burned, epoch.unread) = (burned?, false),
            }
        }
        let burned = epochs::numbers(&self.epochs, |epoch| epoch.burned);
        self.sheets
            .retain(|(_, verified)| !burned.contains(&verified.epoch()));
        Ok(())
    }

    fn verify(&self, signed: &Signed<Sheet>) -> Option<VerifiedSheet> {
        self.chain
            .as_ref()
            .and_then(|chain| signed.verify(chain).ok())
    }

    fn add(
        &mut self,
        signed: Signed<Sheet>,
        verified: VerifiedSheet,
        today: Day,
    ) -> Result<(), PushError> {
        let epoch = verified.epoch();
        if self
            .sheets
            .iter()
            .any(|(_, held)| held.hash() == verified.hash())
        {
            return Ok(());
        }
        let refuse = |why: &str| {
            Err(refused(format!(
                "the sheet of epoch {} was not taken: {why}",
                epoch.get()
            )))
        };
        if !verified.under_current_charter() {
            return refuse("it belongs to an older charter");
        }
        if verified.last() < today {
            return refuse("its last day is over");
        }
        if today
            .checked_add(DAYS_BEFORE)
            .is_some_and(|latest| verified.first() > latest)
        {
            return refuse("it comes more than 7 days before its first day");
        }
        let days = EpochDays {
            number: epoch,
            first: verified.first(),
            last: verified.last(),
            burned: false,
            unread: false,
        };
        // A sheet of an older charter goes when one of the current charter comes: senders refuse it,
        // and it would take a place.
        self.sheets
            .retain(|(_, held)| held.epoch() != epoch && held.under_current_charter());
        self.sheets.push((signed, verified));
        self.epochs.retain(|held| held.number != epoch);
        self.epochs.push(days);
        if self.epochs.len() > MOST_EPOCHS {
            return refuse("too many epochs are open at once");
        }
        Ok(())
    }

    /// Stores sheets and epochs: first the epochs, so that a held sheet's drops always pass.
    fn store_days(&self, disk: &dyn Disk) -> io::Result<()> {
        disk::replace_whole(disk, &epochs_place(), &epochs::encode(&self.epochs))?;
        let sheets: Vec<_> = self
            .sheets
            .iter()
            .map(|(signed, _)| signed.clone())
            .collect();
        disk::replace_whole(disk, &sheets_place(), &Signed::encode_list(&sheets))
    }

    /// With its answers made; `None` when they would be too long to frame.
    fn answered(mut self) -> Option<Self> {
        self.charter_answer = match &self.chain {
            Some(chain) => Some(Bytes::from(frame(&chain.chain().encode()).ok()?)),
            None => None,
        };
        let unread = epochs::numbers(&self.epochs, |epoch| epoch.unread);
        let shown = self.sheets.iter();
        let shown = shown.filter(|(_, verified)| !unread.contains(&verified.epoch()));
        let sheets: Vec<_> = shown.map(|(signed, _)| signed.clone()).collect();
        self.sheet_answer = if sheets.is_empty() {
            None
        } else {
            Some(Bytes::from(frame(&Signed::encode_list(&sheets)).ok()?))
        };
        Some(self)
    }
}

pub(crate) fn charter_place() -> Place {
    Place::top("charter")
}

fn sheets_place() -> Place {
    Place::top("sheets")
}

fn epochs_place() -> Place {
    Place::top("epochs")
}

const fn refused(why: String) -> PushError {
    PushError::Refused(why)
}

fn too_long() -> PushError {
    refused("it is too long to be served".to_owned())
}

#[cfg(test)]
mod cuts;
