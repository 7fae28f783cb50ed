//! The coded picture of a JPEG, followed from marker to marker.

use crate::source::{Forward, Gone, ReadAt};

/// Where a scan ends, and how it goes on.
pub(super) struct Coded {
    /// Where its bytes end, without what fills up.
    pub(super) end: u64,
    /// Where the next marker stands that is none of its own.
    pub(super) next: u64,
    pub(super) restarts: u32,
    /// Whether its restarts are in order, and nothing fills up between them.
    pub(super) plain: bool,
}

/// The coded picture from this place on.
pub(super) fn coded(forward: &mut Forward<'_, impl ReadAt>, from: u64) -> Result<Coded, Gone> {
    let mut at = from;
    let mut restarts = 0_u32;
    let mut plain = true;
    loop {
        let block = forward.at(at)?;
        let length = u64::try_from(block.len()).map_err(|_| Gone)?;
        if length == 0 {
            return Err(Gone);
        }
        let Some(found) = block.iter().position(|byte| *byte == 0xff) else {
            at = at.checked_add(length).ok_or(Gone)?;
            continue;
        };
        let found = u64::try_from(found).map_err(|_| Gone)?;
        let end = at.checked_add(found).ok_or(Gone)?;
        let mut next = end.checked_add(1).ok_or(Gone)?;
        let marker = loop {
            match forward.at(next)?.first() {
                Some(0xff) => next = next.checked_add(1).ok_or(Gone)?,
                Some(marker) => break *marker,
                None => return Err(Gone),
            }
        };
        let fills = next != end.saturating_add(1);
        match marker {
            0 => plain &= !fills,
            0xd0..=0xd7 => {
                plain &= !fills && u32::from(marker & 7) == restarts & 7;
                restarts = restarts.saturating_add(1);
            }
            _ => {
                return Ok(Coded {
                    end,
                    next: next.saturating_sub(1),
                    restarts,
                    plain,
                });
            }
        }
        at = next.checked_add(1).ok_or(Gone)?;
    }
}
