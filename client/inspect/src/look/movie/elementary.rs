//! The description of a stream of MPEG-4 (ISO 14496-1, 7.2.6): what it holds has to be known, with
//! nothing beside it.

use super::reader::{Bits, Bytes};

/// No configuration of MPEG-4's own pictures is longer.
const MOST_OF_A_PICTURE: usize = 256;

/// The body of an `esds`, with nothing but what a player needs.
pub(super) fn anew(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut from = Bytes::new(bytes, 4);
    let mut out = bytes.to_vec();
    let mut put = |at: usize, new: &[u8]| {
        let end = at.checked_add(new.len())?;
        out.get_mut(at..end)?.copy_from_slice(new);
        Some(())
    };
    put(0, &[0; 4])?;
    let end = descriptor(&mut from, 3)?;
    // Its number; and another stream that this one needs, its place in the net, a clock.
    put(from.at, &[0; 3])?;
    if from.take(3)?.get(2)? & 0xe0 != 0 {
        return None;
    }
    let inner = descriptor(&mut from, 4)?;
    let object = from.small()?;
    let picture = matches!(object, 0x20 | 0x60..=0x65 | 0x6a);
    // How fast it is.
    put(from.at, &[if picture { 0x11 } else { 0x15 }])?;
    put(from.at.checked_add(1)?, &[0; 11])?;
    from.take(12)?;
    let own = if from.at == inner {
        None
    } else {
        let last = descriptor(&mut from, 5)?;
        let at = from.at;
        Some((at, from.take(last.checked_sub(at)?)?))
    };
    match (object, own) {
        (0x20, Some((at, bytes))) => put(at, &picture_of(bytes)?)?,
        (0x40 | 0x66..=0x68, Some((_, bytes))) => sound_of(bytes)?,
        // MPEG-1 and MPEG-2 picture, MP3, AC-3, DTS, Opus.
        (0x20 | 0x40 | 0x60..=0x6b | 0xa5 | 0xa6 | 0xa9 | 0xad, None) => {}
        _ => return None,
    }
    if from.at != inner {
        return None;
    }
    if from.at != end {
        let last = descriptor(&mut from, 6)?;
        if last.checked_sub(from.at)? != 1 || last != end {
            return None;
        }
        put(from.at, &[2])?;
    }
    out.truncate(end);
    (out.len() == end).then_some(out)
}

/// Where the descriptor of this kind ends that begins here.
fn descriptor(from: &mut Bytes<'_>, kind: u8) -> Option<usize> {
    if from.small()? != kind {
        return None;
    }
    from.descriptor()?.checked_add(from.at)
}

/// The configuration of MPEG-4's own pictures (ISO 14496-2, 6.2), without what its encoder wrote.
fn picture_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.to_vec();
    let mut begins = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, three)| *three == [0, 0, 1])
        .map(|(at, _)| at)
        .peekable();
    if begins.peek() != Some(&0) || bytes.len() > MOST_OF_A_PICTURE {
        return None;
    }
    while let Some(begin) = begins.next() {
        let end = begins.peek().copied().unwrap_or(bytes.len());
        match bytes.get(begin.checked_add(3)?)? {
            0..=0x2f | 0xb0 | 0xb5 => {}
            0xb2 => out.get_mut(begin..end)?.fill(0),
            _ => return None,
        }
    }
    Some(out)
}

/// Whether a configuration of AAC (ISO 14496-3, 1.6.2) has nothing behind it.
fn sound_of(bytes: &[u8]) -> Option<()> {
    let mut from = Bits::new(bytes);
    let mut kind = from.take(5)?;
    rate(&mut from)?;
    let channels = from.take(4)?;
    if matches!(kind, 5 | 29) {
        rate(&mut from)?;
        kind = from.take(5)?;
    }
    // Of the kinds that everybody plays; channels by a number; and no other stream that it needs.
    let long_or_short = from.take(1);
    if !matches!(kind, 1..=4) || channels == 0 || long_or_short.is_none() {
        return None;
    }
    if from.take(2)? != 0 {
        return None;
    }
    // What older players pass over.
    let mut behind = from.clone();
    if behind.take(11) == Some(0x2b7) {
        from.take(11)?;
        if from.take(5)? != 5 {
            return None;
        }
        if from.is_set()? {
            rate(&mut from)?;
            let mut behind = from.clone();
            if behind.take(11) == Some(0x548) {
                from.take(12)?;
            }
        }
    }
    from.is_empty().then_some(())
}

fn rate(from: &mut Bits<'_>) -> Option<()> {
    match from.take(4)? {
        15 => from.take(24).map(drop),
        13 | 14 => None,
        _ => Some(()),
    }
}
