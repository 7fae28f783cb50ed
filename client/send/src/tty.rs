//! The terminal itself, for what is asked and shown once and must not stay on the screen.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};

use nix::libc::_POSIX_VDISABLE;
use nix::sys::termios::{SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::ask::AskError;
use crate::error::SendError;
use crate::voice::{COLUMNS, wrapped};

const TERMINAL: &str = "/dev/tty";
/// A terminal hands over at most so many bytes of a line.
const MOST_LINE_BYTES: usize = 4_096;

/// The alternate screen: what stands on it never scrolls into what the terminal keeps.
const ENTER: &str = "\x1b[?1049h";
const LEAVE: &str = "\x1b[?1049l";
const CLEAR: &str = "\x1b[H\x1b[2J";
/// Clears also what has scrolled off.
const WIPE: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Takes from Ctrl-Z that it leaves what stands on a screen in front of whoever comes next. Gives how
/// the terminal was.
#[expect(
    clippy::as_conversions,
    reason = "nix names the place of a key by an enum of usize"
)]
fn without_suspending(terminal: &File) -> Option<Termios> {
    let before = tcgetattr(terminal).ok()?;
    let mut now = before.clone();
    let key = SpecialCharacterIndices::VSUSP as usize;
    *now.control_chars.get_mut(key)? = _POSIX_VDISABLE;
    tcsetattr(terminal, SetArg::TCSANOW, &now).ok()?;
    Some(before)
}

/// Whether somebody sits at a terminal.
pub(crate) fn somebody_there() -> bool {
    (io::stdin().is_terminal() || io::stderr().is_terminal()) && open().is_ok()
}

/// A screen of its own, that is cleared and left when this is dropped, whatever the reason.
#[derive(Debug)]
pub(crate) struct Stage {
    terminal: File,
    /// How the terminal was, where that can be known.
    before: Option<Termios>,
}

impl Stage {
    /// Takes the terminal.
    ///
    /// # Errors
    /// [`AskError::Terminal`].
    pub(crate) fn open() -> Result<Self, AskError> {
        let terminal = open().map_err(AskError::Terminal)?;
        let before = without_suspending(&terminal);
        let mut stage = Self { terminal, before };
        stage.write(ENTER)?;
        Ok(stage)
    }

    /// Clears the screen and shows this on it.
    ///
    /// # Errors
    /// [`AskError::Terminal`].
    pub(crate) fn show(&mut self, text: &str) -> Result<(), AskError> {
        self.write(CLEAR)?;
        self.write(&wrapped(text, COLUMNS))
    }

    /// Shows this below what is there.
    ///
    /// # Errors
    /// [`AskError::Terminal`].
    pub(crate) fn add(&mut self, text: &str) -> Result<(), AskError> {
        self.write(text)
    }

    fn write(&mut self, text: &str) -> Result<(), AskError> {
        self.terminal
            .write_all(text.as_bytes())
            .map_err(AskError::Terminal)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A terminal without an alternate screen is cleared all the same.
        for code in [CLEAR, LEAVE] {
            drop(self.write(code));
        }
        if let Some(before) = &self.before {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(&self.terminal, SetArg::TCSANOW, before);
        }
    }
}

/// Reads the line that is typed next. Who waits for it can still be stopped.
///
/// # Errors
/// [`SendError::Stopped`] when whoever types ends the input, [`AskError::Terminal`].
pub(crate) async fn line() -> Result<Zeroizing<String>, SendError> {
    match on_a_thread(read_line).await? {
        Ok(Some(line)) => Ok(line),
        Ok(None) => Err(SendError::Stopped),
        Err(error) => Err(AskError::Terminal(error).into()),
    }
}

/// Reads what is typed next until the input ends, at most so many bytes. Who waits for it can still
/// be stopped.
///
/// # Errors
/// [`AskError::Terminal`].
pub(crate) async fn text(most: u64) -> Result<Zeroizing<Vec<u8>>, SendError> {
    let text = on_a_thread(move || read_text(most)).await?;
    Ok(text.map_err(AskError::Terminal)?)
}

/// Lets another thread wait for what somebody gives, so that whoever waits for it here can still be
/// stopped.
///
/// # Errors
/// [`SendError::Fault`].
pub(crate) async fn on_a_thread<T: Send + 'static>(
    wait: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SendError> {
    let (tell, told) = oneshot::channel();
    // A thread of its own: a runtime that ends would wait for one of its own.
    std::thread::spawn(move || drop(tell.send(wait())));
    told.await
        .map_err(|_| SendError::Fault("nothing reads what is given"))
}

/// Asks a question that is answered with yes or no.
///
/// # Errors
/// Those of [`line`].
pub(crate) async fn yes(question: &str) -> Result<bool, SendError> {
    let mut terminal = open().map_err(AskError::Terminal)?;
    let question = wrapped(&format!("{question} [yes/no]: "), COLUMNS);
    terminal
        .write_all(question.as_bytes())
        .map_err(AskError::Terminal)?;
    let answer = line().await?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "yes" | "y"
    ))
}

/// Clears the screen and what has scrolled off it, where the terminal can.
pub(crate) fn wipe() {
    if let Ok(mut terminal) = open() {
        // A terminal that cannot do it is not made worse.
        drop(terminal.write_all(WIPE.as_bytes()));
    }
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(TERMINAL)
}

fn read_text(most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let room = usize::try_from(most).unwrap_or(0).saturating_add(1);
    // As much as there can be, so that no copy is left behind when it grows.
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    open()?.take(most).read_to_end(&mut text)?;
    Ok(text)
}

fn read_line() -> io::Result<Option<Zeroizing<String>>> {
    let mut terminal = open()?;
    let mut bytes = Zeroizing::new(vec![0; MOST_LINE_BYTES]);
    // A terminal hands over one line at a time.
    let count = terminal.read(&mut bytes)?;
    let read = bytes.get(..count).unwrap_or_default();
    // Half a letter at the end of a line that is too long is no reason to stop.
    Ok((count > 0).then(|| Zeroizing::new(String::from_utf8_lossy(read).into_owned())))
}
