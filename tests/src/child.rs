//! Child processes that end with this process, whatever ends it.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long between two looks at a child that is to end.
const LOOK: Duration = Duration::from_millis(20);

/// A command for `program` that the kernel kills when the process that started it is gone, also
/// after SIGKILL. Start it with [`Process::start`], or the thread's end will kill it.
pub fn guarded(program: impl AsRef<OsStr>) -> Command {
    // setpriv (util-linux) sets the parent's death signal and becomes the program: the safe way
    // to what would need unsafe code between fork and exec.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A running child. Dropping it kills it and waits until it is gone.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command` from a thread that lives as long as this process.
    ///
    /// # Errors
    /// Whatever the system says when it cannot start the program.
    pub fn start(command: Command) -> io::Result<Self> {
        let (answer, answered) = mpsc::channel();
        nursery()
            .lock()
            .map_err(|_poisoned| gone())?
            .send(Job { command, answer })
            .map_err(|_closed| gone())?;
        let child = answered.recv().map_err(|_closed| gone())??;
        Ok(Self { child })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child itself, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How it ended, or nothing while it runs.
    ///
    /// # Errors
    /// Whatever the system says when it cannot be asked.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Kills it at once, as a crash or a power cut would, and waits until it is gone.
    ///
    /// # Errors
    /// Whatever the system says when it cannot be killed.
    pub fn kill(&mut self) -> io::Result<()> {
        if self.ended()?.is_none() {
            self.child.kill()?;
            self.child.wait()?;
        }
        Ok(())
    }

    /// Asks it to end, and gives it so long to do so.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when it still runs after that time.
    pub fn stop(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        self.tell(Signal::TERM)?;
        self.wait(patience)
    }

    /// Tells it to read its settings again (SIGHUP). It must run.
    ///
    /// # Errors
    /// Whatever the system says when the signal cannot be sent.
    pub fn reload(&self) -> io::Result<()> {
        self.tell(Signal::HUP)
    }

    /// Asks it to say how far it is (SIGUSR1). It must run, and know what is asked.
    ///
    /// # Errors
    /// Whatever the system says when the signal cannot be sent.
    pub(crate) fn inquire(&self) -> io::Result<()> {
        self.tell(Signal::USR1)
    }

    fn tell(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.pid()?, signal)?)
    }

    fn pid(&self) -> io::Result<Pid> {
        i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(gone)
    }

    /// Waits so long for its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] when it still runs after that time.
    pub fn wait(&mut self, patience: Duration) -> io::Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if start.elapsed() > patience {
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            thread::sleep(LOOK);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A child that cannot be killed is no longer there.
        drop(self.kill());
    }
}

struct Job {
    command: Command,
    answer: mpsc::Sender<io::Result<Child>>,
}

/// The thread that starts every child. Linux sends the parent's death signal when the *thread*
/// that forked ends, so the threads of single tests must not be the ones that fork.
fn nursery() -> &'static Mutex<mpsc::Sender<Job>> {
    static NURSERY: OnceLock<Mutex<mpsc::Sender<Job>>> = OnceLock::new();
    NURSERY.get_or_init(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        thread::spawn(move || {
            for mut job in queue {
                // Whoever no longer waits for the child drops it, and std reaps nothing: so it
                // is killed here.
                if let Err(mpsc::SendError(Ok(mut child))) = job.answer.send(job.command.spawn()) {
                    drop(child.kill());
                }
            }
        });
        Mutex::new(jobs)
    })
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes is gone")
}
