//! The packed picture of a PNG: it ends with its last row, and nothing stands behind.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::head::Head;
use crate::finding::{Limit, What};
use crate::look::Seen;
use crate::source::{Gone, ReadAt, take};

/// So much is unpacked at most, of all frames of a picture together.
pub(super) const MOST_UNPACKED: u64 = 256 << 20;
const BLOCK: u64 = 1 << 18;
/// Where the passes of an interlaced picture begin, and how far apart their points are: across,
/// down.
const PASSES: [(u64, u64, u64, u64); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Going,
    /// The stream has ended where the picture did.
    Ended,
    /// There is more than the picture.
    More,
    /// It cannot be unpacked.
    Broken,
    /// It is too large to be followed.
    Left,
}

/// The stream, unpacked chunk by chunk and thrown away.
pub(super) struct Stream {
    inflate: Box<InflateState>,
    out: Vec<u8>,
    made: u64,
    /// So long are all rows.
    whole: Option<u64>,
    state: State,
}

impl Stream {
    /// The stream of a frame, which takes its rows from what is left for all of them.
    pub(super) fn new(head: Head, left: &mut u64) -> Self {
        let whole = rows(head);
        let rest = whole.and_then(|whole| left.checked_sub(whole));
        *left = rest.unwrap_or(0);
        Self {
            inflate: InflateState::new_boxed(DataFormat::Zlib),
            out: vec![0; 1 << 16],
            made: 0,
            whole,
            state: if rest.is_some() {
                State::Going
            } else {
                State::Left
            },
        }
    }

    /// What a chunk has of it.
    pub(super) fn add(&mut self, file: &impl ReadAt, body: u64, length: u64) {
        let mut done = 0_u64;
        while done < length && matches!(self.state, State::Going | State::Ended) {
            let count = length.saturating_sub(done).min(BLOCK);
            match take(file, body.saturating_add(done), count) {
                Ok(block) => self.unpack(&block),
                Err(Gone) => self.state = State::Broken,
            }
            done = done.saturating_add(count);
        }
    }

    fn unpack(&mut self, block: &[u8]) {
        let mut rest = block;
        loop {
            if self.state == State::Ended && !rest.is_empty() {
                self.state = State::More;
            }
            if self.state != State::Going {
                return;
            }
            let done = inflate(&mut self.inflate, rest, &mut self.out, MZFlush::None);
            rest = rest.get(done.bytes_consumed..).unwrap_or(&[]);
            let made = u64::try_from(done.bytes_written).unwrap_or(u64::MAX);
            self.made = self.made.saturating_add(made);
            let full = done.bytes_written == self.out.len();
            match done.status {
                _ if self.whole.is_none_or(|whole| self.made > whole) => self.state = State::More,
                Ok(MZStatus::StreamEnd) => self.state = State::Ended,
                Ok(_) if !rest.is_empty() || full => {}
                Ok(_) | Err(MZError::Buf) if rest.is_empty() => return,
                _ => self.state = State::Broken,
            }
        }
    }

    /// Whether the stream is the picture and nothing else, as far as it was followed.
    pub(super) fn ends(&self, seen: &mut Seen) -> bool {
        match self.state {
            State::Ended if self.whole == Some(self.made) => true,
            State::Left => {
                seen.limit(Limit::TooLarge);
                false
            }
            State::More => {
                seen.say(What::Tail, "inside the coded picture");
                seen.limit(Limit::Broken);
                false
            }
            State::Ended | State::Going | State::Broken => {
                seen.limit(Limit::Broken);
                false
            }
        }
    }
}

/// How long all rows of a picture are (PNG, third edition, 7.2 and 8).
fn rows(head: Head) -> Option<u64> {
    let (across, down) = (u64::from(head.across), u64::from(head.down));
    let channels = match head.colours {
        2 => 3_u64,
        4 => 2,
        6 => 4,
        _ => 1,
    };
    let bits = channels.checked_mul(u64::from(head.depth))?;
    let length = |across: u64, down: u64| {
        let row = across.checked_mul(bits)?.div_ceil(8).checked_add(1)?;
        row.checked_mul(if across == 0 { 0 } else { down })
    };
    if head.interlaced == 0 {
        return length(across, down);
    }
    PASSES
        .iter()
        .try_fold(0_u64, |sum, (right, below, wide, high)| {
            let points =
                |all: u64, first: &u64, step: &u64| all.saturating_sub(*first).div_ceil(*step);
            let pass = length(points(across, right, wide), points(down, below, high))?;
            sum.checked_add(pass)
        })
}
