//! An unfinished upload on the disk: segment files and the mark that says how far they are good.

use core::fmt;
use std::io;

use knothole_envelope::SEGMENT_LEN;
use sha2::{Digest as _, Sha256};

use crate::disk::{self, Disk, DiskFile, Name, Place};
use crate::record::{MOST_RECORD_BYTES, Ticket};
use crate::shelf::unless_stray;

/// The length of a segment, in the width that offsets have.
pub(crate) const SEGMENT: u64 = 4_194_304;
const _: () = assert!(
    SEGMENT_LEN == 4_194_304,
    "segments on disk are those of the tree hash"
);

/// The mark has two places for the offset, written in turn, so that a torn write spoils one.
const MARK_PLACES: [u64; 2] = [0, 512];
/// After them the hashes of the finished segments, 32 bytes each.
const MARK_HASHES: u64 = 1_024;

/// The bytes of one upload: it appends, makes durable, and knows the difference.
pub(crate) struct Segments {
    folder: Place,
    length: u64,
    durable: Point,
    at: Point,
    next_mark: usize,
    on_disk: bool,
    /// Whether there may be a folder, with or without all that belongs in it.
    touched: bool,
    mark: Option<Box<dyn DiskFile>>,
    segment: Option<Box<dyn DiskFile>>,
    entries_dirty: bool,
    /// Segments whose hashes lie in the mark since the last time it was made durable.
    fresh_hashes: u64,
}

/// A place in the upload, with what is needed to go on hashing from there.
#[derive(Clone)]
struct Point {
    offset: u64,
    /// The hash of the segment that the offset lies in, up to the offset.
    open: Sha256,
    /// The hash of the last finished segment, or zeros.
    last: [u8; 32],
}

impl Point {
    fn start() -> Self {
        Self {
            offset: 0,
            open: Sha256::new(),
            last: [0; 32],
        }
    }

    fn mark(&self) -> [u8; 40] {
        let mut bytes = [0; 40];
        let offset = self.offset.to_be_bytes();
        let check: [u8; 32] = Sha256::new()
            .chain_update(offset)
            .chain_update(self.last)
            .finalize()
            .into();
        for (to, from) in bytes.iter_mut().zip(offset.into_iter().chain(check)) {
            *to = from;
        }
        bytes
    }
}

impl fmt::Debug for Segments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segments").finish_non_exhaustive()
    }
}

impl Segments {
    /// An upload of which nothing is on the disk yet.
    pub(crate) fn new(folder: Place, length: u64) -> Self {
        Self {
            folder,
            length,
            durable: Point::start(),
            at: Point::start(),
            next_mark: 1,
            on_disk: false,
            touched: false,
            mark: None,
            segment: None,
            entries_dirty: false,
            fresh_hashes: 0,
        }
    }

    /// An upload that a start has found to be whole, but for the commit.
    pub(crate) fn whole(folder: Place, length: u64) -> Self {
        let mut found = Self::new(folder, length);
        (found.on_disk, found.touched) = (true, true);
        (found.durable.offset, found.at.offset) = (length, length);
        found
    }

    /// Finds again what was acknowledged, or nothing if the folder holds no usable mark.
    pub(crate) fn recover(disk: &dyn Disk, folder: Place, length: u64) -> io::Result<Option<Self>> {
        let mark = disk.open(&mark_place(&folder))?;
        let mut best: Option<(usize, Point)> = None;
        for (number, place) in MARK_PLACES.into_iter().enumerate() {
            let mut bytes = [0; 40];
            if disk::read_exact_at(mark.as_ref(), &mut bytes, place).is_err() {
                continue;
            }
            let Some(point) = read_mark(mark.as_ref(), &bytes, length) else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|(_, held)| held.offset < point.offset)
            {
                best = Some((number, point));
            }
        }
        let Some((number, mut point)) = best else {
            return Ok(None);
        };
        if !rehash(disk, &folder, length, &mut point)? {
            return Ok(None);
        }
        // A killed process may have left some of it in the system's memory alone.
        let most = usize::try_from(length.saturating_add(2 * MARK_HASHES)).unwrap_or(usize::MAX);
        disk::write_again(disk, &mark_place(&folder), most)?;
        disk::write_again(disk, &ticket_place(&folder), MOST_RECORD_BYTES)?;
        disk.sync_folder(&folder)?;
        let mut found = Self::new(folder, length);
        found.next_mark = usize::from(number == 0);
        (found.on_disk, found.touched) = (true, true);
        found.durable = point.clone();
        found.at = point;
        Ok(Some(found))
    }

    /// The folder that holds it.
    pub(crate) const fn folder(&self) -> &Place {
        &self.folder
    }

    /// The bytes it is to have.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// Whether its folder has been made.
    pub(crate) const fn on_disk(&self) -> bool {
        self.on_disk
    }

    /// Whether there may be anything of it on the disk.
    pub(crate) const fn touched(&self) -> bool {
        self.touched
    }

    /// The bytes that will be there after a loss of power.
    pub(crate) const fn durable(&self) -> u64 {
        self.durable.offset
    }

    /// Makes the folder, durably; what an earlier attempt has left in it goes.
    pub(crate) fn create(&mut self, disk: &dyn Disk, ticket: &Ticket) -> io::Result<()> {
        let Some((incoming, _)) = self.folder.split() else {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        };
        if self.touched {
            disk::remove_tree(disk, &self.folder)?;
            *self = Self::new(self.folder.clone(), self.length);
        }
        self.touched = true;
        disk.make_folder(&self.folder)?;
        let mark = disk.create(&mark_place(&self.folder))?;
        mark.write_at(&Point::start().mark(), MARK_PLACES[0])?;
        mark.sync()?;
        disk::create_whole(disk, &ticket_place(&self.folder), &ticket.encode())?;
        disk.sync_folder(&self.folder)?;
        disk.sync_folder(&incoming)?;
        self.mark = Some(mark);
        self.on_disk = true;
        Ok(())
    }

    /// Appends bytes, which may still be lost until [`Self::settle`].
    pub(crate) fn write(&mut self, disk: &dyn Disk, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let within = self.at.offset.rem_euclid(SEGMENT);
            let room = SEGMENT
                .saturating_sub(within)
                .min(self.length.saturating_sub(self.at.offset));
            let room = usize::try_from(room).unwrap_or(usize::MAX).min(rest.len());
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            if now.is_empty() {
                return Err(io::Error::from(io::ErrorKind::InvalidInput));
            }
            self.write_within(disk, within, now)?;
            rest = later;
        }
        Ok(())
    }

    fn write_within(&mut self, disk: &dyn Disk, within: u64, bytes: &[u8]) -> io::Result<()> {
        let number = self.at.offset.div_euclid(SEGMENT);
        let file = if let Some(file) = self.segment.take() {
            file
        } else {
            self.entries_dirty |= within == 0;
            let rest = self.length.saturating_sub(number.saturating_mul(SEGMENT));
            disk.open_or_create_for(&segment_place(&self.folder, number), rest.min(SEGMENT))?
        };
        file.write_at(bytes, within)?;
        self.at.open.update(bytes);
        let step = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.at.offset = self.at.offset.saturating_add(step);
        let full = self.at.offset.rem_euclid(SEGMENT) == 0;
        if !full && self.at.offset != self.length {
            self.segment = Some(file);
            return Ok(());
        }
        file.sync()?;
        self.at.last = core::mem::take(&mut self.at.open).finalize().into();
        let place = MARK_HASHES.saturating_add(number.saturating_mul(32));
        let last = self.at.last;
        self.mark(disk)?.write_at(&last, place)?;
        self.fresh_hashes = self.fresh_hashes.saturating_add(1);
        Ok(())
    }

    /// Makes everything that was written durable. Only after this may it be acknowledged.
    pub(crate) fn settle(&mut self, disk: &dyn Disk) -> io::Result<()> {
        if self.at.offset == self.durable.offset {
            return Ok(());
        }
        if let Some(file) = &self.segment {
            file.sync()?;
        }
        if self.entries_dirty {
            disk.sync_folder(&self.folder)?;
            self.entries_dirty = false;
        }
        let place = MARK_PLACES.get(self.next_mark).copied().unwrap_or_default();
        let bytes = self.at.mark();
        let several = self.fresh_hashes > 1;
        let mark = self.mark(disk)?;
        // The place vouches for the last hash only: those before it must be there first.
        if several {
            mark.sync()?;
        }
        mark.write_at(&bytes, place)?;
        mark.sync()?;
        self.fresh_hashes = 0;
        self.next_mark = usize::from(self.next_mark == 0);
        self.durable = self.at.clone();
        Ok(())
    }

    /// Goes back to the last durable byte and closes the files.
    pub(crate) fn rest(&mut self) {
        self.at = self.durable.clone();
        self.segment = None;
        self.mark = None;
    }

    /// Removes what was written and never made durable, as far as it lies in files of its own. What
    /// shares a segment with durable bytes stays there until it is written over.
    pub(crate) fn take_back(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let written = self.at.offset;
        self.rest();
        if self.durable() == 0 {
            // Whatever becomes of the folder, it has to be made anew.
            self.on_disk = false;
            if self.touched {
                disk::remove_tree(disk, &self.folder)?;
                *self = Self::new(self.folder.clone(), self.length);
            }
            return Ok(());
        }
        for number in self.durable().div_ceil(SEGMENT)..written.div_ceil(SEGMENT) {
            disk.remove_file(&segment_place(&self.folder, number))?;
        }
        Ok(())
    }

    fn mark(&mut self, disk: &dyn Disk) -> io::Result<&dyn DiskFile> {
        let mark = match self.mark.take() {
            Some(mark) => mark,
            None => disk.open_or_create(&mark_place(&self.folder))?,
        };
        Ok(&**self.mark.insert(mark))
    }
}

/// The hashes of all segments of a complete upload.
pub(crate) fn segment_hashes(
    disk: &dyn Disk,
    folder: &Place,
    length: u64,
) -> io::Result<Vec<[u8; 32]>> {
    let mark = disk.open(&mark_place(folder))?;
    let mut hashes = Vec::new();
    for number in 0..length.div_ceil(SEGMENT) {
        let mut hash = [0; 32];
        let place = MARK_HASHES.saturating_add(number.saturating_mul(32));
        disk::read_exact_at(mark.as_ref(), &mut hash, place)?;
        hashes.push(hash);
    }
    Ok(hashes)
}

/// Whether every segment file has the length that so many bytes need.
pub(crate) fn segments_are_whole(disk: &dyn Disk, folder: &Place, bytes: u64) -> io::Result<bool> {
    for number in 0..bytes.div_ceil(SEGMENT) {
        let before = number.saturating_mul(SEGMENT);
        let needed = bytes.saturating_sub(before).min(SEGMENT);
        match disk.open(&segment_place(folder, number)) {
            Ok(file) if file.length()? >= needed => {}
            Ok(_) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

pub(crate) fn segment_place(folder: &Place, number: u64) -> Place {
    folder.join(Name::number('s', number))
}

pub(crate) fn mark_place(folder: &Place) -> Place {
    folder.file("mark")
}

/// What is noted of the upload in this folder; nothing where there is no such note.
pub(crate) fn ticket(disk: &dyn Disk, folder: &Place) -> io::Result<Option<Ticket>> {
    let read = disk::read_if_there(disk, &ticket_place(folder), MOST_RECORD_BYTES);
    let bytes = unless_stray(read)?.flatten();
    Ok(bytes.and_then(|bytes| Ticket::decode(&bytes)))
}

pub(crate) fn ticket_place(folder: &Place) -> Place {
    folder.file("ticket")
}

fn read_mark(mark: &dyn DiskFile, bytes: &[u8; 40], length: u64) -> Option<Point> {
    let (offset, _) = bytes.split_first_chunk::<8>()?;
    let offset = u64::from_be_bytes(*offset);
    if offset > length {
        return None;
    }
    let finished = if offset == length {
        offset.div_ceil(SEGMENT)
    } else {
        offset.div_euclid(SEGMENT)
    };
    let mut point = Point {
        offset,
        open: Sha256::new(),
        last: [0; 32],
    };
    if let Some(number) = finished.checked_sub(1) {
        let place = MARK_HASHES.saturating_add(number.saturating_mul(32));
        disk::read_exact_at(mark, &mut point.last, place).ok()?;
    }
    (point.mark() == *bytes).then_some(point)
}

/// Hashes again what lies in the open segment; `false` when segments are missing or short.
fn rehash(disk: &dyn Disk, folder: &Place, length: u64, point: &mut Point) -> io::Result<bool> {
    if !segments_are_whole(disk, folder, point.offset)? {
        return Ok(false);
    }
    let within = point.offset.rem_euclid(SEGMENT);
    if within == 0 || point.offset == length {
        return Ok(true);
    }
    let file = disk.open(&segment_place(folder, point.offset.div_euclid(SEGMENT)))?;
    let mut bytes = vec![0; usize::try_from(within).unwrap_or(SEGMENT_LEN)];
    disk::read_exact_at(file.as_ref(), &mut bytes, 0)?;
    point.open.update(&bytes);
    Ok(true)
}

/// Hands over all bytes of a complete upload, piece by piece.
pub(crate) fn read_all(
    disk: &dyn Disk,
    folder: &Place,
    length: u64,
    buffer: &mut [u8],
    mut each: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut at = 0;
    while at < length {
        let read = read_some(disk, folder, length, at, buffer)?;
        each(buffer.get(..read).unwrap_or_default());
        at = at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
    }
    Ok(())
}

/// Reads from one segment as much as fits; never nothing before the end.
pub(crate) fn read_some(
    disk: &dyn Disk,
    folder: &Place,
    length: u64,
    at: u64,
    buffer: &mut [u8],
) -> io::Result<usize> {
    let within = at.rem_euclid(SEGMENT);
    let there = SEGMENT
        .saturating_sub(within)
        .min(length.saturating_sub(at));
    let wanted = usize::try_from(there)
        .unwrap_or(usize::MAX)
        .min(buffer.len());
    let file = disk.open(&segment_place(folder, at.div_euclid(SEGMENT)))?;
    let part = buffer.get_mut(..wanted).unwrap_or_default();
    disk::read_exact_at(file.as_ref(), part, within)?;
    Ok(wanted)
}
