//! A track of a film: picture, sound, or something else that was recorded along with them.

use super::atom::Atom;
use super::edits::{Edits, put_out_times};
use super::{Seen, version, words};
use crate::finding::What;
use crate::source::{Gone, ReadAt, take};

/// A track, and where its tables are.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) atom: Atom,
    pub(crate) id: u32,
    pub(crate) cleanable: bool,
    kind: [u8; 4],
    table: Option<Atom>,
    references: Option<Atom>,
}

impl Track {
    /// Tells what a track says, and puts out what is no picture and no sound.
    pub(crate) fn look(
        file: &impl ReadAt,
        trak: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<Self, Gone> {
        let mut track = Self {
            atom: *trak,
            id: 0,
            cleanable: true,
            kind: *b"    ",
            table: None,
            references: None,
        };
        for atom in trak.inside(file)? {
            match &atom.name {
                b"tkhd" => {
                    put_out_times(file, &atom, edits, seen)?;
                    let place = if version(file, &atom)? == 1 { 20 } else { 12 };
                    track.id = u32::from_be_bytes(atom.array(file, place)?);
                }
                b"edts" | b"tapt" | b"clip" | b"matt" | b"load" | b"imap" => {}
                b"tref" => track.references = Some(atom),
                b"mdia" => track.media(file, &atom, edits, seen)?,
                _ => {
                    words::tell(file, &atom, seen)?;
                    edits.blank(&atom);
                }
            }
        }
        if !track.is_shown() {
            seen.note(What::Track);
        }
        Ok(track)
    }

    /// Whether it is picture or sound.
    pub(crate) fn is_shown(&self) -> bool {
        matches!(&self.kind, b"vide" | b"soun" | b"auxv" | b"pict")
    }

    fn media(
        &mut self,
        file: &impl ReadAt,
        mdia: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        let atoms = mdia.inside(file)?;
        if let Some(handler) = atoms.iter().find(|atom| &atom.name == b"hdlr") {
            self.kind = handler.array(file, 8)?;
        }
        for atom in atoms {
            match &atom.name {
                b"mdhd" => put_out_times(file, &atom, edits, seen)?,
                b"hdlr" => handler(file, &atom, edits, seen)?,
                b"minf" => self.information(file, &atom, edits, seen)?,
                b"elng" => {}
                _ => {
                    words::tell(file, &atom, seen)?;
                    edits.blank(&atom);
                }
            }
        }
        Ok(())
    }

    fn information(
        &mut self,
        file: &impl ReadAt,
        minf: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        for atom in minf.inside(file)? {
            match &atom.name {
                b"vmhd" | b"smhd" | b"nmhd" | b"hmhd" | b"sthd" | b"gmhd" => {}
                b"hdlr" => handler(file, &atom, edits, seen)?,
                b"dinf" => self.sources(file, &atom, edits, seen)?,
                b"stbl" => {
                    self.table = Some(atom);
                    self.samples(file, &atom, edits, seen)?;
                }
                _ => {
                    words::tell(file, &atom, seen)?;
                    edits.blank(&atom);
                }
            }
        }
        Ok(())
    }

    /// Where picture and sound lie: in the file itself, or the track is left as it is.
    fn sources(
        &mut self,
        file: &impl ReadAt,
        dinf: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        for atom in dinf.inside(file)? {
            if &atom.name != b"dref" {
                edits.blank(&atom);
                continue;
            }
            for entry in Atom::between(file, atom.place(8)?, atom.end)? {
                let [_, _, _, flags] = entry.array(file, 0)?;
                if entry.length() > 4 {
                    seen.note(What::Path);
                    edits.zero(entry.place(4)?, entry.end);
                }
                self.cleanable &= flags & 1 == 1;
            }
        }
        Ok(())
    }

    fn samples(
        &self,
        file: &impl ReadAt,
        stbl: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        for atom in stbl.inside(file)? {
            match &atom.name {
                b"stsd" => self.descriptions(file, &atom, edits, seen)?,
                b"stts" | b"ctts" | b"cslg" | b"stsc" | b"stsz" | b"stz2" | b"stco" | b"co64"
                | b"stss" | b"stsh" | b"stps" | b"padb" | b"sdtp" | b"sbgp" | b"sgpd" | b"subs"
                | b"saiz" | b"saio" => {}
                _ => {
                    words::tell(file, &atom, seen)?;
                    edits.blank(&atom);
                }
            }
        }
        Ok(())
    }

    /// The names of the encoder and its maker in the description of picture and sound.
    fn descriptions(
        &self,
        file: &impl ReadAt,
        stsd: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        if !self.is_shown() {
            return Ok(());
        }
        for entry in Atom::between(file, stsd.place(8)?, stsd.end)? {
            edits.zero(entry.place(12)?, entry.place(16)?);
            if &self.kind == b"soun" {
                continue;
            }
            let name: [u8; 32] = entry.array(file, 42)?;
            let length = usize::from(name.first().copied().unwrap_or(0)).min(31);
            let text = name.get(1..length.saturating_add(1)).unwrap_or(&[]);
            seen.say_words(What::Software, &String::from_utf8_lossy(text));
            edits.zero(entry.place(42)?, entry.place(74)?);
        }
        Ok(())
    }

    /// Puts out references to tracks that are put out.
    pub(crate) fn let_go(
        &self,
        file: &impl ReadAt,
        gone: &[u32],
        edits: &mut Edits,
    ) -> Result<(), Gone> {
        let Some(references) = &self.references else {
            return Ok(());
        };
        for atom in references.inside(file)? {
            let bytes = super::note(file, &atom)?;
            let (ids, _) = bytes.as_chunks::<4>();
            if ids.iter().any(|id| gone.contains(&u32::from_be_bytes(*id))) {
                edits.blank(&atom);
            }
        }
        Ok(())
    }

    /// Where its samples lie, chunk by chunk: from, to.
    pub(crate) fn chunks(&self, file: &impl ReadAt) -> Result<Vec<(u64, u64)>, Gone> {
        let table = self.table.as_ref().ok_or(Gone)?;
        let atoms = table.inside(file)?;
        let find = |name: &[u8; 4]| atoms.iter().find(|atom| &atom.name == name);
        let offsets = match (find(b"stco"), find(b"co64")) {
            (Some(atom), _) => {
                let bytes = rows(file, atom, 4, 4)?;
                let (rows, _) = bytes.as_chunks::<4>();
                rows.iter()
                    .map(|row| u64::from(u32::from_be_bytes(*row)))
                    .collect()
            }
            (None, Some(atom)) => {
                let bytes = rows(file, atom, 4, 8)?;
                let (rows, _) = bytes.as_chunks::<8>();
                rows.iter()
                    .map(|row| u64::from_be_bytes(*row))
                    .collect::<Vec<_>>()
            }
            (None, None) => return Err(Gone),
        };
        let mut sizes = Sizes::of(file, find(b"stsz").ok_or(Gone)?)?;
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
        let mut chunks = Vec::new();
        for (number, begin) in (1_u32..).zip(offsets) {
            while let Some((_, count)) = runs.next_if(|(first, _)| *first <= number) {
                samples = count;
            }
            let length = sizes.next(samples)?;
            chunks.push((begin, begin.checked_add(length).ok_or(Gone)?));
        }
        Ok(chunks)
    }
}

/// How long the samples are, one after the other.
enum Sizes {
    Same(u64),
    Each(Vec<u8>, usize),
}

impl Sizes {
    fn of(file: &impl ReadAt, stsz: &Atom) -> Result<Self, Gone> {
        match stsz.number(file, 4)? {
            0 => Ok(Self::Each(rows(file, stsz, 8, 4)?, 0)),
            same => Ok(Self::Same(same)),
        }
    }

    /// How long the next so many samples are together.
    fn next(&mut self, count: u32) -> Result<u64, Gone> {
        match self {
            Self::Same(length) => length.checked_mul(u64::from(count)).ok_or(Gone),
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
fn rows(file: &impl ReadAt, atom: &Atom, count_at: u64, row: u64) -> Result<Vec<u8>, Gone> {
    let length = atom.number(file, count_at)?.checked_mul(row).ok_or(Gone)?;
    let begin = atom.place(count_at.checked_add(4).ok_or(Gone)?)?;
    if length > atom.end.saturating_sub(begin) {
        return Err(Gone);
    }
    take(file, begin, length)
}

/// Who handles the track, and the name of who made that.
fn handler(
    file: &impl ReadAt,
    hdlr: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let length = hdlr.length();
    if length > 24 {
        let name = take(file, hdlr.place(24)?, length.saturating_sub(24).min(256))?;
        // QuickTime puts the length first, MPEG-4 a zero behind.
        let text: Vec<u8> = name
            .iter()
            .copied()
            .filter(|byte| (0x20..0x7f).contains(byte))
            .collect();
        seen.say_words(What::Software, &String::from_utf8_lossy(&text));
    }
    edits.zero(hdlr.place(12)?, hdlr.end);
    Ok(())
}
