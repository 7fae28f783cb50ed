//! JPEG: segments before and between the coded picture.

mod tables;

use super::{Seen, exif, icc, xml};
use crate::finding::{Limit, What};
use crate::plan::PlanMaker;
use crate::report::Cleaning;
use crate::source::{Forward, Gone, ReadAt, array, take};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const LONG_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
const PROFILE: &[u8] = b"ICC_PROFILE\0";
/// Before a profile's bytes: its name, the number of the part, and how many there are.
const PROFILE_HEAD: usize = 14;
/// More segments than any camera writes.
const MOST_SEGMENTS: usize = 10_000;

/// A segment of the file: its marker and where all of it lies.
struct Segment {
    marker: u8,
    begin: u64,
    body: u64,
    end: u64,
}

struct Walk {
    plan: PlanMaker,
    orientation: Option<u16>,
    /// What readers want first.
    front: Vec<u8>,
    profile: Vec<u8>,
    profile_parts: Vec<usize>,
}

/// Looks at a JPEG, and plans a copy whose coded picture is the same, byte for byte.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<Cleaning, Gone> {
    let mut forward = Forward::new(file);
    let mut head = PlanMaker::default();
    head.keep(0, 2);
    let mut walk = Walk {
        plan: PlanMaker::default(),
        orientation: None,
        front: Vec::new(),
        profile: Vec::new(),
        profile_parts: Vec::new(),
    };
    let mut at = 2_u64;
    let mut cleanable = true;
    for _ in 0..MOST_SEGMENTS {
        let segment = segment(file, at)?;
        at = segment.end;
        match segment.marker {
            // The end.
            0xd9 => {
                walk.plan.keep(segment.begin, 2);
                tail(file, segment.end, seen)?;
                return Ok(finish(head, walk, file.length(), cleanable));
            }
            // The coded picture: the segment, and everything up to the next marker.
            0xda => {
                cleanable &= tables::fits(file, &segment, seen)?;
                at = coded(&mut forward, segment.end)?;
                walk.plan
                    .keep(segment.begin, at.saturating_sub(segment.begin));
            }
            0xe0..=0xef | 0xfe => application(file, &segment, &mut walk, seen)?,
            // Frames and tables.
            0xc0..=0xc7 | 0xc9..=0xcf | 0xdb..=0xdd => {
                cleanable &= tables::fits(file, &segment, seen)?;
                walk.plan
                    .keep(segment.begin, segment.end.saturating_sub(segment.begin));
            }
            _ => {
                cleanable = false;
                seen.limit(Limit::Broken);
            }
        }
    }
    Err(Gone)
}

fn finish(head: PlanMaker, walk: Walk, length: u64, cleanable: bool) -> Cleaning {
    let mut plan = head;
    plan.put(&walk.front);
    if let Some(orientation) = walk.orientation {
        let block = exif::only_orientation(orientation);
        plan.put(&[0xff, 0xe1, 0, 34]);
        plan.put(EXIF);
        plan.put(&block);
    }
    if let Some(profile) = icc::without_words(&walk.profile) {
        let count = u8::try_from(walk.profile_parts.len()).unwrap_or(u8::MAX);
        let mut rest = profile.as_slice();
        for (number, length) in (1..=count).zip(&walk.profile_parts) {
            let Some((part, later)) = rest.split_at_checked(*length) else {
                return Cleaning::Cannot;
            };
            rest = later;
            let whole = length.saturating_add(PROFILE_HEAD).saturating_add(2);
            let Ok(whole) = u16::try_from(whole) else {
                return Cleaning::Cannot;
            };
            plan.put(&[0xff, 0xe2]);
            plan.put(&whole.to_be_bytes());
            plan.put(PROFILE);
            plan.put(&[number, count]);
            plan.put(part);
        }
    }
    plan.append(walk.plan);
    match plan.finish(length) {
        Ok(plan) if cleanable => Cleaning::By(plan),
        _ => Cleaning::Cannot,
    }
}

fn segment(file: &impl ReadAt, at: u64) -> Result<Segment, Gone> {
    let mut begin = at;
    // A marker may be filled up with any number of 0xff before it; a few are followed.
    for _ in 0..64 {
        let [first, marker] = array(file, begin)?;
        if first != 0xff || marker == 0 {
            return Err(Gone);
        }
        if marker == 0xff {
            begin = begin.checked_add(1).ok_or(Gone)?;
            continue;
        }
        let body = begin.checked_add(2).ok_or(Gone)?;
        let bare = matches!(marker, 0x01 | 0xd0..=0xd9);
        let length = if bare {
            0
        } else {
            u64::from(u16::from_be_bytes(array(file, body)?))
        };
        if !bare && length < 2 {
            return Err(Gone);
        }
        return Ok(Segment {
            marker,
            begin,
            body: body.checked_add(if bare { 0 } else { 2 }).ok_or(Gone)?,
            end: body.checked_add(length).ok_or(Gone)?,
        });
    }
    Err(Gone)
}

/// Where the next marker stands that is none of the coded picture's own.
fn coded(forward: &mut Forward<'_, impl ReadAt>, from: u64) -> Result<u64, Gone> {
    let mut at = from;
    loop {
        let block = forward.at(at)?;
        let found = block.iter().position(|byte| *byte == 0xff);
        let Some(found) = found else {
            let length = u64::try_from(block.len()).map_err(|_| Gone)?;
            if length == 0 {
                return Err(Gone);
            }
            at = at.checked_add(length).ok_or(Gone)?;
            continue;
        };
        at = at
            .checked_add(u64::try_from(found).map_err(|_| Gone)?)
            .ok_or(Gone)?;
        let next = at.checked_add(1).ok_or(Gone)?;
        match forward.at(next)?.first() {
            // A 0xff of the picture, a restart, a filler.
            Some(0 | 0xd0..=0xd7) => at = next.checked_add(1).ok_or(Gone)?,
            Some(0xff) => at = next,
            Some(_) => return Ok(at),
            None => return Err(Gone),
        }
    }
}

/// A segment that is not needed to draw the picture, but for a few.
fn application(
    file: &impl ReadAt,
    segment: &Segment,
    walk: &mut Walk,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let length = segment.end.checked_sub(segment.body).ok_or(Gone)?;
    let body = take(file, segment.body, length)?;
    let after = |start: &[u8]| body.get(start.len()..).unwrap_or(&[]);
    match segment.marker {
        0xe0 if body.starts_with(b"JFIF\0") => jfif(&body, walk, seen),
        0xe1 if body.starts_with(EXIF) => {
            walk.orientation = exif::block(after(EXIF), seen).or(walk.orientation);
        }
        0xe1 if body.starts_with(XMP) => xml::xmp(after(XMP), seen),
        0xe1 if body.starts_with(LONG_XMP) => seen.say(What::Other, "a long XMP packet"),
        0xe2 if body.starts_with(PROFILE) => {
            let part = body.get(PROFILE_HEAD..).unwrap_or(&[]);
            walk.profile.extend_from_slice(part);
            walk.profile_parts.push(part.len());
            if body.get(12) == body.get(13) {
                icc::look(&walk.profile, seen);
            }
        }
        0xe2 if body.starts_with(b"MPF\0") => seen.note(What::Preview),
        0xed => {
            seen.say(What::Other, "notes of Photoshop or of a news desk (IPTC)");
            iptc(&body, seen);
        }
        // How the colours were turned into numbers: without it they come out wrong.
        0xee if body.starts_with(b"Adobe") => adobe(&body, walk, seen),
        0xfe => seen.say_words(What::Remark, &String::from_utf8_lossy(&body)),
        _ => seen.say(What::Other, "notes of a program"),
    }
    Ok(())
}

/// How the colours were turned into numbers is one byte; the others are a version and flags that no
/// reader needs.
fn adobe(body: &[u8], walk: &mut Walk, seen: &mut Seen) {
    // A shorter one is ignored by readers.
    if let Some(way) = body.get(11) {
        walk.plan.put(b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0");
        walk.plan.put(&[*way]);
    }
    if body.len() != 12 {
        seen.say(What::Other, "notes of a program");
    }
}

/// The old header: its measures are kept, its small picture is not.
fn jfif(body: &[u8], walk: &mut Walk, seen: &mut Seen) {
    if let Some(measures) = body.get(..12) {
        walk.front = [&[0xff, 0xe0, 0, 16], measures, &[0, 0]].concat();
    }
    if body.get(12..14).is_some_and(|size| size != [0, 0]) {
        seen.note(What::Preview);
    }
}

/// Records of IPTC, wherever they stand in Photoshop's block.
fn iptc(body: &[u8], seen: &mut Seen) {
    let mut rest = body;
    while let Some((_, from)) = rest
        .windows(2)
        .position(|two| two == [0x1c, 2])
        .and_then(|place| rest.split_at_checked(place))
    {
        rest = from.get(2..).unwrap_or(&[]);
        let Some(([number, high, low], behind)) = rest.split_first_chunk::<3>() else {
            return;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(text) = behind.get(..length) else {
            continue;
        };
        let what = match number {
            80 | 85 | 110 | 115 | 116 | 122 => What::Person,
            55 | 60 | 62 | 63 => What::Time,
            65 | 70 => What::Software,
            90 | 92 | 95 | 100 | 101 => What::Place,
            5 | 25 | 40 | 105 | 120 => What::Remark,
            _ => continue,
        };
        seen.say_words(what, &String::from_utf8_lossy(text));
        rest = behind.get(length..).unwrap_or(&[]);
    }
}

/// What stands behind the end: a film, a second picture, or what was cut away.
fn tail(file: &impl ReadAt, end: u64, seen: &mut Seen) -> Result<(), Gone> {
    let left = file.length().checked_sub(end).ok_or(Gone)?;
    if left > 0 {
        seen.say(What::Tail, &format!("{left} bytes"));
    }
    Ok(())
}
