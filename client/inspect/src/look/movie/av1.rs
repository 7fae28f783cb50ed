//! The configuration of AV1 (its encapsulation in ISO BMFF, 2.3): the head of the sequence, and
//! nothing else.

use super::reader::{Bits, Bytes};

/// The body of an `av1C`.
pub(super) fn configuration(bytes: &[u8]) -> Option<Vec<u8>> {
    let [0x81, profile, depth, delay] = *bytes.first_chunk::<4>()? else {
        return None;
    };
    let delay = if delay & 0x10 == 0 { 0 } else { delay & 0x1f };
    let mut out = vec![0x81, profile, depth, delay];
    let mut from = Bytes::new(bytes, 4);
    // An encoder may leave it out here.
    if from.at == bytes.len() {
        return Some(out);
    }
    // Of the kind of a head, with its length behind, which is short.
    let [0x0a, length @ 1..=0x7f] = *from.take(2)? else {
        return None;
    };
    let head = from.take(usize::from(length))?;
    // A decoder would take for a unit what stands behind it.
    if from.at != bytes.len() {
        return None;
    }
    sequence(head)?;
    out.extend([0x0a, length]);
    out.extend(head);
    Some(out)
}

/// Whether a head of a sequence (AV1, 5.5) ends where its bytes do.
fn sequence(bytes: &[u8]) -> Option<()> {
    let mut from = Bits::new(bytes);
    let profile = from.take(3)?;
    from.take(1)?;
    let reduced = from.is_set()?;
    if reduced {
        from.take(5)?;
    } else {
        operating_points(&mut from)?;
    }
    let (across, down) = (from.take(4)?, from.take(4)?);
    from.take(across.checked_add(1)?)?;
    from.take(down.checked_add(1)?)?;
    if !reduced && from.is_set()? {
        from.take(7)?;
    }
    from.take(3)?;
    if !reduced {
        tools(&mut from)?;
    }
    from.take(3)?;
    colours(&mut from, profile)?;
    from.take(1)?;
    // A one, and zeros to the end of its byte.
    (from.is_set()? && from.rest() < 8 && from.is_empty()).then_some(())
}

fn operating_points(from: &mut Bits<'_>) -> Option<()> {
    let mut model = None;
    if from.is_set()? {
        from.take(32)?;
        from.take(32)?;
        if from.is_set()? {
            long(from)?;
        }
        if from.is_set()? {
            model = Some(from.take(5)?.checked_add(1)?);
            from.take(32)?;
            from.take(10)?;
        }
    }
    let delays = from.is_set()?;
    for _ in 0..=from.take(5)? {
        from.take(12)?;
        if from.take(5)? > 7 {
            from.take(1)?;
        }
        if let Some(bits) = model
            && from.is_set()?
        {
            from.take(bits)?;
            from.take(bits)?;
            from.take(1)?;
        }
        if delays && from.is_set()? {
            from.take(4)?;
        }
    }
    Some(())
}

/// A number as long as its zeros say.
fn long(from: &mut Bits<'_>) -> Option<()> {
    let mut zeros = 0_u32;
    while !from.is_set()? {
        zeros = zeros.checked_add(1)?;
    }
    if zeros < 32 {
        from.take(zeros)?;
    }
    Some(())
}

fn tools(from: &mut Bits<'_>) -> Option<()> {
    from.take(4)?;
    let order = from.is_set()?;
    if order {
        from.take(2)?;
    }
    let screen = if from.is_set()? { 2 } else { from.take(1)? };
    if screen > 0 && !from.is_set()? {
        from.take(1)?;
    }
    if order {
        from.take(3)?;
    }
    Some(())
}

fn colours(from: &mut Bits<'_>, profile: u32) -> Option<()> {
    let deep = from.is_set()?;
    let deeper = profile == 2 && deep && from.is_set()?;
    let grey = profile != 1 && from.is_set()?;
    let described = if from.is_set()? {
        from.take(24)?
    } else {
        0x2_0202
    };
    if grey {
        return from.take(1).map(drop);
    }
    // sRGB has every point of each colour.
    if described != 0x1_0d00 {
        from.take(1)?;
        let (halved, both) = match profile {
            0 => (true, true),
            1 => (false, false),
            _ if deeper => {
                let halved = from.is_set()?;
                (halved, halved && from.is_set()?)
            }
            _ => (true, false),
        };
        if halved && both {
            from.take(2)?;
        }
    }
    from.take(1).map(drop)
}
