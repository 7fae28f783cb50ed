//! What a film says about itself in words: QuickTime's user data, Apple's keys, iTunes' list.

use super::atom::Atom;
use super::{MOST_NOTE, Seen, note, xml};
use crate::finding::{Limit, What};
use crate::source::{Gone, ReadAt, take};

/// Lists stand in lists so deep.
const MOST_DEPTH: u8 = 4;

/// Tells what an atom says that is neither picture, sound, nor what finds them.
pub(crate) fn tell(file: &impl ReadAt, atom: &Atom, seen: &mut Seen) -> Result<(), Gone> {
    one(file, atom, seen, MOST_DEPTH)
}

fn one(file: &impl ReadAt, atom: &Atom, seen: &mut Seen, depth: u8) -> Result<(), Gone> {
    let Some(deeper) = depth.checked_sub(1) else {
        seen.limit(Limit::Broken);
        return Ok(());
    };
    match &atom.name {
        b"udta" => match atom.inside(file) {
            Ok(atoms) => {
                for atom in atoms {
                    one(file, &atom, seen, deeper)?;
                }
            }
            Err(Gone) => seen.say(What::Other, "notes of the device"),
        },
        b"meta" => list(file, atom, seen)?,
        b"free" | b"skip" | b"hdlr" => {}
        b"XMP_" => xml::xmp(&note(file, atom)?, seen),
        b"loci" => seen.note(What::Place),
        b"thmb" | b"CNTH" => seen.note(What::Preview),
        b"FIRM" | b"LENS" | b"CAME" | b"MUID" | b"SNum" | b"BCID" => {
            seen.say(What::Serial, "");
        }
        b"GPMF" | b"SETT" => seen.note(What::Sealed),
        name => match by_letters(name) {
            Some(what) => {
                let bytes = note(file, atom)?;
                // A length and a language come first.
                let text = bytes.get(4..).unwrap_or(&[]);
                seen.say_words(what, &text_of(text));
            }
            None => {
                let name = String::from_utf8_lossy(name);
                seen.say(
                    What::Other,
                    &format!("a note of the device or a program ({name})"),
                );
            }
        },
    }
    Ok(())
}

/// What a four-letter name means, in QuickTime's user data, in 3GPP's and in iTunes' lists.
fn by_letters(name: &[u8; 4]) -> Option<What> {
    Some(match name {
        b"\xa9xyz" => What::Place,
        b"\xa9mak" | b"\xa9mod" | b"manu" | b"modl" => What::Device,
        b"\xa9swr" | b"\xa9too" | b"\xa9enc" | b"\xa9req" => What::Software,
        b"\xa9day" | b"yrrc" | b"date" => What::Time,
        b"\xa9ART" | b"\xa9aut" | b"\xa9wrt" | b"\xa9cpy" | b"auth" | b"perf" | b"cprt"
        | b"aART" | b"\xa9dir" | b"\xa9prd" | b"\xa9prf" => What::Person,
        b"\xa9nam" | b"\xa9cmt" | b"\xa9inf" | b"\xa9des" | b"\xa9alb" | b"titl" | b"dscp"
        | b"desc" | b"ldes" | b"kywd" | b"name" => What::Remark,
        b"covr" => What::Preview,
        _ => return None,
    })
}

/// A list of values, with names in full beside it or with names of four letters.
fn list(file: &impl ReadAt, meta: &Atom, seen: &mut Seen) -> Result<(), Gone> {
    // MPEG-4 puts four bytes before the first atom, QuickTime none.
    let plain = meta.array::<8>(file, 0)?;
    let skip = if plain.ends_with(b"hdlr") { 0 } else { 4 };
    let Ok(atoms) = Atom::between(file, meta.place(skip)?, meta.end) else {
        seen.say(What::Other, "notes of the device");
        return Ok(());
    };
    let keys = match atoms.iter().find(|atom| &atom.name == b"keys") {
        Some(keys) => names(file, keys)?,
        None => Vec::new(),
    };
    for atom in &atoms {
        match &atom.name {
            b"ilst" => values(file, atom, &keys, seen)?,
            b"xml " => xml::xmp(&note(file, atom)?, seen),
            b"hdlr" | b"keys" | b"free" => {}
            _ => seen.say(What::Other, "notes of the device"),
        }
    }
    Ok(())
}

fn names(file: &impl ReadAt, keys: &Atom) -> Result<Vec<String>, Gone> {
    Atom::between(file, keys.place(8)?, keys.end)?
        .iter()
        .map(|key| note(file, key).map(|name| String::from_utf8_lossy(&name).into_owned()))
        .collect()
}

fn values(file: &impl ReadAt, ilst: &Atom, keys: &[String], seen: &mut Seen) -> Result<(), Gone> {
    for item in ilst.inside(file)? {
        let index = usize::try_from(u32::from_be_bytes(item.name)).unwrap_or(0);
        let key = index.checked_sub(1).and_then(|index| keys.get(index));
        let what = match key {
            Some(key) => by_key(key),
            None => by_letters(&item.name).unwrap_or(What::Other),
        };
        for data in item.inside(file)? {
            if &data.name != b"data" {
                continue;
            }
            let length = data.length().checked_sub(8).ok_or(Gone)?;
            let bytes = take(file, data.place(8)?, length.min(MOST_NOTE))?;
            match what {
                What::Preview => seen.note(what),
                What::Other => {
                    let name = key.map_or("", String::as_str);
                    seen.say(what, &format!("a note of the device or a program ({name})"));
                }
                _ => seen.say_words(what, &text_of(&bytes)),
            }
        }
    }
    Ok(())
}

/// What one of Apple's or Android's names in full means, by its end.
fn by_key(key: &str) -> What {
    let key = key.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| key.contains(part));
    if has(&["location", "gps"]) {
        What::Place
    } else if has(&["identifier", "serial", "uuid"]) {
        What::Serial
    } else if has(&["make", "model", "manufacturer", "lens", "camera"]) {
        What::Device
    } else if has(&["software", "version", "encoder"]) {
        What::Software
    } else if has(&["date", "time"]) {
        What::Time
    } else if has(&[
        "author",
        "artist",
        "director",
        "producer",
        "copyright",
        "owner",
    ]) {
        What::Person
    } else if has(&["title", "comment", "description", "keywords", "displayname"]) {
        What::Remark
    } else if has(&["artwork"]) {
        What::Preview
    } else {
        What::Other
    }
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
