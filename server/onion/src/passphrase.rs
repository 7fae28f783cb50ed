//! The passphrase of a backup: made here, or read where it is known.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::RawFd;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// Words of a passphrase that is made here: 11 bits each, 77 together.
const WORDS: u32 = 7;
/// The longest word of the list has 8 letters.
const MOST_MADE_BYTES: usize = 64;
/// A longer line is refused.
const MOST_BYTES: usize = 1_024;
/// One with fewer characters could be guessed.
const FEWEST: usize = 20;

/// What a backup is sealed under.
pub(crate) struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Seven random words from the English list of BIP 39.
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        let list = bip39::Language::English.word_list();
        // Reserved at once, so that growing leaves no copies.
        let mut text = Zeroizing::new(String::with_capacity(MOST_MADE_BYTES));
        for _ in 0..WORDS {
            // 2048 divides 2^32, so the remainder is uniform.
            let place = usize::try_from(rng.next_u32() % 2048).unwrap_or(0);
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(list.get(place).copied().unwrap_or_default());
        }
        Self(text)
    }

    /// The first line that a descriptor gives, or what is typed at the terminal.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub(crate) fn ask(descriptor: Option<RawFd>) -> Result<Self, PassphraseError> {
        let line = match descriptor {
            Some(descriptor) => line_of(descriptor)?,
            None => {
                let typed = rpassword::prompt_password("Passphrase of the backup: ");
                Zeroizing::new(typed.map_err(PassphraseError::Read)?)
            }
        };
        match line.chars().count() {
            _ if line.len() > MOST_BYTES => Err(PassphraseError::TooLong),
            0..FEWEST => Err(PassphraseError::TooShort),
            _ => Ok(Self(line)),
        }
    }

    /// The passphrase itself.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

fn line_of(descriptor: RawFd) -> Result<Zeroizing<String>, PassphraseError> {
    let limit = MOST_BYTES.saturating_add(2);
    let mut text = Zeroizing::new(Vec::with_capacity(limit));
    // A raw descriptor cannot be taken over in safe code, but it can be opened again.
    File::open(format!("/proc/self/fd/{descriptor}"))
        .and_then(|file| {
            let limit = u64::try_from(limit).unwrap_or(0);
            file.take(limit).read_to_end(&mut text)
        })
        .map_err(PassphraseError::Read)?;
    let text = std::str::from_utf8(&text).map_err(|_| PassphraseError::NotText)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or("").to_owned()))
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Why there is no passphrase.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum PassphraseError {
    /// The terminal or the descriptor cannot be read.
    Read(io::Error),
    /// It has fewer than [`FEWEST`] characters.
    TooShort,
    /// It has more than [`MOST_BYTES`] bytes.
    TooLong,
    /// It is not UTF-8.
    NotText,
}

impl fmt::Display for PassphraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => f.write_str(
                "the passphrase cannot be read: run this in a terminal, or name an open descriptor \
                 with --passphrase-fd",
            ),
            Self::TooShort => write!(f, "the passphrase has fewer than {FEWEST} characters"),
            Self::TooLong => write!(f, "the passphrase has more than {MOST_BYTES} bytes"),
            Self::NotText => f.write_str("the passphrase is not UTF-8 text"),
        }
    }
}

impl std::error::Error for PassphraseError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek as _, Write as _};
    use std::os::fd::AsRawFd as _;

    use getrandom::SysRng;
    use rand_core::UnwrapErr;

    use super::*;

    fn read(text: &[u8]) -> Result<Passphrase, PassphraseError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file.rewind().unwrap();
        Passphrase::ask(Some(file.as_raw_fd()))
    }

    #[test]
    fn a_passphrase_that_is_made_is_seven_words_and_can_be_read_again() {
        let mut rng = UnwrapErr(SysRng);
        let made = Passphrase::generate(&mut rng);
        assert_eq!(made.expose().split(' ').count(), 7);
        assert_ne!(made.expose(), Passphrase::generate(&mut rng).expose());
        let line = format!("{}\n", made.expose());
        assert_eq!(read(line.as_bytes()).unwrap().expose(), made.expose());
        assert_eq!(format!("{made:?}"), "Passphrase(..)");
    }

    #[test]
    fn a_passphrase_that_could_be_guessed_or_is_no_line_is_refused() {
        let too_short = "x".repeat(FEWEST - 1);
        assert!(matches!(
            read(too_short.as_bytes()),
            Err(PassphraseError::TooShort)
        ));
        assert!(read("x".repeat(FEWEST).as_bytes()).is_ok());
        assert!(read("x".repeat(MOST_BYTES).as_bytes()).is_ok());
        let too_long = "x".repeat(MOST_BYTES + 1);
        assert!(matches!(
            read(too_long.as_bytes()),
            Err(PassphraseError::TooLong)
        ));
        assert!(matches!(read(&[0xff; 30]), Err(PassphraseError::NotText)));
        assert!(matches!(
            read(b"\nsecond line that is long"),
            Err(PassphraseError::TooShort)
        ));
    }
}
