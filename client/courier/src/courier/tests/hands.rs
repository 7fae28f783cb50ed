//! Hands that pull a stick, and sticks that are small.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stick::{Hand, Step};

/// Fails at the step with this number, counted from 0, and at every step after it.
#[derive(Debug)]
pub(super) struct Pull {
    at: usize,
    steps: AtomicUsize,
}

impl Pull {
    pub(super) fn at(step: usize) -> Self {
        Self {
            at: step,
            steps: AtomicUsize::new(0),
        }
    }

    /// Whether it has come to that.
    pub(super) fn has_pulled(&self) -> bool {
        self.steps.load(Ordering::Relaxed) > self.at
    }
}

impl Hand for Pull {
    fn step(&self, _: Step) -> io::Result<()> {
        if self.steps.fetch_add(1, Ordering::Relaxed) >= self.at {
            Err(io::Error::other("pulled"))
        } else {
            Ok(())
        }
    }
}

/// The medium runs full at this write, counted from 0, whatever it said before.
#[derive(Debug)]
pub(super) struct FullAt {
    pub(super) write: usize,
    pub(super) writes: AtomicUsize,
}

impl Hand for FullAt {
    fn step(&self, step: Step) -> io::Result<()> {
        if step == Step::Write && self.writes.fetch_add(1, Ordering::Relaxed) >= self.write {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

/// A medium that gives back other bytes than were written to it.
#[derive(Debug)]
pub(super) struct Forgetful(pub(super) PathBuf);

impl Hand for Forgetful {
    fn step(&self, step: Step) -> io::Result<()> {
        if step == Step::ReadAgain {
            for folder in std::fs::read_dir(&self.0)? {
                for file in std::fs::read_dir(folder?.path())? {
                    let path = file?.path();
                    let mut bytes = std::fs::read(&path)?;
                    bytes[70_000] ^= 1;
                    std::fs::write(&path, bytes)?;
                }
            }
        }
        Ok(())
    }
}

/// Sticks of these sizes.
#[derive(Debug)]
pub(super) struct Small(pub(super) BTreeMap<PathBuf, u64>);

impl Hand for Small {
    fn step(&self, _: Step) -> io::Result<()> {
        Ok(())
    }

    fn room(&self, stick: &Path, _: u64) -> u64 {
        self.0[stick].saturating_sub(used(stick))
    }
}

fn used(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                used(&path)
            } else {
                path.metadata().unwrap().len()
            }
        })
        .sum()
}
