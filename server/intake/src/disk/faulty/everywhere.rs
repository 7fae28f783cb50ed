//! A fault at every step of something, one after the other.

use std::io;

use rustix::io::Errno;

use super::{Faulty, Survives};

/// What a disk says of a step: it is broken, it is full, or this user may have no more of it.
const ERRORS: [Errno; 3] = [Errno::IO, Errno::NOSPC, Errno::DQUOT];

fn prepared(prepare: impl Fn(&Faulty)) -> Faulty {
    let disk = Faulty::new();
    prepare(&disk);
    disk.sync_all();
    disk
}

/// Does something on a disk that was prepared, cut at its every step, and shows each time whatever
/// can be found afterwards; the last time nothing was cut. `check` also hears whether it was said to
/// be done.
pub(crate) fn cut_everywhere(
    prepare: impl Fn(&Faulty),
    act: impl Fn(&Faulty) -> io::Result<()>,
    check: impl Fn(Faulty, bool),
) {
    let ready = prepared(prepare);
    for steps in 0.. {
        let disk = ready.after(Survives::Everything);
        disk.stop_after(steps);
        let done = act(&disk).is_ok();
        let whole = disk.unharmed();
        for left in disk.all_after() {
            check(left, done);
        }
        if whole {
            assert!(done && steps > 0, "uncut, it must be done");
            return;
        }
    }
}

/// The same, with one step that fails and a process that goes on: `act` is tried again. What it has
/// done then must also be there when the power goes.
pub(crate) fn fail_everywhere(
    prepare: impl Fn(&Faulty),
    act: impl Fn(&Faulty) -> io::Result<()>,
    check: impl Fn(&Faulty),
) {
    let ready = prepared(prepare);
    for error in ERRORS {
        for steps in 0.. {
            let disk = ready.after(Survives::Everything);
            disk.fail_with(error, steps);
            let first = act(&disk);
            if disk.unharmed() {
                assert!(first.is_ok() && steps > 0, "unharmed, it must be done");
                break;
            }
            if first.is_err() {
                act(&disk).unwrap();
            }
            check(&disk.after(Survives::Synced));
            check(&disk);
        }
    }
}

/// The same on a disk that is full from each point on, until there is room again.
pub(crate) fn fill_everywhere(
    prepare: impl Fn(&Faulty),
    act: impl Fn(&Faulty) -> io::Result<()>,
    check: impl Fn(&Faulty),
) {
    let ready = prepared(prepare);
    for growths in 0.. {
        let disk = ready.after(Survives::Everything);
        disk.fill_after(growths, ERRORS[1 + usize::try_from(growths % 2).unwrap()]);
        let first = act(&disk);
        let refused = disk.refused();
        disk.mend();
        if first.is_err() {
            assert!(refused > 0, "only a lack of room may end it");
            act(&disk).unwrap();
        }
        check(&disk.after(Survives::Synced));
        check(&disk);
        if refused == 0 {
            assert!(growths > 0, "it writes nothing");
            return;
        }
    }
}
