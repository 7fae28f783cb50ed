//! What the kernel keeps the child from, before it reads the first byte of a hostile file.

use std::collections::BTreeMap;
use std::fmt;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetStatus, Scope,
};
use nix::errno::Errno;
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use crate::finding::numbered;

/// The memory that the child may use.
const MEMORY: u64 = 192 << 20;
/// The addresses that the child may use; the program itself takes some of them.
const ADDRESSES: u64 = 2 << 30;

numbered! {
    /// What the kernel keeps the child from.
    Walls {
        /// Landlock and the filter of system calls.
        Both = 1, "Landlock and seccomp";
        /// The filter of system calls alone: this kernel has no Landlock.
        FilterOnly = 2, "seccomp alone: this kernel has no Landlock";
    }
}

/// What the child may still ask of the kernel, whatever the arguments.
const ALLOWED: [i64; 25] = [
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_fstat,
    libc::SYS_statx,
    libc::SYS_lseek,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_brk,
    libc::SYS_madvise,
    libc::SYS_futex,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_getrandom,
    libc::SYS_sched_yield,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_sched_getaffinity,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
];

/// Raises the walls around this process, which may use so many seconds of the processor.
///
/// # Errors
/// [`WallsError`]: then nothing may be read.
pub fn raise(seconds: u64) -> Result<Walls, WallsError> {
    close_all_but_the_pipe()?;
    // Whoever asked is gone: nobody will kill this process any more.
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(WallsError::System)?;
    prctl::set_dumpable(false).map_err(WallsError::System)?;
    for (resource, bound) in [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_DATA, MEMORY),
        (Resource::RLIMIT_AS, ADDRESSES),
        (Resource::RLIMIT_CPU, seconds),
        (Resource::RLIMIT_FSIZE, 0),
        (Resource::RLIMIT_NPROC, 0),
    ] {
        setrlimit(resource, bound, bound).map_err(WallsError::System)?;
    }
    let walls = landlock().map_err(|error| WallsError::Landlock(error.to_string()))?;
    // After Landlock, which takes its rules through a descriptor.
    setrlimit(Resource::RLIMIT_NOFILE, 3, 3).map_err(WallsError::System)?;
    let filter = filter().map_err(|error| WallsError::Filter(error.to_string()))?;
    seccompiler::apply_filter_all_threads(&filter)
        .map_err(|error| WallsError::Filter(error.to_string()))?;
    Ok(walls)
}

/// Closes every descriptor but 0 to 2: the file, the pipe, and the place where faults are told.
fn close_all_but_the_pipe() -> Result<(), WallsError> {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")
        .map_err(|_| WallsError::Descriptors)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in open {
        match nix::unistd::close(number) {
            // The one that listed the others is closed already.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(_) => return Err(WallsError::Descriptors),
        }
    }
    Ok(())
}

/// No file, no network, no signal to another: everything that this kernel's Landlock knows.
fn landlock() -> Result<Walls, landlock::RulesetError> {
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(match status.ruleset {
        RulesetStatus::NotEnforced => Walls::FilterOnly,
        _ => Walls::Both,
    })
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    let argument = |index, operation, value| {
        SeccompCondition::new(index, SeccompCmpArgLen::Dword, operation, value)
    };
    // Only to the pipe, and to where a fault is told.
    rules.insert(
        libc::SYS_write,
        vec![
            SeccompRule::new(vec![argument(0, SeccompCmpOp::Eq, 1)?])?,
            SeccompRule::new(vec![argument(0, SeccompCmpOp::Eq, 2)?])?,
        ],
    );
    // Never memory that can be run, and never a file's.
    let runs = u64::from(libc::PROT_EXEC.unsigned_abs());
    let anonymous = u64::from(libc::MAP_ANONYMOUS.unsigned_abs());
    let still = || argument(2, SeccompCmpOp::MaskedEq(runs), 0);
    rules.insert(
        libc::SYS_mmap,
        vec![SeccompRule::new(vec![
            still()?,
            argument(3, SeccompCmpOp::MaskedEq(anonymous), anonymous)?,
        ])?],
    );
    rules.insert(libc::SYS_mprotect, vec![SeccompRule::new(vec![still()?])?]);
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(
        rules,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        arch,
    )?
    .try_into()
}

/// The walls are not up.
#[derive(Debug)]
#[non_exhaustive]
pub enum WallsError {
    /// The open descriptors cannot be closed.
    Descriptors,
    /// The system does not take a bound.
    System(Errno),
    /// Landlock is there, and does not take the rules.
    Landlock(String),
    /// The system does not take the filter.
    Filter(String),
}

impl fmt::Display for WallsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Descriptors => f.write_str("the open descriptors cannot be closed"),
            Self::System(errno) => write!(f, "the system does not take a bound ({errno})"),
            Self::Landlock(why) => write!(f, "Landlock does not take the rules ({why})"),
            Self::Filter(why) => write!(f, "the system does not take the filter ({why})"),
        }
    }
}

impl std::error::Error for WallsError {}
