//! The last wall: what the kernel refuses this process before it reads its first input.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::RawFd;

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetError, Scope,
};
use nix::errno::Errno;
use nix::libc;
use nix::sys::mman::{MlockAllFlags, mlockall};
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

/// On x86-64 the kernel may take the calls of another convention under numbers with this bit.
#[cfg(target_arch = "x86_64")]
const X32: i64 = 0x4000_0000;
/// The numbers that x32 has of its own: execve, ptrace, process_vm_readv and writev, execveat,
/// recvfrom, sendmsg, recvmsg, sendmmsg, recvmmsg, ioctl.
#[cfg(target_arch = "x86_64")]
const X32_OWN: [i64; 11] = [520, 521, 539, 540, 545, 517, 518, 519, 538, 537, 514];

/// Calls that reach a network, another process, or around this filter.
const REFUSED: [i64; 34] = [
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_kexec_load,
    libc::SYS_finit_module,
];

/// What may not be asked of a terminal or another device: to take input as if a person had typed it,
/// TIOCSTI and the selection of TIOCLINUX; to let keys stand for other words, KDSKBENT and KDSKBSENT; to
/// get the console's output, TIOCCONS; to speak as a network's device, TIOCSETD. They have these numbers
/// on x86-64 and aarch64.
const REFUSED_REQUESTS: [u64; 6] = [0x5412, 0x541c, 0x4b47, 0x4b49, 0x541d, 0x5423];

/// The walls could not be raised: nothing was read.
#[derive(Debug)]
#[non_exhaustive]
pub enum GuardError {
    /// The kernel or the processor has no system call filter that this program can use.
    Filter(String),
    /// The descriptors that are open cannot be listed.
    Descriptors(io::Error),
    /// Core dumps cannot be forbidden.
    Dumps(io::Error),
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(why) => write!(
                f,
                "this system cannot keep the program away from the network ({why}): nothing was \
                 read. Use another machine, for instance Tails"
            ),
            Self::Descriptors(_) => {
                f.write_str("the open descriptors cannot be listed: is /proc mounted?")
            }
            Self::Dumps(_) => f.write_str("core dumps cannot be forbidden: nothing was read"),
        }
    }
}

impl core::error::Error for GuardError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Filter(_) => None,
            Self::Descriptors(error) | Self::Dumps(error) => Some(error),
        }
    }
}

/// Whether keys can reach a swap file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// All memory is locked, or there is nothing to swap to.
    Kept,
    /// The system does not let memory be locked, and it has swap space.
    MaySwap,
}

/// Raises the walls. From here on sockets, other processes and tracing fail; descriptors other
/// than 0 to 2 and those named are closed; there are no core dumps.
///
/// # Errors
/// [`GuardError`]: then the program must end.
pub fn enter(keep: &[RawFd]) -> Result<Memory, GuardError> {
    raise(keep, program)
}

/// Raises the same walls but for one call: this process can become a program, so that it can run
/// itself again as the child that looks at files. For a command that holds no key; whatever is
/// started stands behind these walls too.
///
/// # Errors
/// [`GuardError`]: then the program must end.
pub fn enter_to_look(keep: &[RawFd]) -> Result<Memory, GuardError> {
    raise(keep, || {
        filter(REFUSED.into_iter().filter(|call| *call != libc::SYS_execve))
    })
}

fn raise(
    keep: &[RawFd],
    program: impl FnOnce() -> Result<BpfProgram, GuardError>,
) -> Result<Memory, GuardError> {
    std::panic::set_hook(Box::new(|panic| {
        // The location only: a message could hold what was read.
        use std::io::Write as _;
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        drop(writeln!(
            io::stderr(),
            "knothole stopped at {place}: this is a fault of the program"
        ));
    }));
    close_inherited(keep)?;
    forbid_dumps()?;
    leave_others().map_err(|error| GuardError::Filter(error.to_string()))?;
    let program = program()?;
    seccompiler::apply_filter_all_threads(&program)
        .map_err(|error| GuardError::Filter(error.to_string()))?;
    Ok(lock_memory())
}

/// The filter, as the kernel takes it.
///
/// # Errors
/// [`GuardError::Filter`] on a processor that is not supported.
pub fn program() -> Result<BpfProgram, GuardError> {
    filter(REFUSED.into_iter())
}

fn filter(refused: impl Iterator<Item = i64>) -> Result<BpfProgram, GuardError> {
    compile(refused.collect()).map_err(|error| GuardError::Filter(error.to_string()))
}

fn compile(calls: BTreeSet<i64>) -> Result<BpfProgram, BackendError> {
    #[cfg(target_arch = "x86_64")]
    let calls: BTreeSet<i64> = calls
        .iter()
        .chain(&X32_OWN)
        .chain(&[libc::SYS_ioctl])
        .map(|call| call | X32)
        .chain(calls.iter().copied())
        .collect();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        calls.into_iter().map(|call| (call, Vec::new())).collect();
    let mut requests = Vec::new();
    for request in REFUSED_REQUESTS {
        // The kernel looks at the lower half of the request alone, and so does this.
        let (length, same) = (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq);
        let condition = SeccompCondition::new(1, length, same, request)?;
        requests.push(SeccompRule::new(vec![condition])?);
    }
    rules.insert(libc::SYS_ioctl, requests);
    let arch = std::env::consts::ARCH.try_into()?;
    // A call of a foreign architecture ends the process: seccompiler checks that first.
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()
}

/// Leaves other processes alone, where the kernel has Landlock: whoever is in a domain of it reaches
/// neither memory nor descriptors in `/proc` of a process outside, and from Linux 6.12 on sends it no
/// signal. What the rules themselves forbid, to make devices, is never done here anyway.
fn leave_others() -> Result<(), RulesetError> {
    let devices: BitFlags<AccessFs> = AccessFs::MakeChar | AccessFs::MakeBlock;
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(devices)?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(())
}

fn close_inherited(keep: &[RawFd]) -> Result<(), GuardError> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd").map_err(GuardError::Descriptors)? {
        let entry = entry.map_err(GuardError::Descriptors)?;
        if let Some(number) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        {
            open.push(number);
        }
    }
    for descriptor in open
        .into_iter()
        .filter(|open: &RawFd| *open > 2 && !keep.contains(open))
    {
        match nix::unistd::close(descriptor) {
            // The one that listed the others is closed already.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(errno) => return Err(GuardError::Descriptors(errno.into())),
        }
    }
    Ok(())
}

fn forbid_dumps() -> Result<(), GuardError> {
    let failed = |errno: Errno| GuardError::Dumps(errno.into());
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(failed)?;
    set_dumpable(false).map_err(failed)
}

fn lock_memory() -> Memory {
    let unbounded = nix::libc::RLIM_INFINITY;
    // Root of the whole machine may lift the limit; root of a container may not. It is no error if
    // it fails: then the next step does, or the limit suffices.
    if setrlimit(Resource::RLIMIT_MEMLOCK, unbounded, unbounded).is_err()
        && let Ok((_, hard)) = getrlimit(Resource::RLIMIT_MEMLOCK)
    {
        let _ = setrlimit(Resource::RLIMIT_MEMLOCK, hard, hard);
    }
    // A limit that is met later would end the program in the middle of its work, so memory to come
    // is locked only where there is none, or one beyond what an ordinary user has.
    let unlimited = getrlimit(Resource::RLIMIT_MEMLOCK)
        .is_ok_and(|(soft, _)| soft == unbounded || soft >= 1 << 30);
    let future = MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE;
    if unlimited && mlockall(future).is_ok() {
        return Memory::Kept;
    }
    if has_swap() {
        Memory::MaySwap
    } else {
        Memory::Kept
    }
}

/// Whether what lies in memory can reach a swap file. Where nobody can say, it can.
#[must_use]
pub fn has_swap() -> bool {
    // A header line alone means that there is none.
    std::fs::read_to_string("/proc/swaps").map_or(true, |swaps| swaps.lines().count() > 1)
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test walks through the filter step by step"
)]
mod tests;
