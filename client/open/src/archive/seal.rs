//! Sealing the state to the editors, and opening it again.

use std::io::Read as _;

use knothole_envelope::{
    ArchiveSeal, ArchiveSealError, Charter, EpochNumber, FileEntry, FileName, HEADER_LEN, Manifest,
    Message, Opener, Recipients, SheetHash, Signed, StateHash, Suite, UnlockError, Unlocked,
    seal_drop, unlock,
};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use super::{ArchiveError, MOST_STATE_BYTES, State};
use crate::editor::Editor;

const SIGNATURES: &str = "signatures";
const STATE: &str = "state";
/// An envelope has so many slots.
const SLOTS: u8 = 8;
/// Eight signatures and their hash are well below this.
const MOST_SIGNATURE_BYTES: u64 = 4096;

/// The state, signed by these editors and sealed to all.
pub(super) fn seal(
    state: &State,
    editors: &[impl Editor],
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, ArchiveError> {
    let quorum = state.chain().current().quorum();
    let encoded = state.encode();
    let mut seal = Signed::new(ArchiveSeal::new(hash(&encoded)));
    for editor in editors {
        seal.sign(state.chain().fingerprint(), editor.signing());
    }
    // What would be refused on reading is not written.
    seal.verify(state.chain()).map_err(|error| match error {
        ArchiveSealError::TooFewSignatures => {
            let have = seal.signers().count();
            ArchiveError::MoreVaults { quorum, have }
        }
        _ => ArchiveError::Stranger,
    })?;
    let bodies = [seal.encode(), encoded];
    let mut files = Vec::new();
    for (name, body) in [SIGNATURES, STATE].into_iter().zip(&bodies) {
        let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
        if size > MOST_STATE_BYTES {
            return Err(ArchiveError::Full);
        }
        let name = FileName::new(name).map_err(|_| ArchiveError::Full)?;
        files.push(FileEntry { name, size });
    }
    let message = Message::new("").map_err(|_| ArchiveError::Full)?;
    let manifest =
        Manifest::new(NO_SHEET, quorum, None, files, message).map_err(|_| ArchiveError::Full)?;
    let recipients =
        Recipients::new(state.keys().to_vec(), quorum).map_err(|_| ArchiveError::Damaged)?;
    let length = usize::try_from(manifest.chunks().envelope_len());
    let mut sealed = Vec::with_capacity(length.map_err(|_| ArchiveError::Full)?);
    seal_drop(
        rng,
        Suite::ChaCha20Poly1305,
        EpochNumber::new(1).ok_or(ArchiveError::Damaged)?,
        &recipients,
        &manifest,
        |place| Ok(bodies.get(place).map(Vec::as_slice).unwrap_or_default()),
        &mut sealed,
    )
    .map_err(|_| ArchiveError::Damaged)?;
    Ok(sealed)
}

/// An archive belongs to no epoch.
const NO_SHEET: SheetHash = SheetHash::from_bytes([0; 32]);

fn hash(state: &[u8]) -> StateHash {
    StateHash::from_bytes(Sha256::digest(state).into())
}

/// Opens the state with these editors' secrets, and believes it only if the editors wrote it.
pub(super) fn unseal(sealed: &[u8], editors: &[impl Editor]) -> Result<State, ArchiveError> {
    let (header, chunks) = sealed
        .split_first_chunk::<HEADER_LEN>()
        .ok_or(ArchiveError::Damaged)?;
    let (unlocked, places) = unlock_all(header, editors)?;
    let quorum = unlocked.quorum();
    let damaged = |_| ArchiveError::Damaged;
    let mut drop = unlocked.into_drop(chunks).map_err(damaged)?;
    let mut bodies = Vec::new();
    for (name, most) in [
        (SIGNATURES, MOST_SIGNATURE_BYTES),
        (STATE, MOST_STATE_BYTES),
    ] {
        let mut body = drop
            .next_file()
            .map_err(damaged)?
            .ok_or(ArchiveError::Damaged)?;
        let fits = body
            .entry()
            .is_some_and(|entry| entry.name.as_str() == name && entry.size <= most);
        if !fits {
            return Err(ArchiveError::Damaged);
        }
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes)
            .map_err(|_| ArchiveError::Damaged)?;
        bodies.push(bytes);
    }
    let rightly =
        drop.manifest().files().len() == bodies.len() && *drop.manifest().sheet() == NO_SHEET;
    drop.finish().map_err(damaged)?;
    let [signatures, encoded] = bodies.as_slice() else {
        return Err(ArchiveError::Damaged);
    };
    let state = State::decode(encoded).ok_or(ArchiveError::Damaged)?;
    let seal = Signed::<ArchiveSeal>::decode(signatures).map_err(|_| ArchiveError::Damaged)?;
    let signed = seal.verify(state.chain()) == Ok(hash(encoded));
    if !rightly || !signed || state.chain().current().quorum() != quorum {
        return Err(ArchiveError::Damaged);
    }
    believe(&state, editors, &places)?;
    Ok(state)
}

/// Whether these editors stand where the state says, and this is the newsroom that they know.
///
/// Anybody can found a newsroom of one's own and appoint these editors in its second charter. So
/// what its chain says of itself counts for nothing; somebody who is here must know it already:
/// from the vault, or because the founding charter, which all that it names have signed, names this
/// editor. Whoever knows another newsroom refuses, whatever the others know.
fn believe(state: &State, editors: &[impl Editor], places: &[u8]) -> Result<(), ArchiveError> {
    let charter = state.chain().current();
    for (editor, place) in editors.iter().zip(places) {
        let key = state.keys().get(usize::from(*place));
        if charter.place_of(&editor.key()) != Some(*place)
            || key != Some(&editor.archive_secret().recipient_key())
        {
            return Err(ArchiveError::Stranger);
        }
    }
    let fingerprint = state.chain().fingerprint();
    let mut founding = state.chain().charters().take(1);
    let mut known = false;
    for editor in editors {
        match editor.newsroom() {
            Some(newsroom) if newsroom != *fingerprint => {
                return Err(ArchiveError::OtherNewsroom {
                    vault: editor.called(),
                });
            }
            Some(_) => known = true,
            None => {}
        }
    }
    let founder = |founding: &Charter| {
        let mut keys = editors.iter().map(Editor::key);
        keys.any(|key| founding.place_of(&key).is_some())
    };
    if known || founding.any(founder) {
        Ok(())
    } else {
        Err(ArchiveError::Unknown)
    }
}

fn unlock_all(
    header: &[u8; HEADER_LEN],
    editors: &[impl Editor],
) -> Result<(Unlocked, Vec<u8>), ArchiveError> {
    let mut places = Vec::new();
    for editor in editors {
        let found = place_in(header, editor)?;
        places.push(found.ok_or_else(|| ArchiveError::ForeignVault {
            vault: editor.called(),
        })?);
    }
    let openers: Vec<_> = editors
        .iter()
        .zip(&places)
        .map(|(editor, place)| Opener::new(editor.archive_secret(), *place))
        .collect();
    match unlock(header, usize::from(SLOTS), &openers) {
        Ok(unlocked) => Ok((unlocked, places)),
        Err(UnlockError::MoreNeeded { quorum, have }) => Err(ArchiveError::MoreVaults {
            quorum,
            have: usize::from(have),
        }),
        Err(_) => Err(ArchiveError::Damaged),
    }
}

/// The place of an editor among those that the archive is sealed to.
///
/// The order of the editors is written inside, so that from the outside nobody can tell them; each
/// of the eight places is tried.
fn place_in(header: &[u8; HEADER_LEN], editor: &impl Editor) -> Result<Option<u8>, ArchiveError> {
    for place in 0..SLOTS {
        let opener = Opener::new(editor.archive_secret(), place);
        match unlock(header, usize::from(SLOTS), &[opener]) {
            Ok(_) | Err(UnlockError::MoreNeeded { .. }) => return Ok(Some(place)),
            Err(UnlockError::NotForTheseKeys) => return Ok(None),
            Err(UnlockError::Share) => {}
            Err(_) => return Err(ArchiveError::Damaged),
        }
    }
    Err(ArchiveError::Damaged)
}
