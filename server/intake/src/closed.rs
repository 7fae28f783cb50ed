//! Whether the administrator has closed the drop-box to new drops.
//!
//! What was begun may be ended, what is there stays, replies are still collected, and couriers come
//! and go.

use std::io;

use crate::disk::{self, Disk, Place};

/// What a source is told.
pub(crate) const SENTENCE: &str = "the newsroom takes nothing new at this drop-box at present; see \
                                   what it says where you have its address from";

/// Whether sources may leave something new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doors {
    /// They may.
    Open,
    /// They may only end what they have begun.
    Closed,
}

/// How they are on the disk.
pub(crate) fn doors(disk: &dyn Disk) -> io::Result<Doors> {
    match disk.open(&place()) {
        Ok(_) => Ok(Doors::Closed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Doors::Open),
        // Something else has this name. Who put it there meant something by it.
        Err(error) if disk::is_unreadable(&error) => Ok(Doors::Closed),
        Err(error) => Err(error),
    }
}

/// Closes them, durably.
pub(crate) fn close(disk: &dyn Disk) -> io::Result<()> {
    disk::replace_whole(disk, &place(), b"closed\n")
}

/// Opens them again, durably.
pub(crate) fn reopen(disk: &dyn Disk) -> io::Result<()> {
    disk::remove_if_there(disk, &place())?;
    disk.sync_folder(&Place::root())
}

fn place() -> Place {
    Place::top("closed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::faulty::cut_everywhere;
    use crate::forge::{rooms, store};

    #[test]
    fn a_drop_box_is_closed_and_opened_as_often_as_one_likes() {
        let (_folder, disk) = store();
        assert_eq!(doors(&disk).unwrap(), Doors::Open);
        reopen(&disk).unwrap();
        close(&disk).unwrap();
        close(&disk).unwrap();
        assert_eq!(doors(&disk).unwrap(), Doors::Closed);
        reopen(&disk).unwrap();
        assert_eq!(doors(&disk).unwrap(), Doors::Open);
    }

    #[test]
    fn what_was_said_to_be_closed_or_open_is_so_after_a_cut() {
        cut_everywhere(
            |disk| rooms(disk),
            |disk| close(disk),
            |disk, done| {
                let found = doors(&disk).unwrap();
                assert!(!done || found == Doors::Closed);
            },
        );
        cut_everywhere(
            |disk| {
                rooms(disk);
                close(disk).unwrap();
            },
            |disk| reopen(disk),
            |disk, done| {
                let found = doors(&disk).unwrap();
                assert!(!done || found == Doors::Open);
            },
        );
    }
}
