//! What keeps the process from telling about itself.

use std::io::{self, Write as _};
use std::panic;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};

/// Forbids core dumps and foreign eyes, keeps memory out of swap where the system allows it, and
/// lets a panic tell no more than where it happened.
///
/// # Errors
/// When the system refuses to forbid core dumps: then the process must not go on.
pub(crate) fn fall_silent() -> io::Result<()> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, nothing)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        drop(writeln!(io::stderr(), "panic at {place}"));
    }));
    lock_memory();
    Ok(())
}

/// Locks all memory where there is no limit to it. Under a limit it must not be tried: it would
/// succeed now and make an allocation fail later.
fn lock_memory() {
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    if unlimited || rustix::process::geteuid().is_root() {
        // Where it is refused, what is left is that no core is dumped and no file is written.
        let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
        let _ = mlockall(all);
    }
}
