//! What whole programs take: time, processors and memory.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use rustix::param::clock_ticks_per_second;
use wait4::Wait4 as _;

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// From the start to the end, in seconds.
    pub(crate) seconds: f64,
    /// Seconds of processor time, the program's own and the system's for it.
    pub(crate) processor: f64,
    /// The most memory that it had, in MiB.
    pub(crate) memory: f64,
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn whole(command: Command) -> Result<Cost, Box<dyn Error>> {
    together([command])
}

/// The same of one that must end with this code.
pub(crate) fn ending(command: Command, code: i32) -> Result<Cost, Box<dyn Error>> {
    run([command], code)
}

/// Runs programs side by side until the last has ended well. Their processor time is added up, and
/// the memory is that of the one that had most.
pub(crate) fn together(
    commands: impl IntoIterator<Item = Command>,
) -> Result<Cost, Box<dyn Error>> {
    run(commands, 0)
}

fn run(commands: impl IntoIterator<Item = Command>, code: i32) -> Result<Cost, Box<dyn Error>> {
    let began = Instant::now();
    let children: Vec<Child> = commands
        .into_iter()
        .map(|mut command| {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
        })
        .collect::<io::Result<_>>()?;
    let mut cost = Cost {
        seconds: 0.0,
        processor: 0.0,
        memory: 0.0,
    };
    for mut child in children {
        // What it says is short, and nobody else reads it.
        let mut said = String::new();
        if let Some(mut err) = child.stderr.take() {
            err.read_to_string(&mut said)?;
        }
        let used = child.wait4()?;
        if used.status.code() != Some(code) {
            return Err(format!("a program ended with {}: {said}", used.status).into());
        }
        cost.processor += used.rusage.utime.as_secs_f64() + used.rusage.stime.as_secs_f64();
        cost.memory = cost.memory.max(mebibytes(used.rusage.maxrss));
    }
    cost.seconds = began.elapsed().as_secs_f64();
    Ok(cost)
}

/// Runs a program to its end, and counts the time from the first line that it says with `mark` in it.
pub(crate) fn from_mark(mut command: Command, mark: &str) -> Result<Cost, Box<dyn Error>> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut began = None;
    let mut said = String::new();
    let out = child.stdout.take().ok_or("its output is lost")?;
    for line in BufReader::new(out).lines() {
        let line = line?;
        if began.is_none() && line.contains(mark) {
            began = Some(Instant::now());
        }
        said.push_str(&line);
    }
    let used = child.wait4()?;
    let Some(began) = began.filter(|_| used.status.success()) else {
        return Err(format!("a program ended with {}: {said}", used.status).into());
    };
    Ok(Cost {
        seconds: began.elapsed().as_secs_f64(),
        processor: used.rusage.utime.as_secs_f64() + used.rusage.stime.as_secs_f64(),
        memory: mebibytes(used.rusage.maxrss),
    })
}

/// Programs that go on running, looked at from here on.
#[derive(Debug)]
pub(crate) struct Watch {
    processes: Vec<u32>,
    before: f64,
}

impl Watch {
    /// Begins to look at them; from now on their most memory is counted anew.
    pub(crate) fn begin(processes: &[u32]) -> io::Result<Self> {
        for process in processes {
            // proc(5), clear_refs: 5 resets the peak.
            fs::OpenOptions::new()
                .write(true)
                .open(format!("/proc/{process}/clear_refs"))?
                .write_all(b"5")?;
        }
        Ok(Self {
            processes: processes.to_vec(),
            before: used(processes)?,
        })
    }

    /// Looks at them from their start on.
    pub(crate) fn since_its_start(processes: &[u32]) -> Self {
        Self {
            processes: processes.to_vec(),
            before: 0.0,
        }
    }

    /// Processor seconds since, and the most memory of all of them, in MiB.
    pub(crate) fn end(&self) -> io::Result<(f64, f64)> {
        let mut memory = 0.0;
        for process in &self.processes {
            memory += peak(*process)?;
        }
        Ok((used(&self.processes)? - self.before, memory))
    }
}

/// The most memory that a process has had, in MiB.
fn peak(process: u32) -> io::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    let kibibytes: f64 = figure
        .and_then(|figure| figure.parse().ok())
        .ok_or_else(untold)?;
    Ok(kibibytes / 1024.0)
}

/// The processor seconds that they have had in all.
fn used(processes: &[u32]) -> io::Result<f64> {
    let tick = f64::from(u32::try_from(clock_ticks_per_second()).map_err(io::Error::other)?);
    let mut ticks = 0.0;
    for process in processes {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        // proc(5): the name, which may have blanks in it, ends at the last parenthesis, and utime and
        // stime are the twelfth and the thirteenth field behind it.
        let (_, fields) = stat.rsplit_once(')').ok_or_else(untold)?;
        for field in fields.split_whitespace().skip(11).take(2) {
            ticks += field.parse::<f64>().map_err(io::Error::other)?;
        }
    }
    Ok(ticks / tick)
}

fn untold() -> io::Error {
    io::Error::other("the system does not tell what a process uses")
}

/// As a number that may have lost its last digits.
fn mebibytes(bytes: u64) -> f64 {
    let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
    f64::from(kibibytes) / 1024.0
}
