//! What `check` looks at beside the configuration: the machine beneath the server.
//!
//! It refuses to guess: what cannot be told from here is said to be untold, never well.

mod clock;
mod fill;
mod kernel;
mod memory;
mod rights;
mod volume;

use std::fmt;

use serde::Serialize;

pub(crate) use clock::{ClockSigns, clock};
pub(crate) use fill::{Alarm, Fill, space};
pub(crate) use kernel::Kernel;
pub(crate) use memory::{hibernation, swap};
pub(crate) use rights::{LOST_AND_FOUND, configuration, data};
pub(crate) use volume::{encryption, snapshots};

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    Rights,
    Space,
    Clock,
    Swap,
    Hibernation,
    DiskEncryption,
    Snapshots,
    Walls,
    Onions,
    Trust,
    Couriers,
    Charter,
    Reach,
    Drops,
}

impl Subject {
    /// What an administrator may know of and live with: the machine, not the server.
    const ACCEPTABLE: [Self; 4] = [
        Self::Swap,
        Self::Hibernation,
        Self::DiskEncryption,
        Self::Snapshots,
    ];

    /// The name that the configuration and monitoring know it by.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rights => "rights",
            Self::Space => "space",
            Self::Clock => "clock",
            Self::Swap => "swap",
            Self::Hibernation => "hibernation",
            Self::DiskEncryption => "disk-encryption",
            Self::Snapshots => "snapshots",
            Self::Walls => "walls",
            Self::Onions => "onions",
            Self::Trust => "trust",
            Self::Couriers => "couriers",
            Self::Charter => "charter",
            Self::Reach => "reach",
            Self::Drops => "drops",
        }
    }

    /// The one of this name that may be accepted.
    pub(crate) fn acceptable(name: &str) -> Option<Self> {
        Self::ACCEPTABLE
            .into_iter()
            .find(|subject| subject.name() == name)
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Something must be done.
    Must,
    /// It is worth knowing; nothing must be done now.
    Mind,
    /// It cannot be told from here.
    Untold,
    /// All well.
    Well,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "must",
            Self::Mind => "mind",
            Self::Untold => "untold",
            Self::Well => "well",
        })
    }
}

/// One thing that was looked at: what came of it, and a sentence for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) subject: Subject,
    pub(crate) verdict: Verdict,
    pub(crate) says: String,
}

impl Finding {
    pub(crate) fn new(subject: Subject, verdict: Verdict, says: impl Into<String>) -> Self {
        Self {
            subject,
            verdict,
            says: says.into(),
        }
    }

    /// The same, where the administrator knows of it and lives with it.
    pub(crate) fn accepting(mut self, accepted: &[Subject]) -> Self {
        if self.verdict == Verdict::Must && accepted.contains(&self.subject) {
            self.verdict = Verdict::Mind;
            self.says.push_str(" (accepted in the configuration)");
        }
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<6}  {}: {}",
            self.verdict,
            self.subject.name(),
            self.says
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_is_still_said_and_no_longer_counts() {
        let plain = Finding::new(Subject::Swap, Verdict::Must, "swap is on");
        let accepted = plain.clone().accepting(&[Subject::Swap]);
        assert_eq!(accepted.verdict, Verdict::Mind);
        assert!(accepted.says.starts_with("swap is on"));
        assert_eq!(plain.clone().accepting(&[Subject::Snapshots]), plain);
    }

    #[test]
    fn only_the_machine_can_be_accepted_and_never_the_server() {
        assert_eq!(Subject::acceptable("swap"), Some(Subject::Swap));
        for name in ["rights", "clock", "trust", "reach", "space", ""] {
            assert_eq!(Subject::acceptable(name), None, "{name}");
        }
    }

    #[test]
    fn monitoring_reads_the_names_that_the_configuration_takes() {
        for subject in Subject::ACCEPTABLE {
            let json = serde_json::to_value(subject).unwrap();
            assert_eq!(json, subject.name());
        }
    }
}
