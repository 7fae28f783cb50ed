//! The drops that couriers have listed, and how far each has come.

use knothole_envelope::{ChunkCount, Day, DropId, EpochNumber, ListedDrop, TreeHash};

use super::Couriers;
use crate::archive::cbor::{Reader, Writer};

/// How far a drop has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing of it is here.
    Listed,
    /// Not all of its parts are here.
    Incomplete,
    /// All of it is here and sealed.
    Waiting,
    /// It was opened to its end.
    Opened,
    /// It did not open: it is damaged, or for nobody's keys.
    Stuck,
    /// The editors do not want it.
    Refused,
}

impl Status {
    const fn number(self) -> u8 {
        match self {
            Self::Incomplete => 1,
            Self::Waiting => 2,
            Self::Opened => 3,
            Self::Stuck => 4,
            Self::Refused => 5,
            Self::Listed => 6,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Incomplete,
            2 => Self::Waiting,
            3 => Self::Opened,
            4 => Self::Stuck,
            5 => Self::Refused,
            6 => Self::Listed,
            _ => return None,
        })
    }

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listed => "listed",
            Self::Incomplete => "incomplete",
            Self::Waiting => "waiting",
            Self::Opened => "opened",
            Self::Stuck => "stuck",
            Self::Refused => "refused",
        }
    }
}

/// A drop that a courier has listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptDrop {
    /// As the server listed it.
    pub listed: ListedDrop,
    /// How far it has come.
    pub status: Status,
    /// The date of the bundle with which it came.
    pub received: Day,
    /// The date of the last bundle that listed it.
    pub seen: Day,
    /// Who has listed it so, of those who are admitted.
    pub by: Couriers,
}

/// Writes a drop as the state holds it.
pub(super) fn write_drop(out: &mut Writer, kept: &KeptDrop) {
    out.array(8).bytes(kept.listed.id.as_bytes());
    out.bytes(kept.listed.tree.as_bytes());
    out.unsigned(kept.listed.length());
    out.unsigned(kept.listed.epoch.get());
    out.unsigned(kept.status.number());
    out.unsigned(kept.received.get());
    out.unsigned(kept.seen.get());
    out.unsigned(kept.by.bits());
}

/// Reads a drop.
pub(super) fn read_drop(input: &mut Reader<'_>) -> Option<KeptDrop> {
    input.tuple(8)?;
    let listed = ListedDrop {
        id: DropId::from_bytes(input.fixed()?),
        tree: TreeHash::from_bytes(input.fixed()?),
        chunks: ChunkCount::from_envelope_len(input.unsigned()?)?,
        epoch: EpochNumber::new(input.unsigned()?)?,
    };
    Some(KeptDrop {
        listed,
        status: Status::from_number(input.unsigned()?)?,
        received: Day::new(input.unsigned()?)?,
        seen: Day::new(input.unsigned()?)?,
        by: Couriers::from_bits(input.unsigned()?),
    })
}
