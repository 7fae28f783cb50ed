//! What is wrong with the disk, and from when on.

use std::io;

use rustix::io::Errno;

use super::loss::{Bytes, Loss, Part, Survives};
use super::{Faulty, Place};
use crate::uploads::lock;

#[derive(Debug, Default)]
pub(super) struct Faults {
    /// Steps that still succeed, and what happens then.
    step: Option<(u64, Fault)>,
    /// Looks that still succeed; the next one fails.
    look: Option<u64>,
    stopped: bool,
    /// Bytes and names that there is still room for, and the error after them.
    room: Option<(u64, Errno)>,
    /// How often there was no room.
    refused: u64,
    /// These, and what lies in them, can be neither opened, nor created, nor removed.
    spoilt: Vec<Place>,
    /// Steps so far.
    steps: u64,
}

/// What happens at the step that was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It fails, and so does everything after it.
    Stop,
    /// It alone fails.
    Fail(Errno),
}

impl Faults {
    /// Says that a step comes.
    pub(super) fn step(&mut self) -> io::Result<()> {
        self.running()?;
        self.steps += 1;
        match &mut self.step {
            Some((0, fault)) => {
                let fault = *fault;
                self.step = None;
                match fault {
                    Fault::Fail(error) => Err(error.into()),
                    Fault::Stop => {
                        self.stopped = true;
                        self.running()
                    }
                }
            }
            Some((left, _)) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Says that somebody looks.
    pub(super) fn look(&mut self) -> io::Result<()> {
        self.running()?;
        match &mut self.look {
            Some(0) => {
                self.look = None;
                Err(Errno::IO.into())
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Says that something is created or becomes longer.
    pub(super) fn growth(&mut self) -> io::Result<()> {
        match &mut self.room {
            Some((0, error)) => {
                self.refused += 1;
                Err((*error).into())
            }
            Some((left, _)) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(super) fn sound(&self, place: &Place) -> io::Result<()> {
        let folder = place.split().map(|(folder, _)| folder);
        if self.spoilt.contains(place) || folder.is_some_and(|folder| self.spoilt.contains(&folder))
        {
            return Err(Errno::IO.into());
        }
        Ok(())
    }

    fn running(&self) -> io::Result<()> {
        if self.stopped {
            return Err(io::Error::other("the disk was cut off"));
        }
        Ok(())
    }
}

impl Faulty {
    /// From now on nothing is created, and nothing becomes longer.
    pub(crate) fn fill(&self) {
        self.fill_after(0, Errno::NOSPC);
    }

    /// There is room for so many creations and lengthenings; from then on there is this error.
    pub(crate) fn fill_after(&self, growths: u64, error: Errno) {
        lock(&self.0).faults.room = Some((growths, error));
    }

    /// How often something found no room.
    pub(crate) fn refused(&self) -> u64 {
        lock(&self.0).faults.refused
    }

    /// From now on this file, or no file of this folder, can be opened, created or removed.
    pub(crate) fn spoil(&self, place: &Place) {
        lock(&self.0).faults.spoilt.push(place.clone());
    }

    /// It works again.
    pub(crate) fn mend(&self) {
        let faults = &mut lock(&self.0).faults;
        faults.spoilt.clear();
        (faults.room, faults.step, faults.look) = (None, None, None);
    }

    /// From now on so many steps succeed; the next one fails, and everything after it.
    pub(crate) fn stop_after(&self, steps: u64) {
        lock(&self.0).faults.step = Some((steps, Fault::Stop));
    }

    /// From now on so many steps succeed; the next one fails with EIO.
    pub(crate) fn fail_after(&self, steps: u64) {
        self.fail_with(Errno::IO, steps);
    }

    /// The same with this error.
    pub(crate) fn fail_with(&self, error: Errno, steps: u64) {
        lock(&self.0).faults.step = Some((steps, Fault::Fail(error)));
    }

    /// So many looks at files and folders succeed; the next one fails with EIO.
    pub(crate) fn blind_after(&self, looks: u64) {
        lock(&self.0).faults.look = Some(looks);
    }

    /// Whether the fault that was asked for has not happened.
    pub(crate) fn unharmed(&self) -> bool {
        let faults = &lock(&self.0).faults;
        faults.step.is_some() || faults.look.is_some()
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> u64 {
        lock(&self.0).faults.steps
    }

    /// Everything that was ever written is on the disk, whatever failed before.
    pub(crate) fn sync_all(&self) {
        lock(&self.0).tree.keep_everything();
    }

    /// Another disk, with what is found on this one after the cut.
    pub(crate) fn after(&self, survives: Survives) -> Self {
        let (changes, bytes) = match survives {
            // What was not synced can still be lost when the power goes later.
            Survives::Everything => return Self::of(lock(&self.0).tree.clone()),
            Survives::Synced => (0, Bytes::None),
            Survives::Entries => (u64::MAX, Bytes::None),
            Survives::Part(part) => (part.changes, part.bytes),
        };
        let mut loss = Loss::new(Part { changes, bytes });
        let left = lock(&self.0).tree.after(&mut loss);
        Self::of(left)
    }

    /// Every disk that can be found after a cut now, each once: that of a killed process first, then
    /// those of a loss of power. All orders of the changes of folders are among them while few are
    /// pending, and some ways to tear what was written.
    pub(crate) fn all_after(&self) -> Vec<Self> {
        let (pending, written) = {
            let tree = &lock(&self.0).tree;
            (tree.pending_changes(), tree.has_pending_bytes())
        };
        let killed = self.after(Survives::Everything);
        let mut found: Vec<Self> = Vec::new();
        for part in parts(pending, written) {
            let left = self.after(Survives::Part(part));
            let same = |other: &Self| {
                let other = &lock(&other.0).tree;
                lock(&left.0).tree.shows_the_same_as(other)
            };
            if !found.iter().any(same) {
                found.push(left);
            }
        }
        if pending > 0 || written {
            found.insert(0, killed);
        }
        found
    }
}

/// Changes of folders at once of which all selections are tried: 16 of them.
const TRIED_IN_ALL_ORDERS: usize = 4;

/// The parts of what is pending that are tried.
fn parts(pending: usize, written: bool) -> impl Iterator<Item = Part> {
    let few = pending <= TRIED_IN_ALL_ORDERS;
    let selections = if few { 1_u64 << pending } else { 16 };
    let selection = move |number: u64| match number {
        _ if few => number,
        0 => 0,
        1 => u64::MAX,
        // Bits that look like chance, the same in every run.
        _ => number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23),
    };
    (0..selections).flat_map(move |number| {
        let torn = [Bytes::Torn(number), Bytes::Torn(number + 100)];
        let bytes = [Bytes::None, Bytes::All].into_iter().chain(torn);
        let bytes = bytes.take(if written { 4 } else { 1 });
        bytes.map(move |bytes| Part {
            changes: selection(number),
            bytes,
        })
    })
}
