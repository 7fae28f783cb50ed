//! A fault at every step of something, one after the other.

use std::io;

use super::{Faulty, Survives};

/// Does something on a disk that was prepared, cut at its every step, and shows each time what is
/// found afterwards; the last time nothing was cut. `check` also hears whether it was said to be
/// done.
pub(crate) fn cut_everywhere(
    prepare: impl Fn(&Faulty),
    act: impl Fn(&Faulty) -> io::Result<()>,
    check: impl Fn(Faulty, bool),
) {
    for steps in 0.. {
        let disk = Faulty::new();
        prepare(&disk);
        disk.sync_all();
        disk.stop_after(steps);
        let done = act(&disk).is_ok();
        let whole = disk.unharmed();
        for survives in [Survives::Everything, Survives::Synced, Survives::Entries] {
            check(disk.after(survives), done);
        }
        if whole {
            assert!(done && steps > 0, "uncut, it must be done");
            return;
        }
    }
}

/// The same, with one step that fails and a process that goes on: `act` is tried again.
pub(crate) fn fail_everywhere(
    prepare: impl Fn(&Faulty),
    act: impl Fn(&Faulty) -> io::Result<()>,
    check: impl Fn(&Faulty),
) {
    for steps in 0.. {
        let disk = Faulty::new();
        prepare(&disk);
        disk.fail_after(steps);
        let first = act(&disk);
        if disk.unharmed() {
            assert!(first.is_ok() && steps > 0, "unharmed, it must be done");
            return;
        }
        if first.is_err() {
            act(&disk).unwrap();
        }
        check(&disk);
    }
}
