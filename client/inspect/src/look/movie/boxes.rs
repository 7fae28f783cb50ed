//! What may stand in a description of picture or sound. Everything else there is put out.

use super::atom::Atom;
use super::edits::Edits;
use super::{Seen, coded, note, words};
use crate::finding::{Limit, What};
use crate::look::icc;
use crate::source::{Gone, ReadAt};

/// Boxes stand in boxes so deep.
const MOST_DEPTH: u8 = 4;
/// What an `esds` may hold: MPEG-4, MPEG-2 and MPEG-1 picture and sound, AC-3, DTS, Opus.
const OBJECTS: [u8; 20] = [
    0x20, 0x21, 0x23, 0x40, 0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b,
    0xa5, 0xa6, 0xa9, 0xad,
];

/// Puts out what does not belong into a description, from this place of its body on. Whether the
/// rest can be cleaned.
pub(crate) fn put_out(
    file: &impl ReadAt,
    entry: &Atom,
    from: u64,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<bool, Gone> {
    inside(file, entry, from, MOST_DEPTH, edits, seen)
}

fn inside(
    file: &impl ReadAt,
    entry: &Atom,
    from: u64,
    depth: u8,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<bool, Gone> {
    let deeper = depth.checked_sub(1).ok_or(Gone)?;
    let mut cleanable = true;
    for atom in edits.children(file, entry.place(from)?, entry.end, seen)? {
        if let Some(length) = length(file, &atom, seen)? {
            edits.fit(file, &atom, length, seen)?;
            continue;
        }
        match &atom.name {
            b"wave" | b"sv3d" | b"proj" => {
                cleanable &= inside(file, &atom, 0, deeper, edits, seen)?;
            }
            // The name of the program that joined the pictures.
            b"svhd" => edits.spare(file, atom.place(4)?, atom.end, seen)?,
            // The mesh of a round picture; what AC-4 and VVC need.
            b"mshp" | b"dac4" | b"vvcC" | b"av1C" | b"chnl" => {}
            // The maker of the encoder.
            b"damr" => {
                edits.zero(atom.place(0)?, atom.place(4)?);
                edits.fit(file, &atom, 9, seen)?;
            }
            b"d263" => {
                edits.zero(atom.place(0)?, atom.place(4)?);
                edits.fit(file, &atom, 23, seen)?;
            }
            b"esds" => cleanable &= elementary(file, &atom, edits, seen)?,
            b"colr" => colour(file, &atom, edits, seen)?,
            b"dfLa" => flac(file, &atom, edits, seen)?,
            // Two eyes: without it the picture is another.
            b"vexu" => {
                cleanable = false;
                seen.limit(Limit::Partly);
            }
            _ => {
                words::tell(file, &atom, seen)?;
                edits.blank(&atom);
            }
        }
    }
    Ok(cleanable)
}

/// How long a box is that has nothing but numbers, if it is one.
fn length(file: &impl ReadAt, atom: &Atom, seen: &mut Seen) -> Result<Option<u64>, Gone> {
    let bytes = || note(file, atom);
    let count = |at: u64| atom.number(file, at);
    Ok(Some(match &atom.name {
        b"avcC" | b"avcE" => of(avc(&bytes()?))?,
        b"hvcC" | b"hvcE" => of(hevc(&bytes()?, 22, seen))?,
        b"lhvC" => of(hevc(&bytes()?, 5, seen))?,
        b"vpcC" => 12,
        b"dvcC" | b"dvvC" | b"dvwC" | b"mdcv" => 24,
        b"pasp" | b"CoLL" | b"srat" | b"amve" | b"ndwt" => 8,
        b"clap" => 32,
        b"btrt" => 12,
        b"fiel" | b"enda" => 2,
        b"gama" | b"clli" | b"frma" | b"hfov" => 4,
        b"SmDm" => 28,
        b"st3d" => 5,
        b"prhd" => 16,
        b"equi" => 20,
        b"cbmp" => 12,
        b"dac3" => 3,
        b"dec3" => 40,
        b"pcmC" => 6,
        b"chan" => count(12)?.saturating_mul(20).saturating_add(16),
        b"SA3D" => count(8)?.saturating_mul(4).saturating_add(12),
        b"dOps" if atom.array(file, 10)? == [0] => 11,
        b"dOps" => atom
            .array(file, 1)
            .map(|[channels]| u64::from(channels))?
            .saturating_add(13),
        // With or without the places of the channels.
        b"alac" => {
            if atom.length() < 52 {
                28
            } else {
                52
            }
        }
        b"mp4a" => 4,
        // The end of a list.
        [0, 0, 0, 0] => 0,
        _ => return Ok(None),
    }))
}

fn of(end: Option<usize>) -> Result<u64, Gone> {
    end.and_then(|end| u64::try_from(end).ok()).ok_or(Gone)
}

/// Bytes that are read one after the other.
struct Bytes<'b> {
    all: &'b [u8],
    at: usize,
}

impl<'b> Bytes<'b> {
    fn new(all: &'b [u8], at: usize) -> Self {
        Self { all, at }
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.all.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn small(&mut self) -> Option<usize> {
        self.take(1)?.first().map(|byte| usize::from(*byte))
    }

    fn middle(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().copied().map(u16::from_be_bytes)
    }

    /// What a length of two bytes measures.
    fn unit(&mut self) -> Option<&'b [u8]> {
        let length = self.middle()?;
        self.take(usize::from(length))
    }

    /// The length of an MPEG-4 descriptor (ISO 14496-1, 8.3.3).
    fn descriptor(&mut self) -> Option<usize> {
        let mut length = 0_usize;
        for _ in 0..4 {
            let byte = self.small()?;
            length = length.wrapping_shl(7) | (byte & 0x7f);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Some(length)
    }
}

/// Where a configuration of H.264 ends (ISO 14496-15, 5.3.3).
fn avc(bytes: &[u8]) -> Option<usize> {
    let mut from = Bytes::new(bytes, 5);
    let sets = from.small()? & 31;
    (0..sets).try_for_each(|_| from.unit().map(drop))?;
    let sets = from.small()?;
    (0..sets).try_for_each(|_| from.unit().map(drop))?;
    // Older encoders leave out what newer profiles have here.
    if !matches!(bytes.get(1)?, 66 | 77 | 88) && from.take(3).is_some() {
        let sets = from.small()?;
        (0..sets).try_for_each(|_| from.unit().map(drop))?;
    }
    Some(from.at)
}

/// Where a configuration of H.265 ends (ISO 14496-15, 8.3.3). Encoders put words into it.
fn hevc(bytes: &[u8], count_at: usize, seen: &mut Seen) -> Option<usize> {
    let mut from = Bytes::new(bytes, count_at);
    let arrays = from.small()?;
    for _ in 0..arrays {
        from.small()?;
        for _ in 0..from.middle()? {
            coded::hevc_unit(from.unit()?, seen);
        }
    }
    Some(from.at)
}

/// A description of MPEG-4: what it holds has to be known, and nothing stands behind it.
fn elementary(
    file: &impl ReadAt,
    esds: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<bool, Gone> {
    let bytes = note(file, esds)?;
    let read = || {
        let mut from = Bytes::new(&bytes, 4);
        let end = match from.small()? {
            3 => from.descriptor()?.checked_add(from.at)?,
            _ => return None,
        };
        from.take(2)?;
        let flags = from.small()?;
        // Another stream that this one needs, its place in the net, a clock.
        if flags & 0x40 != 0 {
            return None;
        }
        from.take(if flags & 0x80 == 0 { 0 } else { 2 })?;
        from.take(if flags & 0x20 == 0 { 0 } else { 2 })?;
        if from.small()? != 4 {
            return None;
        }
        from.descriptor()?;
        let object = u8::try_from(from.small()?).ok()?;
        OBJECTS.contains(&object).then_some(end)
    };
    let Some(end) = read() else {
        seen.limit(Limit::Coding);
        return Ok(false);
    };
    edits.fit(file, esds, of(Some(end))?, seen)?;
    Ok(true)
}

/// How colours are meant: numbers, or a profile with words.
fn colour(file: &impl ReadAt, colr: &Atom, edits: &mut Edits, seen: &mut Seen) -> Result<(), Gone> {
    match &colr.array::<4>(file, 0)? {
        b"nclx" => edits.fit(file, colr, 11, seen),
        b"nclc" => edits.fit(file, colr, 10, seen),
        b"prof" | b"rICC" => {
            let bytes = note(file, colr)?;
            let profile = bytes.get(4..).unwrap_or(&[]);
            icc::look(profile, seen);
            match icc::without_words(profile) {
                Some(clean) if clean == profile => {}
                Some(clean) => edits.put(colr.place(4)?, clean),
                None => edits.blank(colr),
            }
            Ok(())
        }
        _ => {
            words::tell(file, colr, seen)?;
            edits.blank(colr);
            Ok(())
        }
    }
}

/// The blocks of FLAC: the first is numbers, the others are notes and pictures.
fn flac(file: &impl ReadAt, dfla: &Atom, edits: &mut Edits, seen: &mut Seen) -> Result<(), Gone> {
    let mut at = 4_u64;
    while dfla.place(at)? < dfla.end {
        let [kind, a, b, c] = dfla.array(file, at)?;
        let length = u64::from(u32::from_be_bytes([0, a, b, c]));
        let body = at.saturating_add(4);
        let end = body.saturating_add(length);
        // Numbers, nothing, places to jump to.
        if !matches!(kind & 0x7f, 0 | 3) {
            edits.put(dfla.place(at)?, vec![kind & 0x80 | 1, a, b, c]);
            if kind & 0x7f == 1 {
                edits.spare(file, dfla.place(body)?, dfla.place(end)?, seen)?;
            } else {
                seen.say(What::Other, "notes beside the sound (FLAC)");
                edits.zero(dfla.place(body)?, dfla.place(end)?);
            }
        }
        at = end;
        if kind & 0x80 != 0 {
            break;
        }
    }
    edits.fit(file, dfla, at, seen)
}
