//! The machine's clock, against what there is to compare it with.

use knothole_intake::UnixSeconds;

use super::{Finding, Subject, Verdict};
use crate::status::Clock;

/// A clock may be set back by so many seconds without harm.
const SLACK: u64 = 3_600;
/// A server that was off for longer than so many seconds is asked about.
const LONG: u64 = 30 * 86_400;

/// What is known of the time beside the clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClockSigns {
    /// What the running server says of it, if one runs.
    pub(crate) running: Option<Clock>,
    /// What the clock showed when the store last noted it.
    pub(crate) noted: Option<UnixSeconds>,
}

/// Judges the clock, which shows `now`.
pub(crate) fn clock(now: UnixSeconds, signs: &ClockSigns) -> Finding {
    let (verdict, says) = judge(now.get(), signs);
    Finding::new(Subject::Clock, verdict, says)
}

fn judge(now: u64, signs: &ClockSigns) -> (Verdict, &'static str) {
    const WRONG: &str =
        "the clock is wrong: set it right, and keep it right (timedatectl set-ntp true)";
    let noted = signs.noted.map(UnixSeconds::get);
    match (signs.running, noted) {
        (Some(Clock::Wrong), _) => (Verdict::Must, WRONG),
        (_, Some(noted)) if now.saturating_add(SLACK) < noted => (
            Verdict::Must,
            "the clock is behind what it showed here before: set it right",
        ),
        (Some(Clock::Jumped), _) => (
            Verdict::Must,
            "the clock jumped under the running server, which believes it again after a day: see \
             that it is right now",
        ),
        (Some(Clock::Right), _) => (Verdict::Well, "the clock agrees with the Tor network"),
        (None, Some(noted)) if now > noted.saturating_add(LONG) => (
            Verdict::Mind,
            "the server has not run for a month, or the clock is ahead",
        ),
        (Some(Clock::Untold) | None, _) => (
            Verdict::Untold,
            "the clock was compared with what the store has noted alone; while the server runs \
             with its own Tor, it is compared with the network's",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 20_000 * 86_400;

    fn verdict(running: Option<Clock>, noted: Option<u64>) -> Verdict {
        let noted = noted.map(UnixSeconds::new);
        clock(UnixSeconds::new(NOW), &ClockSigns { running, noted }).verdict
    }

    #[test]
    fn a_clock_that_the_tor_network_contradicts_is_wrong() {
        assert_eq!(verdict(Some(Clock::Wrong), Some(NOW)), Verdict::Must);
        assert_eq!(verdict(Some(Clock::Jumped), Some(NOW)), Verdict::Must);
        assert_eq!(verdict(Some(Clock::Right), Some(NOW)), Verdict::Well);
        assert_eq!(verdict(Some(Clock::Untold), Some(NOW)), Verdict::Untold);
    }

    #[test]
    fn a_clock_behind_what_the_store_has_noted_is_wrong_also_where_no_server_runs() {
        assert_eq!(verdict(None, Some(NOW + SLACK + 1)), Verdict::Must);
        assert_eq!(verdict(None, Some(NOW + SLACK)), Verdict::Untold);
        assert_eq!(verdict(None, Some(NOW - LONG)), Verdict::Untold);
        assert_eq!(verdict(None, Some(NOW - LONG - 1)), Verdict::Mind);
        assert_eq!(verdict(None, None), Verdict::Untold);
    }
}
