//! MPEG-4 and QuickTime: what is said beside picture and sound is put out where it stands, so that
//! no offset moves and a film of any size is cleaned without a copy.

mod atom;
mod av1;
mod boxes;
mod brands;
mod chunks;
mod coded;
mod configuration;
mod cuts;
mod description;
mod edits;
mod elementary;
mod heads;
mod media;
mod reader;
mod sampling;
mod tables;
mod track;
mod words;

use super::{Seen, xml};
use crate::finding::{Limit, What};
use crate::plan::PlanError;
use crate::report::Cleaning;
use crate::source::{Gone, ReadAt, array, take};

use self::atom::Atom;
use self::chunks::{Lost, MOST_STRETCHES};
use self::edits::Edits;
use self::media::Stretches;
use self::track::Track;

/// So much of a note is read.
pub(crate) const MOST_NOTE: u64 = 1 << 20;
/// More parts than any film has, one in pieces too.
const MOST_PARTS: u32 = 1 << 18;
/// More tracks than any film has.
const MOST_TRACKS: usize = 1_000;
const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";

/// A film while it is looked at.
struct Movie<'f, F> {
    file: &'f F,
    edits: Edits,
    media: Vec<Atom>,
    tracks: Vec<Track>,
    /// Into so many parts the head divides a second.
    scale: u64,
    cleanable: bool,
    in_pieces: bool,
}

/// Looks at a film, and plans a copy whose picture and sound are the same, byte for byte.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<Cleaning, Gone> {
    let mut movie = Movie {
        file,
        edits: Edits::default(),
        media: Vec::new(),
        tracks: Vec::new(),
        scale: 0,
        cleanable: true,
        in_pieces: false,
    };
    let mut has_head = false;
    let mut at = 0_u64;
    let mut count = 0_u32;
    while at < file.length() {
        count = count.saturating_add(1);
        if count > MOST_PARTS {
            return Err(Gone);
        }
        let Ok(atom) = Atom::at(file, at, file.length()) else {
            if !has_head || movie.media.is_empty() {
                return Err(Gone);
            }
            // Cameras put what they like behind the last atom; no picture and no sound lies there.
            let left = file.length().saturating_sub(at);
            seen.say(What::Tail, &format!("{left} bytes"));
            movie.edits.cut(at);
            break;
        };
        match &atom.name {
            b"ftyp" => brands::put_out(file, &atom, &mut movie.edits, seen)?,
            b"mdat" => movie.media.push(atom),
            b"moov" => {
                if has_head {
                    // Players differ about which of them is the film.
                    movie.cleanable = false;
                    seen.limit(Limit::Broken);
                }
                has_head = true;
                movie.head(&atom, seen)?;
            }
            b"moof" | b"sidx" | b"styp" | b"mfra" | b"ssix" | b"prft" | b"emsg" => {
                // In pieces, each with a head of its own.
                movie.cleanable = false;
                movie.in_pieces = true;
                seen.limit(Limit::Partly);
            }
            _ => movie.beside(&atom, seen)?,
        }
        at = atom.end;
    }
    if !has_head {
        seen.limit(Limit::Broken);
        return Ok(Cleaning::Cannot);
    }
    movie.put_out_tracks(seen)?;
    if !movie.cleanable || movie.edits.has_unknown() {
        return Ok(Cleaning::Cannot);
    }
    Ok(match movie.edits.plan(file.length()) {
        Ok(plan) => Cleaning::By(plan),
        Err(why) => {
            seen.limit(match why {
                PlanError::TooMany => Limit::Scattered,
                PlanError::Outside => Limit::Broken,
            });
            Cleaning::Cannot
        }
    })
}

impl<F: ReadAt> Movie<'_, F> {
    /// Something at the top that is neither head nor picture and sound.
    fn beside(&mut self, atom: &Atom, seen: &mut Seen) -> Result<(), Gone> {
        match &atom.name {
            b"free" | b"skip" | b"wide" => {
                let part = atom.length().min(1 << 16);
                let bytes = take(self.file, atom.body, part)?;
                if bytes.iter().any(|byte| *byte != 0) {
                    seen.say(What::Other, "something in a place that is marked as unused");
                } else if part == atom.length() {
                    return Ok(());
                }
            }
            b"uuid" => self.own(atom, seen)?,
            b"meta" => words::tell(self.file, atom, seen)?,
            b"PICT" | b"pnot" => seen.note(What::Preview),
            name => {
                let name = String::from_utf8_lossy(name);
                seen.say(What::Other, &format!("a note of a program ({name})"));
            }
        }
        self.edits.blank(atom);
        Ok(())
    }

    /// An atom that somebody made up.
    fn own(&self, atom: &Atom, seen: &mut Seen) -> Result<(), Gone> {
        let name: [u8; 16] = atom.array(self.file, 0)?;
        if name == XMP {
            let length = atom.length().saturating_sub(16).min(MOST_NOTE);
            let packet = take(self.file, atom.place(16)?, length)?;
            xml::xmp(&packet, seen);
        } else {
            seen.say(What::Other, "a note of a program");
        }
        Ok(())
    }

    fn head(&mut self, moov: &Atom, seen: &mut Seen) -> Result<(), Gone> {
        let atoms = self.edits.children(self.file, moov.body, moov.end, seen)?;
        self.edits.once(&atoms, &[b"mvhd"], seen);
        for atom in atoms {
            match &atom.name {
                b"mvhd" => {
                    heads::put_out_times(self.file, &atom, &mut self.edits, seen)?;
                    self.scale = cuts::scale(self.file, &atom)?;
                }
                b"trak" if self.tracks.len() >= MOST_TRACKS => return Err(Gone),
                b"trak" => {
                    let track = Track::look(self.file, &atom, &mut self.edits, seen)?;
                    self.cleanable &= track.cleanable;
                    self.tracks.push(track);
                }
                // What MPEG-4 systems need, and no player.
                b"iods" => self.edits.blank(&atom),
                b"mvex" => {
                    self.cleanable = false;
                    self.in_pieces = true;
                    seen.limit(Limit::Partly);
                }
                b"cmov" | b"rmra" => {
                    self.cleanable = false;
                    seen.limit(Limit::Broken);
                }
                b"uuid" => {
                    self.own(&atom, seen)?;
                    self.edits.blank(&atom);
                }
                _ => {
                    words::tell(self.file, &atom, seen)?;
                    self.edits.blank(&atom);
                }
            }
        }
        Ok(())
    }

    /// Puts out the tracks that are neither picture nor sound, and all media but that of the others.
    fn put_out_tracks(&mut self, seen: &mut Seen) -> Result<(), Gone> {
        let (kept, out): (Vec<_>, Vec<_>) = self.tracks.iter().partition(|track| track.is_kept());
        let ids: Vec<u32> = kept.iter().map(|track| track.id).collect();
        for track in &kept {
            track.let_go(self.file, &ids, &mut self.edits, seen)?;
            if !track.shown.is_there(self.file)? {
                self.edits.unknown(seen);
            }
            track.tell(self.file, self.scale, seen);
        }
        for track in &out {
            self.edits.blank(&track.atom);
        }
        let mut room = MOST_STRETCHES;
        let mut known = true;
        let [kept, out] = [kept, out].map(|tracks| {
            let mut stretches = Vec::new();
            for track in tracks {
                match track.chunks(self.file, room) {
                    Ok(chunks) => {
                        room = room.saturating_sub(chunks.len());
                        stretches.extend(chunks);
                    }
                    Err(lost) => {
                        known = false;
                        seen.limit(match lost {
                            Lost::Broken => Limit::Broken,
                            Lost::Scattered => Limit::Scattered,
                        });
                    }
                }
            }
            Stretches::new(stretches)
        });
        // Tables that lie would have picture and sound put out.
        if !kept.lie_in(&self.media) || !out.lie_in(&self.media) || !out.are_apart_from(&kept) {
            known = false;
            seen.limit(Limit::Broken);
        }
        // The head of a film in pieces does not say where they are.
        if known && !self.in_pieces {
            media::tell_gaps(self.file, &self.media, &kept.with(&out), seen)?;
            known = media::put_out_gaps(self.file, &self.media, &kept, &mut self.edits, seen)?;
        }
        self.cleanable &= known;
        Ok(())
    }
}

/// The day and time of so many seconds since 1904.
pub(crate) fn time(seconds: u64) -> Option<String> {
    // 1904 to 1970: 66 years with 17 leap days.
    let since = seconds.checked_sub(2_082_844_800)?;
    let days = since.checked_div(86_400)?;
    let within = since.checked_rem(86_400)?;
    let (year, month, day) = date(days)?;
    let hour = within.checked_div(3_600)?;
    let minute = within.checked_div(60)?.checked_rem(60)?;
    Some(format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}"))
}

/// The date so many days after 1970 began.
fn date(days: u64) -> Option<(u64, u64, u64)> {
    if days > 100_000 {
        return None;
    }
    let mut left = days;
    let mut year = 1_970_u64;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    loop {
        let length = if leap(year) { 366 } else { 365 };
        let Some(later) = left.checked_sub(length) else {
            break;
        };
        left = later;
        year = year.checked_add(1)?;
    }
    let february = if leap(year) { 29 } else { 28 };
    for (month, length) in (1_u64..).zip([31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        let Some(later) = left.checked_sub(length) else {
            return Some((year, month, left.checked_add(1)?));
        };
        left = later;
    }
    None
}

/// The first bytes of an atom's body, as many as are read of a note.
pub(crate) fn note(file: &impl ReadAt, atom: &Atom) -> Result<Vec<u8>, Gone> {
    take(file, atom.body, atom.length().min(MOST_NOTE))
}

/// The flags of a full atom and its version.
pub(crate) fn version(file: &impl ReadAt, atom: &Atom) -> Result<u8, Gone> {
    array::<1>(file, atom.body).map(|[version]| version)
}
