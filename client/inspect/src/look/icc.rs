//! Colour profiles: how colours are meant, and texts that can name a screen or a camera.

use super::Seen;
use crate::finding::What;

/// Tables of colours that a picture may need beside curves and primaries.
const TABLES: [&[u8; 4]; 7] = [
    b"A2B0", b"A2B1", b"A2B2", b"D2B0", b"D2B1", b"D2B2", b"D2B3",
];
const NAMES: [&[u8; 4]; 2] = [b"desc", b"cprt"];
/// The light of every profile, and the tag that says so.
const D50: [u8; 12] = *b"\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d";
const D50_TAG: [u8; 20] = *b"XYZ \0\0\0\0\0\0\xf6\xd6\0\x01\0\0\0\0\xd3\x2d";
/// The primaries of sRGB, in that light.
const SRGB: [[i32; 3]; 3] = [
    [28_577, 14_581, 912],
    [25_238, 46_983, 6_362],
    [9_376, 3_972, 46_796],
];
/// No number of a colour is larger: two, in 65536ths.
const MOST_NUMBER: u32 = 2 << 16;
/// No number of a formula is.
const MOST_OF_A_FORMULA: u32 = 16 << 16;
/// No curve has more points.
const MOST_POINTS: usize = 4_096;
const HEADER: usize = 128;
const MOST_TAGS: usize = 100;

/// Tells what a profile says beside colours.
pub(crate) fn look(profile: &[u8], seen: &mut Seen) {
    for (name, offset, length) in tags(profile).unwrap_or_default() {
        let what = match &name {
            b"desc" | b"dmdd" | b"dmnd" | b"mmod" => What::Device,
            b"cprt" => What::Other,
            _ => continue,
        };
        let end = offset.saturating_add(length);
        // Texts in several languages have a table of them first.
        let head = match profile
            .get(offset..)
            .is_some_and(|tag| tag.starts_with(b"mluc"))
        {
            true => 28,
            false => 8,
        };
        let text = profile.get(offset.saturating_add(head)..end).unwrap_or(&[]);
        let letters: String = text
            .iter()
            .filter(|byte| (0x20..0x7f).contains(*byte))
            .map(|byte| char::from(*byte))
            .collect();
        if !letters.trim().is_empty() {
            seen.say(what, &format!("colour profile: {letters}"));
        }
    }
}

/// What is to be done about a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// These bytes are none, and no reader heeds them.
    NotOne,
    /// It has more than curves and primaries: without it the colours are others.
    Unknown,
    /// A profile of the same colours and nothing else.
    Plain {
        /// Made anew.
        bytes: Vec<u8>,
        /// Whether these are the colours that a picture without a profile has.
        usual: bool,
    },
}

/// The profile of the same colours that holds nothing but curves and primaries (ICC.1:2022, 8.3.3
/// and 8.4.3).
pub(crate) fn plain(profile: &[u8]) -> Profile {
    if profile.get(36..40) != Some(b"acsp") {
        return Profile::NotOne;
    }
    plain_of(profile).unwrap_or(Profile::Unknown)
}

fn plain_of(profile: &[u8]) -> Option<Profile> {
    let tags = tags(profile)?;
    let find = |name: &[u8; 4]| {
        let (_, offset, length) = tags.iter().find(|(known, ..)| known == name)?;
        profile.get(*offset..offset.checked_add(*length)?)
    };
    if TABLES.iter().any(|name| find(name).is_some()) {
        return None;
    }
    let head = |at: usize| profile.get(at..)?.first_chunk::<4>();
    let screen_or_scanner = matches!(head(12)?, b"mntr" | b"scnr" | b"spac");
    let revised = match profile.get(8)? {
        2 => false,
        4 => true,
        _ => return None,
    };
    let grey = match (head(16)?, head(20)?) {
        (b"RGB ", b"XYZ ") => false,
        (b"GRAY", b"XYZ ") => true,
        _ => return None,
    };
    if !screen_or_scanner {
        return None;
    }
    let optional = |name, numbers: usize, kind| match find(name) {
        None => Some(None),
        Some(tag) => numbers_of(tag, kind, numbers).map(Some),
    };
    let white = optional(b"wtpt", 3, b"XYZ ")?;
    let adapted = optional(b"chad", 9, b"sf32")?;
    let code = match find(b"cicp") {
        None => None,
        Some(tag) => Some(code_points(tag)?),
    };
    let (primaries, curves): (&[&[u8; 4]], &[&[u8; 4]]) = if grey {
        (&[], &[b"kTRC"])
    } else {
        (&[b"rXYZ", b"gXYZ", b"bXYZ"], &[b"rTRC", b"gTRC", b"bTRC"])
    };
    let mut parts: Vec<([u8; 4], Vec<u8>)> = NAMES
        .iter()
        .zip(texts(revised))
        .map(|(name, text)| (**name, text))
        .collect();
    parts.push((*b"wtpt", white.unwrap_or_else(|| D50_TAG.to_vec())));
    parts.extend(adapted.map(|tag| (*b"chad", tag)));
    let mut usual = !grey && code.is_none();
    for (name, wanted) in primaries.iter().zip(SRGB) {
        let tag = numbers_of(find(name)?, b"XYZ ", 3)?;
        usual &= is_near(&tag, &wanted, 100);
        parts.push((**name, tag));
    }
    for name in curves {
        let tag = curve(find(name)?)?;
        usual &= is_usual(&tag);
        parts.push((**name, tag));
    }
    parts.extend(code.map(|tag| (*b"cicp", tag)));
    let intent = match profile.get(64..68)? {
        [0, 0, 0, intent @ 0..=3] => *intent,
        _ => 0,
    };
    let bytes = built(revised, grey, intent, &parts)?;
    Some(Profile::Plain { bytes, usual })
}

/// A profile of these parts.
fn built(revised: bool, grey: bool, intent: u8, parts: &[([u8; 4], Vec<u8>)]) -> Option<Vec<u8>> {
    let number = |number: usize| u32::try_from(number).ok().map(u32::to_be_bytes);
    let mut table = Vec::new();
    let mut data: Vec<u8> = Vec::new();
    let begin = parts.len().checked_mul(12)?.checked_add(HEADER + 4)?;
    let mut placed: Vec<(&[u8], usize)> = Vec::new();
    for (name, part) in parts {
        // Channels of one curve share it.
        let at = match placed.iter().find(|(known, _)| known == part) {
            Some((_, at)) => *at,
            None => {
                let at = begin.checked_add(data.len())?;
                placed.push((part, at));
                data.extend_from_slice(part);
                data.resize(data.len().next_multiple_of(4), 0);
                at
            }
        };
        table.extend_from_slice(name);
        table.extend(number(at)?);
        table.extend(number(part.len())?);
    }
    let whole = begin.checked_add(data.len())?;
    let mut out = number(whole)?.to_vec();
    out.extend([0; 4]);
    out.extend(if revised {
        [4, 0x40, 0, 0]
    } else {
        [2, 0x40, 0, 0]
    });
    out.extend(b"mntr");
    out.extend(if grey { b"GRAY" } else { b"RGB " });
    out.extend(b"XYZ ");
    out.extend([0; 12]);
    out.extend(b"acsp");
    out.extend([0; 27]);
    out.push(intent);
    out.extend(D50);
    out.extend([0; 48]);
    out.extend(number(parts.len())?);
    out.extend(table);
    out.extend(data);
    Some(out)
}

/// What every profile has to have: a name and a notice, which are blank.
fn texts(revised: bool) -> [Vec<u8>; 2] {
    if revised {
        let text = b"mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\x02\0\0\0\x1c\0 ".to_vec();
        [text.clone(), text]
    } else {
        let mut name = b"desc\0\0\0\0\0\0\0\x02 \0".to_vec();
        name.resize(92, 0);
        [name, b"text\0\0\0\0 \0".to_vec()]
    }
}

/// A tag of so many numbers of this kind, none of them larger than colours have.
fn numbers_of(tag: &[u8], kind: &[u8; 4], count: usize) -> Option<Vec<u8>> {
    let length = count.checked_mul(4)?.checked_add(8)?;
    let tag = tag.get(..length)?;
    let numbers = tag.strip_prefix(kind)?.get(4..)?;
    let fit = small(numbers, MOST_NUMBER);
    fit.then(|| [kind.as_slice(), &[0; 4], numbers].concat())
}

/// Whether no number is larger than this.
fn small(numbers: &[u8], most: u32) -> bool {
    let (numbers, _) = numbers.as_chunks::<4>();
    let mut numbers = numbers.iter().map(|number| i32::from_be_bytes(*number));
    numbers.all(|number| number.unsigned_abs() <= most)
}

/// A curve: a table that does not fall, or a formula.
fn curve(tag: &[u8]) -> Option<Vec<u8>> {
    let body = tag.get(8..)?;
    match tag.first_chunk::<4>()? {
        b"curv" => {
            let count = usize::try_from(u32::from_be_bytes(*body.first_chunk()?)).ok()?;
            let points = body.get(4..)?.get(..count.checked_mul(2)?)?;
            let (pairs, _) = points.as_chunks::<2>();
            let rises = pairs.is_sorted_by_key(|pair| u16::from_be_bytes(*pair));
            let fits = count <= MOST_POINTS && rises;
            let head = body.get(..4)?;
            fits.then(|| [b"curv\0\0\0\0".as_slice(), head, points].concat())
        }
        b"para" => {
            let kind = *body.get(1)?;
            let count = *[1_usize, 3, 4, 5, 7].get(usize::from(kind))?;
            let numbers = body.get(4..)?.get(..count.checked_mul(4)?)?;
            let fits = body.first() == Some(&0) && small(numbers, MOST_OF_A_FORMULA);
            fits.then(|| [b"para\0\0\0\0\0".as_slice(), &[kind, 0, 0], numbers].concat())
        }
        _ => None,
    }
}

/// The standard numbers of a colour space (ITU-T H.273), as pictures have them.
fn code_points(tag: &[u8]) -> Option<Vec<u8>> {
    let [primaries, transfer, 0, range] = *tag.strip_prefix(b"cicp")?.get(4..8)? else {
        return None;
    };
    (primaries <= 22 && transfer <= 18 && range <= 1)
        .then(|| [b"cicp\0\0\0\0".as_slice(), &[primaries, transfer, 0, range]].concat())
}

fn is_near(tag: &[u8], wanted: &[i32], most: u32) -> bool {
    let (numbers, _) = tag.get(8..).unwrap_or(&[]).as_chunks::<4>();
    numbers.len() == wanted.len()
        && numbers
            .iter()
            .zip(wanted)
            .all(|(number, wanted)| i32::from_be_bytes(*number).abs_diff(*wanted) <= most)
}

/// Whether a curve is that of sRGB, as near as eyes can tell.
fn is_usual(tag: &[u8]) -> bool {
    if let Some(formula) = tag.strip_prefix(b"para\0\0\0\0\0\x03\0\0") {
        return is_near(
            &[&[0; 8], formula].concat(),
            &[157_286, 62_119, 3_417, 5_072, 2_651],
            70,
        );
    }
    let points = tag
        .strip_prefix(b"curv\0\0\0\0")
        .and_then(|tag| tag.get(4..));
    let (points, _) = points.unwrap_or(&[]).as_chunks::<2>();
    let Some(last) = points.len().checked_sub(1).filter(|last| *last >= 255) else {
        return false;
    };
    let place = |index: usize| u32::try_from(index).map_or(0.0, f64::from);
    points.iter().enumerate().all(|(index, point)| {
        let along = place(index) / place(last);
        let light = if along <= 0.040_45 {
            along / 12.92
        } else {
            ((along + 0.055) / 1.055).powf(2.4)
        };
        (f64::from(u16::from_be_bytes(*point)) / 65_535.0 - light).abs() < 0.002
    })
}

type Tag = ([u8; 4], usize, usize);

fn tags(profile: &[u8]) -> Option<Vec<Tag>> {
    if profile.get(36..40)? != b"acsp" {
        return None;
    }
    let number = |at: usize| {
        let bytes = profile.get(at..)?.first_chunk::<4>()?;
        usize::try_from(u32::from_be_bytes(*bytes)).ok()
    };
    let count = number(HEADER)?;
    if count > MOST_TAGS {
        return None;
    }
    (0..count)
        .map(|index| {
            let at = index.checked_mul(12)?.checked_add(HEADER + 4)?;
            let name = *profile.get(at..)?.first_chunk::<4>()?;
            let offset = number(at.checked_add(4)?)?;
            let length = number(at.checked_add(8)?)?;
            let end = offset.checked_add(length)?;
            (end <= profile.len() && offset >= HEADER).then_some((name, offset, length))
        })
        .collect()
}
