//! JPEG: segments before and between the coded picture.

mod coded;
mod scans;
mod tables;

use self::coded::{Coded, coded};
use self::scans::Frame;
use self::tables::Slot;
use super::icc::Profile;
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
/// The sides of a point that is not square are to each other as smaller numbers than this.
const MOST_OF_A_SIDE: u32 = 1_000;
/// More segments than any camera writes.
const MOST_SEGMENTS: usize = 10_000;

/// A segment of the file: its marker and where all of it lies.
struct Segment {
    marker: u8,
    body: u64,
    end: u64,
}

/// What stays, in its order.
enum Part {
    Tables(tables::Segment),
    New(Vec<u8>),
    Kept { begin: u64, end: u64 },
}

struct Walk {
    parts: Vec<Part>,
    frame: Option<Frame>,
    orientation: Option<u16>,
    /// What readers want first.
    front: Vec<u8>,
    adobe: Option<u8>,
    profile: Vec<u8>,
    /// How many parts of the profile came, one after the other; none when they are not in order.
    profile_parts: Option<u8>,
    /// How many there are to be.
    profile_count: Option<u8>,
    cleanable: bool,
}

/// Looks at a JPEG, and plans a copy whose coded picture is the same, byte for byte.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<Cleaning, Gone> {
    let mut forward = Forward::new(file);
    let mut walk = Walk {
        parts: Vec::new(),
        frame: None,
        orientation: None,
        front: Vec::new(),
        adobe: None,
        profile: Vec::new(),
        profile_parts: Some(0),
        profile_count: None,
        cleanable: true,
    };
    let mut at = 2_u64;
    for _ in 0..MOST_SEGMENTS {
        let segment = segment(file, at)?;
        at = segment.end;
        match segment.marker {
            // The end.
            0xd9 => {
                tail(file, segment.end, seen)?;
                if !walk.frame.as_ref().is_some_and(Frame::is_whole) {
                    walk.broken(seen);
                }
                return Ok(finish(walk, file.length(), seen));
            }
            // The coded picture: the segment, and everything up to the next marker.
            0xda => {
                let body = body(file, &segment)?;
                let coded = coded(&mut forward, segment.end)?;
                at = coded.next;
                walk.scan(&body, segment.end, &coded, seen);
            }
            0xe0..=0xef | 0xfe => application(file, &segment, &mut walk, seen)?,
            0xc4 | 0xdb | 0xdd => {
                match tables::Segment::of(segment.marker, &body(file, &segment)?) {
                    Some(tables) => walk.parts.push(Part::Tables(tables)),
                    None => walk.broken(seen),
                }
            }
            0xc0..=0xc2 if walk.frame.is_none() => {
                let body = body(file, &segment)?;
                walk.frame = Frame::of(segment.marker, &body);
                if walk.frame.is_none() {
                    walk.broken(seen);
                }
                walk.put(segment.marker, &body);
            }
            // Other ways to code a picture, which few can show.
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcf => {
                walk.cleanable = false;
                seen.limit(Limit::Coding);
            }
            _ => walk.broken(seen),
        }
    }
    Err(Gone)
}

impl Walk {
    fn broken(&mut self, seen: &mut Seen) {
        self.cleanable = false;
        seen.limit(Limit::Broken);
    }

    fn put(&mut self, marker: u8, body: &[u8]) {
        let length = u16::try_from(body.len().saturating_add(2)).unwrap_or(u16::MAX);
        let part = [&[0xff, marker], length.to_be_bytes().as_slice(), body].concat();
        self.parts.push(Part::New(part));
    }

    /// A scan, which has to add to the picture, with tables that are there and no restart too many.
    fn scan(&mut self, body: &[u8], begin: u64, coded: &Coded, seen: &mut Seen) {
        let Some(scan) = self.frame.as_mut().and_then(|frame| frame.scan(body)) else {
            return self.broken(seen);
        };
        let mut whole = coded.plain;
        for slot in scan.slots {
            whole &= self.table(slot).is_some();
        }
        let interval = self
            .table(Slot::Interval)
            .and_then(|bytes| bytes.first_chunk());
        let interval = u32::from(u16::from_be_bytes(*interval.unwrap_or(&[0; 2])));
        let restarts = match interval {
            0 => 0,
            interval => scan.units.div_ceil(interval).saturating_sub(1),
        };
        if !whole || coded.restarts > restarts {
            return self.broken(seen);
        }
        self.put(0xda, &scan.head);
        self.parts.push(Part::Kept {
            begin,
            end: coded.end,
        });
    }

    /// The table that is in this place now.
    fn table(&mut self, slot: Slot) -> Option<&[u8]> {
        self.parts.iter_mut().rev().find_map(|part| match part {
            Part::Tables(segment) => segment.used(slot),
            _ => None,
        })
    }
}

fn body(file: &impl ReadAt, segment: &Segment) -> Result<Vec<u8>, Gone> {
    let length = segment.end.checked_sub(segment.body).ok_or(Gone)?;
    take(file, segment.body, length)
}

fn finish(mut walk: Walk, length: u64, seen: &mut Seen) -> Cleaning {
    let mut plan = PlanMaker::default();
    plan.keep(0, 2);
    plan.put(&walk.front);
    if let Some(orientation) = walk.orientation {
        let block = exif::only_orientation(orientation);
        plan.put(&[0xff, 0xe1, 0, 34]);
        plan.put(EXIF);
        plan.put(&block);
    }
    if !walk.profile.is_empty() {
        profile(&mut walk, &mut plan, seen);
    }
    if let Some(way) = walk.adobe {
        plan.put(b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0");
        plan.put(&[way]);
    }
    for part in &walk.parts {
        match part {
            Part::Tables(tables) => tables.put(&mut plan),
            Part::New(bytes) => plan.put(bytes),
            Part::Kept { begin, end } => plan.keep(*begin, end.saturating_sub(*begin)),
        }
    }
    plan.put(&[0xff, 0xd9]);
    match plan.finish(length) {
        Ok(plan) if walk.cleanable => Cleaning::By(plan),
        _ => Cleaning::Cannot,
    }
}

/// How the colours are meant, without words, where it is not as everybody takes them anyway.
fn profile(walk: &mut Walk, plan: &mut PlanMaker, seen: &mut Seen) {
    icc::look(&walk.profile, seen);
    if walk.profile_parts.is_none() || walk.profile_parts != walk.profile_count {
        // Readers differ about what is the profile then.
        return walk.broken(seen);
    }
    match icc::plain(&walk.profile) {
        Profile::NotOne => seen.say(What::Other, "a colour profile that cannot be read"),
        Profile::Unknown => {
            walk.cleanable = false;
            seen.limit(Limit::Partly);
        }
        Profile::Plain { usual: true, .. } => {}
        Profile::Plain { bytes, .. } => {
            let whole = bytes.len().saturating_add(PROFILE_HEAD).saturating_add(2);
            let Ok(whole) = u16::try_from(whole) else {
                return walk.broken(seen);
            };
            plan.put(&[0xff, 0xe2]);
            plan.put(&whole.to_be_bytes());
            plan.put(PROFILE);
            plan.put(&[1, 1]);
            plan.put(&bytes);
        }
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
            body: body.checked_add(if bare { 0 } else { 2 }).ok_or(Gone)?,
            end: body.checked_add(length).ok_or(Gone)?,
        });
    }
    Err(Gone)
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
            walk.profile_parts = walk
                .profile_parts
                .and_then(|before| before.checked_add(1))
                .filter(|number| body.get(12) == Some(number));
            walk.profile_count = body.get(13).copied();
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
    // A shorter one is ignored by readers, and what is no known way too.
    walk.adobe = body.get(11).copied().filter(|way| *way <= 2).or(walk.adobe);
    if body.len() != 12 {
        seen.say(What::Other, "notes of a program");
    }
}

/// The old header: whether points are square is kept; how finely it was scanned and its small
/// picture are not.
fn jfif(body: &[u8], walk: &mut Walk, seen: &mut Seen) {
    if let Some([a, b, c, d]) = body.get(8..12).and_then(|sides| sides.first_chunk()) {
        let sides = sides(
            u32::from(u16::from_be_bytes([*a, *b])),
            u32::from(u16::from_be_bytes([*c, *d])),
        );
        let [[.., a, b], [.., c, d]] = sides.map(u32::to_be_bytes);
        let head = b"\xff\xe0\0\x10JFIF\0\x01\x01\0".as_slice();
        walk.front = [head, &[a, b, c, d, 0, 0]].concat();
    }
    if body.get(12..14).is_some_and(|size| size != [0, 0]) {
        seen.note(What::Preview);
    }
}

/// The sides of a point in a picture, as far as it is not square.
pub(crate) fn sides(across: u32, down: u32) -> [u32; 2] {
    let sides = ratio(across, down);
    let fits = sides.iter().all(|side| *side <= MOST_OF_A_SIDE);
    if fits { sides } else { [1, 1] }
}

/// Two numbers in the smallest numbers that are to each other as they are.
pub(crate) fn ratio(one: u32, other: u32) -> [u32; 2] {
    let (mut a, mut b) = (one, other);
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    match (one.checked_div(a), other.checked_div(a)) {
        (Some(one), Some(other)) if one > 0 && other > 0 => [one, other],
        _ => [1, 1],
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
