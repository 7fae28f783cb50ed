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
#[non_exhaustive]
pub struct Pushed {
    /// The sequence number of the charter that the server now has.
    pub charter: Option<u32>,
    /// The epochs whose sheets the server now has from this courier.
    pub released: Vec<u32>,
    /// The sheets that wait here for their day.
    pub waiting: usize,
    /// The day from which on the next of them may go.
    pub next_release: Option<String>,
    /// Receipts that were handed over.
    pub receipts: usize,
    /// Receipts that the newest charter does not bear out, and that stayed behind.
    pub stale_receipts: usize,
}

impl Pushed {
    /// How the program ends after it.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        if self.stale_receipts == 0 {
            Exit::Done
        } else {
            Exit::Partly
        }
    }
}

impl fmt::Display for Pushed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(charter) = self.charter else {
            return f.write_str(
                "nothing to push yet: no outbox came from the offline machine so far",
            );
        };
        write!(f, "charter {charter}: the server has it")?;
        for epoch in &self.released {
            write!(f, "\nkeys of epoch {epoch}: the server has them")?;
        }
        if self.released.is_empty() {
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
    let mut sheets = outbox.sheets;
    sheets.extend(held.state.sheets()?);
    let sheets = still_of_use(&chain, sheets, today)?;
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
        .await?;
    caller
        .ask(async |visit| visit.put_sheets(&due).await)
        .await?;
    // One lot at least, so that a push without receipts looks like one with a few.
    let (first, rest) = good.split_at_checked(LOT).unwrap_or((&good, &[]));
    for lot in std::iter::once(first).chain(rest.chunks(LOT)) {
        caller
            .ask(async |visit| visit.post_receipts(lot).await)
            .await?;
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
        released: due
            .iter()
            .map(|sheet| sheet.unverified().epoch().get())
            .collect(),
        waiting: waiting.len(),
        next_release: waiting
            .iter()
            .min()
            .and_then(|first| first.checked_sub(DAYS_AHEAD))
            .map(|day| day.to_string()),
        receipts: good.len(),
        stale_receipts: stale.len(),
    })
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
#[non_exhaustive]
pub enum PushError {
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
    /// The clock shows no day.
    Clock,
    /// The server did not take it.
    Server(CollectionError),
    /// The courier's memory failed.
    State(StateError),
}

impl PushError {
    /// How the program ends after it.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoOutbox
            | Self::Charter(_)
            | Self::OlderCharter { .. }
            | Self::OtherCharter
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
