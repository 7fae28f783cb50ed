//! What goes back to the server: charters, sheets, receipts and replies, on a stick.
//!
//! ```text
//! STICK/
//!   knothole-outbox/
//!     charter          the charter chain, canonical CBOR (`CharterChain::encode`)
//!     sheets/
//!       1              one signed epoch sheet (`Signed<Sheet>::encode`); the name is the number of
//!       2              the epoch in decimal digits, without leading zeros
//!     receipts         a CBOR array of signed receipts (`Signed<Receipt>::encode_list`), which may
//!                      be empty; at most 65,536
//!     replies          a CBOR array of sealed replies (`PushedReply::encode_list`), which may be
//!                      empty; at most 64, in the order in which they are to be shown
//! ```
//!
//! - Every file is complete or absent: it is written under a name that ends in `.new`, synced and
//!   renamed. Readers skip names that end in `.new`, and any other name they do not know.
//! - An outbox replaces the one before it: what is no longer in it was taken back or is done with.
//! - Nothing in it is secret from the server. The sheets are secret from it until they are released:
//!   a courier keeps them, and gives the server each at most 7 days before its first day.
//! - An automatic reply waits for an outbox of a later day than the first that has its receipt.
//! - From its first outbox on a reply is in every one until it was surely carried; courier and server know it again.

use std::path::Path;

use knothole_envelope::{Day, PushedReply, Receipt, Sheet, Signed, VerifiedChain, VerifiedSheet};

use crate::archive::{KeptDrop, State, Status};
use crate::editor::Editor;
use crate::folder::{Existing, FileError, Folder};

const FOLDER: &str = "knothole-outbox";
const CHARTER: &str = "charter";
const SHEETS: &str = "sheets";
const RECEIPTS: &str = "receipts";
const REPLIES: &str = "replies";
/// An outbox carries the sheets of so many days to come: 13 weeks.
const DAYS_AHEAD: u32 = 91;
/// A sheet of 8 editors, signed by all, is well below this.
const MOST_SHEET_BYTES: u64 = 1 << 16;
/// Of more receipts the oldest wait for the next time.
const MOST_RECEIPTS: usize = 65_536;

/// What was laid into an outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// How many epoch sheets.
    pub sheets: usize,
    /// The last day for which there is a sheet.
    pub until: Option<Day>,
    /// How many receipts.
    pub receipts: usize,
    /// How many replies.
    pub replies: usize,
}

/// Lays out what the newsroom has for its server, in place of what lay there.
///
/// # Errors
/// [`FileError`]; then every file is still the old one or already the new one.
pub fn lay(
    stick: &Path,
    state: &State,
    editors: &[impl Editor],
    today: Day,
) -> Result<Laid, FileError> {
    let stick = Folder::open(stick)?;
    let folder = stick.child_or_make(FOLDER)?;
    // A stick that is pulled as soon as this is done has the folder, by its name.
    stick.sync()?;
    folder.put(CHARTER, &state.chain().chain().encode(), Existing::Replace)?;
    let sheets = carried(state, today);
    let box_of_sheets = folder.child_or_make(SHEETS)?;
    let names: Vec<_> = sheets
        .iter()
        .map(|sheet| sheet.unverified().epoch().to_string())
        .collect();
    for old in box_of_sheets.names()? {
        if !names.contains(&old) {
            box_of_sheets.remove(&old)?;
        }
    }
    for (name, sheet) in names.iter().zip(&sheets) {
        box_of_sheets.put(name, &sheet.encode(), Existing::Replace)?;
    }
    // Where no new sheet is put, the old ones are gone all the same.
    box_of_sheets.sync()?;
    let receipts = receipts(state, editors);
    let encoded = Signed::encode_list(&receipts);
    folder.put(RECEIPTS, &encoded, Existing::Replace)?;
    let replies = replies(state, today);
    let encoded = PushedReply::encode_list(&replies);
    folder.put(REPLIES, &encoded, Existing::Replace)?;
    Ok(Laid {
        sheets: sheets.len(),
        until: sheets.iter().map(|sheet| sheet.unverified().last()).max(),
        receipts: receipts.len(),
        replies: replies.len(),
    })
}

/// The sheets that lie beside the charter of an outbox, as far as they are this newsroom's.
#[must_use]
pub fn sheets_beside(charter: &Path, chain: &VerifiedChain) -> Vec<VerifiedSheet> {
    let read = || {
        let (outbox, _) = Folder::of_file(charter)?;
        let sheets = outbox.child(SHEETS)?;
        let names = sheets.names()?;
        let read = names.iter().map(|name| sheets.read(name, MOST_SHEET_BYTES));
        Ok::<Vec<_>, FileError>(read.filter_map(Result::ok).collect())
    };
    // A charter that was saved from the drop-box has nothing beside it.
    let sheets = read().unwrap_or_default();
    let sheets = sheets.iter().filter_map(|sheet| {
        let sheet = Signed::<Sheet>::decode(sheet).ok()?;
        sheet.verify(chain).ok()
    });
    sheets.collect()
}

/// The last day on which a sheet may begin that an outbox of today carries.
pub(crate) fn horizon(today: Day) -> Day {
    today.checked_add(DAYS_AHEAD).unwrap_or(today)
}

/// The sheets of the current charter for today and the weeks to come.
fn carried(state: &State, today: Day) -> Vec<&Signed<Sheet>> {
    let current = state.chain().current_hash();
    let horizon = horizon(today);
    let wanted = |sheet: &&Signed<Sheet>| {
        let sheet = sheet.unverified();
        *sheet.charter() == current
            && sheet.last() >= today
            && sheet.first() <= horizon
            && state.burned.get(sheet.epoch()).is_none()
    };
    state.sheets().iter().filter(wanted).collect()
}

fn replies(state: &State, today: Day) -> Vec<PushedReply> {
    let conversations = &state.conversations;
    let pushed = conversations.going(today).filter_map(|kept| {
        let block = conversations.get(kept.conversation())?.block();
        Some(PushedReply {
            mailbox: block.mailbox,
            erase: block.erase,
            envelope: Box::new(*kept.envelope()),
        })
    });
    pushed.collect()
}

fn receipts(state: &State, editors: &[impl Editor]) -> Vec<Signed<Receipt>> {
    let mut done: Vec<_> = state.done().collect();
    done.sort_by_key(|kept| core::cmp::Reverse(kept.seen));
    let burned: Vec<_> = state.burned.epochs().collect();
    done.truncate(MOST_RECEIPTS.saturating_sub(burned.len()));
    let sign = |receipt: Receipt| {
        let mut receipt = Signed::new(receipt);
        for editor in editors {
            receipt.sign(state.chain().fingerprint(), editor.signing());
        }
        receipt
    };
    // A burned epoch frees all that is left of it, and goes out for ever: it is a short list.
    let burned = burned.into_iter().map(|epoch| Receipt::Burned { epoch });
    let done = done.into_iter().map(receipt);
    burned.chain(done).map(sign).collect()
}

const fn receipt(kept: &KeptDrop) -> Receipt {
    let (drop, tree, length) = (kept.listed.id, kept.listed.tree, kept.listed.length());
    match kept.status {
        Status::Refused => Receipt::Refused { drop, tree, length },
        _ => Receipt::Opened { drop, tree, length },
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
