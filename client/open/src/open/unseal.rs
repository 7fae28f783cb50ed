//! Finding the keys of a drop, and reading its manifest.

use std::io::{self, Read};

use knothole_envelope::{
    DropReader, EnvelopeHead, EpochSecret, HEADER_LEN, ListedDrop, OpenError, Opener, UnlockError,
    Unlocked, VerifiedSheet, unlock,
};

use super::{OpenDropError, Warning};
use crate::archive::State;
use crate::editor::Editor;

/// A drop whose manifest was read.
#[derive(Debug)]
pub struct Unsealed<R> {
    /// The drop.
    pub reader: DropReader<R>,
    /// What an editor must know.
    pub warnings: Vec<Warning>,
}

/// Opens the header of a drop with the secrets that these vaults have for its epoch.
///
/// # Errors
/// [`OpenDropError`] tells keys that do not suffice from damage.
pub fn unseal<R: Read>(
    mut sealed: R,
    listed: &ListedDrop,
    state: &State,
    editors: &[impl Editor],
) -> Result<Unsealed<R>, OpenDropError> {
    let mut header = [0; HEADER_LEN];
    sealed
        .read_exact(&mut header)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => OpenError::Damaged,
            _ => OpenError::Read(error),
        })?;
    let head = EnvelopeHead::gate(&header).map_err(UnlockError::Head)?;
    if head.envelope_len() != listed.length() {
        return Err(OpenDropError::OtherDrop);
    }
    let unlocked = find_keys(&header, &head, state, editors)?;
    let mut warnings: Vec<_> = unlocked
        .wrong_shares()
        .iter()
        .map(|place| Warning::WrongShare {
            editor: place.saturating_add(1),
        })
        .collect();
    let reader = unlocked.into_drop(sealed)?;
    let manifest = reader.manifest();
    match state.sheet(manifest.sheet()) {
        None => warnings.push(Warning::UnknownSheet),
        Some(sheet) => {
            let newsroom = sheet.recipients().quorum();
            if Some(sheet.epoch()) != head.epoch() {
                warnings.push(Warning::OtherEpoch);
            }
            if newsroom != manifest.quorum() {
                let drop = manifest.quorum();
                warnings.push(Warning::OtherQuorum { drop, newsroom });
            }
            warnings.extend(older_charter(sheet, state));
        }
    }
    Ok(Unsealed { reader, warnings })
}

/// What is to be said when the newsroom has made another sheet of this epoch since.
fn older_charter(sheet: &VerifiedSheet, state: &State) -> Option<Warning> {
    let sequence = |sheet: &VerifiedSheet| Some(state.chain().find(&sheet.charter())?.sequence());
    let newest = state.sheets_of(sheet.epoch()).filter_map(sequence).max()?;
    let drop = sequence(sheet)?;
    (drop < newest).then_some(Warning::OlderCharter {
        drop,
        newsroom: newest,
    })
}

/// Tries the sheets of the drop's epoch, the newest first: the editors' places differ between them.
fn find_keys(
    header: &[u8; HEADER_LEN],
    head: &EnvelopeHead,
    state: &State,
    editors: &[impl Editor],
) -> Result<Unlocked, OpenDropError> {
    let epoch = head.epoch().ok_or(OpenDropError::NoKeys(None))?;
    let mut secrets = Vec::new();
    let mut damaged = None;
    for editor in editors {
        match editor.epoch_secret(epoch) {
            Ok(Some(secret)) => secrets.push((editor.key(), secret)),
            Ok(None) => {}
            Err(error) => damaged = Some(error),
        }
    }
    // A damaged vault matters only if the others do not suffice.
    let too_few = |error: UnlockError| match damaged {
        Some(vault) => OpenDropError::Vault(vault),
        None => error.into(),
    };
    if secrets.is_empty() {
        return Err(match too_few(UnlockError::NotForTheseKeys) {
            OpenDropError::Unlock(_) => OpenDropError::NoKeys(Some(epoch)),
            other => other,
        });
    }
    let chain = state.chain();
    let mut charters: Vec<_> = state
        .sheets_of(epoch)
        .filter_map(|sheet| chain.find(&sheet.charter()))
        .collect();
    // A sheet that was lost from the archive is no reason to lose the drop.
    charters.push(chain.current());
    let mut error = UnlockError::NotForTheseKeys;
    let mut others = false;
    for charter in charters {
        let openers: Vec<Opener<'_>> = secrets
            .iter()
            .filter_map(|(key, secret): &(_, EpochSecret)| {
                Some(Opener::new(secret, charter.place_of(key)?))
            })
            .collect();
        // A drop has a slot for each editor of a charter: where the keys of one do not open it,
        // those of the others would not.
        others |= openers.is_empty();
        match unlock(header, charter.editors().len(), &openers) {
            Ok(unlocked) => return Ok(unlocked),
            // Perhaps it was sealed under another charter.
            Err(other @ (UnlockError::Share | UnlockError::Quorum)) => error = other,
            Err(UnlockError::NotForTheseKeys) => {}
            Err(more @ UnlockError::MoreNeeded { .. }) => return Err(too_few(more)),
            Err(other) => return Err(other.into()),
        }
    }
    Err(match error {
        UnlockError::NotForTheseKeys => match too_few(error) {
            OpenDropError::Unlock(_) if others => OpenDropError::OtherEditors(epoch),
            error => error,
        },
        other => other.into(),
    })
}
