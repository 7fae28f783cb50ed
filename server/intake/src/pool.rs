//! Folders and files that are made before they are needed.
//!
//! A file system keeps of each file when it was born, and hands out its numbers and its blocks in
//! the order in which files are made. No program can change that afterwards. So at a batch boundary
//! blanks are made, in one pass; whatever an upload needs until the next boundary is one of them,
//! chosen by chance and renamed. A rename takes the place of a creation, and costs no sync more.
//!
//! The pool is a disk over another one: the rest of the store makes files as ever, and knows nothing
//! of it. When a kind of blank has run out, files are made on the spot.

mod kind;

use core::fmt;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use rand_core::{CryptoRng, Rng as _};

use self::kind::Kind;
use crate::clock::UnixSeconds;
use crate::commit::incoming;
use crate::disk::{self, Disk, DiskFile, Name, Place, Room};
use crate::intake::system_rng;
use crate::level;
use crate::segments::SEGMENT;
use crate::settings::Settings;
use crate::shelf::{shuffle, unless_unreadable};
use crate::space::SMALLEST;
use crate::uploads::lock;

/// Ticket, mark, link and manifest.
const RECORDS_OF_A_DROP: usize = 4;
/// Blanks take up at most this part of the disk that is free.
const SHARE: u64 = 32;
/// There is at most one for so many bytes that are free: `mkfs.ext4` makes an inode for each 16 KiB,
/// and others need some, too.
const BYTES_FOR_ONE: u64 = 131_072;

/// What an inode takes up on ext4.
const INODE_BYTES: u64 = 256;

/// Where blanks wait.
pub(crate) fn pool() -> Place {
    Place::top("pool")
}

/// What a commit has no use for any more, until the next boundary: the time at which a file was
/// removed stays on the disk, too.
pub(crate) fn spent() -> Place {
    Place::top("spent")
}

/// The blanks, over the disk that they lie on.
pub(crate) struct Pool {
    disk: Arc<dyn Disk>,
    uploads: usize,
    messages: usize,
    segments: usize,
    staying: usize,
    bytes: u64,
    /// In the order in which they are taken, the last one first, which says nothing.
    blanks: Mutex<BTreeMap<Kind, Vec<Name>>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// Finds the blanks that are left; a store that never had any gets its first ones.
    ///
    /// Between two boundaries none are added: those taken after a start would be told by their
    /// births from those taken before it. An error leaves fewer of them, or none.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        settings: &Settings,
        rng: &mut impl CryptoRng,
    ) -> Arc<Self> {
        let opened = Self {
            disk,
            uploads: settings.pool_uploads,
            messages: settings.pool_messages,
            segments: settings.pool_segments,
            staying: settings.pool_staying,
            bytes: settings.pool_bytes,
            blanks: Mutex::default(),
        };
        let mut fresh = false;
        for (place, is_pool) in [(spent(), false), (pool(), true)] {
            match opened.disk.make_folder(&place) {
                Ok(()) => fresh = is_pool,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => told(Err(error)),
            }
        }
        match opened.find() {
            Ok(found) => opened.add(found, rng),
            Err(error) => told(Err(error)),
        }
        if fresh {
            opened.renew(rng);
        }
        Arc::new(opened)
    }

    /// At a boundary: what was set aside goes, and there are as many blanks as ever again. An error
    /// leaves fewer of them, and keeps nobody from the drop-box.
    pub(crate) fn renew(&self, rng: &mut impl CryptoRng) {
        told(self.empty_spent(rng));
        let mut made = Vec::new();
        let filled = self.fill(rng, &mut made);
        // Those that were made before an error are blanks as good as any.
        self.add(made, rng);
        told(filled);
    }

    /// Changes the inodes of all blanks, durably, and gives the bytes of the disk that these fill.
    pub(crate) fn touch(&self) -> io::Result<u64> {
        let names: Vec<_> = lock(&self.blanks).values().flatten().cloned().collect();
        for name in &names {
            level::one(self.disk.as_ref(), &pool().join(name.clone()))?;
        }
        self.disk.sync_folder(&pool())?;
        let count = u64::try_from(names.len()).unwrap_or(u64::MAX);
        Ok(count.saturating_mul(INODE_BYTES))
    }

    /// The blanks on the disk. What a loss of power has put back with something in it is none: only
    /// its new name was lost, and what was written to it would come up in another upload.
    fn find(&self) -> io::Result<Vec<(Kind, Name)>> {
        let mut found = Vec::new();
        for name in self.disk.list(&pool())? {
            let place = pool().join(name.clone());
            let blank = match Kind::of(&name) {
                Some(Kind::Folder) => {
                    unless_unreadable(self.disk.list(&place))?.is_some_and(|names| names.is_empty())
                }
                Some(_) => unless_unreadable(self.disk.open(&place))?
                    .is_some_and(|file| file.length().is_ok_and(|length| length == 0)),
                None => false,
            };
            match Kind::of(&name) {
                Some(kind) if blank => found.push((kind, name)),
                _ => told(disk::remove_tree(self.disk.as_ref(), &place)),
            }
        }
        Ok(found)
    }

    fn empty_spent(&self, rng: &mut impl CryptoRng) -> io::Result<()> {
        let mut names = self.disk.list(&spent())?;
        shuffle(&mut names, rng);
        for name in names {
            disk::remove_tree(self.disk.as_ref(), &spent().join(name))?;
        }
        self.disk.sync_folder(&spent())
    }

    fn fill(&self, rng: &mut impl CryptoRng, made: &mut Vec<(Kind, Name)>) -> io::Result<()> {
        let free = self.disk.room()?.free;
        let mut bytes = (free / SHARE).min(self.bytes);
        let mut most = free / BYTES_FOR_ONE;
        for kind in Kind::ALL {
            let held = u64::try_from(self.count(kind)).unwrap_or(u64::MAX);
            bytes = bytes.saturating_sub(held.saturating_mul(kind.reserved()));
            most = most.saturating_sub(held);
        }
        let mut segments = 0;
        for kind in Kind::ALL {
            let wanted = match kind {
                Kind::Folder => self.uploads,
                Kind::Record => self.uploads.saturating_mul(RECORDS_OF_A_DROP),
                Kind::Message => self.messages,
                Kind::Segment => self.segments,
                Kind::Plain => self.segments.saturating_sub(segments),
                Kind::Stays => self.staying,
            };
            let mut held = self.count(kind);
            while held < wanted && kind.reserved() <= bytes && most > 0 {
                let name = blank_name(kind, rng)?;
                self.make(kind, &pool().join(name.clone()))?;
                made.push((kind, name));
                bytes = bytes.saturating_sub(kind.reserved());
                most = most.saturating_sub(1);
                held = held.saturating_add(1);
            }
            if kind == Kind::Segment {
                segments = held;
            }
        }
        self.disk.sync_folder(&pool())
    }

    fn make(&self, kind: Kind, place: &Place) -> io::Result<()> {
        if kind == Kind::Folder {
            return self.disk.make_folder(place);
        }
        let file = self.disk.create(place)?;
        if kind.reserved() > 0 {
            file.reserve(kind.reserved())?;
        }
        Ok(())
    }

    fn add(&self, made: Vec<(Kind, Name)>, rng: &mut impl CryptoRng) {
        let mut blanks = lock(&self.blanks);
        for (kind, name) in made {
            blanks.entry(kind).or_default().push(name);
        }
        // The old ones among the new.
        for names in blanks.values_mut() {
            shuffle(names, rng);
        }
    }

    fn count(&self, kind: Kind) -> usize {
        lock(&self.blanks).get(&kind).map_or(0, Vec::len)
    }

    /// Renames a blank of the first kind of which there is one; `false` if there is none.
    fn take(&self, kinds: &[Kind], to: &Place) -> io::Result<bool> {
        let taken = kinds.iter().find_map(|kind| {
            let name = lock(&self.blanks).get_mut(kind)?.pop()?;
            Some((*kind, name))
        });
        let Some((kind, name)) = taken else {
            return Ok(false);
        };
        match self.disk.rename_new(&pool().join(name.clone()), to) {
            Ok(()) => Ok(true),
            // It has gone from the pool, or there is no folder to take it to: then making it fails
            // as it ever did.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => {
                lock(&self.blanks).entry(kind).or_default().push(name);
                Err(error)
            }
        }
    }
}

/// A name that says nothing but what it is for.
fn blank_name(kind: Kind, rng: &mut impl CryptoRng) -> io::Result<Name> {
    let name = Name::parse(&format!("{}{:016x}", kind.letter(), rng.next_u64()));
    name.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))
}

/// Whether this is the folder of an upload.
fn is_upload(place: &Place) -> bool {
    place.split().is_some_and(|(room, _)| room == incoming())
}

/// Whether this lies in the folder of an upload.
fn is_of_upload(place: &Place) -> bool {
    place.split().is_some_and(|(folder, _)| is_upload(&folder))
}

fn told(done: io::Result<()>) {
    if let Err(error) = done {
        tracing::warn!("files could not be made beforehand, or cleared away: {error}");
    }
}

impl Disk for Pool {
    fn make_folder(&self, place: &Place) -> io::Result<()> {
        if is_upload(place) && self.take(&[Kind::Folder], place)? {
            return Ok(());
        }
        self.disk.make_folder(place)
    }

    fn create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        if is_of_upload(place) && self.take(&[Kind::Record, Kind::Plain], place)? {
            return self.disk.open_or_create(place);
        }
        self.disk.create(place)
    }

    fn open_or_create(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open_or_create(place)
    }

    fn open_or_create_for(&self, place: &Place, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let missing = match self.disk.open(place) {
            Err(error) => error.kind() == io::ErrorKind::NotFound,
            Ok(_) => false,
        };
        if missing && is_of_upload(place) {
            let first = match bytes {
                SEGMENT => Kind::Segment,
                SMALLEST => Kind::Message,
                _ => Kind::Plain,
            };
            self.take(&[first, Kind::Plain], place)?;
        }
        self.disk.open_or_create(place)
    }

    fn open(&self, place: &Place) -> io::Result<Box<dyn DiskFile>> {
        self.disk.open(place)
    }

    fn list(&self, place: &Place) -> io::Result<Vec<Name>> {
        self.disk.list(place)
    }

    fn rename_new(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.disk.rename_new(from, to)
    }

    fn rename_over(&self, from: &Place, to: &Place) -> io::Result<()> {
        self.disk.rename_over(from, to)
    }

    fn remove_file(&self, place: &Place) -> io::Result<()> {
        self.disk.remove_file(place)
    }

    fn set_aside(&self, place: &Place) -> io::Result<()> {
        let mut name = [0; 32];
        system_rng().fill_bytes(&mut name);
        match self.disk.rename_new(place, &spent().join(Name::hex(&name))) {
            // There is no such file, no such folder, or no room for one more name in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound || disk::is_full(&error) => {
                self.disk.remove_file(place)
            }
            done => done,
        }
    }

    fn remove_folder(&self, place: &Place) -> io::Result<()> {
        self.disk.remove_folder(place)
    }

    fn set_time(&self, place: &Place, time: UnixSeconds) -> io::Result<()> {
        self.disk.set_time(place, time)
    }

    fn sync_folder(&self, place: &Place) -> io::Result<()> {
        self.disk.sync_folder(place)
    }

    fn sync_everything(&self) -> io::Result<()> {
        self.disk.sync_everything()
    }

    fn room(&self) -> io::Result<Room> {
        self.disk.room()
    }
}

#[cfg(test)]
mod cuts;
#[cfg(test)]
mod tests;
