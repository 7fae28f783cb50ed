//! The tables of a track: each as long as it says, about samples that are there, and nothing behind
//! it.

use super::atom::Atom;
use super::chunks::rows;
use super::edits::Edits;
use super::{Seen, version, words};
use crate::source::{Gone, ReadAt};

/// Puts out what stands behind the tables of `stbl` and beside them.
pub(crate) fn put_out(
    file: &impl ReadAt,
    tables: &[Atom],
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    for atom in tables {
        let row = match &atom.name {
            b"stsd" => {
                let count = edits.children(file, atom.place(8)?, atom.end, seen)?.len();
                let count = u32::try_from(count).map_err(|_| Gone)?.to_be_bytes();
                edits.quiet(file, atom.place(1)?, atom.place(4)?)?;
                edits.exact(file, atom.place(4)?, &count)?;
                continue;
            }
            b"stsz" => {
                edits.quiet(file, atom.body, atom.place(4)?)?;
                match atom.number(file, 4)? {
                    0 => fit_rows(file, atom, 8, 4, edits, seen)?,
                    _ => edits.fit(file, atom, 12, seen)?,
                }
                continue;
            }
            b"stts" | b"ctts" | b"co64" => 8,
            b"stsc" => 12,
            b"stco" | b"stss" => 4,
            // Which samples need which and which could stand for which, how they are grouped, and
            // what can be counted: players can do without.
            b"sdtp" | b"stsh" | b"stps" | b"cslg" | b"sgpd" | b"sbgp" => {
                edits.blank(atom);
                continue;
            }
            _ => {
                words::tell(file, atom, seen)?;
                edits.blank(atom);
                continue;
            }
        };
        let flags = if &atom.name == b"ctts" { 1 } else { 0 };
        edits.quiet(file, atom.place(flags)?, atom.place(4)?)?;
        fit_rows(file, atom, 4, row, edits, seen)?;
    }
    Ok(())
}

/// Whether a track has no samples, by its tables.
pub(crate) fn are_empty(file: &impl ReadAt, tables: &[Atom]) -> bool {
    let mut places = tables
        .iter()
        .filter(|atom| matches!(&atom.name, b"stco" | b"co64"));
    places.all(|atom| atom.number(file, 4) == Ok(0))
}

/// Whether the tables of a track that is kept are about its samples and nothing else, each once.
pub(crate) fn agree(file: &impl ReadAt, tables: &[Atom]) -> Result<bool, Gone> {
    let kept: [&[u8; 4]; 8] = [
        b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"co64", b"stss",
    ];
    let count = |name: &[u8; 4]| tables.iter().filter(|atom| &atom.name == name).count();
    if kept.iter().any(|name| count(name) > 1) {
        return Ok(false);
    }
    let find = |name: &[u8; 4]| tables.iter().find(|atom| &atom.name == name);
    let (Some(stsd), Some(stsc), Some(stsz), Some(offsets)) = (
        find(b"stsd"),
        find(b"stsc"),
        find(b"stsz"),
        find(b"stco").or(find(b"co64")),
    ) else {
        return Ok(false);
    };
    let samples = stsz.number(file, 8)?;
    let described = stsd.number(file, 4)?;
    let mut agree = runs(
        &rows(file, stsc, 4, 12)?,
        offsets.number(file, 4)?,
        described,
    ) == Some(samples);
    for name in [b"stts", b"ctts"] {
        if let Some(atom) = find(name) {
            let versions = if name == b"ctts" { 1 } else { 0 };
            agree &= version(file, atom)? <= versions;
            let bytes = rows(file, atom, 4, 8)?;
            let (rows, _) = bytes.as_chunks::<8>();
            let mut counts = rows
                .iter()
                .map(|[a, b, c, d, ..]| u64::from(u32::from_be_bytes([*a, *b, *c, *d])));
            let sum = counts.try_fold(0_u64, |sum, count| {
                sum.checked_add(count).filter(|_| count > 0)
            });
            agree &= sum.is_some_and(|sum| sum <= samples);
        }
    }
    if let Some(atom) = find(b"stss") {
        let bytes = rows(file, atom, 4, 4)?;
        let (rows, _) = bytes.as_chunks::<4>();
        let mut before = 0_u64;
        for row in rows {
            let number = u64::from(u32::from_be_bytes(*row));
            agree &= before < number && number <= samples;
            before = number;
        }
    }
    Ok(agree)
}

/// How many samples the runs of chunks have, if every run has some, and every description is used.
fn runs(rows: &[u8], chunks: u64, described: u64) -> Option<u64> {
    let (rows, _) = rows.as_chunks::<12>();
    let mut runs = rows
        .iter()
        .map(|row| {
            let (numbers, _) = row.as_chunks::<4>();
            let mut numbers = numbers.iter().map(|it| u64::from(u32::from_be_bytes(*it)));
            Some((numbers.next()?, numbers.next()?, numbers.next()?))
        })
        .peekable();
    let mut used = Vec::new();
    let mut samples = 0_u64;
    let mut next = 1_u64;
    while let Some(run) = runs.next() {
        let (first, each, description) = run?;
        let end = match runs.peek() {
            Some(later) => (*later)?.0,
            None => chunks.checked_add(1)?,
        };
        if first != next || end <= first || each == 0 {
            return None;
        }
        if !(1..=described).contains(&description) {
            return None;
        }
        if !used.contains(&description) {
            used.push(description);
        }
        samples = samples.checked_add(each.checked_mul(end.checked_sub(first)?)?)?;
        next = end;
    }
    let all = u64::try_from(used.len()).ok()? == described;
    (all && next == chunks.checked_add(1)?).then_some(samples)
}

/// Nothing stands behind the rows of a table whose count stands at this place of the body.
pub(crate) fn fit_rows(
    file: &impl ReadAt,
    atom: &Atom,
    count_at: u64,
    row: u64,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let rows = atom.number(file, count_at)?.checked_mul(row).ok_or(Gone)?;
    let head = count_at.saturating_add(4);
    edits.fit(file, atom, rows.saturating_add(head), seen)
}
