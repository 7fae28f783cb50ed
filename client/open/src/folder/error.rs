//! What could not be done, with which file.

use core::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::escape;

/// A file or folder could not be used.
#[derive(Debug)]
pub struct FileError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// What could not be done, with which file, and what the system says.
    pub fn new(what: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self {
            what,
            path: path.to_owned(),
            source: source.into(),
        }
    }

    /// Whether more space, and nothing else, is wanted.
    #[must_use]
    pub fn is_space(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    }

    /// What the system says.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: cannot {}", escape::path(&self.path), self.what)
    }
}

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.source)
    }
}
