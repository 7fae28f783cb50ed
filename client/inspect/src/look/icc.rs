//! Colour profiles: how colours are meant, and texts that can name a screen or a camera.

use super::Seen;
use crate::finding::What;

/// What a picture's colours need. Everything else in a profile is words.
const COLOURS: [&[u8; 4]; 26] = [
    b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad",
    b"chrm", b"cicp", b"lumi", b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"gamt",
    b"D2B0", b"D2B1", b"D2B2", b"B2D0", b"B2D1", b"B2D2",
];
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

/// The same profile with the same colours, of the same length, without its words; nothing when it
/// is not a profile.
pub(crate) fn without_words(profile: &[u8]) -> Option<Vec<u8>> {
    let tags = tags(profile)?;
    let mut keep = vec![false; profile.len()];
    let table = tags.len().checked_mul(12)?.checked_add(HEADER + 4)?;
    keep.get_mut(..table)?.fill(true);
    for (name, offset, length) in &tags {
        let end = offset.checked_add(*length)?;
        // The type of a text stays, and what follows is then an empty text.
        let kept = if COLOURS.contains(&name) {
            end
        } else {
            end.min(offset.checked_add(8)?)
        };
        keep.get_mut(*offset..kept)?.fill(true);
    }
    // The program that made it, its date, the device, its maker, and a hash of all that.
    for words in [4..8, 24..36, 48..64, 80..84, 84..100] {
        keep.get_mut(words)?.fill(false);
    }
    let blank = |(byte, keep): (&u8, bool)| if keep { *byte } else { 0 };
    Some(profile.iter().zip(keep).map(blank).collect())
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
