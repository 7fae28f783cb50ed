//! The keys of one epoch, signed for the days in which they are used.

use core::fmt;

use crate::cbor::{self, Cbor, DecodeError, Reader, Writer};
use crate::chain::VerifiedChain;
use crate::charter::MOST_EDITORS;
use crate::day::{Day, EpochNumber};
use crate::digest::{CharterHash, SheetHash};
use crate::key::RecipientKey;
use crate::recipients::Recipients;
use crate::signed::{Flaw, Signed, sealed};
use crate::signing::Domain;

/// An epoch of more days is refused: its keys would be worth too much.
pub const MOST_EPOCH_DAYS: u32 = 92;
/// A sender uses a sheet from so many days before its first day.
const DAYS_AHEAD: u32 = 2;

/// An epoch sheet was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SheetError {
    /// No keys, too many, or one of them twice.
    Keys,
    /// The last day lies before the first, or too far behind it.
    Days,
    /// The sheet's charter is not in the chain.
    UnknownCharter,
    /// The sheet has not one key for each editor of its charter.
    WrongEditors,
    /// A signature does not fit.
    BadSignature,
    /// A signature is by somebody who is no editor of the sheet's charter.
    ForeignSignature,
    /// Not enough editors have signed.
    TooFewSignatures,
}

impl fmt::Display for SheetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "an epoch sheet needs 1 to 8 keys, each of them once",
            Self::Days => "an epoch sheet must run for 1 to 92 days",
            Self::UnknownCharter => "the epoch sheet belongs to a charter that is not in the chain",
            Self::WrongEditors => "the epoch sheet has not one key for each editor of its charter",
            Self::BadSignature => "a signature on the epoch sheet does not fit",
            Self::ForeignSignature => {
                "the epoch sheet is signed by a key that is no editor of its charter"
            }
            Self::TooFewSignatures => "too few editors have signed the epoch sheet",
        })
    }
}

impl core::error::Error for SheetError {}

/// One epoch's X-Wing keys in the editors' order, and the days in which they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    epoch: EpochNumber,
    first: Day,
    last: Day,
    keys: Vec<RecipientKey>,
    charter: CharterHash,
}

impl Sheet {
    /// A sheet for the days from `first` to `last`, both included.
    ///
    /// # Errors
    /// [`SheetError::Keys`] or [`SheetError::Days`].
    pub fn new(
        epoch: EpochNumber,
        first: Day,
        last: Day,
        keys: Vec<RecipientKey>,
        charter: CharterHash,
    ) -> Result<Self, SheetError> {
        if keys.is_empty() || keys.len() > MOST_EDITORS || has_doubles(&keys) {
            return Err(SheetError::Keys);
        }
        if last.since(first).is_none_or(|days| days >= MOST_EPOCH_DAYS) {
            return Err(SheetError::Days);
        }
        Ok(Self {
            epoch,
            first,
            last,
            keys,
            charter,
        })
    }

    /// The number of the epoch.
    #[must_use]
    pub const fn epoch(&self) -> EpochNumber {
        self.epoch
    }

    /// The first day.
    #[must_use]
    pub const fn first(&self) -> Day {
        self.first
    }

    /// The last day.
    #[must_use]
    pub const fn last(&self) -> Day {
        self.last
    }

    /// The keys in the editors' order.
    #[must_use]
    pub fn keys(&self) -> &[RecipientKey] {
        &self.keys
    }

    /// The charter that the sheet belongs to.
    #[must_use]
    pub const fn charter(&self) -> &CharterHash {
        &self.charter
    }
}

/// Whether a key stands in the list twice.
pub(crate) fn has_doubles(keys: &[RecipientKey]) -> bool {
    keys.iter().enumerate().any(|(place, key)| {
        keys.iter()
            .skip(place.saturating_add(1))
            .any(|other| other.as_bytes() == key.as_bytes())
    })
}

impl sealed::Body for Sheet {
    fn domain(&self) -> Domain {
        Domain::Sheet
    }
}

impl Cbor for Sheet {
    fn write(&self, out: &mut Writer) {
        out.map(6).unsigned(1).unsigned(1).unsigned(2);
        self.epoch.write(out);
        out.unsigned(3);
        self.first.write(out);
        out.unsigned(4);
        self.last.write(out);
        out.unsigned(5).list(&self.keys);
        out.unsigned(6).bytes(self.charter.as_bytes());
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut fields = input.map()?;
        fields.version()?;
        let epoch = fields.required(2, EpochNumber::read)?;
        let first = fields.required(3, Day::read)?;
        let last = fields.required(4, Day::read)?;
        let keys = fields.required(5, |input| input.list(cbor::count(&[(); MOST_EDITORS])))?;
        let charter = fields.required(6, CharterHash::read)?;
        fields.end()?;
        Self::new(epoch, first, last, keys, charter).map_err(|error| {
            DecodeError::Value(match error {
                SheetError::Days => "the last day",
                _ => "the list of keys",
            })
        })
    }
}

impl Signed<Sheet> {
    /// Verifies that enough editors of the sheet's charter signed it, and that the charter stands
    /// in the chain.
    ///
    /// # Errors
    /// [`SheetError`] says what does not fit.
    pub fn verify(&self, chain: &VerifiedChain) -> Result<VerifiedSheet, SheetError> {
        let sheet = self.unverified();
        let charter = chain
            .find(&sheet.charter)
            .ok_or(SheetError::UnknownCharter)?;
        if sheet.keys.len() != charter.editors().len() {
            return Err(SheetError::WrongEditors);
        }
        let enough = usize::from(charter.quorum().get());
        self.check(chain.fingerprint(), charter.editors(), enough)
            .map_err(|flaw| match flaw {
                Flaw::Bad => SheetError::BadSignature,
                Flaw::Foreign => SheetError::ForeignSignature,
                Flaw::TooFew => SheetError::TooFewSignatures,
            })?;
        let recipients =
            Recipients::new(sheet.keys.clone(), charter.quorum()).map_err(|_| SheetError::Keys)?;
        Ok(VerifiedSheet {
            epoch: sheet.epoch,
            first: sheet.first,
            last: sheet.last,
            hash: SheetHash::from_bytes(self.body_hash()),
            charter: sheet.charter,
            current: sheet.charter == chain.current_hash(),
            recipients,
        })
    }
}

/// A sheet that enough editors signed, under a charter of the verified chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSheet {
    epoch: EpochNumber,
    first: Day,
    last: Day,
    hash: SheetHash,
    charter: CharterHash,
    current: bool,
    recipients: Recipients,
}

impl VerifiedSheet {
    /// The number of the epoch.
    #[must_use]
    pub const fn epoch(&self) -> EpochNumber {
        self.epoch
    }

    /// The first day.
    #[must_use]
    pub const fn first(&self) -> Day {
        self.first
    }

    /// The last day.
    #[must_use]
    pub const fn last(&self) -> Day {
        self.last
    }

    /// The sheet's hash, which a drop's manifest repeats.
    #[must_use]
    pub const fn hash(&self) -> SheetHash {
        self.hash
    }

    /// The charter that the sheet belongs to.
    #[must_use]
    pub const fn charter(&self) -> CharterHash {
        self.charter
    }

    /// Whom to seal to.
    #[must_use]
    pub const fn recipients(&self) -> &Recipients {
        &self.recipients
    }

    /// Whether its charter was the newest one of the chain it was verified against.
    #[must_use]
    pub const fn under_current_charter(&self) -> bool {
        self.current
    }

    /// Whether a sender may use it on this day: from two days before its first to its last.
    #[must_use]
    pub fn usable_on(&self, day: Day) -> bool {
        let ahead = day.checked_add(DAYS_AHEAD).unwrap_or(day);
        ahead >= self.first && day <= self.last
    }
}

#[cfg(test)]
mod tests;
