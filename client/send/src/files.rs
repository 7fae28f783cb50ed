//! The files that a source names: what is taken, and what is refused before it is opened.

use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt as _, FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use knothole_envelope::{FileEntry, FileName, MOST_FILES, MOST_NAME_BYTES};
use knothole_inspect::{Gone, Plan};
use rustix::fs::{Access, Mode, OFlags, access, open};

use crate::resume::{Shape, Stamp};
use crate::voice::shown;

/// Files that were looked at, but not opened.
#[derive(Debug)]
pub(crate) struct FileSet(Vec<Candidate>);

#[derive(Debug)]
struct Candidate {
    path: PathBuf,
    length: u64,
}

impl FileSet {
    /// Looks at the files without opening one.
    ///
    /// # Errors
    /// [`FileError`] says which file is refused, and why.
    pub(crate) fn look_at(paths: &[PathBuf]) -> Result<Self, FileError> {
        if paths.len() > MOST_FILES {
            return Err(FileError::TooMany(paths.len()));
        }
        paths
            .iter()
            .map(|path| Candidate::look_at(path))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether they are the files at these places.
    pub(crate) fn are_at<'a>(&self, paths: impl ExactSizeIterator<Item = &'a Path>) -> bool {
        paths.len() == self.0.len()
            && self.0.iter().zip(paths).all(|(file, path)| {
                std::path::absolute(&file.path).is_ok_and(|absolute| absolute == path)
            })
    }

    /// How many they are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// How many bytes they have together.
    pub(crate) fn bytes(&self) -> u64 {
        let lengths = self.0.iter().map(|file| file.length);
        lengths.fold(0, u64::saturating_add)
    }

    /// Opens them all.
    ///
    /// # Errors
    /// [`FileError`] says which file is refused, and why.
    pub(crate) fn open(&self) -> Result<Vec<SourceFile>, FileError> {
        self.0
            .iter()
            .map(|file| SourceFile::open(&file.path))
            .collect()
    }

    /// The only file, if there is one only.
    pub(crate) fn only(&self) -> Option<&Path> {
        match self.0.as_slice() {
            [file] => Some(&file.path),
            _ => None,
        }
    }
}

impl Candidate {
    fn look_at(path: &Path) -> Result<Self, FileError> {
        let refuse = |reason| FileError::Refused(Named::of(path), reason);
        let data = std::fs::symlink_metadata(path).map_err(|error| refuse(error.into()))?;
        regular(&data).map_err(refuse)?;
        access(path, Access::READ_OK).map_err(|error| refuse(io::Error::from(error).into()))?;
        Ok(Self {
            path: path.to_owned(),
            length: data.len(),
        })
    }
}

/// An open file of the source, held as it was when it was opened.
pub(crate) struct SourceFile {
    file: File,
    path: PathBuf,
    named: Named,
    entry: FileEntry,
    shortened: bool,
    /// How long it is on the disk; a cleaned copy may be shorter.
    length: u64,
    changed: (i64, i64),
    /// How its cleaned copy is made, where that is what is sealed.
    plan: Option<Plan>,
}

impl SourceFile {
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let named = Named::of(path);
        let refuse = |reason| FileError::Refused(Named::of(path), reason);
        // A link is refused, and a pipe that took the file's place does not block.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = open(path, flags, Mode::empty())
            .map_err(|error| match error {
                rustix::io::Errno::LOOP => refuse(Reason::Link),
                error => refuse(io::Error::from(error).into()),
            })
            .map(File::from)?;
        let data = file.metadata().map_err(|error| refuse(error.into()))?;
        regular(&data).map_err(refuse)?;
        if data.len() == 0 && file.read_at(&mut [0], 0).is_ok_and(|count| count > 0) {
            return Err(refuse(Reason::NoSize));
        }
        let text = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let text = text.ok_or_else(|| refuse(Reason::NoName))?;
        let shortened = text.len() > MOST_NAME_BYTES;
        let name = FileName::shortened(&text).map_err(|_| refuse(Reason::NoName))?;
        let changed = (data.mtime(), data.mtime_nsec());
        let entry = FileEntry {
            name,
            size: data.len(),
        };
        Ok(Self {
            file,
            path: path.to_owned(),
            named,
            entry,
            shortened,
            length: data.len(),
            changed,
            plan: None,
        })
    }

    pub(crate) fn entry(&self) -> &FileEntry {
        &self.entry
    }

    pub(crate) fn named(&self) -> &Named {
        &self.named
    }

    /// How it was when it was opened, wherever the program is run.
    pub(crate) fn stamp(&self) -> Stamp {
        Stamp {
            path: std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone()),
            size: self.length,
            changed: self.changed,
            shape: match self.plan {
                Some(_) => Shape::Cleaned,
                None => Shape::AsItIs,
            },
        }
    }

    /// The file itself, for the child that looks at it.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// From now on it is read as its copy by this plan.
    pub(crate) fn clean(&mut self, plan: Plan) {
        self.entry.size = plan.length();
        self.plan = Some(plan);
    }

    /// Whether its name was too long for a drop.
    pub(crate) fn was_shortened(&self) -> bool {
        self.shortened
    }

    /// Fills the buffer with the bytes at `offset`.
    ///
    /// # Errors
    /// [`FileError::Changed`] when the file is no longer what it was when it was opened.
    pub(crate) fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), FileError> {
        match &self.plan {
            None => self.read_file(offset, into)?,
            Some(plan) => plan
                .fill(offset, into, |offset, into| {
                    self.read_file(offset, into).map_err(Reading::File)
                })
                .map_err(|error| match error {
                    Reading::File(error) => error,
                    Reading::Gone => FileError::Changed(self.named.clone()),
                })?,
        }
        let now = self.file.metadata();
        let same = now.is_ok_and(|now| {
            now.len() == self.length && (now.mtime(), now.mtime_nsec()) == self.changed
        });
        if same {
            Ok(())
        } else {
            Err(FileError::Changed(self.named.clone()))
        }
    }

    fn read_file(&self, offset: u64, into: &mut [u8]) -> Result<(), FileError> {
        self.file
            .read_exact_at(into, offset)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => FileError::Changed(self.named.clone()),
                _ => FileError::Refused(self.named.clone(), error.into()),
            })
    }
}

/// Why a stretch of a cleaned copy cannot be had.
enum Reading {
    File(FileError),
    Gone,
}

impl From<Gone> for Reading {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceFile(..)")
    }
}

fn regular(data: &Metadata) -> Result<(), Reason> {
    let kind = data.file_type();
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(Reason::Folder)
    } else if kind.is_symlink() {
        Err(Reason::Link)
    } else if kind.is_block_device() || kind.is_char_device() {
        Err(Reason::Device)
    } else {
        Err(Reason::NoFile)
    }
}

/// A file's name, fit to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named(String);

impl Named {
    pub(crate) fn of(path: &Path) -> Self {
        Self(shown(&path.to_string_lossy()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Files in a sentence, however many they are.
pub(crate) fn listed(files: &[Named]) -> String {
    const MOST: usize = 20;
    let names: Vec<String> = files.iter().take(MOST).map(Named::to_string).collect();
    match files.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Why a file is not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// This file is not taken, for this reason.
    Refused(Named, Reason),
    /// This file changed while it was read.
    Changed(Named),
    /// There are so many files, more than a drop holds.
    TooMany(usize),
}

/// What is wrong with a file.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// It is a folder.
    Folder,
    /// It is a symbolic link.
    Link,
    /// It is a device.
    Device,
    /// It is a pipe, a socket, or something else that is not a file.
    NoFile,
    /// It has no name that could be sent.
    NoName,
    /// It says that it is empty, but it can be read: a file that the system makes up.
    NoSize,
    /// The system does not let it be read.
    System(io::Error),
}

impl From<io::Error> for Reason {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(name, reason) => write!(f, "{name} {reason}"),
            Self::Changed(name) => write!(
                f,
                "{name} changed while it was being sealed. Close the program that writes to it, or \
                 copy the file and send the copy"
            ),
            Self::TooMany(count) => write!(
                f,
                "these are {count} files, and a drop holds at most {MOST_FILES}. Send them as \
                 several drops, or put them into one archive first"
            ),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => {
                "is a folder. Name the files in it one by one, or put it into an archive first"
            }
            Self::Link => "is a link. Name the file that it points to",
            Self::Device => "is a device, not a file",
            Self::NoFile => "is not a file",
            Self::NoName => "has no name that could be sent. Rename it first",
            Self::NoSize => {
                "says that it is empty, and is not. Copy it to a disk and send the copy"
            }
            Self::System(error) => return f.write_str(system(error)),
        })
    }
}

fn system(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist. Look at the name again",
        io::ErrorKind::PermissionDenied => {
            "may not be read by you. Change its permissions or copy it"
        }
        io::ErrorKind::NotADirectory => "lies in something that is not a folder",
        io::ErrorKind::InvalidFilename => "has a name that this system does not know",
        _ => "cannot be read. Is the disk or the stick still there?",
    }
}

impl std::error::Error for FileError {}
