//! A track of a film: picture, sound, or something else that was recorded along with them.

use super::atom::Atom;
use super::chunks::{self, Lost, Measure, Stretch};
use super::edits::{Edits, put_out_times};
use super::{Seen, description, version, words};
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
    measures: Vec<Measure>,
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
            measures: Vec::new(),
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
        &mut self,
        file: &impl ReadAt,
        stbl: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        for atom in stbl.inside(file)? {
            match &atom.name {
                b"stsd" if self.is_shown() => {
                    let kind = self.kind;
                    let told = description::look(file, &atom, kind, edits, seen)?;
                    self.cleanable &= told.cleanable;
                    self.measures.extend(told.measures);
                }
                b"stsd" => {}
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

    /// Where its samples lie, in at most so many stretches.
    pub(crate) fn chunks(&self, file: &impl ReadAt, most: usize) -> Result<Vec<Stretch>, Lost> {
        let table = self.table.as_ref().ok_or(Lost::Broken)?;
        chunks::chunks(file, table, &self.measures, most)
    }
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
