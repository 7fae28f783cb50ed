//! Brings sealed drops from the server onto a stick.

mod draft;
mod error;
mod plan;
mod report;
mod wants;

use std::collections::BTreeSet;

use knothole_envelope::{
    Day, DropId, EnvelopeHead, HEADER_LEN, Kind, ListedDrop, SigningSecret, TreeHash,
};
use knothole_onion::CollectionError;

use crate::bundle::HEAD_BYTES;
use crate::caller::Caller;
use crate::state::Held;
use crate::stick::Stick;
use draft::{Desk, Stretch};
pub(crate) use error::FetchError;
use plan::{Plan, Want};
pub(crate) use report::{Fetched, News};
use wants::wants;

/// A drop beyond so many bytes is not fetched unasked: 64 GiB.
pub(crate) const LARGEST_UNASKED: u64 = 64 << 30;
/// After so many drops in a row that the server could not give, the others are not asked for.
const MOST_FAILURES: u32 = 3;

/// What the person at the courier wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    /// Fetch again what was fetched already.
    pub(crate) again: bool,
    /// Of larger drops only header and first chunk are fetched.
    pub(crate) largest: u64,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            again: false,
            largest: LARGEST_UNASKED,
        }
    }
}

/// One visit to the server, with sticks to be filled one after the other.
pub(crate) struct Round<'r, 'c> {
    pub(crate) held: &'r mut Held,
    pub(crate) bundle_key: &'r SigningSecret,
    pub(crate) caller: &'r mut Caller<'c>,
    pub(crate) wishes: Wishes,
    pub(crate) today: Day,
    pub(crate) tell: &'r mut dyn FnMut(News),
}

impl Round<'_, '_> {
    /// Fetches what is new, and makes a signed bundle of it on each stick that it needs.
    pub(crate) async fn fetch(&mut self, sticks: &[Stick]) -> Result<Fetched, FetchError> {
        let listing = self.caller.ask(async |visit| visit.listing().await).await;
        let begun = self.begun(sticks)?;
        let listing = match listing {
            Ok(listing) => distinct(listing)?,
            Err(error) => return self.without_listing(begun, error),
        };
        let mut fetched = Fetched::default();
        self.held.state.forget_what_is_not_listed(&listing);
        if self.wishes.again {
            self.held.state.forget_what_was_carried();
        }
        self.held.save()?;
        let mut free: u64 = 0;
        let mut rooms = Vec::new();
        for stick in sticks {
            let room = stick.space().map_err(FetchError::stick)?.free;
            free = free.saturating_add(room);
            rooms.push(room);
        }
        let mut skipped = BTreeSet::new();
        let wants = wants(&self.held.state, &listing, self.wishes, &skipped);
        (self.tell)(News::Planned(Plan::new(&wants, &rooms).told()));
        // The one with a bundle that was broken off before the others.
        let is_begun = |stick: &&Stick| begun.is_some_and(|begun| core::ptr::eq(begun, *stick));
        let others = sticks.iter().filter(|stick| !is_begun(stick));
        for stick in begun.into_iter().chain(others) {
            match self.onto(stick, &listing, &mut skipped, &mut fetched).await {
                Ok(()) => {}
                // What lies on the sticks before this one is done all the same.
                Err(error) if !fetched.bundles.is_empty() => {
                    fetched.interrupted = Some(error.to_string());
                }
                Err(error) => return Err(error),
            }
            if fetched.left == 0 || fetched.interrupted.is_some() {
                return Ok(fetched);
            }
        }
        if fetched.bundles.is_empty() {
            let needed = fetched.left_bytes;
            return Err(FetchError::NoRoom { needed, free });
        }
        Ok(fetched)
    }

    /// The stick with the bundle that was broken off, if it is among these.
    fn begun<'s>(&self, sticks: &'s [Stick]) -> Result<Option<&'s Stick>, FetchError> {
        let Some(draft) = &self.held.state.draft else {
            return Ok(None);
        };
        for stick in sticks {
            let folder = stick.folder(draft.name()).map_err(FetchError::stick)?;
            if folder.is_some() {
                return Ok(Some(stick));
            }
        }
        Ok(None)
    }

    /// Makes of use what was fetched before the server went away. On another stick nothing can be
    /// begun now, and what was broken off stays as it is.
    fn without_listing(
        &mut self,
        begun: Option<&Stick>,
        error: CollectionError,
    ) -> Result<Fetched, FetchError> {
        let Some(stick) = begun else {
            return Err(error.into());
        };
        let mut fetched = Fetched::default();
        let (held, key) = (&mut *self.held, self.bundle_key);
        let desk = Desk::take_up(held, key, stick, self.tell, &mut fetched)?;
        match without_server(desk, None, self.today, &mut fetched, error) {
            Ok(()) => {}
            // A bundle that had been signed is done.
            Err(error) if !fetched.bundles.is_empty() => {
                fetched.interrupted = Some(error.to_string());
            }
            Err(error) => return Err(error),
        }
        Ok(fetched)
    }

    /// Fetches onto one stick what fits there of the drops that are not skipped.
    async fn onto(
        &mut self,
        stick: &Stick,
        listing: &[ListedDrop],
        skipped: &mut BTreeSet<DropId>,
        fetched: &mut Fetched,
    ) -> Result<(), FetchError> {
        fetched.left = 0;
        fetched.left_bytes = 0;
        let mut desk = Desk::take_up(self.held, self.bundle_key, stick, self.tell, fetched)?;
        desk.take_back_what_is_listed_otherwise(listing)?;
        let wants = wants(desk.state(), listing, self.wishes, skipped);
        let mut failures: u32 = 0;
        let mut failed = None;
        for want in &wants {
            let drop = &want.drop;
            match one(&mut desk, self.caller, want, self.tell, fetched).await {
                Ok(Went::On) => failures = 0,
                Ok(Went::Full) => fetched.leave(want.missing_after(desk.reached(drop))),
                Err(FetchError::Server(CollectionError::NotThere)) => {
                    desk.take_back(drop)?;
                    skipped.insert(drop.id);
                    fetched.gone = fetched.gone.saturating_add(1);
                }
                // One drop that the server cannot give must not stand in the way of the others.
                Err(FetchError::Server(error))
                    if is_about_one(&error) && failures < MOST_FAILURES =>
                {
                    desk.keep_what_was_written()?;
                    skipped.insert(drop.id);
                    failures = failures.saturating_add(1);
                    fetched.failed = fetched.failed.saturating_add(1);
                    failed = Some(error);
                }
                Err(FetchError::Server(error)) => {
                    return without_server(desk, Some(listing), self.today, fetched, error);
                }
                Err(error) => return Err(error),
            }
        }
        match failed {
            // The bundle stays open: the same again goes on with it.
            Some(error) if fetched.left == 0 && !desk.has_whole_drop() => Err(error.into()),
            _ => desk.finish(Some(listing), self.today, fetched),
        }
    }
}

/// Whether the failure may be about one drop and not about the way to the server.
fn is_about_one(error: &CollectionError) -> bool {
    !matches!(
        error,
        CollectionError::Dial(_) | CollectionError::NotAdmitted
    )
}

/// Closes the bundle where it holds a whole drop; else it stays open, and the error is the end.
fn without_server(
    mut desk: Desk<'_>,
    listing: Option<&[ListedDrop]>,
    today: Day,
    fetched: &mut Fetched,
    error: CollectionError,
) -> Result<(), FetchError> {
    for drop in desk.drops() {
        judge(&mut desk, &drop, fetched)?;
    }
    if !desk.has_whole_drop() {
        return Err(error.into());
    }
    desk.keep_what_was_written()?;
    desk.finish(listing, today, fetched)?;
    fetched.interrupted = Some(error.to_string());
    Ok(())
}

/// Whether there was room for it.
enum Went {
    On,
    Full,
}

/// Brings one drop, or what fits of it.
async fn one(
    desk: &mut Desk<'_>,
    caller: &mut Caller<'_>,
    want: &Want,
    tell: &mut dyn FnMut(News),
    fetched: &mut Fetched,
) -> Result<Went, FetchError> {
    let drop = want.drop;
    if want.head_only {
        let stretch = Stretch {
            drop,
            offset: 0,
            length: HEAD_BYTES,
        };
        if desk.room()? < HEAD_BYTES || desk.is_full_of_parts() {
            return Ok(Went::Full);
        }
        match bring(desk, caller, stretch, tell).await {
            Ok(()) => {}
            Err(FetchError::StickFull) => return Ok(Went::Full),
            Err(FetchError::NotAsListed) => mistrust(desk, &drop, fetched)?,
            Err(error) => return Err(error),
        }
        return Ok(Went::On);
    }
    // It is wanted whole now, and a byte lies in one part only.
    if desk.state().draft_has_head_of(&drop) {
        desk.take_back(&drop)?;
    }
    loop {
        let at = desk.reached(&drop);
        let left = drop.length().saturating_sub(at);
        if left == 0 {
            break;
        }
        if desk.is_full_of_parts() {
            return Ok(Went::Full);
        }
        // A part that was broken off keeps its length.
        let length = match desk.broken_off(&drop, at) {
            Some(length) => Some(length),
            None => plan::part_length(left, desk.room()?),
        };
        let Some(length) = length else {
            return Ok(Went::Full);
        };
        let stretch = Stretch {
            drop,
            offset: at,
            length,
        };
        match bring(desk, caller, stretch, tell).await {
            Ok(()) => {}
            Err(FetchError::StickFull) => return Ok(Went::Full),
            Err(FetchError::NotAsListed) => {
                mistrust(desk, &drop, fetched)?;
                return Ok(Went::On);
            }
            Err(error) => return Err(error),
        }
    }
    judge(desk, &drop, fetched)?;
    Ok(Went::On)
}

/// Compares the tree hash of a drop that has come whole with the listing.
fn judge(desk: &mut Desk<'_>, drop: &ListedDrop, fetched: &mut Fetched) -> Result<(), FetchError> {
    if desk.reached(drop) < drop.length() {
        return Ok(());
    }
    let segments = desk.segments(drop);
    if TreeHash::from_segments(drop.length(), &segments) == Some(drop.tree) {
        Ok(())
    } else {
        mistrust(desk, drop, fetched)
    }
}

/// The server has other bytes than it lists: they go from the stick, and are not asked for again.
fn mistrust(
    desk: &mut Desk<'_>,
    drop: &ListedDrop,
    fetched: &mut Fetched,
) -> Result<(), FetchError> {
    desk.take_back(drop)?;
    desk.mistrust(drop)?;
    fetched.mistrusted = fetched.mistrusted.saturating_add(1);
    Ok(())
}

/// Brings one part.
async fn bring(
    desk: &mut Desk<'_>,
    caller: &mut Caller<'_>,
    stretch: Stretch,
    tell: &mut dyn FnMut(News),
) -> Result<(), FetchError> {
    let mut part = desk.begin(stretch)?;
    let from = part.reached();
    let to = stretch.end();
    let fetched = caller
        .fetch(&stretch.drop.id, from, to, |segment| {
            if part.reached() == 0 && !is_head_of(segment, &stretch.drop) {
                return Err(FetchError::NotAsListed);
            }
            desk.write(&mut part, segment)?;
            tell(News::Came {
                at: part.reached(),
                of: stretch.drop.length(),
            });
            Ok(())
        })
        .await;
    match fetched {
        Ok(()) => desk.end(part),
        Err(FetchError::StickFull) => {
            desk.give_up(part)?;
            Err(FetchError::StickFull)
        }
        Err(error) => Err(error),
    }
}

/// Whether these bytes begin like the drop that is listed.
fn is_head_of(segment: &[u8], drop: &ListedDrop) -> bool {
    let Some((header, _)) = segment.split_first_chunk::<HEADER_LEN>() else {
        return false;
    };
    EnvelopeHead::gate(header).is_ok_and(|head| {
        head.kind() == Kind::Drop
            && head.epoch() == Some(drop.epoch)
            && head.envelope_len() == drop.length()
    })
}

/// The listing, in which no drop stands twice.
fn distinct(mut listing: Vec<ListedDrop>) -> Result<Vec<ListedDrop>, FetchError> {
    listing.sort_unstable_by_key(|drop| drop.id);
    if listing.is_sorted_by(|one, next| one.id < next.id) {
        Ok(listing)
    } else {
        Err(FetchError::DoubledListing)
    }
}
