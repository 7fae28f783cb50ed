//! How sound is sampled, as the head of its description says it: QuickTime has three versions of it.

use super::atom::Atom;
use super::chunks::Measure;
use super::edits::Edits;
use crate::source::{Gone, ReadAt};

/// More channels than any recording has.
const MOST_CHANNELS: u32 = 64;
/// No sample of one channel is longer, in bits.
const MOST_BITS: u32 = 64;
/// More samples than anybody takes in a second.
const MOST_RATE: f64 = 1_048_576.0;
/// No packet has more samples, and none has more bytes.
const MOST_SAMPLES: u32 = 1 << 16;
const MOST_BYTES: u32 = 0xffff;
/// How numbers lie in sound that is not packed: seven flags.
const FLAGS: u32 = 0x7f;

/// What the head of a description says.
#[derive(Debug)]
pub(super) struct Sampling {
    /// So much of the description it is.
    pub(super) length: u64,
    /// How long samples of sound may be, where the table of sizes counts them as all alike.
    pub(super) measures: Vec<Measure>,
}

impl Sampling {
    fn new(length: u64, mut measures: Vec<Measure>) -> Self {
        // One that says nothing would say that every sample is empty, or none.
        measures.retain(|measure| measure.bytes > 0 && measure.samples > 0);
        Self { length, measures }
    }

    /// Makes the head anew with nothing but what a player needs; nothing when it is not understood.
    pub(super) fn look(
        file: &impl ReadAt,
        entry: &Atom,
        revised: bool,
        edits: &mut Edits,
    ) -> Result<Option<Self>, Gone> {
        let small = |within| {
            let number: [u8; 2] = entry.array(file, within)?;
            Ok(u32::from(u16::from_be_bytes(number)))
        };
        let large = |within| entry.array(file, within).map(u32::from_be_bytes);
        edits.quiet(file, entry.place(10)?, entry.place(12)?)?;
        edits.quiet(file, entry.place(22)?, entry.place(24)?)?;
        // How QuickTime packs it.
        if small(20)? < 0xfffe {
            edits.quiet(file, entry.place(20)?, entry.place(22)?)?;
        }
        let version = small(8)?;
        if version == 2 {
            return Self::second(file, entry, edits);
        }
        let (channels, bits) = (small(16)?, small(18)?);
        if version > 2 || channels > MOST_CHANNELS || bits > MOST_BITS {
            return Ok(None);
        }
        let frame = width(entry.name, bits).map(|wide| wide.saturating_mul(channels));
        let measure = frame.map(|bytes| Measure { bytes, samples: 1 });
        if version == 0 || revised {
            return Ok(Some(Self::new(28, measure.into_iter().collect())));
        }
        let (samples, bytes) = (large(28)?, large(36)?);
        let fits = match frame {
            None => samples <= MOST_SAMPLES && bytes <= MOST_BYTES,
            Some(frame) => samples <= 1 && (bytes == 0 || bytes == frame),
        };
        if !fits {
            return Ok(None);
        }
        // The share of one channel, and how long a sample is once it is unpacked: two, but of eight
        // bits.
        let share = bytes.checked_div(channels).unwrap_or(0);
        edits.exact(file, entry.place(32)?, &share.to_be_bytes())?;
        let sample = if bits == 8 { 1 } else { 2 };
        edits.exact(file, entry.place(40)?, &[0, 0, 0, sample])?;
        let described = Measure { bytes, samples };
        let measures = [Some(described), measure].into_iter().flatten().collect();
        Ok(Some(Self::new(44, measures)))
    }

    /// The head of version 2, with numbers that are always the same where older players look.
    fn second(file: &impl ReadAt, entry: &Atom, edits: &mut Edits) -> Result<Option<Self>, Gone> {
        let large = |within| entry.array(file, within).map(u32::from_be_bytes);
        let rate = f64::from_be_bytes(entry.array(file, 32)?);
        let (channels, bits, flags) = (large(40)?, large(48)?, large(52)?);
        let (bytes, samples) = (large(56)?, large(60)?);
        let whole = (1.0..=MOST_RATE).contains(&rate) && rate.fract() <= 0.0;
        if !whole || bits > MOST_BITS || flags > FLAGS || !(1..=MOST_CHANNELS).contains(&channels) {
            return Ok(None);
        }
        let fits = match width(entry.name, bits) {
            None => samples <= MOST_SAMPLES && bytes <= MOST_BYTES,
            Some(_) => {
                let each = bytes.checked_div(channels).unwrap_or(0).saturating_mul(8);
                samples == 1 && bytes.is_multiple_of(channels) && (bits..=MOST_BITS).contains(&each)
            }
        };
        if !fits {
            return Ok(None);
        }
        let always = [0, 3, 0, 16, 255, 254, 0, 0, 0, 1, 0, 0, 0, 0, 0, 72];
        edits.exact(file, entry.place(16)?, &always)?;
        edits.exact(file, entry.place(44)?, &[0x7f, 0, 0, 0])?;
        Ok(Some(Self::new(64, vec![Measure { bytes, samples }])))
    }
}

/// The bytes of one sample of one channel, where sound is not packed.
fn width(name: [u8; 4], bits: u32) -> Option<u32> {
    Some(match &name {
        b"ulaw" | b"alaw" => 1,
        b"in24" => 3,
        b"in32" | b"fl32" => 4,
        b"fl64" => 8,
        b"sowt" | b"twos" | b"raw " | b"NONE" | b"lpcm" | b"ipcm" | b"fpcm" => bits.div_ceil(8),
        _ => return None,
    })
}
