//! What a store gives to whoever takes its disk now: counted from the disk itself, by a look that
//! changes nothing.
//!
//! It may be taken beside a running server. What moves meanwhile is counted as what it has become,
//! and what goes is left out.

mod times;

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};

use knothole_envelope::{Day, DropId, EpochNumber, Receipt, Sheet, Signed};

pub use self::times::FileTimes;
use crate::commit::{drops, incoming, lane_place, link, shelf, trash};
use crate::desk::{self, DeskError};
use crate::disk::{self, Beneath, Disk, Name, Place};
use crate::mailboxes;
use crate::newsroom::charter_place;
use crate::receipts;
use crate::record::{Lanes, MOST_RECORD_BYTES, Manifest, Ticket};
use crate::segments;
use crate::settings::MOST_SIGNED_BYTES;
use crate::shelf::{manifest, unless_unreadable};

/// All that a store makes in its own folder, and this look explains.
const EXPLAINED: [&str; 21] = [
    "charter",
    "closed",
    "couriers",
    "drops",
    "epochs",
    "grace",
    "incoming",
    "lived",
    "mailbox-secret",
    "pool",
    "receipts",
    "replies",
    "replies-arriving",
    "reply-blank",
    "sheets",
    "shelf",
    "spent",
    "trash",
    "trust",
    "turned",
    "version",
];

/// Lengths of sealed things, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lengths {
    /// How many there are.
    pub count: usize,
    /// The shortest; 0 when there is none.
    pub least: u64,
    /// The longest.
    pub most: u64,
    /// All together.
    pub sum: u64,
}

impl Lengths {
    fn add(&mut self, bytes: u64) {
        self.least = if self.count == 0 {
            bytes
        } else {
            self.least.min(bytes)
        };
        self.most = self.most.max(bytes);
        self.sum = self.sum.saturating_add(bytes);
        self.count = self.count.saturating_add(1);
    }
}

/// What lies in a store: counts, lengths and days. No identifier, no hash, no hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seizure {
    /// Finished drops by their padded lengths, those that the newsroom can see and those that wait.
    pub drops: Lengths,
    /// Those of them that wait for the end of the batch.
    pub waiting: usize,
    /// Those of them that are signed off and wait for the end of the grace.
    pub signed_off: usize,
    /// Finished drops that do not verify.
    pub damaged: usize,
    /// What the file system says of the drops' files.
    pub drop_times: FileTimes,
    /// The different epochs that drops and unfinished uploads name in their headers.
    pub epochs: usize,
    /// Unfinished uploads by the lengths that were announced, lanes one by one.
    pub unfinished: Lengths,
    /// Bytes of them that have come.
    pub unfinished_bytes: u64,
    /// What the file system says of their files.
    pub unfinished_times: FileTimes,
    /// Hashes of upload addresses, of unfinished uploads and of drops before the second boundary.
    pub addresses: usize,
    /// Things on their way out that are still there.
    pub trash: usize,
    /// Receipts of drops that were opened or refused, by the lengths that they name.
    pub receipts: Lengths,
    /// Receipts of burned epochs.
    pub burned: usize,
    /// The different days on which receipts came whose grace is not over.
    pub grace_days: usize,
    /// Replies, dummies and what was erased, which nobody can tell apart here.
    pub replies: usize,
    /// The different days on which they were pushed.
    pub reply_days: usize,
    /// Couriers that are let in: of each a discovery key and the hash of a credential.
    pub couriers: usize,
    /// Whether a newsroom is trusted, whose fingerprint is public.
    pub newsroom: bool,
    /// Whether its charter is held.
    pub charter: bool,
    /// Epoch sheets that are held.
    pub sheets: usize,
    /// Whether the second is noted at which the server began to run or a day to pass.
    pub clock: bool,
    /// Names in the store's folder that this look does not explain.
    pub unexplained: Vec<String>,
}

impl Seizure {
    /// Looks at the store in this folder. Not even a time of access is changed, where the folder
    /// belongs to whoever looks.
    ///
    /// # Errors
    /// [`DeskError`] when something cannot be read.
    pub fn look(folder: &Path) -> Result<Self, DeskError> {
        let disk = Beneath::open(folder)?;
        let look = Look {
            disk: &disk,
            folder,
        };
        let mut found = Self::default();
        look.sealed(&mut found)?;
        look.signed(&mut found)?;
        look.papers(&mut found)?;
        Ok(found)
    }
}

/// Something sealed, as the look met it last.
enum Sealed {
    Unfinished(Ticket),
    Waiting(Manifest),
    Visible(Manifest),
    Damaged,
}

struct Look<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
}

impl Look<'_> {
    fn sealed(&self, found: &mut Seizure) -> io::Result<()> {
        let mut met = HashMap::new();
        // In the order in which things move, so that what moves is met again where it has come to.
        for name in self.list(&incoming())? {
            let folder = incoming().join(name.clone());
            if let (Ok(id), Some(ticket)) = (name.as_str().parse::<DropId>(), self.ticket(&folder)?)
            {
                met.insert(id, (folder, Sealed::Unfinished(ticket)));
            }
        }
        for room in [drops(), shelf()] {
            for name in self.list(&room)? {
                let folder = room.join(name.clone());
                let Ok(id) = name.as_str().parse::<DropId>() else {
                    continue;
                };
                let sealed = match manifest(self.disk, &folder)? {
                    Some(held) if room == shelf() => Sealed::Visible(held),
                    Some(held) => Sealed::Waiting(held),
                    // It has gone.
                    None if self.list(&folder)?.is_empty() => continue,
                    None => Sealed::Damaged,
                };
                met.insert(id, (folder, sealed));
            }
        }
        let mut epochs = BTreeSet::new();
        for (folder, sealed) in met.values() {
            epochs.extend(self.count(folder, sealed, found)?);
        }
        found.epochs = epochs.len();
        found.trash = self.list(&trash())?.len();
        Ok(())
    }

    /// Counts one of them, and gives the epoch that it names.
    fn count(
        &self,
        folder: &Place,
        sealed: &Sealed,
        found: &mut Seizure,
    ) -> io::Result<Option<EpochNumber>> {
        match sealed {
            Sealed::Unfinished(ticket) => {
                found.unfinished.add(ticket.length);
                let has_address = usize::from(ticket.url.is_some());
                found.addresses = found.addresses.saturating_add(has_address);
                let came = self.segments(folder)?;
                found.unfinished_bytes = found.unfinished_bytes.saturating_add(came);
                self.times(folder, &mut found.unfinished_times)?;
                Ok(ticket.epoch)
            }
            Sealed::Waiting(held) | Sealed::Visible(held) => {
                found.drops.add(held.lanes.length());
                let waits = usize::from(matches!(sealed, Sealed::Waiting(_)));
                found.waiting = found.waiting.saturating_add(waits);
                let known = unless_unreadable(link(self.disk, folder))?.flatten();
                let has_address = usize::from(known.is_some());
                found.addresses = found.addresses.saturating_add(has_address);
                self.times(folder, &mut found.drop_times)?;
                if let Lanes::Many(lengths) = &held.lanes {
                    for lane in 0..lengths.len() {
                        let lane = lane_place(folder, &held.lanes, lane);
                        self.times(&lane, &mut found.drop_times)?;
                    }
                }
                Ok(held.epoch)
            }
            Sealed::Damaged => {
                found.damaged = found.damaged.saturating_add(1);
                Ok(None)
            }
        }
    }

    /// What the newsroom has signed, and what it has pushed.
    fn signed(&self, found: &mut Seizure) -> io::Result<()> {
        for receipt in receipts::held(self.disk)? {
            match receipt {
                Receipt::Opened { length, .. } | Receipt::Refused { length, .. } => {
                    found.receipts.add(length);
                }
                Receipt::Burned { .. } => found.burned = found.burned.saturating_add(1),
            }
        }
        let graces = receipts::graces(self.disk)?;
        let of_a_drop = |(name, _): &&(Name, Day)| name.as_str().parse::<DropId>().is_ok();
        found.signed_off = graces.iter().filter(of_a_drop).count();
        found.grace_days = different(graces.iter().map(|(_, day)| *day));
        let replies = mailboxes::last_days(self.disk)?;
        found.replies = replies.len();
        found.reply_days = different(replies);
        Ok(())
    }

    /// What the administrator and the courier have brought, and whatever else is there.
    fn papers(&self, found: &mut Seizure) -> Result<(), DeskError> {
        found.couriers = desk::couriers(self.disk)?.len();
        found.newsroom = desk::trusted(self.disk)?.is_some();
        found.charter = self.is_there(&charter_place())?;
        found.clock = self.is_there(&Place::top("lived"))?;
        let sheets = disk::read_if_there(self.disk, &Place::top("sheets"), MOST_SIGNED_BYTES)?;
        let sheets = sheets.and_then(|bytes| Signed::<Sheet>::decode_list(&bytes, u32::MAX).ok());
        found.sheets = sheets.map_or(0, |sheets| sheets.len());
        let names = self.disk.list(&Place::root())?;
        // What is put in the place of something else lies beside it for a moment.
        let bare = |name: &Name| name.as_str().trim_start_matches("new-").to_owned();
        let unknown = names.iter().map(bare);
        found.unexplained = unknown
            .filter(|name| !EXPLAINED.contains(&name.as_str()))
            .collect();
        found.unexplained.sort();
        Ok(())
    }

    fn is_there(&self, place: &Place) -> io::Result<bool> {
        match self.disk.open(place) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The names in a folder; none where it is gone.
    fn list(&self, place: &Place) -> io::Result<Vec<Name>> {
        match self.disk.list(place) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(Vec::new())
            }
            names => names,
        }
    }

    fn ticket(&self, folder: &Place) -> io::Result<Option<Ticket>> {
        let place = segments::ticket_place(folder);
        let read = disk::read_if_there(self.disk, &place, MOST_RECORD_BYTES);
        let bytes = unless_unreadable(read)?.flatten();
        Ok(bytes.and_then(|bytes| Ticket::decode(&bytes)))
    }

    /// The bytes in the segments of an unfinished upload.
    fn segments(&self, folder: &Place) -> io::Result<u64> {
        let names = self.list(folder)?;
        let segments = names.iter().filter(|name| is_segment(name.as_str()));
        let lengths = segments.map(|name| {
            let place = folder.join(name.clone());
            match self.disk.open(&place) {
                Ok(file) => file.length(),
                // It has moved on.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
                Err(error) => Err(error),
            }
        });
        lengths.sum()
    }

    /// Notes the times of a folder and of all that lies in it.
    fn times(&self, folder: &Place, times: &mut FileTimes) -> io::Result<()> {
        let path = self.path(folder);
        times.note(&path);
        for name in self.list(folder)? {
            times.note(&path.join(name.as_str()));
        }
        Ok(())
    }

    fn path(&self, place: &Place) -> PathBuf {
        let names = place.names().iter();
        names.fold(self.folder.to_owned(), |path, name| {
            path.join(name.as_str())
        })
    }
}

/// Whether this is the name of a segment, among the names in an upload's folder.
fn is_segment(name: &str) -> bool {
    let number = name.strip_prefix('s');
    number.is_some_and(|number| number.len() == 8 && u32::from_str_radix(number, 16).is_ok())
}

fn different(days: impl IntoIterator<Item = Day>) -> usize {
    days.into_iter().collect::<BTreeSet<_>>().len()
}
