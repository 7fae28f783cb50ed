//! Where the samples of a track lie, by its tables.

use super::atom::Atom;
use crate::source::{Gone, ReadAt, take};

/// All tracks of a film together may lie in so many stretches.
pub(crate) const MOST_STRETCHES: usize = 1 << 21;

/// A stretch of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stretch {
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

impl Stretch {
    pub(crate) fn length(self) -> u64 {
        self.end.saturating_sub(self.begin)
    }
}

/// Why it is not known where a track lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Its tables do not say it.
    Broken,
    /// In too many places.
    Scattered,
}

impl From<Gone> for Lost {
    fn from(_: Gone) -> Self {
        Self::Broken
    }
}

/// So many bytes for so many samples of sound: QuickTime's tables may count samples whose length
/// only the description tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) bytes: u32,
    pub(crate) samples: u32,
}

impl Measure {
    /// How long so many samples are at most.
    fn of(self, count: u32) -> u64 {
        u64::from(self.bytes)
            .saturating_mul(u64::from(count))
            .div_ceil(u64::from(self.samples.max(1)))
    }
}

/// The stretches of a track whose tables stand here, at most so many; chunks that follow each other
/// are one.
pub(crate) fn chunks(
    file: &impl ReadAt,
    table: &Atom,
    measures: &[Measure],
    most: usize,
) -> Result<Vec<Stretch>, Lost> {
    let atoms = table.inside(file)?;
    // Of two, players differ about which one counts.
    let tables: [&[u8; 4]; 4] = [b"stco", b"co64", b"stsc", b"stsz"];
    let count = |name: &[u8; 4]| atoms.iter().filter(|atom| &atom.name == name).count();
    if tables.iter().any(|name| count(name) > 1) {
        return Err(Lost::Broken);
    }
    let find = |name: &[u8; 4]| atoms.iter().find(|atom| &atom.name == name);
    let (offsets, width) = match (find(b"stco"), find(b"co64")) {
        (Some(atom), None) => (rows(file, atom, 4, 4)?, 4),
        (None, Some(atom)) => (rows(file, atom, 4, 8)?, 8),
        // With both, players differ.
        _ => return Err(Lost::Broken),
    };
    let mut sizes = Sizes::of(file, find(b"stsz").ok_or(Gone)?, measures)?;
    let bytes = rows(file, find(b"stsc").ok_or(Gone)?, 4, 12)?;
    let (runs, _) = bytes.as_chunks::<12>();
    let mut runs = runs
        .iter()
        .map(|[a, b, c, d, e, f, g, h, ..]| {
            (
                u32::from_be_bytes([*a, *b, *c, *d]),
                u32::from_be_bytes([*e, *f, *g, *h]),
            )
        })
        .peekable();
    let mut samples = 0;
    let mut stretches: Vec<Stretch> = Vec::new();
    for (number, offset) in (1_u32..).zip(offsets.chunks_exact(width)) {
        while let Some((_, count)) = runs.next_if(|(first, _)| *first <= number) {
            samples = count;
        }
        let begin = offset
            .iter()
            .fold(0, |sum: u64, byte| sum.wrapping_shl(8) | u64::from(*byte));
        let end = begin.checked_add(sizes.next(samples)?).ok_or(Gone)?;
        let full = stretches.len() >= most;
        match stretches.last_mut() {
            _ if begin == end => {}
            Some(last) if last.end == begin => last.end = end,
            _ if full => return Err(Lost::Scattered),
            _ => stretches.push(Stretch { begin, end }),
        }
    }
    Ok(stretches)
}

/// The first samples of a track, as many as its first chunk has, and at most so many.
pub(crate) fn first(file: &impl ReadAt, table: &Atom, most: u32) -> Result<Vec<Stretch>, Gone> {
    let atoms = table.inside(file)?;
    let find = |name: &[u8; 4]| atoms.iter().find(|atom| &atom.name == name);
    let mut begin = match (find(b"stco"), find(b"co64")) {
        (Some(atom), _) => atom.number(file, 8)?,
        (None, atom) => u64::from_be_bytes(atom.ok_or(Gone)?.array(file, 8)?),
    };
    let count = find(b"stsc").ok_or(Gone)?.number(file, 12)?;
    let sizes = find(b"stsz").ok_or(Gone)?;
    let same = sizes.number(file, 4)?;
    (0..count.min(u64::from(most)))
        .map(|index| {
            let length = match same {
                0 => sizes.number(file, index.saturating_mul(4).saturating_add(12))?,
                same => same,
            };
            let end = begin.checked_add(length).ok_or(Gone)?;
            Ok(Stretch {
                begin: std::mem::replace(&mut begin, end),
                end,
            })
        })
        .collect()
}

/// How long the samples are, one after the other.
enum Sizes<'m> {
    Same(u64, &'m [Measure]),
    Each(Vec<u8>, usize),
}

impl<'m> Sizes<'m> {
    fn of(file: &impl ReadAt, stsz: &Atom, measures: &'m [Measure]) -> Result<Self, Gone> {
        match stsz.number(file, 4)? {
            0 => Ok(Self::Each(rows(file, stsz, 8, 4)?, 0)),
            same => Ok(Self::Same(same, measures)),
        }
    }

    /// How long the next so many samples are together. Where table and description differ, the
    /// longer counts: too much is kept rather than too little.
    fn next(&mut self, count: u32) -> Result<u64, Gone> {
        match self {
            Self::Same(length, measures) => {
                let by_table = length.checked_mul(u64::from(count)).ok_or(Gone)?;
                let described = measures.iter().map(|measure| measure.of(count)).max();
                Ok(by_table.max(described.unwrap_or(0)))
            }
            Self::Each(bytes, done) => {
                let (sizes, _) = bytes.as_chunks::<4>();
                let until = done
                    .checked_add(usize::try_from(count).map_err(|_| Gone)?)
                    .ok_or(Gone)?;
                let sum = sizes
                    .get(*done..until)
                    .ok_or(Gone)?
                    .iter()
                    .map(|size| u64::from(u32::from_be_bytes(*size)))
                    .fold(0_u64, u64::saturating_add);
                *done = until;
                Ok(sum)
            }
        }
    }
}

/// The rows of a table whose count stands at this place of the body.
pub(crate) fn rows(
    file: &impl ReadAt,
    atom: &Atom,
    count_at: u64,
    row: u64,
) -> Result<Vec<u8>, Gone> {
    let length = atom.number(file, count_at)?.checked_mul(row).ok_or(Gone)?;
    let begin = atom.place(count_at.checked_add(4).ok_or(Gone)?)?;
    if length > atom.end.saturating_sub(begin) {
        return Err(Gone);
    }
    take(file, begin, length)
}
