//! Editors who come and go: the next charter, and new sheets for the days to come.

mod error;

use knothole_envelope::{
    Charter, Day, EditorCard, EditorKey, EpochNumber, Quorum, RecipientKey, Sheet, Signed,
};

use crate::archive::State;
use crate::editor::Editor;
use crate::outbox;

pub use error::{ChangeError, Wanted};

/// A charter that is to follow the newest one, with the sheets of its editors.
#[derive(Debug, Clone)]
pub struct Change {
    charter: Signed<Charter>,
    keys: Vec<RecipientKey>,
    sheets: Vec<Signed<Sheet>>,
    today: Day,
}

/// One editor of the newsroom as it is: the key of the archive, and those of the coming epochs.
#[derive(Debug, Clone)]
struct Member {
    archive: RecipientKey,
    epochs: Vec<RecipientKey>,
}

impl Change {
    /// One more editor, in the last place. With another quorum, if one is given.
    ///
    /// # Errors
    /// [`ChangeError`] says what does not fit, and what would.
    pub fn adding(
        state: &State,
        card: &[u8],
        quorum: Option<Quorum>,
        today: Day,
    ) -> Result<Self, ChangeError> {
        let signed = Signed::<EditorCard>::decode(card).map_err(ChangeError::Unreadable)?;
        let card = signed.verify().map_err(ChangeError::Card)?;
        let charter = state.chain().current();
        if charter.place_of(card.signing_key()).is_some() {
            return Err(ChangeError::Known);
        }
        let coming = coming(state, today);
        let mut epochs = Vec::new();
        for sheet in &coming {
            let epoch = card.epochs().find(|epoch| epoch.epoch == sheet.epoch());
            let fits =
                epoch.filter(|epoch| (epoch.first, epoch.last) == (sheet.first(), sheet.last()));
            let key = fits.ok_or_else(|| ChangeError::Epochs(Wanted::of(&coming)))?;
            epochs.push(key.key.clone());
        }
        let mut editors = charter.editors().to_vec();
        editors.push(*card.signing_key());
        let mut members = members(state, &coming);
        members.push(Member {
            archive: card.archive_key().clone(),
            epochs,
        });
        let next = next(charter, editors, quorum)?;
        Self::new(next, &members, &coming, today)
    }

    /// One editor less: the one in this place, counted from 0.
    ///
    /// # Errors
    /// [`ChangeError`] says what does not fit.
    pub fn removing(
        state: &State,
        place: usize,
        quorum: Option<Quorum>,
        today: Day,
    ) -> Result<Self, ChangeError> {
        let charter = state.chain().current();
        let coming = coming(state, today);
        let (mut editors, mut members) = (charter.editors().to_vec(), members(state, &coming));
        if place >= editors.len() || place >= members.len() {
            return Err(ChangeError::NoEditor);
        }
        editors.remove(place);
        members.remove(place);
        let next = next(charter, editors, quorum)?;
        Self::new(next, &members, &coming, today)
    }

    /// The same editors with another quorum.
    ///
    /// # Errors
    /// [`ChangeError::Nothing`] when it is the one that they have.
    pub fn of_quorum(state: &State, quorum: Quorum, today: Day) -> Result<Self, ChangeError> {
        let charter = state.chain().current();
        if charter.quorum() == quorum {
            return Err(ChangeError::Nothing);
        }
        let next = next(charter, charter.editors().to_vec(), Some(quorum))?;
        let coming = coming(state, today);
        Self::new(next, &members(state, &coming), &coming, today)
    }

    fn new(
        charter: Charter,
        members: &[Member],
        coming: &[&Sheet],
        today: Day,
    ) -> Result<Self, ChangeError> {
        let keys: Vec<_> = members.iter().map(|one| one.archive.clone()).collect();
        let doubled = |(place, key)| keys.iter().take(place).any(|other| other == key);
        if keys.iter().enumerate().any(doubled) {
            return Err(ChangeError::ArchiveKeys);
        }
        let mut sheets = Vec::new();
        for (place, before) in coming.iter().enumerate() {
            let keys = members.iter().filter_map(|one| one.epochs.get(place));
            let sheet = Sheet::new(
                before.epoch(),
                before.first(),
                before.last(),
                keys.cloned().collect(),
                charter.hash(),
            );
            sheets.push(Signed::new(sheet.map_err(ChangeError::Sheet)?));
        }
        Ok(Self {
            charter: Signed::new(charter),
            keys,
            sheets,
            today,
        })
    }

    /// The charter that is to come.
    #[must_use]
    pub const fn charter(&self) -> &Charter {
        self.charter.unverified()
    }

    /// The numbers of the epochs that get new sheets.
    pub fn epochs(&self) -> impl Iterator<Item = EpochNumber> {
        self.sheets.iter().map(|sheet| sheet.unverified().epoch())
    }

    /// The state under the new charter, signed by these editors: a quorum of the charter so far,
    /// and of the new one.
    ///
    /// # Errors
    /// [`ChangeError::MoreVaults`] when they are not enough.
    pub fn signed_by(
        mut self,
        state: &State,
        editors: &[impl Editor],
    ) -> Result<State, ChangeError> {
        let next = self.charter.unverified().clone();
        let fingerprint = *state.chain().fingerprint();
        let before = state.chain().current();
        let staying = || {
            let stays = |editor: &&_| next.place_of(&Editor::key(*editor)).is_some();
            editors.iter().filter(stays)
        };
        let mut there: Vec<_> = staying().map(Editor::key).collect();
        there.sort_unstable();
        there.dedup();
        if !next.quorum().met_by(there.len()) {
            return Err(ChangeError::MoreVaults {
                quorum: next.quorum(),
                have: there.len(),
            });
        }
        for editor in editors {
            if before.place_of(&editor.key()).is_some() {
                self.charter.sign(&fingerprint, editor.signing());
            }
        }
        for sheet in &mut self.sheets {
            for editor in staying() {
                sheet.sign(&fingerprint, editor.signing());
            }
        }
        let chain = state.chain().append(self.charter);
        let chain = chain.map_err(ChangeError::Charter)?;
        // What no outbox has ever carried was seen by nobody, and need not be remembered.
        let carried = outbox::horizon(self.today);
        let current = state.chain().current_hash();
        let keep = |sheet: &Sheet| *sheet.charter() != current || sheet.first() <= carried;
        let state = state.under(chain, self.keys, self.sheets, keep);
        state.ok_or(ChangeError::Full)
    }
}

/// The charter after this one, with as many to agree as before if nothing else is said.
fn next(
    charter: &Charter,
    editors: Vec<EditorKey>,
    quorum: Option<Quorum>,
) -> Result<Charter, ChangeError> {
    let quorum = quorum.unwrap_or_else(|| charter.quorum());
    charter
        .next(editors, quorum, charter.recovery().copied())
        .map_err(ChangeError::Charter)
}

/// The newest sheet of each epoch that is not over, in the order of the epochs.
fn coming(state: &State, today: Day) -> Vec<&Sheet> {
    let current = state.chain().current_hash();
    let mut coming: Vec<&Sheet> = Vec::new();
    for signed in state.sheets().iter().rev() {
        let sheet = signed.unverified();
        let known = coming.iter().any(|other| other.epoch() == sheet.epoch());
        let burned = state.burned.get(sheet.epoch()).is_some();
        if *sheet.charter() == current && sheet.last() >= today && !known && !burned {
            coming.push(sheet);
        }
    }
    coming.sort_by_key(|sheet| sheet.epoch());
    coming
}

/// The editors of the newest charter, in their order.
fn members(state: &State, coming: &[&Sheet]) -> Vec<Member> {
    let of = |(place, archive): (usize, &RecipientKey)| Member {
        archive: archive.clone(),
        epochs: coming
            .iter()
            .filter_map(|sheet| sheet.keys().get(place).cloned())
            .collect(),
    };
    state.keys().iter().enumerate().map(of).collect()
}

/// What the vault of an editor who is to join must be made for; nothing when no keys are left.
#[must_use]
pub fn wanted(state: &State, today: Day) -> Option<Wanted> {
    Wanted::of(&coming(state, today))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers in tests")]
mod tests;
