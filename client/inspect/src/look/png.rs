//! PNG: chunks, of which few are the picture.

mod animation;
mod checksum;
mod head;
mod stream;

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use self::animation::Animation;
use self::head::Head;
use self::stream::{MOST_UNPACKED as MOST_ROWS, Stream};
use super::icc::Profile;
use super::{Seen, exif, icc, xml};
use crate::finding::{Limit, What};
use crate::plan::PlanMaker;
use crate::report::Cleaning;
use crate::source::{Gone, ReadAt, array, take};

/// More chunks than any picture has.
const MOST_CHUNKS: usize = 1_000_000;
/// A packed text or profile is unpacked to at most so many bytes.
const MOST_UNPACKED: usize = 4 << 20;
/// A hint is no longer than this.
const MOST_OF_A_HINT: usize = 24;
const UNUSED: &str = "a part that is not as it has to be, and that nobody shows";
const XMP: &[u8] = b"XML:com.adobe.xmp";

struct Walk {
    plan: PlanMaker,
    cleanable: bool,
    /// Chunks that come once.
    once: Vec<[u8; 4]>,
    head: Head,
    /// So many colours the palette has.
    palette: usize,
    /// So much may still be unpacked of the frames.
    left: u64,
    picture: Stream,
    has_picture: bool,
    animation: Option<Animation>,
}

/// Looks at a PNG, and plans a copy whose coded picture is the same, byte for byte.
pub(crate) fn look(file: &impl ReadAt, seen: &mut Seen) -> Result<Cleaning, Gone> {
    let head = array::<13>(file, 16)?;
    let first = array::<8>(file, 8)? == *b"\0\0\0\x0dIHDR";
    let Some(known) = Head::of(&head).filter(|_| first) else {
        seen.limit(Limit::Broken);
        return Ok(Cleaning::Cannot);
    };
    let mut left = MOST_ROWS;
    let picture = Stream::new(known, &mut left);
    let mut walk = Walk {
        plan: PlanMaker::default(),
        cleanable: true,
        once: Vec::new(),
        head: known,
        palette: 0,
        left,
        picture,
        has_picture: false,
        animation: None,
    };
    walk.plan.keep(0, 8);
    put(&mut walk.plan, b"IHDR", &head);
    let mut at = 33_u64;
    for _ in 0..MOST_CHUNKS {
        let length = u64::from(u32::from_be_bytes(array(file, at)?));
        let body = at.checked_add(8).ok_or(Gone)?;
        let name: [u8; 4] = array(file, at.checked_add(4).ok_or(Gone)?)?;
        let end = body
            .checked_add(length)
            .and_then(|end| end.checked_add(4))
            .filter(|end| *end <= file.length())
            .ok_or(Gone)?;
        match &name {
            b"IDAT" => {
                walk.has_picture = true;
                walk.picture.add(file, body, length);
                walk.keep(file, at, length)?;
            }
            b"fdAT" if length >= 4 && walk.animation.is_some() => {
                if let Some(animation) = &mut walk.animation {
                    animation.add(file, body, length)?;
                }
                walk.keep(file, at, length)?;
            }
            b"IEND" => {
                if length > 0 {
                    seen.say(What::Other, "something in the mark of the end");
                }
                let left = file.length().saturating_sub(end);
                if left > 0 {
                    seen.say(What::Tail, &format!("{left} bytes"));
                }
                return Ok(walk.finish(file.length(), seen));
            }
            b"IHDR" => walk.broken(seen),
            // A palette of true colours is advice.
            [first, ..] if first.is_ascii_uppercase() && &name != b"PLTE" => {
                // Without a chunk that is critical and unknown the picture may not be the same.
                walk.cleanable = false;
                seen.limit(Limit::Partly);
            }
            _ => walk.small(name, &take(file, body, length)?, seen),
        }
        at = end;
    }
    Err(Gone)
}

impl Walk {
    fn broken(&mut self, seen: &mut Seen) {
        self.cleanable = false;
        seen.limit(Limit::Broken);
    }

    /// Keeps a chunk, with the checksum that it has to have.
    fn keep(&mut self, file: &impl ReadAt, at: u64, length: u64) -> Result<(), Gone> {
        let named = length.checked_add(4).ok_or(Gone)?;
        let sum = checksum::of(file, at.checked_add(4).ok_or(Gone)?, named)?;
        self.plan.keep(at, named.checked_add(4).ok_or(Gone)?);
        self.plan.put(&sum.to_be_bytes());
        Ok(())
    }

    fn small(&mut self, name: [u8; 4], body: &[u8], seen: &mut Seen) {
        match &name {
            b"PLTE" if self.head.colours == 3 => {
                let kept = self.head.kept(name, body, 0);
                match kept.filter(|_| !self.once.contains(&name) && !self.has_picture) {
                    Some(kept) => {
                        self.once.push(name);
                        self.palette = kept.len().checked_div(3).unwrap_or(0);
                        put(&mut self.plan, &name, &kept);
                    }
                    None => self.broken(seen),
                }
            }
            b"PLTE" => seen.say(What::Other, UNUSED),
            b"tRNS" | b"gAMA" | b"cHRM" | b"sRGB" | b"cICP" | b"pHYs" => {
                let kept = self.head.kept(name, body, self.palette);
                match kept.filter(|_| !self.once.contains(&name) && !self.has_picture) {
                    Some(kept) => {
                        self.once.push(name);
                        put(&mut self.plan, &name, &kept);
                    }
                    None if &name == b"pHYs" => {
                        seen.say(What::Other, "how finely it was scanned or shown");
                    }
                    None => seen.say(What::Other, UNUSED),
                }
            }
            b"acTL" => {
                let animation = Animation::of(body);
                if self.animation.is_some() || self.has_picture || animation.is_none() {
                    return seen.say(What::Other, UNUSED);
                }
                self.animation = animation;
                put(&mut self.plan, &name, body);
            }
            b"fcTL" => match &mut self.animation {
                Some(animation) => {
                    let first = !self.has_picture;
                    animation.begin(body, self.head, first, &mut self.left, seen);
                    put(&mut self.plan, &name, body);
                }
                None => seen.say(What::Other, UNUSED),
            },
            b"fdAT" => seen.say(What::Other, UNUSED),
            b"iCCP" | b"eXIf" if self.once.contains(&name) || self.has_picture => {
                words(name, body, seen);
                seen.say(What::Other, UNUSED);
            }
            b"iCCP" => self.profile(body, seen),
            b"eXIf" => {
                if let Some(orientation) = exif::block(body, seen) {
                    self.once.push(name);
                    let block = exif::only_orientation(orientation);
                    put(&mut self.plan, &name, &block);
                }
            }
            _ => words(name, body, seen),
        }
    }

    /// How the colours are meant, without words.
    fn profile(&mut self, body: &[u8], seen: &mut Seen) {
        self.once.push(*b"iCCP");
        let packed = zero_ended(body).and_then(|(_, rest)| rest.get(1..));
        let profile = packed.and_then(unpacked).unwrap_or_default();
        icc::look(&profile, seen);
        match icc::plain(&profile) {
            // No reader heeds it.
            Profile::NotOne => seen.say(What::Other, "a colour profile that cannot be read"),
            Profile::Unknown => {
                self.cleanable = false;
                seen.limit(Limit::Partly);
            }
            Profile::Plain { usual: true, .. } if self.once.contains(b"sRGB") => {}
            // It counts for more than other numbers that may stand there.
            Profile::Plain { usual: true, .. } => {
                self.once.push(*b"sRGB");
                put(&mut self.plan, b"sRGB", &[0]);
            }
            Profile::Plain { bytes, .. } => {
                let mut chunk = b"icc\0\0".to_vec();
                chunk.extend_from_slice(&compress_to_vec_zlib(&bytes, 9));
                put(&mut self.plan, b"iCCP", &chunk);
            }
        }
    }

    fn finish(mut self, length: u64, seen: &mut Seen) -> Cleaning {
        put(&mut self.plan, b"IEND", &[]);
        self.cleanable &= self.picture.ends(seen);
        if let Some(mut animation) = self.animation.take()
            && !animation.ends(seen)
        {
            self.broken(seen);
        }
        if self.head.colours == 3 && self.palette == 0 {
            self.broken(seen);
        }
        match self.plan.finish(length) {
            Ok(plan) if self.cleanable => Cleaning::By(plan),
            _ => Cleaning::Cannot,
        }
    }
}

/// A chunk that is not needed to draw the picture.
fn words(name: [u8; 4], body: &[u8], seen: &mut Seen) {
    match &name {
        b"eXIf" => drop(exif::block(body, seen)),
        b"tIME" => {
            if let Some([high, low, month, day, hour, minute, second]) = body.first_chunk::<7>() {
                let year = u16::from_be_bytes([*high, *low]);
                let time = format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
                seen.say(What::Time, &time);
            }
        }
        b"tEXt" | b"zTXt" | b"iTXt" => text(&name, body, seen),
        b"caBX" => seen.say(What::History, "content credentials (C2PA)"),
        // How it was made, what stands behind it, how it is to be shown with fewer colours or more.
        b"sBIT" | b"bKGD" | b"hIST" | b"mDCV" | b"cLLI" if body.len() <= MOST_OF_A_HINT => {}
        b"sBIT" | b"bKGD" | b"hIST" | b"mDCV" | b"cLLI" | b"sPLT" | b"iCCP" => {
            seen.say(What::Other, UNUSED);
        }
        _ => {
            let name = String::from_utf8_lossy(&name);
            seen.say(What::Other, &format!("a note of a program ({name})"));
        }
    }
}

fn text(name: &[u8; 4], body: &[u8], seen: &mut Seen) {
    let Some((key, rest)) = zero_ended(body) else {
        return seen.note(What::Remark);
    };
    let text = match name {
        b"tEXt" => Some(rest.to_vec()),
        b"zTXt" => rest.get(1..).and_then(unpacked),
        _ => international(rest),
    };
    let Some(text) = text else {
        seen.limit(Limit::TooLarge);
        return seen.note(What::Remark);
    };
    if key == XMP {
        return xml::xmp(&text, seen);
    }
    let key = String::from_utf8_lossy(key);
    let what = match key.to_ascii_lowercase().as_str() {
        "author" | "copyright" | "artist" => What::Person,
        "creation time" | "date:create" | "date:modify" | "date:timestamp" => What::Time,
        "software" | "creator" | "writer" => What::Software,
        "source" | "make" | "model" => What::Device,
        "raw profile type exif" | "raw profile type app1" => {
            return seen.say(What::Other, "EXIF in an old form");
        }
        "thumb::uri" | "thumb::path" | "filename" => What::Path,
        _ => What::Remark,
    };
    seen.say(what, &format!("{key}: {}", String::from_utf8_lossy(&text)));
}

fn international(rest: &[u8]) -> Option<Vec<u8>> {
    let ([packed, _], rest) = rest.split_first_chunk::<2>()?;
    let (_, rest) = zero_ended(rest)?;
    let (_, text) = zero_ended(rest)?;
    match packed {
        0 => Some(text.to_vec()),
        _ => unpacked(text),
    }
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(packed, MOST_UNPACKED).ok()
}

fn zero_ended(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let (before, rest) = bytes.split_at_checked(end)?;
    Some((before, rest.get(1..)?))
}

fn put(plan: &mut PlanMaker, name: &[u8; 4], body: &[u8]) {
    let Ok(length) = u32::try_from(body.len()) else {
        return;
    };
    plan.put(&length.to_be_bytes());
    plan.put(name);
    plan.put(body);
    plan.put(&checksum::of_bytes(&[name.as_slice(), body].concat()).to_be_bytes());
}
