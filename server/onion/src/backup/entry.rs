//! What a backup may hold, and its name there.

use std::path::{Component, Path, PathBuf};

use crate::room::Room;

/// What the store keeps of the administrator's decisions and of the newsroom's papers. Not here: drops,
/// replies, the secret of mailboxes (which goes with the replies, for it tells decoys from them), and
/// times.
const OF_THE_STORE: [&str; 6] = ["version", "trust", "charter", "sheets", "epochs", "closed"];
/// Folders of the store with such files: who may fetch, and which epochs were burned.
const FOLDERS_OF_THE_STORE: [&str; 2] = ["couriers", "receipts"];
/// The key of an onion in arti's keystore. All others are made from it, or made anew.
const ONION_KEY: &str = "ks_hs_id.ed25519_expanded_private";
/// A longer name is none of ours.
pub(super) const MOST_NAME_BYTES: usize = 200;

/// One file of a backup. They stand in this order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    /// The version of the backup.
    Version,
    /// The configuration's file.
    Configuration,
    /// A settings file of Tor that lies beside it.
    Settings(String),
    /// The key of an onion.
    OnionKey(Room, &'static str),
    /// A file of the store, by its path there.
    Store(PathBuf),
}

impl Entry {
    /// Its name there.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Version => "version".to_owned(),
            Self::Configuration => "configuration".to_owned(),
            Self::Settings(name) => format!("settings/{name}"),
            Self::OnionKey(room, name) => format!("onions/{}/{name}", room.name()),
            Self::Store(path) => format!("store/{}", path.display()),
        }
    }

    /// What has this name in a backup; nothing where none has it.
    pub(super) fn named(name: &str) -> Option<Self> {
        for fixed in [Self::Version, Self::Configuration] {
            if name == fixed.name() {
                return Some(fixed);
            }
        }
        let below = |folder: &str| Path::new(name).strip_prefix(folder).ok();
        below("settings")
            .and_then(Self::settings)
            .or_else(|| below("onions").and_then(Self::onion_key))
            .or_else(|| below("store").and_then(Self::in_store))
    }

    /// A settings file of this one plain name.
    pub(super) fn settings(path: &Path) -> Option<Self> {
        match names(path)?.as_slice() {
            [name] => Some(Self::Settings((*name).to_owned())),
            _ => None,
        }
    }

    /// The key at this path beneath the keys of onions.
    pub(super) fn onion_key(path: &Path) -> Option<Self> {
        let rooms = [Room::Public, Room::Collection];
        match names(path)?.as_slice() {
            [room, ONION_KEY] => rooms
                .into_iter()
                .find(|known| known.name() == *room)
                .map(|room| Self::OnionKey(room, ONION_KEY)),
            _ => None,
        }
    }

    /// The file at this path beneath the store.
    pub(super) fn in_store(path: &Path) -> Option<Self> {
        let own = |name: &str| {
            name.bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                // A file that is being written.
                && !name.starts_with("new-")
        };
        let fits = match names(path)?.as_slice() {
            [name] => OF_THE_STORE.contains(name),
            [folder, name] => FOLDERS_OF_THE_STORE.contains(folder) && own(name),
            _ => false,
        };
        fits.then(|| Self::Store(path.to_owned()))
    }

    /// Whether a folder at this path, of the onions' keys or of the store, may hold any.
    pub(super) fn may_be_in(path: &Path) -> bool {
        names(path).is_some_and(|names| {
            let rooms = [Room::Public.name(), Room::Collection.name()];
            matches!(names.as_slice(), [name] if rooms.contains(name) || FOLDERS_OF_THE_STORE.contains(name))
        })
    }
}

/// The names of a path that stays where it is.
fn names(path: &Path) -> Option<Vec<&str>> {
    path.components()
        .map(|component| match component {
            Component::Normal(name) => name
                .to_str()
                .filter(|name| name.len() <= MOST_NAME_BYTES && !name.contains('\0')),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_again_by_its_name() {
        for entry in [
            Entry::Version,
            Entry::Configuration,
            Entry::Settings("arti.toml".into()),
            Entry::OnionKey(Room::Collection, ONION_KEY),
            Entry::Store("trust".into()),
            Entry::Store("couriers/0123456789abcdef".into()),
            Entry::Store("receipts/ab-cd".into()),
        ] {
            assert_eq!(Entry::named(&entry.name()), Some(entry));
        }
    }

    #[test]
    fn nothing_else_is_taken_out_of_a_backup_least_of_all_what_leaves_its_folder() {
        for wrong in [
            "",
            "/etc/passwd",
            "../trust",
            "store/../tor/x",
            "store/./../../x",
            "store/couriers/../trust",
            "store/drops/ab/s00000000",
            "store/replies/ab",
            "store/mailbox-secret",
            "store/lived",
            "store/couriers/new-ab",
            "store/couriers/UPPER",
            "store/couriers/a/b",
            "settings/a/b",
            "settings/..",
            "settings/",
            "onions/public/ks_hs_blind_id+1.ed25519_expanded_private",
            "onions/other/ks_hs_id.ed25519_expanded_private",
            "configuration/x",
        ] {
            assert_eq!(Entry::named(wrong), None, "{wrong}");
        }
    }
}
