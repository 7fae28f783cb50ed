//! What is put out in a film, where it stands.

use super::atom::Atom;
use super::{Seen, time, version};
use crate::finding::What;
use crate::plan::{Plan, PlanError, PlanMaker};
use crate::source::{Gone, ReadAt};

/// Changes of a file that keep its length, and where it is cut off.
#[derive(Debug, Default)]
pub(crate) struct Edits {
    changes: Vec<(u64, Change)>,
    cut: Option<u64>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Zeros up to here.
    Zero(u64),
    /// This name.
    Name([u8; 4]),
}

impl Edits {
    /// Makes an atom one that is unused and empty.
    pub(crate) fn blank(&mut self, atom: &Atom) {
        // What was to change in it does not matter any more.
        self.changes
            .retain(|(at, _)| *at < atom.begin || *at >= atom.end);
        let name = atom.begin.saturating_add(4);
        self.changes.push((name, Change::Name(*b"free")));
        self.zero(atom.body, atom.end);
    }

    /// Zeros from here to there.
    pub(crate) fn zero(&mut self, from: u64, to: u64) {
        if from < to {
            self.changes.push((from, Change::Zero(to)));
        }
    }

    /// Nothing from here on.
    pub(crate) fn cut(&mut self, from: u64) {
        self.cut = Some(from);
    }

    /// The plan, if no change stands in another's way.
    ///
    /// # Errors
    /// [`PlanError`].
    pub(crate) fn plan(mut self, length: u64) -> Result<Plan, PlanError> {
        let outside = PlanError::Outside;
        self.changes.sort_unstable();
        let mut plan = PlanMaker::default();
        let mut at = 0_u64;
        for (begin, change) in self.changes {
            plan.keep(at, begin.checked_sub(at).ok_or(outside)?);
            at = match change {
                Change::Zero(end) => {
                    plan.zeros(end.checked_sub(begin).ok_or(outside)?);
                    end
                }
                Change::Name(name) => {
                    plan.put(&name);
                    begin.checked_add(4).ok_or(outside)?
                }
            };
        }
        let end = self.cut.unwrap_or(length);
        plan.keep(at, end.checked_sub(at).ok_or(outside)?);
        plan.finish(length)
    }
}

/// Tells the times of a head (mvhd, tkhd, mdhd) and puts them out.
pub(crate) fn put_out_times(
    file: &impl ReadAt,
    atom: &Atom,
    edits: &mut Edits,
    seen: &mut Seen,
) -> Result<(), Gone> {
    let long = version(file, atom)? == 1;
    let made = if long {
        u64::from_be_bytes(atom.array(file, 4)?)
    } else {
        atom.number(file, 4)?
    };
    if let Some(time) = time(made) {
        seen.say(What::Time, &time);
    }
    edits.zero(atom.place(4)?, atom.place(if long { 20 } else { 12 })?);
    Ok(())
}
