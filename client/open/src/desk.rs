//! What every command works with: a screen, passphrases, a day, and randomness.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use knothole_envelope::Day;
use rand_core::UnwrapErr;

use crate::escape;
use crate::failure::Failure;
use crate::passphrase::{Asker, Passphrase};
use crate::reply::ReplyFault;
use crate::screen::Screen;
use crate::vault::Vault;

/// An answer at the terminal is read up to here.
const MOST_ANSWER_BYTES: u64 = 1024;

/// What every command works with.
#[derive(Debug)]
pub struct Desk {
    /// Where it tells what happens.
    pub screen: Screen,
    /// Where passphrases come from.
    pub asker: Asker,
    /// The day that the machine's own clock shows, or that was named in its place: a machine that is
    /// never online may be wrong.
    pub today: Day,
    /// The system's randomness: the one place where the program takes it up.
    pub rng: UnwrapErr<SysRng>,
}

impl Desk {
    /// A desk on the day that was named; without one the clock is read here, and nowhere else.
    ///
    /// # Errors
    /// [`Failure::Clock`].
    pub fn new(screen: Screen, asker: Asker, named: Option<Day>) -> Result<Self, Failure> {
        let today = named.or_else(clock).ok_or(Failure::Clock)?;
        Ok(Self {
            screen,
            asker,
            today,
            rng: UnwrapErr(SysRng),
        })
    }

    /// Asks the person at the terminal; only `yes`, typed in full, is one.
    ///
    /// # Errors
    /// [`ReplyFault::NoTerminal`] when nobody is there.
    pub fn agrees(&self, question: &str) -> Result<bool, ReplyFault> {
        let asked = self.screen.show(&[question]);
        asked.map_err(|_| ReplyFault::NoTerminal)?;
        let terminal = File::open("/dev/tty").map_err(|_| ReplyFault::NoTerminal)?;
        let mut line = String::new();
        BufReader::new(terminal.take(MOST_ANSWER_BYTES))
            .read_line(&mut line)
            .map_err(|_| ReplyFault::NoTerminal)?;
        Ok(line.trim().eq_ignore_ascii_case("yes"))
    }

    /// Opens vaults, asking for their passphrases in the order in which they are named.
    ///
    /// # Errors
    /// [`Failure::Passphrase`] or [`Failure::Vault`].
    pub fn vaults(&mut self, paths: &[PathBuf]) -> Result<Vec<Vault>, Failure> {
        paths.iter().map(|path| self.vault(path)).collect()
    }

    /// Opens one vault, asking for its passphrase.
    ///
    /// # Errors
    /// As [`Self::vaults`].
    pub fn vault(&mut self, path: &std::path::Path) -> Result<Vault, Failure> {
        Ok(self.vault_and_passphrase(path)?.0)
    }

    /// Opens one vault, and keeps its passphrase for the new head that it will get.
    ///
    /// # Errors
    /// As [`Self::vaults`].
    pub fn vault_and_passphrase(
        &mut self,
        path: &std::path::Path,
    ) -> Result<(Vault, Passphrase), Failure> {
        let prompt = format!("Passphrase of {}: ", escape::path(path));
        let passphrase = self.asker.ask(&prompt)?;
        let vault = Vault::open(path, &passphrase)?;
        // A folder that cannot be looked into is told when it is to be written.
        for rest in vault.rests().unwrap_or_default() {
            self.screen.warn(&format!(
                "{}: this was left when a change of the vault was cut off, and keys of the vault lie \
                 in it. It is erased when the vault is next changed, or an epoch of it burned",
                escape::path(&rest)
            ));
        }
        Ok((vault, passphrase))
    }
}

fn clock() -> Option<Day> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the program reads the clock"
    )]
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).ok()?;
    Day::from_unix_seconds(since.as_secs())
}
