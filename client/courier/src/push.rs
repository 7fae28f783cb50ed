//! Brings the newsroom's outbox to the server: charters, sheets that are due, receipts.

use std::fmt;

use knothole_envelope::{
    ChainError, Day, EpochNumber, Receipt, Sheet, SheetError, Signed, VerifiedChain,
};
use knothole_onion::CollectionError;
use serde::Serialize;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::outbox::{Outbox, OutboxError};
use crate::state::{Held, StateError};

/// A sheet goes to the server so many days before its first day, and not earlier: a server that
/// is seized cannot go on serving what it never had.
const DAYS_AHEAD: u32 = 7;
/// The server holds the current sheet and the next.
const MOST_RELEASED: usize = 2;
/// Receipts go in lots, so that no request is large.
const LOT: usize = 256;

/// What a push has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Pushed {
    /// The sequence number of the charter that the server now has.
    pub(crate) charter: Option<u32>,
    /// The epochs whose sheets the server now has from this courier.
    pub(crate) released: Vec<u32>,
    /// The sheets that wait here for their day.
    pub(crate) waiting: usize,
    /// The day from which on the next of them may go.
    pub(crate) next_release: Option<String>,
    /// Receipts that were handed over.
    pub(crate) receipts: usize,
    /// Receipts that the newest charter does not bear out, and that stayed behind.
    pub(crate) stale_receipts: usize,
    /// What the server refused to take.
    pub(crate) refused: Vec<Refusable>,
}

/// What a server may refuse while it takes the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Refusable {
    /// Epoch sheets.
    Sheets,
    /// Receipts.
    Receipts,
}

impl Pushed {
    /// How the program ends after it.
    #[must_use]
    pub(crate) const fn exit(&self) -> Exit {
        if self.stale_receipts == 0 && self.refused.is_empty() {
            Exit::Done
        } else {
            Exit::Partly
        }
    }
}

impl fmt::Display for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(charter) = self.charter else {
            return f
                .write_str("nothing to push yet: no outbox came from the offline machine so far");
        };
        write!(f, "charter {charter}: the server has it")?;
        for epoch in &self.released {
            write!(f, "\nkeys of epoch {epoch}: the server has them")?;
        }
        if self.refused.contains(&Refusable::Sheets) {
            f.write_str(
                "\nthe server refused the keys that are due (code 403): is its clock right, and \
                 was an epoch of them burned?",
            )?;
        } else if self.released.is_empty() {
            f.write_str(
                "\nno keys are due: sources cannot seal anything until there are some. Make new \
                 ones on the offline machine and bring its outbox",
            )?;
        }
        if self.waiting > 0 {
            write!(f, "\nkeys that wait here for their day: {}", self.waiting)?;
        }
        if let Some(day) = &self.next_release {
            write!(f, ", the next from {day} on")?;
        }
        write!(f, "\nreceipts handed over: {}", self.receipts)?;
        if self.refused.contains(&Refusable::Receipts) {
            f.write_str(
                "\nthe server refused receipts (code 403): bring a new outbox from the offline \
                 machine",
            )?;
        }
        if self.stale_receipts > 0 {
            write!(
                f,
                "\nreceipts that too few of today's editors signed, not handed over: {}. Sign \
                 them again on the offline machine",
                self.stale_receipts
            )?;
        }
        Ok(())
    }
}

/// Takes an outbox into the state, after all of it was verified.
pub(crate) fn take_in(
    held: &mut Held,
    outbox: Outbox,
    today: Day,
) -> Result<Vec<Signed<Receipt>>, PushError> {
    let fingerprint = held.pairing()?.fingerprint;
    let chain = outbox
        .chain
        .verify(&fingerprint)
        .map_err(PushError::Charter)?;
    if let Some(known) = held.state.chain()? {
        if chain.sequence() < known.sequence() {
            return Err(PushError::OlderCharter {
                found: chain.sequence(),
                known: known.sequence(),
            });
        }
        if !chain.continues(&known) {
            return Err(PushError::OtherCharter);
        }
    }
    // An outbox replaces the one before it: what is not in it any more was taken back.
    let sheets = still_of_use(&chain, outbox.sheets, today)?;
    held.state.set_chain(&chain);
    held.state.set_sheets(&sheets);
    held.save()?;
    Ok(outbox.receipts)
}

/// The sheets of the newest charter that are not over, one per epoch, the first ones winning.
///
/// A sheet of an older charter was made for other editors; what was not released of it never is.
fn still_of_use(
    chain: &VerifiedChain,
    sheets: Vec<Signed<Sheet>>,
    today: Day,
) -> Result<Vec<Signed<Sheet>>, PushError> {
    let mut kept: Vec<(EpochNumber, Signed<Sheet>)> = Vec::new();
    for sheet in sheets {
        let epoch = sheet.unverified().epoch();
        let verified = sheet
            .verify(chain)
            .map_err(|error| PushError::Sheet { epoch, error })?;
        let doubled = kept.iter().any(|(other, _)| *other == epoch);
        if verified.under_current_charter() && verified.last() >= today && !doubled {
            kept.push((epoch, sheet));
        }
    }
    kept.sort_by_key(|(epoch, sheet)| (sheet.unverified().first(), *epoch));
    Ok(kept.into_iter().map(|(_, sheet)| sheet).collect())
}

/// Hands over what there is, in the same requests whether or not anything is new.
pub(crate) async fn hand_over(
    held: &mut Held,
    caller: &mut Caller<'_>,
    receipts: Vec<Signed<Receipt>>,
    today: Day,
) -> Result<Pushed, PushError> {
    let Some(chain) = held.state.chain()? else {
        return Ok(Pushed::default());
    };
    let sheets = still_of_use(&chain, held.state.sheets()?, today)?;
    let due: Vec<_> = sheets
        .iter()
        .filter(|sheet| is_due(sheet.unverified(), today))
        .take(MOST_RELEASED)
        .cloned()
        .collect();
    let (good, stale): (Vec<_>, Vec<_>) = receipts
        .into_iter()
        .partition(|receipt| receipt.verify(&chain).is_ok());
    caller
        .ask(async |visit| visit.put_charter(chain.chain()).await)
        .await
        .map_err(PushError::from_charter)?;
    let mut refused = Vec::new();
    let sheets_taken = caller.ask(async |visit| visit.put_sheets(&due).await).await;
    note(&mut refused, Refusable::Sheets, sheets_taken)?;
    // One lot at least, so that a push without receipts looks like one with a few.
    let (first, rest) = good.split_at_checked(LOT).unwrap_or((&good, &[]));
    let mut handed_over: usize = 0;
    for lot in std::iter::once(first).chain(rest.chunks(LOT)) {
        let taken = caller
            .ask(async |visit| visit.post_receipts(lot).await)
            .await;
        if note(&mut refused, Refusable::Receipts, taken)? {
            handed_over = handed_over.saturating_add(lot.len());
        }
    }
    held.state.set_sheets(&sheets);
    held.save()?;
    let waiting: Vec<Day> = sheets
        .iter()
        .map(|sheet| sheet.unverified().first())
        .filter(|first| !is_ahead(*first, today))
        .collect();
    Ok(Pushed {
        charter: Some(chain.sequence()),
        released: if refused.contains(&Refusable::Sheets) {
            Vec::new()
        } else {
            due.iter()
                .map(|sheet| sheet.unverified().epoch().get())
                .collect()
        },
        waiting: waiting.len(),
        next_release: waiting
            .iter()
            .min()
            .and_then(|first| first.checked_sub(DAYS_AHEAD))
            .map(|day| day.to_string()),
        receipts: handed_over,
        stale_receipts: stale.len(),
        refused,
    })
}

/// Notes a refusal, so that the rest is handed over all the same. Answers whether it was taken.
fn note(
    refused: &mut Vec<Refusable>,
    what: Refusable,
    taken: Result<(), CollectionError>,
) -> Result<bool, PushError> {
    match taken {
        Ok(()) => Ok(true),
        Err(CollectionError::Refused(_)) => {
            if !refused.contains(&what) {
                refused.push(what);
            }
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_due(sheet: &Sheet, today: Day) -> bool {
    is_ahead(sheet.first(), today) && today <= sheet.last()
}

fn is_ahead(first: Day, today: Day) -> bool {
    today
        .checked_add(DAYS_AHEAD)
        .is_none_or(|ahead| first <= ahead)
}

/// Why nothing was pushed, or not all of it.
#[derive(Debug)]
pub(crate) enum PushError {
    /// There is no outbox on the stick.
    NoOutbox,
    /// The outbox cannot be read.
    Outbox(OutboxError),
    /// The charters do not verify.
    Charter(ChainError),
    /// The charters end earlier than those that were pushed before.
    OlderCharter {
        /// The newest one on the stick.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// The charters are not those that were pushed before, with more of them.
    OtherCharter,
    /// A sheet does not verify.
    Sheet {
        /// The epoch it is for.
        epoch: EpochNumber,
        /// What is wrong with it.
        error: SheetError,
    },
    /// The server does not take the newsroom's charters.
    CharterRefused(CollectionError),
    /// The clock shows no day.
    Clock,
    /// The server did not take it.
    Server(CollectionError),
    /// The courier's memory failed.
    State(StateError),
}

impl PushError {
    fn from_charter(error: CollectionError) -> Self {
        match error {
            CollectionError::Refused(_) => Self::CharterRefused(error),
            error => Self::Server(error),
        }
    }

    /// How the program ends after it.
    #[must_use]
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoOutbox
            | Self::Charter(_)
            | Self::OlderCharter { .. }
            | Self::OtherCharter
            | Self::CharterRefused(_)
            | Self::Clock
            | Self::Sheet { .. } => Exit::Refused,
            Self::Outbox(error) => error.exit(),
            Self::Server(error) => crate::exit::of_server(error),
            Self::State(error) => error.exit(),
        }
    }
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOutbox => f.write_str(
                "there is no outbox on this stick: `knothole outbox` writes one on the offline \
                 machine",
            ),
            Self::Outbox(error) => error.fmt(f),
            Self::Charter(_) => f.write_str(
                "the charters on the stick were refused, and nothing was pushed: is it the stick \
                 of this newsroom?",
            ),
            Self::OlderCharter { found, known } => write!(
                f,
                "the stick has charter {found}, but charter {known} was pushed already: an older \
                 one would bring back editors that left. Write the outbox again"
            ),
            Self::OtherCharter => f.write_str(
                "the charters on the stick contradict those that were pushed before: two offline \
                 machines may have changed the newsroom apart from each other. Nothing was pushed",
            ),
            Self::Sheet { epoch, .. } => write!(
                f,
                "the keys of epoch {epoch} on the stick were refused, and nothing was pushed: \
                 write the outbox again"
            ),
            Self::CharterRefused(_) => f.write_str(
                "the server did not take the newsroom's charters: its administrator must have run \
                 `knothole-server trust` with the newsroom's fingerprint, or it holds newer ones",
            ),
            Self::Clock => f.write_str(crate::exit::NO_DAY),
            Self::Server(error) => error.fmt(f),
            Self::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PushError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Charter(error) => Some(error),
            Self::Sheet { error, .. } => Some(error),
            Self::CharterRefused(error) => Some(error),
            Self::Outbox(error) => error.source(),
            Self::Server(error) => error.source(),
            Self::State(error) => error.source(),
            Self::NoOutbox | Self::OlderCharter { .. } | Self::OtherCharter | Self::Clock => None,
        }
    }
}

impl From<OutboxError> for PushError {
    fn from(error: OutboxError) -> Self {
        Self::Outbox(error)
    }
}

impl From<CollectionError> for PushError {
    fn from(error: CollectionError) -> Self {
        Self::Server(error)
    }
}

impl From<StateError> for PushError {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}
