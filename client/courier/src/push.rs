//! Brings the newsroom's outbox to the server: charters, sheets that are due, receipts, replies.

mod error;

use std::fmt;

use knothole_envelope::{Charter, Day, EpochNumber, Receipt, Sheet, Signed, VerifiedChain};
use knothole_onion::CollectionError;
use serde::Serialize;

use crate::caller::Caller;
pub(crate) use error::PushError;

use crate::exit::Exit;
use crate::outbox::Outbox;
use crate::random;
use crate::shown;
use crate::state::{Held, LOT_OF_REPLIES};

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
    /// The number of the charter that recovery papers made, if one did.
    pub(crate) recovered: Option<u32>,
    /// The number of the charter that the server showed, where it had taken a newer one before; 0 where
    /// it showed none.
    pub(crate) rolled_back: Option<u32>,
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
    /// Replies that were handed over, dummies not counted.
    pub(crate) replies: usize,
    /// Replies that wait here for the next time.
    pub(crate) replies_waiting: usize,
    /// Replies of the outbox for which there was no place here.
    pub(crate) replies_left: usize,
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
    /// Replies.
    Replies,
    /// Replies, for which it has no room.
    RepliesFull,
    /// Replies, because it is of a version without mailboxes.
    RepliesUnknown,
}

impl Pushed {
    /// How the program ends after it.
    #[must_use]
    pub(crate) const fn exit(&self) -> Exit {
        let all = self.stale_receipts == 0 && self.replies_left == 0 && self.refused.is_empty();
        if all && self.rolled_back.is_none() {
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
        if let Some(shown) = self.rolled_back {
            let (what, told) = match shown {
                shown::NO_CHARTER => ("no charter".to_owned(), ""),
                number => (
                    format!("charter {number}"),
                    ". The next bundle tells the offline machine",
                ),
            };
            writeln!(
                f,
                "WARNING: the server showed {what}, and it had a newer one from here before. It was \
                 set back to an old copy, or it is in other hands; sources may have been shown old \
                 keys. Ask the administrator{told}"
            )?;
        }
        if let Some(recovered) = self.recovered {
            writeln!(
                f,
                "WARNING: charter {recovered} was made by the newsroom's recovery papers in place \
                 of its editors. If nobody at the newsroom knows of it, stop and ask"
            )?;
        }
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
        self.tell_replies(f)
    }
}

impl Pushed {
    fn tell_replies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\nreplies handed over: {}", self.replies)?;
        if self.refused.contains(&Refusable::RepliesFull) {
            f.write_str(
                "\nthe server has no room for replies (code 507): they wait here. Its \
                 administrator can give them more",
            )?;
        }
        if self.refused.contains(&Refusable::RepliesUnknown) {
            f.write_str("\nthe server has no mailboxes (code 404), and the replies wait here")?;
        }
        if self.refused.contains(&Refusable::Replies) {
            f.write_str("\nthe server refused the replies (code 403): they wait here")?;
        }
        if self.replies_waiting > 0 {
            write!(
                f,
                "\nreplies that wait here for the next push or sync: {}. At most {LOT_OF_REPLIES} \
                 go each time",
                self.replies_waiting
            )?;
        }
        if self.replies_left > 0 {
            write!(
                f,
                "\nreplies for which there was no place here: {}. Bring the same outbox again \
                 after the next sync",
                self.replies_left
            )?;
        }
        Ok(())
    }
}

/// What an outbox brought that goes to the server at once.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    receipts: Vec<Signed<Receipt>>,
    /// Replies for which there was no place.
    replies_left: usize,
}

/// Takes an outbox into the state, after all of it was verified.
pub(crate) fn take_in(held: &mut Held, outbox: Outbox, today: Day) -> Result<Brought, PushError> {
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
    Ok(Brought {
        receipts: outbox.receipts,
        replies_left: held.take_replies(outbox.replies)?,
    })
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
    brought: Brought,
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
    let (good, stale): (Vec<_>, Vec<_>) = brought
        .receipts
        .into_iter()
        .partition(|receipt| receipt.verify(&chain).is_ok());
    let rolled_back = shown::look(held, caller, &chain).await?;
    caller
        .ask(async |visit| visit.put_charter(chain.chain()).await)
        .await
        .map_err(PushError::from_charter)?;
    held.state.charter_pushed = Some(chain.sequence());
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
    let replies = hand_over_replies(held, caller, &mut refused, today).await?;
    let waiting: Vec<Day> = sheets
        .iter()
        .map(|sheet| sheet.unverified().first())
        .filter(|first| !is_ahead(*first, today))
        .collect();
    Ok(Pushed {
        charter: Some(chain.sequence()),
        recovered: chain.recovered().map(Charter::sequence),
        rolled_back,
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
        replies,
        replies_waiting: held.replies()?.len(),
        replies_left: brought.replies_left,
        refused,
    })
}

/// Hands over as many replies each time, dummies among them; answers how many were none.
async fn hand_over_replies(
    held: &mut Held,
    caller: &mut Caller<'_>,
    refused: &mut Vec<Refusable>,
    today: Day,
) -> Result<usize, PushError> {
    let lot = held.lot_of_replies(&mut random::system())?;
    let taken = caller
        .ask(async |visit| visit.post_replies(&lot).await)
        .await;
    match taken {
        Err(CollectionError::NoRoom) => refused.push(Refusable::RepliesFull),
        // A server that knows no mailboxes is told of only when there is something for one.
        Err(CollectionError::NotThere) if held.replies()?.is_empty() => {}
        Err(CollectionError::NotThere) => refused.push(Refusable::RepliesUnknown),
        taken => {
            if note(refused, Refusable::Replies, taken)? {
                return Ok(held.replies_were_taken(&lot, today)?);
            }
        }
    }
    Ok(0)
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
