//! Finding one's slots in a header and putting the shares together.

use core::fmt;
use std::io::Read;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::day::{EpochNumber, Quorum};
use crate::head::{EnvelopeHead, HEAD_LEN, HeadError, Kind, SLOTS_END};
use crate::key::EpochSecret;
use crate::open::{DropReader, OpenError};
use crate::pad::HEADER_LEN;
use crate::payload::{Payload, Suite};
use crate::schedule::Schedule;
use crate::share::{Share, interpolate};
use crate::slot::{SLOT_LEN, open_slot, slot_info};

/// A header does not open for these keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnlockError {
    /// It is not a header.
    Head(HeadError),
    /// It is a reply where a drop is wanted, or the other way round.
    Kind,
    /// No slot opens: it is for somebody else. That is no damage.
    NotForTheseKeys,
    /// More vaults are needed. That is no damage.
    MoreNeeded {
        /// How many editors it takes.
        quorum: Quorum,
        /// How many of them are here.
        have: u8,
    },
    /// One key opens two slots.
    TwoSlots,
    /// A share has another place than its editor has in the sheet, or a place twice.
    Share,
    /// The suite is unknown.
    Suite,
    /// The quorum is not one that the sheet's keys can meet.
    Quorum,
    /// The slots contradict each other.
    Disagree,
    /// No combination of the shares meets the commitment.
    Commitment,
}

impl UnlockError {
    /// Whether the envelope is at fault, and not the choice of keys.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        !matches!(
            self,
            Self::NotForTheseKeys | Self::MoreNeeded { .. } | Self::Kind
        )
    }
}

impl fmt::Display for UnlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head(error) => return error.fmt(f),
            Self::MoreNeeded { quorum, have } => {
                let missing = quorum.get().saturating_sub(*have);
                return write!(
                    f,
                    "{quorum} editors must open this together, {have} of them are here: \
                     {missing} more needed"
                );
            }
            Self::Kind => "this is a sealed envelope, but of the other kind",
            Self::NotForTheseKeys => "this was not sealed to any of these keys",
            Self::TwoSlots => "this sealed file is damaged: one key opens two of its slots",
            Self::Share => "this sealed file is damaged: a share is not where it belongs",
            Self::Suite => "this sealed file is damaged: its cipher is unknown",
            Self::Quorum => "this sealed file is damaged: its quorum does not fit the epoch sheet",
            Self::Disagree => "this sealed file is damaged: its slots contradict each other",
            Self::Commitment => {
                "this sealed file is damaged: the shares that are here do not fit together, those \
                 of other editors may"
            }
        })
    }
}

impl core::error::Error for UnlockError {}

impl From<HeadError> for UnlockError {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

/// A key to open with, and its place in the epoch sheet.
#[derive(Debug, Clone, Copy)]
pub struct Opener<'a> {
    secret: &'a EpochSecret,
    place: u8,
}

impl<'a> Opener<'a> {
    /// The secret of the editor at this place of the sheet, counted from 0.
    #[must_use]
    pub const fn new(secret: &'a EpochSecret, place: u8) -> Self {
        Self { secret, place }
    }
}

/// Opens the slots of a drop's header and checks the commitment.
///
/// `keys_in_sheet` is the number of keys in the sheet that the openers' places come from.
///
/// # Errors
/// [`UnlockError`] tells damage from keys that do not suffice.
pub fn unlock(
    header: &[u8; HEADER_LEN],
    keys_in_sheet: usize,
    openers: &[Opener<'_>],
) -> Result<Unlocked, UnlockError> {
    unlock_kind(Kind::Drop, header, keys_in_sheet, openers)
}

pub(crate) fn unlock_kind(
    kind: Kind,
    header: &[u8; HEADER_LEN],
    keys_in_sheet: usize,
    openers: &[Opener<'_>],
) -> Result<Unlocked, UnlockError> {
    let head = EnvelopeHead::gate(header)?;
    if head.kind() != kind {
        return Err(UnlockError::Kind);
    }
    let parts = Parts::of(header).ok_or(HeadError::Short)?;
    let opened = open_slots(&parts, openers)?;
    let first = opened.first().ok_or(UnlockError::NotForTheseKeys)?;
    let (suite, quorum) = (first.suite, first.quorum);
    if opened
        .iter()
        .any(|slot| (slot.suite, slot.quorum) != (suite, quorum))
    {
        return Err(UnlockError::Disagree);
    }
    let suite = Suite::from_byte(suite).ok_or(UnlockError::Suite)?;
    let quorum = Quorum::new(quorum)
        .filter(|quorum| quorum.met_by(keys_in_sheet))
        .ok_or(UnlockError::Quorum)?;
    let mut shares: Vec<Share> = opened.into_iter().map(|slot| slot.share).collect();
    shares.sort_unstable_by_key(|share| share.x);
    if !shares.is_sorted_by(|a, b| a.x < b.x) {
        return Err(UnlockError::Share);
    }
    if !quorum.met_by(shares.len()) {
        let have = u8::try_from(shares.len()).unwrap_or(u8::MAX);
        return Err(UnlockError::MoreNeeded { quorum, have });
    }
    let (schedule, wrong) = combine(&shares, suite, quorum, &parts)?;
    let key = schedule.payload(suite, header);
    Ok(Unlocked {
        header: Box::new(*header),
        head,
        suite,
        quorum,
        places: shares
            .iter()
            .map(|share| share.x.saturating_sub(1))
            .collect(),
        wrong,
        payload: Payload::new(suite, &key, head.chunks()),
    })
}

/// The fields of a header that is known to be one.
struct Parts<'h> {
    head: &'h [u8; HEAD_LEN],
    salt: &'h [u8; 32],
    commitment: &'h [u8; 32],
    slots: Vec<&'h [u8; SLOT_LEN]>,
}

impl<'h> Parts<'h> {
    fn of(header: &'h [u8; HEADER_LEN]) -> Option<Self> {
        let (head, rest) = header.split_first_chunk::<HEAD_LEN>()?;
        let salt = head.last_chunk()?;
        let (commitment, _) = rest.split_first_chunk()?;
        let (slots, _) = header.get(88..SLOTS_END)?.as_chunks::<SLOT_LEN>();
        Some(Self {
            head,
            salt,
            commitment,
            slots: slots.iter().collect(),
        })
    }
}

/// What one slot held.
struct Slot {
    suite: u8,
    quorum: u8,
    share: Share,
}

/// Tries every key on every slot.
fn open_slots(parts: &Parts<'_>, openers: &[Opener<'_>]) -> Result<Vec<Slot>, UnlockError> {
    let info = slot_info(parts.head, parts.commitment);
    let mut opened: Vec<(u8, Slot)> = Vec::new();
    for opener in openers {
        let secret = opener.secret.hpke();
        let mut found = None;
        for (place, slot) in (0_u8..).zip(&parts.slots) {
            let Some(text) = open_slot(&secret, &info, place, slot) else {
                continue;
            };
            if found.is_some() {
                return Err(UnlockError::TwoSlots);
            }
            let [suite, quorum, x, y @ ..] = &*text;
            // The places are 0 to 7, so this also refuses an x of 0 or above 8.
            if opener.place > 7 || opener.place.checked_add(1) != Some(*x) {
                return Err(UnlockError::Share);
            }
            let share = Share {
                x: *x,
                y: Zeroizing::new(*y),
            };
            found = Some((
                place,
                Slot {
                    suite: *suite,
                    quorum: *quorum,
                    share,
                },
            ));
        }
        // A slot that is open already was opened by a copy of the same vault.
        if let Some(found) = found
            && !opened.iter().any(|(place, _)| *place == found.0)
        {
            opened.push(found);
        }
    }
    Ok(opened.into_iter().map(|(_, slot)| slot).collect())
}

/// The first combination that meets the commitment, and the places of shares that do not fit it.
fn combine(
    shares: &[Share],
    suite: Suite,
    quorum: Quorum,
    parts: &Parts<'_>,
) -> Result<(Schedule, Vec<u8>), UnlockError> {
    for subset in subsets(shares, usize::from(quorum.get())) {
        let secret = interpolate(&subset, 0);
        let schedule = Schedule::new(parts.salt, &secret);
        let commitment = schedule.commitment(suite, quorum, parts.head);
        if bool::from(commitment.ct_eq(parts.commitment)) {
            let wrong = shares
                .iter()
                .filter(|share| {
                    let fits = interpolate(&subset, share.x).ct_eq(&*share.y);
                    !bool::from(fits)
                })
                .map(|share| share.x.saturating_sub(1))
                .collect();
            return Ok((schedule, wrong));
        }
    }
    Err(UnlockError::Commitment)
}

/// All subsets of this size in lexicographic order; of 8 shares there are at most 70.
fn subsets(shares: &[Share], size: usize) -> Vec<Vec<&Share>> {
    let Some(rest) = size.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let mut found = Vec::new();
    for (place, first) in shares.iter().enumerate() {
        let later = shares.get(place.saturating_add(1)..).unwrap_or_default();
        for mut subset in subsets(later, rest) {
            subset.insert(0, first);
            found.push(subset);
        }
    }
    found
}

/// A header whose commitment has matched: only this opens chunks.
pub struct Unlocked {
    header: Box<[u8; HEADER_LEN]>,
    head: EnvelopeHead,
    suite: Suite,
    quorum: Quorum,
    places: Vec<u8>,
    wrong: Vec<u8>,
    payload: Payload,
}

impl Unlocked {
    /// How many editors it took.
    #[must_use]
    pub const fn quorum(&self) -> Quorum {
        self.quorum
    }

    /// The cipher of the chunks.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// The epoch that the header names.
    #[must_use]
    pub const fn epoch(&self) -> Option<EpochNumber> {
        self.head.epoch()
    }

    /// Kind, epoch and length.
    #[must_use]
    pub const fn head(&self) -> &EnvelopeHead {
        &self.head
    }

    /// The places, from 0, whose shares were found.
    #[must_use]
    pub fn places(&self) -> &[u8] {
        &self.places
    }

    /// The places, from 0, whose shares do not fit the others. The drop opens with a warning.
    #[must_use]
    pub fn wrong_shares(&self) -> &[u8] {
        &self.wrong
    }

    /// Opens the drop whose chunks follow in `chunks`, and reads its manifest.
    ///
    /// # Errors
    /// [`OpenError`] when the chunks are not those of this header, or do not hold a drop.
    pub fn into_drop<R: Read>(self, chunks: R) -> Result<DropReader<R>, OpenError> {
        DropReader::new(&self.header, self.payload, self.quorum, chunks)
    }

    pub(crate) fn into_payload(self) -> Payload {
        self.payload
    }
}

impl fmt::Debug for Unlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unlocked(..)")
    }
}

#[cfg(test)]
mod tests;
