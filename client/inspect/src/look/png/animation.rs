//! The frames of a moving PNG (third edition, 11.3.6): as many as it says, each one whole.

use super::head::Head;
use super::stream::Stream;
use crate::finding::Limit;
use crate::look::Seen;
use crate::source::{Gone, ReadAt, array};

/// More turns than anybody watches.
const MOST_TURNS: u32 = 0xffff;

/// More frames than a picture that moves has: each is unpacked by itself.
const MOST_FRAMES: u32 = 4_096;

/// A picture that moves, while it is looked at.
pub(super) struct Animation {
    frames: u32,
    begun: u32,
    next: u32,
    /// The frame that goes on, if it has a stream of its own.
    stream: Option<Stream>,
    whole: bool,
}

impl Animation {
    /// Takes the chunk that says that it moves.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        let [a, b, c, d, e, f, g, h] = *body.first_chunk::<8>().filter(|_| body.len() == 8)?;
        let frames = u32::from_be_bytes([a, b, c, d]);
        let turns = u32::from_be_bytes([e, f, g, h]);
        (frames > 0 && turns <= MOST_TURNS).then_some(Self {
            frames,
            begun: 0,
            next: 0,
            stream: None,
            whole: true,
        })
    }

    /// Begins a frame. The first may be the picture itself, before whose bytes it stands then.
    /// It takes its rows from what is left for all frames.
    pub(super) fn begin(
        &mut self,
        body: &[u8],
        head: Head,
        before_picture: bool,
        left: &mut u64,
        seen: &mut Seen,
    ) {
        self.end_frame(seen);
        self.begun = self.begun.saturating_add(1);
        if self.begun.max(self.frames) > MOST_FRAMES {
            seen.limit(Limit::TooLarge);
            self.whole = false;
        } else if self.frame(body, head, before_picture, left).is_none() {
            self.whole = false;
        }
    }

    fn frame(
        &mut self,
        body: &[u8],
        head: Head,
        before_picture: bool,
        left: &mut u64,
    ) -> Option<()> {
        let (numbers, behind) = body.as_chunks::<4>();
        let numbers: Vec<u32> = numbers.iter().map(|it| u32::from_be_bytes(*it)).collect();
        let [number, across, down, right, below, _] = *numbers.as_slice() else {
            return None;
        };
        self.counted(number)?;
        // How it takes the place of the one before.
        let [disposed, blended] = *behind else {
            return None;
        };
        let inside = right.checked_add(across)? <= head.across
            && below.checked_add(down)? <= head.down
            && across > 0
            && down > 0;
        let is_picture = across == head.across && down == head.down;
        if !inside || disposed > 2 || blended > 1 || (before_picture && !is_picture) {
            return None;
        }
        if before_picture {
            return (self.begun == 1).then_some(());
        }
        let own = Head {
            across,
            down,
            ..head
        };
        self.stream = Some(Stream::new(own, left));
        Some(())
    }

    /// Goes on with a frame.
    pub(super) fn add(&mut self, file: &impl ReadAt, body: u64, length: u64) -> Result<(), Gone> {
        let number = u32::from_be_bytes(array(file, body)?);
        let counted = self.counted(number).is_some();
        let (Some(stream), Some(rest)) = (&mut self.stream, length.checked_sub(4)) else {
            self.whole = false;
            return Ok(());
        };
        stream.add(file, body.saturating_add(4), rest);
        self.whole &= counted;
        Ok(())
    }

    /// Whether all frames were there, whole, and no more.
    pub(super) fn ends(&mut self, seen: &mut Seen) -> bool {
        self.end_frame(seen);
        self.whole && self.begun == self.frames
    }

    fn counted(&mut self, number: u32) -> Option<()> {
        let right = number == self.next;
        self.next = self.next.checked_add(1)?;
        right.then_some(())
    }

    fn end_frame(&mut self, seen: &mut Seen) {
        if let Some(stream) = self.stream.take() {
            self.whole &= stream.ends(seen);
        }
    }
}
