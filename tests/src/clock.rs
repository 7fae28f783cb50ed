//! A clock that a test sets, for programs that live through months in minutes.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use knothole_envelope::Day;

/// Debian's libfaketime, below `/usr/lib` and the folder of the machine's kind.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// The hour at which it stands, on whichever day.
const HOUR: &str = "12:00:00";

/// A clock that stands still until it is set. Only dates come from it: intervals are real ones.
#[derive(Clone, Debug)]
pub struct Clock {
    face: PathBuf,
    library: PathBuf,
}

impl Clock {
    /// A clock whose face is a file in a folder of its own in `folder`, showing `day`.
    ///
    /// # Errors
    /// When libfaketime is not installed, or the file cannot be written.
    pub fn new(folder: &Path, day: Day) -> io::Result<Self> {
        let folder = folder.join("clock");
        std::fs::create_dir(&folder)?;
        let clock = Self {
            face: folder.join("face"),
            library: library()?,
        };
        clock.set(day)?;
        Ok(clock)
    }

    /// Sets it to noon of a day. Running programs see it at once.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set(&self, day: Day) -> io::Result<()> {
        self.set_to(day, HOUR)
    }

    /// The same, to a second of the day, as in `14:41:17`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn set_to(&self, day: Day, hour: &str) -> io::Result<()> {
        let new = self.face.with_extension("new");
        std::fs::write(&new, format!("{day} {hour}\n"))?;
        std::fs::rename(&new, &self.face)
    }

    /// The folder that a program must be let into to see it.
    pub(crate) fn folder(&self) -> &Path {
        self.face.parent().unwrap_or(&self.face)
    }

    /// The words before a program that has it live by this clock.
    pub(crate) fn words(&self) -> Vec<OsString> {
        // The library goes into the program alone: what only becomes another program by exec
        // would leave the library's shared memory behind.
        let mut words = vec!["env".into(), "TZ=UTC".into()];
        for (name, value) in [
            ("LD_PRELOAD", self.library.as_os_str()),
            ("FAKETIME_TIMESTAMP_FILE", self.face.as_os_str()),
            ("FAKETIME_NO_CACHE", "1".as_ref()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".as_ref()),
            ("NO_FAKE_STAT", "1".as_ref()),
        ] {
            let mut word = OsString::from(name);
            word.push("=");
            word.push(value);
            words.push(word);
        }
        words
    }
}

fn library() -> io::Result<PathBuf> {
    let missing = || io::Error::other("libfaketime is missing: deploy/test installs it");
    std::fs::read_dir("/usr/lib")?
        .flatten()
        .map(|folder| folder.path().join(LIBRARY))
        .find(|library| library.is_file())
        .ok_or_else(missing)
}
