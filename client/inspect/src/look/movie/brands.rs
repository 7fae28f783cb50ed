//! The formats that a film says it keeps to. Makers of cameras have names of their own there.

use super::Seen;
use super::atom::Atom;
use super::edits::Edits;
use crate::finding::What;
use crate::source::{Gone, ReadAt};

/// Formats that everybody writes.
const COMMON: [&[u8; 4]; 51] = [
    b"isom",
    b"iso2",
    b"iso3",
    b"iso4",
    b"iso5",
    b"iso6",
    b"iso7",
    b"iso8",
    b"iso9",
    b"isoa",
    b"isob",
    b"isoc",
    b"mp41",
    b"mp42",
    b"mp71",
    b"avc1",
    b"hvc1",
    b"hev1",
    b"av01",
    b"vp09",
    b"M4A ",
    b"M4B ",
    b"M4P ",
    b"M4V ",
    b"M4VH",
    b"M4VP",
    b"3gp1",
    b"3gp2",
    b"3gp3",
    b"3gp4",
    b"3gp5",
    b"3gp6",
    b"3gp7",
    b"3gp8",
    b"3gp9",
    b"3gg6",
    b"3gs6",
    b"3ge6",
    b"3g2a",
    b"3g2b",
    b"3g2c",
    b"mmp4",
    b"f4v ",
    b"f4a ",
    b"dby1",
    b"dash",
    b"msdh",
    b"cmfc",
    b"cmf2",
    b"qt  ",
    b"\0\0\0\0",
];
/// More formats than any film keeps to.
const MOST: u64 = 64;

/// Tells formats of one maker alone, and puts a common one in their place.
pub(crate) fn put_out(
    file: &impl ReadAt,
    ftyp: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let count = ftyp.length().checked_div(4).unwrap_or(0).min(MOST);
    for index in 0..count {
        let at = index.saturating_mul(4);
        let name: [u8; 4] = ftyp.array(file, at)?;
        if index == 1 {
            // The version of the first, which no player heeds.
            edits.zero(ftyp.place(4)?, ftyp.place(8)?);
        } else if !COMMON.contains(&&name) {
            let name = String::from_utf8_lossy(&name).into_owned();
            seen.say(What::Device, &format!("a format of its maker ({name})"));
            edits.put(ftyp.place(at)?, b"mp42".to_vec());
        }
    }
    edits.fit(file, ftyp, count.saturating_mul(4), seen)
}
