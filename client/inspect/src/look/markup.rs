//! Documents that are written in letters: RTF, HTML, SVG and other XML, PostScript, messages. Notes
//! may stand anywhere in them, so that only the usual places are told, and nothing is cleaned.

use memchr::memmem;

use super::{Seen, xml};
use crate::finding::{Limit, What};
use crate::source::{Gone, ReadAt, head};

/// So much of a document is read.
const MOST_READ: usize = 4 << 20;
/// So many tags of one name are read.
const MOST_TAGS: usize = 1_000;
/// So many lines are read.
const MOST_LINES: usize = 100_000;
/// No note that is told is longer.
const MOST_NOTE: usize = 1_024;

/// What RTF says about itself (its specification 1.9.1, "information group").
const GROUPS: [(&[u8], What); 14] = [
    (b"{\\author ", What::Person),
    (b"{\\operator ", What::Person),
    (b"{\\*\\manager ", What::Person),
    (b"{\\manager ", What::Person),
    (b"{\\*\\company ", What::Person),
    (b"{\\company ", What::Person),
    (b"{\\title ", What::Remark),
    (b"{\\subject ", What::Remark),
    (b"{\\doccomm ", What::Remark),
    (b"{\\*\\generator ", What::Software),
    (b"{\\creatim", What::Time),
    (b"{\\revtim", What::Time),
    (b"{\\*\\template ", What::Path),
    (b"{\\*\\revtbl", What::History),
];

/// RTF.
pub(crate) fn rtf(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let bytes = begin(file, seen)?;
    for (group, what) in GROUPS {
        let Some(place) = memmem::find(&bytes, group) else {
            continue;
        };
        let from = place.saturating_add(group.len());
        let rest = bytes.get(from..).unwrap_or(&[]);
        let end = rest.iter().take(MOST_NOTE).position(|byte| *byte == b'}');
        let words = rest.get(..end.unwrap_or(0)).unwrap_or(&[]);
        match what {
            What::History => seen.note(what),
            _ => seen.say_words(what, &String::from_utf8_lossy(words)),
        }
    }
    Ok(())
}

/// HTML: what stands in its `meta`.
pub(crate) fn html(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let bytes = begin(file, seen)?;
    let small = bytes.to_ascii_lowercase();
    for place in memmem::find_iter(&small, b"<meta").take(MOST_TAGS) {
        let tag = bytes.get(place..).unwrap_or(&[]);
        let end = tag.iter().take(MOST_NOTE).position(|byte| *byte == b'>');
        let tag = tag.get(..end.unwrap_or(0)).unwrap_or(&[]);
        let (Some(name), Some(words)) = (attribute(tag, b"name="), attribute(tag, b"content="))
        else {
            continue;
        };
        let what = match name.to_ascii_lowercase().as_slice() {
            b"author" | b"copyright" | b"creator" | b"dc.creator" | b"changedby" => What::Person,
            b"generator" | b"progid" => What::Software,
            b"description" | b"keywords" => What::Remark,
            b"date" | b"created" | b"changed" => What::Time,
            b"geo.position" | b"geo.placename" => What::Place,
            _ => continue,
        };
        seen.say_words(what, &String::from_utf8_lossy(words));
    }
    Ok(())
}

/// SVG and other XML: names that are common in notes.
pub(crate) fn xml(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let bytes = begin(file, seen)?;
    xml::facts(&bytes, seen, |seen, name, text| {
        let what = match name {
            "creator" | "author" | "publisher" | "rights" | "lastauthor" | "company"
            | "initial-creator" | "printed-by" => What::Person,
            "date" | "created" | "modified" | "time" | "creation-date" | "print-date" => What::Time,
            "generator" | "creatortool" | "producer" => What::Software,
            "description" | "subject" | "keywords" => What::Remark,
            "docname" | "docbase" | "export-filename" | "absref" => What::Path,
            _ => return,
        };
        seen.say_words(what, text);
    });
    Ok(())
}

/// `PostScript`: what its comments say (Document Structuring Conventions 3.0, 5).
pub(crate) fn postscript(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let bytes = begin(file, seen)?;
    lines(&bytes, seen, |name| {
        Some(match name {
            b"%%for" | b"%%routing" => What::Person,
            b"%%creator" => What::Software,
            b"%%creationdate" => What::Time,
            b"%%title" => What::Remark,
            _ => return None,
        })
    });
    Ok(())
}

/// A message, and every message and part in it.
pub(crate) fn mail(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let bytes = begin(file, seen)?;
    lines(&bytes, seen, |name| {
        Some(match name {
            b"from" | b"sender" | b"reply-to" | b"return-path" | b"to" | b"cc" | b"bcc"
            | b"delivered-to" | b"envelope-to" => What::Person,
            b"received" | b"x-originating-ip" => What::Device,
            b"date" => What::Time,
            b"x-mailer" | b"user-agent" => What::Software,
            b"content-location" | b"snapshot-content-location" => What::Path,
            b"subject" => What::Remark,
            _ => return None,
        })
    });
    Ok(())
}

/// Tells what stands behind names and a colon, each at the beginning of a line.
fn lines(bytes: &[u8], seen: &mut Seen, what: impl Fn(&[u8]) -> Option<What>) {
    for (count, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if count == MOST_LINES {
            return seen.limit(Limit::TooLarge);
        }
        let line = line.get(..MOST_NOTE).unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, words) = line.split_at(colon);
        if let Some(what) = what(&name.trim_ascii().to_ascii_lowercase()) {
            let words = words.get(1..).unwrap_or(&[]);
            seen.say_words(what, &String::from_utf8_lossy(words));
        }
    }
}

fn begin(file: &impl ReadAt, seen: &mut Seen) -> Result<Vec<u8>, Gone> {
    seen.limit(Limit::Partly);
    let bytes = head(file, MOST_READ)?;
    if u64::try_from(bytes.len()).map_err(|_| Gone)? < file.length() {
        seen.limit(Limit::TooLarge);
    }
    Ok(bytes)
}

/// What an attribute of a tag says, in quotes or not.
fn attribute<'t>(tag: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    let place = memmem::find(&tag.to_ascii_lowercase(), name)?;
    let said = tag.get(place.checked_add(name.len())?..)?;
    let (first, rest) = said.split_first()?;
    let (said, end) = match first {
        b'"' | b'\'' => (rest, *first),
        _ => (said, b' '),
    };
    let length = said.iter().position(|byte| *byte == end);
    said.get(..length.unwrap_or(said.len()))
}
