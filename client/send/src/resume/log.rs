//! A file of sealed records that only grows.
//!
//! Magic (8) ‖ salt (16), then records: u32 length ‖ nonce (24) ‖ XChaCha20-Poly1305 of the record,
//! with the record's number as associated data. The key is Argon2id of the passphrase and the salt.
//! Nonces are random and not counted: a record that was cut off by a crash and is written again is
//! another text at the same place.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{AeadInOut as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use rand_core::CryptoRng;
use rustix::fs::{FlockOperation, OFlags, flock};
use zeroize::{Zeroize as _, Zeroizing};

use crate::files::Named;
use crate::passphrase::Passphrase;

const MAGIC: &[u8; 8] = b"KNRESUME";
const HEAD: u64 = 24;
const SALT: usize = 16;
const NONCE: usize = 24;
const TAG: usize = 16;
/// The longest record: 500 paths of 4,096 bytes, a manifest and a header have less.
const MOST_RECORD: usize = 1 << 22;
/// RFC 9106 §4, the second recommended option: 64 MiB, 3 passes, 4 lanes.
const MEMORY_KIB: u32 = 65_536;
const PASSES: u32 = 3;
const LANES: u32 = 4;

/// A log that is open for more records.
pub(crate) struct Log {
    file: File,
    path: PathBuf,
    cipher: XChaCha20Poly1305,
    number: u64,
    /// Whether a record may stand there half: nothing can be read that comes after it.
    torn: bool,
}

/// What a log held when it was opened.
pub(crate) enum Found {
    /// These records, in their order.
    Records(Log, Vec<Zeroizing<Vec<u8>>>),
    /// Not even a first record: it was being made when its program ended.
    Nothing(File),
}

/// A record, and the place behind it.
struct Record {
    text: Zeroizing<Vec<u8>>,
    end: u64,
}

impl Log {
    /// Makes a log with its first record. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn create(
        rng: &mut impl CryptoRng,
        path: &Path,
        passphrase: &Passphrase,
        first: &[u8],
    ) -> Result<Self, LogError> {
        let file = options()
            .create_new(true)
            .open(path)
            .map_err(|error| LogError::file(path, error))?;
        Self::write_first(rng, file, path, passphrase, first)
    }

    /// Makes the log anew where another one was, with another key.
    ///
    /// # Errors
    /// [`LogError`].
    pub(crate) fn begin_anew(
        rng: &mut impl CryptoRng,
        file: File,
        path: &Path,
        passphrase: &Passphrase,
        first: &[u8],
    ) -> Result<Self, LogError> {
        let mut file = file;
        // Before its blocks are given back: what comes next may be written to others.
        forget(&mut file).map_err(|error| LogError::file(path, error))?;
        Self::write_first(rng, file, path, passphrase, first)
    }

    fn write_first(
        rng: &mut impl CryptoRng,
        mut file: File,
        path: &Path,
        passphrase: &Passphrase,
        first: &[u8],
    ) -> Result<Self, LogError> {
        let fail = |error| LogError::file(path, error);
        lock(&file, path)?;
        let mut salt = [0; SALT];
        rng.fill_bytes(&mut salt);
        let cipher = cipher(passphrase, &salt)?;
        file.set_len(0).map_err(fail)?;
        file.seek(SeekFrom::Start(0)).map_err(fail)?;
        file.write_all(MAGIC).map_err(fail)?;
        file.write_all(&salt).map_err(fail)?;
        let mut log = Self {
            file,
            path: path.to_owned(),
            cipher,
            number: 0,
            torn: false,
        };
        log.append(rng, first)?;
        log.file.sync_all().map_err(fail)?;
        sync_folder(path).map_err(fail)?;
        Ok(log)
    }

    /// Opens a log and reads what it holds. A last record that was cut off is taken away.
    ///
    /// # Errors
    /// [`LogError::Passphrase`] also when the first record is damaged: nobody can tell.
    pub(crate) fn open(path: &Path, passphrase: &Passphrase) -> Result<Found, LogError> {
        let fail = |error| LogError::file(path, error);
        let mut file = options().open(path).map_err(fail)?;
        lock(&file, path)?;
        let length = file.metadata().map_err(fail)?.len();
        let mut head = [0; 24];
        let begin = usize::try_from(length.min(HEAD)).unwrap_or(0);
        let begin = head.get_mut(..begin).ok_or(LogError::Foreign)?;
        file.read_exact(begin).map_err(fail)?;
        if begin.iter().zip(MAGIC).any(|(found, magic)| found != magic) {
            return Err(LogError::Foreign);
        }
        if length < HEAD {
            return Ok(Found::Nothing(file));
        }
        let (_, salt) = head.split_last_chunk::<SALT>().ok_or(LogError::Foreign)?;
        let cipher = cipher(passphrase, salt)?;
        let mut log = Self {
            file,
            path: path.to_owned(),
            cipher,
            number: 0,
            torn: false,
        };
        let mut records = Vec::new();
        let mut at = HEAD;
        while let Some(record) = log.read(at, length)? {
            records.push(record.text);
            at = record.end;
        }
        if records.is_empty() {
            return Ok(Found::Nothing(log.file));
        }
        log.file.set_len(at).map_err(fail)?;
        log.file.seek(SeekFrom::Start(at)).map_err(fail)?;
        Ok(Found::Records(log, records))
    }

    /// The record at this place and the place behind it; nothing where the file ends before.
    fn read(&mut self, at: u64, length: u64) -> Result<Option<Record>, LogError> {
        let fail = |path: &Path, error| LogError::file(path, error);
        let Some(behind_length) = at.checked_add(4).filter(|end| *end <= length) else {
            return Ok(None);
        };
        let mut bytes = [0; 4];
        self.file
            .read_exact(&mut bytes)
            .map_err(|error| fail(&self.path, error))?;
        let count = usize::try_from(u32::from_be_bytes(bytes)).unwrap_or(usize::MAX);
        let damaged = match self.number {
            0 => LogError::Passphrase,
            _ => LogError::Damaged,
        };
        if !(NONCE.saturating_add(TAG)..=MOST_RECORD).contains(&count) {
            return Err(damaged);
        }
        let end = u64::try_from(count)
            .ok()
            .and_then(|count| behind_length.checked_add(count))
            .filter(|end| *end <= length);
        let Some(end) = end else { return Ok(None) };
        let mut record = Zeroizing::new(vec![0; count]);
        self.file
            .read_exact(&mut record)
            .map_err(|error| fail(&self.path, error))?;
        let Some(text) = self.open_record(&mut record) else {
            return Err(damaged);
        };
        self.number = self.number.saturating_add(1);
        Ok(Some(Record { text, end }))
    }

    fn open_record(&self, record: &mut [u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = record.split_first_chunk_mut::<NONCE>()?;
        let (text, tag) = rest.split_last_chunk_mut::<TAG>()?;
        self.cipher
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                &self.number.to_be_bytes(),
                (&mut *text).into(),
                &Tag::from(*tag),
            )
            .ok()?;
        Some(Zeroizing::new(text.to_vec()))
    }

    /// Adds a record. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`LogError::File`].
    pub(crate) fn append(
        &mut self,
        rng: &mut impl CryptoRng,
        record: &[u8],
    ) -> Result<(), LogError> {
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        let mut text = Zeroizing::new(record.to_vec());
        let tag = self
            .cipher
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &self.number.to_be_bytes(),
                text.as_mut_slice().into(),
            )
            .map_err(|_| LogError::Damaged)?;
        let count = record.len().saturating_add(NONCE).saturating_add(TAG);
        let length = u32::try_from(count)
            .ok()
            .filter(|_| count <= MOST_RECORD)
            .ok_or(LogError::TooMuch)?;
        // One write: a crash cuts it off at its end, if at all.
        let mut bytes = Vec::with_capacity(count.saturating_add(4));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&text);
        bytes.extend_from_slice(&tag);
        if self.torn {
            let before = io::Error::other("a record before it was not written");
            return Err(LogError::file(&self.path, before));
        }
        self.torn = true;
        self.file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| LogError::file(&self.path, error))?;
        self.torn = false;
        self.number = self.number.saturating_add(1);
        Ok(())
    }

    /// Gives the file back, to be begun anew.
    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// Writes over what the key was made from, and removes the file.
    ///
    /// # Errors
    /// [`LogError::File`].
    pub(crate) fn remove(mut self) -> Result<(), LogError> {
        let overwritten = forget(&mut self.file);
        std::fs::remove_file(&self.path)
            .and(overwritten)
            .and_then(|()| sync_folder(&self.path))
            .map_err(|error| LogError::file(&self.path, error))
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log(..)")
    }
}

/// Writes over what the key was made from. It is on the disk when this returns.
fn forget(file: &mut File) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&[0; 24])?;
    file.sync_data()
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    options
        .read(true)
        .write(true)
        .mode(0o600)
        .custom_flags(flags);
    options
}

fn lock(file: &File, path: &Path) -> Result<(), LogError> {
    flock(file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| LogError::InUse(Named::of(path)))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn cipher(passphrase: &Passphrase, salt: &[u8; SALT]) -> Result<XChaCha20Poly1305, LogError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|_| LogError::Memory)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut_slice())
        .map_err(|_| LogError::Memory)?;
    let mut bytes = chacha20poly1305::Key::from(*key);
    let cipher = XChaCha20Poly1305::new(&bytes);
    bytes.zeroize();
    Ok(cipher)
}

/// Why a resume file cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// It cannot be read or written.
    File(Named, io::Error),
    /// Another program has it open.
    InUse(Named),
    /// It is some other file.
    Foreign,
    /// The passphrase is not the one, or the file is damaged.
    Passphrase,
    /// It is damaged.
    Damaged,
    /// There is too little memory for the passphrase.
    Memory,
    /// There are too many names to be kept.
    TooMuch,
}

impl LogError {
    fn file(path: &Path, error: io::Error) -> Self {
        Self::File(Named::of(path), error)
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(name, error) => {
                let why = match error.kind() {
                    io::ErrorKind::AlreadyExists => "it is there already",
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full",
                    io::ErrorKind::PermissionDenied => "you may not write there",
                    io::ErrorKind::NotFound => "there is no such folder",
                    io::ErrorKind::ReadOnlyFilesystem => "that disk takes no writing",
                    _ => "the disk does not do it",
                };
                write!(
                    f,
                    "the resume file {name} cannot be used: {why}. What was sent so far is kept; \
                     run the same command again"
                )
            }
            Self::InUse(name) => write!(
                f,
                "the resume file {name} is being used by another run of this program. Wait for it, \
                 or end it first"
            ),
            Self::Foreign => f.write_str(
                "what --resume names is another file, not a resume file. Choose another name; \
                 nothing was written to it",
            ),
            Self::Passphrase => f.write_str(
                "this is not the passphrase of the resume file, or the file is damaged. Without it, \
                 remove the file and send anew",
            ),
            Self::Damaged => f.write_str(
                "the resume file is damaged. Remove it and send anew. What was sent can be read by \
                 nobody, unless all of it was: then it may have arrived",
            ),
            Self::Memory => f.write_str("there is too little memory for the passphrase: 64 MiB"),
            Self::TooMuch => f.write_str("there are too many file names for a resume file"),
        }
    }
}

impl std::error::Error for LogError {}
