//! What is put out in a film, where it stands.

use super::Seen;
use super::atom::Atom;
use crate::finding::{Limit, What};
use crate::plan::{Plan, PlanError, PlanMaker};
use crate::source::{Gone, ReadAt, take};

/// Changes of a file that keep its length, and where it is cut off.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    changes: Vec<(u64, Change)>,
    cut: Option<u64>,
    has_unknown: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Zeros up to here.
    Zero(u64),
    /// These bytes.
    New(Vec<u8>),
}

impl Edits {
    /// Makes an atom one that is unused and empty.
    pub(crate) fn blank(&mut self, atom: &Atom) {
        let name = atom.begin.saturating_add(4);
        self.put(name, b"free".to_vec());
        self.zero(atom.body, atom.end);
    }

    /// Zeros from here to there.
    pub(crate) fn zero(&mut self, from: u64, to: u64) {
        if from < to {
            self.changes.push((from, Change::Zero(to)));
        }
    }

    /// These bytes, in the place of as many.
    pub(crate) fn put(&mut self, at: u64, bytes: Vec<u8>) {
        self.changes.push((at, Change::New(bytes)));
    }

    /// These bytes at this place, where others stand.
    pub(crate) fn exact(&mut self, file: &impl ReadAt, at: u64, bytes: &[u8]) -> Result<(), Gone> {
        let length = u64::try_from(bytes.len()).map_err(|_| Gone)?;
        if take(file, at, length)? != bytes {
            self.put(at, bytes.to_vec());
        }
        Ok(())
    }

    /// Zeros from here to there, where numbers stand that no player needs.
    pub(crate) fn quiet(&mut self, file: &impl ReadAt, from: u64, to: u64) -> Result<(), Gone> {
        let bytes = take(file, from, to.saturating_sub(from))?;
        if bytes.iter().any(|byte| *byte != 0) {
            self.zero(from, to);
        }
        Ok(())
    }

    /// These bytes in the place of the first so many of an atom's body, and nothing behind them.
    pub(crate) fn anew(
        &mut self,
        file: &impl ReadAt,
        atom: &Atom,
        bytes: &[u8],
        read: u64,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        let length = u64::try_from(bytes.len()).map_err(|_| Gone)?;
        self.exact(file, atom.body, bytes)?;
        self.quiet(file, atom.place(length)?, atom.place(read)?)?;
        self.fit(file, atom, read, seen)
    }

    /// Tells that there is something where nothing has to be, and zeros it.
    pub(crate) fn spare(
        &mut self,
        file: &impl ReadAt,
        from: u64,
        to: u64,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        let bytes = take(file, from, to.saturating_sub(from))?;
        if bytes.iter().any(|byte| *byte != 0) {
            seen.say(What::Other, "something in a place that is marked as unused");
            self.zero(from, to);
        }
        Ok(())
    }

    /// Nothing stands in an atom behind so much of its body.
    pub(crate) fn fit(
        &mut self,
        file: &impl ReadAt,
        atom: &Atom,
        length: u64,
        seen: &mut Seen,
    ) -> Result<(), Gone> {
        match atom.place(length) {
            Ok(end) => self.spare(file, end, atom.end, seen),
            // Players know best what to do with one that is too short.
            Err(Gone) => Ok(()),
        }
    }

    /// The atoms of a list, and nothing behind them.
    pub(crate) fn children(
        &mut self,
        file: &impl ReadAt,
        from: u64,
        to: u64,
        seen: &mut Seen,
    ) -> Result<Vec<Atom>, Gone> {
        let atoms = Atom::between(file, from, to)?;
        let end = atoms.last().map_or(from, |last| last.end);
        self.spare(file, end, to, seen)?;
        Ok(atoms)
    }

    /// Tells that something is there that is not understood, or not as it has to be.
    pub(crate) fn unknown(&mut self, seen: &mut Seen) {
        self.has_unknown = true;
        seen.limit(Limit::Partly);
    }

    /// Whether that was told.
    pub(crate) fn has_unknown(&self) -> bool {
        self.has_unknown
    }

    /// Sees that each of these names is there once at most: of two, players differ about which one
    /// counts.
    pub(crate) fn once(&mut self, atoms: &[Atom], names: &[&[u8; 4]], seen: &mut Seen) {
        let count = |name: &[u8; 4]| atoms.iter().filter(|atom| &atom.name == name).count();
        if names.iter().any(|name| count(name) > 1) {
            self.unknown(seen);
        }
    }

    /// Nothing from here on.
    pub(crate) fn cut(&mut self, from: u64) {
        self.cut = Some(from);
    }

    /// The plan, if no change stands in another's way. What was to change inside of what is put out
    /// as a whole does not matter any more.
    ///
    /// # Errors
    /// [`PlanError`].
    pub(crate) fn plan(mut self, length: u64) -> Result<Plan, PlanError> {
        let outside = PlanError::Outside;
        self.changes.sort_unstable();
        let mut plan = PlanMaker::default();
        let mut at = 0_u64;
        let mut in_zeros = false;
        for (begin, change) in self.changes {
            let end = match &change {
                Change::Zero(end) => *end,
                Change::New(bytes) => u64::try_from(bytes.len())
                    .ok()
                    .and_then(|length| begin.checked_add(length))
                    .ok_or(outside)?,
            };
            if in_zeros && end <= at {
                continue;
            }
            match change {
                Change::Zero(_) if in_zeros && begin < at => {
                    plan.zeros(end.checked_sub(at).ok_or(outside)?);
                }
                Change::Zero(_) => {
                    plan.keep(at, begin.checked_sub(at).ok_or(outside)?);
                    plan.zeros(end.checked_sub(begin).ok_or(outside)?);
                    in_zeros = true;
                }
                Change::New(bytes) => {
                    plan.keep(at, begin.checked_sub(at).ok_or(outside)?);
                    plan.put(&bytes);
                    in_zeros = false;
                }
            }
            at = end;
        }
        let end = self.cut.unwrap_or(length);
        plan.keep(at, end.checked_sub(at).ok_or(outside)?);
        plan.finish(length)
    }
}
