//! The folder of one bundle, and the files that are written into it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use knothole_envelope::{PartHash, SEGMENT_LEN};
use rustix::fs::{Advice, AtFlags, Mode, OFlags, fadvise};
use sha2::{Digest as _, Sha256};

use super::{Hand, Step, length_of, open_beneath, sync_folder};
use crate::durable;

/// The folder of one bundle.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: OwnedFd,
    hand: Arc<dyn Hand>,
}

impl Folder {
    pub(super) fn new(folder: OwnedFd, hand: Arc<dyn Hand>) -> Self {
        Self { folder, hand }
    }

    /// Makes a file that was not there.
    pub(crate) fn create(&self, name: &str) -> io::Result<Written> {
        self.hand.step(Step::Create)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
        let mode = Mode::from_raw_mode(0o644);
        let file = rustix::fs::openat(&self.folder, name, flags | OFlags::CLOEXEC, mode)?;
        Ok(Written::new(file.into(), Arc::clone(&self.hand)))
    }

    /// Goes on with a file as far as its segments have these hashes; what is beyond is cut off.
    pub(crate) fn go_on(&self, name: &str, segments: &[u8]) -> io::Result<Option<Written>> {
        let Some(file) = open_beneath(&self.folder, name, OFlags::RDWR)? else {
            return Ok(None);
        };
        let mut written = Written::new(file.into(), Arc::clone(&self.hand));
        written.take_up(segments)?;
        Ok(Some(written))
    }

    /// The length of a file, if it is there.
    pub(crate) fn length(&self, name: &str) -> io::Result<Option<u64>> {
        length_of(&self.folder, name)
    }

    /// The hash of a file as the medium has it now, if it is there and has this length.
    pub(crate) fn hash(&self, name: &str, length: u64) -> io::Result<Option<PartHash>> {
        if self.length(name)? != Some(length) {
            return Ok(None);
        }
        self.hand.step(Step::ReadAgain)?;
        let Some(file) = open_beneath(&self.folder, name, OFlags::RDONLY)? else {
            return Ok(None);
        };
        hash_from_medium(&mut file.into(), length).map(Some)
    }

    /// The bytes of a small file as the medium has them now, if it is there.
    pub(crate) fn read(&self, name: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        let Some(file) = open_beneath(&self.folder, name, OFlags::RDONLY)? else {
            return Ok(None);
        };
        fadvise(&file, 0, None, Advice::DontNeed)?;
        durable::read_bounded(file.into(), most).map(Some)
    }

    /// Gives a finished file its name, under which there must be none.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        // FAT and exFAT know no rename that refuses; nobody else writes into this folder.
        if rustix::fs::statat(&self.folder, to, AtFlags::SYMLINK_NOFOLLOW).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.hand.step(Step::Rename)?;
        rustix::fs::renameat(&self.folder, from, &self.folder, to)?;
        self.sync()
    }

    /// Removes a file that this courier wrote and does not want, if it is there.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        self.hand.step(Step::Remove)?;
        match rustix::fs::unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) => self.sync(),
            Err(rustix::io::Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.hand.step(Step::Sync)?;
        sync_folder(&self.folder)
    }
}

/// A file that is being written, with the hashes of what it holds.
#[derive(Debug)]
pub(crate) struct Written {
    file: File,
    hand: Arc<dyn Hand>,
    whole: Sha256,
    segments: Vec<u8>,
    length: u64,
}

impl Written {
    fn new(file: File, hand: Arc<dyn Hand>) -> Self {
        Self {
            file,
            hand,
            whole: Sha256::new(),
            segments: Vec::new(),
            length: 0,
        }
    }

    /// The bytes it holds.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The hashes of its segments, one after the other.
    pub(crate) fn segments(&self) -> &[u8] {
        &self.segments
    }

    /// Appends one segment; only the last one of a file is shorter than [`SEGMENT_LEN`].
    pub(crate) fn append(&mut self, segment: &[u8]) -> io::Result<()> {
        self.hand.step(Step::Write)?;
        self.file.write_all(segment)?;
        self.count(segment);
        Ok(())
    }

    /// Makes what was appended last.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.hand.step(Step::Sync)?;
        self.file.sync_all()
    }

    /// Makes it last, reads it from the medium and compares. The hash, if it is the same.
    pub(crate) fn finish(mut self) -> io::Result<Option<Finished>> {
        self.sync()?;
        self.hand.step(Step::ReadAgain)?;
        let expected = PartHash::from_bytes(self.whole.finalize().into());
        let found = hash_from_medium(&mut self.file, self.length)?;
        Ok((found == expected).then_some(Finished {
            hash: expected,
            length: self.length,
            segments: self.segments,
        }))
    }

    fn take_up(&mut self, segments: &[u8]) -> io::Result<()> {
        fadvise(&self.file, 0, None, Advice::DontNeed)?;
        let mut segment = vec![0; SEGMENT_LEN];
        for expected in segments.chunks_exact(32) {
            match self.file.read_exact(&mut segment) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => return Err(error),
            }
            if Sha256::digest(&segment).as_slice() != expected {
                break;
            }
            self.count(&segment);
        }
        self.hand.step(Step::Write)?;
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        Ok(())
    }

    fn count(&mut self, segment: &[u8]) {
        self.whole.update(segment);
        self.segments.extend_from_slice(&Sha256::digest(segment));
        let length = u64::try_from(segment.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(length);
    }
}

/// A file that was written, read again, and found the same.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) hash: PartHash,
    pub(crate) length: u64,
    pub(crate) segments: Vec<u8>,
}

/// Hashes a file of this length, and not what memory remembers of it.
fn hash_from_medium(file: &mut File, length: u64) -> io::Result<PartHash> {
    // Only clean pages are dropped: the caller has synced the file.
    fadvise(&*file, 0, None, Advice::DontNeed)?;
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut left = length;
    loop {
        let count = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        hasher.update(bytes);
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        left = left.checked_sub(count).ok_or(io::ErrorKind::InvalidData)?;
    }
    if left == 0 {
        Ok(PartHash::from_bytes(hasher.finalize().into()))
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}
