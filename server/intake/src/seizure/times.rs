//! The times that a file system keeps of files, as far as they tell when something arrived.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use knothole_envelope::Day;

/// Seconds in an hour.
const SECONDS: u64 = 3_600;

/// What the times of some files say: birth, last writing, and last change of the entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileTimes {
    written: Option<(Day, Day)>,
    hours: BTreeSet<u64>,
}

impl FileTimes {
    /// The first and the last day on which one of the files was written.
    #[must_use]
    pub const fn written(&self) -> Option<(Day, Day)> {
        self.written
    }

    /// How many different hours the times show, birth and change of entries included. As many as
    /// there were batch boundaries tell nothing; more tell when things arrived.
    #[must_use]
    pub fn hours(&self) -> usize {
        self.hours.len()
    }

    /// Adds those of one file or folder, if it is still there. A folder is written whenever
    /// something moves in or out, so its days tell nothing more.
    pub(super) fn note(&mut self, path: &Path) {
        let Ok(entry) = std::fs::symlink_metadata(path) else {
            return;
        };
        let seconds = |time: i64| u64::try_from(time).ok();
        let birth = entry.created().ok();
        let birth = birth.and_then(|birth| birth.duration_since(UNIX_EPOCH).ok());
        let times = [
            seconds(entry.mtime()),
            seconds(entry.ctime()),
            birth.map(|birth| birth.as_secs()),
        ];
        let hours = times.into_iter().flatten().map(|time| time / SECONDS);
        self.hours.extend(hours);
        let day = seconds(entry.mtime()).and_then(Day::from_unix_seconds);
        if let Some(day) = day.filter(|_| entry.is_file()) {
            let (first, last) = self.written.unwrap_or((day, day));
            self.written = Some((first.min(day), last.max(day)));
        }
    }
}
