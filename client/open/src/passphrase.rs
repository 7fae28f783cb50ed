//! Passphrases: making one, and asking for one.

use core::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::RawFd;
use std::path::Path;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Words of a generated passphrase: 11 bits each, 77 together.
const WORDS: u32 = 7;
/// A longer line is refused.
const MOST_BYTES: usize = 1024;
/// A passphrase of one's own with fewer characters draws a warning.
const SHORT: usize = 24;

/// A passphrase could not be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum PassphraseError {
    /// The terminal or the descriptor cannot be read.
    Read(io::Error),
    /// More vaults than descriptors.
    TooFewDescriptors,
    /// The line is empty.
    Empty,
    /// The line is too long.
    TooLong,
    /// The line is not UTF-8.
    NotText,
    /// What was typed the second time differs.
    Differs,
}

impl fmt::Display for PassphraseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read(_) => {
                "the passphrase cannot be read: run this in a terminal, or name an open descriptor \
                 with --passphrase-fd"
            }
            Self::TooFewDescriptors => {
                "there are fewer --passphrase-fd than passphrases to read: give one for each \
                 vault, in the order of the vaults"
            }
            Self::Empty => "the passphrase is empty",
            Self::TooLong => "the passphrase is longer than 1024 bytes",
            Self::NotText => "the passphrase is not UTF-8 text",
            Self::Differs => "that is not the same passphrase: nothing was written, begin again",
        })
    }
}

impl core::error::Error for PassphraseError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            _ => None,
        }
    }
}

/// What unlocks a vault.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Seven random words from the English list of BIP 39.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let list = bip39::Language::English.word_list();
        // The longest word has 8 letters: reserved at once, so that growing leaves no copies.
        let mut text = Zeroizing::new(String::with_capacity(64));
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

    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    fn from_line(line: Zeroizing<String>) -> Result<Self, PassphraseError> {
        if line.is_empty() {
            Err(PassphraseError::Empty)
        } else if line.len() > MOST_BYTES {
            Err(PassphraseError::TooLong)
        } else {
            Ok(Self(line))
        }
    }

    /// The passphrase itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// Whether it is short for one that a person thought of.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.0.chars().count() < SHORT
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Where passphrases come from: the named descriptors in their order, or the terminal.
#[derive(Debug)]
pub struct Asker {
    descriptors: Vec<RawFd>,
    next: usize,
    /// Where slips come from, when no person is asked.
    slips: Option<RawFd>,
    /// A descriptor that is named twice is read on, not anew.
    open: Vec<(RawFd, File)>,
}

impl Asker {
    /// Asks at the terminal when no descriptor is named.
    #[must_use]
    pub const fn new(descriptors: Vec<RawFd>, slips: Option<RawFd>) -> Self {
        Self {
            descriptors,
            next: 0,
            slips,
            open: Vec::new(),
        }
    }

    /// Whether a person is asked at the terminal.
    #[must_use]
    pub const fn is_terminal(&self) -> bool {
        self.descriptors.is_empty()
    }

    /// Whether passphrases come from this descriptor.
    #[must_use]
    pub fn reads(&self, descriptor: RawFd) -> bool {
        self.descriptors.contains(&descriptor)
    }

    /// The next passphrase.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn ask(&mut self, prompt: &str) -> Result<Passphrase, PassphraseError> {
        if self.is_terminal() {
            let line = rpassword::prompt_password(prompt).map_err(PassphraseError::Read)?;
            return Passphrase::from_line(Zeroizing::new(line));
        }
        let descriptor = *self
            .descriptors
            .get(self.next)
            .ok_or(PassphraseError::TooFewDescriptors)?;
        self.next = self.next.saturating_add(1);
        Passphrase::from_line(self.line(descriptor)?)
    }

    /// The next slip, as it was typed; nothing when none was, or when nobody can be asked.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn ask_slip(&mut self, prompt: &str) -> Result<Option<Passphrase>, PassphraseError> {
        let line = match self.slips {
            Some(descriptor) => self.line(descriptor)?,
            None if self.is_terminal() => {
                Zeroizing::new(rpassword::prompt_password(prompt).map_err(PassphraseError::Read)?)
            }
            None => return Ok(None),
        };
        match Passphrase::from_line(line) {
            Err(PassphraseError::Empty) => Ok(None),
            line => line.map(Some),
        }
    }

    fn line(&mut self, descriptor: RawFd) -> Result<Zeroizing<String>, PassphraseError> {
        if !self.open.iter().any(|(held, _)| *held == descriptor) {
            // A raw descriptor cannot be taken over in safe code, but it can be opened again.
            let path = format!("/proc/self/fd/{descriptor}");
            let file = File::open(Path::new(&path)).map_err(PassphraseError::Read)?;
            self.open.push((descriptor, file));
        }
        let Some((_, file)) = self.open.iter_mut().find(|(held, _)| *held == descriptor) else {
            return Err(PassphraseError::TooFewDescriptors);
        };
        let mut line = Zeroizing::new(Vec::with_capacity(MOST_BYTES.saturating_add(1)));
        // Byte by byte: what follows the line end may be the next passphrase.
        let mut byte = Zeroizing::new([0]);
        while line.len() <= MOST_BYTES {
            let read = file
                .read(byte.as_mut_slice())
                .map_err(PassphraseError::Read)?;
            let [letter] = *byte;
            if read == 0 || letter == b'\n' {
                break;
            }
            line.push(letter);
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        let text = core::str::from_utf8(&line).map_err(|_| PassphraseError::NotText)?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use getrandom::SysRng;
    use rand_core::UnwrapErr;
    use std::io::{Seek as _, Write as _};
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn a_generated_passphrase_is_seven_words_of_the_list_and_never_the_same() {
        let mut rng = UnwrapErr(SysRng);
        let one = Passphrase::generate(&mut rng);
        let words: Vec<_> = one.expose().split(' ').collect();
        assert_eq!(words.len(), 7);
        assert!(
            words
                .iter()
                .all(|word| bip39::Language::English.find_word(word).is_some())
        );
        assert_ne!(one.expose(), Passphrase::generate(&mut rng).expose());
        assert!(!one.is_short() || one.expose().len() < SHORT);
    }

    #[test]
    fn passphrases_come_from_descriptors_line_by_line() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all("first\r\nzwölf\n\n".as_bytes()).unwrap();
        file.rewind().unwrap();
        let fd = file.as_raw_fd();
        let mut asker = Asker::new(vec![fd, fd, fd], None);
        assert_eq!(asker.ask("").unwrap().expose(), "first");
        assert_eq!(asker.ask("").unwrap().expose(), "zwölf");
        assert!(matches!(asker.ask(""), Err(PassphraseError::Empty)));
        assert!(matches!(
            asker.ask(""),
            Err(PassphraseError::TooFewDescriptors)
        ));
    }

    #[test]
    fn a_line_without_end_and_a_line_that_is_not_text_are_refused() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b'x'; 2000]).unwrap();
        let fd = file.as_raw_fd();
        assert!(matches!(
            Asker::new(vec![fd], None).ask(""),
            Err(PassphraseError::TooLong)
        ));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[0xff, b'\n']).unwrap();
        let fd = file.as_raw_fd();
        assert!(matches!(
            Asker::new(vec![fd], None).ask(""),
            Err(PassphraseError::NotText)
        ));
    }

    #[test]
    fn a_passphrase_does_not_print_itself() {
        let secret = Passphrase(Zeroizing::new("correct horse".to_owned()));
        assert_eq!(format!("{secret:?}"), "Passphrase(..)");
    }
}
