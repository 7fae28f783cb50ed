//! The passphrase of a resume file, from a terminal or an open descriptor.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::RawFd;

use zeroize::Zeroizing;

/// A longer line is refused.
const MOST_BYTES: usize = 1_024;

/// What a resume file is sealed under.
pub(crate) struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Reads the line that a descriptor holds, or asks at the terminal, twice where it is new.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub(crate) fn ask(descriptor: Option<RawFd>, whose: Whose) -> Result<Self, PassphraseError> {
        if let Some(descriptor) = descriptor {
            return Self::read(descriptor);
        }
        let prompt = match whose {
            Whose::Old => "Passphrase of the resume file: ",
            Whose::New => "A passphrase for the resume file, several words long: ",
        };
        let first = Self::typed(prompt)?;
        if whose == Whose::New {
            let second = Self::typed("Once more: ")?;
            if *first.0 != *second.0 {
                return Err(PassphraseError::Differs);
            }
        }
        Ok(first)
    }

    fn typed(prompt: &str) -> Result<Self, PassphraseError> {
        let line = rpassword::prompt_password(prompt).map_err(PassphraseError::Read)?;
        Self::from_line(Zeroizing::new(line))
    }

    fn read(descriptor: RawFd) -> Result<Self, PassphraseError> {
        let limit = MOST_BYTES.saturating_add(2);
        let mut text = Zeroizing::new(Vec::with_capacity(limit));
        File::open(format!("/proc/self/fd/{descriptor}"))
            .and_then(|file| {
                file.take(u64::try_from(limit).unwrap_or(0))
                    .read_to_end(&mut text)
            })
            .map_err(PassphraseError::Read)?;
        let text = std::str::from_utf8(&text).map_err(|_| PassphraseError::NotText)?;
        let line = text.lines().next().unwrap_or("");
        Self::from_line(Zeroizing::new(line.to_owned()))
    }

    fn from_line(line: Zeroizing<String>) -> Result<Self, PassphraseError> {
        if line.is_empty() {
            Err(PassphraseError::Empty)
        } else if line.len() > MOST_BYTES {
            Err(PassphraseError::TooLong)
        } else {
            Ok(Self(line))
        }
    }

    /// The passphrase itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Whether the resume file is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// It is about to be made.
    New,
    /// It is there.
    Old,
}

/// Why there is no passphrase.
#[derive(Debug)]
#[non_exhaustive]
pub enum PassphraseError {
    /// The terminal or the descriptor cannot be read.
    Read(io::Error),
    /// The line is empty.
    Empty,
    /// The line is too long.
    TooLong,
    /// The line is not UTF-8.
    NotText,
    /// What was typed the second time differs.
    Differs,
}

impl fmt::Display for PassphraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read(_) => {
                "the passphrase of the resume file cannot be read: run this in a terminal, or name \
                 an open descriptor with --passphrase-fd"
            }
            Self::Empty => "the passphrase is empty",
            Self::TooLong => "the passphrase is longer than 1024 bytes",
            Self::NotText => "the passphrase is not UTF-8 text",
            Self::Differs => "that is not the same passphrase. Nothing was written; begin again",
        })
    }
}

impl std::error::Error for PassphraseError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_never_shows_in_debug_output() {
        let passphrase = Passphrase::from_line(Zeroizing::new("open sesame".into())).unwrap();
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
    }
}
