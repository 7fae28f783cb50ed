//! What a process holds in memory, written into files; and whether one can be made to leave a core.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use knothole_tests::{Process, guarded};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

const PAGE: usize = 4_096;
const READ: usize = 256 * PAGE;
/// How long a process may take to end by a signal, or to come to where it reads.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long between two looks at it.
const LOOK: Duration = Duration::from_millis(20);

/// Writes the memory of a process into `folder`, a file for each stretch that is not zeros. What
/// its program and libraries brought from their files and did not change is left out.
pub(crate) fn take(process: u32, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let of = Path::new("/proc").join(process.to_string());
    let memory = File::open(of.join("mem")).unwrap();
    for line in std::fs::read_to_string(of.join("maps")).unwrap().lines() {
        if let Some((from, to)) = own(line) {
            write(&memory, from, to, &folder.join(format!("{from:x}"))).unwrap();
        }
    }
}

/// KiB of a process's memory that the system does not write into swap (proc(5)).
pub(crate) fn locked_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmLck:")).unwrap();
    line.trim_end_matches("kB").trim().parse().unwrap()
}

/// From where to where a line of /proc/PID/maps speaks of memory that the process made or may
/// have changed.
fn own(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let rights = words.next()?;
    let of_a_file = words.nth(2)? != "0";
    let own = rights.starts_with('r') && (rights.contains('w') || !of_a_file);
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    own.then_some((number(from)?, number(to)?))
}

fn write(memory: &File, from: u64, to: u64, path: &Path) -> io::Result<()> {
    let mut out: Option<File> = None;
    let mut bytes = vec![0; READ];
    let mut at = from;
    while at < to {
        let most = usize::try_from(to - at).unwrap().min(READ);
        // What is no memory (a device, what was given back meanwhile) cannot be read.
        let Ok(read @ 1..) = memory.read_at(&mut bytes[..most], at) else {
            break;
        };
        for page in bytes[..read].chunks(PAGE) {
            if page.iter().any(|byte| *byte != 0) {
                let out = match &mut out {
                    Some(out) => out,
                    None => out.insert(File::create(path)?),
                };
                out.write_all(page)?;
            }
        }
        at += u64::try_from(read).unwrap();
    }
    Ok(())
}

/// Takes the memory of a program that holds these bytes: sort keeps what it reads until the end.
pub(crate) fn take_of_one_that_holds(bytes: &[u8], folder: &Path) {
    let mut sort = guarded("sort");
    sort.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut sort = Process::start(sort).unwrap();
    let mut input = sort.child().stdin.take().unwrap();
    input.write_all(bytes).unwrap();
    wait_until_it_reads(&mut sort);
    take(sort.id(), folder);
}

/// Lets programs that are started from here leave cores, unless they forbid it themselves.
pub(crate) fn allow_cores() {
    let hard = getrlimit(Resource::Core).maximum;
    let limit = Rlimit {
        current: hard,
        maximum: hard,
    };
    setrlimit(Resource::Core, limit).unwrap();
}

/// Aborts a process as a fault would, and says whether the system wrote a core.
pub(crate) fn abort(process: &mut Process) -> bool {
    send_abort(process.id());
    left_core(process.wait(PATIENCE).unwrap())
}

/// Has a process abort.
pub(crate) fn send_abort(process: u32) {
    let pid = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    kill_process(pid, Signal::ABORT).unwrap();
}

/// Whether a process that was aborted left a core.
pub(crate) fn left_core(status: ExitStatus) -> bool {
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()), "{status}");
    status.core_dumped()
}

/// Whether a program that forbids nothing leaves a core here: where it does not, no look can tell.
pub(crate) fn a_shell_leaves_a_core(folder: &Path) -> bool {
    std::fs::create_dir_all(folder).unwrap();
    let mut shell = guarded("sh");
    shell.args(["-c", "kill -ABRT $$"]).current_dir(folder);
    let mut shell = Process::start(shell).unwrap();
    left_core(shell.wait(PATIENCE).unwrap())
}

/// Waits until a process reads from a pipe.
pub(crate) fn wait_until_it_reads(process: &mut Process) {
    let of = Path::new("/proc").join(process.id().to_string());
    let begin = Instant::now();
    while !reads_from_a_pipe(&of) {
        assert!(process.ended().unwrap().is_none(), "it ended");
        assert!(begin.elapsed() < PATIENCE, "it reads nothing");
        thread::sleep(LOOK);
    }
}

fn reads_from_a_pipe(of: &Path) -> bool {
    // The number of read(2) and its first argument, a descriptor (proc(5)).
    let number = if cfg!(target_arch = "aarch64") {
        "63"
    } else {
        "0"
    };
    let call = std::fs::read_to_string(of.join("syscall")).unwrap();
    let mut words = call.split_whitespace();
    let reads = words.next() == Some(number);
    let descriptor = words.next().and_then(|word| word.strip_prefix("0x"));
    let Some(descriptor) = descriptor.and_then(|digits| u32::from_str_radix(digits, 16).ok())
    else {
        return false;
    };
    let behind = std::fs::read_link(of.join("fd").join(descriptor.to_string()));
    reads && behind.is_ok_and(|path| path.to_string_lossy().starts_with("pipe:"))
}
