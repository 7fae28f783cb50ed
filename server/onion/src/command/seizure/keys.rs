//! What arti keeps in the data folder, as its files' names say.

use std::io;
use std::path::Path;

use crate::data::Data;

/// The file of an onion's identity key in arti's keystore begins so.
const IDENTITY: &str = "ks_hs_id.";
/// The files of secret keys there end so.
const SECRET: &str = "_private";
/// The relays through which arti goes first.
const GUARDS: &str = "guards.json";
/// Folders within folders that are looked into: arti's own are four deep.
const MOST_LAYERS: u32 = 8;

/// Files of arti, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TorKeys {
    /// Identity keys of onions.
    pub(super) identities: usize,
    /// Secret keys of all kinds, those among them.
    pub(super) secrets: usize,
    /// Lists of guards, of the services' client and of the one that probes.
    pub(super) guards: usize,
}

impl TorKeys {
    /// Counts what lies beneath the folders of both of the server's Tor clients.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub(super) fn look(data: &Data) -> io::Result<Self> {
        let mut found = Self::default();
        for folder in [data.tor(), data.probe()] {
            found.count(&folder, MOST_LAYERS)?;
        }
        Ok(found)
    }

    fn count(&mut self, folder: &Path, layers: u32) -> io::Result<()> {
        let entries = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if entry.file_type()?.is_dir() {
                if let Some(deeper) = layers.checked_sub(1) {
                    self.count(&entry.path(), deeper)?;
                }
            } else {
                let one = |is: bool| usize::from(is);
                let identity = name.starts_with(IDENTITY) && name.ends_with(SECRET);
                self.identities = self.identities.saturating_add(one(identity));
                self.secrets = self.secrets.saturating_add(one(name.ends_with(SECRET)));
                self.guards = self.guards.saturating_add(one(name == GUARDS));
            }
        }
        Ok(())
    }
}
