//! Taking what bundles brought into the archive, so that the sticks may be wiped.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use knothole_envelope::{BundlePart, Day, DropId, ListedDrop};

use super::{Checked, News, Problem, Sticks};
use crate::archive::{
    Archive, ArchiveError, Couriers, KeepError, KeptDrop, MOST_DROPS, MOST_LISTED, Status,
};
use crate::escape;
use crate::failure::told;

/// Where a part is that is here now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whence {
    /// It was here before.
    Archive,
    /// It was copied.
    Stick,
}

/// What came in.
#[derive(Debug, Default)]
pub struct Taken {
    /// The drops that are whole now and were not before.
    pub whole: Vec<DropId>,
    /// The drops of which a part came in, and not all.
    pub parts: Vec<DropId>,
    /// What did not come in.
    pub problems: Vec<Problem>,
    /// So many drops that are only listed found no place in the account.
    pub unnoted: usize,
}

/// Who lists the drops of a bundle, and when.
struct Listing {
    /// The courier's place in the state.
    courier: usize,
    date: Day,
    /// It was taken before.
    again: bool,
    /// How many drops that did not come whole the courier answers for.
    unproved: usize,
}

impl Archive {
    /// Copies what the bundles hold. The state is not saved yet.
    ///
    /// # Errors
    /// [`ArchiveError`] when the archive cannot be written; what was copied by then is found again.
    pub fn take(
        &mut self,
        sticks: &Sticks,
        bundles: &[Checked<'_>],
    ) -> Result<Taken, ArchiveError> {
        self.fits(self.needed(sticks, bundles))?;
        let mut taken = Taken::default();
        for bundle in bundles {
            let index = bundle.index;
            let mut parts: BTreeMap<DropId, Vec<&BundlePart>> = BTreeMap::new();
            for part in index.parts() {
                parts.entry(part.drop).or_default().push(part);
            }
            for parts in parts.values_mut() {
                parts.sort_unstable_by_key(|part| part.offset);
            }
            let mut listing = Listing {
                courier: bundle.courier,
                date: index.date(),
                again: bundle.news == News::Again,
                unproved: self.state.unproved(bundle.courier),
            };
            // What came first takes its place before what is only listed.
            let (with, without): (Vec<&ListedDrop>, Vec<&ListedDrop>) = index
                .drops()
                .iter()
                .partition(|listed| parts.contains_key(&listed.id));
            for listed in with.into_iter().chain(without) {
                let parts = parts.get(&listed.id);
                let whole = parts.is_some_and(|parts| is_whole(parts, listed.length()));
                if self.state.burned.get(listed.epoch).is_some() {
                    self.see_burned(listed, &listing, &mut taken);
                } else if self.admits(listed, whole, &listing, &mut taken)? {
                    if let Some(parts) = parts {
                        self.take_drop(sticks, listed, parts, &mut listing, &mut taken)?;
                    }
                    self.note(listed, &mut listing, &mut taken);
                }
            }
            self.state.conversations.carried(index.pushed());
            if let Some(courier) = self.state.couriers.get_mut(bundle.courier) {
                courier.date(index.date());
                if matches!(bundle.news, News::New | News::Gap) {
                    courier.remember(bundle.seen());
                }
            }
        }
        taken.parts.retain(|id| !taken.whole.contains(id));
        Ok(taken)
    }

    /// The bytes of all parts that may have to be copied.
    fn needed(&self, sticks: &Sticks, bundles: &[Checked<'_>]) -> u64 {
        let wanted = |part: &&BundlePart| {
            let kept = self.state.drops.get(&part.drop);
            let open = kept.is_none_or(|kept| match kept.status {
                Status::Listed | Status::Incomplete | Status::Stuck => true,
                Status::Waiting => self.reached(&part.drop) != kept.listed.length(),
                Status::Opened | Status::Refused => false,
            });
            open && !self.seems_here(part) && sticks.has(&part.name)
        };
        // A part that goes on in a later bundle is listed there once more.
        let parts: BTreeMap<_, _> = bundles
            .iter()
            .flat_map(|bundle| bundle.index.parts())
            .filter(wanted)
            .map(|part| ((part.drop, part.offset), part.length))
            .collect();
        parts
            .values()
            .fold(0, |sum, length| sum.saturating_add(*length))
    }

    /// Nobody can open it, and its receipt is the epoch's.
    fn see_burned(&mut self, listed: &ListedDrop, listing: &Listing, taken: &mut Taken) {
        match self.state.drops.get_mut(&listed.id) {
            Some(kept) if kept.listed == *listed => see(kept, listing),
            Some(_) => {}
            None => taken.problems.push(Problem::Burned {
                drop: listed.id,
                epoch: listed.epoch,
            }),
        }
    }

    /// Whether a drop may stand under its name. Another one gives way that nobody lists any more who
    /// is admitted, or of which nothing here proves that it is what was listed: otherwise a name with
    /// a false hash would keep the true drop out for ever. When couriers do not agree, the drop that
    /// comes whole does so, and it is told.
    fn admits(
        &mut self,
        listed: &ListedDrop,
        whole: bool,
        listing: &Listing,
        taken: &mut Taken,
    ) -> Result<bool, ArchiveError> {
        let (id, drop) = (listed.id, listed.id);
        let Some(kept) = self.state.drops.get_mut(&id) else {
            return Ok(true);
        };
        if kept.listed == *listed {
            see(kept, listing);
            return Ok(true);
        }
        let kept = *kept;
        let proved = match kept.status {
            Status::Listed | Status::Incomplete => false,
            Status::Opened => true,
            Status::Waiting | Status::Stuck | Status::Refused => self.is_as_listed(&kept),
        };
        let this = Couriers::of(listing.courier);
        let alone = kept.by.and(this) == this;
        if proved && !kept.by.is_none() || !alone && !whole {
            taken.problems.push(Problem::Other { drop });
            return Ok(false);
        }
        if !alone {
            taken.problems.push(Problem::Replaced { drop });
        }
        if proved {
            self.set_aside(&kept.listed)?;
        }
        self.state.drops.remove(&id);
        Ok(true)
    }

    fn take_drop(
        &mut self,
        sticks: &Sticks,
        listed: &ListedDrop,
        parts: &[&BundlePart],
        listing: &mut Listing,
        taken: &mut Taken,
    ) -> Result<(), ArchiveError> {
        let id = listed.id;
        match self.state.drops.get(&id) {
            Some(kept) if self.is_settled(kept, listing.again) => return Ok(()),
            Some(_) => {}
            None if self.state.drops.len() >= MOST_DROPS => {
                taken.problems.push(Problem::Full { drop: id });
                return Ok(());
            }
            None => {}
        }
        let (mut came, mut copied) = (0_usize, 0_usize);
        for part in parts {
            match self.take_part(sticks, part)? {
                Ok(from) => {
                    came = came.saturating_add(1);
                    copied = copied.saturating_add(usize::from(from == Whence::Stick));
                }
                Err(problem) => taken.problems.push(problem),
            }
        }
        let stuck = |kept: &KeptDrop| kept.status == Status::Stuck;
        if came == 0 || copied == 0 && self.state.drops.get(&id).is_some_and(stuck) {
            return Ok(());
        }
        let status = if came == parts.len() && is_whole(parts, listed.length()) {
            self.settle(&id, parts)?;
            taken.whole.push(id);
            Status::Waiting
        } else {
            if !taken.parts.contains(&id) {
                taken.parts.push(id);
            }
            Status::Incomplete
        };
        if self.has_place(&id, status, listing, taken) {
            self.account(listed, status, listing);
        } else {
            taken.parts.retain(|part| *part != id);
            taken.problems.push(Problem::Full { drop: id });
            self.discard(&[id])?;
        }
        Ok(())
    }

    /// Whether nothing of a drop is to be taken: it was dealt with, or it lies here as it is listed.
    ///
    /// What the archive's disk has lost or altered since, and what a courier has spoiled, is taken
    /// anew. A bundle that was taken before is no reason to read all of a drop that waits.
    fn is_settled(&self, kept: &KeptDrop, again: bool) -> bool {
        match kept.status {
            Status::Listed | Status::Incomplete => false,
            Status::Opened | Status::Refused => true,
            Status::Waiting if again => self.reached(&kept.listed.id) == kept.listed.length(),
            Status::Waiting | Status::Stuck => self.is_as_listed(kept),
        }
    }

    /// Remembers a drop that is only listed: until it is opened or refused, its epoch is not burned.
    fn note(&mut self, listed: &ListedDrop, listing: &mut Listing, taken: &mut Taken) {
        if self.state.drops.contains_key(&listed.id) {
            return;
        }
        if self.has_place(&listed.id, Status::Listed, listing, taken) {
            self.account(listed, Status::Listed, listing);
        } else {
            taken.unnoted = taken.unnoted.saturating_add(1);
        }
    }

    /// Whether there is a place in the account for a drop that has come so far.
    fn has_place(
        &mut self,
        id: &DropId,
        status: Status,
        listing: &mut Listing,
        taken: &mut Taken,
    ) -> bool {
        if self.state.drops.contains_key(id) {
            return true;
        }
        if self.state.drops.len() >= MOST_DROPS {
            return false;
        }
        if status == Status::Waiting || listing.unproved < MOST_LISTED {
            return true;
        }
        // What came in part goes before what is only listed.
        let gave_way = status != Status::Listed && self.state.give_up_listed(listing.courier);
        if gave_way {
            listing.unproved = listing.unproved.saturating_sub(1);
            taken.unnoted = taken.unnoted.saturating_add(1);
        }
        gave_way
    }

    fn account(&mut self, listed: &ListedDrop, status: Status, listing: &mut Listing) {
        let new = KeptDrop {
            listed: *listed,
            status,
            received: listing.date,
            seen: listing.date,
            by: Couriers::of(listing.courier),
        };
        let kept = match self.state.drops.entry(listed.id) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => {
                let unproved = usize::from(new.is_unproved());
                listing.unproved = listing.unproved.saturating_add(unproved);
                free.insert(new)
            }
        };
        kept.status = status;
    }

    fn take_part(
        &self,
        sticks: &Sticks,
        part: &BundlePart,
    ) -> Result<Result<Whence, Problem>, ArchiveError> {
        let drop = part.drop;
        let in_archive = |error| match error {
            KeepError::Archive(error) => Err(ArchiveError::File(error)),
            other => Ok(Err(Problem::Unreadable {
                drop,
                why: other.to_string(),
            })),
        };
        match self.has_part(part) {
            Ok(true) => return Ok(Ok(Whence::Archive)),
            Ok(false) => {}
            Err(error) => return in_archive(error),
        }
        let name = part.name.to_string();
        let mut problem = Problem::Missing { drop, name };
        for found in sticks.files(&part.name) {
            let (file, path) = match found {
                Ok(found) => found,
                Err(error) => {
                    let why = told(&error);
                    problem = Problem::Unreadable { drop, why };
                    continue;
                }
            };
            match self.keep_part(part, file) {
                Ok(()) => return Ok(Ok(Whence::Stick)),
                Err(KeepError::Archive(error)) => return Err(error.into()),
                Err(KeepError::Altered) => problem = Problem::Altered { drop, path },
                Err(KeepError::Stick(source)) => {
                    let why = format!("{}: cannot read this file: {source}", escape::path(&path));
                    problem = Problem::Unreadable { drop, why };
                }
            }
        }
        Ok(Err(problem))
    }
}

/// Notes that a drop is listed once more.
fn see(kept: &mut KeptDrop, listing: &Listing) {
    kept.seen = kept.seen.max(listing.date);
    kept.by = kept.by.and(Couriers::of(listing.courier));
}

/// Whether the parts, in their order, are all of a drop.
fn is_whole(parts: &[&BundlePart], length: u64) -> bool {
    let end = parts.iter().try_fold(0_u64, |end, part| {
        (part.offset == end)
            .then(|| end.checked_add(part.length))
            .flatten()
    });
    end == Some(length)
}
