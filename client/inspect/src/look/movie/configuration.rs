//! The configurations of codings, and the other boxes of a description that players need.

use super::boxes::{Anew, Verdict};
use super::description::is_known;
use super::elementary;
use super::reader::Bytes;
use super::{Seen, av1, coded};
use crate::finding::What;
use crate::look::jpeg::ratio;

/// No parameter set is longer, and no configuration has more of them.
const MOST_OF_A_SET: usize = 1_024;
const MOST_SETS: usize = 16;
/// A full turn has so many degrees on either side, in 65536ths.
const HALF_A_TURN: u32 = 180 << 16;
/// No side of a picture has more points.
const MOST_POINTS: u32 = 1 << 20;
/// More channels than any recording has.
const MOST_CHANNELS: u32 = 64;

/// What is to be done about a box that is not a list of boxes and no colours.
pub(super) fn judged(name: [u8; 4], bytes: &[u8], seen: &mut Seen) -> Verdict {
    let whole = |bytes: Vec<u8>| {
        let read = bytes.len();
        Anew { bytes, read }
    };
    let made = match &name {
        // How fast and how bright: nothing that a player cannot do without.
        b"btrt" | b"gama" | b"mdcv" | b"clli" | b"SmDm" | b"CoLL" | b"amve" | b"ndwt" | b"hfov"
        | b"srcq" => return Verdict::Hint,
        b"free" | b"skip" | b"wide" | b"uuid" | b"udta" | b"meta" => return Verdict::Note,
        b"hvcC" => hevc(bytes, seen),
        b"dfLa" => flac(bytes, seen).map(whole),
        b"esds" => elementary::anew(bytes).map(whole),
        // What readers do not look at, behind four bytes.
        b"d263" if bytes.len() >= 7 => bytes.get(5..7).map(|rest| Anew {
            bytes: [&[0; 5], rest].concat(),
            read: 7,
        }),
        name => exact(name, bytes).map(whole),
    };
    made.map_or(Verdict::Unknown, Verdict::Stays)
}

fn exact(name: &[u8; 4], bytes: &[u8]) -> Option<Vec<u8>> {
    match name {
        b"avcC" => avc(bytes),
        b"av1C" => av1::configuration(bytes),
        b"vpcC" => vp9(bytes),
        b"dvcC" | b"dvvC" | b"dvwC" => {
            let head = bytes.get(..4)?;
            Some([head, &[bytes.get(4)? & 0xfc], &[0; 19]].concat())
        }
        b"pasp" => {
            let [across, down] = [number(bytes, 0)?, number(bytes, 4)?];
            let sides = ratio(across, down);
            let fits = sides.iter().all(|side| *side <= 0xffff);
            fits.then(|| sides.map(u32::to_be_bytes).concat())
        }
        b"clap" => aperture(bytes),
        b"fiel" => match bytes.get(..2)? {
            [1 | 2, 0 | 1 | 6 | 9 | 14] => Some(bytes.get(..2)?.to_vec()),
            _ => None,
        },
        b"enda" => Some(vec![0, *bytes.get(1)? & 1]),
        b"frma" => {
            let coding = bytes.first_chunk::<4>()?;
            is_known(coding).then(|| coding.to_vec())
        }
        b"mp4a" | b"svhd" => bytes.get(..4).map(|_| vec![0; 4]),
        // The end of a list.
        [0, 0, 0, 0] => Some(Vec::new()),
        b"st3d" => match bytes.get(4)? {
            layout @ 0..=5 => Some(vec![0, 0, 0, 0, *layout]),
            _ => None,
        },
        b"prhd" | b"equi" | b"cbmp" => round(name, bytes),
        b"damr" => Some([&[0; 5], bytes.get(5..9)?].concat()),
        _ => sound(name, bytes),
    }
}

fn sound(name: &[u8; 4], bytes: &[u8]) -> Option<Vec<u8>> {
    match name {
        b"srat" => Some([&[0; 4], bytes.get(4..8)?].concat()),
        b"dac3" => Some([bytes.get(..2)?, &[bytes.get(2)? & 0xe0]].concat()),
        b"dec3" => enhanced(bytes),
        b"pcmC" => match bytes.get(4..6)? {
            [flags @ 0..=1, width @ (8 | 16 | 24 | 32 | 64)] => {
                Some(vec![0, 0, 0, 0, *flags, *width])
            }
            _ => None,
        },
        // One of the layouts that have a number.
        b"chnl" => match bytes.get(..14)? {
            [0, _, _, _, 1, layout @ 1..=255, omitted @ ..] => {
                Some([&[0, 0, 0, 0, 1, *layout], omitted].concat())
            }
            _ => None,
        },
        b"chan" => channels(bytes),
        b"SA3D" => ambisonic(bytes),
        b"dOps" => opus(bytes),
        b"alac" => lossless(bytes),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u32::from_be_bytes)
}

/// Sets of parameters of these types, each behind its length.
fn sets(
    from: &mut Bytes<'_>,
    count: usize,
    out: &mut Vec<u8>,
    is_right: impl Fn(u8) -> bool,
) -> Option<()> {
    for _ in 0..count {
        let unit = from.unit()?;
        if count > MOST_SETS || unit.len() > MOST_OF_A_SET || !is_right(*unit.first()?) {
            return None;
        }
        out.extend(u16::try_from(unit.len()).ok()?.to_be_bytes());
        out.extend(unit);
    }
    Some(())
}

/// H.264 (ISO 14496-15, 5.3.3).
fn avc(bytes: &[u8]) -> Option<Vec<u8>> {
    let [_, profile, compatible, level, width] = *bytes.first_chunk::<5>()?;
    let mut from = Bytes::new(bytes, 5);
    let mut out = vec![1, profile, compatible, level, width | 0xfc];
    let of = |kind: u8| move |first: u8| first & 0x1f == kind;
    let count = from.small()? | 0xe0;
    out.push(count);
    sets(&mut from, usize::from(count & 31), &mut out, of(7))?;
    let count = from.small()?;
    out.push(count);
    sets(&mut from, usize::from(count), &mut out, of(8))?;
    // Older encoders leave out what newer profiles have here.
    if !matches!(profile, 66 | 77 | 88)
        && let Some([colours, depth, other]) = from.take(3)
    {
        let count = from.small()?;
        out.extend([colours | 0xfc, depth | 0xf8, other | 0xf8, count]);
        sets(&mut from, usize::from(count), &mut out, of(13))?;
    }
    Some(out)
}

/// H.265 (ISO 14496-15, 8.3.3). Encoders put words into it, which are told and go.
fn hevc(bytes: &[u8], seen: &mut Seen) -> Option<Anew> {
    let mut from = Bytes::new(bytes, 23);
    let mut out = vec![1];
    out.extend(bytes.get(1..13)?);
    let masks = [0xf0, 0, 0xfc, 0xfc, 0xf8, 0xf8];
    out.extend(
        bytes
            .get(13..19)?
            .iter()
            .zip(masks)
            .map(|(byte, mask)| byte | mask),
    );
    out.extend([0, 0, *bytes.get(21)?]);
    let mut kept = Vec::new();
    let mut kinds = Vec::new();
    for _ in 0..*bytes.get(22)? {
        let head = from.small()?;
        let kind = head & 0x3f;
        let units = from.middle()?;
        if matches!(kind, 39 | 40) {
            for _ in 0..units {
                coded::hevc_unit(from.unit()?, seen);
            }
            continue;
        }
        if !matches!(kind, 32..=34) || kinds.contains(&kind) {
            return None;
        }
        kinds.push(kind);
        kept.push(head & 0xbf);
        kept.extend(units.to_be_bytes());
        sets(&mut from, usize::from(units), &mut kept, |first| {
            first.wrapping_shr(1) & 0x3f == kind
        })?;
    }
    out.push(u8::try_from(kinds.len()).ok()?);
    out.extend(kept);
    Some(Anew {
        bytes: out,
        read: from.at,
    })
}

/// VP8 and VP9, whose configurations have nothing behind their numbers.
fn vp9(bytes: &[u8]) -> Option<Vec<u8>> {
    match bytes.get(..12)? {
        [1, _, _, _, numbers @ .., 0, 0] => Some([&[1, 0, 0, 0], numbers, &[0, 0]].concat()),
        _ => None,
    }
}

/// Which part of a picture is shown: four fractions.
fn aperture(bytes: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes.get(..32)?;
    let (fractions, _) = bytes.as_chunks::<8>();
    let fits = fractions.iter().all(|[a, b, c, d, e, f, g, h]| {
        let above = i32::from_be_bytes([*a, *b, *c, *d]).unsigned_abs();
        let below = u32::from_be_bytes([*e, *f, *g, *h]);
        above <= MOST_POINTS && (1..=0xffff).contains(&below)
    });
    fits.then(|| bytes.to_vec())
}

/// How a round picture lies.
fn round(name: &[u8; 4], bytes: &[u8]) -> Option<Vec<u8>> {
    let numbers = match name {
        b"prhd" => bytes.get(4..16)?,
        b"equi" => bytes.get(4..20)?,
        _ => bytes.get(4..12)?,
    };
    let (each, _) = numbers.as_chunks::<4>();
    let mut each = each.iter();
    let fits = match name {
        b"prhd" => each.all(|it| i32::from_be_bytes(*it).unsigned_abs() <= HALF_A_TURN),
        // Fractions of the whole, like a half or a quarter of it.
        b"equi" => each.all(|[_, rest @ ..]| matches!(rest, [0, 0, 0] | [255, 255, 255])),
        _ => {
            let (layout, padding) = (each.next()?, each.next()?);
            *layout == [0; 4] && u32::from_be_bytes(*padding) <= 4_096
        }
    };
    fits.then(|| [&[0; 4], numbers].concat())
}

/// E-AC-3 (ETSI TS 102 366, F.6).
fn enhanced(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut from = Bytes::new(bytes, 0);
    let head = from.take(2)?;
    let mut out = head.to_vec();
    for _ in 0..=(head.get(1)? & 7) {
        let [first, second, third] = *from.take(3)? else {
            return None;
        };
        let places = third & 0x1e != 0;
        out.extend([
            first,
            second & 0x7f,
            third & if places { 0x1f } else { 0x1e },
        ]);
        if places {
            out.push(from.small()?);
        }
    }
    // More channels, as many as this.
    match bytes.get(from.at..)? {
        [flags, count, ..] if flags & 1 == 1 => out.extend([1, *count]),
        _ => {}
    }
    Some(out)
}

/// Where the channels are, as QuickTime says it.
fn channels(bytes: &[u8]) -> Option<Vec<u8>> {
    let [layout, places, count] = [number(bytes, 4)?, number(bytes, 8)?, number(bytes, 12)?];
    let mut out = vec![0; 4];
    out.extend(layout.to_be_bytes());
    // By a number, by bits, or each by its own.
    let places = if layout == 0x1_0000 { places } else { 0 };
    out.extend(places.to_be_bytes());
    out.extend(count.to_be_bytes());
    if count > MOST_CHANNELS || (layout != 0 && count > 0) {
        return None;
    }
    for index in 0..usize::try_from(count).ok()? {
        let label = number(bytes, index.checked_mul(20)?.checked_add(16)?)?;
        bytes
            .get(index.checked_mul(20)?.checked_add(32)?..)?
            .first_chunk::<4>()?;
        if label > 0x1_ffff || label == 100 {
            return None;
        }
        out.extend(label.to_be_bytes());
        out.extend([0; 16]);
    }
    Some(out)
}

/// Sound from everywhere: so many channels, in any order.
fn ambisonic(bytes: &[u8]) -> Option<Vec<u8>> {
    let (order, count) = (number(bytes, 2)?, number(bytes, 8)?);
    let plain = matches!(bytes.get(..2)?, [0, 0]) && matches!(bytes.get(6..8)?, [0, 0]);
    if !plain || order > 10 || count > MOST_CHANNELS {
        return None;
    }
    let length = usize::try_from(count)
        .ok()?
        .checked_mul(4)?
        .checked_add(12)?;
    let bytes = bytes.get(..length)?;
    let (map, _) = bytes.get(12..)?.as_chunks::<4>();
    let fits = map.iter().all(|place| u32::from_be_bytes(*place) < count);
    fits.then(|| bytes.to_vec())
}

/// Opus (its encapsulation in ISO BMFF, 4.3.2), without how it was sampled before.
fn opus(bytes: &[u8]) -> Option<Vec<u8>> {
    let [0, count, skip, more, _, _, _, _, gain, finer, family] = *bytes.first_chunk()? else {
        return None;
    };
    let mut out = vec![0, count, skip, more, 0, 0, 0xbb, 0x80, gain, finer, family];
    if family != 0 {
        out.extend(bytes.get(11..usize::from(count).checked_add(13)?)?);
    }
    Some(out)
}

/// ALAC, without how large its pieces are, and with the places of the channels where they stand.
fn lossless(bytes: &[u8]) -> Option<Vec<u8>> {
    let numbers = bytes.get(4..14)?;
    let rate = bytes.get(24..28)?;
    let mut out = [&[0; 4], numbers, &[0, 255], &[0; 8], rate].concat();
    if number(bytes, 4)? > 0xffff || bytes.get(8)? != &0 {
        return None;
    }
    if let Some(places) = bytes.get(28..52)
        && let Some(rest) = places.strip_prefix(b"\0\0\0\x18chan")
    {
        out.extend(b"\0\0\0\x18chan\0\0\0\0");
        out.extend(rest.get(4..8)?);
        out.extend([0; 8]);
    }
    Some(out)
}

/// The blocks of FLAC: the first is numbers, the others are notes and pictures, and are made empty.
fn flac(bytes: &[u8], seen: &mut Seen) -> Option<Vec<u8>> {
    let mut from = Bytes::new(bytes, 4);
    let mut out = vec![0; 4];
    let mut first = true;
    loop {
        let [kind, a, b, c] = *from.take(4)? else {
            return None;
        };
        let length = u32::from_be_bytes([0, a, b, c]);
        let body = from.take(usize::try_from(length).ok()?)?;
        if first != (kind & 0x7f == 0) || (first && body.len() != 34) {
            return None;
        }
        out.extend([if first { kind } else { kind & 0x80 | 1 }, a, b, c]);
        if first {
            // Not how large its pieces are, nor what it adds up to.
            out.extend([body.get(..4)?, &[0; 6], body.get(10..18)?, &[0; 16]].concat());
        } else {
            if !matches!(kind & 0x7f, 1 | 3) {
                seen.say(What::Other, "notes beside the sound (FLAC)");
            }
            out.resize(from.at, 0);
        }
        first = false;
        if kind & 0x80 != 0 || from.at == bytes.len() {
            return Some(out);
        }
    }
}
