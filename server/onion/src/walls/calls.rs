//! Which calls the kernel takes from the server: seccomp.
//!
//! The lists name what is allowed; everything else fails with EPERM. They are wider than what was
//! seen: a rare branch of the C library should not be what stops a drop-box.

mod lists;

use std::collections::BTreeMap;
use std::fmt;

use nix::errno::Errno;
use nix::libc;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

use super::Neighbours;

/// A call that does not exist behind the walls, so that who wants it looks for another way: no filter
/// can see its flags.
const ABSENT: i64 = libc::SYS_clone3;

/// The call by which [`are_filtered`] knows the walls, and what it fails with there: no error of Linux
/// has this number. A missing call would be no sign: other filters, those of containers among them,
/// say of much that it is missing.
const SIGN: (i64, i32) = (libc::SYS_chroot, 3913);

/// Whether this process stands behind the filter. Changing the root to an unnamed place fails
/// everywhere.
pub(super) fn are_filtered() -> bool {
    nix::unistd::chroot("").is_err() && Errno::last_raw() == SIGN.1
}

/// Raises the filter around all threads of this process and whatever they start.
///
/// # Errors
/// [`FilterError`].
pub(super) fn filter(neighbours: &Neighbours) -> Result<(), FilterError> {
    // The last list does not let a filter be added. Of several refusals the newest counts.
    let programs = [
        failing(ABSENT, libc::ENOSYS)?,
        failing(SIGN.0, SIGN.1)?,
        present(neighbours)?,
    ];
    for program in programs {
        seccompiler::apply_filter_all_threads(&program).map_err(FilterError::Refused)?;
    }
    Ok(())
}

fn failing(call: i64, errno: i32) -> Result<BpfProgram, BackendError> {
    let rules = Rules::from([(call, Vec::new())]);
    compile(rules, SeccompAction::Allow, fails_with(errno))
}

fn present(neighbours: &Neighbours) -> Result<BpfProgram, BackendError> {
    let refused = fails_with(libc::EPERM);
    match neighbours {
        // Who can say what a foreign program calls? What it should not, at least.
        Neighbours::Transports(_) => {
            let rules = lists::FOREIGN_REFUSED
                .iter()
                .map(|call| (*call, Vec::new()))
                .collect();
            compile(rules, SeccompAction::Allow, refused)
        }
        Neighbours::Tor | Neighbours::Relays => {
            compile(allowed(neighbours)?, refused, SeccompAction::Allow)
        }
    }
}

/// What is asked of a call's arguments; one of several rules must hold, and all of its conditions.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn allowed(neighbours: &Neighbours) -> Result<Rules, BackendError> {
    let mut rules: Rules = lists::ALLOWED
        .iter()
        .flat_map(|list| list.iter())
        .chain(&[ABSENT, SIGN.0])
        .map(|call| (*call, Vec::new()))
        .collect();
    rules.insert(libc::SYS_clone, vec![thread()?]);
    rules.insert(libc::SYS_ioctl, any_of(1, &lists::REQUESTS)?);
    rules.insert(libc::SYS_prctl, names_and_silence()?);
    rules.insert(libc::SYS_prlimit64, any_of(0, &[0])?);
    let myself = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, any_of(0, &[myself])?);
    let mut memory = vec![rule([is(2, number(libc::PROT_EXEC), 0)?])?];
    if *neighbours == Neighbours::Relays {
        let unix = any_of(0, &[number(libc::AF_UNIX)])?;
        rules.insert(libc::SYS_socketpair, unix.clone());
        rules.insert(libc::SYS_socket, [unix, streams()?].concat());
        let outward = lists::OUTWARD.iter().map(|call| (*call, Vec::new()));
        rules.extend(outward);
        // Memory may be written or run, not both; arti's proof of work compiles its puzzles.
        memory.push(rule([is(2, number(libc::PROT_WRITE), 0)?])?);
        // Landlock says which program: this one, to begin anew.
        rules.insert(libc::SYS_execve, Vec::new());
    } else {
        rules.insert(libc::SYS_socketpair, vec![waiting_stream()?]);
        rules.insert(libc::SYS_socket, vec![waiting_stream()?]);
        rules.insert(libc::SYS_sendto, vec![to_no_name()?]);
    }
    rules.insert(libc::SYS_mmap, memory.clone());
    rules.insert(libc::SYS_mprotect, memory);
    Ok(rules)
}

/// A Unix socket that reaches nobody by a name: a datagram could be sent to any, without a connection.
fn waiting_stream() -> Result<SeccompRule, BackendError> {
    rule([
        is(0, WHOLE, number(libc::AF_UNIX))?,
        is(1, TYPE, number(libc::SOCK_STREAM))?,
    ])
}

/// Sending to whom the socket is connected with, as to the service manager.
fn to_no_name() -> Result<SeccompRule, BackendError> {
    let address = SeccompCondition::new(4, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    rule([address])
}

/// A thread of this process, in the same namespaces.
fn thread() -> Result<SeccompRule, BackendError> {
    let thread = number(libc::CLONE_THREAD);
    let namespaces = lists::NAMESPACES
        .iter()
        .fold(0, |all, flag| all | number(*flag));
    rule([is(0, thread | namespaces, thread)?])
}

/// TCP to anywhere: Landlock keeps the server from waiting at a port. No datagrams, nothing raw.
fn streams() -> Result<Vec<SeccompRule>, BackendError> {
    let mut rules = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        for protocol in [0, libc::IPPROTO_TCP] {
            rules.push(rule([
                is(0, WHOLE, number(family))?,
                is(1, TYPE, number(libc::SOCK_STREAM))?,
                is(2, WHOLE, number(protocol))?,
            ])?);
        }
    }
    Ok(rules)
}

/// The names of threads and of memory, and what makes a new start as silent as the first.
fn names_and_silence() -> Result<Vec<SeccompRule>, BackendError> {
    let mut rules = any_of(0, &lists::OPTIONS.map(number))?;
    rules.push(rule([
        is(0, WHOLE, number(libc::PR_SET_DUMPABLE))?,
        is(1, WHOLE, 0)?,
    ])?);
    Ok(rules)
}

/// The type of a socket without its flags, `SOCK_TYPE_MASK` in the kernel.
const TYPE: u64 = 0xf;

/// All bits that the kernel looks at in an argument of type `int`.
const WHOLE: u64 = 0xffff_ffff;

/// The argument's bits in `mask` are those of `value`.
fn is(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(
        argument,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(mask),
        value,
    )
}

fn rule<const N: usize>(conditions: [SeccompCondition; N]) -> Result<SeccompRule, BackendError> {
    SeccompRule::new(conditions.into())
}

fn any_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, BackendError> {
    values
        .iter()
        .map(|value| rule([is(argument, WHOLE, *value)?]))
        .collect()
}

/// A constant of the system, none of which is negative.
fn number(constant: i32) -> u64 {
    constant.unsigned_abs().into()
}

fn fails_with(errno: i32) -> SeccompAction {
    SeccompAction::Errno(errno.unsigned_abs())
}

/// Calls of another architecture end the process: seccompiler has the kernel check that first.
fn compile(
    rules: Rules,
    otherwise: SeccompAction,
    matched: SeccompAction,
) -> Result<BpfProgram, BackendError> {
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, otherwise, matched, architecture)?.try_into()
}

/// There is no filter.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum FilterError {
    /// The lists make no filter for this processor.
    Backend(BackendError),
    /// The kernel does not take it.
    Refused(seccompiler::Error),
}

impl From<BackendError> for FilterError {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Backend(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FilterError {}
