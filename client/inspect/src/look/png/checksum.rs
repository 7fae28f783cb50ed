//! CRC-32 as PNG (third edition, annex D) has it.

use crate::source::{Gone, ReadAt, take};

const BLOCK: u64 = 1 << 18;
const TABLE: [u32; 256] = table();

/// The checksum of so many bytes at this place.
pub(super) fn of(file: &impl ReadAt, offset: u64, length: u64) -> Result<u32, Gone> {
    let mut sum = u32::MAX;
    let mut done = 0_u64;
    while done < length {
        let count = length.saturating_sub(done).min(BLOCK);
        let block = take(file, offset.checked_add(done).ok_or(Gone)?, count)?;
        sum = goes_on(sum, &block);
        done = done.saturating_add(count);
    }
    Ok(!sum)
}

/// The checksum of these bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> u32 {
    !goes_on(u32::MAX, bytes)
}

fn goes_on(sum: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(sum, |sum, byte| {
        let [low, ..] = sum.to_le_bytes();
        let part = TABLE.get(usize::from(low ^ byte)).copied().unwrap_or(0);
        sum.wrapping_shr(8) ^ part
    })
}

#[expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    reason = "computed by the compiler, which would stop at a fault"
)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut sum = index as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            };
            bit += 1;
        }
        table[index] = sum;
        index += 1;
    }
    table
}
