//! How long the drop-box may leave its own probe without an answer before it is started anew.
//!
//! Starting anew cuts every upload. Where clients cannot get in, because somebody floods the
//! introduction points or the probe's own way is bad, those who are in go on sending, and would not
//! get in again either. So it comes late, and later still while others are served.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::status::Reach;
use crate::traffic::Traffic;

/// The first time the drop-box must be learned of, later it has been there.
const AT_FIRST: Duration = Duration::from_secs(15 * 60);
const LATER: Duration = Duration::from_secs(5 * 60);
/// Others are served where they have moved so much of late: the probe itself asks with far less.
const ENOUGH: u64 = 65_536;
const OF_LATE: Duration = Duration::from_secs(5 * 60);
/// How long until it is asked again whether others are served. That the server starts anew stands in
/// the log, and must not tell within minutes when the last upload ended.
const SPARED_FOR: Duration = Duration::from_secs(3600);
/// The drop-box is started anew after so long, whoever is served: one who sends a little must not keep
/// all others out.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// How often a probe is made, and how long none may be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// The time between two probes that are answered.
    pub(crate) every: Duration,
    /// How long there may be no answer once there was one, if another time than usual.
    pub(crate) danger_patience: Option<Duration>,
}

impl Pace {
    /// How long the drop-box may go without an answer, when it was `before` that.
    fn patience(self, before: Reach) -> Duration {
        let later = self.every.saturating_add(LATER);
        match before {
            Reach::Starting => AT_FIRST,
            Reach::Ready | Reach::Lost => self.danger_patience.unwrap_or(later),
        }
    }
}

/// Whether others than the probe are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    Served,
    Absent,
}

/// What is left of the patience since the last answer.
#[derive(Debug)]
pub(super) struct Patience {
    pace: Pace,
    /// How much longer than the pace has it.
    spared: Duration,
}

impl Patience {
    pub(super) const fn new(pace: Pace) -> Self {
        let spared = Duration::ZERO;
        Self { pace, spared }
    }

    /// Whether the drop-box is to be started anew, when the last answer came so long ago.
    pub(super) fn is_over(&mut self, before: Reach, silent: Duration, others: Others) -> bool {
        if silent <= self.pace.patience(before).saturating_add(self.spared) {
            return false;
        }
        if others == Others::Served && silent < LONGEST {
            self.spared = self.spared.saturating_add(SPARED_FOR);
            return false;
        }
        true
    }
}

/// What others have moved of late.
#[derive(Debug)]
pub(super) struct Lately {
    traffic: Traffic,
    /// What they had moved at each look: the first is as old as it must be, if any is.
    looks: VecDeque<(Instant, u64)>,
}

impl Lately {
    pub(super) fn new(traffic: Traffic, now: Instant) -> Self {
        let looks = VecDeque::from([(now, traffic.so_far())]);
        Self { traffic, looks }
    }

    pub(super) fn look(&mut self, now: Instant) {
        self.looks.push_back((now, self.traffic.so_far()));
        let is_old = |(at, _): &(Instant, u64)| now.saturating_duration_since(*at) >= OF_LATE;
        while self.looks.get(1).is_some_and(is_old) {
            self.looks.pop_front();
        }
    }

    /// Whether they were served between the first look and the last.
    pub(super) fn others(&self) -> Others {
        let moved = |look: Option<&(Instant, u64)>| look.map_or(0, |(_, moved)| *moved);
        let since = moved(self.looks.back()).saturating_sub(moved(self.looks.front()));
        if since >= ENOUGH {
            Others::Served
        } else {
            Others::Absent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const PACE: Pace = Pace {
        every: Duration::from_secs(600),
        danger_patience: None,
    };

    /// After how many minutes without an answer the drop-box is started anew, when others are served
    /// until the minute `served`.
    fn started_anew(before: Reach, served: u32) -> u32 {
        let mut patience = Patience::new(PACE);
        let mut minutes = 0..10_000;
        let over = minutes.find(|minute| {
            let others = if *minute < served {
                Others::Served
            } else {
                Others::Absent
            };
            patience.is_over(before, MINUTE.saturating_mul(*minute), others)
        });
        over.unwrap()
    }

    #[test]
    fn a_drop_box_that_was_never_reached_is_waited_for_longer() {
        let every = MINUTE;
        let pace = Pace { every, ..PACE };
        let [starting, ready, lost] =
            [Reach::Starting, Reach::Ready, Reach::Lost].map(|before| pace.patience(before));
        assert!(starting > ready);
        assert_eq!(ready, lost);
        assert!(lost > every);
    }

    #[test]
    fn where_nobody_is_served_the_drop_box_is_started_anew_at_once() {
        assert_eq!(started_anew(Reach::Lost, 0), 16);
        assert_eq!(started_anew(Reach::Starting, 0), 16);
    }

    #[test]
    fn while_others_are_served_it_is_not_and_the_hour_of_the_last_one_is_not_told() {
        for served in [17, 40, 76] {
            assert_eq!(started_anew(Reach::Lost, served), 76);
        }
        assert_eq!(started_anew(Reach::Lost, 77), 136);
    }

    #[test]
    fn one_who_goes_on_sending_keeps_others_out_for_hours_and_not_for_days() {
        assert_eq!(started_anew(Reach::Lost, u32::MAX), 376);
    }

    #[test]
    fn what_moved_more_than_minutes_ago_is_forgotten() {
        let traffic = Traffic::default();
        let start = Instant::now();
        let at = |minutes: u32| start.checked_add(MINUTE.saturating_mul(minutes)).unwrap();
        let mut lately = Lately::new(traffic.clone(), start);
        traffic.add(65_535);
        lately.look(at(1));
        assert_eq!(lately.others(), Others::Absent, "one byte is missing");
        traffic.add(1);
        lately.look(at(2));
        assert_eq!(lately.others(), Others::Served);
        lately.look(at(6));
        assert_eq!(lately.others(), Others::Absent, "65,535 are too old");
        traffic.add(65_536);
        lately.look(at(7));
        assert_eq!(lately.others(), Others::Served);
        lately.look(at(12));
        assert_eq!(lately.others(), Others::Absent);
    }
}
