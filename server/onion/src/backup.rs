//! What a server is, beside the drops that it holds: enough to be the same drop-box elsewhere.
//!
//! A backup is a CBOR map from names to contents, sealed under a passphrase. It refuses to hold a drop, a
//! reply, or what tells when either came.

mod entry;
mod seal;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use minicbor::{Decoder, Encoder};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use entry::{Entry, MOST_NAME_BYTES};
use seal::SealError;

use crate::data::Data;
use crate::durable;
use crate::look::LOST_AND_FOUND;
use crate::passphrase::Passphrase;

/// The version of what is inside.
const VERSION: &[u8] = b"1\n";
/// Files in one at most; couriers are few, and receipts as many as there were drops.
const MOST_FILES: u64 = 1 << 20;
/// Bytes of a backup at most, sealed.
pub(crate) const MOST_BYTES: u64 = 256 << 20;
/// The heads of a name and of its bytes take up less.
const CBOR_HEADS: usize = 16;
/// The half of a data folder that is put in its place first; the one with the keys comes last.
const FIRST_HALF: &str = "store";

/// The files of a backup, each by what it is.
pub(crate) struct Backup(BTreeMap<Entry, Zeroizing<Vec<u8>>>);

impl Backup {
    /// Gathers what makes a server: its configuration with the settings files beside it, the keys of
    /// its onions, and what the administrator and the newsroom have told its store.
    ///
    /// # Errors
    /// [`BackupError::Unreadable`].
    pub(crate) fn gather(
        configuration: &Path,
        tor: &[PathBuf],
        data: &Data,
    ) -> Result<Self, BackupError> {
        let mut files = BTreeMap::from([(Entry::Version, Zeroizing::new(VERSION.to_vec()))]);
        let mut add = |entry, path: &Path| {
            files.insert(entry, read(path)?);
            Ok::<_, BackupError>(())
        };
        add(Entry::Configuration, configuration)?;
        for path in tor {
            if let Some(entry) = beside(configuration, path) {
                add(entry, path)?;
            }
        }
        gather(&mut files, &data.onion_keys(), Entry::onion_key)?;
        gather(&mut files, &data.store(), Entry::in_store)?;
        Ok(Self(files))
    }

    /// The settings files of Tor that the configuration names and this backup has not.
    pub(crate) fn lacks(configuration: &Path, tor: &[PathBuf]) -> Vec<PathBuf> {
        let elsewhere = tor
            .iter()
            .filter(|path| beside(configuration, path).is_none());
        elsewhere.cloned().collect()
    }

    /// Whether it holds the key of any onion.
    pub(crate) fn has_onions(&self) -> bool {
        self.0
            .keys()
            .any(|entry| matches!(entry, Entry::OnionKey(..)))
    }

    /// Seals it under a passphrase.
    ///
    /// # Errors
    /// [`BackupError::Seal`].
    pub(crate) fn seal(
        &self,
        passphrase: &Passphrase,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, BackupError> {
        let count = u64::try_from(self.0.len()).unwrap_or(u64::MAX);
        let contents = self.0.values().map(|bytes| bytes.len());
        let room = contents.fold(seal::MORE, |sum, length| {
            let entry = length.saturating_add(MOST_NAME_BYTES);
            sum.saturating_add(entry).saturating_add(CBOR_HEADS)
        });
        // What could not be put back is no backup.
        let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
        if count > MOST_FILES || room > most {
            return Err(BackupError::Seal(SealError::TooLong));
        }
        // Reserved at once, so that growing leaves no copies.
        let mut archive = Zeroizing::new(Vec::with_capacity(room));
        let mut encoder = Encoder::new(&mut *archive);
        // Writing into memory does not fail.
        let _written = encoder.map(count).and_then(|mut map| {
            for (entry, bytes) in &self.0 {
                map = map.str(&entry.name())?.bytes(bytes)?;
            }
            Ok(map)
        });
        seal::seal(&archive, passphrase, rng).map_err(BackupError::Seal)
    }

    /// Opens what [`Backup::seal`] gave.
    ///
    /// # Errors
    /// [`BackupError::Seal`], [`BackupError::Foreign`], [`BackupError::Newer`].
    pub(crate) fn open(sealed: &[u8], passphrase: &Passphrase) -> Result<Self, BackupError> {
        let archive = seal::open(sealed, passphrase).map_err(BackupError::Seal)?;
        let mut decoder = Decoder::new(&archive);
        let count = decoder.map().ok().flatten();
        let count = count.filter(|count| *count <= MOST_FILES);
        let mut files = BTreeMap::new();
        for _ in 0..count.ok_or(BackupError::Foreign)? {
            let name = decoder.str().map_err(|_| BackupError::Foreign)?;
            let entry = Entry::named(name);
            let bytes = decoder.bytes().map_err(|_| BackupError::Foreign)?;
            if files.is_empty() && (entry != Some(Entry::Version) || bytes != VERSION) {
                return Err(BackupError::Newer);
            }
            let entry = entry.ok_or(BackupError::Foreign)?;
            if files
                .insert(entry, Zeroizing::new(bytes.to_vec()))
                .is_some()
            {
                return Err(BackupError::Foreign);
            }
        }
        if files.is_empty() || decoder.position() != archive.len() {
            return Err(BackupError::Foreign);
        }
        Ok(Self(files))
    }

    /// Writes the configuration and the settings files beside it, where there are none.
    ///
    /// # Errors
    /// [`BackupError::Unwritable`].
    pub(crate) fn write_configuration(&self, to: &Path) -> Result<(), BackupError> {
        let folder = to.parent().unwrap_or(Path::new(""));
        for (entry, bytes) in &self.0 {
            let path = match entry {
                Entry::Configuration => to.to_owned(),
                Entry::Settings(name) => folder.join(name),
                _ => continue,
            };
            match durable::create(&path, bytes) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                written => written.map_err(|error| BackupError::Unwritable(path.clone(), error))?,
            }
            durable::sync_folder_of(&path)
                .map_err(|error| BackupError::Unwritable(path.clone(), error))?;
        }
        Ok(())
    }

    /// Makes a data folder of it, in `folder`, which must be empty or not there. One that was cut off
    /// is begun anew.
    ///
    /// # Errors
    /// [`BackupError::Occupied`], [`BackupError::Unwritable`].
    pub(crate) fn make_data(&self, folder: &Path) -> Result<Data, BackupError> {
        let unwritable = |error| BackupError::Unwritable(folder.to_owned(), error);
        durable::make_folder(folder).map_err(unwritable)?;
        let unfinished = Data::unfinished(folder);
        let of_the_system = folder.join(LOST_AND_FOUND);
        // Cut off between its two last steps, it has left one of the two halves where it belongs.
        let half = folder.join(FIRST_HALF);
        let is_half = Data::is_half_restored(folder);
        for found in std::fs::read_dir(folder).map_err(unwritable)? {
            let found = found.map_err(unwritable)?.path();
            if found != unfinished && found != of_the_system && !(is_half && found == half) {
                return Err(BackupError::Occupied(folder.to_owned()));
            }
        }
        // What tells that it was cut off goes last.
        for rest in [half, unfinished.clone()] {
            match std::fs::remove_dir_all(&rest) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(unwritable(error));
                }
                _ => {}
            }
        }
        self.fill(&unfinished, folder).map_err(unwritable)
    }

    fn fill(&self, unfinished: &Path, folder: &Path) -> io::Result<Data> {
        let fresh = Data::create(unfinished)?;
        for (entry, bytes) in &self.0 {
            let path = match entry {
                Entry::OnionKey(room, name) => fresh.onion_keys().join(room.name()).join(name),
                Entry::Store(names) => fresh.store().join(names),
                Entry::Version | Entry::Configuration | Entry::Settings(_) => continue,
            };
            if let Some(above) = path.parent() {
                durable::make_folder(above)?;
            }
            durable::create(&path, bytes)?;
        }
        sync_folders(unfinished)?;
        // A data folder is one when both are there.
        for name in [FIRST_HALF, "tor"] {
            std::fs::rename(unfinished.join(name), folder.join(name))?;
        }
        std::fs::remove_dir(unfinished)?;
        std::fs::File::open(folder)?.sync_all()?;
        Data::open(folder).ok_or_else(|| io::Error::other("the folder is not there"))
    }
}

impl fmt::Debug for Backup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The entry of a settings file that lies beside the configuration.
fn beside(configuration: &Path, settings: &Path) -> Option<Entry> {
    let folder = configuration.parent()?;
    Entry::settings(settings.strip_prefix(folder).ok()?)
}

/// Adds the files beneath a folder for which `place` knows a place.
fn gather(
    files: &mut BTreeMap<Entry, Zeroizing<Vec<u8>>>,
    folder: &Path,
    place: fn(&Path) -> Option<Entry>,
) -> Result<(), BackupError> {
    let found = below(folder);
    for path in found.map_err(|error| BackupError::Unreadable(folder.to_owned(), error))? {
        if let Some(entry) = place(&path) {
            files.insert(entry, read(&folder.join(&path))?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    std::fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| BackupError::Unreadable(path.to_owned(), error))
}

/// The files beneath a folder, three storeys at most, as paths from there. None where it is not there.
fn below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    const STOREYS: usize = 3;
    let mut found = Vec::new();
    let mut waiting = vec![(PathBuf::new(), 0_usize)];
    while let Some((path, storey)) = waiting.pop() {
        let entries = match std::fs::read_dir(folder.join(&path)) {
            Ok(entries) => entries,
            // The running server removes what it no longer needs.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let path = path.join(entry.file_name());
            if !entry.file_type()?.is_dir() {
                found.push(path);
            } else if storey < STOREYS && Entry::may_be_in(&path) {
                waiting.push((path, storey.saturating_add(1)));
            }
        }
    }
    Ok(found)
}

/// Waits until all names beneath a folder are on the disk.
fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    std::fs::File::open(folder)?.sync_all()
}

/// Why there is no backup, or nothing came of one.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum BackupError {
    /// A file that belongs into it cannot be read.
    Unreadable(PathBuf, io::Error),
    /// A file cannot be written.
    Unwritable(PathBuf, io::Error),
    /// It cannot be opened.
    Seal(SealError),
    /// Something else is in it than a backup has.
    Foreign,
    /// A newer program made it.
    Newer,
    /// There is something in the data folder already.
    Occupied(PathBuf),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, _) => write!(f, "{} cannot be read", path.display()),
            Self::Unwritable(path, _) => write!(f, "{} cannot be written", path.display()),
            Self::Seal(error) => error.fmt(f),
            Self::Foreign => f.write_str("this is sealed well, but is not a backup of a server"),
            Self::Newer => {
                f.write_str("a newer knothole-server made this backup: restore it with that one")
            }
            Self::Occupied(folder) => write!(
                f,
                "there is something in {} already; nothing is restored over it. Move it away, or \
                 name another folder in the configuration",
                folder.display()
            ),
        }
    }
}

impl std::error::Error for BackupError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, error) | Self::Unwritable(_, error) => Some(error),
            Self::Seal(_) | Self::Foreign | Self::Newer | Self::Occupied(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
