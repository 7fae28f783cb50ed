//! Taking what bundles brought into the archive, so that the sticks may be wiped.

use core::fmt;
use std::collections::BTreeMap;
use std::path::PathBuf;

use knothole_envelope::{BundlePart, Day, DropId, EpochNumber, ListedDrop};

use super::{Checked, News, Sticks};
use crate::archive::{Archive, ArchiveError, KeepError, KeptDrop, MOST_DROPS, Status};
use crate::escape;
use crate::failure::told;

/// Something of a bundle did not come in. All else did.
#[derive(Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The file of a part is on none of the sticks.
    Missing {
        /// The drop it belongs to.
        drop: DropId,
        /// The name of the file.
        name: String,
    },
    /// A part is not what the courier wrote.
    Altered {
        /// The drop it belongs to.
        drop: DropId,
        /// Where it lies.
        path: PathBuf,
    },
    /// A part cannot be read.
    Unreadable {
        /// The drop it belongs to.
        drop: DropId,
        /// What the system says.
        why: String,
    },
    /// The server lists a drop of an epoch that was burned: nobody can open it any more.
    Burned {
        /// The drop.
        drop: DropId,
        /// The epoch.
        epoch: EpochNumber,
    },
    /// The server lists another drop under a name that it used before.
    Other {
        /// The drop.
        drop: DropId,
    },
}

impl Problem {
    /// The drop that suffers.
    #[must_use]
    pub const fn drop(&self) -> &DropId {
        match self {
            Self::Missing { drop, .. }
            | Self::Altered { drop, .. }
            | Self::Unreadable { drop, .. }
            | Self::Burned { drop, .. }
            | Self::Other { drop } => drop,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name, .. } => write!(
                f,
                "the file {name} is missing: name all sticks of the bundle at once, or let the \
                 courier fetch the drop again"
            ),
            Self::Altered { path, .. } => write!(
                f,
                "{}: this file is not what the courier wrote: let it fetch the drop again, on \
                 another stick",
                escape::path(path)
            ),
            Self::Unreadable { why, .. } => f.write_str(why),
            Self::Burned { epoch, .. } => write!(
                f,
                "it is sealed to epoch {epoch}, which was burned: nobody can open it any more, and \
                 the next outbox lets the server delete it"
            ),
            Self::Other { .. } => f.write_str(
                "the server now lists another drop under the same name: the first one was kept, \
                 this one was not taken",
            ),
        }
    }
}

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
            for listed in index.drops() {
                if let Some(kept) = self.state.drops.get_mut(&listed.id) {
                    kept.seen = kept.seen.max(index.date());
                }
                if self.state.burned.get(listed.epoch).is_some() {
                    if !self.state.drops.contains_key(&listed.id) {
                        let (drop, epoch) = (listed.id, listed.epoch);
                        taken.problems.push(Problem::Burned { drop, epoch });
                    }
                    continue;
                }
                if let Some(parts) = parts.get_mut(&listed.id) {
                    parts.sort_unstable_by_key(|part| part.offset);
                    let again = bundle.news == News::Again;
                    self.take_drop(sticks, index.date(), listed, parts, again, &mut taken)?;
                }
                self.note(listed, index.date())?;
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
                Status::Incomplete | Status::Stuck => true,
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

    fn take_drop(
        &mut self,
        sticks: &Sticks,
        date: Day,
        listed: &ListedDrop,
        parts: &[&BundlePart],
        again: bool,
        taken: &mut Taken,
    ) -> Result<(), ArchiveError> {
        let id = listed.id;
        match self.state.drops.get(&id) {
            Some(kept) if kept.listed != *listed => {
                taken.problems.push(Problem::Other { drop: id });
                return Ok(());
            }
            Some(kept) if self.is_settled(kept, again) => return Ok(()),
            Some(_) => {}
            None if self.state.drops.len() >= MOST_DROPS => return Err(ArchiveError::Full),
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
        self.account(listed, status, date);
        Ok(())
    }

    /// Whether nothing of a drop is to be taken: it was dealt with, or it lies here as it is listed.
    ///
    /// What the archive's disk has lost or altered since, and what a courier has spoiled, is taken
    /// anew. A bundle that was taken before is no reason to read all of a drop that waits.
    fn is_settled(&self, kept: &KeptDrop, again: bool) -> bool {
        match kept.status {
            Status::Incomplete => false,
            Status::Opened | Status::Refused => true,
            Status::Waiting if again => self.reached(&kept.listed.id) == kept.listed.length(),
            Status::Waiting | Status::Stuck => self.is_as_listed(kept),
        }
    }

    /// Remembers a drop that is only listed: until it is opened or refused, its epoch is not burned.
    fn note(&mut self, listed: &ListedDrop, date: Day) -> Result<(), ArchiveError> {
        if self.state.drops.contains_key(&listed.id) {
            return Ok(());
        }
        if self.state.drops.len() >= MOST_DROPS {
            return Err(ArchiveError::Full);
        }
        self.account(listed, Status::Incomplete, date);
        Ok(())
    }

    fn account(&mut self, listed: &ListedDrop, status: Status, date: Day) {
        let kept = self.state.drops.entry(listed.id).or_insert(KeptDrop {
            listed: *listed,
            status,
            received: date,
            seen: date,
        });
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

/// Whether the parts, in their order, are all of a drop.
fn is_whole(parts: &[&BundlePart], length: u64) -> bool {
    let end = parts.iter().try_fold(0_u64, |end, part| {
        (part.offset == end)
            .then(|| end.checked_add(part.length))
            .flatten()
    });
    end == Some(length)
}
