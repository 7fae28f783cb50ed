//! How a command ends when it does not succeed.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use crate::text::plain;

/// A command that did not succeed: what to say, and the exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// Damaged, untrusted or not there: another try ends in the same way.
    pub(crate) fn refused(error: impl Error) -> Self {
        Self {
            code: 1,
            text: with_causes(&error),
        }
    }

    /// The same, in words of one's own.
    pub(crate) fn refusal(text: impl Into<String>) -> Self {
        Self {
            code: 1,
            text: text.into(),
        }
    }

    /// The command line or the configuration is not right.
    pub(crate) fn usage(error: impl Error) -> Self {
        Self {
            code: 2,
            text: with_causes(&error),
        }
    }

    /// Another try may succeed.
    pub(crate) fn try_again(text: impl Into<String>) -> Self {
        Self {
            code: 3,
            text: text.into(),
        }
    }

    /// The same, for an error.
    pub(crate) fn unlucky(error: impl Error) -> Self {
        Self::try_again(with_causes(&error))
    }

    /// Prints the text and gives the exit code.
    #[must_use]
    pub fn report(&self) -> ExitCode {
        if !self.text.is_empty() {
            // Where nobody reads, the code has to do.
            drop(writeln!(
                std::io::stderr(),
                "knothole-server: {}",
                plain(&self.text)
            ));
        }
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Failure {}

/// An error and what caused it, each said once.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
