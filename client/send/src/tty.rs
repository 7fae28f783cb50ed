//! The terminal itself, for what is asked and shown once and must not stay on the screen.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};

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

/// Whether somebody sits at a terminal.
pub(crate) fn somebody_there() -> bool {
    (io::stdin().is_terminal() || io::stderr().is_terminal()) && open().is_ok()
}

/// A screen of its own, that is cleared and left when this is dropped, whatever the reason.
#[derive(Debug)]
pub(crate) struct Stage {
    terminal: File,
}

impl Stage {
    /// Takes the terminal.
    ///
    /// # Errors
    /// [`AskError::Terminal`].
    pub(crate) fn open() -> Result<Self, AskError> {
        let mut stage = Self {
            terminal: open().map_err(AskError::Terminal)?,
        };
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
    }
}

/// Reads the line that is typed next. Who waits for it can still be stopped.
///
/// # Errors
/// [`SendError::Stopped`] when whoever types ends the input, [`AskError::Terminal`].
pub(crate) async fn line() -> Result<Zeroizing<String>, SendError> {
    let (tell, told) = oneshot::channel();
    // A thread of its own: a runtime that ends would wait for one of its own.
    std::thread::spawn(move || drop(tell.send(read_line())));
    match told.await {
        Ok(Ok(Some(line))) => Ok(line),
        Ok(Ok(None)) => Err(SendError::Stopped),
        Ok(Err(error)) => Err(AskError::Terminal(error).into()),
        Err(_) => Err(SendError::Fault("nothing reads the terminal")),
    }
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

fn read_line() -> io::Result<Option<Zeroizing<String>>> {
    let mut terminal = open()?;
    let mut bytes = Zeroizing::new(vec![0; MOST_LINE_BYTES]);
    // A terminal hands over one line at a time.
    let count = terminal.read(&mut bytes)?;
    let read = bytes.get(..count).unwrap_or_default();
    // Half a letter at the end of a line that is too long is no reason to stop.
    Ok((count > 0).then(|| Zeroizing::new(String::from_utf8_lossy(read).into_owned())))
}
