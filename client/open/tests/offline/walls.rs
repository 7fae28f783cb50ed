//! What the kernel, the lints and the build refuse the program.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use io_uring::IoUring;
use knothole_open::guard;
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::program::{Desk, PROGRAM, Ran, finish};

const SIDE: &str = "KNOTHOLE_SIDE_OF_THE_WALL";

fn on_this_side(side: &str) -> String {
    let myself = std::env::current_exe().unwrap();
    let ran = Desk::new().run(
        Command::new(myself)
            .args([
                "walls::tries_what_is_refused",
                "--exact",
                "--ignored",
                "--nocapture",
            ])
            .env(SIDE, side),
        "",
    );
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran.out
}

fn tell<T>(what: &str, tried: io::Result<T>) {
    match tried {
        Ok(_) => println!("{what}: done"),
        Err(error) => println!("{what}: {:?}", error.raw_os_error().map(Errno::from_raw)),
    }
}

/// The other tests run this one again, on either side of the walls.
#[test]
#[ignore = "it is run by the other tests, in a process of its own"]
fn tries_what_is_refused() {
    let side = std::env::var(SIDE).unwrap_or_default();
    if side != "before" {
        if side == "looking" {
            guard::enter_to_look(&[]).unwrap();
        } else {
            guard::enter(&[]).unwrap();
        }
        // Where it is not refused, the parent would have to let this process go on.
        tell("ptrace", ptrace::traceme().map_err(io::Error::from));
    }
    tell("tcp", TcpListener::bind("127.0.0.1:0"));
    tell("udp", UdpSocket::bind("127.0.0.1:0"));
    tell("pair", UnixStream::pair());
    tell("unix", UnixDatagram::unbound());
    tell("uring", IoUring::new(2));
    tell("program", Command::new("/bin/true").status());
    tell("file", std::fs::File::open("/proc/self/status"));
    // The test that runs this one is another process of the same user.
    let other = format!("/proc/{}/mem", std::os::unix::process::parent_id());
    tell("memory", OpenOptions::new().write(true).open(other));
    // What can be started stands behind the same walls. No terminal is here, and none is needed.
    let types = Command::new("perl")
        .args([
            "-e",
            r#"my $typed = "x"; ioctl(STDIN, 0x5412, $typed) or print $! + 0"#,
        ])
        .stdin(Stdio::null())
        .output();
    if let Ok(types) = types {
        println!("types: {}", String::from_utf8_lossy(&types.stdout));
    }
}

#[test]
fn sockets_tracing_io_uring_and_other_programs_fail_behind_the_walls() {
    let told = on_this_side("behind");
    for what in ["ptrace", "tcp", "udp", "pair", "unix", "uring", "program"] {
        assert!(told.contains(&format!("{what}: Some(EPERM)")), "{told}");
    }
    assert!(told.contains("file: done"), "{told}");
}

#[test]
fn what_other_processes_hold_in_memory_is_out_of_reach_behind_the_walls() {
    // Landlock refuses it, and this kernel must have it.
    let told = on_this_side("behind");
    assert!(told.contains("memory: Some(EACCES)"), "{told}");
}

#[test]
fn a_command_that_looks_at_files_can_start_a_program_and_nothing_else() {
    let told = on_this_side("looking");
    for what in ["ptrace", "tcp", "udp", "pair", "unix", "uring"] {
        assert!(told.contains(&format!("{what}: Some(EPERM)")), "{told}");
    }
    assert!(told.contains("program: done"), "{told}");
    // EPERM; beyond the filter, it would be that this is no terminal.
    assert!(told.contains("types: 1\n"), "{told}");
}

#[test]
fn before_the_walls_the_same_calls_are_possible() {
    let told = on_this_side("before");
    for what in ["tcp", "udp", "pair", "unix", "program", "file", "memory"] {
        assert!(told.contains(&format!("{what}: done")), "{told}");
    }
    // ENOTTY.
    assert!(told.contains("types: 25\n"), "{told}");
}

#[test]
fn an_inherited_descriptor_is_closed_before_the_first_input_is_read() {
    let desk = Desk::with_vault();
    // These ends are inherited by whatever is started from here on.
    let (mut reader, writer) = pipe();
    let child = {
        let line = ["vault", "show", "a.vault", "--passphrase-fd", "0"];
        desk.start(Command::new(PROGRAM).args(line))
    };
    drop(writer);
    // The program waits for its passphrase, and still this ends: its copy of the writer is closed.
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    let mut child = child;
    assert!(child.try_wait().unwrap().is_none());
    child.stdin.take().unwrap().write_all(b"right\n").unwrap();
    assert_eq!(finish(child).code, 0);
}

#[test]
fn a_program_that_waits_for_a_passphrase_can_leave_no_core_dump() {
    let desk = Desk::with_vault();
    let line = format!("ulimit -c unlimited; exec {PROGRAM} vault show a.vault --passphrase-fd 0");
    let child = desk.start(Command::new("sh").args(["-c", &line]));
    let about =
        |what: &str| std::fs::read_to_string(format!("/proc/{}/{what}", child.id())).unwrap();
    // The filter is the last wall. Before it, the shell has no bound and the program not yet.
    while !about("status").contains("Seccomp:\t2") {
        std::thread::yield_now();
    }
    let limits = about("limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let bounds: Vec<_> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(bounds, ["0", "0"], "{core}");
    let before = desk.names();
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
    kill(pid, Signal::SIGABRT).unwrap();
    let ended = child.wait_with_output().unwrap().status;
    assert_eq!(ended.signal(), Some(nix::libc::SIGABRT));
    assert!(!ended.core_dumped());
    assert_eq!(desk.names(), before);
}

fn pipe() -> (std::fs::File, std::os::fd::OwnedFd) {
    let (reader, writer) = nix::unistd::pipe().unwrap();
    (reader.into(), writer)
}

#[test]
fn descriptors_that_are_named_stay_open() {
    let desk = Desk::with_vault();
    let line = format!(
        "printf 'right\\n' >one; printf 'new\\n' >two; \
         exec {PROGRAM} vault passphrase a.vault --passphrase-fd 7 --passphrase-fd 8 7<one 8<two"
    );
    let ran = desk.run(Command::new("sh").args(["-c", &line]), "");
    assert_eq!(ran.code, 0, "{}", ran.err);
}

/// Runs the program under strace, and gives the calls that it made of those asked for.
pub(crate) fn traced(desk: &Desk, calls: &str, line: &str, input: &str) -> (Ran, Vec<String>) {
    let trace = format!("trace={calls}");
    let ran = desk.run(
        Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-o",
                "trace",
                "-e",
                &trace,
                "-e",
                "signal=none",
                PROGRAM,
            ])
            .args(line.split(' ')),
        input,
    );
    let trace = std::fs::read_to_string(desk.file("trace")).unwrap();
    (ran, trace.lines().map(str::to_owned).collect())
}

#[test]
fn no_vault_command_makes_a_network_call() {
    let desk = Desk::new();
    for (line, input) in [
        ("vault new a.vault --epochs 2 --passphrase-fd 0", "right\n"),
        ("vault show a.vault --passphrase-fd 0", "right\n"),
        ("vault card a.vault --out card --passphrase-fd 0", "right\n"),
        ("vault copy a.vault --out copy --passphrase-fd 0", "right\n"),
        (
            "vault passphrase copy --passphrase-fd 0 --passphrase-fd 0",
            "right\nnew\n",
        ),
    ] {
        let (ran, calls) = traced(&desk, "%network,io_uring_setup,ptrace", line, input);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(calls.is_empty(), "{line}: {calls:?}");
    }
}

#[test]
fn the_walls_stand_before_the_passphrase_and_the_vault_are_read() {
    let desk = Desk::with_vault();
    let line = "vault show a.vault --passphrase-fd 0";
    let (ran, calls) = traced(&desk, "seccomp,openat", line, "right\n");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let place = |what: &str| calls.iter().position(|call| call.contains(what)).unwrap();
    let walls = place("SECCOMP_SET_MODE_FILTER");
    assert!(walls < place("/proc/self/fd/0\""), "{calls:?}");
    assert!(walls < place("a.vault\""), "{calls:?}");
}

#[test]
fn the_lints_of_this_crate_ban_sockets_processes_and_hidden_clocks() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lints = std::fs::read_to_string(here.join("clippy.toml")).unwrap();
    for banned in [
        "std::net::TcpStream",
        "std::net::TcpListener",
        "std::net::UdpSocket",
        "std::os::unix::net::UnixStream",
        "std::os::unix::net::UnixListener",
        "std::os::unix::net::UnixDatagram",
        "std::process::Command",
        "std::time::SystemTime::now",
        "std::fs::write",
    ] {
        assert!(lints.contains(&format!("path = \"{banned}\"")), "{banned}");
    }
}
