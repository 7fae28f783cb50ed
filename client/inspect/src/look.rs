//! The look itself: hostile bytes in, a report out. Runs in the child and in tests.

mod exif;
mod icc;
mod jpeg;
mod markup;
mod matroska;
mod movie;
mod office;
mod pdf;
mod png;
mod riff;
mod sound;
mod xml;

use std::io::{self, Read, Seek, SeekFrom};

use crate::finding::{Finding, Limit, MOST_FINDINGS, What, Words};
use crate::kind::Kind;
use crate::report::{Cleaning, Report};
use crate::source::{Gone, ReadAt};
use crate::walls::Walls;

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    findings: Vec<Finding>,
    limits: Vec<Limit>,
    kind: Option<Kind>,
}

impl Seen {
    /// The file says this, in these words.
    pub(crate) fn say(&mut self, what: What, words: &str) {
        let finding = Finding::new(what, words);
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.limit(Limit::TooLarge);
        }
    }

    /// The same, when there are words.
    pub(crate) fn say_words(&mut self, what: What, words: &str) {
        if Words::new(words).as_str().trim() != "" {
            self.say(what, words);
        }
    }

    /// The file says this, and it is not words.
    pub(crate) fn note(&mut self, what: What) {
        self.say(what, "");
    }

    /// It is more than an archive.
    pub(crate) fn is(&mut self, kind: Kind) {
        self.kind = Some(kind);
    }

    /// There may be more, for this reason.
    pub(crate) fn limit(&mut self, limit: Limit) {
        if !self.limits.contains(&limit) {
            self.limits.push(limit);
        }
    }
}

/// Looks at a file. It reads what it needs, not all of it, where the kind allows that.
pub fn look(file: &impl ReadAt) -> Report {
    let mut seen = Seen::default();
    let kind = Kind::of(file).unwrap_or(Kind::Unknown);
    let cleaning = by_kind(kind, file, &mut seen).unwrap_or_else(|Gone| {
        seen.limit(Limit::Broken);
        Cleaning::Cannot
    });
    // Saying it in words is enough.
    let worded: Vec<What> = seen
        .findings
        .iter()
        .filter(|finding| !finding.words.as_str().is_empty())
        .map(|finding| finding.what)
        .collect();
    seen.findings
        .retain(|finding| !finding.words.as_str().is_empty() || !worded.contains(&finding.what));
    // In the order of what matters most to a source.
    seen.findings.sort_by_key(|finding| finding.what);
    Report {
        kind: seen.kind.unwrap_or(kind),
        findings: seen.findings,
        limits: seen.limits,
        cleaning,
        hash: None,
        walls: Walls::FilterOnly,
    }
}

fn by_kind(kind: Kind, file: &impl ReadAt, seen: &mut Seen) -> Result<Cleaning, Gone> {
    match kind {
        Kind::Jpeg => return jpeg::look(file, seen),
        Kind::Png => return png::look(file, seen),
        Kind::Mp4 | Kind::Mov => return movie::look(file, seen),
        Kind::Heif => {
            exif::in_container(file, seen);
            seen.limit(Limit::Partly);
        }
        Kind::Tiff => {
            exif::in_container(file, seen);
            seen.limit(Limit::Partly);
        }
        Kind::Webp | Kind::Wav | Kind::Avi => riff::look(file, seen)?,
        Kind::Pdf => pdf::look(file, seen)?,
        Kind::Office | Kind::OpenDocument | Kind::Zip => office::look(file, seen)?,
        Kind::Mp3 | Kind::Flac | Kind::Ogg => sound::look(kind, file, seen)?,
        Kind::Matroska => matroska::look(file, seen)?,
        Kind::Rtf => markup::rtf(file, seen)?,
        Kind::Html => markup::html(file, seen)?,
        Kind::Svg | Kind::Xml => markup::xml(file, seen)?,
        Kind::Postscript => markup::postscript(file, seen)?,
        Kind::Mail => markup::mail(file, seen)?,
        Kind::Text => seen.limit(Limit::Text),
        Kind::Archive => seen.limit(Limit::Inside),
        Kind::Empty => {}
        Kind::Unknown | Kind::Gif | Kind::OldOffice | Kind::Program | Kind::Database => {
            seen.limit(Limit::Unknown);
        }
    }
    Ok(Cleaning::Cannot)
}

/// A file as a reader that other crates take.
struct Reading<'f, F> {
    file: &'f F,
    at: u64,
}

impl<F: ReadAt> Read for Reading<'_, F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.file.length().saturating_sub(self.at);
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let into = into.get_mut(..count).unwrap_or_default();
        self.file
            .fill(self.at, into)
            .map_err(|gone| io::Error::new(io::ErrorKind::UnexpectedEof, gone))?;
        self.at = self.at.saturating_add(u64::try_from(count).unwrap_or(0));
        Ok(count)
    }
}

impl<F: ReadAt> Seek for Reading<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.file.length().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "tests walk through small files of their own"
)]
mod tests;
