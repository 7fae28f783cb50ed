use seccompiler::sock_filter;

use super::*;

const ALLOW: u32 = 0x7fff_0000;
const REFUSE: u32 = 0x0005_0000 | libc::EPERM.unsigned_abs();

#[cfg(target_arch = "x86_64")]
const OURS: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const OURS: u32 = 0xc000_00b7;
/// i386, whose call numbers mean other calls.
const FOREIGN: u32 = 0x4000_0003;

/// What the kernel would do: classic BPF, as much of it as the filter uses.
fn answer(program: &[sock_filter], arch: u32, call: i64) -> u32 {
    answer_to(program, arch, call, 0)
}

/// As [`answer`]; the call's second argument is this.
fn answer_to(program: &[sock_filter], arch: u32, call: i64, second: u64) -> u32 {
    let halves = [second & 0xffff_ffff, second >> 32].map(|half| u32::try_from(half).unwrap());
    let call = u32::try_from(call).unwrap();
    let (mut place, mut held) = (0_usize, 0_u32);
    loop {
        let step = &program[place];
        place += 1;
        let holds = match step.code {
            0x20 => {
                held = match step.k {
                    0 => call,
                    4 => arch,
                    24 => halves[0],
                    28 => halves[1],
                    other => panic!("the filter looks at byte {other}"),
                };
                continue;
            }
            0x06 => return step.k,
            0x05 => {
                place += usize::try_from(step.k).unwrap();
                continue;
            }
            0x15 => held == step.k,
            0x25 => held > step.k,
            0x35 => held >= step.k,
            other => panic!("the filter has code {other:#x}"),
        };
        place += usize::from(if holds { step.jt } else { step.jf });
    }
}

#[test]
fn every_call_that_reaches_a_network_or_another_process_is_refused() {
    let program = program().unwrap();
    for call in REFUSED {
        assert_eq!(answer(&program, OURS, call), REFUSE, "{call}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn the_same_calls_are_refused_in_the_other_convention_of_the_processor() {
    let program = program().unwrap();
    for call in REFUSED.iter().chain(&X32_OWN) {
        assert_eq!(answer(&program, OURS, call | X32), REFUSE, "{call}");
    }
}

#[test]
fn a_command_that_looks_at_files_is_refused_all_the_same_but_one() {
    let program = filter(REFUSED.into_iter().filter(|call| *call != libc::SYS_execve)).unwrap();
    for call in REFUSED {
        let expected = if call == libc::SYS_execve {
            ALLOW
        } else {
            REFUSE
        };
        assert_eq!(answer(&program, OURS, call), expected, "{call}");
    }
}

#[test]
fn calls_of_a_foreign_architecture_never_pass() {
    let program = program().unwrap();
    for call in 0..500 {
        assert_ne!(answer(&program, FOREIGN, call), ALLOW);
    }
}

#[test]
fn what_the_program_needs_passes() {
    let program = program().unwrap();
    for call in [
        libc::SYS_read,
        libc::SYS_write,
        libc::SYS_openat,
        libc::SYS_renameat2,
        libc::SYS_fsync,
        libc::SYS_mmap,
        libc::SYS_getrandom,
        libc::SYS_exit_group,
    ] {
        assert_eq!(answer(&program, OURS, call), ALLOW, "{call}");
    }
}

#[test]
fn nothing_is_typed_into_a_terminal_and_no_key_is_given_another_meaning() {
    let program = program().unwrap();
    let ask = |request| answer_to(&program, OURS, libc::SYS_ioctl, request);
    for request in REFUSED_REQUESTS {
        assert_eq!(ask(request), REFUSE, "{request:#x}");
        // What the kernel does not look at makes no difference.
        assert_eq!(ask(request | 1 << 32), REFUSE, "{request:#x}");
        assert_eq!(ask(request | 0xffff_ffff << 32), REFUSE, "{request:#x}");
    }
    // TCGETS, TCSETSF, TIOCGWINSZ: whether it is a terminal, whether it echoes, and its size.
    for request in [0x5401, 0x5404, 0x5413] {
        assert_eq!(ask(request), ALLOW, "{request:#x}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn no_device_is_asked_anything_in_the_other_convention_of_the_processor() {
    let program = program().unwrap();
    for call in [libc::SYS_ioctl, 514] {
        assert_eq!(answer(&program, OURS, call | X32), REFUSE, "{call}");
    }
}
