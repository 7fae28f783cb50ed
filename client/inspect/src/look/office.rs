//! ZIP, and the office files that are ZIP archives of XML.

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::{Seen, xml};
use crate::finding::{Limit, What};
use crate::kind::Kind;
use crate::source::{Gone, ReadAt, take};

/// So many entries of an archive are looked at.
const MOST_ENTRIES: usize = 20_000;
/// A part of a document is unpacked to at most so many bytes.
const MOST_UNPACKED: usize = 16 << 20;
/// All parts together.
const MOST_WORK: usize = 64 << 20;

/// An entry of the archive's table.
struct Entry {
    name: String,
    packed: u64,
    method: u16,
    flags: u16,
    begin: u64,
}

/// Tells what an office document says about who wrote it, or that an archive was not opened.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<(), Gone> {
    let entries = table(file, seen)?;
    let office = entries
        .iter()
        .any(|entry| entry.name == "[Content_Types].xml");
    let open = entries.iter().any(|entry| entry.name == "meta.xml");
    if !office && !open {
        seen.say(What::Other, "names and times of the files inside");
        seen.limit(Limit::Inside);
        return Ok(());
    }
    seen.is(if office {
        Kind::Office
    } else {
        Kind::OpenDocument
    });
    seen.limit(Limit::Partly);
    let mut work = MOST_WORK;
    for entry in &entries {
        let name = entry.name.as_str();
        if name.starts_with("docProps/thumbnail") || name.starts_with("Thumbnails/") {
            seen.note(What::Preview);
        } else if name.contains("/media/") || name.starts_with("Pictures/") {
            seen.say(What::Other, "pictures inside, which were not looked at");
            seen.limit(Limit::Inside);
        } else if name.ends_with("/comments.xml") || name.contains("/comments/") {
            seen.say(What::Remark, "comments");
        }
        if !is_told(name) {
            continue;
        }
        match unpack(file, entry, work) {
            Ok(xml) => {
                work = work.saturating_sub(xml.len());
                xml::facts(&xml, seen, fact);
            }
            Err(limit) => seen.limit(limit),
        }
    }
    Ok(())
}

/// Whether a part is one that names somebody.
fn is_told(name: &str) -> bool {
    matches!(
        name,
        "docProps/core.xml"
            | "docProps/app.xml"
            | "docProps/custom.xml"
            | "meta.xml"
            | "content.xml"
            | "settings.xml"
            | "word/document.xml"
            | "word/comments.xml"
            | "word/people.xml"
            | "word/settings.xml"
            | "xl/workbook.xml"
            | "ppt/commentAuthors.xml"
            | "ppt/authors.xml"
    )
}

fn fact(seen: &mut Seen, name: &str, text: &str) {
    let what = match name {
        "creator" | "lastmodifiedby" | "author" | "initial-creator" | "manager" | "company"
        | "printed-by" | "chg-author" | "sender-initials" | "userid" => What::Person,
        "created" | "modified" | "lastprinted" | "creation-date" | "print-date" => What::Time,
        "application" | "appversion" | "generator" => What::Software,
        "template" | "hyperlinkbase" | "printername" => What::Path,
        "title" | "subject" | "keywords" | "description" | "category" => What::Remark,
        "ins" | "del" | "tracked-changes" | "changed-region" => return seen.note(What::History),
        "rsid" | "rsidroot" => {
            return seen.say(
                What::Serial,
                "numbers of the sittings in which it was written",
            );
        }
        _ => return,
    };
    seen.say_words(what, text);
}

fn table(file: &impl ReadAt, seen: &mut Seen) -> Result<Vec<Entry>, Gone> {
    // The end of the table is looked for from the end: a remark of up to 65,535 bytes is behind.
    let length = file.length().min(65_557);
    let begin = file.length().saturating_sub(length);
    let last = take(file, begin, length)?;
    let place = last
        .windows(4)
        .rposition(|four| four == b"PK\x05\x06")
        .ok_or(Gone)?;
    let end = last.get(place..).unwrap_or(&[]);
    let size = u64::from(number(end, 12).ok_or(Gone)?);
    let start = u64::from(number(end, 16).ok_or(Gone)?);
    let remark = end.get(22..).unwrap_or(&[]);
    seen.say_words(What::Remark, &String::from_utf8_lossy(remark));
    let table = take(file, start, size)?;
    let mut rest = table.as_slice();
    let mut entries = Vec::new();
    while let Some(behind) = rest.strip_prefix(b"PK\x01\x02") {
        if entries.len() >= MOST_ENTRIES {
            seen.limit(Limit::TooLarge);
            break;
        }
        let field = |at| short(behind, at).map(usize::from);
        let (Some(name), Some(extra), Some(remark)) = (field(24), field(26), field(28)) else {
            return Err(Gone);
        };
        let letters = behind.get(42..42_usize.saturating_add(name)).ok_or(Gone)?;
        entries.push(Entry {
            name: String::from_utf8_lossy(letters).into_owned(),
            packed: number(behind, 16).ok_or(Gone)?.into(),
            method: short(behind, 6).ok_or(Gone)?,
            flags: short(behind, 4).ok_or(Gone)?,
            begin: number(behind, 38).ok_or(Gone)?.into(),
        });
        let whole = [42, name, extra, remark]
            .into_iter()
            .fold(0_usize, usize::saturating_add);
        rest = behind.get(whole..).unwrap_or(&[]);
    }
    Ok(entries)
}

fn unpack(file: &impl ReadAt, entry: &Entry, work: usize) -> Result<Vec<u8>, Limit> {
    if entry.flags & 1 == 1 {
        return Err(Limit::Encrypted);
    }
    let broken = |_| Limit::Broken;
    let head = take(file, entry.begin, 30).map_err(broken)?;
    let field = |at| short(&head, at).map(u64::from).ok_or(Limit::Broken);
    let body = [30, field(26)?, field(28)?]
        .into_iter()
        .fold(entry.begin, u64::saturating_add);
    let packed = take(file, body, entry.packed).map_err(|_| Limit::TooLarge)?;
    match entry.method {
        0 => Ok(packed),
        8 => decompress_to_vec_with_limit(&packed, MOST_UNPACKED.min(work))
            .map_err(|_| Limit::TooLarge),
        _ => Err(Limit::Broken),
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*bytes))
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*bytes))
}
