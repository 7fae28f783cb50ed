//! The exit code of a command that does several things, some of which may fail.

use crate::failure::Exit;

/// What was done, and what was not.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    done: usize,
    failed: Vec<Exit>,
}

impl Tally {
    pub(crate) const fn done(&mut self) {
        self.done = self.done.saturating_add(1);
    }

    pub(crate) fn failed(&mut self, exit: Exit) {
        self.failed.push(exit);
    }

    /// All, some, or why nothing.
    pub(crate) fn exit(&self) -> Exit {
        match self.failed.split_first() {
            None => Exit::Done,
            Some(_) if self.done > 0 => Exit::Partly,
            Some((first, others)) if others.iter().all(|other| other == first) => *first,
            Some(_) => Exit::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_all_some_or_why_nothing() {
        let mut tally = Tally::default();
        assert_eq!(tally.exit(), Exit::Done);
        tally.failed(Exit::OtherKeys);
        tally.failed(Exit::OtherKeys);
        assert_eq!(tally.exit(), Exit::OtherKeys);
        tally.failed(Exit::MoreVaults);
        assert_eq!(tally.exit(), Exit::Refused);
        tally.done();
        assert_eq!(tally.exit(), Exit::Partly);
    }
}
