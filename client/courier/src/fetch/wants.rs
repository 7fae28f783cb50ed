//! What the listing has that the sticks do not.

use std::collections::BTreeSet;

use knothole_envelope::{DropId, ListedDrop};

use super::Wishes;
use super::plan::Want;
use crate::bundle::{HEAD_BYTES, SEGMENT_BYTES};
use crate::state::{KeptDrop, KeptPart, State};

/// What is to be fetched, in its order: what was begun, then the short ones, so that words do
/// not wait for films.
pub(super) fn wants(
    state: &State,
    listing: &[ListedDrop],
    wishes: Wishes,
    skipped: &BTreeSet<DropId>,
) -> Vec<Want> {
    let writing = state
        .draft
        .as_ref()
        .and_then(|draft| draft.writing.as_ref());
    let mut wants: Vec<Want> = listing
        .iter()
        .filter(|drop| {
            let known = [&state.carried, &state.mistrusted];
            !skipped.contains(&drop.id) && !known.iter().any(|list| list.contains(&drop.id))
        })
        .map(|drop| Want {
            drop: *drop,
            reached: reached(state, drop),
            head_only: drop.length() > wishes.largest,
        })
        .filter(|want| !want.head_only || (want.reached == 0 && !state.has_head_of(&want.drop)))
        .collect();
    wants.sort_by_key(|want| {
        let is_writing = writing.is_some_and(|open| open.drop == want.drop.id);
        let begun = want.reached > 0;
        (!is_writing, !begun, want.drop.length(), want.drop.id)
    });
    wants
}

/// How much of a drop lies on finished sticks and in the draft, from byte 0 on.
pub(super) fn reached(state: &State, drop: &ListedDrop) -> u64 {
    parts_of(state, drop)
        .map(|part| part.length)
        .fold(0, u64::saturating_add)
}

/// The parts of a drop on finished sticks and in the draft, in order.
pub(super) fn parts_of<'s>(
    state: &'s State,
    drop: &ListedDrop,
) -> impl Iterator<Item = &'s KeptPart> + use<'s> {
    let drop = *drop;
    let begun = state
        .begun
        .iter()
        .filter(move |begun| begun.drop == KeptDrop::of(&drop));
    let draft = state.draft.iter().flat_map(|draft| &draft.parts);
    begun
        .flat_map(|begun| &begun.parts)
        .chain(draft)
        .filter(move |part| part.drop == drop.id && !part.is_head_of(&drop))
}

impl State {
    /// Whether header and first chunk of the drop lie on a stick already.
    fn has_head_of(&self, drop: &ListedDrop) -> bool {
        self.heads.contains(&drop.id) || self.draft_has_head_of(drop)
    }

    /// Whether they lie in the bundle that is being written.
    pub(super) fn draft_has_head_of(&self, drop: &ListedDrop) -> bool {
        let mut parts = self.draft.iter().flat_map(|draft| &draft.parts);
        parts.any(|part| part.drop == drop.id && part.is_head_of(drop))
    }
}

impl KeptPart {
    /// Whether the other part begins where this one ends.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        self.drop == other.drop && self.offset.saturating_add(self.length) == other.offset
    }

    /// Whether it is header and first chunk alone.
    pub(super) fn is_head_of(&self, drop: &ListedDrop) -> bool {
        self.offset == 0 && self.length == HEAD_BYTES && drop.length() > SEGMENT_BYTES
    }
}
