//! Tables of a JPEG: each exactly as long as what it holds, and none that the picture does not use.

use crate::plan::PlanMaker;

/// Quantization.
const STEPS: u8 = 0xdb;
/// Codes (Huffman).
const CODES: u8 = 0xc4;
/// How many units stand between restarts.
const INTERVAL: u8 = 0xdd;
/// No code for a difference of brightness stands for more bits.
const MOST_BITS: u8 = 15;

/// A place that a table is read into; a later one takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Steps of quantization, by number.
    Steps(u8),
    /// Codes of differences of brightness, by number.
    Differences(u8),
    /// Codes of everything else, by number.
    Details(u8),
    /// The interval between restarts.
    Interval,
}

/// A table of a segment.
#[derive(Debug)]
struct Table {
    slot: Slot,
    bytes: Vec<u8>,
    used: bool,
}

/// A segment of tables.
#[derive(Debug)]
pub(super) struct Segment {
    marker: u8,
    tables: Vec<Table>,
}

impl Segment {
    /// Takes a segment of tables (ITU-T T.81, B.2.4).
    pub(super) fn of(marker: u8, body: &[u8]) -> Option<Self> {
        let mut tables = Vec::new();
        let mut rest = body;
        while let Some(first) = rest.first() {
            let (class, number) = (first.wrapping_shr(4), first & 15);
            let (slot, length) = match (marker, class) {
                (STEPS, 0) => (Slot::Steps(number), 65),
                (STEPS, 1) => (Slot::Steps(number), 129),
                (CODES, 0) => (Slot::Differences(number), codes(rest, MOST_BITS)?),
                (CODES, 1) => (Slot::Details(number), codes(rest, u8::MAX)?),
                (INTERVAL, _) if body.len() == 2 => (Slot::Interval, 2),
                _ => return None,
            };
            let (bytes, later) = rest.split_at_checked(length)?;
            if number > 3 && marker != INTERVAL {
                return None;
            }
            tables.push(Table {
                slot,
                bytes: bytes.to_vec(),
                used: false,
            });
            rest = later;
        }
        Some(Self { marker, tables })
    }

    /// Uses the table of this place, if one here is read into it; gives its bytes.
    pub(super) fn used(&mut self, slot: Slot) -> Option<&[u8]> {
        let table = self.tables.iter_mut().rev().find(|it| it.slot == slot)?;
        table.used = true;
        Some(&table.bytes)
    }

    /// Puts what was used of it.
    pub(super) fn put(&self, plan: &mut PlanMaker) {
        let used = self.tables.iter().filter(|table| table.used);
        let body: Vec<u8> = used.flat_map(|table| table.bytes.clone()).collect();
        if let Ok(length) = u16::try_from(body.len().saturating_add(2))
            && !body.is_empty()
        {
            plan.put(&[0xff, self.marker]);
            plan.put(&length.to_be_bytes());
            plan.put(&body);
        }
    }
}

/// How long a table of codes is: how many of each length, then what they stand for, each once.
fn codes(rest: &[u8], most: u8) -> Option<usize> {
    let counts = rest.get(1..17)?.iter().map(|count| usize::from(*count));
    let length = counts.fold(17, usize::saturating_add);
    let meant = rest.get(17..length)?;
    let once = |(index, byte)| {
        !meant
            .get(..index)
            .is_some_and(|before| before.contains(byte))
    };
    let fits = meant.iter().all(|byte| *byte <= most) && meant.iter().enumerate().all(once);
    fits.then_some(length)
}
