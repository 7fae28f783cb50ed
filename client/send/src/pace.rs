//! How fast it goes, how much is sent before the next acknowledgement, and how long to wait.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The first piece, unless the gate was quick, and the smallest.
const SMALLEST_PIECE: u64 = 1 << 20;
/// The most that the gate makes of the first piece.
const LARGEST_FIRST_PIECE: u64 = 1 << 22;
/// A circuit begins slowly: soon it carries so many times what it carried to the gate.
const GROWTH_AFTER_GATE: u128 = 2;
/// The largest piece.
const LARGEST_PIECE: u64 = 1 << 26;
/// A piece is meant to take as long as so many small answers, since one of them stands after each...
const ANSWERS: u32 = 24;
/// ...but at least so long...
const LEAST_AIM: Duration = Duration::from_secs(12);
/// ...and no longer than this: of the last one nobody knows until its end whether it has arrived.
const MOST_AIM: Duration = Duration::from_secs(30);
/// A piece that takes less than a half of what is meant makes the next one so many times as large at most;
/// one that takes more than twice as much makes it half as large.
const MOST_GROWTH: u128 = 4;
/// The rate is that of the last so many seconds.
const WINDOW: Duration = Duration::from_secs(90);

/// How large the next piece is, and how fast the pieces before it went.
///
/// A piece is one request. The drop-box acknowledges bytes only at its end, so a large piece is
/// silent for long; after each one stands a round trip in which nothing goes, so a small one is
/// slow. What a broken piece brought is not lost, whatever its size: the drop-box keeps it. So
/// the size aims at 12 to 30 seconds, the more the farther the drop-box is: true progress several
/// times a minute over all circuits, while the round trips cost a twenty-fifth, and more only where
/// an answer takes longer than 1.25 s.
#[derive(Debug)]
pub(crate) struct Pace {
    piece: u64,
    /// How long a small answer takes.
    answer: Duration,
    /// How long a piece is meant to take.
    aim: Duration,
    /// Whether a piece was through.
    begun: bool,
    acknowledged: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// That of a drop-box which gives a small answer after so long.
    pub(crate) fn new(answer: Duration) -> Self {
        Self {
            piece: SMALLEST_PIECE,
            answer,
            aim: answer.saturating_mul(ANSWERS).clamp(LEAST_AIM, MOST_AIM),
            begun: false,
            acknowledged: VecDeque::new(),
        }
    }

    /// How many of the bytes that are left go next.
    pub(crate) fn piece(&self, left: u64) -> u64 {
        left.min(self.piece)
    }

    /// Takes note of how long the gate took for so many bytes, which came before all pieces.
    pub(crate) fn passed(&mut self, bytes: u64, time: Duration) {
        if self.begun {
            return;
        }
        let under_way = time.saturating_sub(self.answer).as_millis().max(1);
        let meant = self.aim.as_millis().saturating_mul(GROWTH_AFTER_GATE);
        let first = u128::from(bytes)
            .saturating_mul(meant)
            .checked_div(under_way);
        let first = first.and_then(|first| u64::try_from(first).ok());
        self.piece = first
            .unwrap_or(LARGEST_FIRST_PIECE)
            .clamp(SMALLEST_PIECE, LARGEST_FIRST_PIECE);
    }

    /// Takes note that a piece of so many bytes is through. Of one that was the rest of a lane, a short
    /// time says nothing.
    pub(crate) fn piece_took(&mut self, bytes: u64, time: Duration) {
        self.begun = true;
        if time.saturating_mul(2) < self.aim && bytes >= self.piece {
            let growth = self.aim.as_millis().checked_div(time.as_millis());
            let growth = growth.map_or(MOST_GROWTH, |growth| growth.min(MOST_GROWTH));
            let growth = u64::try_from(growth).unwrap_or(1);
            self.piece = self.piece.saturating_mul(growth).min(LARGEST_PIECE);
        } else if time > self.aim.saturating_mul(2) {
            self.piece = self.piece.div_ceil(2).max(SMALLEST_PIECE);
        }
    }

    /// Takes note of what is acknowledged by now.
    pub(crate) fn acknowledged(&mut self, now: Instant, offset: u64) {
        // A drop-box that lost bytes begins the count anew.
        if self
            .acknowledged
            .back()
            .is_some_and(|(_, before)| *before > offset)
        {
            self.acknowledged.clear();
        }
        self.acknowledged.push_back((now, offset));
        while self.acknowledged.len() > 2
            && self
                .acknowledged
                .get(1)
                .is_some_and(|(time, _)| now.saturating_duration_since(*time) > WINDOW)
        {
            self.acknowledged.pop_front();
        }
    }

    /// Bytes acknowledged a second; nothing before there is something to go by.
    pub(crate) fn rate(&self) -> Option<u64> {
        let (begin, first) = self.acknowledged.front()?;
        let (end, last) = self.acknowledged.back()?;
        let bytes = last.checked_sub(*first).filter(|bytes| *bytes > 0)?;
        let millis = u64::try_from(end.saturating_duration_since(*begin).as_millis()).ok()?;
        bytes
            .saturating_mul(1_000)
            .checked_div(millis)
            .filter(|rate| *rate > 0)
    }
}

/// How long to wait before the next attempt: longer each time, until something goes well again.
#[derive(Debug)]
pub(crate) struct Patience {
    next: Duration,
    /// Since something went well.
    pauses: u32,
}

impl Patience {
    const FIRST: Duration = Duration::from_secs(1);
    /// A relay that died fails every way that leads through it at once, and the network forgets it
    /// only within the hour: another way is a matter of trying often.
    const LONGEST_AT_FIRST: Duration = Duration::from_secs(8);
    /// So often; that is more than ten minutes.
    const AT_FIRST: u32 = 90;
    const LONGEST: Duration = Duration::from_secs(60);

    pub(crate) fn new() -> Self {
        Self {
            next: Self::FIRST,
            pauses: 0,
        }
    }

    /// The wait before the next attempt.
    pub(crate) fn pause(&mut self) -> Duration {
        let now = self.next;
        self.pauses = self.pauses.saturating_add(1);
        let longest = if self.pauses < Self::AT_FIRST {
            Self::LONGEST_AT_FIRST
        } else {
            Self::LONGEST
        };
        self.next = now.saturating_mul(2).min(longest);
        now
    }

    /// Something went well.
    pub(crate) fn renew(&mut self) {
        self.next = Self::FIRST;
        self.pauses = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: Duration = Duration::from_millis(1);

    #[test]
    fn pieces_grow_while_they_are_quick_and_shrink_when_they_are_slow() {
        let mut pace = Pace::new(NEAR);
        assert_eq!(pace.piece(u64::MAX), SMALLEST_PIECE);
        for _ in 0..40 {
            pace.piece_took(pace.piece, Duration::from_secs(1));
        }
        assert_eq!(pace.piece(u64::MAX), LARGEST_PIECE);
        assert_eq!(pace.piece(5), 5);
        let before = pace.piece;
        pace.piece = SMALLEST_PIECE;
        pace.piece_took(5, NEAR);
        assert_eq!(pace.piece, SMALLEST_PIECE);
        pace.piece = before;
        for _ in 0..40 {
            pace.piece_took(pace.piece, Duration::from_secs(60));
        }
        assert_eq!(pace.piece(u64::MAX), SMALLEST_PIECE);
    }

    #[test]
    fn the_first_piece_is_what_the_gate_promises() {
        let after = |millis| {
            let mut pace = Pace::new(Duration::from_millis(500));
            pace.passed(65_536, Duration::from_millis(millis));
            pace.piece(u64::MAX)
        };
        assert_eq!(after(400), LARGEST_FIRST_PIECE);
        // 65,536 bytes a second, and soon twice as many, for 12 seconds.
        assert_eq!(after(1_500), 65_536 * 2 * 12);
        assert_eq!(after(60_000), SMALLEST_PIECE);
        // Whoever has sent knows better.
        let mut pace = Pace::new(NEAR);
        pace.piece_took(1, NEAR);
        pace.passed(65_536, NEAR);
        assert_eq!(pace.piece(u64::MAX), SMALLEST_PIECE);
    }

    #[test]
    fn a_drop_box_far_away_gets_pieces_that_take_longer_and_none_gets_silence() {
        let grows = |answer, seconds| {
            let mut pace = Pace::new(Duration::from_millis(answer));
            pace.piece_took(SMALLEST_PIECE, Duration::from_secs(seconds));
            pace.piece(u64::MAX) > SMALLEST_PIECE
        };
        assert!(grows(500, 5) && !grows(500, 6));
        assert!(grows(1_000, 11) && !grows(1_000, 12));
        assert!(grows(20_000, 14) && !grows(20_000, 15));
    }

    #[test]
    fn the_rate_is_that_of_acknowledged_bytes() {
        let mut pace = Pace::new(NEAR);
        let begin = Instant::now();
        assert_eq!(pace.rate(), None);
        pace.acknowledged(begin, 0);
        assert_eq!(pace.rate(), None);
        pace.acknowledged(begin + Duration::from_secs(10), 5_000);
        assert_eq!(pace.rate(), Some(500));
        // An hour of nothing falls out of the window once something goes again.
        let later = begin + Duration::from_secs(3_610);
        pace.acknowledged(later, 6_000);
        pace.acknowledged(later + Duration::from_secs(60), 66_000);
        pace.acknowledged(later + Duration::from_secs(91), 97_000);
        assert_eq!(pace.rate(), Some(1_000));
    }

    #[test]
    fn pauses_stay_short_for_ten_minutes_grow_to_a_minute_and_begin_anew_after_success() {
        let mut patience = Patience::new();
        let pauses: Vec<u64> = (0..100).map(|_| patience.pause().as_secs()).collect();
        assert_eq!(pauses[..6], [1, 2, 4, 8, 8, 8]);
        assert!(pauses[..90].iter().sum::<u64>() > 600);
        assert_eq!(pauses[90..], [16, 32, 60, 60, 60, 60, 60, 60, 60, 60]);
        patience.renew();
        assert_eq!(patience.pause().as_secs(), 1);
    }
}
