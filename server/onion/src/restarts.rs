//! How often the server's own probe had it start anew, told to the day.

use std::fmt;
use std::io;
use std::path::Path;

use knothole_envelope::Day;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::text;

/// The note is far shorter.
const MOST_BYTES: u64 = 4_096;

/// What a probe did not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Missing {
    /// The public onion gave no stream.
    Onion,
    /// It gave one, and no whole answer came on it.
    Answer,
    /// The collection's descriptor.
    Collection,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Onion => "the public onion was not reached",
            Self::Answer => "the public onion was reached and gave no page",
            Self::Collection => "the collection onion was not found",
        })
    }
}

/// The restarts since the data folder was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restarts {
    pub(crate) count: u32,
    /// The day of the last one, noted as `2026-11-30`.
    #[serde(with = "text")]
    pub(crate) last: Option<Day>,
    /// Why the last one was.
    pub(crate) missing: Option<Missing>,
}

impl Restarts {
    /// What is noted. A note that is damaged or not there counts as none: it must keep nobody from
    /// the drop-box.
    pub(crate) fn read(path: &Path) -> Self {
        let fits = std::fs::metadata(path).is_ok_and(|found| found.len() <= MOST_BYTES);
        let bytes = if fits { std::fs::read(path).ok() } else { None };
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Notes one more, durably.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub(crate) fn note(path: &Path, missing: Missing, today: Option<Day>) -> io::Result<()> {
        let noted = Self {
            count: Self::read(path).count.saturating_add(1),
            last: today,
            missing: Some(missing),
        };
        let text = serde_json::to_vec(&noted).map_err(io::Error::other)?;
        durable::replace(path, &text)
    }
}

impl fmt::Display for Restarts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 => return f.write_str("never"),
            1 => f.write_str("once")?,
            count => write!(f, "{count} times")?,
        }
        if let Some(day) = self.last {
            write!(f, ", last on {day}")?;
        }
        if let Some(missing) = self.missing {
            write!(f, ": {missing}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_are_counted_with_the_last_ones_day_and_reason_and_no_hour() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("restarts");
        assert_eq!(Restarts::read(&path).to_string(), "never");
        let day = Day::from_unix_seconds(20_000 * 86_400 + 50_000);
        Restarts::note(&path, Missing::Answer, day).unwrap();
        let once = Restarts::read(&path).to_string();
        assert_eq!(
            once,
            "once, last on 2024-10-04: the public onion was reached and gave no page"
        );
        Restarts::note(&path, Missing::Onion, day).unwrap();
        assert_eq!(Restarts::read(&path).count, 2);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, r#"{"count":2,"last":"2024-10-04","missing":"onion"}"#);
    }

    #[test]
    fn a_note_in_which_somebody_has_written_something_else_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("restarts");
        let escape = r#""\u001b]52;c;aGk=\u0007""#;
        for (last, missing) in [(escape, "null"), ("null", escape)] {
            let note = format!(r#"{{"count":1,"last":{last},"missing":{missing}}}"#);
            durable::replace(&path, note.as_bytes()).unwrap();
            assert_eq!(Restarts::read(&path), Restarts::default(), "{note}");
        }
    }

    #[test]
    fn a_note_that_is_damaged_keeps_nobody_from_the_drop_box() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("restarts");
        durable::create(&path, b"nonsense").unwrap();
        assert_eq!(Restarts::read(&path), Restarts::default());
        Restarts::note(&path, Missing::Collection, None).unwrap();
        assert_eq!(Restarts::read(&path).count, 1);
    }
}
