//! What a blank can become.

use crate::disk::Name;
use crate::segments::SEGMENT;
use crate::space::SMALLEST;

/// Ticket, link and manifest fit into one block, and so does the mark of 384 MiB or less.
const RECORD_BYTES: u64 = 4_096;

/// What a blank can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The folder of an upload.
    Folder,
    /// A small file that describes an upload.
    Record,
    /// The one segment of a drop of the smallest size.
    Message,
    /// A full segment.
    Segment,
    /// Any file. It has no blocks yet.
    Plain,
    /// Nothing: it stays, and is changed to send the journal round when all others were taken.
    Stays,
}

impl Kind {
    /// In the order in which they are made.
    pub(super) const ALL: [Self; 6] = [
        Self::Folder,
        Self::Record,
        Self::Message,
        Self::Segment,
        Self::Plain,
        Self::Stays,
    ];

    /// The first letter of its blanks' names.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Folder => 'f',
            Self::Record => 'r',
            Self::Message => 'm',
            Self::Segment => 's',
            Self::Plain => 'p',
            Self::Stays => 'j',
        }
    }

    /// What the name says that it can become.
    pub(super) fn of(name: &Name) -> Option<Self> {
        let letter = name.as_str().chars().next();
        Self::ALL
            .into_iter()
            .find(|kind| Some(kind.letter()) == letter)
    }

    /// The bytes whose blocks it has beforehand.
    pub(super) const fn reserved(self) -> u64 {
        match self {
            Self::Folder | Self::Plain | Self::Stays => 0,
            Self::Record => RECORD_BYTES,
            Self::Message => SMALLEST,
            Self::Segment => SEGMENT,
        }
    }
}
