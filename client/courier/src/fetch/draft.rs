//! A bundle in the making: on the stick and in the courier's memory, always one step apart.
//!
//! The memory is written before the stick where it announces (a part is begun, an index is
//! signed), and after it where it states (a part lies there). So it never claims what is not
//! there, and no two indexes are signed under one number.

mod finish;
mod part;

use knothole_envelope::{ListedDrop, SigningSecret};

use super::error::FetchError;
use super::report::{Fetched, News};
use super::wants;
use crate::bundle::{BundleName, partial_name};
use crate::state::{Draft, Held, KeptDrop, KeptPart, State};
use crate::stick::{Folder, Stick};
pub(crate) use part::Stretch;

/// A bundle has at most so many parts, those on earlier sticks counted in. The index may name
/// four times as many; but the courier's memory is written anew for each of them.
const MOST_PARTS_HERE: usize = 4_096;

/// Where a bundle is made.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    held: &'a mut Held,
    key: &'a SigningSecret,
    stick: &'a Stick,
    folder: Option<Folder>,
}

impl<'a> Desk<'a> {
    /// Goes on with the draft where it lies on this stick; else begins anew.
    pub(crate) fn take_up(
        held: &'a mut Held,
        key: &'a SigningSecret,
        stick: &'a Stick,
        tell: &mut dyn FnMut(News),
        fetched: &mut Fetched,
    ) -> Result<Self, FetchError> {
        let mut desk = Self {
            held,
            key,
            stick,
            folder: None,
        };
        let Some(draft) = &desk.held.state.draft else {
            return Ok(desk);
        };
        let signed = !draft.signed.is_empty();
        desk.folder = stick.folder(draft.name()).map_err(FetchError::stick)?;
        if desk.folder.is_none() {
            // Another stick: what lies on the first one has no index and counts for nothing.
            if !draft.drops.is_empty() {
                tell(News::Elsewhere);
            }
            desk.abandon()?;
            return Ok(desk);
        }
        tell(News::GoesOn);
        blocking(|| desk.check_parts())?;
        if signed {
            desk.settle(fetched)?;
        }
        Ok(desk)
    }

    /// Keeps the parts that still lie on the stick as they were written.
    fn check_parts(&mut self) -> Result<(), FetchError> {
        let (Some(draft), Some(folder)) = (&self.held.state.draft, &self.folder) else {
            return Ok(());
        };
        let mut kept: Vec<KeptPart> = Vec::new();
        for part in &draft.parts {
            let name = part.name.to_string();
            let hash = folder.hash(&name, part.length).map_err(FetchError::stick)?;
            let follows = part.offset == 0
                || kept.iter().any(|other| other.is_before(part))
                || self.begun_parts(part).any(|other| other.is_before(part));
            if hash == Some(part.hash) && follows {
                kept.push(part.clone());
            } else if draft.signed.is_empty() {
                folder.remove(&name).map_err(FetchError::stick)?;
            }
        }
        if let Some(draft) = &mut self.held.state.draft {
            draft.parts = kept;
        }
        Ok(self.held.save()?)
    }

    fn begun_parts(&self, part: &KeptPart) -> impl Iterator<Item = &KeptPart> {
        let id = part.drop;
        let begun = self.held.state.begun.iter();
        begun
            .filter(move |begun| begun.drop.id == id)
            .flat_map(|begun| &begun.parts)
    }

    pub(crate) fn state(&self) -> &State {
        &self.held.state
    }

    /// Whether the draft holds anything.
    pub(crate) fn has_parts(&self) -> bool {
        let draft = self.held.state.draft.as_ref();
        draft.is_some_and(|draft| !draft.parts.is_empty())
    }

    /// The drops that the draft holds something of.
    pub(crate) fn drops(&self) -> Vec<ListedDrop> {
        let drafts = self.held.state.draft.iter();
        drafts
            .flat_map(|draft| &draft.drops)
            .filter_map(KeptDrop::listed)
            .collect()
    }

    /// Whether a drop of the draft has come whole.
    pub(crate) fn has_whole_drop(&self) -> bool {
        let whole = |drop: &ListedDrop| self.reached(drop) == drop.length();
        self.drops().iter().any(whole)
    }

    /// The room on the stick.
    pub(crate) fn room(&self) -> Result<u64, FetchError> {
        Ok(self.stick.space().map_err(FetchError::stick)?.free)
    }

    /// The length of the part of this drop that was broken off, if it begins here.
    pub(crate) fn broken_off(&self, drop: &ListedDrop, at: u64) -> Option<u64> {
        let open = self.held.state.draft.as_ref()?.writing.as_ref()?;
        (open.drop == drop.id && open.offset == at).then_some(open.length)
    }

    /// Whether the index can name no further part.
    pub(crate) fn is_full_of_parts(&self) -> bool {
        let state = &self.held.state;
        let draft = state.draft.iter().map(|draft| draft.parts.len());
        let begun = state.begun.iter().map(|begun| begun.parts.len());
        draft.chain(begun).fold(0, usize::saturating_add) >= MOST_PARTS_HERE
    }

    /// How much of the drop lies on sticks, from byte 0 on.
    pub(crate) fn reached(&self, drop: &ListedDrop) -> u64 {
        wants::reached(&self.held.state, drop)
    }

    /// The hashes of the drop's segments, from byte 0 on.
    pub(crate) fn segments(&self, drop: &ListedDrop) -> Vec<[u8; 32]> {
        wants::parts_of(&self.held.state, drop)
            .flat_map(|part| part.segments.chunks_exact(32))
            .filter_map(|hash| hash.try_into().ok())
            .collect()
    }

    /// Removes all that lies on this stick of a drop, and forgets what lies on others.
    pub(crate) fn take_back(&mut self, drop: &ListedDrop) -> Result<(), FetchError> {
        let state = &mut self.held.state;
        state.begun.retain(|begun| begun.drop.id != drop.id);
        let mut names = Vec::new();
        if let Some(draft) = &mut state.draft {
            draft.drops.retain(|kept| kept.id != drop.id);
            let open = draft.writing.take_if(|open| open.drop == drop.id);
            names.extend(open.map(|open| partial_name(&open.name)));
            draft.parts.retain(|part| {
                let other = part.drop != drop.id;
                if !other {
                    names.push(part.name.to_string());
                }
                other
            });
        }
        self.held.save()?;
        if let Some(folder) = &self.folder {
            for name in names {
                folder.remove(&name).map_err(FetchError::stick)?;
            }
        }
        Ok(())
    }

    /// Removes what the server does not list any more as it was, unless it came whole: one that
    /// was deleted since is carried all the same.
    pub(crate) fn take_back_what_is_listed_otherwise(
        &mut self,
        listing: &[ListedDrop],
    ) -> Result<(), FetchError> {
        for drop in self.drops() {
            let place = listing.binary_search_by_key(&drop.id, |listed| listed.id);
            let listed = place.ok().and_then(|place| listing.get(place));
            let gone = match listed {
                Some(listed) => *listed != drop,
                None => self.reached(&drop) < drop.length(),
            };
            if gone {
                self.take_back(&drop)?;
            }
        }
        Ok(())
    }

    /// Does not ask for the drop again, as long as the server lists it.
    pub(crate) fn mistrust(&mut self, drop: &ListedDrop) -> Result<(), FetchError> {
        let list = &mut self.held.state.mistrusted;
        if !list.contains(&drop.id) {
            list.push(drop.id);
        }
        Ok(self.held.save()?)
    }
}

impl Draft {
    pub(crate) fn name(&self) -> BundleName {
        BundleName::new(self.sequence, self.mark)
    }
}

/// Work on files: the network's tasks go on meanwhile.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}
