//! What keeps other programs, and crashes, from what this process holds in memory.

use std::io::Write as _;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// Forbids core dumps and debuggers of the same user, locks memory where the system lets it, and
/// makes a panic tell its place and nothing else.
pub(crate) fn harden() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Each of these is worth having without the others; nothing here can be repaired by a source.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    lock_memory();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location();
        let (file, line) = place.map_or(("?", 0), |place| (place.file(), place.line()));
        // A panic's text may hold what a source wrote.
        drop(writeln!(
            std::io::stderr(),
            "This program stopped at {file}:{line}: a fault of its own"
        ));
    }));
}

/// Locks all memory, as it is used, but only where no limit stands in the way: with a limit, the
/// allocation that crosses it would end the process in the middle of an upload.
fn lock_memory() {
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    let free = getrlimit(Resource::Memlock).current.is_none()
        || setrlimit(Resource::Memlock, unlimited).is_ok();
    if free {
        let _ = mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT);
    }
}
