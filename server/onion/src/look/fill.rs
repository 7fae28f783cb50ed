//! How full the disk is, and when to say so.

use knothole_intake::{Batch, UnixSeconds};

use super::{Finding, Subject, Verdict};

/// With less, the first video fills the disk.
const LITTLE_SPACE: u64 = 1 << 30;
/// A level is left again when so many hundredths below it: a disk at the mark would tell for ever.
const SLACK: u8 = 2;

/// How full a disk is, as far as somebody must hear of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fill {
    Easy,
    Half,
    ThreeQuarters,
    Ninety,
}

impl Fill {
    const ALL: [Self; 4] = [Self::Ninety, Self::ThreeQuarters, Self::Half, Self::Easy];

    /// From so many hundredths on.
    const fn begins(self) -> u8 {
        match self {
            Self::Easy => 0,
            Self::Half => 50,
            Self::ThreeQuarters => 75,
            Self::Ninety => 90,
        }
    }

    /// The level of so many hundredths.
    pub(crate) fn of(percent: u8) -> Self {
        Self::ALL
            .into_iter()
            .find(|level| percent >= level.begins())
            .unwrap_or(Self::Easy)
    }

    /// What somebody is to hear, and to do.
    pub(crate) const fn sentence(self) -> Option<&'static str> {
        match self {
            Self::Easy => None,
            Self::Half => Some("the disk is half full: see that the newsroom syncs"),
            Self::ThreeQuarters => Some(
                "three quarters of the disk are full: have the newsroom open, and sync twice, or \
                 give the store more room",
            ),
            Self::Ninety => Some(
                "the disk is 90 % full: sources' files will soon be refused, and then words; have \
                 the newsroom open and sync today, or give the store more room",
            ),
        }
    }
}

/// Says each level once, at the first look after it was reached, and looks once in a batch.
#[derive(Debug)]
pub(crate) struct Alarm {
    level: Fill,
    /// The number of that batch.
    looked_in: Option<u64>,
}

impl Alarm {
    /// Of a disk of which nothing was said yet.
    pub(crate) const fn new() -> Self {
        Self {
            level: Fill::Easy,
            looked_in: None,
        }
    }

    /// Whether this is another batch than that of the last look, which then was in this one.
    pub(crate) fn is_due(&mut self, batch: Batch, now: UnixSeconds) -> bool {
        let number = now.get().checked_div(batch.length().as_secs());
        core::mem::replace(&mut self.looked_in, number) != number
    }

    /// The level that was reached since the last look.
    pub(crate) fn look(&mut self, percent: u8) -> Option<Fill> {
        let risen = Fill::of(percent);
        if risen > self.level {
            self.level = risen;
            return Some(risen);
        }
        self.level = self.level.min(Fill::of(percent.saturating_add(SLACK)));
        None
    }
}

/// Judges the space where the data folder lies: bytes that are free, and hundredths that are full.
pub(crate) fn space(free: u64, percent: u8) -> Finding {
    let (verdict, says) = match Fill::of(percent).sentence() {
        _ if free < LITTLE_SPACE => (
            Verdict::Must,
            "less than 1 GiB is free where the data folder lies",
        ),
        Some(sentence) if percent < Fill::ThreeQuarters.begins() => (Verdict::Mind, sentence),
        Some(sentence) => (Verdict::Must, sentence),
        None => (Verdict::Well, "more than half of the disk is free"),
    };
    Finding::new(Subject::Space, verdict, says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_fills_is_told_of_once_at_each_mark() {
        let mut alarm = Alarm::new();
        let told: Vec<u8> = (0..=100).filter(|at| alarm.look(*at).is_some()).collect();
        assert_eq!(told, [50, 75, 90]);
        assert_eq!(alarm.look(100), None);
    }

    #[test]
    fn a_disk_is_looked_at_at_the_start_and_when_a_batch_is_over_and_at_no_other_time() {
        let mut alarm = Alarm::new();
        let day = 86_400;
        let due: Vec<u64> = (50_000..3 * day)
            .step_by(10)
            .filter(|second| alarm.is_due(Batch::DAY, UnixSeconds::new(*second)))
            .collect();
        assert_eq!(due, [50_000, day, 2 * day]);
    }

    #[test]
    fn a_disk_at_the_mark_is_told_of_once_and_again_after_it_was_emptied() {
        let mut alarm = Alarm::new();
        assert_eq!(alarm.look(76), Some(Fill::ThreeQuarters));
        for percent in [74, 75, 74, 76, 73] {
            assert_eq!(alarm.look(percent), None, "{percent}");
        }
        assert_eq!(alarm.look(72), None);
        assert_eq!(alarm.look(75), Some(Fill::ThreeQuarters));
        assert_eq!(alarm.look(10), None);
        assert_eq!(alarm.look(95), Some(Fill::Ninety));
    }

    #[test]
    fn from_three_quarters_on_something_must_be_done() {
        let verdict = |percent| space(LITTLE_SPACE, percent).verdict;
        assert_eq!(verdict(49), Verdict::Well);
        assert_eq!(verdict(50), Verdict::Mind);
        assert_eq!(verdict(74), Verdict::Mind);
        assert_eq!(verdict(75), Verdict::Must);
        assert_eq!(verdict(100), Verdict::Must);
        assert_eq!(space(LITTLE_SPACE - 1, 0).verdict, Verdict::Must);
    }
}
