//! The version of what lies in the store's folder, so that no older program reads a newer one wrong.
//!
//! A program opens every version that was ever released, and goes on with its own. One that changes
//! the layout raises [`CURRENT`], opens the version before as well, and puts a store of it under
//! `tests/fixtures`.

use core::fmt;
use std::io;

use crate::disk::{self, Disk, Place};

/// The version that this program writes.
pub(crate) const CURRENT: u32 = 1;
/// The version of a store from before there was a mark.
const UNMARKED: u32 = 1;
/// A number and a line's end.
const MOST_BYTES: usize = 16;

/// Why a store is not read.
#[derive(Debug)]
pub(crate) enum VersionError {
    /// The mark cannot be read.
    Disk(io::Error),
    /// A newer program wrote the store.
    Newer,
    /// The mark is no version.
    Damaged,
}

impl VersionError {
    /// What a person is to hear of the second.
    pub(crate) const NEWER: &str = "a newer knothole-server has written this store, and this one \
                                    would read it wrong: start the newer one again. Nothing was \
                                    changed";
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disk(_) => "the store's version cannot be read",
            Self::Newer => Self::NEWER,
            Self::Damaged => "the store's version is damaged",
        })
    }
}

impl std::error::Error for VersionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Disk(error) => Some(error),
            Self::Newer | Self::Damaged => None,
        }
    }
}

/// Refuses a store that this program would read wrong, before anything of it is read or written.
pub(crate) fn check(disk: &dyn Disk) -> Result<(), VersionError> {
    if read(disk)?.unwrap_or(UNMARKED) > CURRENT {
        return Err(VersionError::Newer);
    }
    Ok(())
}

/// Marks a store as this program's own, durably, before anything is written that an older program
/// would not understand. Where there is no room, the next start does it: until then the store has
/// only what every version has.
pub(crate) fn mark(disk: &dyn Disk) -> Result<(), VersionError> {
    if read(disk)? == Some(CURRENT) {
        return Ok(());
    }
    let text = format!("{CURRENT}\n");
    match disk::replace_whole(disk, &place(), text.as_bytes()) {
        Err(error) if !disk::is_full(&error) => Err(VersionError::Disk(error)),
        _ => Ok(()),
    }
}

fn read(disk: &dyn Disk) -> Result<Option<u32>, VersionError> {
    let found = disk::read_if_there(disk, &place(), MOST_BYTES).map_err(VersionError::Disk)?;
    let Some(bytes) = found else {
        return Ok(None);
    };
    let text = core::str::from_utf8(&bytes).map_err(|_| VersionError::Damaged)?;
    let number = text.strip_suffix('\n').and_then(|text| text.parse().ok());
    number.map(Some).ok_or(VersionError::Damaged)
}

fn place() -> Place {
    Place::top("version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::faulty::cut_everywhere;
    use crate::forge::{rooms, store};

    fn marked(text: &str) -> Result<(), VersionError> {
        let (_folder, disk) = store();
        disk::replace_whole(&disk, &place(), text.as_bytes()).unwrap();
        check(&disk)
    }

    #[test]
    fn a_store_without_a_mark_is_the_first_version_and_is_marked_at_its_first_start() {
        let (_folder, disk) = store();
        check(&disk).unwrap();
        assert_eq!(read(&disk).unwrap(), None);
        mark(&disk).unwrap();
        assert_eq!(read(&disk).unwrap(), Some(CURRENT));
        mark(&disk).unwrap();
        check(&disk).unwrap();
    }

    #[test]
    fn every_version_up_to_this_programs_is_read_and_the_next_one_is_not() {
        for version in 1..=CURRENT {
            marked(&format!("{version}\n")).unwrap();
        }
        let next = CURRENT.checked_add(1).unwrap();
        assert!(matches!(
            marked(&format!("{next}\n")),
            Err(VersionError::Newer)
        ));
    }

    #[test]
    fn a_mark_that_is_no_number_is_damaged_and_not_taken_for_an_old_store() {
        for wrong in ["", "1", "one\n", "-1\n", "1\n\n", "99999999999\n"] {
            assert!(
                matches!(marked(wrong), Err(VersionError::Damaged)),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn a_mark_that_is_cut_off_anywhere_is_made_at_the_next_start() {
        let io = |error| match error {
            VersionError::Disk(error) => error,
            other => panic!("{other}"),
        };
        cut_everywhere(
            |disk| rooms(disk),
            |disk| mark(disk).map_err(io),
            |disk, done| {
                check(&disk).unwrap();
                assert!(!done || read(&disk).unwrap() == Some(CURRENT));
                mark(&disk).unwrap();
                assert_eq!(read(&disk).unwrap(), Some(CURRENT));
            },
        );
    }
}
