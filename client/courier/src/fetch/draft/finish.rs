//! The end of a bundle: its index is signed, written, read again, and remembered.

use knothole_envelope::{BundleIndex, BundlePart, Day, IndexHash, ListedDrop, Signed};

use super::{Desk, FetchError, Fetched, blocking};
use crate::bundle::{INDEX_NAME, PARTIAL_SUFFIX, partial_name};
use crate::state::{BegunDrop, Draft, KeptDrop, KeptPart, LastBundle};

/// Whoever comes once a week may come a day early.
const LIST_EVERY_DAYS: u32 = 6;
/// An index of the most parts and drops is well below this.
const MOST_INDEX_BYTES: u64 = 1 << 24;

impl Desk<'_> {
    /// Signs the index of what lies on the stick, writes it, reads it again, and remembers it.
    ///
    /// Without a listing the index names the drops that the bundle holds something of. A listing with
    /// nothing new is worth a bundle of its own once a week: by it the offline machine knows of which
    /// keys no more drop can come.
    pub(crate) fn finish(
        &mut self,
        listing: Option<&[ListedDrop]>,
        today: Day,
        fetched: &mut Fetched,
    ) -> Result<(), FetchError> {
        blocking(|| {
            self.remove_left_over()?;
            if !self.has_parts() {
                self.abandon()?;
                if listing.is_none() || fetched.left > 0 || !self.is_list_due(today) {
                    return Ok(());
                }
                self.folder_of_draft()?;
            }
            let Some(draft) = self.held.state.draft.clone() else {
                return Ok(());
            };
            let signed = self.sign(&draft, listing, today)?;
            if let Some(draft) = &mut self.held.state.draft {
                draft.signed = signed.encode();
            }
            self.held.save()?;
            self.settle(fetched)
        })
    }

    /// Whether the last bundle is so old that a list alone is worth one. Before the first drop there are
    /// no keys that anything was sealed to.
    fn is_list_due(&self, today: Day) -> bool {
        let last = self.held.state.last.as_ref();
        let days = last.and_then(|last| today.since(last.date));
        days.is_some_and(|days| days >= LIST_EVERY_DAYS)
    }

    /// Brings a signed index onto the stick, if it is not there, and closes the draft.
    pub(super) fn settle(&mut self, fetched: &mut Fetched) -> Result<(), FetchError> {
        let Some(draft) = self.held.state.draft.clone() else {
            return Ok(());
        };
        let signed: Signed<BundleIndex> =
            Signed::decode(&draft.signed).map_err(|_| FetchError::BadState)?;
        let complete = draft
            .parts
            .iter()
            .all(|part| lists(signed.unverified(), part))
            && signed.unverified().parts().len()
                == draft
                    .parts
                    .len()
                    .saturating_add(self.carried_on(&draft).len());
        if !complete {
            return self.abandon();
        }
        self.write_index(&draft.signed)?;
        self.close(&draft, &signed, fetched)
    }

    fn write_index(&self, bytes: &[u8]) -> Result<(), FetchError> {
        let Some(folder) = &self.folder else {
            return Err(FetchError::BadState);
        };
        let there = folder
            .read(INDEX_NAME, MOST_INDEX_BYTES)
            .map_err(FetchError::stick)?;
        match there {
            Some(there) if there == bytes => return Ok(()),
            Some(_) => return Err(FetchError::BadStick),
            None => {}
        }
        let partial = format!("{INDEX_NAME}{PARTIAL_SUFFIX}");
        folder.remove(&partial).map_err(FetchError::stick)?;
        let mut file = folder.create(&partial).map_err(FetchError::stick)?;
        file.append(bytes).map_err(FetchError::stick)?;
        if file.finish().map_err(FetchError::stick)?.is_none() {
            return Err(FetchError::BadStick);
        }
        folder
            .rename(&partial, INDEX_NAME)
            .map_err(FetchError::stick)
    }

    fn sign(
        &self,
        draft: &Draft,
        listing: Option<&[ListedDrop]>,
        today: Day,
    ) -> Result<Signed<BundleIndex>, FetchError> {
        let state = &self.held.state;
        let pairing = self.held.pairing()?;
        let mut parts: Vec<BundlePart> = self.carried_on(draft).iter().map(listed_part).collect();
        parts.extend(draft.parts.iter().map(listed_part));
        let mut drops = listing.map(<[_]>::to_vec).unwrap_or_default();
        for drop in self.drops() {
            // It may have left the listing while it was on its way.
            if !drops.iter().any(|listed| listed.id == drop.id) {
                drops.push(drop);
            }
        }
        // The offline machine takes it that nothing came to the server by then but what is listed. So
        // without a listing of today it is the day of the last one, and before the first one day 0.
        let listed = listing.map_or(Day::FIRST, |_| today);
        let last = state.last.as_ref();
        let date = last.map_or(listed, |last| last.date.max(listed));
        let previous: Option<IndexHash> = state.last.as_ref().map(|last| last.hash);
        let charter = state.charter_hash(pairing)?;
        let index = BundleIndex::new(draft.sequence, previous, date, parts, drops, charter)
            .and_then(|index| index.with_pushed(self.held.pushed_replies()))
            .map_err(FetchError::Index)?;
        let mut signed = Signed::new(index);
        signed.sign(&pairing.fingerprint, self.key);
        Ok(signed)
    }

    /// The parts on earlier sticks of the drops that go on in this draft.
    fn carried_on(&self, draft: &Draft) -> Vec<KeptPart> {
        let goes_on = |begun: &&BegunDrop| {
            let Some(drop) = begun.drop.listed() else {
                return false;
            };
            let mut parts = draft.parts.iter().filter(|part| part.drop == drop.id);
            parts.any(|part| !part.is_head_of(&drop))
        };
        let begun = self.held.state.begun.iter().filter(goes_on);
        begun.flat_map(|begun| &begun.parts).cloned().collect()
    }

    /// Remembers the bundle as made, and what it means for its drops.
    fn close(
        &mut self,
        draft: &Draft,
        signed: &Signed<BundleIndex>,
        fetched: &mut Fetched,
    ) -> Result<(), FetchError> {
        let mut done = fetched.clone();
        for drop in self.drops() {
            let reached = self.reached(&drop);
            let parts: Vec<KeptPart> = crate::fetch::wants::parts_of(&self.held.state, &drop)
                .cloned()
                .collect();
            let state = &mut self.held.state;
            state.begun.retain(|begun| begun.drop.id != drop.id);
            if reached == drop.length() {
                state.heads.retain(|id| *id != drop.id);
                if !state.carried.contains(&drop.id) {
                    state.carried.push(drop.id);
                }
                state.mistrusted.retain(|id| *id != drop.id);
                done.count(&drop);
            } else if reached > 0 {
                state.begun.push(BegunDrop {
                    drop: KeptDrop::of(&drop),
                    parts,
                });
                done.cut = done.cut.saturating_add(1);
            } else if state.draft_has_head_of(&drop) {
                if !state.heads.contains(&drop.id) {
                    state.heads.push(drop.id);
                }
                done.heads = done.heads.saturating_add(1);
            }
        }
        self.remember_signed(signed);
        done.bundles
            .push(self.stick.path().join(draft.name().to_string()));
        self.held.state.draft = None;
        self.folder = None;
        self.held.save()?;
        // It is told when it is remembered, and not before.
        *fetched = done;
        Ok(())
    }

    fn remember_signed(&mut self, signed: &Signed<BundleIndex>) {
        self.held.state.last = Some(LastBundle {
            sequence: signed.unverified().sequence(),
            hash: signed.hash(),
            date: signed.unverified().date(),
        });
    }

    /// Gives a draft up. If its index was signed, its number is used up: offline it will be
    /// missed, and that is the truth.
    pub(super) fn abandon(&mut self) -> Result<(), FetchError> {
        let Some(draft) = self.held.state.draft.take() else {
            return Ok(());
        };
        if let Ok(signed) = Signed::decode(&draft.signed) {
            self.remember_signed(&signed);
        }
        self.held.save()?;
        if self.folder.take().is_some() && draft.parts.is_empty() {
            // Not empty: then it stays, without an index.
            self.stick
                .remove_folder(draft.name())
                .map_err(FetchError::stick)?;
        }
        Ok(())
    }

    /// Removes the part that was broken off and is not wanted any more.
    fn remove_left_over(&mut self) -> Result<(), FetchError> {
        let draft = self.held.state.draft.as_mut();
        let left_over = draft.and_then(|draft| draft.writing.take());
        if let (Some(open), Some(folder)) = (left_over, &self.folder) {
            folder
                .remove(&partial_name(&open.name))
                .map_err(FetchError::stick)?;
        }
        Ok(())
    }
}

fn lists(index: &BundleIndex, part: &KeptPart) -> bool {
    index.parts().contains(&listed_part(part))
}

fn listed_part(part: &KeptPart) -> BundlePart {
    BundlePart {
        name: part.name,
        length: part.length,
        hash: part.hash,
        drop: part.drop,
        offset: part.offset,
    }
}
