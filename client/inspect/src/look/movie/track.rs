//! A track of a film: picture, sound, or something else that was recorded along with them.

use super::atom::Atom;
use super::chunks::{self, Lost, Measure, Stretch};
use super::coded::Coding;
use super::cuts::Shown;
use super::edits::Edits;
use super::heads::put_out_times;
use super::{Seen, coded, cuts, description, tables, version, words};
use crate::finding::{Limit, What};
use crate::source::{Gone, ReadAt, take};

/// Why a track refers to another.
const REFERENCES: [&[u8; 4]; 8] = [
    b"auxl", b"cdsc", b"chap", b"fall", b"folw", b"sync", b"tmcd", b"vdep",
];

/// What handles the files that picture and sound lie in.
const FILES: [&[u8; 4]; 3] = [b"alis", b"rsrc", b"url "];
/// No side of a picture is longer, in 65536ths of a point.
const MOST_SHOWN: u64 = 0x4000 << 16;

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
    pub(crate) shown: Shown,
    is_empty: bool,
    coding: Option<Coding>,
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
            shown: Shown::default(),
            is_empty: false,
            coding: None,
        };
        let atoms = edits.children(file, trak.body, trak.end, seen)?;
        edits.once(&atoms, &[b"tkhd", b"edts", b"tapt", b"tref", b"mdia"], seen);
        for atom in atoms {
            match &atom.name {
                b"tkhd" => {
                    put_out_times(file, &atom, edits, seen)?;
                    let place = if version(file, &atom)? == 1 { 20 } else { 12 };
                    track.id = u32::from_be_bytes(atom.array(file, place)?);
                }
                b"edts" => track.edit_list(file, &atom, edits, seen)?,
                b"tapt" => apertures(file, &atom, edits, seen)?,
                // Old ways to cut and to mix, with boxes of their own.
                b"clip" | b"matt" | b"imap" => edits.unknown(seen),
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

    /// Whether it is, and has any.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_shown() && !self.is_empty
    }

    fn media(
        &mut self,
        file: &impl ReadAt,
        mdia: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        let atoms = edits.children(file, mdia.body, mdia.end, seen)?;
        edits.once(&atoms, &[b"mdhd", b"hdlr", b"minf"], seen);
        if let Some(handler) = atoms.iter().find(|atom| &atom.name == b"hdlr") {
            self.kind = handler.array(file, 8)?;
        }
        for atom in atoms {
            match &atom.name {
                b"mdhd" => {
                    put_out_times(file, &atom, edits, seen)?;
                    self.shown.scale = cuts::scale(file, &atom)?;
                }
                b"hdlr" => handler(file, &atom, edits, seen)?,
                b"minf" => self.information(file, &atom, edits, seen)?,
                // The head says it, as far as it stays.
                b"elng" => edits.blank(&atom),
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
        let atoms = edits.children(file, minf.body, minf.end, seen)?;
        edits.once(&atoms, &[b"vmhd", b"smhd", b"hdlr", b"dinf"], seen);
        for atom in atoms {
            match &atom.name {
                // In a track that goes as a whole.
                b"gmhd" if !self.is_shown() => {}
                // How it is laid over others, and where it is heard.
                b"vmhd" => {
                    edits.exact(file, atom.body, &[0, 0, 0, 1])?;
                    edits.quiet(file, atom.place(4)?, atom.place(12)?)?;
                    edits.fit(file, &atom, 12, seen)?;
                }
                b"smhd" => {
                    edits.quiet(file, atom.body, atom.place(8)?)?;
                    edits.fit(file, &atom, 8, seen)?;
                }
                b"hdlr" => {
                    handler(file, &atom, edits, seen)?;
                    if !FILES.contains(&&atom.array(file, 8)?) {
                        edits.exact(file, atom.place(8)?, b"url ")?;
                    }
                }
                b"dinf" => self.sources(file, &atom, edits, seen)?,
                b"stbl" => {
                    if self.table.replace(atom).is_some() {
                        // Players differ about which of them counts.
                        self.cleanable = false;
                        seen.limit(Limit::Broken);
                    }
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
        let atoms = edits.children(file, dinf.body, dinf.end, seen)?;
        edits.once(&atoms, &[b"dref"], seen);
        for atom in atoms {
            if &atom.name != b"dref" {
                edits.blank(&atom);
                continue;
            }
            let entries = edits.children(file, atom.place(8)?, atom.end, seen)?;
            let count = u32::try_from(entries.len()).map_err(|_| Gone)?;
            edits.quiet(file, atom.body, atom.place(4)?)?;
            edits.exact(file, atom.place(4)?, &count.to_be_bytes())?;
            for entry in entries {
                let [_, _, _, flags] = entry.array(file, 0)?;
                edits.exact(file, entry.body, &[0, 0, 0, flags & 1])?;
                edits.exact(file, entry.begin.saturating_add(4), b"url ")?;
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
        let tables = edits.children(file, stbl.body, stbl.end, seen)?;
        tables::put_out(file, &tables, edits, seen)?;
        self.is_empty = tables::are_empty(file, &tables);
        if self.is_kept() && !tables::agree(file, &tables)? {
            self.cleanable = false;
            seen.limit(Limit::Broken);
        }
        self.shown.times = tables.iter().find(|atom| &atom.name == b"stts").copied();
        for stsd in tables.iter().filter(|atom| &atom.name == b"stsd") {
            if self.is_shown() {
                let told = description::look(file, stsd, self.kind, edits, seen)?;
                self.cleanable &= told.cleanable;
                self.measures.extend(told.measures);
                self.coding = self.coding.or(told.coding);
            }
        }
        Ok(())
    }

    fn edit_list(
        &mut self,
        file: &impl ReadAt,
        edts: &Atom,
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        let atoms = edits.children(file, edts.body, edts.end, seen)?;
        edits.once(&atoms, &[b"elst"], seen);
        for atom in atoms {
            if &atom.name == b"elst" {
                let version = version(file, &atom)?;
                let row = if version == 1 { 20 } else { 12 };
                edits.quiet(file, atom.place(1)?, atom.place(4)?)?;
                tables::fit_rows(file, &atom, 4, row, edits, seen)?;
                // So many cuts, each at its own speed, are no film but something else.
                let rows = chunks::rows(file, &atom, 4, row)?;
                let plain = cuts::are_plain(&rows, usize::try_from(row).map_err(|_| Gone)?);
                if version > 1 || !plain {
                    edits.unknown(seen);
                }
                self.shown.list = Some(atom);
            } else {
                words::tell(file, &atom, seen)?;
                edits.blank(&atom);
            }
        }
        Ok(())
    }

    /// Puts out references to anything but these tracks, which are kept.
    pub(crate) fn let_go(
        &self,
        file: &impl ReadAt,
        kept: &[u32],
        edits: &mut Edits,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        let Some(references) = &self.references else {
            return Ok(());
        };
        let atoms = edits.children(file, references.body, references.end, seen)?;
        edits.once(&atoms, &REFERENCES, seen);
        for atom in atoms {
            let bytes = super::note(file, &atom)?;
            let (ids, rest) = bytes.as_chunks::<4>();
            let stays = |id: &[u8; 4]| kept.contains(&u32::from_be_bytes(*id));
            let known = REFERENCES.contains(&&atom.name);
            if !known || ids.len() > kept.len() || !rest.is_empty() || !ids.iter().all(stays) {
                edits.blank(&atom);
            }
        }
        Ok(())
    }

    /// Tells what its pictures say, and what was cut away of them; the film's head divides a second
    /// into so many parts.
    pub(crate) fn tell(&self, file: &impl ReadAt, film: u64, seen: &mut Seen) {
        // Tables that do not say it are told of elsewhere.
        let _ = self.shown.tell(file, film, seen);
        if let Some((coding, table)) = self.coding.zip(self.table.as_ref())
            && let Ok(samples) = chunks::first(file, table, coded::MOST_SAMPLES)
        {
            let _ = coded::tell(file, coding, &samples, seen);
        }
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
    edits.quiet(file, hdlr.body, hdlr.place(4)?)?;
    let kind: [u8; 4] = hdlr.array(file, 4)?;
    if !matches!(&kind, b"mhlr" | b"dhlr") {
        edits.quiet(file, hdlr.place(4)?, hdlr.place(8)?)?;
    }
    edits.zero(hdlr.place(12)?, hdlr.end);
    Ok(())
}

/// How much of the picture is shown.
fn apertures(
    file: &impl ReadAt,
    tapt: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let atoms = edits.children(file, tapt.body, tapt.end, seen)?;
    edits.once(&atoms, &[b"clef", b"prof", b"enof"], seen);
    for atom in atoms {
        if matches!(&atom.name, b"clef" | b"prof" | b"enof") {
            if atom.number(file, 4)?.max(atom.number(file, 8)?) > MOST_SHOWN {
                edits.unknown(seen);
            }
            edits.quiet(file, atom.body, atom.place(4)?)?;
            edits.fit(file, &atom, 12, seen)?;
        } else {
            words::tell(file, &atom, seen)?;
            edits.blank(&atom);
        }
    }
    Ok(())
}
