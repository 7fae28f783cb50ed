//! What keeps the process from telling about itself.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::panic;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::sys::sysinfo::sysinfo;
use rustix::mm::MlockAllFlags;
use tracing_subscriber::EnvFilter;

/// Forbids core dumps and foreign eyes, makes new files private, and lets a panic tell no more
/// than where it happened.
///
/// # Errors
/// When the system refuses: then the process must not go on.
pub(crate) fn fall_silent() -> std::io::Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    empty_dumps();
    prctl::set_dumpable(false)?;
    prctl::set_no_new_privs()?;
    // A server that began anew is known to the system by the path that it took to itself.
    prctl::set_name(c"knothole-server")?;
    umask(Mode::from_bits_truncate(0o077));
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!("{}:{}", at.file(), at.line()));
        drop(writeln!(std::io::stderr(), "panic at {place}"));
    }));
    Ok(())
}

/// Leaves all memory out of a dump that root forces all the same (core(5)). Where /proc is not to be
/// written to, there are the other two hindrances.
fn empty_dumps() {
    drop(
        OpenOptions::new()
            .write(true)
            .open("/proc/self/coredump_filter")
            .and_then(|mut filter| filter.write_all(b"0")),
    );
}

/// Whether the onions' keys can reach a disk by way of swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Everything stays where it is.
    Kept,
    /// There is swap, and this process may not lock as much as it will use.
    MaySwap,
}

/// Locks what is in memory and what will come, page by page as it is used, where `swap` is on.
pub(crate) fn keep_memory(swap: Swap) -> Memory {
    if swap == Swap::Off {
        return Memory::Kept;
    }
    let unbounded = nix::libc::RLIM_INFINITY;
    // A limit that is met later would end the server in the middle of its work: so none, as a unit can
    // have it, or no allowance at all, with which it works for those who need none (CAP_IPC_LOCK).
    let lifted = setrlimit(Resource::RLIMIT_MEMLOCK, unbounded, unbounded)
        .or_else(|_| {
            let (soft, hard) = getrlimit(Resource::RLIMIT_MEMLOCK)?;
            let soft = if soft == unbounded { soft } else { 0 };
            setrlimit(Resource::RLIMIT_MEMLOCK, soft, hard)
        })
        .is_ok();
    let pages = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    if lifted && rustix::mm::mlockall(pages).is_ok() {
        Memory::Kept
    } else {
        Memory::MaySwap
    }
}

/// Whether the system writes memory to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Swap {
    /// It does, or nobody can say.
    On,
    /// It has nowhere to write to.
    Off,
}

impl Swap {
    /// The kernel is asked, and not /proc, which a unit may hide.
    pub(crate) fn of_this_machine() -> Self {
        match sysinfo() {
            Ok(machine) if machine.swap_total() == 0 => Self::Off,
            _ => Self::On,
        }
    }
}

/// Lets the process open as many files and connections as the system allows it: with fewer a crowd
/// would take the last one, and the store needs one for every step.
///
/// # Errors
/// When the system refuses.
pub(crate) fn take_all_descriptors() -> std::io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(())
}

/// Logs events of the server, without times, and only errors of arti unless `tor` says more.
pub(crate) fn start_log(tor: Option<&str>) {
    let tor = tor.unwrap_or("error");
    let filter = EnvFilter::try_new(format!("{tor},knothole_server=info,knothole_intake=info"))
        .unwrap_or_else(|_| EnvFilter::new("error"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .finish();
    // A second call, in tests, changes nothing.
    drop(tracing::subscriber::set_global_default(subscriber));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_is_swap_memory_is_locked_or_it_is_said_that_it_cannot_be() {
        let locked = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
            line.unwrap().trim() != "0 kB"
        };
        assert_eq!(keep_memory(Swap::Off), Memory::Kept);
        assert!(!locked());
        assert_eq!(keep_memory(Swap::On) == Memory::Kept, locked());
        if rustix::process::geteuid().is_root() {
            assert!(locked());
        }
    }
}
