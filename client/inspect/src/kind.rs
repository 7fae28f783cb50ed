//! What a file is, by its first bytes and never by its name.

use memchr::memmem;

use crate::finding::numbered;
use crate::source::{Gone, ReadAt, head};

numbered! {
    /// What a file is.
    Kind {
        /// Nothing that is known here.
        Unknown = 0, "a file of a kind that this program does not know";
        /// No byte at all.
        Empty = 1, "an empty file";
        /// JPEG.
        Jpeg = 2, "a photograph or picture (JPEG)";
        /// PNG.
        Png = 3, "a picture (PNG)";
        /// MPEG-4 and its relatives.
        Mp4 = 4, "a video or sound recording (MP4)";
        /// QuickTime.
        Mov = 5, "a video (QuickTime)";
        /// HEIF, AVIF.
        Heif = 6, "a photograph (HEIF)";
        /// TIFF and the raw files of many cameras.
        Tiff = 7, "a picture (TIFF, or a camera's raw file)";
        /// WebP.
        Webp = 8, "a picture (WebP)";
        /// GIF.
        Gif = 9, "a picture (GIF)";
        /// PDF.
        Pdf = 10, "a document (PDF)";
        /// Office Open XML.
        Office = 11, "an office document (docx, xlsx, pptx)";
        /// OpenDocument.
        OpenDocument = 12, "an office document (OpenDocument)";
        /// The office files of before 2007, and Outlook messages.
        OldOffice = 13, "an office document or message of the old kind (doc, xls, ppt, msg)";
        /// ZIP.
        Zip = 14, "an archive (ZIP)";
        /// Another archive.
        Archive = 15, "an archive";
        /// MP3.
        Mp3 = 16, "a sound recording (MP3)";
        /// FLAC.
        Flac = 17, "a sound recording (FLAC)";
        /// Ogg.
        Ogg = 18, "a sound recording or video (Ogg)";
        /// WAV.
        Wav = 19, "a sound recording (WAV)";
        /// AVI.
        Avi = 20, "a video (AVI)";
        /// Matroska, WebM.
        Matroska = 21, "a video or sound recording (Matroska or WebM)";
        /// Text.
        Text = 22, "text";
        /// A program.
        Program = 23, "a program";
        /// A database.
        Database = 24, "a database (SQLite)";
        /// RTF.
        Rtf = 25, "a document (RTF)";
        /// HTML.
        Html = 26, "a web page (HTML)";
        /// SVG.
        Svg = 27, "a drawing (SVG)";
        /// Another document of XML, or of tags like it.
        Xml = 28, "a document (XML)";
        /// PostScript.
        Postscript = 29, "a document (PostScript)";
        /// A message with its head, or a page saved like one.
        Mail = 30, "an e-mail or a saved page (MIME)";
    }
}

/// So much of the beginning decides.
const HEAD: usize = 4_096;

/// What stands at which place of which kind.
const MAGIC: [(usize, &[u8], Kind); 27] = [
    (0, b"\xff\xd8\xff", Kind::Jpeg),
    (0, b"\x89PNG\r\n\x1a\n", Kind::Png),
    (0, b"II*\0", Kind::Tiff),
    (0, b"MM\0*", Kind::Tiff),
    (0, b"II+\0", Kind::Tiff),
    (0, b"MM\0+", Kind::Tiff),
    (0, b"GIF87a", Kind::Gif),
    (0, b"GIF89a", Kind::Gif),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind::OldOffice),
    (0, b"PK\x03\x04", Kind::Zip),
    (0, b"PK\x05\x06", Kind::Zip),
    (0, b"7z\xbc\xaf\x27\x1c", Kind::Archive),
    (0, b"Rar!\x1a\x07", Kind::Archive),
    (0, b"\x1f\x8b\x08", Kind::Archive),
    (0, b"BZh", Kind::Archive),
    (0, b"\xfd7zXZ\0", Kind::Archive),
    (0, b"\x28\xb5\x2f\xfd", Kind::Archive),
    (257, b"ustar", Kind::Archive),
    (0, b"ID3", Kind::Mp3),
    (0, b"fLaC", Kind::Flac),
    (0, b"OggS", Kind::Ogg),
    (0, b"\x1a\x45\xdf\xa3", Kind::Matroska),
    (0, b"\x7fELF", Kind::Program),
    (0, b"MZ", Kind::Program),
    (0, b"SQLite format 3\0", Kind::Database),
    (0, b"%PDF-", Kind::Pdf),
    (0, b"{\\rtf", Kind::Rtf),
];

impl Kind {
    /// What these bytes are.
    ///
    /// # Errors
    /// [`Gone`] when they cannot be read.
    pub fn of(file: &impl ReadAt) -> Result<Self, Gone> {
        let head = head(file, HEAD)?;
        Ok(Self::of_head(&head))
    }

    fn of_head(head: &[u8]) -> Self {
        if head.is_empty() {
            return Self::Empty;
        }
        let at = |offset: usize, what: &[u8]| {
            head.get(offset..)
                .is_some_and(|rest| rest.starts_with(what))
        };
        if at(4, b"ftyp") {
            return Self::of_brands(head);
        }
        for name in [b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"] {
            if at(4, name) {
                return Self::Mov;
            }
        }
        if at(0, b"RIFF") {
            return match head.get(8..12) {
                Some(b"WEBP") => Self::Webp,
                Some(b"WAVE") => Self::Wav,
                Some(b"AVI ") => Self::Avi,
                _ => Self::Unknown,
            };
        }
        if let Some((_, _, kind)) = MAGIC.iter().find(|(offset, magic, _)| at(*offset, magic)) {
            return *kind;
        }
        if matches!(head, [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 != 0) {
            return Self::Mp3;
        }
        // Readers look for it in the first kilobyte.
        if head.windows(5).take(1_024).any(|five| five == b"%PDF-") {
            return Self::Pdf;
        }
        if is_text(head) {
            Self::of_markup(head).unwrap_or(Self::Text)
        } else {
            Self::Unknown
        }
    }

    fn of_brands(head: &[u8]) -> Self {
        let length = head
            .first_chunk::<4>()
            .and_then(|length| usize::try_from(u32::from_be_bytes(*length)).ok())
            .unwrap_or(0)
            .min(HEAD);
        let brands = head.get(8..length.max(12)).or(head.get(8..)).unwrap_or(&[]);
        let (brands, _) = brands.as_chunks::<4>();
        if brands.first() == Some(b"qt  ") {
            return Self::Mov;
        }
        let still: [&[u8; 4]; 4] = [b"mif1", b"msf1", b"avif", b"heic"];
        if brands.iter().any(|brand| still.contains(&brand)) {
            return Self::Heif;
        }
        Self::Mp4
    }
}

/// What stands in a document of each kind, in small letters: as a whole name, and not as the
/// beginning of another.
const MARKS: [(&[u8], Kind); 6] = [
    (b"<!doctype html", Kind::Html),
    (b"<html", Kind::Html),
    (b"<head", Kind::Html),
    (b"<body", Kind::Html),
    (b"<meta", Kind::Html),
    (b"<svg", Kind::Svg),
];

/// What stands at the head of a message, in small letters.
const FIELDS: [&[u8]; 21] = [
    b"arc-seal",
    b"authentication-results",
    b"bcc",
    b"cc",
    b"content-type",
    b"date",
    b"delivered-to",
    b"dkim-signature",
    b"envelope-to",
    b"from",
    b"in-reply-to",
    b"message-id",
    b"mime-version",
    b"received",
    b"received-spf",
    b"references",
    b"reply-to",
    b"return-path",
    b"sender",
    b"subject",
    b"to",
];

impl Kind {
    /// What comes first counts; it may come later than is looked at.
    fn of_tags(head: &[u8]) -> Self {
        let places = MARKS.iter().filter_map(|(mark, kind)| {
            let mut places = memmem::find_iter(head, mark);
            let is_whole = |place: &usize| {
                let next = head.get(place.saturating_add(mark.len()));
                !next.is_some_and(|next| match next {
                    b':' => *kind == Self::Html,
                    b'_' | b'.' | b'-' => true,
                    letter => letter.is_ascii_alphanumeric(),
                })
            };
            places.find(is_whole).map(|place| (place, *kind))
        });
        let first = places.min_by_key(|(place, _)| *place);
        first.map_or(Self::Xml, |(_, kind)| kind)
    }

    /// A text that is a document with places for notes, by what it begins with.
    fn of_markup(head: &[u8]) -> Option<Self> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let head = head.trim_ascii_start().to_ascii_lowercase();
        if head.starts_with(b"<") {
            return Some(Self::of_tags(&head));
        }
        if head.starts_with(b"{\\rtf") {
            return Some(Self::Rtf);
        }
        if head.starts_with(b"%!ps") {
            return Some(Self::Postscript);
        }
        // A box of messages has a line of its own before each.
        let line = match head.starts_with(b"from ") {
            true => memmem::find(&head, b"\n").and_then(|end| head.get(end..)?.get(1..)),
            false => Some(head.as_slice()),
        };
        let line = line.unwrap_or(&head);
        let field = line.get(..memmem::find(line, b":")?)?.trim_ascii_end();
        let is_name = field.first().is_some_and(u8::is_ascii_lowercase)
            && field
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let is_field = FIELDS.contains(&field) || field.starts_with(b"x-");
        (is_name && is_field).then_some(Self::Mail)
    }
}

fn is_text(head: &[u8]) -> bool {
    let text = match core::str::from_utf8(head) {
        Ok(text) => text,
        // The last letter may be cut.
        Err(error) if error.error_len().is_none() => {
            let whole = head.get(..error.valid_up_to()).unwrap_or(&[]);
            core::str::from_utf8(whole).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty()
        && !text
            .chars()
            .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t' | '\u{c}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_bytes() {
        let late = format!("<!-- {} --><svg>", "x".repeat(HEAD));
        for (bytes, kind) in [
            (b"\xff\xd8\xff\xe0".as_slice(), Kind::Jpeg),
            (b"\x89PNG\r\n\x1a\n", Kind::Png),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Kind::Mov),
            (b"\0\0\0\x14ftypisom\0\0\0\0mp42", Kind::Mp4),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", Kind::Heif),
            (b"RIFF\0\0\0\0WEBPVP8 ", Kind::Webp),
            (b"%PDF-1.7", Kind::Pdf),
            (b"\n\n%PDF-1.7", Kind::Pdf),
            (b"\xff\xfb\x90\x44", Kind::Mp3),
            ("grüße\n".as_bytes(), Kind::Text),
            (b"1 < 2 and <html> is a tag", Kind::Text),
            (b"{\\rtf1\\ansi", Kind::Rtf),
            (b"\xef\xbb\xbf\n<!DOCTYPE html>", Kind::Html),
            (b"<?xml version='1.0'?><html>", Kind::Html),
            (b"<?xml version='1.0'?><svg>", Kind::Svg),
            (b"<!-- made --><SVG>", Kind::Svg),
            (b"<?xml version='1.0'?><gpx>", Kind::Xml),
            (b"<kml><author>", Kind::Xml),
            (b"<div author='x'>", Kind::Xml),
            (late.as_bytes(), Kind::Xml),
            (b"<svg><metadata><body>", Kind::Svg),
            (b"<svg:svg><svg:metadata>", Kind::Svg),
            (b"<o:document><meta:initial-creator>", Kind::Xml),
            (b"<p><header><META name='author'>", Kind::Html),
            (b" \n{\\rtf1", Kind::Rtf),
            (b"%!PS-Adobe-3.0\n", Kind::Postscript),
            (b"%!TEX\n", Kind::Text),
            (b"From: a@b.example\n", Kind::Mail),
            (b"received : from a\n", Kind::Mail),
            (b"X-Mailer: Desk\n", Kind::Mail),
            (b"From a@b.example Mon\nReturn-Path: <>\n", Kind::Mail),
            (b"From the beginning: a letter\n", Kind::Text),
            (b"Notes: From: a\n", Kind::Text),
            (b"\0\x01\x02\x03", Kind::Unknown),
            (b"", Kind::Empty),
        ] {
            assert_eq!(Kind::of(&bytes).unwrap(), kind, "{bytes:?}");
        }
    }
}
